"""A journal carried away, and brought back.

A backup is one file, taken in one step, whether or not the daemon runs, and
it says that it is one. A restored journal is an older one: its daemon cannot
know what was sent after the backup. So it begins a new epoch (no id of an
order of before is ever used again, the old epochs stay known), and the first
start takes no new risk. What it replaces is moved aside, never deleted: it
knows which intents came after the backup (`remains.py`).
"""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from execd.core.ids import NS_PER_S
from execd.errors import JournalError
from execd.journal import sql, store
from execd.journal.archives import FOLDER, Archive, file_of, listed
from execd.journal.files import copy, reading, sync, with_companions
from execd.journal.marks import Mark, ReduceOnly, high_file, read_mark, read_reduce_only, write_reduce_only


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds, or what was restored. `archives` are files that go with it."""

    path: str
    epoch: str
    records: int
    last_ns: int
    archives: tuple[str, ...] = ()
    moved_to: str = ""


def backup(journal: Path, target: Path, *, is_live: bool, now_ns: int) -> Backup:
    """Copy a journal to the new file `target`. Raises JournalError where it exists, or what is copied is not whole."""
    if target.exists():
        raise JournalError(f"{target} exists already; name a new file")
    if not target.parent.is_dir():
        raise JournalError(f"{target.parent} is no directory; make it first")
    store.check(journal, newest=sql.version(), is_live=is_live)
    with reading(journal, is_live=is_live) as connection:
        copy(connection, target, lambda made: _mark_as_backup(made, now_ns))
    store.check(target, newest=sql.version())
    with reading(target) as connection:
        head, archives = store.head(connection), listed(connection)
    return Backup(
        path=str(target),
        epoch=head.epoch,
        records=head.seq,
        last_ns=head.last_ns,
        archives=tuple(str(journal.parent / FOLDER / one.file) for one in archives),
    )


def restore(journal: Path, source: Path, *, now_ns: int, may_repeat: bool = False) -> Backup:
    """Put a backup (or another whole journal) in the place of `journal`; the caller holds the state directory.

    `may_repeat`: the next start does not refuse the ids of intents that came after the backup.
    Raises JournalError, and then nothing has changed. Killed in between, a start refuses and says so, or finds the
    backup and goes on from there.
    """
    if not source.is_file():
        raise JournalError(f"{source} is no file")
    store.check(source, newest=sql.version())
    with reading(source) as connection:
        for archive in _archives_of(connection):
            file_of(journal, archive)
        arrived = journal.with_suffix(".restored")
        copy(connection, arrived, lambda made: _mark_as_backup(made, now_ns, replaced=read_mark(journal)))
    moved = move_aside(journal, now_ns=now_ns, word="replaced", may_repeat=may_repeat)
    arrived.replace(journal)
    sync(journal.parent)
    # The mark of the old journal comes away last: until then a start without a journal would be refused.
    _move_mark(journal, moved)
    store.ensure(journal, created_ns=now_ns)
    with reading(journal) as connection:
        head = store.head(connection)
    return Backup(
        path=str(journal), epoch=head.epoch, records=head.seq, last_ns=head.last_ns, moved_to=str(moved or "")
    )


def move_aside(journal: Path, *, now_ns: int, word: str, may_repeat: bool = False) -> Path | None:
    """Move a journal and its companions into a folder of their own beside it; None where there is nothing to move."""
    there = [file for file in with_companions(journal) if file.exists()]
    folder = _free_folder(journal.parent, word, now_ns)
    before = read_reduce_only(journal.parent)
    # Restored twice without a start between: what each of the journals knew is remembered.
    moved = (*(before.moved if before is not None else ()), *([str(folder)] if there else []))
    told = ReduceOnly(now_ns=now_ns, reason=f"the journal was {word}", moved=moved, may_repeat=may_repeat)
    write_reduce_only(journal.parent, told)
    if not there:
        return None
    folder.mkdir(mode=0o700)
    # The database first: a write-ahead file without it is refused at a start, the other way round it would be lost.
    for file in there:
        file.replace(folder / file.name)
    sync(folder)
    sync(journal.parent)
    return folder


def _free_folder(parent: Path, word: str, now_ns: int) -> Path:
    stamp = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = parent / f"{word}-{stamp}"
    number = 1
    while folder.exists():
        number += 1
        folder = parent / f"{word}-{stamp}-{number}"
    return folder


def _move_mark(journal: Path, folder: Path | None) -> None:
    mark = high_file(journal)
    if folder is not None and mark.exists():
        mark.replace(folder / mark.name)
    else:
        mark.unlink(missing_ok=True)


def _mark_as_backup(made: sqlite3.Connection, now_ns: int, replaced: Mark | None = None) -> None:
    made.execute(sql.query("change_meta"), ("is_backup", str(now_ns)))
    if replaced is not None and (told := _epochs(made)) and replaced.epoch not in told:
        # What the replaced journal sent is ours, too, and its epoch must not come again.
        made.execute(sql.query("change_meta"), ("epochs", " ".join((*told[1:], replaced.epoch))))


def _epochs(made: sqlite3.Connection) -> tuple[str, ...]:
    told = dict(made.execute(sql.query("read_meta")))
    return (told.get("epoch", ""), *told.get("epochs", "").split())


def _archives_of(connection: sqlite3.Connection) -> tuple[Archive, ...]:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return listed(connection) if version == sql.version() else ()
