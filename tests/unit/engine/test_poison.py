"""An event that our code cannot digest ends the process once, and only once."""

from decimal import Decimal
from typing import Any

import pytest

from execd.core.commands import ReleaseParent
from execd.core.enums import ParentStatus
from execd.core.events import Event, ParentReceived, QuoteReceived, ReportReceived
from execd.core.records import Poisoned, PoisonSetAside
from execd.core.reports import Trade
from execd.core.wake import Wake
from execd.engine import facts, receiving
from tests.unit.engine.test_commanding import STANDING, kept_quotes, resting
from tests.world import World, intent, quote


class Bug(Exception):
    """Stands for a defect of ours."""


def dies_of(world: World, event: Event) -> None:
    """Let the process end of an event, and start again."""
    with pytest.raises(Bug):
        world.tell(event)
    world.crash()


def fails(*_: Any, **__: Any) -> None:  # noqa: ANN401  # It stands for any function.
    """Be a defect."""
    raise Bug("test")


def test_an_intent_that_ends_the_process_is_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is still in the inbox after the restart: it is refused by its id, and trading goes on."""
    world = World()
    world.show(quote(*STANDING))
    event = ParentReceived(now_ns=world.now_ns, parent=intent("bad"), content_hash="h", ref="file")
    monkeypatch.setattr(receiving, "_twin", fails)
    dies_of(world, event)
    monkeypatch.undo()
    world.tell(event)
    refused = world.replies()[-1].code
    world.show(quote(*STANDING))
    world.drop(intent("good"))

    assert ("poison", "accepted") == (refused, world.replies()[-1].code)
    assert 1 == len(world.submitted)


def test_what_came_before_the_poison_is_committed_and_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events of the same turn before the poison have their records and effects."""
    world = World()
    world.show(quote(*STANDING))
    world.cycle.push(ParentReceived(now_ns=world.now_ns, parent=intent("first"), content_hash="h"))
    monkeypatch.setattr(receiving, "_twin", lambda _, parent, __: fails() if parent.parent_id == "bad" else None)
    with pytest.raises(Bug):
        world.tell(ParentReceived(now_ns=world.now_ns, parent=intent("bad"), content_hash="h"))
    world.crash()

    assert ["first"] == [order.parent_id for order in world.submitted]
    assert "bad" not in world.book.parents
    assert [("ParentReceived", "bad")] == [
        (one.kind, one.parent_id) for one in world.records if isinstance(one, Poisoned)
    ]


def test_the_parent_whose_turn_it_was_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails holds its parent on the way up, pages, and lets others go on; `release` is the way out."""
    world = World()
    resting(world)
    world.engine.desk.watchers.put("AAPL", "a", Wake(every_quote=True))
    monkeypatch.setattr("execd.engine.stepping.view_of", fails)
    dies_of(world, QuoteReceived(now_ns=world.now_ns, quote=quote(*STANDING)))
    monkeypatch.undo()
    held = world.book.parents["a"].status
    world.command(ReleaseParent(parent_id="a", reason="fixed"))
    kept_quotes(world, 2)

    assert (ParentStatus.HELD, ParentStatus.WORKING) == (held, world.book.parents["a"].status)
    assert "poison" in world.alerts()


def test_a_poison_report_makes_its_order_readable_only_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker tells it again and again: it is not folded any more, the order's sum is asked for instead."""
    world = World()
    resting(world)
    order = world.submitted[0]
    trade = Trade(
        cl_ord_id=order.cl_ord_id,
        transact_ns=world.now_ns,
        order_id="1",
        exec_id="e",
        last_qty=Decimal(1),
        last_px=Decimal(190),
    )
    event = ReportReceived(now_ns=world.now_ns, account="sim", report=trade)
    monkeypatch.setattr(facts, "_check_fills", fails)
    dies_of(world, event)
    monkeypatch.undo()
    world.tell(event)

    assert {order.cl_ord_id: None} == world.book.unreadable
    assert Decimal(0) == world.book.orders[order.cl_ord_id].cum_qty
    assert ParentStatus.HELD is world.book.parents["a"].status


def test_market_data_that_ends_the_process_mutes_its_symbol(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote is sent again at once: its symbol is not priced any more, others are."""
    world = World()
    world.show(quote(*STANDING))
    monkeypatch.setattr("execd.engine.market.Markets.on_quote", fails)
    dies_of(world, QuoteReceived(now_ns=world.now_ns, quote=quote("BAD", "1.00", "1.01")))
    monkeypatch.undo()
    world.tell(QuoteReceived(now_ns=world.now_ns, quote=quote("BAD", "1.00", "1.01")))
    world.show(quote(*STANDING))

    assert None is world.engine.desk.markets.view("BAD", world.now_ns).quote
    assert None is not world.engine.desk.markets.view("AAPL", world.now_ns).quote


def test_a_poison_is_set_aside_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two restarts in a row say nothing twice."""
    world = World()
    world.show(quote(*STANDING))
    monkeypatch.setattr(receiving, "_twin", fails)
    dies_of(world, ParentReceived(now_ns=world.now_ns, parent=intent("bad"), content_hash="h"))
    monkeypatch.undo()
    world.crash()

    assert 1 == sum(isinstance(record, PoisonSetAside) for record in world.records)
