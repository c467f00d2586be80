"""The journal of replay and simulator: the same SQL, synchronously, in a file or in memory.

It promises what `SqliteJournal` promises, but for the loop: there is none.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.projection import TABLES, Cell
from execd.errors import JournalError, JournalFull
from execd.journal import sql, store
from execd.journal.fold import Fold
from execd.journal.records import Stored, document, stored

PAGE_ROWS: Final = 2_000


class SyncJournal:
    """One journal, open; `MEMORY` as its path keeps it in memory."""

    def __init__(self, path: Path | str, *, created_ns: int) -> None:
        """Open the journal at `path`; make it, created at `created_ns`, where there is none.

        Raises JournalForeign where the file is not ours, newer or corrupt (it is untouched), else JournalError.
        """
        if path != store.MEMORY:
            store.ensure(Path(path), created_ns=created_ns)
        self._path = path
        self._poison: str | None = None
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=store.BUSY_S)
        try:
            if path == store.MEMORY:
                store.fill_new(self._connection, created_ns=created_ns)
            store.require_wal(self._read("use_wal")[0][0])
            self._connection.executescript(sql.query("settings"))
            self._connection.executescript(sql.query("create_commit_batch"))
            head = store.head_of(self._read("read_meta"), self._read("read_last"))
        except BaseException:  # Whatever it was, the file must not stay open.
            self._connection.close()
            raise
        self.epoch = head.epoch
        self.created_ns = head.created_ns
        self.last_ns = head.last_ns
        self._seq = head.seq

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def load(self) -> Book:
        """Return the fold of everything committed. Raises JournalForeign where a record is missing or unreadable."""
        fold = Fold()
        for page in self._pages("read_records", 0):
            fold.take(page)
        return fold.book

    def commit(self, batch: Batch) -> None:
        """Make a batch durable, all or nothing; an empty one costs nothing.

        Raises JournalFull where nothing was written and a later commit may succeed; JournalError for anything else,
        and from then on every commit raises.
        """
        if self._poison is not None:
            raise JournalError(f"the journal {self._path} takes no more: {self._poison}")
        if not batch.records and not any(getattr(batch.rows, table) for table in TABLES):
            return
        try:
            self._connection.execute(sql.query("commit_batch"), document(batch, self._seq + 1))
        except sqlite3.Error as error:
            failure = store.as_journal_error(error, self._path)
            if not isinstance(failure, JournalFull):
                self._poison = str(error)
            raise failure from error
        self._seq += len(batch.records)
        if batch.records:
            self.last_ns = batch.records[-1].now_ns

    def records(self, *, after_seq: int = 0, parent_id: str | None = None) -> Iterator[Stored]:
        """Yield records in order, of one parent (with what brokers said of its requests) or of all."""
        name = "read_records" if parent_id is None else "read_records_of_parent"
        parameters = () if parent_id is None else (parent_id,)
        for page in self._pages(name, after_seq, *parameters):
            yield from page

    def read_rows(self, table: str) -> list[list[Cell]]:
        """Return the rows of one of `TABLES`, by key."""
        if table not in TABLES:
            raise KeyError(table)
        return [list(row) for row in self._read(f"read_{table}")]

    def close(self) -> None:
        """Close; closing again changes nothing."""
        self._poison = self._poison or "it is closed"
        self._connection.close()

    def _pages(self, name: str, after_seq: int, *parameters: str) -> Iterator[list[Stored]]:
        while page := self._read(name, after_seq, PAGE_ROWS, *parameters):
            after_seq = int(page[-1][0] or 0)
            yield [stored(int(seq or 0), str(body)) for seq, body in page]

    def _read(self, name: str, *parameters: str | int) -> list[tuple[Cell, ...]]:
        try:
            return self._connection.execute(sql.query(name), parameters).fetchall()
        except sqlite3.Error as error:
            raise store.as_journal_error(error, self._path) from error
