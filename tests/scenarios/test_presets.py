"""Each shipped preset at work: what leaves, at which prices, and how it ends."""

from decimal import Decimal
from functools import partial
from typing import Final

import pytest
from msgspec.structs import replace

from execd.core.commands import AmendParent
from execd.core.enums import OrdType, ParentStatus, Side, Urgency
from execd.core.orders import ParentOrder
from execd.core.rules import S
from tests.unit.policy.scenes import MID, preset
from tests.world import RULES, START_NS, World, intent, quote

NAMES: Final = ("balanced", "offset", "progressive", "swing", "scheduled", "cross_asset")
LIFE_S: Final = 600


def worked(name: str, order: ParentOrder) -> World:
    """Return the world after an intent was worked by a preset in a market that stands still."""
    world = World(replace(RULES, preset=preset(name)))
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    world.at(0, lambda: world.drop(order))
    for at_s in range(LIFE_S + 2):
        # Shown anew each second, for what nobody proves prices nothing; what is printed is what shares are taken of.
        world.at(at_s, partial(world.show, quote("AAPL", "200.00", "200.02", at_s=at_s, size=5_000)))
        world.at(at_s, lambda: world.print("AAPL", "200.01", 100))
    world.run(LIFE_S + 2)
    return world


def asked(side: Side, qty: int, urgency: Urgency) -> ParentOrder:
    """Return an intent with ten minutes to live."""
    return intent("a", side=side, order_qty=Decimal(qty), urgency=urgency, expire_ns=START_NS + LIFE_S * S)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL_SHORT])
@pytest.mark.parametrize("urgency", [Urgency.NORMAL, Urgency.HIGH])
@pytest.mark.parametrize("qty", [20, 200])
def test_normal_and_high_are_done_inside_the_collar(name: str, side: Side, urgency: Urgency, qty: int) -> None:
    """Of 4,000 and of 40,000 USD: all is filled by the deadline, and no priced order was outside the collar."""
    world = worked(name, asked(side, qty, urgency))
    parent = world.book.parents["a"]
    plan = parent.plan
    assert plan is not None
    collar_px = plan.collar_px
    assert collar_px is not None
    outside = [one for one in world.submitted if one.price is not None and (one.price - collar_px) * side.sign > 0]
    markets = [one for one in world.submitted if one.ord_type is OrdType.MARKET]

    assert (ParentStatus.FILLED, []) == (parent.status, outside)
    assert not markets or name in {"progressive", "swing"}


@pytest.mark.parametrize("name", NAMES)
def test_low_never_takes_from_the_market_by_a_market_order(name: str) -> None:
    """Low urgency has no cross and no market order, whatever the preset ends with for the others."""
    world = worked(name, asked(Side.BUY, 20, Urgency.LOW))

    assert [] == [one for one in world.submitted if one.ord_type is OrdType.MARKET]
    assert world.book.parents["a"].status.is_terminal


@pytest.mark.parametrize("name, is_cut", [(name, name in {"balanced", "offset", "scheduled"}) for name in NAMES])
def test_a_large_order_is_cut_over_time_where_the_preset_says_so(name: str, *, is_cut: bool) -> None:
    """40,000 USD at normal urgency: pieces of about 5,000 USD or by the minute, or all at once."""
    world = worked(name, asked(Side.BUY, 200, Urgency.NORMAL))
    largest = max(one.order_qty for one in world.submitted)

    assert is_cut == (largest < 200)
    assert is_cut == (len({one.cl_ord_id for one in world.submitted}) > 2)


@pytest.mark.parametrize("name, goes_to_market", [("balanced", True), ("offset", True), ("scheduled", False)])
def test_a_small_order_is_one_market_order(name: str, *, goes_to_market: bool) -> None:
    """Two shares of 200 USD are at most 500 USD."""
    world = worked(name, asked(Side.BUY, 2, Urgency.NORMAL))
    first = world.submitted[0]

    assert goes_to_market == (first.ord_type is OrdType.MARKET)
    assert ParentStatus.FILLED is world.book.parents["a"].status


def test_an_amend_of_the_collar_leaves_the_algorithm_as_it_is() -> None:
    """What was cut over time stays cut, also where less is asked than would be cut; the collar is of the arrival."""
    world = World(replace(RULES, preset=preset("balanced")))
    world.show(quote("AAPL", "200.00", "200.02", size=5_000))
    world.drop(asked(Side.BUY, 200, Urgency.NORMAL))
    before = world.book.parents["a"].plan
    world.show(quote("AAPL", "201.00", "201.02", size=5_000))
    told = world.command(AmendParent(parent_id="a", order_qty=Decimal(40), max_slippage_bps=Decimal(10)))
    after = world.book.parents["a"].plan
    assert before is not None
    assert after is not None

    assert told.is_ok
    assert (before.algo, before.parameters, before.conduct) == (after.algo, after.parameters, after.conduct)
    assert (Decimal(10), (MID * (1 + Decimal("0.001"))).quantize(Decimal("0.01"), rounding="ROUND_FLOOR")) == (
        after.collar_bps,
        after.collar_px,
    )
