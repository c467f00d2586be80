"""A damaged journal, rebuilt from what can be read of it.

Records are taken in their order, archives first, up to the first that is
missing, altered or unreadable: what comes after a break cannot be folded, for
nobody knows what the lost record said. Rows and checkpoints are made anew from
the records. The damaged file is moved aside, never changed; the new one has a
new epoch, and the first start takes no new risk: the broker knows the rest.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.book import Book
from execd.core.projection import TABLES, all_rows
from execd.errors import JournalCorrupt, JournalError, JournalNewer
from execd.journal import reading as reading_room
from execd.journal import sql, store
from execd.journal.archives import FOLDER, listed
from execd.journal.backup import move_aside
from execd.journal.chain import Chain, link
from execd.journal.files import beside, reading, sync, with_companions
from execd.journal.marks import (
    Mark,
    ReduceOnly,
    high_file,
    read_mark,
    read_reduce_only,
    write_mark,
    write_reduce_only,
)
from execd.journal.pins import rows_of
from execd.journal.records import stored
from execd.journal.write import transaction

_ARCHIVE_NAME: Final = re.compile(r"journal-(\d+)-(\d+)\.db")
_UNREADABLE: Final = (sqlite3.Error, JournalError, KeyError, ValueError, TypeError, AttributeError)
"""What reading or folding a damaged record may end with."""


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept and what was lost. `committed` is how far the journal had come, where that is known."""

    records: int
    epoch: str
    stopped_by: str = ""
    committed: int | None = None
    moved_to: str = ""
    last_ns: int = 0


class _Old(msgspec.Struct):
    """What could be read of the damaged journal beside its records."""

    version: int = 0
    epoch: str = ""
    epochs: tuple[str, ...] = ()
    created_ns: int = 0
    archives: tuple[str, ...] = ()
    pins: dict[str, str] = {}


def rebuild(journal: Path, *, now_ns: int, is_gone: bool = False, epochs: Sequence[str] = ()) -> Rebuilt:
    """Make a journal of what can be read of `journal`; the caller holds the state directory.

    `is_gone`: there was one, so begin anew where there is nothing to read. `epochs` are those that others remember.
    Raises JournalError where there is nothing at all, or the file is of a newer execd; then nothing has changed.
    """
    old, mark = _old(journal), read_mark(journal)
    if not journal.exists() and not old.archives and not is_gone and mark is None:
        raise JournalError(f"there is no journal at {journal}")
    fresh = beside(journal, ".rebuilt")
    for leftover in with_companions(fresh):
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh, isolation_level=None)) as made:
        made.executescript(sql.query("settings"))
        store.fill_new(made, created_ns=old.created_ns or now_ns)
        stopped_by = _fill(made, journal, old)
        with transaction(made):
            before = tuple(one for one in (*epochs, *old.epochs, old.epoch, mark.epoch if mark else "") if one)
            epoch = store.begin_epoch(made, now_ns=now_ns, before=tuple(dict.fromkeys(before)))
            made.executemany(sql.query("change_meta"), old.pins.items())
        store.require_wal(*made.execute(sql.query("use_wal")).fetchone())
        head = store.head(made)
    moved = move_aside(journal, now_ns=now_ns, word="damaged")
    fresh.replace(journal)
    sync(journal.parent)
    reason = f"the journal was rebuilt and ends at record {head.seq}"
    told = read_reduce_only(journal.parent) or ReduceOnly(now_ns=now_ns, reason=reason)
    write_reduce_only(journal.parent, replace(told, reason=reason))
    _move_rest(journal, moved)
    write_mark(journal, Mark(epoch=epoch, seq=head.seq, sum=head.sum), is_synced=True)
    return Rebuilt(
        records=head.seq,
        epoch=epoch,
        stopped_by=stopped_by,
        committed=None if mark is None else mark.seq,
        moved_to=str(moved or ""),
        last_ns=head.last_ns,
    )


def _old(journal: Path) -> _Old:
    old = _Old()
    with contextlib.suppress(JournalError, sqlite3.Error, FileNotFoundError), reading(journal) as connection:
        (old.version,) = connection.execute("PRAGMA user_version").fetchone()
        told = dict(connection.execute(sql.query("read_meta")))
        old.pins = rows_of(told)
        old.epoch, old.epochs = told.get("epoch", ""), tuple(told.get("epochs", "").split())
        created = told.get("created_ns", "")
        old.created_ns = int(created) if created.isdecimal() else 0
        old.archives = tuple(one.file for one in listed(connection)) if old.version == sql.version() else ()
    if old.version > sql.version():
        raise JournalNewer(f"{journal} has version {old.version}, this execd knows {sql.version()}; run the newer one")
    old.archives = old.archives or _lying_about(journal)
    return old


def _lying_about(journal: Path) -> tuple[str, ...]:
    """Return the archives that follow one another from the first record, where the journal cannot name them."""
    found: list[str] = []
    last = 0
    for path in sorted((journal.parent / FOLDER).glob("journal-*.db")):
        numbers = _ARCHIVE_NAME.fullmatch(path.name)
        if numbers is not None and int(numbers[1]) == last + 1:
            last = int(numbers[2])
            found.append(path.name)
    return tuple(found)


def _fill(made: sqlite3.Connection, journal: Path, old: _Old) -> str:
    """Write what can be read and folded, and the rows it makes; return why no more."""
    stopped_by = ""
    with transaction(made):
        book, chain = Book(keeps_all=True), Chain()
        try:
            for seq, now_ns, kind, subject, body, told in _rows(journal, old):
                total = link(chain.sum, seq, now_ns, kind, subject, body)
                if seq != chain.seq + 1:
                    raise JournalCorrupt(f"record {chain.seq + 1} is missing")
                if told not in {total, None}:
                    raise JournalCorrupt(f"record {seq} is not what was written, or one before it is not")
                book.apply(stored(seq, body).record)
                made.execute(sql.query("write_records"), (seq, now_ns, kind, subject, body, total))
                chain = Chain(seq, total)
        except _UNREADABLE as error:
            stopped_by = str(error) or repr(error)
        # Folded anew from what was written: a record that failed half-way has left nothing.
        rows = all_rows(reading_room.fold_all(made, journal))
        for table in TABLES:
            made.executemany(sql.query(f"write_{table}"), getattr(rows, table))
    return stopped_by


def _rows(journal: Path, old: _Old) -> Iterator[tuple[int, int, str, str, str, int | None]]:
    after_seq = 0
    for file in old.archives:
        with reading(journal.parent / FOLDER / file) as connection:
            for row in connection.execute(sql.query("read_records"), (after_seq, -1)):
                yield row
                after_seq = row[0]
    if journal.exists():
        name = "read_records" if old.version != 1 else "read_records_1"
        with reading(journal) as connection:
            yield from connection.execute(sql.query(name), (after_seq, -1))


def _move_rest(journal: Path, moved: Path | None) -> None:
    """Move the mark and the archives to the file that they belong to: the new one has all of their records itself."""
    if moved is not None:
        for rest in (high_file(journal), journal.parent / FOLDER):
            if rest.exists():
                rest.replace(moved / rest.name)
