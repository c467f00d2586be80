"""What the tests of the simulated broker share: scripted sources, requests, and ways to wait for what comes.

Nothing here waits for time to pass, and everything that is opened has a limit.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from execd.brokers.sim import SimFeed, SimVenue
from execd.core.enums import OrdType, Side
from execd.core.market import Quote
from execd.core.orders import CancelRequest, NewOrder
from execd.venue.latency import Latency
from execd.venue.source import Timed
from execd.venue.tape_write import TapeWriter

MS = 1_000_000
S = 1_000 * MS
Item = TypeVar("Item")


class WallClock:
    """The machine's own time."""

    def now_ns(self) -> int:
        """Return the instant."""
        return time.time_ns()


class Script:
    """A source of scripted ticks; then, if it stays open, nothing for an hour."""

    def __init__(self, *ticks: Timed, stays_open: bool = True) -> None:
        self._ticks = [*ticks, (3_600 * S, shown("END"))] if stays_open else list(ticks)

    def ticks(self) -> Iterator[Timed]:
        """Yield the rest of the script."""
        while self._ticks:
            yield self._ticks.pop(0)

    def ensure(self, symbol: str) -> Quote | None:
        """Return None: the script is what it is."""
        return None


def shown(symbol: str = "ABC", bid: str = "10.00", ask: str = "10.02", size: int = 200) -> Quote:
    """Return a quote with an instant of long ago, as a tape has it."""
    return Quote(
        symbol=symbol,
        bid_px=Decimal(bid),
        bid_size=Decimal(size),
        ask_px=Decimal(ask),
        ask_size=Decimal(size),
        exchange_ns=1,
        received_ns=1,
    )


def new(
    cl_ord_id: str, px: str | None = "10.00", qty: int = 100, symbol: str = "ABC", account: str = "sim"
) -> NewOrder:
    """Return a new buy; without a price a market order."""
    return NewOrder(
        cl_ord_id=cl_ord_id,
        parent_id="p",
        account=account,
        symbol=symbol,
        side=Side.BUY,
        order_qty=Decimal(qty),
        ord_type=OrdType.MARKET if px is None else OrdType.LIMIT,
        price=None if px is None else Decimal(px),
        send_by_ns=1 << 62,
    )


def pull(cl_ord_id: str, orig: str) -> CancelRequest:
    """Return a cancel."""
    return CancelRequest(
        cl_ord_id=cl_ord_id, orig_cl_ord_id=orig, parent_id="p", account="sim", symbol="ABC", side=Side.BUY
    )


@asynccontextmanager
async def opened(*ticks: Timed, latency: Latency | None = None, stays_open: bool = True) -> AsyncIterator[SimVenue]:
    """Open a venue over a script; every test of it has ten seconds."""
    venue = SimVenue(source=Script(*ticks, stays_open=stays_open), clock=WallClock(), latency=latency)
    async with asyncio.timeout(10):
        await venue.start()
        try:
            yield venue
        finally:
            await venue.close()


async def take(items: AsyncIterator[Item], n: int) -> list[Item]:
    """Return the next `n` items."""
    return [await anext(items) for _ in range(n)]


async def tick_of(feed: SimFeed, kind: type[Item]) -> Item:
    """Return the next tick of a kind."""
    async for tick in feed.ticks():
        if isinstance(tick, kind):
            return tick
    raise AssertionError(kind)


async def ready(venue: SimVenue, *symbols: str) -> SimFeed:
    """Return a feed of symbols whose first quote was seen, so that orders meet a market."""
    feed = SimFeed(venue)
    await feed.subscribe(symbols)
    for _ in symbols:
        await tick_of(feed, Quote)
    return feed


def record(path: Path, rows: Sequence[tuple[int, str, bool]]) -> Path:
    """Write a tape: (instant, bid or price, is it a trade)."""
    with TapeWriter(path) as tape:
        for ts_ns, px, is_trade in rows:
            if is_trade:
                tape.trade(ts_ns, Decimal(px), Decimal(100))
            else:
                tape.quote(
                    Quote(
                        symbol="",
                        bid_px=Decimal(px),
                        bid_size=Decimal(100),
                        ask_px=Decimal(px) + 1,
                        ask_size=Decimal(100),
                        exchange_ns=ts_ns,
                        received_ns=ts_ns,
                    )
                )
    return path
