"""The task `checkpoints`: a checkpoint after so many records, so that a start reads little.

An observer of the pump counts records; the snapshot is taken in the settled
state, its writing goes on between commits. A checkpoint that fails is told and
left: the older ones and the records serve as well.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import Effect
from execd.errors import JournalError
from execd.runtime.pump import Pump

Checkpoint = Callable[[Book], Coroutine[Any, Any, None]]
"""Takes its snapshot when it is called, and writes it when it is awaited."""

log = structlog.get_logger("execd.checkpoints")


class Keeper:
    """Asks for checkpoints."""

    def __init__(self, *, pump: Pump, book: Book, checkpoint: Checkpoint, every_records: int, since_n: int = 0) -> None:
        """`since_n` records came after the checkpoint that the start began with."""
        self._pump = pump
        self._book = book
        self._checkpoint = checkpoint
        self._every_records = every_records
        self._since_n = since_n
        self._is_due = asyncio.Event()
        if since_n >= every_records:
            self._is_due.set()

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Count."""
        self._since_n += len(batch.records)
        if self._since_n >= self._every_records:
            self._is_due.set()

    async def run(self) -> None:
        """Make a checkpoint whenever one is due."""
        while True:
            await self._is_due.wait()
            await self.keep()

    async def keep(self) -> None:
        """Make a checkpoint now, unless nothing has happened since the last."""
        self._is_due.clear()
        if not self._since_n:
            return
        async with self._pump.settled():
            since_n, self._since_n = self._since_n, 0
            writing = self._checkpoint(self._book)
        try:
            await writing
        except JournalError as error:
            log.warning("checkpoint_failed", error=str(error))
        else:
            log.info("checkpoint", records=since_n)
