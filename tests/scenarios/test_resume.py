"""Every algorithm goes on after a death: in real time, with one child at a time, and with nothing done twice.

A small world in which all that is offered can be had; what differs from a life without a death must be told by time
alone. With a real process and a real kill see `tests/acceptance/test_schedules.py`.
"""

from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pytest

from execd.algos.registry import ENTRIES
from execd.algos.scheduling import SCHEDULES
from execd.core.enums import ParentStatus, Side
from execd.core.events import Submit
from execd.core.order import Order
from execd.core.orders import AlgoSpec, ParentOrder
from execd.core.rules import MS, S
from execd.engine.desk import AT_ONCE_NS
from tests.world import START_NS, World, intent, quote

LIFE_S: Final = 600
NEAR: Final = {"name": "offset", "bps": "5", "ttl_ns": 3_600 * S}
OWN: Final[dict[str, dict[str, Any]]] = {
    "vwap": {"profile": ["3", "1", "1", "1", "4"]},
    "is": {"adv": "100000", "volatility": "0.02", "risk_aversion": "0.0001"},
}
INSTANTS: Final = (0.05, 59.99, 60.05, 60.15, 60.5, 125.0, 599.0)
"""Before and after a slice is due, and while its order and its fill are on their way."""


def _parent(name: str, **further: str) -> ParentOrder:
    parameters: dict[str, Any] = {}
    if name in SCHEDULES:
        parameters = {"interval_ns": 60 * S, "tactic": NEAR, **OWN.get(name, {}), **further}
    fields: dict[str, Any] = {"price": Decimal("200.20")} if name == "passthrough" else {}
    spec = AlgoSpec(name=name, parameters=parameters)
    return intent("p", side=Side.BUY, order_qty=Decimal(100), algo=spec, expire_ns=START_NS + LIFE_S * S, **fields)


def _world(name: str, *, print_qty: int = 500, **further: str) -> World:
    """Return a world in which an intent for 100 shares will be worked; something is printed each five seconds."""
    world = World(latency_ns=100 * MS, report_latency_ns=100 * MS)
    for at_s in range(0, LIFE_S + 20, 5):
        world.at(at_s, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
        world.at(at_s + 1, lambda: world.print("AAPL", "200.01", print_qty))
    world.at(0, lambda: world.drop(_parent(name, **further)))
    return world


def _children(world: World) -> list[Order]:
    return [world.book.orders[key] for key in world.book.parents["p"].children]


def _check_one_at_a_time(world: World) -> None:
    """Each child was sent after the one before it had ended, and each decision was sent once."""
    children = _children(world)
    assert all(_end_ns(child) <= later.sent_ns for child, later in pairwise(children))
    ids = [effect.request.cl_ord_id for effect in world.effects if isinstance(effect, Submit)]
    assert sorted(set(ids)) == sorted(ids)


def _end_ns(child: Order) -> int:
    """Return when a child had ended; one that never arrived was never alive."""
    if child.done is not None:
        return child.done.transact_ns
    return max((trade.transact_ns for trade in child.fills.counted), default=0)


@pytest.mark.parametrize("at_s", INSTANTS)
@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_a_death_of_an_instant_costs_nothing(name: str, at_s: float) -> None:
    """Killed and begun again at once: as much is filled as without, by one child at a time."""
    alive, killed = _world(name), _world(name)
    killed.at(at_s, killed.crash)
    for world in (alive, killed):
        world.run(LIFE_S + 10)
        _check_one_at_a_time(world)

    assert alive.book.parents["p"].cum_qty == killed.book.parents["p"].cum_qty
    assert killed.book.parents["p"].status.is_terminal


@pytest.mark.parametrize("catch_up", ["spread", "skip"])
@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_an_alarm_in_the_past_fires_once(name: str, catch_up: str) -> None:
    """Dead for three slices: one child follows the start, the next when its slice is due; no burst makes up for it."""
    world = _world(name, print_qty=20, **({} if name == "pov" else {"catch_up": catch_up}))
    world.at(65, lambda: setattr(world, "tell", lambda _event: None))

    def begin_again() -> None:
        del world.tell
        world.crash()

    world.at(245, begin_again)
    world.run(LIFE_S + 10)
    _check_one_at_a_time(world)
    after_ns = [child.sent_ns for child in _children(world) if child.sent_ns >= START_NS + 245 * S]

    assert world.book.parents["p"].status in {ParentStatus.FILLED, ParentStatus.PARTIALLY_FILLED}
    assert sum(at_ns < START_NS + 300 * S for at_ns in after_ns) <= 1
    assert all(later - earlier >= 30 * S - AT_ONCE_NS for earlier, later in pairwise(after_ns))
