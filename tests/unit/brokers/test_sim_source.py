"""Where the simulated market comes from: recorded tapes and the generator, alone and played in real time."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from execd.brokers.sim import GeneratorSource, SimBroker, SimFeed, SimVenue
from execd.core.market import Halt, Quote
from execd.core.reports import Accepted, Trade
from execd.errors import TapeError
from execd.venue.generator import Generator, default_spec
from execd.venue.tape_source import TapeSource
from tests.unit.brokers.scripts import MS, S, Script, WallClock, new, ready, record, shown, take, tick_of


async def test_the_generator_makes_a_market_for_any_symbol() -> None:
    """A symbol that is asked for trades, also where the venue began without any."""
    clock = WallClock()
    venue = SimVenue(source=GeneratorSource(Generator([], 7, clock.now_ns())), clock=clock)
    async with asyncio.timeout(10):
        await venue.start()
        try:
            await ready(venue, "NEWCO")
            broker = SimBroker(venue, "sim")
            await broker.submit(new("a", None, qty=1, symbol="NEWCO"))

            assert [Accepted, Trade] == [type(report) for report in await take(broker.reports(), 2)]
        finally:
            await venue.close()


async def test_the_generator_shows_a_later_symbol_at_once() -> None:
    """A new symbol does not wait for the next tick of another."""
    clock = WallClock()
    venue = SimVenue(source=GeneratorSource(Generator([default_spec("ABC")], 7, clock.now_ns())), clock=clock)
    async with asyncio.timeout(10):
        await venue.start()
        try:
            feed = await ready(venue, "ABC", "XYZ")

            assert venue.matching.quote_now("XYZ") is not None
            await feed.close()
        finally:
            await venue.close()


def test_a_tape_begins_with_its_first_regular_print(tmp_path: Path) -> None:
    """Of what was before, the last quote opens it; tapes of two days begin together."""
    abc = record(
        tmp_path / "abc_1.csv.gz", [(100, "8", False), (200, "9", False), (1_000, "9.5", True), (1_007, "9", False)]
    )
    xyz = record(tmp_path / "xyz_1.csv.gz", [(70_000, "3", False), (70_005, "3.5", True)])
    source = TapeSource([abc, xyz])
    ticks = [
        (since_ns, tick.symbol, str(tick.bid_px) if isinstance(tick, Quote) else str(tick.last_px))
        for since_ns, tick in source.ticks()
        if not isinstance(tick, Halt)
    ]

    assert [(0, "ABC", "9.00"), (0, "ABC", "9.50"), (0, "XYZ", "3.00"), (0, "XYZ", "3.50"), (7, "ABC", "9.00")] == ticks
    assert source.ensure("OTHER") is None


def test_two_tapes_of_one_symbol_are_refused(tmp_path: Path) -> None:
    """They would show two markets at once."""
    paths = [record(tmp_path / f"abc_{day}.csv.gz", [(1, "1", True)]) for day in (1, 2)]
    with pytest.raises(TapeError, match="more than one tape of ABC"):
        TapeSource(paths)


def test_an_empty_tape_is_refused(tmp_path: Path) -> None:
    """A market that never begins is a mistake."""
    with pytest.raises(TapeError, match="no row"):
        TapeSource([record(tmp_path / "abc.csv.gz", [])])


async def test_a_tape_that_breaks_is_told_to_its_listeners(tmp_path: Path) -> None:
    """What ends the market ends its streams with the reason, not with silence."""
    path = record(tmp_path / "abc.csv.gz", [(1, "1", True)] * 3)
    source = TapeSource([path], chunk_rows=1)
    path.write_bytes(b"gone")
    venue = SimVenue(source=source, clock=WallClock())
    feed = SimFeed(venue)
    async with asyncio.timeout(10):
        await venue.start()
        with pytest.raises(TapeError, match="header"):
            await tick_of(feed, Halt)
        await venue.close()


async def test_speed_multiplies_the_time_of_the_source() -> None:
    """An hour of a source takes a tenth of a second at 36,000 times its speed."""
    venue = SimVenue(
        source=Script((0, shown()), (3_600 * S, shown(bid="9.00")), stays_open=False),
        clock=WallClock(),
        speed=Decimal(36_000),
    )
    feed = SimFeed(venue)
    async with asyncio.timeout(10):
        await feed.subscribe(["ABC"])
        await venue.start()
        quotes = [await tick_of(feed, Quote) for _ in range(2)]
        await venue.close()

    assert 100 * MS == quotes[1].exchange_ns - quotes[0].exchange_ns
