"""What a journal has forgotten that was restored, rebuilt or lost, as far as the state directory still tells.

`id` is the idempotency key for ever, so an id that was used after the backup
must not trade a second time. Three things remember it: the journal that was
moved aside, the reports in the outbox, and the files that were accepted. They
also show that there was a journal where there is none now. It reads them and
changes nothing; the engine refuses what is found here.
"""

import heapq
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from execd.errors import JournalError
from execd.intake.remains import ids_of
from execd.intake.rows import LIST_BYTES_MAX
from execd.journal.archives import FOLDER
from execd.journal.marks import ReduceOnly, high_file, read_mark, read_reduce_only
from execd.journal.remains import is_empty, unused, used_in
from execd.runtime.paths import StatePaths

SHOWN_MAX: Final = 20
REPORT_BYTES_MAX: Final = 64 * 1024 * 1024
"""A report of an intent with a hundred thousand fills; a longer one is told by its file's name."""
NEWEST_MAX: Final = 200
"""Files of each kind that a start after an unclean end looks at: what came last is what a lost tail has forgotten."""
ROWS_MAX: Final = 50
"""Ids of one list that are looked up."""
SCAN_MAX: Final = 200_000
GONE_HELP: Final = (
    "Put back what is missing, restore a backup (execd journal restore FILE), or begin anew without what is lost "
    "(execd journal rebuild --yes: ids that are known to have been used are refused, and nothing new is risked until "
    "you have compared)"
)


class Lost(NamedTuple):
    """One id that the journal does not know. `text` is what the outbox says became of it; empty where it is silent."""

    id: str
    text: str = ""


class _Report(msgspec.Struct, frozen=True):
    id: str
    status: str = ""
    cum_qty: str = "0"
    qty: str | None = None
    children: tuple["_Child", ...] = ()


class _Child(msgspec.Struct, frozen=True):
    cl_ord_id: str = ""


_report_decoder: Final = msgspec.json.Decoder(_Report)


def traces(paths: StatePaths) -> list[str]:
    """Return in words what shows that records are gone, where there is no journal or one without any record; else none.

    Files that a first start would not find: a journal without them is a new one.
    """
    mark = read_mark(paths.journal)
    if not is_empty(paths.journal) or (mark is not None and mark.seq):
        return []  # A mark that says how far the journal had come is judged where the journal is opened.
    found = _counted(paths.accepted, "accepted files") + _counted(paths.outbox, "reports", ends=".json")
    found += [name for name in (FOLDER,) if any((paths.root / name).glob("journal-*.db"))]
    if paths.journal.exists() and paths.journal.stat().st_size:
        return found  # It is whole: a daemon that nobody asked for anything leaves one without a record.
    beside = (high_file(paths.journal), paths.starts, paths.alerts)
    found += [file.name for file in beside if file.exists()]
    return found + [file.name for file in sorted(paths.root.glob(f"{paths.journal.name}.v*.bak"))]


def gone_text(paths: StatePaths) -> str:
    """Return why a start is refused where the journal is gone; empty where it is there, or was never.

    Empty too where somebody has restored or rebuilt it: then that is what should be there.
    """
    found = [] if read_reduce_only(paths.root) is not None else traces(paths)
    word = "has no record" if paths.journal.exists() and paths.journal.stat().st_size else "is missing"
    told = f"the journal {paths.journal} {word}, but this state directory is no new one ({', '.join(found)})"
    return f"{told}: the journal was deleted, or its write-ahead file" if found else ""


def forgotten(paths: StatePaths, *, since_ns: int) -> list[str]:
    """Return ids of the newest accepted files and reports that the journal does not know: proof that it lost its end.

    Only of files that came to lie there after `since_ns`, when its epoch began: a restored journal may have forgotten
    what is older, with everybody's consent.
    """
    files = _newest(paths.accepted, since_ns, LIST_BYTES_MAX)
    groups = [tuple(ids_of(name, body)[:ROWS_MAX]) for name, body in files]
    groups += [(one,) for one in _reported_in(_newest(paths.outbox, since_ns, REPORT_BYTES_MAX)) if "~" not in one]
    free = dict.fromkeys(unused(paths.journal, dict.fromkeys(one for group in groups for one in group)))
    # A row that was refused has left no record; a file of which nothing is known was taken by records that are gone.
    return list(dict.fromkeys(group[0] for group in groups if group and all(one in free for one in group)))


def epochs(paths: StatePaths) -> list[str]:
    """Return the epochs of the orders that the reports tell of: what is marked with one of them is ours."""
    found: dict[str, None] = {}
    for _, body in _files(paths.outbox, REPORT_BYTES_MAX):
        try:
            children = _report_decoder.decode(body).children
        except msgspec.MsgspecError:
            continue
        found |= dict.fromkeys(child.cl_ord_id.partition("-")[0] for child in children if "-" in child.cl_ord_id)
    return list(found)


def lost(paths: StatePaths, told: ReduceOnly) -> list[Lost]:
    """Return the ids that were used and that the journal does not know, in no order that means anything."""
    found: dict[str, str] = {}
    for folder in told.moved:
        found |= dict.fromkeys(used_in(Path(folder) / paths.journal.name), "")
    for name, body in _files(paths.accepted, LIST_BYTES_MAX):
        found |= {one: found.get(one, "") for one in ids_of(name, body)}
    found |= _reported(paths)
    # A leg that execd made itself has a sign in its id that no file may use.
    ids = [one for one in found if "~" not in one]
    try:
        return [Lost(one, found[one]) for one in unused(paths.journal, ids)]
    except JournalError:
        # There is no journal, so it knows none of them.
        return [Lost(one, found[one]) for one in ids]


def _reported(paths: StatePaths) -> dict[str, str]:
    return _reported_in(_files(paths.outbox, REPORT_BYTES_MAX))


def _reported_in(files: Iterator[tuple[str, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, body in files:
        if not name.endswith(".json"):
            continue
        try:
            report = _report_decoder.decode(body)
        except msgspec.MsgspecError:
            # Its name is the id, but for the few that are told by a hash.
            if not name.startswith("_"):
                found[name.removesuffix(".json")] = "its report cannot be read"
        else:
            found[report.id] = f"{report.status}, {report.cum_qty} of {report.qty or '?'} filled"
    return found


def _files(folder: Path, bytes_max: int) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder with what is in them; one that is too long, or gone meanwhile, is left out."""
    try:
        files = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError:
        return
    yield from _read(files, bytes_max)


def _newest(folder: Path, since_ns: int, bytes_max: int) -> Iterator[tuple[str, bytes]]:
    """Yield the files that came to a folder last, after `since_ns`; which of too many is not told."""
    found: list[tuple[int, str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, SCAN_MAX):
                came_ns = entry.stat(follow_symlinks=False).st_ctime_ns
                if came_ns > since_ns and not entry.name.startswith("."):
                    found.append((came_ns, entry.name))
    except OSError:
        return
    yield from _read([folder / name for _, name in heapq.nlargest(NEWEST_MAX, found)], bytes_max)


def _counted(folder: Path, word: str, *, ends: str = "") -> list[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        files_n = sum(1 for one in islice(entries, SCAN_MAX) if one.name[0] != "." and one.name.endswith(ends))
        return [f"{files_n} {word}"] if files_n else []
    return []


def _read(files: list[Path], bytes_max: int) -> Iterator[tuple[str, bytes]]:
    for file in files:
        try:
            if file.is_file() and not file.is_symlink() and file.stat().st_size <= bytes_max:
                yield file.name, file.read_bytes()
        except OSError:
            continue


def lost_text(ids: list[str]) -> str:
    """Return the ids as part of a sentence, not too many of them."""
    more = f" and {len(ids) - SHOWN_MAX} more" if len(ids) > SHOWN_MAX else ""
    return f"{', '.join(ids[:SHOWN_MAX])}{more}"
