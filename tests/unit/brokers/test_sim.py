"""The simulated broker and feed, in real time over scripted sources.

Nothing here waits for time to pass: a test waits for the next report or tick, and a limit on the whole test says when
that was too long.
"""

import asyncio
import time
from decimal import Decimal

import pytest

from execd.brokers.sim import SimBroker, SimFeed, SimVenue
from execd.core import folding
from execd.core.enums import QuoteSource, Side
from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote, one_print
from execd.core.orders import ReplaceRequest
from execd.core.reports import Accepted, Canceled, ExecReport, Expired, Rejected, Replaced, Trade
from execd.errors import Refused, Unknown
from execd.venue.latency import Latency
from execd.venue.mailbox import Mailbox
from tests.unit.brokers.scripts import MS, S, Script, WallClock, new, opened, pull, ready, shown, take, tick_of


async def test_an_order_is_accepted_and_fills() -> None:
    """Reports come by the stream of the account; the ledger holds what was traded."""
    async with opened((0, shown())) as venue:
        await ready(venue, "ABC")
        broker = SimBroker(venue, "sim")
        await broker.start()
        answer = await broker.submit(new("a", None))
        accepted, trade = await take(broker.reports(), 2)

        assert answer is None
        assert isinstance(accepted, Accepted)
        assert isinstance(trade, Trade)
        assert (Decimal(100), Decimal("10.02")) == (trade.last_qty, trade.last_px)
        assert Decimal(100) == venue.ledger.holdings("sim")["ABC"].qty
        assert [trade] == [execution.trade for execution in venue.ledger.executions("sim")]


async def test_an_account_is_shown_whole() -> None:
    """What the venue in this process shows is of one instant, behind everything that was sent before."""
    async with opened((0, shown())) as venue:
        await ready(venue, "ABC")
        broker = SimBroker(venue, "sim")
        await broker.submit(new("a", None))
        await broker.submit(new("b", "9.00"))
        seen = await broker.snapshot(0)

        assert ([True, False], ["b", "a"]) == (
            [one.is_live for one in seen.orders or ()],
            [one.cl_ord_id for one in seen.orders or ()],
        )
        assert (["S-a.1"], {"ABC": Decimal(100)}) == ([one.trade.exec_id for one in seen.trades or ()], seen.positions)


async def test_a_resting_order_is_replaced_and_canceled() -> None:
    """Each request is answered by its own report."""
    async with opened((0, shown())) as venue:
        await ready(venue, "ABC")
        broker = SimBroker(venue, "sim")
        await broker.submit(new("a"))
        change = ReplaceRequest(
            cl_ord_id="b",
            orig_cl_ord_id="a",
            parent_id="p",
            account="sim",
            symbol="ABC",
            side=Side.BUY,
            order_qty=Decimal(50),
            send_by_ns=1 << 62,
        )
        await broker.replace(change, "S-a")
        await broker.cancel(pull("c", "b"), "S-a")

        assert [Accepted, Replaced, Canceled] == [type(report) for report in await take(broker.reports(), 3)]


async def test_ticks_are_restamped_to_now() -> None:
    """The source's own time means nothing: a tick happens when it is shown."""
    before_ns = time.time_ns()
    printed = one_print(symbol="ABC", px=Decimal(10), qty=Decimal(7), exchange_ns=5)
    async with opened((0, shown()), (MS, printed)) as venue:
        feed = SimFeed(venue)
        await feed.subscribe(["ABC"])
        quote, prints = await tick_of(feed, Quote), await tick_of(feed, Prints)

        assert before_ns <= quote.exchange_ns <= quote.received_ns <= prints.to_ns <= time.time_ns()
        assert MS <= prints.to_ns - quote.exchange_ns
        assert Decimal(7) == prints.volume


async def test_a_feed_hears_only_what_it_asked_for_while_the_venue_sees_all() -> None:
    """An order in a symbol that nobody listens to trades all the same."""
    async with opened((0, shown("XYZ")), (0, shown("ABC")), (MS, shown("ABC", bid="9.99"))) as venue:
        feed = SimFeed(venue)
        await feed.subscribe(["ABC"])
        heard = [await tick_of(feed, Quote) for _ in range(2)]
        broker = SimBroker(venue, "sim")
        await broker.submit(new("a", None, symbol="XYZ"))
        accepted, trade = await take(broker.reports(), 2)

        assert ["ABC", "ABC"] == [quote.symbol for quote in heard]
        assert (Accepted, Trade) == (type(accepted), type(trade))


async def test_who_subscribes_later_begins_with_the_standing_quote() -> None:
    """Asking again changes nothing."""
    async with opened((0, shown())) as venue:
        await ready(venue, "ABC")
        late = SimFeed(venue)
        await late.subscribe(["ABC"])
        await late.subscribe(["ABC"])

        assert "ABC" == (await tick_of(late, Quote)).symbol


async def test_what_the_market_shows_can_be_asked_for() -> None:
    """Quote and last print, without a subscription; a symbol that is not on the tape shows nothing."""
    printed = one_print(symbol="ABC", px=Decimal("10.01"), qty=Decimal(100), exchange_ns=1)
    async with opened((0, shown()), (0, printed)) as venue:
        feed = SimFeed(venue)
        await tick_of(await ready(venue, "ABC"), Prints)
        seen, nothing = await feed.snapshot(["ABC", "XYZ"])

    assert (QuoteSource.SNAPSHOT, Decimal("10.01")) == (seen.quote and seen.quote.source, seen.last_px)
    assert (None, None) == (nothing.quote, nothing.last_px)


async def test_a_running_market_says_that_it_is_alive() -> None:
    """Standing quotes are as fresh as the latest sign of life."""
    async with opened((0, shown())) as venue:
        feed = SimFeed(venue)

        assert time.time_ns() - (await tick_of(feed, StreamAlive)).now_ns < 5 * S


async def test_a_halt_is_told_and_rejects_market_orders() -> None:
    """The feed says so before the venue refuses."""
    halt = Halt(symbol="ABC", is_halted=True, reason="news", exchange_ns=1)
    async with opened((0, shown()), (MS, halt)) as venue:
        feed = SimFeed(venue)
        await feed.subscribe(["ABC"])
        await tick_of(feed, Halt)
        broker = SimBroker(venue, "sim")
        await broker.submit(new("a", None))
        (report,) = await take(broker.reports(), 1)

        assert isinstance(report, Rejected)
        assert "halted" == report.code


async def test_the_end_of_a_source_is_the_end_of_its_day() -> None:
    """Day orders expire, and no later sign of life makes the last quote look fresh."""
    async with opened((0, shown()), (50 * MS, shown()), stays_open=False) as venue:
        broker = SimBroker(venue, "sim")
        await broker.submit(new("a", "9.00"))

        assert [Accepted, Expired] == [type(report) for report in await take(broker.reports(), 2)]


async def test_requests_of_an_account_act_in_the_order_in_which_they_were_sent() -> None:
    """Jitter never lets a cancel arrive before its order."""
    jittery = Latency(base_ns=0, jitter_ns=20 * MS, seed=3)
    async with opened((0, shown()), latency=jittery) as venue:
        await ready(venue, "ABC")
        broker = SimBroker(venue, "sim")
        for n in range(20):
            await broker.submit(new(f"a{n}"))
            await broker.cancel(pull(f"c{n}", f"a{n}"), "")
        reports = await take(broker.reports(), 40)

        assert [Accepted, Canceled] * 20 == [type(report) for report in reports]
        assert [f"{kind}{n}" for n in range(20) for kind in "ac"] == [
            report.cl_ord_id for report in reports if not isinstance(report, StreamGap)
        ]


async def test_a_request_acts_its_latency_after_it_was_sent() -> None:
    """The report carries the venue's instant."""
    async with opened((0, shown()), latency=Latency(base_ns=30 * MS)) as venue:
        await ready(venue, "ABC")
        broker = SimBroker(venue, "sim")
        sent_ns = time.time_ns()
        await broker.submit(new("a"))
        (report,) = await take(broker.reports(), 1)

        assert isinstance(report, Accepted)
        assert report.transact_ns - sent_ns >= 30 * MS


async def test_no_such_order_is_proof() -> None:
    """A lookup travels behind every request before it, so it finds what was still on its way."""
    async with opened((0, shown()), latency=Latency(base_ns=20 * MS)) as venue:
        await ready(venue, "ABC")
        broker = SimBroker(venue, "sim")
        await broker.submit(new("a"))
        seen, nothing = await broker.find("a"), await broker.find("b")

        assert broker.limits.lookups_are_final
        assert seen is not None
        assert seen.is_live
        assert nothing is None


async def test_a_closed_venue_refuses_requests_and_cannot_answer() -> None:
    """A request is surely not live; a question has no answer, also one that was on its way. Fault C1."""
    async with opened((0, shown()), latency=Latency(base_ns=60 * S)) as venue:
        broker = SimBroker(venue, "sim")
        asked = asyncio.create_task(broker.find("a"))
        await asyncio.sleep(0)
        await venue.close()
        with pytest.raises(Unknown):
            await asked
        with pytest.raises(Unknown):
            await broker.find("a")
        with pytest.raises(Refused):
            await broker.submit(new("a"))


async def test_closing_leaves_no_task_behind() -> None:
    """Close may be called twice, and before a start."""
    before = len(asyncio.all_tasks())
    async with opened((0, shown())) as venue:
        await venue.start()
        await SimFeed(venue).close()
        await SimBroker(venue, "sim").close()
        await venue.close()
    idle = SimVenue(source=Script(), clock=WallClock())
    await idle.close()

    assert before == len(asyncio.all_tasks())


async def test_a_restart_takes_up_what_the_daemon_remembers() -> None:
    """Live orders rest again with their fills; the ledger knows the fills of all."""
    fill = Trade(
        cl_ord_id="a", transact_ns=1, order_id="S-a", exec_id="S-a.1", last_qty=Decimal(40), last_px=Decimal("10.00")
    )
    order = folding.apply(folding.begin(new("a"), 0), fill)
    venue = SimVenue(source=Script((0, shown()), (MS, shown(ask="10.00", bid="9.99"))), clock=WallClock())
    venue.restore([order])
    broker = SimBroker(venue, "sim")
    async with asyncio.timeout(10):
        await broker.start()
        (trade,) = await take(broker.reports(), 1)
        await venue.close()

    assert isinstance(trade, Trade)
    assert ("S-a.2", Decimal(40), Decimal(100)) == (trade.exec_id, trade.cum_before, trade.cum_after)
    assert Decimal(100) == venue.ledger.holdings("sim")["ABC"].qty


async def test_a_listener_that_is_too_slow_is_told_of_the_gap() -> None:
    """Too many items are dropped together, and a gap stands in their place."""
    gap = StreamGap(now_ns=0, account="sim", stream="reports", text="gap")
    box: Mailbox[ExecReport | StreamGap] = Mailbox(gap, items_max=3)
    for n in range(5):
        box.put(Accepted(cl_ord_id=str(n), transact_ns=n))
    read = await take(box.items(), 3)

    assert [gap, "3", "4"] == [item if isinstance(item, StreamGap) else item.cl_ord_id for item in read]
