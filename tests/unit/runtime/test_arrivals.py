"""Reports of an order whose sending is not over yet."""

import asyncio

import pytest

from execd.core.events import ReportReceived
from execd.core.reports import Accepted
from execd.runtime import arrivals as room
from execd.runtime.arrivals import Arrivals
from tests.unit.runtime.ports import NOW_NS, Sink


def _report(cl_ord_id: str, n: int = 0) -> ReportReceived:
    accepted = Accepted(cl_ord_id=cl_ord_id, transact_ns=NOW_NS + n, order_id="o")
    return ReportReceived(now_ns=NOW_NS, account="sim", report=accepted)


async def test_reports_of_an_order_on_its_way_wait_for_its_answer() -> None:
    """Fault D3: a fill before the POST returns comes after its answer; those of other orders do not wait."""
    sink = Sink()
    arrivals = Arrivals(sink.post)
    arrivals.begin("a")
    early = [_report("a", 1), _report("a", 2)]
    for event in (early[0], _report("b"), early[1]):
        arrivals.hear(event)
    before = list(sink.events)
    arrivals.end("a")
    arrivals.hear(_report("a", 3))

    assert [_report("b")] == before
    assert [_report("b"), *early, _report("a", 3)] == sink.events
    assert 0 == arrivals.waiting_n


async def test_nobody_waits_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A POST that hangs for ten seconds does not hide a fill for so long."""
    monkeypatch.setattr(room, "WAIT_S_MAX", 0.0)
    sink = Sink()
    arrivals = Arrivals(sink.post)
    arrivals.begin("a")
    arrivals.hear(_report("a"))
    async with asyncio.timeout(1):
        event = await sink.first()

    assert _report("a") == event


async def test_more_than_may_wait_go_on_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the room used up a report goes on at once, and those of its order that waited go before it."""
    monkeypatch.setattr(room, "WAITING_MAX", 2)
    sink = Sink()
    arrivals = Arrivals(sink.post)
    arrivals.begin("a")
    events = [_report("a", n) for n in range(4)]
    for event in events:
        arrivals.hear(event)

    assert (events, 0) == (sink.events, arrivals.waiting_n)
