"""Whether a journal is whole: pages, chain, fold against rows, checkpoints, archives, high-water mark.

Everything is read in one snapshot, by a connection that never writes, so it
works beside a running daemon. What is wrong is returned, not raised: a person
wants the whole list. Nothing is repaired here; that is `salvage.py`.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from execd.core.book import Book
from execd.core.projection import TABLES
from execd.errors import JournalError
from execd.journal import checkpoints, reading, sql, store
from execd.journal.archives import Archive, archived_pages, listed, pages
from execd.journal.files import reading as opened
from execd.journal.fold import Fold, mismatches
from execd.journal.marks import read_mark
from execd.journal.records import RecordRow

Progress = Callable[[int, int], None]
"""Records looked at, and how many there are."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and what is wrong with it (nothing: the journal is whole)."""

    path: str
    version: int = 0
    epoch: str = ""
    records: int = 0
    archived: int = 0
    parents: int = 0
    orders: int = 0
    fills: int = 0
    checkpoints: tuple[int, ...] = ()
    last_ns: int = 0
    problems: tuple[str, ...] = ()


def verify(path: Path, *, is_live: bool, progress: Progress = lambda _done, _all: None) -> Verdict:
    """Look at all of a journal. `is_live`: a daemon may be writing it."""
    try:
        store.check(path, newest=sql.version(), is_live=is_live)
    except JournalError as error:
        return Verdict(path=str(path), problems=(str(error),))
    try:
        with opened(path, is_live=is_live) as connection:
            return _look(path, connection, progress)
    except JournalError as error:
        return Verdict(path=str(path), problems=(str(error),))


def _look(path: Path, connection: sqlite3.Connection, progress: Progress) -> Verdict:
    # One snapshot for records and rows. It keeps the write-ahead file from being folded in as long as this takes.
    connection.execute("BEGIN")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != sql.version():
        text = f"it has version {version}: the next start leads it to {sql.version()}, and then it can be verified"
        return Verdict(path=str(path), version=version, problems=(text,))
    head, archives = store.head(connection), listed(connection)
    problems = [*_checkpoint_problems(connection), *_mark_problems(path, head)]
    book = Book(keeps_all=True)
    fold = Fold(book)
    try:
        _fold(path, connection, archives, fold, lambda: progress(fold.seq, head.seq))
    except (JournalError, sqlite3.Error) as error:
        problems.append(str(error))
    except (KeyError, ValueError, TypeError) as error:
        problems.append(f"record {fold.seq} cannot be folded: {error!r}")
    else:
        problems += mismatches(book, {table: reading.rows(connection, table) for table in TABLES})
    return Verdict(
        path=str(path),
        version=version,
        epoch=head.epoch,
        records=fold.seq,
        archived=archives[-1].to_seq if archives else 0,
        parents=len(book.parents),
        orders=len(book.orders),
        fills=sum(len(order.fills.counted) for order in book.orders.values()),
        checkpoints=tuple(one.seq for one in checkpoints.heads(connection)),
        last_ns=head.last_ns,
        problems=tuple(problems),
    )


def _fold(
    path: Path, connection: sqlite3.Connection, archives: tuple[Archive, ...], fold: Fold, told: Callable[[], None]
) -> None:
    def take(page: list[RecordRow]) -> None:
        fold.take(page)
        told()

    for page in archived_pages(path, archives, "read_records", 0):
        take(page)
    for page in pages(connection, "read_records", fold.seq):
        take(page)


def _checkpoint_problems(connection: sqlite3.Connection) -> list[str]:
    found: list[str] = []
    for head in checkpoints.heads(connection):
        stored = connection.execute(sql.query("read_sum"), (head.seq,)).fetchone()
        if stored is not None and stored[0] != head.sum:
            found.append(f"checkpoint {head.seq} is of another story than the records")
        elif checkpoints.read(connection, head) is None:
            found.append(f"checkpoint {head.seq} cannot be read (a start would use an older one, or every record)")
    return found


def _mark_problems(path: Path, head: store.Head) -> list[str]:
    mark = read_mark(path)
    if mark is None or head.is_backup or mark.seq <= head.seq:
        return []
    return [f"the journal ends at record {head.seq}, but {mark.seq} were committed"]
