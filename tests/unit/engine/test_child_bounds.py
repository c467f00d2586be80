"""The limits of one order bound each child of an algorithm; the gate behind them is the last guard, and is not hit."""

from decimal import Decimal
from functools import partial

import pytest
from msgspec.structs import replace

from execd.core.enums import ParentStatus, Urgency
from execd.core.events import Replace, Submit
from execd.core.orders import AlgoSpec, NewOrder, ParentOrder, ReplaceRequest
from execd.core.rules import Rules, S
from tests.world import LIMITS, RULES, START_NS, World, intent, quote

RESTING: dict[str, object] = {"name": "offset", "bps": "-3", "ttl_ns": 3_600 * S}
BUYERS_ONLY, SELLERS = ("180.00", "180.02"), ("179.98", "180.00")


def _rules(**fields: object) -> Rules:
    return replace(RULES, limits={"sim": replace(LIMITS, **fields)})


def _buy(algo: str, **parameters: object) -> ParentOrder:
    """Return 2,000 at 180 for two minutes: 360,000 in all, where one order may be 250,000."""
    spec = AlgoSpec(name=algo, parameters=parameters)
    return intent(
        "p",
        order_qty=Decimal(2_000),
        price=Decimal(180),
        algo=spec,
        expire_ns=START_NS + 120 * S,
        urgency=Urgency.NORMAL,
    )


def _work(parent: ParentOrder, world: World) -> World:
    """Show nobody who sells at 180 before the last seconds of its life."""
    for at_s in range(130):
        prices = BUYERS_ONLY if at_s < 116 else SELLERS
        world.at(at_s, partial(world.show, quote("AAPL", *prices, size=5_000)))
    world.at(30, lambda: world.print("AAPL", "180.01", 15_000))
    world.at(0, lambda: world.drop(parent))
    world.run(130)
    return world


def _asked(world: World) -> list[NewOrder | ReplaceRequest]:
    return [effect.request for effect in world.effects if isinstance(effect, Submit | Replace)]


@pytest.mark.parametrize(
    "name, parameters",
    [
        ("twap", {"interval_ns": 40 * S, "tactic": RESTING}),
        ("vwap", {"interval_ns": 40 * S, "tactic": RESTING}),
        ("pov", {"rate": "0.1", "participation_max": "0.2", "tactic": RESTING}),
        ("offset", {"ttl_ns": 3_600 * S}),
        ("marketable", {"ttl_ns": 3_600 * S}),
        ("anchor", {}),
    ],
)
def test_what_is_more_than_one_order_may_be_is_worked_by_children_that_fit(
    name: str, parameters: dict[str, object]
) -> None:
    """No child is worth more than 250,000, and what is wanted beyond one child is wanted again when it is done."""
    world = _work(_buy(name, **parameters), World(steps_more=True))
    parent = world.book.parents["p"]

    assert (ParentStatus.FILLED, Decimal(2_000)) == (parent.status, parent.cum_qty), parent.reason
    values = [request.order_qty * request.price for request in _asked(world) if request.price is not None]
    assert Decimal(249_000) < max(values) <= Decimal(250_000)


def test_a_child_that_is_wanted_larger_grows_as_far_as_one_order_may() -> None:
    """Slices that nobody sells to: 667, half of the rest more, and then not 2,000 but what 250,000 pays for."""
    world = _work(_buy("twap", interval_ns=40 * S, tactic=RESTING), World(steps_more=True))

    assert [667, 1_000, 1_389] == [int(request.order_qty) for request in _asked(world)][:3]


def test_a_child_is_no_more_shares_than_one_order_may_have() -> None:
    """The number of shares binds each child as its worth does; what is out stays as it is when that becomes less."""
    world = World(steps_more=True)
    world.at(1, lambda: setattr(world.engine.desk, "rules", _rules(order_qty_max=Decimal(350))))
    _work(_buy("twap", interval_ns=40 * S, tactic=RESTING), world)

    assert ParentStatus.FILLED is world.book.parents["p"].status
    assert [667, 350] == [int(request.order_qty) for request in world.submitted][:2]
    assert [Decimal(667)] == [request.order_qty for request in _asked(world) if request.order_qty > Decimal(350)]


def test_where_not_even_the_least_quantity_fits_a_working_parent_fails_and_says_why() -> None:
    """SPEC 3: what was working is never rejected."""
    world = _work(_buy("twap", interval_ns=40 * S, tactic=RESTING), World(_rules(order_notional_max=Decimal(179))))
    parent = world.book.parents["p"]

    assert ParentStatus.FAILED is parent.status
    assert "max_order_notional: 1 at 179.96 is worth 179.96, one order at most 179" == parent.reason
