"""Checkpoints: one after so many records, of the settled state, and a failure changes nothing."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.commands import Operated
from execd.core.projection import Rows
from execd.core.records import Commanded, Record
from execd.core.rules import Limits, Rules
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.errors import JournalError
from execd.journal.memory import MemoryJournal
from execd.runtime.keeper import Keeper
from execd.runtime.pump import Pump
from tests.unit.runtime.ports import NOW_NS, SetClock

LIMITS = Limits(
    order_qty_max=Decimal(1),
    order_notional_max=Decimal(1),
    price_collar_ratio=Decimal("0.1"),
    open_orders_max=1,
)
RECORD: Record = Commanded(now_ns=NOW_NS, uid=0, command=Operated(verb="try"))


class Shelf:
    """Keeps what it is told to keep; fails as often as it is told."""

    def __init__(self, fails_n: int = 0) -> None:
        self.story: list[str] = []
        self.fails_n = fails_n
        self.more = asyncio.Event()

    def checkpoint(self, _: Book) -> Coroutine[Any, Any, None]:
        """Take the snapshot now, write it later."""
        self.story.append("taken")
        return self._write()

    async def _write(self) -> None:
        self.more.set()
        if self.fails_n:
            self.fails_n -= 1
            raise JournalError("no")
        self.story.append("written")


def pump_of(book: Book) -> Pump:
    """Return a pump over an engine with this book."""
    return Pump(
        cycle=Cycle(Engine(Rules(limits={"sim": LIMITS}), "0000000", book)),
        journal=MemoryJournal(created_ns=NOW_NS),
        clock=SetClock(),
    )


def batch_of(n: int) -> Batch:
    """Return a batch of so many records."""
    return Batch(now_ns=NOW_NS, records=(RECORD,) * n, rows=Rows())


async def test_a_checkpoint_comes_after_so_many_records_and_only_then() -> None:
    """Nine of ten records make none; the tenth makes one; the stop makes one only where something came after it."""
    shelf, book = Shelf(), Book()
    keeper = Keeper(pump=pump_of(book), book=book, checkpoint=shelf.checkpoint, every_records=10)
    running = asyncio.create_task(keeper.run())
    keeper.committed(batch_of(9), (), 0)
    await asyncio.sleep(0)
    early = list(shelf.story)
    keeper.committed(batch_of(1), (), 0)
    async with asyncio.timeout(1):
        await shelf.more.wait()
    await asyncio.sleep(0)
    due = list(shelf.story)
    await keeper.keep()
    unchanged = list(shelf.story)
    keeper.committed(batch_of(1), (), 0)
    await keeper.keep()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    once = ["taken", "written"]
    assert ([], once, once, once * 2) == (early, due, unchanged, shelf.story)


async def test_a_checkpoint_that_fails_is_left() -> None:
    """The records serve as well: the daemon goes on, and the next one is tried when it is due."""
    shelf, book = Shelf(fails_n=1), Book()
    keeper = Keeper(pump=pump_of(book), book=book, checkpoint=shelf.checkpoint, every_records=1)
    keeper.committed(batch_of(1), (), 0)
    await keeper.keep()
    keeper.committed(batch_of(1), (), 0)
    await keeper.keep()

    assert ["taken", "taken", "written"] == shelf.story


async def test_a_snapshot_waits_for_the_turn_under_way() -> None:
    """It is taken between two turns: inside one the book may be ahead of the journal."""
    shelf, book = Shelf(), Book()
    pump = pump_of(book)
    keeper = Keeper(pump=pump, book=book, checkpoint=shelf.checkpoint, every_records=1)
    keeper.committed(batch_of(1), (), 0)
    async with pump.settled():
        keeping = asyncio.create_task(keeper.keep())
        await asyncio.sleep(0)
        during = list(shelf.story)
    await keeping

    assert ([], ["taken", "written"]) == (during, shelf.story)
