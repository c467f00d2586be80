"""The journal without a file, for tests and worlds that end with the process.

It keeps what the file would be given, as text, and reads it back from there:
what cannot be saved is found here too. Nothing in it is durable.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.ids import epoch_of
from execd.core.projection import TABLES, Cell
from execd.errors import JournalError, JournalFull
from execd.journal.fold import Fold, keyed
from execd.journal.records import Document, Stored, document, stored

_BROKER_KINDS: Final = ("Reported", "Failed", "Found")


class MemoryJournal:
    """The twin of `SqliteJournal`. `room` is how many records it takes before it is full; None is no end."""

    def __init__(self, *, created_ns: int, room: int | None = None) -> None:
        """Begin empty."""
        self.epoch = epoch_of(created_ns)
        self.created_ns = created_ns
        self.last_ns = 0
        self.room = room
        self._documents: list[Document] = []
        self._tables: dict[str, dict[tuple[str, ...], list[Cell]]] = {table: {} for table in TABLES}
        self._seq = 0
        self._is_closed = False

    async def load(self) -> Book:
        """Return the fold of everything committed."""
        fold = Fold()
        fold.take([stored(seq, body) for seq, _now_ns, _kind, _subject, body in self._rows_of_records()])
        return fold.book

    async def commit(self, batch: Batch) -> None:
        """Keep a batch, all or nothing. Raises JournalFull where `room` is too small, JournalError once closed."""
        if self._is_closed:
            raise JournalError("the journal takes no more: it is closed")
        if self.room is not None and self._seq + len(batch.records) > self.room:
            raise JournalFull("no space is left for the journal in memory")
        given = document(batch, self._seq + 1)
        self._documents.append(given)
        for table, held in self._tables.items():
            held.update(keyed(table, msgspec.json.decode(getattr(given, table))))
        self._seq += len(batch.records)
        if batch.records:
            self.last_ns = batch.records[-1].now_ns

    async def records(self, *, after_seq: int = 0, parent_id: str | None = None) -> AsyncIterator[Stored]:
        """Yield records in order, of one parent (with what brokers said of its requests) or of all."""
        rows = self._rows_of_records()
        requests = [
            msgspec.json.decode(body)["request"]["cl_ord_id"]
            for _seq, _now_ns, kind, subject, body in rows
            if kind == "Sending" and subject == parent_id
        ]
        for seq, _now_ns, kind, subject, body in rows:
            is_of_parent = subject in requests if kind in _BROKER_KINDS else subject == parent_id
            if seq > after_seq and (parent_id is None or is_of_parent):
                yield stored(seq, body)

    async def read_rows(self, table: str) -> list[list[Cell]]:
        """Return the rows of one of `TABLES`, by key."""
        return [list(row) for _key, row in sorted(self._tables[table].items())]

    async def close(self) -> None:
        """Take no more; what was committed can still be read."""
        self._is_closed = True

    def _rows_of_records(self) -> list[list[Any]]:
        return [row for given in self._documents for row in msgspec.json.decode(given.records)]
