"""Orders that may be no more than a part of the volume, at work: what is waited for, taken, and left over."""

from decimal import Decimal
from functools import partial

import pytest
from msgspec.structs import replace

from execd.core.enums import ParentStatus, Urgency
from execd.core.events import Replace, Submit
from execd.core.records import Waited
from execd.core.rules import S
from tests.unit.engine.test_schedules_at_work import FAR, filled_by, parent_of, times, work
from tests.world import START_NS, World, quote


def test_what_a_cap_leaves_over_is_reported_with_the_number() -> None:
    """10% of 4,000 printed is 400; 600 are left."""
    world = World()
    world.at(30, lambda: world.print("AAPL", "200.01", 4_000))
    work(parent_of("twap", 1_000, participation_max="0.1"), world=world)
    parent = world.book.parents["p"]

    assert (Decimal(400), ParentStatus.PARTIALLY_FILLED) == (parent.cum_qty, parent.status)
    assert parent.reason.startswith("participation_cap: 600 left, 10% of 4000 printed")


def test_a_cap_allows_what_is_less_than_a_lot() -> None:
    """1% of 7,500 printed is 75, and 75 are taken: a lot is what `pov` waits for, not a cap."""
    world = World()
    for at_s in (30, 150, 270):
        world.at(at_s, lambda: world.print("AAPL", "200.01", 2_500))
    work(parent_of("twap", 400, participation_max="0.01"), world=world)
    parent = world.book.parents["p"]

    assert (Decimal(75), ParentStatus.PARTIALLY_FILLED) == (parent.cum_qty, parent.status)
    assert parent.reason.startswith("participation_cap: 325 left, 1% of 7500 printed")


def test_a_cap_waits_for_the_least_child_where_one_is_given() -> None:
    """`child_min` 50: 1% of 5,000 is one child of 50, and 1% of 7,500 no second one."""
    world = World()
    for at_s in (30, 150, 270):
        world.at(at_s, lambda: world.print("AAPL", "200.01", 2_500))
    work(parent_of("twap", 400, participation_max="0.01", child_min="50"), world=world)

    assert [(150, 50)] == times(world)


def test_a_wait_for_volume_is_told_anew_each_minute_while_its_numbers_change() -> None:
    """Prints that are too few: each minute the numbers of then; while nothing is printed nothing is told."""
    world = World(steps_more=True)
    for at_s in range(5, 150, 10):
        world.at(at_s, lambda: world.print("AAPL", "200.01", 50))
    work(parent_of("pov", 1_000, interval_ns=30 * S), until_s=400, world=world)
    told = [
        ((record.now_ns - START_NS) // S, record.text.split(" ", 2)[2])
        for record in world.records
        if isinstance(record, Waited)
    ]

    assert [(0, "0 printed"), (60, "300 printed"), (120, "600 printed"), (180, "750 printed")] == told


def test_a_part_of_the_volume_follows_each_print() -> None:
    """POV 10%: a lot of 100 for each thousand printed, at the print that brings it."""
    world = World()
    for at_s in (10, 20, 40, 100):
        world.at(at_s, lambda: world.print("AAPL", "200.01", 600))
    work(parent_of("pov", 1_000, interval_ns=30 * S), until_s=200, world=world)

    assert [(20, 100), (100, 100)] == times(world)


def test_the_liquidity_aware_form_takes_a_tenth_of_the_smaller_side_at_a_time() -> None:
    """5,000 are displayed on each side: children of 500, a second apart, though 2,000 are due."""
    world = World()
    world.at(10, lambda: world.print("AAPL", "200.01", 20_000))
    work(parent_of("pov", 2_000, displayed_max="0.1"), until_s=60, world=world)

    assert [(10, 500), (11, 500), (12, 500), (13, 500)] == times(world)


@pytest.mark.parametrize(
    "qty, printed_n, first",
    [(2_000, 999, None), (2_000, 1_000, 100), (100, 99, None), (100, 100, 10)],
    ids=["not a round lot", "a round lot", "not a slice", "a slice of less than a round lot"],
)
def test_a_capped_slice_begins_with_a_round_lot_or_all_that_it_misses(
    qty: int, printed_n: int, first: int | None
) -> None:
    """A child does not grow with the volume, so one of a few shares would stand in the way of the rest."""
    world = World(steps_more=True)
    world.at(10, lambda: world.print("AAPL", "200.00", printed_n))
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    world.at(0, lambda: world.drop(parent_of("twap", qty, participation_max="0.1")))
    world.run(20)

    assert [first] * (first is not None) == [one.order_qty for one in world.submitted]


def test_a_capped_child_grows_when_it_may_be_twice_what_it_is_and_not_before() -> None:
    """Its place in the queue is worth more than a few shares: 100 of 1,000, then 200, 400, 800, and all of it."""
    world = World(steps_more=True)
    for at_s in range(1, 55):
        world.at(at_s, lambda: world.print("AAPL", "200.00", 500))
        world.at(at_s, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    world.at(0, lambda: world.drop(parent_of("twap", 10_000, participation_max="0.1", tactic=FAR)))
    world.run(58)
    asked = [
        ((effect.request.send_by_ns - START_NS) // S - 1, int(effect.request.order_qty))
        for effect in world.effects
        if isinstance(effect, Submit | Replace)
    ]

    assert [(2, 100), (4, 200), (8, 400), (16, 800), (20, 1_000)] == asked


def test_the_last_slice_of_a_capped_order_takes_round_lots_and_what_is_allowed_a_second_before_its_end() -> None:
    """25 shares are allowed each 3 s: three lots of 100, then the 50 that came after the last of them."""
    world = World(steps_more=True)
    for at_s in range(3, 43, 3):
        world.at(at_s, lambda: world.print("AAPL", "200.00", 250))
    work(parent_of("twap", 1_000, life_s=60, participation_max="0.1"), until_s=61, world=world)

    assert [(12, 100), (24, 100), (36, 100), (58, 50)] == times(world)


def test_the_cross_of_what_is_left_begins_at_the_touch_each_time_it_has_waited_for_volume() -> None:
    """Lots a second apart in the last five seconds: none is reprice 1, 2 or 3 of the first, further into the collar."""
    world = World(steps_more=True)
    for at_s in (56, 57, 58):
        world.at(at_s, lambda: world.print("AAPL", "200.00", 1_000))
    parent = replace(parent_of("twap", 1_000, life_s=60, participation_max="0.1", tactic=FAR), urgency=Urgency.NORMAL)
    work(parent, until_s=61, world=world)

    assert [(56, 100), (57, 100), (58, 100)] == times(world)
    assert 1 == len({request.price for request in world.submitted})


def test_a_capped_order_whose_life_is_shorter_than_the_lead_of_its_last_order_ends_by_its_deadline() -> None:
    """No cap held back what could not have been sent."""
    world = work(parent_of("twap", 100, life_s=0.4, participation_max="0.1"), until_s=2)

    assert "deadline" == world.book.parents["p"].reason


def test_what_is_printed_after_the_schedule_is_over_counts_for_no_cap() -> None:
    """A minute was asked for: 10% of the 2,500 of that minute, though the deadline is a minute later."""
    world = World()
    for at_s, printed in ((30, 2_500), (90, 10_000)):
        world.at(at_s, partial(world.print, "AAPL", "200.01", printed))
    asked = {"duration_ns": 60 * S, "participation_max": "0.1"}
    work(replace(parent_of("twap", 1_000, life_s=120, **asked), urgency=Urgency.NORMAL), until_s=125, world=world)
    parent = world.book.parents["p"]

    assert (Decimal(250), "participation_cap: 750 left, 10% of 2500 printed") == (parent.cum_qty, parent.reason)
    assert 60 == (parent.notes[-1].now_ns - START_NS) // S


def test_what_a_cap_allowed_and_the_limit_kept_from_trading_may_still_trade_until_the_deadline() -> None:
    """500 of 5,000 were allowed in its minute; much is printed right after it, a lower price comes later: 500 it is."""
    world = World()
    for at_s, printed in ((30, 5_000), (60.5, 50_000)):
        world.at(at_s, partial(world.print, "AAPL", "200.01", printed))
    world.at(80.5, lambda: world.show(quote("AAPL", "199.80", "199.82", size=5_000)))
    asked = {"duration_ns": 60 * S, "participation_max": "0.1"}
    parent = replace(parent_of("twap", 1_000, life_s=120, **asked), urgency=Urgency.NORMAL, price=Decimal("199.90"))
    work(parent, until_s=125, world=world)
    done = world.book.parents["p"]

    assert (Decimal(500), Decimal(0)) == (done.cum_qty, filled_by(world, 80))
    assert "participation_cap: 500 left" == done.reason.split(",")[0]


def test_a_cap_is_not_blamed_for_what_the_market_kept_from_trading() -> None:
    """500 were allowed and none of them was sold at that price: whoever reads it would raise the cap."""
    world = World()
    world.at(30, lambda: world.print("AAPL", "200.01", 5_000))
    work(parent_of("twap", 1_000, participation_max="0.1", tactic=FAR), world=world)
    told = "1000 left, 500 were allowed (10% of 5000 printed), 0 of them are filled"

    assert f"deadline: {told}" == world.book.parents["p"].reason


def test_a_child_that_is_out_is_raised_to_what_is_allowed_a_second_before_the_end() -> None:
    """100 rest; 150 are allowed since, which is not twice as much."""
    world = World(steps_more=True)
    for at_s, printed in ((5, 1_000), (20, 500)):
        world.at(at_s, partial(world.print, "AAPL", "200.01", printed))
    work(parent_of("twap", 1_000, life_s=60, participation_max="0.1", tactic=FAR), until_s=61, world=world)
    asked = [
        (one.request.send_by_ns - START_NS - S, int(one.request.order_qty))
        for one in world.effects
        if isinstance(one, Submit | Replace)
    ]

    assert [(5 * S, 100), (58_500_000_000, 150)] == asked
