"""A venue with its ledger and its socket, inside the loop of a test, over a scripted market.

Everything that is opened is closed, and every test has a limit; nothing waits for time to pass.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from execd.brokers.sim_link import Link, LinkLost
from execd.core.reports import ExecReport
from execd.venue.commission import Commission
from execd.venue.door import LEDGER_NAME, SOCKET_NAME, VenueLock, listen
from execd.venue.faults import Fault, FaultName
from execd.venue.house import VenueHouse
from execd.venue.latency import Latency
from execd.venue.ledger_file import LedgerFile
from execd.venue.sim_venue import SimVenue
from execd.venue.source import Timed
from execd.venue.spec import VenueSpec
from execd.venue.wire import VERSION, Hello
from tests.unit.brokers.scripts import Script, WallClock, shown

TEST_S_MAX = 20.0
SPEC = VenueSpec(symbols=("ABC",))


@asynccontextmanager
async def housed(folder: Path, *ticks: Timed, latency: Latency | None = None) -> AsyncIterator[VenueHouse]:
    """Open the venue of a directory; what it had written down is there again."""
    async with asyncio.timeout(TEST_S_MAX):
        with VenueLock(folder), ledger(folder) as file:
            clock = WallClock()
            venue = SimVenue(
                source=Script(*(ticks or ((0, shown()),))), clock=clock, latency=latency, commission=Commission()
            )
            house = VenueHouse(
                spec=SPEC, venue=venue, file=file, kept=file.load(), clock=clock, stopping=asyncio.Event()
            )
            await venue.start()
            tasks = [asyncio.create_task(house.keeper.run()), asyncio.create_task(house.serve(listen(folder)))]
            try:
                yield house
            finally:
                await venue.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await house.keeper.close()


@contextmanager
def ledger(folder: Path) -> Iterator[LedgerFile]:
    """Open a ledger, and close it."""
    file = LedgerFile(folder / LEDGER_NAME)
    try:
        yield file
    finally:
        file.close()


@asynccontextmanager
async def linked(folder: Path, *, since_seq: int | None = 0, account: str = "sim") -> AsyncIterator[Link]:
    """Connect as a client that trades."""
    hello = Hello(version=VERSION, kind="trade", account=account, since_seq=since_seq, pid=1)
    link = await Link.connect(folder / SOCKET_NAME, hello)
    try:
        yield link
    finally:
        link.close()


async def quoted(house: VenueHouse, symbol: str = "ABC") -> None:
    """Return once the market shows a symbol, so that orders meet it."""
    feed = house.venue.attach_feed({symbol: None})
    house.venue.subscribe(symbol, feed)
    await anext(feed.items())
    house.venue.detach_feed(feed)


async def heard(link: Link, n: int) -> list[ExecReport]:
    """Return the next `n` reports."""
    reports = link.reports()
    return [await anext(reports) for _ in range(n)]


def switch(house: VenueHouse, name: FaultName, **options: int) -> None:
    """Let the venue do something wrong once, or as `options` say."""
    count = options.get("count", 1)
    assert not house.switch(Fault(name=name, count=count, seconds=options.get("ms", 1_000) / 1_000))


def kinds(reports: list[ExecReport]) -> list[str]:
    """Return the names of what was reported."""
    return [type(report).__name__ for report in reports]


async def lost(link: Link) -> str:
    """Return why a connection ended, once it has, and everything it brought is read."""
    try:
        async for _ in link.reports():
            pass
    except LinkLost as error:
        return str(error)
    raise AssertionError


async def until(link: Link, cl_ord_id: str) -> set[str]:
    """Return the names in the reports up to the first one of an order."""
    names: set[str] = set()
    async for report in link.reports():
        names.add(report.cl_ord_id)
        if report.cl_ord_id == cl_ord_id:
            break
    return names
