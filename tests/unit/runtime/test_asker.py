"""Quotes that the stream does not prove are asked for: which, how often, and what becomes of the answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from msgspec.structs import replace

from execd.core.enums import QuoteSource
from execd.core.events import Event, StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote, SymbolSeen
from execd.core.shown import SymbolsSeen
from execd.errors import BrokerError
from execd.ports import FeedLimits
from execd.runtime.asker import SYMBOLS_MAX, QuoteAsker
from tests.unit.runtime.ports import SetClock
from tests.world import World, intent, quote

S = 1_000_000_000


class Answering:
    """A feed that streams nothing and answers with one quote, or not at all."""

    limits = FeedLimits()

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.is_down = False

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Show nothing."""

    async def ticks(self) -> AsyncIterator[Quote | Prints | Halt | StreamAlive | StreamGap]:
        """Stay silent."""
        await asyncio.Event().wait()
        yield StreamAlive(now_ns=0)

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Answer for every symbol."""
        self.asked.append(list(symbols))
        if self.is_down:
            raise BrokerError("nobody there")
        shown = replace(quote("AAPL", "200.00", "200.02"), source=QuoteSource.SNAPSHOT)
        return [SymbolSeen(symbol=symbol, quote=replace(shown, symbol=symbol)) for symbol in symbols]

    def hang_up(self, text: str) -> None:
        """Have no connection."""

    async def close(self) -> None:
        """Be gone."""


class Room:
    """An asker over a world in which somebody waits for a quote of each symbol."""

    def __init__(self, *symbols: str) -> None:
        self.world = World()
        for symbol in symbols:
            self.world.drop(intent(symbol, symbol=symbol))
        self.clock = SetClock(self.world.now_ns)
        self.feed = Answering()
        self.asker = QuoteAsker(
            feed=self.feed,
            desk=self.world.engine.desk,
            post=self.world.tell,
            clock=self.clock,
            symbols=lambda: (*symbols, "IDLE"),
        )

    async def turns(self, n: int) -> None:
        """Let so many looks go by."""
        for _ in range(n):
            await self.asker.turn()
            self.clock.ns += S


async def test_a_quote_that_nobody_shows_is_asked_for_and_starts_an_intent() -> None:
    """Fault E5. The stream first, then a snapshot: it prices, and its source is recorded."""
    room = Room("AAPL")
    await room.turns(2)
    known = room.world.engine.desk.markets.symbols["AAPL"].quote

    assert [["AAPL"]] == room.feed.asked
    assert QuoteSource.SNAPSHOT == (known and known.source)
    assert 1 == len(room.world.submitted)


async def test_one_look_is_not_enough_to_ask() -> None:
    """A symbol that was subscribed just now has its quote in a moment."""
    room = Room("AAPL")
    await room.turns(1)

    assert [] == room.feed.asked


async def test_a_quote_that_is_proved_is_not_asked_for() -> None:
    """No question while the stream is well, however long a quiet name stands."""
    room = Room("AAPL")
    room.world.show(quote("AAPL", "200.00", "200.02"))
    for _ in range(20):
        room.world.tell(StreamAlive(now_ns=room.clock.ns))
        await room.turns(1)

    assert [] == room.feed.asked


async def test_a_quote_from_before_a_gap_is_asked_for_until_something_proves_it() -> None:
    """The stream is silent after the gap: its quote may have changed in it."""
    room = Room("AAPL")
    room.world.show(quote("AAPL", "200.00", "200.02"))
    room.world.tell(StreamGap(now_ns=room.clock.ns, account="", stream="quotes"))
    room.clock.ns += S
    await room.turns(5)

    assert [["AAPL"]] == room.feed.asked


async def test_a_feed_that_does_not_answer_is_asked_less_and_less_often() -> None:
    """It is told in the log, and never a reason to end: 1, 2, 4, ... 30 s between two questions."""
    room = Room("AAPL")
    room.feed.is_down = True
    pauses = []
    for _ in range(8):
        await room.turns(1)
        pauses.append(room.asker.pause_s)
    room.feed.is_down = False
    await room.turns(1)

    assert [1, 2, 4, 8, 16, 30, 30, 30] == pauses
    assert 1 == room.asker.pause_s


async def test_everybody_has_a_turn_where_there_are_more_than_one_question_holds() -> None:
    """Symbols of one question are bounded; who was not asked for is first the next time."""
    symbols = [f"A{n}" for n in range(SYMBOLS_MAX + 50)]
    room = Room(*symbols)
    room.feed.is_down = True
    await room.turns(4)

    assert set(symbols) == {symbol for asked in room.feed.asked for symbol in asked}
    assert SYMBOLS_MAX == max(map(len, room.feed.asked))


async def test_an_answer_says_when_it_was_asked() -> None:
    """The age of its quotes counts from the question: the answer may have taken long."""
    room = Room("AAPL")
    told: list[Event] = []
    asker = QuoteAsker(
        feed=room.feed, desk=room.world.engine.desk, post=told.append, clock=room.clock, symbols=lambda: ("AAPL",)
    )
    await asker.turn()
    await asker.turn()

    assert [room.clock.ns] == [seen.asked_ns for event in told if isinstance(event, SymbolsSeen) for seen in event.seen]
