"""Every call ends answered, refused or unknown, and nothing is sent twice or late."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from execd.core.enums import Outcome
from execd.core.events import (
    Cancel,
    LookedUp,
    LookupFailed,
    Query,
    RateLimitHit,
    Replace,
    ReportReceived,
    RequestFailed,
    Submit,
    TroubleReported,
)
from execd.runtime import lane as lane_room
from execd.runtime import sender as room
from execd.runtime.sender import Object, Sender
from tests.unit.runtime.ports import (
    NOW_NS,
    UNTIL_NS,
    ScriptedBroker,
    SetClock,
    Sink,
    cancel_of,
    new_order,
    replace_of,
)

Ends = list[tuple[str, str]]


class Desk:
    """A sender at work, and all that it does."""

    def __init__(self, objection: Object = lambda _: "") -> None:
        self.broker = ScriptedBroker()
        self.sink = Sink()
        self.ends: Ends = []
        self.sender = Sender(
            brokers={"sim": self.broker},
            post=self.sink.post,
            clock=SetClock(),
            on_call=lambda _, op, outcome, __: self.ends.append((op, outcome)),
            objection=objection,
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


NO_ANSWER = ("DOUBT", "ERROR", "GATEWAY", "RESET", "SHORT", "HTML", "SHAPE", "HANG")
ENDS = [
    ("REFUSE", Outcome.REFUSED),
    ("UNSENT", Outcome.NOT_SENT),
    ("LIMIT", Outcome.RATE_LIMITED),
    ("LOCKED", Outcome.REFUSED),
    *((symbol, Outcome.UNKNOWN) for symbol in NO_ANSWER),
]


async def _ended(desk: Desk, call: Submit | Cancel | Replace) -> RequestFailed:
    """Return how a call ended that was not answered."""
    desk.sender.release(call)
    await desk.sender.idle()
    (event,) = [event for event in desk.sink.events if isinstance(event, RequestFailed)]
    return event


@pytest.mark.parametrize("symbol, outcome", ENDS)
async def test_a_failure_is_told_for_what_it_is(
    desk: Desk, symbol: str, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults C1, C5 and C6: refused is surely not live; a cut or unreadable answer, a 5xx, or none, may be."""
    monkeypatch.setattr(room, "CALL_S_MAX", 0.01)
    event = await _ended(desk, Submit(request=new_order(symbol=symbol)))

    assert (event.outcome, event.cl_ord_id, desk.broker.calls) == (outcome, "e-p-1", ["new e-p-1"])


@pytest.mark.parametrize("symbol, outcome", ENDS)
@pytest.mark.parametrize("op", ["cancel", "replace"])
async def test_cancels_and_replaces_end_as_orders_do(
    desk: Desk, op: str, symbol: str, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault C6: what is ambiguous for a new order is ambiguous for a change of it."""
    monkeypatch.setattr(room, "CALL_S_MAX", 0.01)
    call = Cancel(request=cancel_of("o", symbol)) if op == "cancel" else Replace(request=replace_of("o", symbol))
    event = await _ended(desk, call)

    assert (event.outcome, desk.broker.calls) == (outcome, [f"{op} o"])


async def test_what_the_broker_calls_its_request_is_kept(desk: Desk) -> None:
    """Fault C7: a 500 is ambiguous, and the broker's own number of the request is told with it."""
    event = await _ended(desk, Submit(request=new_order(symbol="ERROR")))

    assert (Outcome.UNKNOWN, "HTTP 500, X-Request-ID 7c1f") == (event.outcome, event.text)


async def test_too_often_is_told_of_the_account_before_the_request(desk: Desk) -> None:
    """Fault C11: whoever decides the order afresh meets an account that waits until the broker's own instant."""
    desk.sender.release(Submit(request=new_order(symbol="LIMIT")))
    await desk.sender.idle()
    told, failed = desk.sink.events

    assert RateLimitHit(now_ns=NOW_NS, account="sim", until_ns=UNTIL_NS, text="429") == told
    assert isinstance(failed, RequestFailed)
    assert [("submit", "rate_limited")] == desk.ends


async def test_a_question_that_is_too_often_is_told_of_the_account_too(desk: Desk) -> None:
    """Fault C11: reads count at the broker as well; the question itself has no answer."""
    desk.broker.finds_fail_n, desk.broker.find_as = 1, "LIMIT"
    desk.sender.release(Query(account="sim", cl_ord_id="e-p-1"))
    await desk.sender.idle()

    assert [RateLimitHit, LookupFailed] == [type(event) for event in desk.sink.events]


async def test_an_account_that_is_locked_out_is_halted_once(desk: Desk) -> None:
    """Fault C10: a revoked key is a halt and a page, not one for each request; let in again, the next one counts."""
    for symbol in ("LOCKED", "LOCKED", "AAPL", "LOCKED"):
        desk.sender.release(Submit(request=new_order(symbol=symbol)))
        await desk.sender.idle()
    halts = [event for event in desk.sink.events if isinstance(event, TroubleReported)]

    assert [("unauthorized", "sim", True, "critical")] * 2 == [
        (one.cause, one.account, one.is_halting, one.severity) for one in halts
    ]
    assert ["unauthorized", "unauthorized", "ok", "unauthorized"] == [outcome for _, outcome in desk.ends]


async def test_what_is_objected_to_at_the_last_moment_is_not_sent() -> None:
    """A latch that was set while a request waited in its lane holds it back; a cancel adds no risk and leaves."""
    desk = Desk(objection=lambda call: "killed" if call.request.symbol == "AAPL" else "")
    running = asyncio.create_task(desk.sender.run())
    await asyncio.sleep(0)
    for call in (Submit(request=new_order()), Replace(request=replace_of("o")), Cancel(request=cancel_of("o"))):
        desk.sender.release(call)
    await desk.sender.idle()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ends = [(event.outcome, event.text) for event in desk.sink.events if isinstance(event, RequestFailed)]

    assert ([(Outcome.NOT_SENT, "killed")] * 2, ["cancel o"]) == (ends, desk.broker.calls)


async def test_an_answer_of_the_call_itself_is_a_report(desk: Desk) -> None:
    """What a broker answers at once goes the way of every report."""
    desk.sender.release(Submit(request=new_order()))
    event = await desk.sink.first()
    await desk.sender.idle()

    assert (isinstance(event, ReportReceived), desk.ends) == (True, [("submit", "ok")])


async def test_what_waited_too_long_for_its_turn_is_not_sent(desk: Desk) -> None:
    """Fault G3: a request past `send_by_ns` never reaches the broker, also where a process that slept finds it."""
    desk.sender.release(Submit(request=new_order(send_by_ns=NOW_NS - 1)))
    event = await desk.sink.first()
    assert isinstance(event, RequestFailed)

    assert (event.outcome, desk.broker.calls) == (Outcome.NOT_SENT, [])


@pytest.mark.parametrize("find_as", ["DOUBT", "RESET", "HTML", "SHAPE"])
async def test_a_question_is_asked_once_and_proves_nothing_where_it_fails(desk: Desk, find_as: str) -> None:
    """The engine counts what it asks, so nothing is asked again here; what cannot be read is no answer."""
    desk.broker.finds_fail_n, desk.broker.find_as = 1, find_as
    for _ in range(2):
        desk.sender.release(Query(account="sim", cl_ord_id="e-p-1"))
        await desk.sender.idle()
    failed, answered = desk.sink.events

    expected = LookedUp(now_ns=NOW_NS, account="sim", cl_ord_id="e-p-1", seen=None)
    assert (True, expected, ["find e-p-1"] * 2) == (isinstance(failed, LookupFailed), answered, desk.broker.calls)


async def test_a_stop_leaves_what_is_on_its_way_unknown() -> None:
    """Fault G15: a cancelled call may have arrived: the engine is told unknown, not refused."""
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
    monkeypatch.setattr(lane_room, "IN_FLIGHT_MAX", 1)
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
