"""Changing what was asked: never looser, never below what is out."""

from decimal import Decimal

import pytest

from execd.core.commands import AmendParent
from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.rules import S
from tests.unit.engine.test_commanding import STANDING, kept_quotes, resting
from tests.world import World, intent, quote


def test_a_tighter_limit_pulls_what_is_out_and_prices_afresh() -> None:
    """No order stays beyond the amended limit; the next one is inside."""
    world = World()
    resting(world)
    reply = world.command(AmendParent(parent_id="a", price=Decimal("189.00"), reason="cheaper"))
    kept_quotes(world, 3)
    live = [world.book.orders[key] for key in world.book.parents["a"].live]

    assert reply.is_ok
    assert [Decimal("189.00")] == [order.price for order in live]
    assert Decimal("189.00") == world.book.parents["a"].order.price


def test_more_quantity_is_worked_by_the_child_that_is_out() -> None:
    """Quantity may grow within the limits; the one child is replaced by a larger one, at its price."""
    world = World()
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("a", price=Decimal("200.00"), order_qty=Decimal(100)))
    world.run(0)
    world.command(AmendParent(parent_id="a", order_qty=Decimal(150)))
    world.crash()
    kept_quotes(world, 1)
    world.at(2, lambda: world.show(quote("AAPL", "199.90", "199.92", size=1_000)))
    world.run(4)

    assert (ParentStatus.FILLED, Decimal(150)) == (world.book.parents["a"].status, world.book.parents["a"].cum_qty)
    chain = world.book.orders[world.submitted[0].cl_ord_id]
    assert ([Decimal(100)], Decimal(150)) == ([order.order_qty for order in world.submitted], chain.order_qty)


def test_a_queued_intent_is_amended_before_it_starts() -> None:
    """An amended quantity is the quantity, whatever was asked before."""
    world = World()
    world.drop(intent("a", notional=Decimal(5_000)))
    reply = world.command(AmendParent(parent_id="a", order_qty=Decimal(7), urgency=Urgency.HIGH))
    world.show(quote(*STANDING))

    assert reply.is_ok
    assert [Decimal(7)] == [order.order_qty for order in world.submitted]


def test_an_urgency_gives_another_plan_from_the_same_arrival() -> None:
    """The collar counts from the arrival, however late the urgency comes."""
    world = World()
    world.show(quote(*STANDING))
    world.drop(intent("a", max_slippage_bps=Decimal(1), order_qty=Decimal(1_000)))
    first = world.book.parents["a"].plan
    world.command(AmendParent(parent_id="a", urgency=Urgency.HIGH))
    second = world.book.parents["a"].plan
    world.crash()

    assert first is not None
    assert second is not None
    assert ("offset", "marketable") == (first.algo, second.algo)
    assert first.collar_px == second.collar_px
    assert "a" in world.engine.desk.algos


def test_a_deadline_moves_either_way() -> None:
    """A deadline is no limit of price or size: it may be brought forward or put off within the session."""
    world = World()
    resting(world, expire_ns=world.now_ns + 30 * S)
    world.command(AmendParent(parent_id="a", expire_ns=world.now_ns + 60 * S))
    kept_quotes(world, 35)
    at_35_s = world.book.parents["a"].status
    world.command(AmendParent(parent_id="a", expire_ns=world.now_ns + 5 * S))
    kept_quotes(world, 45)

    assert (ParentStatus.WORKING, ParentStatus.EXPIRED) == (at_35_s, world.book.parents["a"].status)


REFUSED = [
    ("nothing", AmendParent(parent_id="a"), "amend_nothing", ""),
    ("a higher limit", AmendParent(parent_id="a", price=Decimal("190.01")), "amend_loosens", "limit_price"),
    ("a wider collar", AmendParent(parent_id="a", max_slippage_bps=Decimal(21)), "amend_loosens", "max_slippage_bps"),
    ("below what is out", AmendParent(parent_id="a", order_qty=Decimal(99)), "amend_below_filled", "qty"),
    ("a piece of a share", AmendParent(parent_id="a", order_qty=Decimal("100.5")), "qty_step", "qty"),
    ("more than a parent may", AmendParent(parent_id="a", order_qty=Decimal(10_001)), "max_order_qty", "qty"),
    ("a deadline in the past", AmendParent(parent_id="a", expire_ns=5), "deadline_passed", "deadline"),
    ("nobody", AmendParent(parent_id="x", order_qty=Decimal(1)), "not_found", ""),
]


@pytest.mark.parametrize("command, code, field", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_loosens_or_makes_no_sense_is_refused(command: AmendParent, code: str, field: str) -> None:
    """SPEC 2: an amendment never loosens a limit of the plan; qty covers what is filled and working. It says where."""
    world = World()
    resting(world)
    before = world.book.parents["a"]
    reply = world.command(command)

    assert (code, False, field) == (reply.code, reply.is_ok, reply.field)
    assert before == world.book.parents["a"]


def test_a_sell_never_grows_beyond_what_is_owned() -> None:
    """An amended exit is bound by ownership like a new one."""
    world = World()
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("buy", urgency=Urgency.HIGH))
    world.run(1)
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("out", side=Side.SELL, price=Decimal("210.00"), order_qty=Decimal(60)))
    too_many = world.command(AmendParent(parent_id="out", order_qty=Decimal(101)))
    all_of_it = world.command(AmendParent(parent_id="out", order_qty=Decimal(100)))

    assert ("sell_exceeds_owned", "accepted") == (too_many.code, all_of_it.code)
