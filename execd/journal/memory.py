"""The journal without a file, for tests and worlds that end with the process.

It keeps what the file would be given, as text, and reads it back from there:
what cannot be saved is found here too. Nothing in it is durable.
"""

from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Final

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.checkpoint import parts, restored, snapshot
from execd.core.codec import decoder, encode_text
from execd.core.enums import ParentStatus
from execd.core.events import Known
from execd.core.ids import epoch_of
from execd.core.projection import TABLES, Cell
from execd.core.records import ParentsRetired, Sending
from execd.errors import JournalError, JournalFull
from execd.journal.chain import Chain
from execd.journal.fold import Fold, keyed, plain_rows
from execd.journal.reading import Recalled
from execd.journal.records import BROKER_KINDS, RecordRow, Stored, is_empty, stored, writing

_row_decoder: Final = decoder(list[RecordRow])


class MemoryJournal:
    """The twin of `SqliteJournal`. `room` is how many records it takes before it is full; None is no end."""

    def __init__(self, *, created_ns: int, room: int | None = None) -> None:
        """Begin empty."""
        self.epoch = epoch_of(created_ns)
        self.epochs: tuple[str, ...] = ()
        self.created_ns = created_ns
        self.last_ns = 0
        self.room = room
        self._written: list[str] = []
        self._tables: dict[str, dict[tuple[str, ...], list[Cell]]] = {table: {} for table in TABLES}
        self._chain = Chain()
        self._checkpoint: tuple[Chain, list[bytes]] | None = None
        self._is_closed = False

    @property
    def seq(self) -> int:
        """The place of the last record; 0 in a new journal."""
        return self._chain.seq

    async def load(self) -> Book:
        """Return the fold of everything committed."""
        fold = Fold()
        if self._checkpoint is not None:
            chain, kept = self._checkpoint
            fold = Fold(restored(kept), Chain(chain.seq, chain.sum))
        fold.take([row for row in self._rows_of_records() if row[0] > fold.seq])
        return fold.book

    async def commit(self, batch: Batch) -> None:
        """Keep a batch, all or nothing. Raises JournalFull where `room` is too small, JournalError once closed."""
        if self._is_closed:
            raise JournalError("the journal takes no more: it is closed")
        if self.room is not None and self._chain.seq + len(batch.records) > self.room:
            raise JournalFull("no space is left for the journal in memory")
        if is_empty(batch):
            return
        given = writing(batch, self._chain)
        self._written.append(encode_text(given.records))
        for table, rows in plain_rows(given.rows).items():
            self._tables[table].update(keyed(table, rows))
        self._chain = given.chain
        if batch.records:
            self.last_ns = batch.records[-1].now_ns

    def checkpoint(self, book: Book) -> Coroutine[None, None, None]:
        """Keep the book as it is now; the returned coroutine makes `load` begin there."""
        return self._keep(Chain(self._chain.seq, self._chain.sum), list(parts(snapshot(book))))

    async def records(self, *, after_seq: int = 0, parent_id: str | None = None) -> AsyncIterator[Stored]:
        """Yield records in order, of one parent (with what brokers said of its requests) or of all."""
        for row in self._rows_of_records() if parent_id is None else self._rows_of_parent(parent_id):
            if row[0] > after_seq:
                yield stored(row[0], row[4])

    async def known(self, parent_id: str) -> Known | None:
        """Return what became of an intent that may have left memory; None where the id is free."""
        row = self._tables["parents"].get((parent_id,))
        return None if row is None else Known(str(row[12]), ParentStatus(str(row[6])))

    async def known_of(self, parent_ids: Sequence[str]) -> dict[str, Known]:
        """Return what became of those of the ids that are taken."""
        found = {parent_id: await self.known(parent_id) for parent_id in parent_ids}
        return {parent_id: what for parent_id, what in found.items() if what is not None}

    async def recall(self, cl_ord_id: str) -> Recalled | None:
        """Return the parent that a request was made for, and its orders; None where the id is none of ours."""
        mine = f"{cl_ord_id.rpartition('-')[0]}-"
        parent_id = next((str(row[1]) for key, row in self._tables["orders"].items() if key[0].startswith(mine)), None)
        if parent_id is None:
            return None
        records = [stored(row[0], row[4]) for row in self._rows_of_records()]
        left = [
            one.seq for one in records if isinstance(one.record, ParentsRetired) and parent_id in one.record.parent_ids
        ]
        book = Book(keeps_all=True)
        for row in self._rows_of_parent(parent_id):
            if not left or row[0] <= left[-1]:
                book.apply(stored(row[0], row[4]).record)
        if book.order_of(cl_ord_id) is None:
            return None
        parent = book.parents[parent_id]
        return parent, tuple(book.orders[key] for key in parent.children)

    async def read_rows(self, table: str) -> list[list[Cell]]:
        """Return the rows of one of `TABLES`, by key."""
        return [list(row) for _key, row in sorted(self._tables[table].items())]

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead file: there is none."""
        return 0

    async def close(self) -> None:
        """Take no more; what was committed can still be read."""
        self._is_closed = True

    async def _keep(self, chain: Chain, kept: list[bytes]) -> None:
        self._checkpoint = (chain, kept)

    def _rows_of_records(self) -> list[RecordRow]:
        return [row for written in self._written for row in _row_decoder.decode(written)]

    def _rows_of_parent(self, parent_id: str) -> list[RecordRow]:
        rows = self._rows_of_records()
        told = [stored(row[0], row[4]).record for row in rows if row[2] == "Sending" and row[3] == parent_id]
        requests = {record.request.cl_ord_id for record in told if isinstance(record, Sending)}
        return [row for row in rows if (row[3] in requests if row[2] in BROKER_KINDS else row[3] == parent_id)]
