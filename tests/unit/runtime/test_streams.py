"""What streams say, and what becomes of one that is not to be believed."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from execd.core.enums import RequestClass
from execd.core.events import PollDue, ReportReceived, StreamAlive, StreamGap, Submit, TroubleReported
from execd.core.market import Halt, Prints, Quote, SymbolSeen
from execd.core.reports import Accepted, ExecReport
from execd.core.rules import Rules
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.journal.memory import MemoryJournal
from execd.ports import FeedLimits
from execd.runtime import polling as polling_room
from execd.runtime import streams as room
from execd.runtime.arrivals import Arrivals
from execd.runtime.polling import Poller, StreamWatch
from execd.runtime.pump import REPORTS_MAX, Pump
from execd.runtime.sender import Sender
from execd.runtime.streams import QuoteListener, ReportListener, StreamEndedError
from tests.unit.runtime.ports import NOW_NS, ScriptedBroker, SetClock, Sink, new_order
from tests.world import EPOCH, quote

BURST = 2 * REPORTS_MAX


class Hanging:
    """A feed that shows what it is given and then stays silent, and up."""

    limits = FeedLimits()

    def __init__(self, *ticks: Quote | StreamAlive) -> None:
        self.shown = ticks
        self.hung_up: list[str] = []

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Show no more than before."""

    async def ticks(self) -> AsyncIterator[Quote | Prints | Halt | StreamAlive | StreamGap]:
        """Show what there is."""
        for tick in self.shown:
            yield tick
        await asyncio.Event().wait()

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Know nothing."""
        return ()

    def hang_up(self, text: str) -> None:
        """Note it."""
        self.hung_up.append(text)

    async def close(self) -> None:
        """Be gone."""


class Flooding(ScriptedBroker):
    """A broker that reports more at once than an engine can take in, or hangs after a few."""

    def __init__(self, reports_n: int) -> None:
        super().__init__()
        self.reports_n = reports_n

    async def reports(self) -> AsyncIterator[ExecReport | StreamGap]:
        """Tell of so many orders, and then nothing more."""
        for n in range(self.reports_n):
            yield Accepted(cl_ord_id=f"r-{n}", transact_ns=NOW_NS, order_id="o")
        await asyncio.Event().wait()


def _pump() -> Pump:
    return Pump(
        cycle=Cycle(Engine(Rules(limits={}), EPOCH)), journal=MemoryJournal(created_ns=NOW_NS), clock=SetClock()
    )


async def _fails(run: asyncio.Future[None]) -> str:
    with pytest.raises(StreamEndedError) as caught:
        async with asyncio.timeout(5):
            await run
    return str(caught.value)


async def test_a_feed_that_stays_silent_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault D7: the connection is up and says nothing: it is given up, and the supervisor announces a gap."""
    monkeypatch.setattr(room, "LOOK_S", 0.0)
    monkeypatch.setattr("execd.runtime.staleness.SILENT_S_MAX", 0.0)
    feed = Hanging(quote("AAPL", "200.00", "200.02"))
    listener = QuoteListener(feed=feed, pump=_pump(), clock=SetClock())
    text = await _fails(asyncio.ensure_future(listener.run()))

    assert text.startswith("stale: it has said nothing")
    assert 1 == len(feed.hung_up)


async def test_a_look_that_was_late_itself_blames_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that stood still has heard nothing; what is silent from then on counts from then on."""
    monkeypatch.setattr(room, "LOOK_S", 0.0)
    monkeypatch.setattr(room, "SLEPT_S", -1.0)
    monkeypatch.setattr("execd.runtime.staleness.SILENT_S_MAX", 0.0)
    feed = Hanging()
    running = asyncio.ensure_future(QuoteListener(feed=feed, pump=_pump(), clock=SetClock()).run())
    for _ in range(20):
        await asyncio.sleep(0)
    was_over = running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert (False, []) == (was_over, feed.hung_up)


async def test_a_burst_of_reports_ends_the_stream_and_loses_nothing_silently() -> None:
    """Fault D13: at ten thousand that wait the stream is closed; what was heard is handled, the gap says the rest."""
    pump, broker = _pump(), Flooding(BURST)
    listener = ReportListener(broker=broker, pump=pump, clock=SetClock())
    text = await _fails(asyncio.ensure_future(listener.run()))
    listener.announce(text)

    assert REPORTS_MAX + 1 == pump.waiting_n
    assert f"{REPORTS_MAX} events wait" in text


async def test_a_report_stream_that_is_doubted_is_hung_up_on() -> None:
    """Fault D8: it had not told what was found by asking: it begins anew, and the gap is announced before."""
    pump, broker = _pump(), Flooding(3)
    listener = ReportListener(broker=broker, pump=pump, clock=SetClock())
    running = asyncio.ensure_future(listener.run())
    await asyncio.sleep(0)
    listener.doubt("x was found by asking")
    text = await _fails(running)

    assert "stale: x was found by asking" == text
    assert ["hang up: x was found by asking"] == broker.calls


async def test_reports_that_are_not_wanted_are_read_and_not_believed() -> None:
    """`streams.reports: false` hears nothing; somebody must still read, or the broker would stop answering."""
    pump = _pump()
    listener = ReportListener(broker=Flooding(3), pump=pump, clock=SetClock(), is_heard=False)
    running = asyncio.ensure_future(listener.run())
    listener.doubt("found by asking")
    for _ in range(5):
        await asyncio.sleep(0)
    was_over = running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert (False, 0) == (was_over, pump.waiting_n)


def _watch(sink: Sink, account: str = "sim") -> StreamWatch:
    return StreamWatch(stream="report", account=account, alert_after=3, post=sink.post, clock=SetClock())


def test_a_stream_that_fails_for_the_third_time_is_told_once_and_its_end_once() -> None:
    """`streams.reconnect_alert_after: 3`; trying goes on, and nobody is paged for each failure."""
    sink = Sink()
    watch = _watch(sink)
    watch.well()
    for n in range(1, 8):
        watch.failed(n, "LinkLost: cut")
    watch.well()
    watch.well()
    told = [event for event in sink.events if isinstance(event, TroubleReported)]

    assert [("stream_down", False, False), ("stream_down", True, False)] == [
        (one.cause, one.is_over, one.is_halting) for one in told
    ]
    assert "failed 3 times in a row" in told[0].text


@pytest.mark.parametrize("is_always, failed_n, expected", [(True, 0, ["a", "b"]), (False, 3, ["a"]), (False, 2, [])])
async def test_an_account_that_is_not_heard_is_polled(
    *, is_always: bool, failed_n: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While its stream is down, or always where reports are not wanted; an account that is heard costs nothing."""
    monkeypatch.setattr(polling_room, "POLL_S", 0.0)
    sink = Sink()
    watches = {name: _watch(sink, name) for name in ("a", "b")}
    watches["a"].failed(failed_n, "cut")
    poller = Poller(watches=watches, is_always=is_always, post=sink.post, clock=SetClock())
    running = asyncio.ensure_future(poller.run())
    for _ in range(3):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    polled = [event.account for event in sink.events if isinstance(event, PollDue)]

    assert expected == list(dict.fromkeys(polled))


async def test_a_fill_that_overtakes_the_answer_of_its_order_comes_after_it() -> None:
    """Fault D3: the stream is faster than the POST; the engine hears the answer first."""
    sink, broker = Sink(), ScriptedBroker()
    arrivals = Arrivals(sink.post)
    broker.gate.clear()
    sender = Sender(
        brokers={"sim": broker}, post=sink.post, clock=SetClock(), on_call=lambda *_: None, arrivals=arrivals
    )
    running = asyncio.ensure_future(sender.run())
    await asyncio.sleep(0)
    sender.release(Submit(request=new_order("a"), kind=RequestClass.NEW))
    await asyncio.sleep(0)
    overtaking = Accepted(cl_ord_id="a", transact_ns=NOW_NS + 1, order_id="o")
    arrivals.hear(ReportReceived(now_ns=NOW_NS, account="sim", report=overtaking))
    before_n = len(sink.events)
    broker.gate.set()
    await sender.idle()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    told = [event.report.transact_ns for event in sink.events if isinstance(event, ReportReceived)]

    assert (0, [NOW_NS, NOW_NS + 1]) == (before_n, told)
