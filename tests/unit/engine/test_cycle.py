"""Decide, commit, act: what waits for what."""

from decimal import Decimal

import pytest

from execd.core.events import ParentReceived, QuoteReceived, ReportReceived, Submit, TimerFired
from execd.core.records import Reported
from execd.core.reports import Accepted
from execd.engine.cycle import EVENTS_MAX, Cycle
from execd.engine.engine import Engine
from tests.world import EPOCH, RULES, START_NS, intent, quote


def _cycle() -> Cycle:
    cycle = Cycle(Engine(RULES, EPOCH))
    cycle.push(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "200.00", "200.02")))
    cycle.committed(cycle.turn(START_NS), START_NS)
    return cycle


def test_no_effect_leaves_before_its_batch_is_committed() -> None:
    """`turn` decides; only `committed` gives effects out, and each of them once."""
    cycle = _cycle()
    cycle.push(ParentReceived(now_ns=START_NS, parent=intent("p"), content_hash="h"))

    batch = cycle.turn(START_NS)
    with pytest.raises(AssertionError, match="before committed"):
        cycle.turn(START_NS)
    effects = cycle.committed(batch, START_NS)

    assert 1 == sum(isinstance(effect, Submit) for effect in effects)
    assert [] == cycle.committed(cycle.turn(START_NS), START_NS)


def test_acceptance_plan_and_sending_are_one_transaction() -> None:
    """DESIGN 8: file to order costs one commit."""
    cycle = _cycle()
    cycle.push(ParentReceived(now_ns=START_NS, parent=intent("p"), content_hash="h"))

    kinds = [type(record).__name__ for record in cycle.turn(START_NS).records]

    assert ["ParentAccepted", "ParentStarted", "Stepped", "Sending"] == kinds


def test_a_batch_takes_sixty_four_events_and_facts_before_intents_before_quotes() -> None:
    """Reports never wait behind a market that talks much."""
    cycle = _cycle()
    cycle.push(ParentReceived(now_ns=START_NS, parent=intent("p"), content_hash="h"))
    batch = cycle.turn(START_NS)
    submit = next(effect for effect in cycle.committed(batch, START_NS) if isinstance(effect, Submit))
    for _ in range(EVENTS_MAX):
        cycle.push(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "200.00", "200.02")))
    cycle.push(TimerFired(now_ns=START_NS, key="nobody"))
    accepted = Accepted(cl_ord_id=submit.request.cl_ord_id, transact_ns=START_NS, order_id="o")
    cycle.push(ReportReceived(now_ns=START_NS, account="sim", report=accepted))

    first = cycle.turn(START_NS)
    cycle.committed(first, START_NS)

    assert ["Reported"] == [type(record).__name__ for record in first.records if isinstance(record, Reported)]
    assert cycle.has_work()
    cycle.committed(cycle.turn(START_NS), START_NS)
    assert not cycle.has_work()


def test_a_batch_of_quotes_alone_needs_no_commit() -> None:
    """The market itself is not journaled."""
    cycle = _cycle()
    cycle.push(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "200.00", "200.03")))

    batch = cycle.turn(START_NS)

    assert ((), []) == (batch.records, batch.rows.parents)
    assert Decimal("200.03") == cycle.engine.desk.markets.view("AAPL", START_NS).quote.ask_px  # type: ignore[union-attr]
