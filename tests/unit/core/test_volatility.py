"""How much a price moves in half an hour against the usual: numbers by hand, and what is not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.market import Bar
from execd.core.session_table import SessionWindow
from execd.core.volatility import (
    CLOSES_N,
    MINUTE_NS,
    day_volatilities,
    minute_closes,
    realised,
    volatility_factor,
    volatility_norm,
)

OPEN_NS = 10**15
DAY = SessionWindow(open_ns=OPEN_NS, close_ns=OPEN_NS + 390 * MINUTE_NS)
FLAT = [Decimal(100)] * CLOSES_N
UP_AND_DOWN = [Decimal(100 + n % 2) for n in range(CLOSES_N)]
NORM = tuple(Decimal("0.02") for _ in range(78))


def minute(n: int, close: str) -> Bar:
    """Return the bar of the n-th minute of the day."""
    px, start_ns = Decimal(close), OPEN_NS + n * MINUTE_NS
    return Bar(
        symbol="A",
        start_ns=start_ns,
        end_ns=start_ns + MINUTE_NS,
        open_px=px,
        high_px=px,
        low_px=px,
        close_px=px,
        volume=Decimal(1),
    )


def test_volatility_is_the_root_of_the_squared_returns() -> None:
    """Fifteen steps from 100 to 101 (1%) and fifteen back (100/101 - 1): sqrt(15 x 0.01^2 + 15 x 0.0099010^2)."""
    assert [Decimal(0), Decimal("0.054501780")] == [realised(FLAT), realised(UP_AND_DOWN)]


def test_half_an_hour_needs_thirty_one_closes_above_zero() -> None:
    """Less is not a small volatility: it is not known."""
    assert [None, None] == [realised(FLAT[1:]), realised([*FLAT[1:], Decimal(0)])]


def test_a_minute_without_print_keeps_the_price_before_it() -> None:
    """Minutes of other hours do not count; before the first print there is no price."""
    closes = minute_closes([minute(-1, "1"), minute(1, "10"), minute(3, "11"), minute(390, "2")], DAY)

    assert ([None, 10, 10, 11, 11], 390) == (closes[:5], len(closes))


def test_a_day_says_its_volatility_from_the_first_whole_half_hour_on() -> None:
    """31 closes of minutes are there after 31 minutes: the end of the seventh five minutes is the first that says."""
    found = day_volatilities([minute(n, str(100 + n % 2)) for n in range(390)], DAY)

    assert (78, [None] * 6, Decimal("0.054501780")) == (len(found), list(found[:6]), found[6])


def test_the_norm_is_the_median_of_the_days_that_know() -> None:
    """Of five days the middle one; of four that know it is not known."""
    days = [[Decimal(n), None if n else Decimal(1)] for n in (5, 1, 4, 2, 3)]

    assert (Decimal(3), Decimal(0)) == volatility_norm(days)


def test_the_factor_is_now_against_usual_at_this_time_of_day() -> None:
    """0.054501780 against 0.02 is 2.7251."""
    assert Decimal("2.7251") == volatility_factor(UP_AND_DOWN, NORM, DAY, OPEN_NS + 60 * MINUTE_NS)


@pytest.mark.parametrize("minutes_n", [-1, 0, 30, 391])
def test_the_factor_is_not_known_at_the_open_and_outside_of_the_day(minutes_n: int) -> None:
    """The half hour before it was not of this session alone."""
    assert volatility_factor(UP_AND_DOWN, NORM, DAY, OPEN_NS + minutes_n * MINUTE_NS) is None


def test_the_factor_is_not_known_without_a_norm() -> None:
    """Whoever uses it then counts 1."""
    at_ns = OPEN_NS + 60 * MINUTE_NS

    assert [None, None] == [volatility_factor(UP_AND_DOWN, norm, DAY, at_ns) for norm in ((), (Decimal(0),) * 78)]


@given(st.lists(st.integers(1, 10**6), min_size=CLOSES_N, max_size=CLOSES_N), st.integers(2, 1_000))
def test_a_price_in_other_units_moves_as_much(closes: list[int], times: int) -> None:
    """Returns are parts of the price: a share of ten times the price is not ten times as lively."""
    plain = realised([Decimal(px) for px in closes])
    larger = realised([Decimal(px * times) for px in closes])

    assert plain is not None
    assert larger is not None
    assert abs(plain - larger) <= Decimal("1e-8")
