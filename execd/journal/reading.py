"""What both journals over SQLite read: the book, a parent that left memory, a page of records.

Plain functions of a connection, for whichever thread owns it. They change
nothing; a damaged file is an error and is left as it is.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from execd.core.book import Book
from execd.core.codec import encode_text
from execd.core.enums import ParentStatus
from execd.core.events import Known
from execd.core.order import Order
from execd.core.parents import Parent
from execd.core.projection import TABLES, Cell
from execd.errors import JournalCorrupt
from execd.journal import checkpoints, sql
from execd.journal.archives import archived_pages, file_of, listed, pages
from execd.journal.chain import Chain
from execd.journal.files import CORRUPT_HELP, reading
from execd.journal.fold import Fold
from execd.journal.records import RecordRow, stored

Recalled = tuple[Parent, tuple[Order, ...]]


def load(connection: sqlite3.Connection, path: Path) -> Book:
    """Return the book of everything committed: the newest checkpoint and what came after it, else every record."""
    return load_counted(connection, path)[0]


def load_counted(connection: sqlite3.Connection, path: Path) -> tuple[Book, int]:
    """Return that, and how many records came after the checkpoint that was used."""
    try:
        return _load(connection, path)
    except JournalCorrupt as error:
        raise JournalCorrupt(f"the journal {path} is corrupt: {error}; {CORRUPT_HELP}") from error


def _load(connection: sqlite3.Connection, path: Path) -> tuple[Book, int]:
    book, chain = checkpoints.newest(connection)
    # The fold takes the chain along with it.
    from_seq = chain.seq
    fold = Fold(book, chain)
    for page in archived_pages(path, listed(connection), "read_records", from_seq):
        fold.take(page)
    for page in pages(connection, "read_records", fold.seq):
        fold.take(page)
    return fold.book, fold.seq - from_seq


def fold_all(connection: sqlite3.Connection, path: Path) -> Book:
    """Return the book of every record from the first, archives and retired parents included."""
    fold = Fold(Book(keeps_all=True), Chain())
    for page in archived_pages(path, listed(connection), "read_records", 0):
        fold.take(page)
    for page in pages(connection, "read_records", fold.seq):
        fold.take(page)
    return fold.book


def rows(connection: sqlite3.Connection, table: str) -> list[list[Cell]]:
    """Return the rows of one of `TABLES`, by key."""
    if table not in TABLES:
        raise KeyError(table)
    return [list(row) for row in connection.execute(sql.query(f"read_{table}"))]


def known(connection: sqlite3.Connection, parent_id: str) -> Known | None:
    """Return what became of an intent, whether or not it is in memory; None where the id is free."""
    found = connection.execute(sql.query("read_known"), (parent_id,)).fetchone()
    return None if found is None else Known(found[0], ParentStatus(found[1]))


def known_of(connection: sqlite3.Connection, parent_ids: Sequence[str]) -> dict[str, Known]:
    """Return what became of those of the ids that are taken."""
    found = ((parent_id, known(connection, parent_id)) for parent_id in parent_ids)
    return {parent_id: what for parent_id, what in found if what is not None}


def recall(connection: sqlite3.Connection, path: Path, cl_ord_id: str) -> Recalled | None:
    """Return the parent that a request was made for, and its orders; None where the id is none of ours.

    One that has left memory is returned as it left: what was said of it since is still to be folded by whoever asks.
    """
    # Every request of a parent is `epoch-parent_key-n`.
    prefix, dash, _ = cl_ord_id.rpartition("-")
    if not dash:
        return None
    found = connection.execute(sql.query("read_parent_of"), (f"{prefix}-", f"{prefix}.")).fetchone()
    if found is None:
        return None
    left_seq = _left_memory(connection, path, found[0])
    book = Book(keeps_all=True)
    for row in records_of_parent(connection, path, found[0]):
        if left_seq is None or row[0] <= left_seq:
            book.apply(stored(row[0], row[4]).record)
    if cl_ord_id not in book.chains:
        return None
    parent = book.parents[found[0]]
    return parent, tuple(book.orders[key] for key in parent.children)


def records_of_parent(
    connection: sqlite3.Connection, path: Path, parent_id: str, after_seq: int = 0
) -> list[RecordRow]:
    """Return the records of one parent, with what brokers said of its requests, from archives and the file itself."""
    archives = listed(connection)
    requests: list[str] = []
    for archive in archives:
        with reading(file_of(path, archive)) as old:
            requests += _requests(old, parent_id)
    requests += _requests(connection, parent_id)
    asked = (parent_id, encode_text(requests))
    found = [
        row for page in archived_pages(path, archives, "read_records_of_parent", after_seq, *asked) for row in page
    ]
    found += [row for page in pages(connection, "read_records_of_parent", after_seq, *asked) for row in page]
    return found


def _left_memory(connection: sqlite3.Connection, path: Path, parent_id: str) -> int | None:
    """Return the place of the last record by which a parent left memory; None where it never did."""
    (seq,) = connection.execute(sql.query("read_last_retirement"), (parent_id,)).fetchone()
    if seq is not None:
        return int(seq)
    for archive in reversed(listed(connection)):
        with reading(file_of(path, archive)) as old:
            (seq,) = old.execute(sql.query("read_last_retirement"), (parent_id,)).fetchone()
        if seq is not None:
            return int(seq)
    return None


def _requests(connection: sqlite3.Connection, parent_id: str) -> list[str]:
    return [cl_ord_id for (cl_ord_id,) in connection.execute(sql.query("read_requests_of"), (parent_id,))]
