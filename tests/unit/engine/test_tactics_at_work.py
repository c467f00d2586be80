"""Tactics in a small world: the worker drives them against the simulated venue, as a plan would."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pytest
from msgspec.structs import replace

from execd.core.conduct import Conduct, Ending
from execd.core.enums import ParentStatus, Side, TimeInForce, Urgency
from execd.core.events import Cancel, Replace, Submit
from execd.core.orders import AlgoSpec, ParentOrder
from execd.core.preset import PLAIN
from execd.core.records import Waited
from execd.core.rules import S
from tests.unit.policy.scenes import preset
from tests.unruly import Mishaps, Unruly
from tests.world import RULES, START_NS, World, intent, quote

WIDE_COLLAR: Final = replace(RULES, preset=replace(PLAIN, collar_bps=Decimal(300)))
CROSSES: Final = Conduct(after_tactic=Ending.CROSS)


def _parent(name: str, urgency: Urgency = Urgency.LOW, life_s: int = 300, qty: int = 100, **given: Any) -> ParentOrder:  # noqa: ANN401  # As stored.
    return intent(
        "p",
        side=Side.BUY,
        order_qty=Decimal(qty),
        urgency=urgency,
        algo=AlgoSpec(name=name, parameters=given),
        expire_ns=START_NS + life_s * S,
    )


def _work(world: World, parent: ParentOrder, bids: Iterable[float], until_s: float, step_s: float = 2) -> World:
    """Let a parent work while the market shows one bid after the other, ten cents below its ask."""
    for n, bid in enumerate(bids):
        shown = quote("AAPL", f"{bid:.2f}", f"{bid + 0.1:.2f}", size=1_000)
        world.at(n * step_s, partial(world.show, shown))
    world.at(0, lambda: world.drop(parent))
    world.run(until_s)
    return world


def _acts(world: World) -> list[str]:
    return [type(effect).__name__ for effect in world.effects if isinstance(effect, Submit | Replace | Cancel)]


def test_an_anchor_that_the_feed_shows_stands_still() -> None:
    """A minute of quotes with our own order as the best bid: one order, no replace."""
    world = Unruly(WIDE_COLLAR, Mishaps(shows_us=True), latency_ns=20_000_000)
    _work(world, _parent("anchor", move_bps="0.01"), [200.0] * 30, until_s=59)

    assert ["Submit"] == _acts(world)


def test_a_ladder_that_the_feed_shows_goes_as_far_as_one_that_it_does_not() -> None:
    """The same four prices, whether our own order is a part of the touch or not."""
    ladders = []
    for shows_us in (False, True):
        world = Unruly(WIDE_COLLAR, Mishaps(shows_us=shows_us), latency_ns=20_000_000)
        _work(world, _parent("progressive"), [200.0] * 30, until_s=59)
        asks = [effect.request.price for effect in world.effects if isinstance(effect, Submit | Replace)]
        ladders.append([str(price) for price in asks])

    assert ladders[0] == ladders[1]
    # 200.055 and 200.065 are ties, which go toward passive: the second step is the first one's price.
    assert ["200.05", "200.06"] == ladders[0]


@pytest.mark.parametrize("tactic", ["anchor", "progressive", "iceberg"])
def test_a_next_slice_does_not_take_the_child_of_the_one_before_for_others(tactic: str) -> None:
    """A try that begins with a child out knows what others showed before it: slice after slice at one price."""
    world = Unruly(WIDE_COLLAR, Mishaps(shows_us=True), latency_ns=20_000_000)
    given = {"name": tactic, **({"steps": ["0"]} if tactic == "progressive" else {})}
    parent = _parent("twap", interval_ns=15 * S, duration_ns=60 * S, tactic=given)
    _work(world, parent, [200.0] * 30, until_s=59)

    asks = [effect.request for effect in world.effects if isinstance(effect, Submit | Replace)]
    assert 1 == len({request.price for request in asks})


def test_an_anchor_of_low_urgency_ends_after_its_last_repeg() -> None:
    """SPEC 6.5: after five re-pegs low ends, and is not planned afresh."""
    world = _work(World(WIDE_COLLAR), _parent("anchor"), [200 + 0.3 * n for n in range(20)], until_s=45)

    parent = world.book.parents["p"]
    assert (ParentStatus.EXPIRED, "timeout: re-pegged 5 times") == (parent.status, parent.reason)
    assert ["Submit", *["Replace"] * 5, "Cancel"] == _acts(world)


def test_an_anchor_of_normal_urgency_goes_marketable_after_its_last_repeg() -> None:
    """SPEC 6.5: after five re-pegs normal and high go through the touch."""
    crosses = replace(PLAIN, collar_bps=Decimal(300), normal=replace(PLAIN.normal, conduct=CROSSES))
    world = World(replace(RULES, preset=crosses))
    _work(world, _parent("anchor", Urgency.NORMAL), [200 + 0.3 * n for n in range(20)], until_s=45)

    assert ParentStatus.FILLED is world.book.parents["p"].status
    assert ["Submit", *["Replace"] * 6] == _acts(world)


def test_an_iceberg_shows_one_refill_after_the_other_and_sums_to_the_whole() -> None:
    """Each child is a drawn 16 to 24 shares; the last is what is left."""
    world = World(WIDE_COLLAR)
    for n in range(40):
        world.at(1.5 + 2 * n, lambda: world.print("AAPL", "199.99", 500))
    _work(world, _parent("iceberg", display="20"), [200.0] * 60, until_s=110)

    shown = [int(request.order_qty) for request in world.submitted]
    assert (100, ParentStatus.FILLED) == (sum(shown), world.book.parents["p"].status)
    assert all(16 <= qty <= 24 for qty in shown[:-1])
    assert len(set(shown)) > 1


def test_a_sniper_waits_unseen_and_takes_again_what_it_did_not_get() -> None:
    """Nothing is sent before the spread is narrow; then immediate orders, a second apart, until all is had."""
    world = World(WIDE_COLLAR)
    narrow = quote("AAPL", "200.00", "200.01", size=60)
    for at_s in (20, 23, 26):
        world.at(at_s, lambda: world.show(narrow))
        world.at(at_s + 0.5, lambda: world.show(replace(narrow, ask_px=Decimal("200.10"))))
    _work(world, _parent("sniper", spread_bps="1", price="200.01"), [200.0] * 5, until_s=60)

    assert [TimeInForce.IOC] * 2 == [request.time_in_force for request in world.submitted]
    assert [20, 23] == [(request.send_by_ns - START_NS) // S - 1 for request in world.submitted]
    assert ParentStatus.FILLED is world.book.parents["p"].status


@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("conditions", [{"price": "180"}, {"spread_bps": "1"}, {"size": "5000"}])
@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("preset_name", ["balanced", "cross_asset"])
def test_nothing_ever_crosses_for_a_sniper(
    urgency: Urgency, conditions: dict[str, Any], *, is_cut: bool, preset_name: str
) -> None:
    """Who names a sniper says on which conditions he trades: it ends at its deadline, and says what it waited for."""
    world = World(replace(RULES, preset=preset(preset_name)))
    alone = _parent("sniper", urgency, life_s=40, **conditions)
    tactic = {"name": "sniper", **conditions}
    parent = _parent("twap", urgency, life_s=40, interval_ns=10 * S, tactic=tactic) if is_cut else alone
    _work(world, parent, [200.0] * 10 + [199.0] * 10, until_s=45)
    told = [record.code for record in world.records if isinstance(record, Waited)]

    assert ([], ParentStatus.EXPIRED) == (world.submitted, world.book.parents["p"].status)
    assert "not_wanted_yet" in told
    assert "deadline; it waited for not_wanted_yet" == world.book.parents["p"].reason


def test_a_sniper_waits_for_a_usable_quote_at_any_urgency() -> None:
    """A quote that is crossed for half a minute does not end it: it shoots when the market is what it wants."""
    world = World(replace(RULES, preset=preset("balanced")))
    world.at(1, lambda: world.show(quote("AAPL", "200.20", "200.10", size=1_000)))
    world.at(31, lambda: world.show(quote("AAPL", "200.00", "200.10", size=1_000)))
    _work(world, _parent("sniper", Urgency.HIGH, spread_bps="6"), [200.0], until_s=0.5)
    world.run(60)

    assert ParentStatus.FILLED is world.book.parents["p"].status


@pytest.mark.parametrize("life", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_immediate_order_that_got_nothing_is_tried_again_after_growing_pauses(life: TimeInForce) -> None:
    """Its limit is below the ask: it is asked after 1, 2, 4, then every 8 s; the wait has a code and its numbers."""
    world = World(WIDE_COLLAR)
    parent = replace(_parent("sweep", life_s=40), price=Decimal("199.95"), time_in_force=life)
    _work(world, parent, [200.0] * 20, until_s=45)
    told = [record.text for record in world.records if isinstance(record, Waited) and record.code == "got_nothing"]

    assert [0, 1, 3, 7, 15, 23, 31, 39] == _sent_s(world)
    assert f"{life} 100 at 199.95 came back unfilled (1 in a row), touch 200.1" in told[0]
    assert "deadline; it waited for got_nothing" == world.book.parents["p"].reason


def test_an_immediate_order_is_tried_again_once_the_touch_has_come_into_reach() -> None:
    """The ask falls to its limit between two tries: it is asked there and then."""
    world = World(WIDE_COLLAR)
    world.at(18.5, lambda: world.show(quote("AAPL", "199.80", "199.90", size=1_000)))
    parent = replace(_parent("sweep", life_s=40), price=Decimal("199.95"), time_in_force=TimeInForce.FOK)
    _work(world, parent, [200.0] * 9, until_s=45)

    assert [0, 1, 3, 7, 15, 18] == _sent_s(world)
    assert ParentStatus.FILLED is world.book.parents["p"].status


def test_a_whole_order_for_which_too_little_is_displayed_waits_out_its_pauses() -> None:
    """The touch is in reach all the time: quotes that come and go are no reason to ask again."""
    world = World(WIDE_COLLAR)
    asked = _parent("marketable", qty=1_200, ttl_ns=30 * S)
    parent = replace(asked, price=Decimal("200.10"), time_in_force=TimeInForce.FOK)
    _work(world, parent, [200.0] * 200, until_s=25, step_s=0.2)

    assert [0, 1, 3, 7, 15, 23] == _sent_s(world)


def test_a_sniper_shoots_for_all_or_nothing_where_that_is_asked() -> None:
    """Its shot is immediate or cancel by itself, and fill or kill where its intent says so."""
    parent = replace(_parent("sniper", spread_bps="10"), time_in_force=TimeInForce.FOK)
    world = _work(World(WIDE_COLLAR), parent, [200.0] * 3, until_s=5)

    assert [TimeInForce.FOK] == [request.time_in_force for request in world.submitted]


def _sent_s(world: World) -> list[int]:
    """Return when each order was sent, in whole seconds since the start."""
    return [(request.send_by_ns - START_NS) // S - 1 for request in world.submitted]


def test_where_quotes_stop_a_marketable_child_is_priced_from_the_last_print() -> None:
    """SPEC 6.3: without a usable quote the last print ± collar, if it is fresh; the gate holds it against the print."""
    world = World(WIDE_COLLAR)
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.10", size=1)))
    world.at(44, lambda: world.print("AAPL", "200.30", 5))
    world.at(0, lambda: world.drop(_parent("marketable", qty=1_000)))
    world.run(46)

    amended = [effect.request for effect in world.effects if isinstance(effect, Replace)]
    assert "no quote: last 200.3 and 300 bps" in amended[-1].text
