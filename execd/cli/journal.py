"""`execd journal`: is it whole, carry it away, bring it back, rebuild it, read it as CSV.

`verify`, `backup` and `export` only read, beside a running daemon too.
`restore` and `rebuild` replace the journal: they need the daemon stopped, take
nothing away, and let the next start take no new risk. docs/journal.md goes
through each.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, paint, safe

if TYPE_CHECKING:
    from execd.restoring import Lost
    from execd.runtime.paths import StatePaths

EPILOG: Final = "docs/journal.md tells what to do on which day"
PROGRESS_EVERY_S: Final = 0.2
_SHOWN_MAX: Final = 20


def add(commands: Subparsers) -> None:
    """Add the command and its own commands."""
    text = "verify, back up, restore, rebuild or export the journal"
    top = commands.add_parser("journal", help=text, description=text, epilog=EPILOG)
    parts = top.add_subparsers(dest="part", metavar="PART", required=True)
    verify = _part(parts, "verify", _verify, "tell whether a journal is whole (exit 1: it is not)")
    verify.add_argument("file", nargs="?", metavar="FILE", help="a backup (else the journal of the state directory)")
    backup = _part(parts, "backup", _backup, "copy the journal to a new file, beside a running daemon too")
    backup.add_argument("file", metavar="FILE", help="the new file")
    export = _part(parts, "export", _export, "write the journal as CSV files")
    export.add_argument("folder", metavar="DIR", help="where to; it is made")
    restore = _part(parts, "restore", _restore, "put a backup in the place of the journal (the daemon is stopped)")
    restore.add_argument("file", metavar="FILE", help="the backup")
    restore.add_argument("--yes", action="store_true", help="do it; without it only say what would be done")
    text = "let ids that were used after the backup be used again: such an intent would trade a second time"
    restore.add_argument("--may-repeat", action="store_true", help=text)
    rebuild = _part(parts, "rebuild", _rebuild, "make a journal of what can be read of a damaged one")
    rebuild.add_argument("--yes", action="store_true", help="do it; without it only say what would be done")


def _part(parts: Subparsers, name: str, run: Callable[[argparse.Namespace], Any], text: str) -> argparse.ArgumentParser:
    return add_command(parts, name, lambda args: _checked(run, args), text)


def _checked(run: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    from execd.errors import JournalBusy, JournalError

    try:
        return run(args)
    except JournalBusy as error:
        raise CliError(Exit.ERROR, f"{error}; stop it with: execd stop", kind="journal_busy") from None
    except JournalError as error:
        raise CliError(Exit.ERROR, str(error), kind="journal") from None
    except OSError as error:
        raise CliError(Exit.ERROR, f"{error.filename or 'the journal'}: {error.strerror}", kind="journal") from None


def _verify(args: argparse.Namespace) -> int:
    from execd.journal.verify import verify

    paths = paths_of(args)
    path = Path(args.file).absolute() if args.file else paths.journal
    if not path.is_file():
        raise CliError(Exit.NOT_FOUND, f"there is no journal at {path}")
    with _access(paths) as is_live:
        verdict = verify(path, is_live=is_live and not args.file, progress=_progress(args))
    if args.json:
        print(as_json(_plain(verdict)))
        return int(Exit.ERROR if verdict.problems else Exit.OK)
    if not verdict.problems:
        archived = f", {verdict.archived} of them archived" if verdict.archived else ""
        print(f"{paint('whole', 'ok')}: {path}")
        print(f"  {verdict.records} records{archived}, chained, the last at {_utc(verdict.last_ns)}")
        print(
            f"  {verdict.parents} intents, {verdict.orders} orders, {verdict.fills} fills: every row is what they say"
        )
        print(f"  epoch {verdict.epoch}, version {verdict.version}, checkpoints at {_listed(verdict.checkpoints)}")
        return int(Exit.OK)
    print(f"{paint('not whole', 'bad')}: {path}")
    for problem in verdict.problems[:_SHOWN_MAX]:
        print(f"  {problem}")
    if len(verdict.problems) > _SHOWN_MAX:
        print(f"  and {len(verdict.problems) - _SHOWN_MAX} more (all with --json)")
    return int(Exit.ERROR)


def _backup(args: argparse.Namespace) -> int:
    from execd.journal.backup import backup

    paths = paths_of(args)
    with _access(paths) as is_live:
        made = backup(paths.journal, Path(args.file).absolute(), is_live=is_live, now_ns=time.time_ns())
    if args.json:
        print(as_json(_plain(made)))
        return 0
    print(f"{made.path}: {made.records} records, the last at {_utc(made.last_ns)}")
    if made.archives:
        print(f"older records are in {len(made.archives)} archives, which never change; keep a copy of them, too:")
        for archive in made.archives:
            print(f"  {archive}")
    return 0


def _export(args: argparse.Namespace) -> int:
    from execd.journal.export import export

    paths = paths_of(args)
    with _access(paths) as is_live:
        counts = export(paths.journal, Path(args.folder).absolute(), is_live=is_live)
    if args.json:
        print(as_json(counts))
        return 0
    for name, rows in counts.items():
        print(f"{Path(args.folder) / name}.csv: {rows} rows")
    return 0


def _restore(args: argparse.Namespace) -> int:
    from execd.journal.backup import restore
    from execd.journal.lock import StateLock

    paths, source = paths_of(args), Path(args.file).absolute()
    if not source.is_file():
        raise CliError(Exit.NOT_FOUND, f"there is no backup at {source}")
    text = f"{paths.journal} would be moved aside and {source} put in its place; what came later is forgotten"
    _require_yes(args, f"{text}; the next start takes no new risk until you say: execd resume --halt --reason TEXT")
    paths.root.mkdir(mode=0o750, parents=True, exist_ok=True)
    with StateLock(paths.root):
        made = restore(paths.journal, source, now_ns=time.time_ns(), may_repeat=args.may_repeat)
        forgotten = _forgotten(paths)
    if args.json:
        print(as_json(_plain(made) | {"forgotten": [one._asdict() for one in forgotten]}))
        return 0
    print(f"restored: {made.path}, {made.records} records, the last at {_utc(made.last_ns)}, new epoch {made.epoch}")
    _tell_forgotten(forgotten, may_repeat=args.may_repeat)
    _tell_next(made.moved_to)
    return 0


def _rebuild(args: argparse.Namespace) -> int:
    from execd.journal.lock import StateLock
    from execd.journal.salvage import rebuild
    from execd.restoring import epochs, traces

    paths = paths_of(args)
    if not paths.root.is_dir():
        raise CliError(Exit.NOT_FOUND, f"there is no journal at {paths.journal}")
    text = f"{paths.journal} would be moved aside and replaced by what can be read of it, in a new epoch"
    _require_yes(args, f"{text}; look first with: execd journal verify")
    with StateLock(paths.root):
        made = rebuild(paths.journal, now_ns=time.time_ns(), is_gone=bool(traces(paths)), epochs=epochs(paths))
        forgotten = _forgotten(paths)
    if args.json:
        print(as_json(_plain(made) | {"forgotten": [one._asdict() for one in forgotten]}))
        return 0
    print(f"rebuilt: {paths.journal}, {made.records} records, the last at {_utc(made.last_ns)}, new epoch {made.epoch}")
    if made.stopped_by:
        print(f"what follows was not kept, because {made.stopped_by}")
    if made.committed is None:
        print("how many records were lost is not known")
    elif made.committed > made.records:
        print(f"at least {made.committed - made.records} records are lost: {made.committed} were committed")
    else:
        print("no record that is known to have been committed is lost")
    _tell_forgotten(forgotten)
    _tell_next(made.moved_to)
    return 0


def _forgotten(paths: "StatePaths") -> "list[Lost]":
    """Return the ids that the journal has just forgotten, which the next start will refuse."""
    from execd.journal.marks import read_reduce_only
    from execd.restoring import lost

    told = read_reduce_only(paths.root)
    return lost(paths, told) if told is not None else []


def _tell_forgotten(forgotten: "list[Lost]", *, may_repeat: bool = False) -> None:
    if not forgotten:
        print("no id that was used is forgotten, as far as accepted files, outbox and the old journal tell")
        return
    print(f"{paint(str(len(forgotten)) + ' ids', 'held')} were used, and this journal does not know them:")
    shown = [[safe(one.id), safe(one.text) or "no report"] for one in forgotten[:_SHOWN_MAX]]
    width = max(len(name) for name, _ in shown)
    for name, text in shown:
        print(f"  {name:<{width}}  {text}")
    if len(forgotten) > _SHOWN_MAX:
        print(f"  and {len(forgotten) - _SHOWN_MAX} more (all with --json)")
    if may_repeat:
        print("as you asked, they may be used again: the same file then trades a second time")
    else:
        print("a file with one of them is refused (used_before_restore); what is wanted once more needs a new id")


def _require_yes(args: argparse.Namespace, text: str) -> None:
    if not args.yes:
        raise CliError(Exit.USAGE, f"nothing was done: {text}. Say --yes to do it")


def _tell_next(moved_to: str) -> None:
    if moved_to:
        print(f"what was there is in {moved_to}")
    print("the next start takes no new risk: compare orders and positions with the broker, declare what it holds and")
    print("this journal does not know (execd adopt), cancel there what nobody steers (execd venue cancel); then say")
    print('  execd resume --halt --reason "positions agree"')


@contextmanager
def _access(paths: "StatePaths") -> Iterator[bool]:
    """Hold the state directory, so that no daemon starts meanwhile; yield whether one is there already."""
    from execd.errors import JournalError
    from execd.journal.lock import StateLock

    try:
        lock = StateLock(paths.root)
    except JournalError:
        # Held by a daemon, or not ours to lock: then somebody may be writing.
        yield True
        return
    with lock:
        yield False


def _progress(args: argparse.Namespace) -> Callable[[int, int], None]:
    if args.json or not sys.stderr.isatty():
        return lambda _done, _all: None
    told_s = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= PROGRESS_EVERY_S:
            told_s = time.monotonic()
            print(f"\r  {done} of {total} records", end="", file=sys.stderr)
        if done >= total:
            print("\r\x1b[K", end="", file=sys.stderr)

    return tell


def _plain(value: object) -> Any:  # noqa: ANN401  # JSON has no narrower type.
    import msgspec

    return msgspec.to_builtins(value)


def _utc(now_ns: int) -> str:
    from execd.journal.export import utc

    return utc(now_ns) if now_ns else "no time"


def _listed(seqs: tuple[int, ...]) -> str:
    return ", ".join(f"{seq}" for seq in seqs) or "no record"
