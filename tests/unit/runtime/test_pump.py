"""Decide, commit, act: in this order, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import Effect, ParentReceived, QuoteReceived, Reply, Submit
from execd.engine import receiving
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.errors import JournalError, JournalFull
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
        self.refuses_n = 0
        self.has_ballast = True
        self.slow_commit_s = 1_000.0
        self.full_retry_s = 0.0
        self.no_room: list[str] = []
        self.book = Book()
        self.ended: asyncio.Task[None] | None = None
        self.may_commit = asyncio.Event()
        self.may_commit.set()

    async def commit(self, batch: Batch) -> None:
        """Commit when the test lets it."""
        self.story.append("commit begins")
        await self.may_commit.wait()
        if self.is_full:
            raise JournalError("the disk is gone")
        if self.refuses_n:
            self.refuses_n -= 1
            self.story.append("full")
            raise JournalFull("no space is left")
        await self.journal.commit(batch)
        self.story.append("commit ends")

    def task(self) -> "asyncio.Task[None]":
        """Return the task in which the pump runs."""
        assert self.ended is not None
        return self.ended

    def make_room(self) -> bool:
        """Free what was kept for a full disk, once."""
        self.story.append("makes room")
        had, self.has_ballast = self.has_ballast, False
        return had

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
    engine = Engine(RULES, EPOCH)
    pump = Pump(
        cycle=Cycle(engine),
        journal=told,
        clock=clock,
        make_room=told.make_room,
        slow_commit_s=told.slow_commit_s,
        full_retry_s=told.full_retry_s,
        on_no_room=told.no_room.append,
    )
    told.book = engine.book
    running = told.ended = asyncio.create_task(pump.run(told.release, lambda: None, (told,)))
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


async def test_a_full_disk_is_made_room_on_and_halts_new_risk() -> None:
    """Fault B3: nothing leaves before its record; the ballast is freed, the same batch committed, new risk halted."""
    told = Told()
    told.refuses_n = 2
    async with pumping(told) as pump:
        pump.post(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "200.00", "200.02")))
        pump.post(arrival("a"))
        await pump.drained()
        pump.post(arrival("b"))
        await pump.drained()

    first = told.story[: told.story.index("submit")]
    assert ["full", "makes room", "full", "makes room"] == [one for one in first if one in {"full", "makes room"}]
    assert "commit ends" in first
    assert ["journal_full"] == [key.cause for key in told.book.halts]
    assert 1 == told.story.count("submit")


async def test_a_disk_without_room_keeps_no_reader_waiting_and_is_not_slow() -> None:
    """Fault B3: while a commit waits for room the book is readable and that is said; the wait is no slow commit."""
    told = Told()
    told.has_ballast, told.refuses_n, told.slow_commit_s, told.full_retry_s = False, 3, 0.02, 0.02
    async with pumping(told) as pump:
        pump.post(arrival("a"))
        async with asyncio.timeout(1):
            await pump.without_room()
            async with pump.readable():
                seen = list(told.book.parents)
            is_waiting = "commit ends" not in told.story
            await pump.drained()

    assert (["a"], True, False) == (seen, is_waiting, pump.is_without_room)
    # Once, and not by an event: none can be handled before there is room.
    assert ["no space is left: nothing is taken and nothing sent until there is some: make room"] == told.no_room
    assert (4, ["journal_full"]) == (told.story.index("commit ends") // 3 + 1, [key.cause for key in told.book.halts])


async def test_a_reader_of_the_book_waits_for_a_commit_that_has_room() -> None:
    """What is not durable yet is not shown."""
    told = Told()
    told.may_commit.clear()
    async with pumping(told) as pump:
        pump.post(arrival("a"))
        await asyncio.sleep(0)
        reader = asyncio.create_task(look(pump, told))
        await asyncio.sleep(0)
        was_waiting = not reader.done()
        told.may_commit.set()
        seen = await reader

    assert (True, True) == (was_waiting, "commit ends" in seen)


async def look(pump: Pump, told: Told) -> list[str]:
    """Return the story as somebody finds it who looks at the book."""
    async with pump.readable():
        return list(told.story)


async def test_a_slow_commit_halts_new_risk() -> None:
    """Fault B14: a disk that takes its time is told, and nothing new is begun on it."""
    told = Told()
    told.slow_commit_s = 0.0
    async with pumping(told) as pump:
        pump.post(arrival("a"))
        await pump.drained()

    assert ["journal_slow"] == [key.cause for key in told.book.halts]


async def test_the_process_ends_of_poison_after_what_came_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was handled before the poison is durable and has left; then the exception ends the task."""
    told = Told()
    monkeypatch.setattr(receiving, "_twin", lambda _, parent, __: 1 / 0 if parent.parent_id == "bad" else None)
    async with pumping(told) as pump:
        pump.post(arrival("a"))
        pump.post(arrival("bad"))
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(asyncio.shield(told.task()), 5)

    kinds = [type(stored.record).__name__ async for stored in told.journal.records()]
    assert "reply" in told.story
    assert ("ParentAccepted", 1, "Poisoned") == (kinds[0], kinds.count("ParentAccepted"), kinds[-1])
