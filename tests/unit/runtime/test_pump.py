"""Decide, commit, act: in this order, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import Effect, ParentReceived, QuoteReceived, Reply, Submit
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.errors import JournalError
from execd.journal.memory import MemoryJournal
from execd.runtime.pump import Pump
from tests.unit.runtime.ports import NOW_NS, SetClock
from tests.world import EPOCH, RULES, START_NS, intent, quote


class Told:
    """A journal, the effects and the observers, in the order in which things happened."""

    def __init__(self) -> None:
        self.journal = MemoryJournal(created_ns=NOW_NS)
        self.epoch = self.journal.epoch
        self.story: list[str] = []
        self.is_full = False
        self.may_commit = asyncio.Event()
        self.may_commit.set()

    async def commit(self, batch: Batch) -> None:
        """Commit when the test lets it."""
        self.story.append("commit begins")
        await self.may_commit.wait()
        if self.is_full:
            raise JournalError("the disk is gone")
        await self.journal.commit(batch)
        self.story.append("commit ends")

    async def load(self) -> Book:
        """Return what was committed."""
        return await self.journal.load()

    async def close(self) -> None:
        """Close."""
        await self.journal.close()

    def release(self, effect: Effect) -> None:
        """Tell of an effect that leaves."""
        if isinstance(effect, Submit | Reply):
            self.story.append(type(effect).__name__.lower())

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Tell that an observer was told."""
        if batch.records:
            self.story.append("observed")


@asynccontextmanager
async def pumping(told: Told) -> AsyncIterator[Pump]:
    """Run a pump over a real engine."""
    clock = SetClock(START_NS)
    pump = Pump(cycle=Cycle(Engine(RULES, EPOCH)), journal=told, clock=clock)
    running = asyncio.create_task(pump.run(told.release, lambda: None, (told,)))
    try:
        yield pump
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def arrival(parent_id: str) -> ParentReceived:
    """Return an intent as it arrives."""
    return ParentReceived(now_ns=START_NS, parent=intent(parent_id), content_hash=parent_id, ref="test:1")


async def test_an_order_leaves_only_after_its_record_is_durable() -> None:
    """With a quote at hand an intent is accepted, planned and sent in one transaction; the order leaves after it."""
    told = Told()
    async with pumping(told) as pump:
        pump.post(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "99.99", "100.01")))
        pump.post(arrival("p"))
        await pump.drained()

    assert told.story == ["commit begins", "commit ends", "reply", "submit", "observed"]


async def test_nothing_leaves_when_the_commit_fails() -> None:
    """A journal that fails ends the pump; no effect of the batch was released."""
    told = Told()
    told.is_full = True
    pump = Pump(cycle=Cycle(Engine(RULES, EPOCH)), journal=told, clock=SetClock(START_NS))
    pump.post(arrival("p"))
    with pytest.raises(JournalError):
        await pump.run(told.release, lambda: None, (told,))

    assert told.story == ["commit begins"]


async def test_what_arrives_during_a_commit_shares_the_next_one() -> None:
    """Group commit: three intents that arrive while the disk is busy become durable together."""
    told = Told()
    told.may_commit.clear()
    async with pumping(told) as pump:
        pump.post(arrival("a"))
        await asyncio.sleep(0)
        for parent_id in ("b", "c", "d"):
            pump.post(arrival(parent_id))
        told.may_commit.set()
        await pump.drained()

    assert told.story.count("commit begins") == 2


async def test_a_reader_waits_for_the_commit_that_is_under_way() -> None:
    """Between `settled` and its end the book holds only what is durable."""
    told = Told()
    told.may_commit.clear()
    async with pumping(told) as pump:
        pump.post(arrival("a"))
        await asyncio.sleep(0)
        reader = asyncio.create_task(read(pump, told))
        await asyncio.sleep(0)
        was_waiting = not reader.done()
        told.may_commit.set()
        seen = await reader

    assert (was_waiting, "commit ends" in seen) == (True, True)


async def read(pump: Pump, told: Told) -> list[str]:
    """Return the story as a reader finds it."""
    async with pump.settled():
        return list(told.story)
