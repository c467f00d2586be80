"""The journal of the daemon: SQLite through aiosqlite, one connection, one writer.

A commit is durable when it returns, and it is one statement: one transaction,
one hop to the connection's thread. It never decides what is in a batch; group
commit is the pump's work. Always close it: an open connection keeps its
thread, and the thread keeps the process.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Self

import aiosqlite

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.projection import TABLES, Cell
from execd.errors import JournalError, JournalFull
from execd.journal import sql, store
from execd.journal.fold import Fold
from execd.journal.records import Stored, document, stored

PAGE_ROWS: Final = 2_000
"""A page is read and folded at once: some tens of milliseconds, a few megabytes."""


class SqliteJournal:
    """One journal file, open. `open` is the only way to one."""

    def __init__(self, connection: aiosqlite.Connection, path: Path, head: store.Head) -> None:
        """Take a connection that is set up."""
        self.epoch = head.epoch
        self.created_ns = head.created_ns
        self.last_ns = head.last_ns
        """The instant of the last record; zero in a new journal."""
        self._connection = connection
        self._path = path
        self._seq = head.seq
        self._poison: str | None = None
        # Two tasks on one connection would share a transaction.
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, *, created_ns: int) -> Self:
        """Open the journal at `path`; make it, created at `created_ns`, where there is none.

        Raises JournalForeign where the file is not ours, newer or corrupt (it is untouched), else JournalError.
        """
        await asyncio.to_thread(store.ensure, path, created_ns=created_ns)
        connection = await aiosqlite.connect(path, isolation_level=None, timeout=store.BUSY_S)
        try:
            store.require_wal((await _rows(connection, "use_wal"))[0][0])
            await connection.executescript(sql.query("settings"))
            await connection.executescript(sql.query("create_commit_batch"))
            head = store.head_of(await _rows(connection, "read_meta"), await _rows(connection, "read_last"))
        except sqlite3.Error as error:
            await connection.close()
            raise store.as_journal_error(error, path) from error
        except BaseException:  # Whatever it was, the thread must end with it.
            await connection.close()
            raise
        return cls(connection, path, head)

    async def load(self) -> Book:
        """Return the fold of everything committed. Raises JournalForeign where a record is missing or unreadable."""
        fold = Fold()
        async for page in self._pages("read_records", 0):
            fold.take(page)
        return fold.book

    async def commit(self, batch: Batch) -> None:
        """Make a batch durable, all or nothing; an empty one costs nothing.

        A cancelled commit ends first, so it is never half known. Raises JournalFull where nothing was written and a
        later commit may succeed; JournalError for anything else, and from then on every commit raises.
        """
        writing = asyncio.ensure_future(self._commit(batch))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await _outlast(writing)
            raise

    async def records(self, *, after_seq: int = 0, parent_id: str | None = None) -> AsyncIterator[Stored]:
        """Yield records in order, of one parent (with what brokers said of its requests) or of all."""
        name = "read_records" if parent_id is None else "read_records_of_parent"
        parameters = () if parent_id is None else (parent_id,)
        async for page in self._pages(name, after_seq, *parameters):
            for record in page:
                yield record

    async def read_rows(self, table: str) -> list[list[Cell]]:
        """Return the rows of one of `TABLES`, by key."""
        if table not in TABLES:
            raise KeyError(table)
        return [list(row) for row in await self._read(f"read_{table}")]

    async def close(self) -> None:
        """Close after the commit that is under way; closing again changes nothing."""
        async with self._lock:
            self._poison = self._poison or "it is closed"
            await self._connection.close()

    async def _commit(self, batch: Batch) -> None:
        async with self._lock:
            if self._poison is not None:
                raise JournalError(f"the journal {self._path} takes no more: {self._poison}")
            if not batch.records and not any(getattr(batch.rows, table) for table in TABLES):
                return
            try:
                parameters = document(batch, self._seq + 1)
                await self._connection.execute_fetchall(sql.query("commit_batch"), parameters)
            except sqlite3.Error as error:
                raise self._failed(error) from error
            except asyncio.CancelledError:
                # Only the end of the loop cancels this task; whether the row is there, nobody can tell any more.
                self._poison = "a commit was abandoned"
                raise
            self._seq += len(batch.records)
            if batch.records:
                self.last_ns = batch.records[-1].now_ns

    def _failed(self, error: sqlite3.Error) -> JournalError:
        failure = store.as_journal_error(error, self._path)
        if not isinstance(failure, JournalFull):
            # After a failed sync the kernel may have dropped the pages: trying again would prove nothing.
            self._poison = str(error)
        return failure

    async def _pages(self, name: str, after_seq: int, *parameters: str) -> AsyncIterator[list[Stored]]:
        while page := await self._read(name, after_seq, PAGE_ROWS, *parameters):
            after_seq = int(page[-1][0] or 0)
            yield [stored(int(seq or 0), str(body)) for seq, body in page]

    async def _read(self, name: str, *parameters: str | int) -> list[tuple[Cell, ...]]:
        try:
            return await _rows(self._connection, name, *parameters)
        except sqlite3.Error as error:
            raise store.as_journal_error(error, self._path) from error


async def _rows(connection: aiosqlite.Connection, name: str, *parameters: str | int) -> list[tuple[Cell, ...]]:
    return [tuple(row) for row in await connection.execute_fetchall(sql.query(name), parameters)]


async def _outlast(writing: asyncio.Future[None]) -> None:
    """Wait until a commit has ended, whoever cancels us meanwhile; a commit ends within the disk's own patience."""
    while not writing.done():
        try:
            await asyncio.wait((writing,))
        except asyncio.CancelledError:
            continue
    if not writing.cancelled():
        # Taken, so that it is not reported as lost: a failure that matters has poisoned the journal.
        writing.exception()
