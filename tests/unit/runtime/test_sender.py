"""Every call ends answered, refused or unknown, and nothing is sent twice or late."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from execd.core.enums import Outcome
from execd.core.events import Cancel, LookedUp, Query, ReportReceived, RequestFailed, Submit
from execd.runtime import sender as room
from execd.runtime.sender import Lane, Sender
from tests.unit.runtime.ports import NOW_NS, ScriptedBroker, SetClock, Sink, cancel_of, new_order

Ends = list[tuple[str, str]]


class Desk:
    """A sender at work, and all that it does."""

    def __init__(self) -> None:
        self.broker = ScriptedBroker()
        self.sink = Sink()
        self.ends: Ends = []
        self.sender = Sender(
            brokers={"sim": self.broker},
            post=self.sink.post,
            clock=SetClock(),
            on_call=lambda _, op, outcome, __: self.ends.append((op, outcome)),
        )


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Return a desk whose sender runs."""
    one = Desk()
    running = asyncio.create_task(one.sender.run())
    await asyncio.sleep(0)
    yield one
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


FAILURES = [("REFUSE", Outcome.REFUSED), ("DOUBT", Outcome.UNKNOWN), ("HANG", Outcome.UNKNOWN)]


@pytest.mark.parametrize("symbol, outcome", FAILURES)
async def test_a_failure_is_told_for_what_it_is(
    desk: Desk, symbol: str, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused is surely not live; anything else, a call without an answer included, may be."""
    monkeypatch.setattr(room, "CALL_S_MAX", 0.01)
    desk.sender.release(Submit(request=new_order(symbol=symbol)))
    event = await desk.sink.first()
    assert isinstance(event, RequestFailed)

    assert (event.outcome, event.cl_ord_id, desk.broker.calls) == (outcome, "e-p-1", ["new e-p-1"])


async def test_an_answer_of_the_call_itself_is_a_report(desk: Desk) -> None:
    """What a broker answers at once goes the way of every report."""
    desk.sender.release(Submit(request=new_order()))
    event = await desk.sink.first()
    await desk.sender.idle()

    assert (isinstance(event, ReportReceived), desk.ends) == (True, [("submit", "ok")])


async def test_what_waited_too_long_for_its_turn_is_not_sent(desk: Desk) -> None:
    """A request past `send_by_ns` never reaches the broker."""
    desk.sender.release(Submit(request=new_order(send_by_ns=NOW_NS - 1)))
    event = await desk.sink.first()
    assert isinstance(event, RequestFailed)

    assert (event.outcome, desk.broker.calls) == (Outcome.NOT_SENT, [])


async def test_a_question_may_be_asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup that failed is repeated; its answer is one event."""
    monkeypatch.setattr(room, "READ_PAUSES_S", (0.0, 0.0, 0.0))
    desk.broker.finds_fail_n = 2
    desk.sender.release(Query(account="sim", cl_ord_id="e-p-1"))
    event = await desk.sink.first()

    expected = LookedUp(now_ns=NOW_NS, account="sim", cl_ord_id="e-p-1", seen=None)
    assert (event, desk.broker.calls) == (expected, ["find e-p-1"] * 3)


async def test_a_stop_leaves_what_is_on_its_way_unknown() -> None:
    """A cancelled call may have arrived: the engine is told unknown, not refused."""
    desk = Desk()
    running = asyncio.create_task(desk.sender.run())
    await asyncio.sleep(0)
    desk.sender.release(Submit(request=new_order(symbol="HANG")))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    event = desk.sink.events[0]
    assert isinstance(event, RequestFailed)

    assert event.outcome is Outcome.UNKNOWN


def test_a_cancel_overtakes_all_but_the_order_it_cancels() -> None:
    """In the line of one account cancels go first, never ahead of their own order."""
    lane = Lane(ScriptedBroker())
    lane.add(Submit(request=new_order("a")))
    lane.add(Submit(request=new_order("b")))
    lane.add(Cancel(request=cancel_of("b")))
    lane.add(Cancel(request=cancel_of("z")))
    order = []
    while (call := lane.next()) is not None:
        assert not isinstance(call, Query)
        order.append(call.request.cl_ord_id)

    assert order == ["zc", "a", "b", "bc"]


def test_no_more_calls_run_at_once_than_the_lane_allows() -> None:
    """When the lane is full the next call waits."""
    lane = Lane(ScriptedBroker())
    lane.in_flight = room.IN_FLIGHT_MAX
    lane.add(Submit(request=new_order()))

    assert lane.next() is None


async def test_what_is_released_after_the_end_is_not_sent_and_begins_nothing() -> None:
    """A stop ends the calls under way; the engine's answer to that (a cancel, a question) finds nobody to send it."""
    broker, asked = ScriptedBroker(), list[str]()

    def answer_at_once(event: object) -> None:
        assert isinstance(event, RequestFailed)
        asked.append(f"{event.cl_ord_id} {event.outcome}")
        # As the engine does: it asks about what is in doubt, and tries again what was not sent, once.
        if len(asked) == 1:
            sender.release(Query(account="sim", cl_ord_id="e-p-1"))
            sender.release(Cancel(request=cancel_of("e-p-2")))

    sender = Sender(brokers={"sim": broker}, post=answer_at_once, clock=SetClock(), on_call=lambda *_: None)
    running = asyncio.create_task(sender.run())
    await asyncio.sleep(0)
    sender.release(Submit(request=new_order(symbol="HANG")))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    sender.release(Submit(request=new_order("e-p-3")))
    await sender.idle()

    expected = [f"e-p-1 {Outcome.UNKNOWN}", f"e-p-2c {Outcome.NOT_SENT}", f"e-p-3 {Outcome.NOT_SENT}"]
    assert (expected, ["new e-p-1"]) == (asked, broker.calls)


async def test_what_waited_for_its_turn_when_the_end_came_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the calls that run others may wait: they never left, and are not in doubt."""
    monkeypatch.setattr(room, "IN_FLIGHT_MAX", 1)
    desk = Desk()
    running = asyncio.create_task(desk.sender.run())
    await asyncio.sleep(0)
    for n in (1, 2):
        desk.sender.release(Submit(request=new_order(f"e-p-{n}", symbol="HANG")))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ends = {event.cl_ord_id: event.outcome for event in desk.sink.events if isinstance(event, RequestFailed)}

    assert {"e-p-1": Outcome.UNKNOWN, "e-p-2": Outcome.NOT_SENT} == ends
