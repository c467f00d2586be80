"""Daily values: golden numbers worked out by hand, and the laws of a volume profile."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.daily import (
    average_daily_volume,
    average_true_range,
    bucket_volumes,
    usual_sessions,
    volume_profile,
)
from execd.core.market import Bar
from execd.core.session_table import SessionWindow

DAY_NS = 86_400 * 10**9
MIN_NS = 60 * 10**9
DAYS = st.integers(1, 12).flatmap(
    lambda buckets_n: st.lists(
        st.lists(st.integers(0, 10**7).map(Decimal), min_size=buckets_n, max_size=buckets_n), min_size=1, max_size=9
    )
)


def bar(day: int, high: str, low: str, close: str, volume: int = 100) -> Bar:
    """Return a daily bar that opened where it closed."""
    return Bar(
        symbol="A",
        start_ns=day * DAY_NS,
        end_ns=(day + 1) * DAY_NS,
        open_px=Decimal(close),
        high_px=Decimal(high),
        low_px=Decimal(low),
        close_px=Decimal(close),
        volume=Decimal(volume),
    )


def minute(start_ns: int, volume: int) -> Bar:
    """Return a one-minute bar."""
    px = Decimal(10)
    return Bar(
        symbol="A",
        start_ns=start_ns,
        end_ns=start_ns + MIN_NS,
        open_px=px,
        high_px=px,
        low_px=px,
        close_px=px,
        volume=Decimal(volume),
    )


def test_average_volume_is_the_mean_of_the_last_twenty_days() -> None:
    """1 to 20 have the mean 10.5; the day before them does not count."""
    days = [bar(0, "1", "1", "1", 10**6), *(bar(n, "1", "1", "1", n) for n in range(1, 21))]

    assert Decimal("10.5") == average_daily_volume(days)


def test_average_volume_of_nineteen_days_is_unknown() -> None:
    """Too little history is not a small volume."""
    assert average_daily_volume([bar(n, "1", "1", "1") for n in range(19)]) is None


def test_true_range_is_averaged_as_wilder_did() -> None:
    """Worked out by hand, three days: ranges 2, 3, 4 average to 3; then 6 makes (3×2 + 6) ÷ 3 = 4, then 1 makes 3.

    Day 1: high 11, low 9 around a close of 10: 2. Day 2: 13 − 10 = 3. Day 3 opened with a gap: 16 − 12 (the close
    before) = 4. Day 4 fell: 15 (the close before) − 9 = 6. Day 5: 10.5 − 9.5 = 1.
    """
    days = [
        bar(0, "10", "10", "10"),
        bar(1, "11", "9", "11"),
        bar(2, "13", "10", "12"),
        bar(3, "16", "14", "15"),
        bar(4, "12", "9", "10"),
        bar(5, "10.5", "9.5", "10"),
    ]

    assert Decimal(3) == average_true_range(days[:4], days=3)
    assert Decimal(4) == average_true_range(days[:5], days=3)
    assert Decimal(3) == average_true_range(days, days=3)


def test_true_range_needs_one_day_more_than_it_averages() -> None:
    """The first bar has no close before it."""
    days = [bar(n, "11", "10", "10") for n in range(15)]

    assert (None, Decimal(1)) == (average_true_range(days[:14]), average_true_range(days))


def test_a_bucket_holds_what_began_within_it() -> None:
    """Minutes before the open and from the close on do not count; the last bucket may be short."""
    session = SessionWindow(open_ns=100 * MIN_NS, close_ns=107 * MIN_NS)
    bars = [minute(n * MIN_NS, 1) for n in (99, 100, 104, 105, 106, 107)]

    assert (Decimal(2), Decimal(2)) == bucket_volumes(bars, session)


def test_early_closes_and_other_hours_are_left_out() -> None:
    """A half day's shape is not that of a full day, whether the calendar calls it early or it is only shorter."""
    full = [SessionWindow(open_ns=n * 100, close_ns=n * 100 + 10) for n in range(3)]
    half, late = SessionWindow(open_ns=300, close_ns=305), SessionWindow(open_ns=400, close_ns=407)

    assert tuple(full) == usual_sessions([*full, half, late], [300])


def test_early_closes_are_left_out_even_where_they_are_the_most() -> None:
    """After a week of half days a full day is still what a day is like."""
    full = SessionWindow(open_ns=0, close_ns=10)
    halves = [SessionWindow(open_ns=n * 100, close_ns=n * 100 + 5) for n in (1, 2)]

    assert (full,) == usual_sessions([full, *halves], [100, 200])


def test_a_profile_is_the_median_of_the_parts_of_each_day() -> None:
    """Parts .5 .25 .25 / .25 .25 .5 / .2 .6 .2 have medians .25 .25 .25, and a third each sums to exactly one."""
    days = [[Decimal(part) for part in day] for day in ((50, 25, 25), (1, 1, 2), (1, 3, 1))]

    assert (Decimal("0.333333334"), Decimal("0.333333333"), Decimal("0.333333333")) == volume_profile(days)


@given(DAYS)
def test_a_profile_sums_to_exactly_one_or_is_empty(days: list[list[Decimal]]) -> None:
    """A schedule over it ends with everything done, to the share."""
    profile = volume_profile(days)

    assert sum(profile) == (1 if profile else 0)
    assert all(part >= 0 for part in profile)
    assert len(profile) in {0, len(days[0])}


@given(DAYS, st.randoms(use_true_random=False))
def test_the_order_of_days_does_not_change_a_profile(days: list[list[Decimal]], chance: Random) -> None:
    """A median asks how often, not when."""
    shuffled = list(days)
    chance.shuffle(shuffled)

    assert volume_profile(days) == volume_profile(shuffled)


@given(DAYS, st.integers(2, 1_000))
def test_a_heavier_day_of_the_same_shape_does_not_change_a_profile(days: list[list[Decimal]], factor: int) -> None:
    """Each day counts alike."""
    heavier = [[volume * factor for volume in days[0]], *days[1:]]

    assert volume_profile(days) == volume_profile(heavier)


@pytest.mark.parametrize("days", [[], [[Decimal(0), Decimal(0)]]])
def test_no_volume_has_no_profile(days: list[list[Decimal]]) -> None:
    """Nothing is made up where nothing traded."""
    assert volume_profile(days) == ()
