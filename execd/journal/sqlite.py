"""The journal of the daemon: SQLite through aiosqlite, one connection, one writer.

A commit is durable when it returns: one transaction, one hop to the
connection's thread, which runs the functions of `write.py` and `reading.py`.
It never decides what is in a batch; group commit is the pump's work. Always
close it: an open connection keeps its thread, and the thread keeps the process.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

import aiosqlite

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.checkpoint import snapshot
from execd.core.events import Known
from execd.core.projection import Cell
from execd.errors import JournalError, JournalFull
from execd.journal import archives, checkpoints, reading, retire, store
from execd.journal.archives import Archive
from execd.journal.chain import Chain
from execd.journal.files import BUSY_S, as_journal_error, beside
from execd.journal.marks import MARK_EVERY_S, Mark, id_of, write_mark
from execd.journal.pins import Pin, has_history, read_pins, write_pins
from execd.journal.records import RecordRow, Stored, Writing, is_empty, stored, writing
from execd.journal.write import write_batch

_Given = ParamSpec("_Given")
_Told = TypeVar("_Told")
_OnConnection = Callable[Concatenate[sqlite3.Connection, _Given], _Told]
_END: Final[list[RecordRow]] = []


class SqliteJournal:
    """One journal file, open. `open` is the only way to one."""

    def __init__(self, connection: aiosqlite.Connection, path: Path, head: store.Head) -> None:
        """Take a connection that is set up."""
        self.epoch = head.epoch
        self.epochs = head.epochs
        self.created_ns = head.created_ns
        self.last_ns = head.last_ns
        """The instant of the last record; zero in a new journal."""
        self.tail_n = 0
        """How many records `load` found after the checkpoint that it began with."""
        self._connection = connection
        self._path = path
        self._file_id = id_of(path)
        self._chain = Chain(head.seq, head.sum)
        self._poison: str | None = None
        # Two tasks on one connection would share a transaction.
        self._lock = asyncio.Lock()
        self._checkpointing = asyncio.Lock()
        self._marked_s = time.monotonic()
        self._marking: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, path: Path, *, created_ns: int) -> Self:
        """Open the journal at `path`; make it, created at `created_ns`, where there is none.

        Raises JournalForeign where the file is not ours, newer or corrupt (it is untouched), else JournalError.
        """
        await asyncio.to_thread(store.ensure, path, created_ns=created_ns)
        connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_S)
        try:
            head = await _hop(connection, store.prepare)
        except sqlite3.Error as error:
            await connection.close()
            raise as_journal_error(error, path) from error
        except BaseException:  # Whatever it was, the thread must end with it.
            await connection.close()
            raise
        return cls(connection, path, head)

    @property
    def seq(self) -> int:
        """The place of the last record; 0 in a new journal."""
        return self._chain.seq

    async def load(self) -> Book:
        """Return the fold of everything committed. Raises JournalCorrupt where a record is missing or unreadable."""
        book, self.tail_n = await self._run(reading.load_counted, self._path)
        return book

    async def commit(self, batch: Batch) -> None:
        """Make a batch durable, all or nothing; an empty one costs nothing.

        A cancelled commit ends first, so it is never half known. Raises JournalFull where nothing was written and a
        later commit may succeed; JournalError for anything else, and from then on every commit raises.
        """
        committing = asyncio.ensure_future(self._commit(batch))
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            await _outlast(committing)
            raise

    def checkpoint(self, book: Book) -> Coroutine[None, None, None]:
        """Keep the book as it is now, so that the next `load` begins there; the returned coroutine writes it.

        Call it in the settled state: the snapshot is taken at once, and later changes do not reach it. Writing goes on
        between commits and need not be waited for. Raises what `commit` raises; a failure leaves older checkpoints.
        """
        taken = snapshot(book)
        return self._checkpoint(checkpoints.Pending(self._chain.seq, self.last_ns, self._chain.sum, taken))

    async def records(self, *, after_seq: int = 0, parent_id: str | None = None) -> AsyncIterator[Stored]:
        """Yield records in order, archived ones too: of one parent (with what brokers said of its requests) or all."""
        if parent_id is not None:
            for row in await self._run(reading.records_of_parent, self._path, parent_id, after_seq):
                yield stored(row[0], row[4])
            return
        named = await self._run(archives.listed)
        old = archives.archived_pages(self._path, named, "read_records", after_seq)
        while page := await asyncio.to_thread(next, old, _END):
            after_seq = page[-1][0]
            for row in page:
                yield stored(row[0], row[4])
        while page := await self._run(archives.page_of, "read_records", after_seq):
            after_seq = page[-1][0]
            for row in page:
                yield stored(row[0], row[4])

    async def known(self, parent_id: str) -> Known | None:
        """Return what became of an intent that may have left memory; None where the id is free."""
        return await self._run(reading.known, parent_id)

    async def known_of(self, parent_ids: Sequence[str]) -> dict[str, Known]:
        """Return what became of those of the ids that are taken."""
        return await self._run(reading.known_of, parent_ids)

    async def recall(self, cl_ord_id: str) -> reading.Recalled | None:
        """Return the parent that a request was made for, and its orders; None where the id is none of ours."""
        return await self._run(reading.recall, self._path, cl_ord_id)

    async def read_rows(self, table: str) -> list[list[Cell]]:
        """Return the rows of one of `TABLES`, by key."""
        return await self._run(reading.rows, table)

    async def pins(self) -> dict[str, Pin]:
        """Return which account the journal is of, by the account's name. Raises JournalCorrupt."""
        return await self._run(read_pins)

    async def pin(self, found: Mapping[str, Pin]) -> None:
        """Write down which accounts it is of from now on. Raises what `commit` raises."""
        async with self._lock:
            self._refuse_poisoned()
            await self._write(write_pins, found)

    async def has_history(self, account: str) -> bool:
        """Whether it has an intent, an order or a position of an account, of whatever age."""
        return await self._run(has_history, account)

    async def archive(self, book: Book, *, now_ns: int, days: int) -> Archive | None:
        """Move records that nobody needs and that are older than `days` days to an archive; return it if there is one.

        For the start, before anything is committed: it holds the journal as long as it takes.
        """
        async with self._lock:
            return await self._run(retire.archive, self._path, list(book.parents), now_ns=now_ns, days=days)

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead file: a reader that stays keeps it from being folded in."""
        try:
            return beside(self._path, "-wal").stat().st_size
        except FileNotFoundError:
            return 0

    async def close(self) -> None:
        """Close after the commit that is under way; closing again changes nothing."""
        async with self._lock:
            try:
                if self._marking is not None:
                    await asyncio.wait((self._marking,))
                if self._poison is None:
                    await asyncio.to_thread(self._mark, Chain(self._chain.seq, self._chain.sum), is_synced=True)
            finally:
                # Whatever happened: the connection's thread would keep the process for ever.
                self._poison = self._poison or "it is closed"
                await self._connection.close()

    async def _commit(self, batch: Batch) -> None:
        async with self._lock:
            self._refuse_poisoned()
            if is_empty(batch):
                return
            given = writing(batch, self._chain)
            await self._write(write_batch, given)
            self._committed(batch, given)

    def _committed(self, batch: Batch, given: Writing) -> None:
        self._chain = given.chain
        if batch.records:
            self.last_ns = batch.records[-1].now_ns
        now_s = time.monotonic()
        if now_s - self._marked_s >= MARK_EVERY_S and (self._marking is None or self._marking.done()):
            self._marked_s = now_s
            self._marking = asyncio.ensure_future(asyncio.to_thread(self._mark, given.chain, is_synced=False))

    async def _checkpoint(self, pending: checkpoints.Pending) -> None:
        async with self._checkpointing:
            groups = checkpoints.groups(pending)
            while group := await asyncio.to_thread(next, groups, None):
                async with self._lock:
                    self._refuse_poisoned()
                    await self._write(checkpoints.write_group, *group)

    def _mark(self, chain: Chain, *, is_synced: bool) -> None:
        if id_of(self._path) != self._file_id:
            return  # The state directory was taken away: what is there now is not ours, and may be another daemon's.
        # A mark that lags finds less and harms nothing; a disk that takes none is told by whoever meets it in earnest.
        with suppress(OSError):
            write_mark(self._path, Mark(epoch=self.epoch, seq=chain.seq, sum=chain.sum), is_synced=is_synced)

    def _refuse_poisoned(self) -> None:
        if self._poison is not None:
            raise JournalError(f"the journal {self._path} takes no more: {self._poison}")

    async def _write(
        self, function: "_OnConnection[_Given, None]", *args: _Given.args, **kwargs: _Given.kwargs
    ) -> None:
        try:
            await _hop(self._connection, function, *args, **kwargs)
        except sqlite3.Error as error:
            failure = as_journal_error(error, self._path)
            if not isinstance(failure, JournalFull):
                # After a failed sync the kernel may have dropped the pages: trying again would prove nothing.
                self._poison = str(error)
            raise failure from error
        except asyncio.CancelledError:
            # Only the end of the loop cancels this task; whether the row is there, nobody can tell any more.
            self._poison = "a commit was abandoned"
            raise

    async def _run(
        self, function: "_OnConnection[_Given, _Told]", *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Told:
        try:
            return await _hop(self._connection, function, *args, **kwargs)
        except sqlite3.Error as error:
            raise as_journal_error(error, self._path) from error


async def _hop(
    connection: aiosqlite.Connection,
    function: "_OnConnection[_Given, _Told]",
    *args: _Given.args,
    **kwargs: _Given.kwargs,
) -> _Told:
    """Run a function in the thread that owns the connection."""
    # aiosqlite has no public way to run several statements in one hop, and a hop for each would take most of a commit.
    told: _Told = await connection._execute(function, connection._conn, *args, **kwargs)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return told


async def _outlast(committing: asyncio.Future[None]) -> None:
    """Wait until a commit has ended, whoever cancels us meanwhile; a commit ends within the disk's own patience."""
    while not committing.done():
        try:
            await asyncio.wait((committing,))
        except asyncio.CancelledError:
            continue
    if not committing.cancelled():
        # Taken, so that it is not reported as lost: a failure that matters has poisoned the journal.
        committing.exception()
