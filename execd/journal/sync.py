"""The journal of replay and simulator: the same SQL, synchronously, in a file or in memory.

It promises what `SqliteJournal` promises, but for the loop: there is none.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from execd.core import checkpoint as core_checkpoint
from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import Known
from execd.core.projection import Cell
from execd.errors import JournalError, JournalFull
from execd.journal import archives, checkpoints, reading, retire, store
from execd.journal.chain import Chain
from execd.journal.files import BUSY_S, as_journal_error
from execd.journal.marks import Mark, write_mark
from execd.journal.records import RecordRow, Stored, is_empty, stored, writing
from execd.journal.write import Database, write_batch

MEMORY: Final = store.MEMORY


class SyncJournal:
    """One journal, open; `MEMORY` as its path keeps it in memory."""

    def __init__(self, path: Path | str, *, created_ns: int) -> None:
        """Open the journal at `path`; make it, created at `created_ns`, where there is none.

        Raises JournalForeign where the file is not ours, newer or corrupt (it is untouched), else JournalError.
        """
        self._is_file = path != MEMORY
        self._path = Path(path)
        if self._is_file:
            store.ensure(self._path, created_ns=created_ns)
        self._poison: str | None = None
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
        try:
            if not self._is_file:
                store.fill_new(self._connection, created_ns=created_ns)
            head = store.prepare(self._connection)
        except sqlite3.Error as error:
            self._connection.close()
            raise as_journal_error(error, path) from error
        except BaseException:  # Whatever it was, the file must not stay open.
            self._connection.close()
            raise
        self.epoch = head.epoch
        self.epochs = head.epochs
        self.created_ns = head.created_ns
        self.last_ns = head.last_ns
        self._chain = Chain(head.seq, head.sum)
        self._database: Database = self._connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def seq(self) -> int:
        """The place of the last record; 0 in a new journal."""
        return self._chain.seq

    def load(self) -> Book:
        """Return the fold of everything committed. Raises JournalCorrupt where a record is missing or unreadable."""
        try:
            return reading.load(self._connection, self._path)
        except sqlite3.Error as error:
            raise as_journal_error(error, self._path) from error

    def load_all(self) -> Book:
        """Return the fold of every record from the first, in which nothing has retired: the book of all rows."""
        try:
            return reading.fold_all(self._connection, self._path)
        except sqlite3.Error as error:
            raise as_journal_error(error, self._path) from error

    def commit(self, batch: Batch) -> None:
        """Make a batch durable, all or nothing; an empty one costs nothing.

        Raises JournalFull where nothing was written and a later commit may succeed; JournalError for anything else,
        and from then on every commit raises.
        """
        if self._poison is not None:
            raise JournalError(f"the journal {self._path} takes no more: {self._poison}")
        if is_empty(batch):
            return
        given = writing(batch, self._chain)
        try:
            write_batch(self._database, given)
        except sqlite3.Error as error:
            failure = as_journal_error(error, self._path)
            if not isinstance(failure, JournalFull):
                self._poison = str(error)
            raise failure from error
        self._chain = given.chain
        if batch.records:
            self.last_ns = batch.records[-1].now_ns

    def checkpoint(self, book: Book) -> None:
        """Keep the book as it is after the last commit, so that the next `load` begins there."""
        pending = checkpoints.Pending(self._chain.seq, self.last_ns, self._chain.sum, core_checkpoint.snapshot(book))
        for rows, head in checkpoints.groups(pending):
            checkpoints.write_group(self._connection, rows, head)

    def records(self, *, after_seq: int = 0, parent_id: str | None = None) -> Iterator[Stored]:
        """Yield records in order, archived ones too: of one parent (with what brokers said of its requests) or all."""
        for row in self._rows_of_records(after_seq, parent_id):
            yield stored(row[0], row[4])

    def known(self, parent_id: str) -> Known | None:
        """Return what became of an intent that may have left memory; None where the id is free."""
        return reading.known(self._connection, parent_id)

    def recall(self, cl_ord_id: str) -> reading.Recalled | None:
        """Return the parent that a request was made for, and its orders; None where the id is none of ours."""
        return reading.recall(self._connection, self._path, cl_ord_id)

    def archive(self, book: Book, *, now_ns: int, days: int) -> archives.Archive | None:
        """Move records that nobody needs and that are older than `days` days to an archive; return it if any."""
        return retire.archive(self._connection, self._path, list(book.parents), now_ns=now_ns, days=days)

    def read_rows(self, table: str) -> list[list[Cell]]:
        """Return the rows of one of `TABLES`, by key."""
        return reading.rows(self._connection, table)

    def close(self) -> None:
        """Close; closing again changes nothing."""
        if self._poison is None and self._is_file:
            write_mark(self._path, Mark(epoch=self.epoch, seq=self._chain.seq, sum=self._chain.sum), is_synced=True)
        self._poison = self._poison or "it is closed"
        self._connection.close()

    def _rows_of_records(self, after_seq: int, parent_id: str | None) -> Iterator[RecordRow]:
        if parent_id is not None:
            yield from reading.records_of_parent(self._connection, self._path, parent_id, after_seq)
            return
        named = archives.listed(self._connection)
        for page in archives.archived_pages(self._path, named, "read_records", after_seq):
            yield from page
            after_seq = page[-1][0]
        for page in archives.pages(self._connection, "read_records", after_seq):
            yield from page
