"""The means of the day: whoever passes over rows and tells what stood comes to what telling every row comes to."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.algos.base import MarketView
from execd.core.daily import DailyValues
from execd.core.rules import MS, Rules, S
from execd.core.session_table import SessionWindow
from execd.core.spread import NOT_SEEN, SpreadMean, units_of
from execd.engine.market import Markets
from execd.simulation.agenda import PRINT
from execd.simulation.lane import Lane
from execd.simulation.segments import read_segments
from tests.unit.simulation.small import OPEN_NS, quote, tape, trade

CHUNK_ROWS = st.sampled_from([1, 2, 7, 4_096])
STEPS_MS = st.sampled_from([0, 1, 300, 700, 1_000, 20_000, 60_000, 300_000])
ROWS = st.lists(st.tuples(STEPS_MS, st.booleans(), st.integers(990, 1_010), st.integers(-1, 4)), max_size=60)
NORM = tuple(Decimal("0.001") for _ in range(78))
SESSION = SessionWindow(open_ns=OPEN_NS, close_ns=OPEN_NS + 23_400 * S)
RUNS = st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 400)), max_size=12)


def markets() -> Markets:
    """Return a market that knows the past days of ABC."""
    made = Markets(Rules(limits={}))
    made.on_days([DailyValues(symbol="ABC", volatility_norm=NORM, sessions=(SESSION,))])
    return made


def seen(view: MarketView) -> tuple[Decimal | None, Decimal | None]:
    """Return the means."""
    return view.spread_ewma, view.volatility_factor


@given(steps=ROWS, stops_ms=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=8), chunk_rows=CHUNK_ROWS)
def test_passing_over_rows_changes_no_mean(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, bool, int, int]],
    stops_ms: list[int],
    chunk_rows: int,
) -> None:
    """At any instants at which anybody looks, spread and volatility are those of every row being told."""
    rows, at_ms = [quote(0, "9.99", "10.01")], 0
    for step_ms, is_quote, px, gap in steps:
        at_ms += step_ms
        bid, ask = (f"{one / 100:.2f}" for one in (px, px + gap))
        rows.append(quote(at_ms, bid, ask) if is_quote else trade(at_ms, bid))
    path = tape(tmp_path_factory.mktemp("tapes"), "ABC", rows)
    told, passed = markets(), markets()
    whole, lane = (Lane("ABC", read_segments([path], "ABC", chunk_rows=chunk_rows)) for _ in range(2))
    whole.watch_everything()
    stops_ns = sorted(OPEN_NS + stop_ms * MS for stop_ms in stops_ms)
    by_row, by_stop = [], []
    for stop_ns in stops_ns:
        while (hit := whole.next_hit(stop_ns)) is not None and hit[0] <= stop_ns:
            if hit[1] == PRINT:
                told.on_prints(whole.go_to_print())
            else:
                whole.go_to_quote()
                _, one = whole.take()
                assert one is not None
                told.on_quote(one)
        by_row.append(seen(told.view("ABC", stop_ns)))
        lane.go_to(stop_ns)
        samples = lane.samples(stop_ns)
        if samples is not None:
            passed.on_passed(samples)
        prints, last = lane.take()
        if prints is not None:
            passed.on_prints(prints)
        if last is not None:
            passed.on_quote(last)
        by_stop.append(seen(passed.view("ABC", stop_ns)))

    assert by_row == by_stop


@given(RUNS, st.integers(1, 10**7), st.integers(0, 400), st.integers(0, 400))
def test_time_may_be_cut_anywhere(before: list[tuple[int, int]], units: int, some_n: int, more_n: int) -> None:
    """Seconds in one piece and in two are the same seconds, so quotes may be conflated."""
    mean = _after(before)

    assert mean.after(units, some_n).after(units, more_n) == mean.after(units, some_n + more_n)


@given(RUNS)
def test_a_mean_spread_is_between_the_spreads_that_were_seen(runs: list[tuple[int, int]]) -> None:
    """It is a mean: never below the least, never above the largest; None before the first second."""
    stood = [units for units, seconds_n in runs if seconds_n]
    px = _after(runs).px

    assert (px is None) == (not stood)
    assert px is None or min(stood) <= units_of(px) <= max(stood)


def _after(runs: list[tuple[int, int]]) -> SpreadMean:
    mean = NOT_SEEN
    for units, seconds_n in runs:
        mean = mean.after(units, seconds_n)
    return mean


def test_half_of_a_mean_spread_is_a_minute_old() -> None:
    """60 s after a spread of 1.00 became 0, half of it is left, once an hour has been seen."""
    mean = NOT_SEEN.after(units_of(Decimal(1)), 3_600).after(0, 60).px

    assert mean is not None
    assert abs(mean - Decimal("0.5")) < Decimal("0.0001")


def test_the_first_second_counts_whole() -> None:
    """A mean of one spread is that spread: nothing is said of the time before it."""
    assert Decimal("0.02") == NOT_SEEN.after(units_of(Decimal("0.02")), 1).px


def test_a_mean_does_not_move_for_ever() -> None:
    """A quote that stands for a weekend costs no more than one that stands for half an hour."""
    once = NOT_SEEN.after(units_of(Decimal("0.03")), 5_000)

    assert once == once.after(units_of(Decimal("0.03")), 10**12)
