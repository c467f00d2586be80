"""Schedules in a small world: the worker drives them with real tactics against the simulated venue."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.events import Cancel, Replace, Submit
from execd.core.orders import AlgoSpec, ParentOrder, Plan, ReplaceRequest
from execd.core.records import Record, Sending, Waited
from execd.core.rules import S
from tests.unit.policy.scenes import preset
from tests.world import RULES, START_NS, World, intent, quote

NEAR: dict[str, Any] = {"name": "offset", "bps": "5", "ttl_ns": 3_600 * S}
FAR: dict[str, Any] = {"name": "offset", "bps": "-8", "ttl_ns": 3_600 * S}


def parent_of(name: str, qty: int, life_s: float = 600, **parameters: Any) -> ParentOrder:  # noqa: ANN401  # As stored.
    """Return an order that is cut over time, and never crosses for what is left."""
    spec = AlgoSpec(name=name, parameters={"interval_ns": 60 * S, "tactic": NEAR, **parameters})
    return intent(
        "p", side=Side.BUY, order_qty=Decimal(qty), algo=spec, expire_ns=START_NS + int(life_s * S), urgency=Urgency.LOW
    )


def work(parent: ParentOrder, until_s: float = 700, world: World | None = None) -> World:
    """Let an order be worked in a market that stands still, quoted each three seconds."""
    world = world or World()
    for at_s in range(0, int(until_s), 3):
        world.at(at_s, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    world.at(0, lambda: world.drop(parent))
    world.run(until_s)
    return world


def _is_replace(record: Record) -> bool:
    return isinstance(record, Sending) and isinstance(record.request, ReplaceRequest)


def times(world: World) -> list[tuple[int, int]]:
    """Return when each order left, in whole seconds from the start, and its quantity."""
    orders = [world.book.orders[key] for key in world.book.parents["p"].children]
    return [((order.sent_ns - START_NS) // S, int(order.first.order_qty)) for order in orders]


def test_a_twap_sends_each_slice_when_it_is_due() -> None:
    """Ten slices of ten, the first at once, then each minute."""
    world = work(parent_of("twap", 100))

    assert [(60 * k, 10) for k in range(10)] == times(world)
    assert ParentStatus.FILLED is world.book.parents["p"].status


def test_a_slice_that_rests_is_replaced_by_one_for_both() -> None:
    """One chain grows by its part of what is left: no second child, and no cancel."""
    world = work(parent_of("twap", 100, tactic=FAR), until_s=130)
    acts = [effect for effect in world.effects if isinstance(effect, Submit | Replace | Cancel)]

    assert [Submit, Replace, Replace] == [type(act) for act in acts]
    assert [10, 12, 13] == [int(act.request.order_qty) for act in acts if not isinstance(act, Cancel)]


def test_a_slice_that_rests_is_not_made_larger_while_no_quote_is_fresh() -> None:
    """The gate would refuse it again and again: it waits for the quote, and is asked for with it."""
    world = World()
    for at_s in (0, 100):
        world.at(at_s, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    world.at(0, lambda: world.drop(parent_of("twap", 100, tactic=FAR)))
    world.run(110)

    assert [100] == [(record.now_ns - START_NS) // S for record in world.records if _is_replace(record)]
    assert not [record for record in world.records if isinstance(record, Waited)]


def test_where_nothing_may_be_replaced_the_child_is_pulled_first() -> None:
    """A broker that cannot replace: a cancel, its answer, then one child for what both slices need."""
    world = work(
        parent_of("twap", 100, tactic=FAR),
        until_s=70,
        world=World(replace(RULES, cannot_replace=("sim",)), latency_ns=S),
    )
    acts = [effect for effect in world.effects if isinstance(effect, Submit | Replace | Cancel)]

    assert [Submit, Cancel, Submit] == [type(act) for act in acts]
    assert [10, 12] == [int(act.request.order_qty) for act in acts if isinstance(act, Submit)]


def test_what_nobody_sold_is_left_over_at_the_deadline() -> None:
    """A plan of low urgency does not cross: it ends with its deadline."""
    world = work(replace(parent_of("twap", 100, tactic=FAR), urgency=Urgency.LOW))

    assert ParentStatus.EXPIRED is world.book.parents["p"].status
    assert "deadline" == world.book.parents["p"].reason


def test_at_normal_urgency_what_is_left_is_crossed_for_shortly_before_the_end() -> None:
    """The last piece is the plan's: all that is left, through the touch, five seconds before the end."""
    world = work(replace(parent_of("twap", 100, tactic=FAR), urgency=Urgency.NORMAL))

    assert ParentStatus.FILLED is world.book.parents["p"].status
    orders = [world.book.orders[key] for key in world.book.parents["p"].children]
    assert START_NS + 594 * S < orders[-1].fills.counted[-1].transact_ns < START_NS + 600 * S


def test_a_schedule_that_is_over_before_the_deadline_says_so() -> None:
    """`duration` ends it, not the parent's deadline."""
    parent = replace(parent_of("twap", 100, tactic=FAR, duration_ns=120 * S), urgency=Urgency.LOW)
    world = work(parent, until_s=125)

    assert "schedule_over" == world.book.parents["p"].reason


def test_a_plan_says_where_its_schedule_is_cut_short() -> None:
    """A `duration` or an `end` beyond the deadline is kept to it, and the reasons say so; what fits says nothing."""
    asked = {
        "twap": [{"duration_ns": 1_200 * S}, {"duration_ns": 600 * S}],
        "vwap": [{"end_ns": START_NS + 720 * S}],
    }
    plans = [
        work(parent_of(name, 100, **given), until_s=1).book.parents["p"].plan
        for name, many in asked.items()
        for given in many
    ]
    told = [[one for one in plan.reasons if one.startswith("shortened")] for plan in plans if plan is not None]

    assert [
        ["shortened: its duration of 1200 s is cut to 600 s by the deadline or the session"],
        [],
        ["shortened: its end is 120 s after the deadline, which ends it"],
    ] == told


def test_a_slice_that_begins_far_behind_goes_through_the_touch() -> None:
    """`tracking`: more than a tenth behind is crossed for, though nothing crosses in the end."""
    world = work(parent_of("twap", 100, tactic=FAR, tracking="0.15"), until_s=185)

    assert [Decimal(0), Decimal(0), Decimal(30)] == [filled_by(world, at_s) for at_s in (60, 119, 180)]


def test_the_last_slice_waits_for_the_plan_where_its_tactic_is_over() -> None:
    """Twenty seconds of the last minute are tried; what is left is crossed for at the end, not given up before."""
    short = {**FAR, "ttl_ns": 20 * S}
    world = work(replace(parent_of("twap", 100, tactic=short), urgency=Urgency.NORMAL))

    assert (ParentStatus.FILLED, Decimal(0)) == (world.book.parents["p"].status, filled_by(world, 590))


def test_what_is_due_next_is_a_try_of_its_own() -> None:
    """The second lot of one minute is priced as the first was, not as the third reprice of it."""
    world = World()
    for at_s in (10, 55):
        world.at(at_s, lambda: world.print("AAPL", "200.01", 1_000))
    tactic = {"name": "marketable", "interval_ns": 15 * S}
    work(parent_of("pov", 1_000, interval_ns=300 * S, tactic=tactic), until_s=100, world=world)

    assert 2 == len(world.submitted)
    assert 1 == len({request.price for request in world.submitted})


def test_a_schedule_that_is_over_says_what_it_waited_for() -> None:
    """A sniper whose market never came: the end says so, not only that time is up."""
    parent = parent_of("twap", 100, duration_ns=120 * S, tactic={"name": "sniper", "price": "150"})
    world = work(replace(parent, urgency=Urgency.LOW), until_s=125)

    assert "schedule_over; it waited for not_wanted_yet" == world.book.parents["p"].reason


def filled_by(world: World, at_s: float) -> Decimal:
    """Return what was filled until so long after the start."""
    orders = [world.book.orders[key] for key in world.book.parents["p"].children]
    fills = [trade for order in orders for trade in order.fills.counted]
    return sum((one.last_qty for one in fills if one.transact_ns <= START_NS + at_s * S), Decimal(0))


def _die(world: World, from_s: float, to_s: float) -> None:
    """Let there be no process for a while."""
    world.at(from_s, lambda: setattr(world, "tell", lambda _event: None))

    def begin_again() -> None:
        del world.tell  # The one of its class counts again.
        world.crash()
        world.show(quote("AAPL", "200.00", "200.02", size=5_000))

    world.at(to_s, begin_again)


def test_what_came_too_late_is_spread_and_never_sent_at_once() -> None:
    """Dead from the second to the fifth slice: 80 shares in the six that are left, none of them twice."""
    world = World()
    _die(world, 65, 250)
    placed = times(work(parent_of("twap", 100), world=world))

    assert [(0, 10), (60, 10)] == placed[:2]
    assert [14, 13, 13, 14, 13, 13] == [qty for _, qty in placed[2:]]
    assert [300, 360, 420, 480, 540] == [at_s for at_s, _ in placed[3:]]
    assert 250 <= placed[2][0] <= 255


def test_what_came_too_late_is_skipped_where_that_was_asked_and_the_end_says_so() -> None:
    """Two slices went by without a process: 20 shares are not made up for."""
    world = World()
    _die(world, 65, 250)
    placed = times(work(parent_of("twap", 100, catch_up="skip"), world=world))
    parent = world.book.parents["p"]

    assert [10] * 8 == [qty for _, qty in placed]
    assert (Decimal(80), "skipped: 20 left, what came too late was skipped") == (parent.cum_qty, parent.reason)


OUTSIDE, BACK = (quote("AAPL", *prices, size=5_000) for prices in (("190.98", "191.00"), ("190.00", "190.02")))


def _ran_away(*, back_s: int) -> World:
    """Return a world in which a market runs beyond the collar of 300 in 15 minutes, and comes back after so long."""
    world = World(replace(RULES, preset=preset("balanced")))
    world.at(0, partial(world.show, BACK))
    world.at(0, lambda: world.drop(intent("p", order_qty=Decimal(300), expire_ns=START_NS + 900 * S)))
    for at_s in range(1, 899):
        world.at(at_s, partial(world.show, OUTSIDE if at_s < back_s else BACK))
        world.at(at_s, lambda: world.print("AAPL", "190.99", 1_000))
    return world


def test_what_a_schedule_leaves_to_cross_rests_at_the_collar_until_the_deadline() -> None:
    """SPEC 11: without `cancel_on_breach` a child that cannot be had inside the collar rests there to the deadline."""
    world = _ran_away(back_s=900)
    world.run(890)
    (key,) = world.book.parents["p"].live
    collar_px = plan_of(world).collar_px
    at_collar = world.book.orders[key].price
    world.run(901)

    assert "twap" == plan_of(world).algo
    assert collar_px == at_collar
    assert world.book.parents["p"].reason.startswith("deadline")


def test_what_a_schedule_leaves_to_cross_is_filled_when_the_market_comes_back() -> None:
    """The market is beyond the collar at the end of the slices, and comes back a minute before the deadline."""
    world = _ran_away(back_s=870)
    world.run(901)

    assert ParentStatus.FILLED is world.book.parents["p"].status


@pytest.mark.parametrize(
    "name, why",
    [
        ("twap", "twap: slice 1 of 10"),
        ("vwap", "vwap, even: no volume profile of this window is known: slice 1 of 10"),
        ("is", "is, even: the usual volume is not known: slice 1 of 10"),
    ],
)
def test_a_childs_text_says_which_slice_it_is_and_where_the_slices_come_from(name: str, why: str) -> None:
    """The reason of its price, then that of its size: also that the slices are even for want of something."""
    world = work(parent_of(name, 100), until_s=10)

    assert world.submitted[0].text.endswith(f"; {why}")
    assert world.submitted[0].text.startswith("offset 5 bps from mid 200.01")


def test_the_text_of_an_iceberg_says_what_is_shown() -> None:
    """What a new order and a replace say that they show is what they leave in the market."""
    iceberg = {"name": "iceberg", "display": "20", "move_bps": "1"}
    world = World()
    for at_s in range(0, 100, 3):
        bid = Decimal("200.00") + at_s // 9 * Decimal("0.03")
        world.at(at_s, partial(world.show, quote("AAPL", str(bid), str(bid + 2), size=5_000)))
        world.at(at_s + 1, partial(world.print, "AAPL", str(bid), 5_007))
    world.at(0, lambda: world.drop(parent_of("twap", 300, tactic=iceberg)))
    world.run(100)
    asked = [effect.request for effect in world.effects if isinstance(effect, Submit | Replace)]
    filled = [one for one in asked if isinstance(one, ReplaceRequest)]

    assert filled
    assert all(one.text.startswith(f"shows {one.order_qty} of ") for one in asked if one not in filled)
    assert all(int(one.text.split()[1]) <= one.order_qty for one in filled)


def plan_of(world: World) -> Plan:
    """Return the plan of the only parent."""
    plan = world.book.parents["p"].plan
    assert plan is not None

    return plan
