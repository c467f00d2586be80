"""Which account a venue answers for: told before anything is asked, kept by its ledger, and held to while we run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from execd.brokers.sim_link import LinkLost
from execd.brokers.sim_process import VenueProcess
from execd.brokers.sim_remote import OtherAccountError, SimRemoteBroker, SimRemoteFeed
from execd.core.enums import QuoteSource
from execd.core.events import StreamGap
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.reports import Canceled
from execd.errors import Refused, Unknown, VenueError
from execd.runtime.clock import SystemClock
from execd.venue.door import LEDGER_NAME
from execd.venue.ledger_file import Batch, LedgerFile
from execd.venue.wire import Adopt
from tests.unit.brokers.scripts import new, pull, shown
from tests.unit.venue.housed import SPEC, housed, ledger, linked

REMEMBERED = Order(requests=(new("a", "9.00"),), sent_ns=1, acked_ns=2, order_ids=("S-a",))


@asynccontextmanager
async def connected(folder: Path, *remembered: Order) -> AsyncIterator[SimRemoteBroker]:
    """Connect to the venue of a directory, without taking the account up."""
    broker = SimRemoteBroker(
        VenueProcess(folder, SPEC, lambda _: None), "sim", since_ns=0, remembered=lambda: remembered
    )
    await broker.start()
    try:
        yield broker
    finally:
        await broker.close()


def forget(folder: Path) -> None:
    """Lose the ledger of a venue that has ended."""
    for file in folder.glob(f"{LEDGER_NAME}*"):
        file.unlink()


async def test_an_account_stays_the_same_over_the_lives_of_its_venue(tmp_path: Path) -> None:
    """What the first welcome said is what the ledger kept."""
    told = []
    for _ in range(3):
        async with housed(tmp_path), connected(tmp_path) as broker:
            await broker.take_up()
            told.append(broker.identity)

    assert ([told[0]] * 3, True) == (told, told[0].startswith("begun 2"))


async def test_an_account_of_a_new_ledger_is_another_one(tmp_path: Path) -> None:
    """Fault H4. It has the same name and nothing else of the account that was there."""
    told = []
    for _ in range(2):
        async with housed(tmp_path), connected(tmp_path) as broker:
            await broker.take_up()
            told.append(broker.identity)
        forget(tmp_path)

    assert told[0] != told[1]


async def test_an_account_that_is_not_taken_up_has_never_been_there(tmp_path: Path) -> None:
    """Whoever finds that it is the wrong one leaves no trace at the venue."""
    async with housed(tmp_path) as house, connected(tmp_path, REMEMBERED):
        pass
    with ledger(tmp_path) as file:
        kept = file.load()

    assert ({}, (), {}) == (kept.accounts, kept.orders, house.keeper.accounts)


async def test_an_account_that_was_taken_up_is_durable_with_what_it_brought(tmp_path: Path) -> None:
    """The journal holds the venue to it from then on, so a venue that is killed right after must know it."""
    async with housed(tmp_path), connected(tmp_path, REMEMBERED) as broker:
        await broker.take_up()
        # Read beside the venue: what is not committed is not seen here.
        with ledger(tmp_path) as file:
            kept = file.load()

    assert (["sim"], ["a"]) == (list(kept.accounts), [order.cl_ord_id for order in kept.orders])


async def test_nothing_is_taken_up_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue whose disk fails says nothing, and the connection ends with it."""

    def fail(_: LedgerFile, batch: Batch) -> None:
        raise VenueError(f"no room for {len(batch.accounts)} account")

    async with housed(tmp_path), linked(tmp_path) as link:
        monkeypatch.setattr(LedgerFile, "write", fail)
        with pytest.raises(Unknown, match="ended"):
            await link.adopt(lambda rid: Adopt(rid=rid, orders=()))


async def test_a_venue_that_comes_back_with_another_account_is_sent_nothing(tmp_path: Path) -> None:
    """Fault H4. Its ledger was lost under a running daemon: no order reaches it, and what is remembered stays here."""
    async with housed(tmp_path):
        broker = SimRemoteBroker(
            VenueProcess(tmp_path, SPEC, lambda _: None), "sim", since_ns=0, remembered=lambda: (REMEMBERED,)
        )
        await broker.start()
        await broker.take_up()
    forget(tmp_path)
    async with housed(tmp_path) as house:
        with pytest.raises(LinkLost):
            await anext(broker.reports())
        with pytest.raises(OtherAccountError, match="put that ledger back"):
            await anext(broker.reports())
        with pytest.raises(Refused, match="not connected"):
            await broker.submit(new("b", None))
        held = (house.keeper.accounts, house.venue.matching.live())
    await broker.close()

    assert ({}, []) == (held[0], list(held[1]))


async def test_a_venue_that_comes_back_with_its_ledger_is_gone_on_with(tmp_path: Path) -> None:
    """A gap is announced, and the account is traded again."""
    async with housed(tmp_path):
        broker = SimRemoteBroker(VenueProcess(tmp_path, SPEC, lambda _: None), "sim", since_ns=0, remembered=lambda: ())
        await broker.start()
        await broker.take_up()
        await broker.submit(new("a", "9.00"))
        await anext(broker.reports())
    async with housed(tmp_path):
        with pytest.raises(LinkLost):
            [_ async for _ in broker.reports()]
        reports = broker.reports()
        first = await anext(reports)
        await broker.cancel(pull("c", "a"), "S-a")
        second = await anext(reports)
        await broker.close()

    assert [StreamGap, Canceled] == [type(first), type(second)]


async def test_a_connection_that_is_not_believed_is_given_up_and_loses_nothing(tmp_path: Path) -> None:
    """Fault D8: hung up on, it ends; the next one announces a gap and tells what was reported meanwhile."""
    async with housed(tmp_path):
        broker = SimRemoteBroker(VenueProcess(tmp_path, SPEC, lambda _: None), "sim", since_ns=0, remembered=lambda: ())
        await broker.start()
        await broker.take_up()
        await broker.submit(new("a", "9.00"))
        await anext(broker.reports())
        broker.hang_up("it did not tell")
        with pytest.raises(LinkLost, match="we hung up: it did not tell"):
            [_ async for _ in broker.reports()]
        reports = broker.reports()
        first = await anext(reports)
        await broker.cancel(pull("c", "a"), "S-a")
        second = await anext(reports)
        await broker.close()

    assert [StreamGap, Canceled] == [type(first), type(second)]


async def test_what_the_market_shows_can_be_asked_for_beside_the_stream(tmp_path: Path) -> None:
    """The quote that stands, from a connection of its own; its source says that it was asked for."""
    async with housed(tmp_path, (0, shown())):
        feed = SimRemoteFeed(VenueProcess(tmp_path, SPEC, lambda _: None), SystemClock())
        await feed.subscribe(["ABC"])
        ticks = feed.ticks()
        streamed = await anext(tick async for tick in ticks if isinstance(tick, Quote))
        feed.hang_up("to be deaf")
        (seen,) = await feed.snapshot(["ABC"])
        await feed.close()

    assert seen.quote is not None
    assert (streamed.ask_px, QuoteSource.SNAPSHOT, streamed.exchange_ns) == (
        seen.quote.ask_px,
        seen.quote.source,
        seen.quote.exchange_ns,
    )


async def test_a_venue_that_says_nothing_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up, and the next question begins a connection anew."""
    monkeypatch.setattr("execd.brokers.sim_remote.SNAPSHOT_S_MAX", 0.0)
    async with housed(tmp_path):
        feed = SimRemoteFeed(VenueProcess(tmp_path, SPEC, lambda _: None), SystemClock())
        with pytest.raises(LinkLost, match="what the market shows"):
            await feed.snapshot(["ABC"])
        monkeypatch.setattr("execd.brokers.sim_remote.SNAPSHOT_S_MAX", 5.0)
        seen = await feed.snapshot(["ABC"])
        await feed.close()

    assert 1 == len(seen)
