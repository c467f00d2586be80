"""The measure of execution quality, on a day whose answers are known: a constant spread over a price that drifts.

Quotes stand for a second, the middle goes up a cent with each, bid and ask are two cents apart, 300 shares each.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._quality import Worked, code_digest, joined, kept_at, run_of, work, worked
from benchmarks._quality_days import Day, load_day
from benchmarks._quality_experiments import MARKET, chosen, experiments
from benchmarks._quality_measures import MEASURES, measures
from benchmarks._quality_runs import parts_of
from benchmarks._quality_stats import Estimate, Resamples
from benchmarks._quality_table import against_rows, gathered
from benchmarks._quality_trials import Experiment, Pair, pairs_of
from execd.config.presets import shipped_names
from execd.core.enums import QueueRule
from execd.core.rules import MS, S
from execd.core.schedule_terms import ALGO_TERMS
from execd.venue.tape_text import HEADER

OPEN_NS = 1_381_152_600_000_000_000
"""09:30 in New York on a Monday."""
DAY_S = 23_400
SHOWN = 300
MARKET_ORDER = Experiment(MARKET, {"order_type": "market"})
NEVER = Experiment("never", {"algo": {"name": "offset", "bps": -1000}})
"""So far away that nothing of it is filled."""
MakeDay = Callable[..., Day]


@pytest.fixture(scope="module")
def make_day(tmp_path_factory: pytest.TempPathFactory) -> MakeDay:
    """Return a maker of days; `every_s` is how long a quote stands."""

    @cache
    def make(every_s: int = 1, widens_s: int = DAY_S, printed: int = 200) -> Day:
        folder = tmp_path_factory.mktemp("tape")
        rows = [HEADER.decode(), f"{OPEN_NS},T,,,,,100.00,100,N,,1"]
        for n in range(0, DAY_S, every_s):
            bid = 10_000 + n // every_s
            spread_cents = 2 if n < widens_s else 4
            at_ns = OPEN_NS + n * S
            rows.append(f"{at_ns},Q,{bid / 100:.2f},{SHOWN},{(bid + spread_cents) / 100:.2f},{SHOWN},,,NN,,")
            # In the middle of the quote, so that nothing rests where it prints.
            rows.append(f"{at_ns + 500 * MS},T,,,,,{(bid + spread_cents / 2) / 100:.2f},{printed},N,,1")
        path = folder / "abc_20131007.csv"
        path.write_text("\n".join([*rows, ""]), encoding="ascii")
        return load_day(path, folder / "cache")

    return make


def pair(at_s: float, qty: int, horizon_s: int = 120) -> Pair:
    """Return a parent that arrives so many seconds after the open."""
    return Pair(arrival_ns=OPEN_NS + int(at_s * S), horizon_s=horizon_s, size=0, qty=qty)


def measured(day: Day, pairs: list[Pair], experiment: Experiment) -> dict[str, list[float]]:
    """Return the measures of an experiment, pair by pair."""
    found = work(day, pairs, experiment, QueueRule.PESSIMISTIC, latency_ms=100)
    return {name: [round(float(one), 6) for one in part] for name, part in measures(day, pairs, found).items()}


def test_a_market_order_costs_one_half_spread(make_day: MakeDay) -> None:
    """Up to the displayed size, a buy and its mirror sell pay half of the spread each, wherever the price drifts."""
    day = make_day()
    found = measured(day, [pair(600.3, 100), pair(601.95, SHOWN)], MARKET_ORDER)

    assert ([1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]) == (
        found["cost_spreads"],
        found["better_spreads"],
        found["filled"],
        found["passive"],
    )


def test_one_side_alone_does_pay_the_drift(make_day: MakeDay) -> None:
    """Between decision and market the price went up a cent: the buy paid it, the sell won it, their mean did not."""
    day = make_day()
    found = work(day, [pair(601.95, 100)], MARKET_ORDER, QueueRule.PESSIMISTIC, latency_ms=100)
    mid_units = 10_000 * (100_00 + 601 + 1) / 100
    sides = [round(float(found.notional[0, at]) / 100 - mid_units) / 100 for at in (0, 1)]

    assert [2.0, 0.0] == sides


def test_a_large_market_order_walks_as_the_venue_lets_it(make_day: MakeDay) -> None:
    """Five times the displayed size pays five ticks, 0 to 4 beyond the touch: two ticks more in the mean."""
    day = make_day()
    found = measured(day, [pair(700.2, 5 * SHOWN)], MARKET_ORDER)

    assert ([3.0], [0.0]) == (found["cost_spreads"], found["better_spreads"])


def test_what_is_unfilled_at_the_deadline_is_charged_the_cross(make_day: MakeDay) -> None:
    """An order that never fills costs what a market order costs at its deadline, and nothing of it counts as filled."""
    day = make_day()
    found = measured(day, [pair(600.3, SHOWN), pair(900.0, 5 * SHOWN, 600)], NEVER)

    assert ([1.0, 3.0], [0.0, 0.0], [0.0, 0.0]) == (found["cost_spreads"], found["filled"], found["passive"])


def test_the_market_order_is_charged_at_once_and_the_rest_at_its_deadline(make_day: MakeDay) -> None:
    """Where the spread doubles in between, waiting costs half a spread more than a market order at arrival."""
    day = make_day(widens_s=650)
    waits, takes = (measured(day, [pair(600.3, 100)], one) for one in (NEVER, MARKET_ORDER))

    assert ([2.0], [-1.0], [1.0], [0.0]) == (
        waits["cost_spreads"],
        waits["better_spreads"],
        takes["cost_spreads"],
        takes["better_spreads"],
    )


def test_a_drift_over_the_whole_horizon_cancels_in_the_pair(make_day: MakeDay) -> None:
    """Ten minutes later the price is 6 dollars higher; the pair's cost does not know of it."""
    steep, flat = make_day(), make_day(every_s=5)
    found = [measured(day, [pair(600.3, 100, 600)], NEVER)["cost_spreads"] for day in (steep, flat)]

    assert [[1.0], [1.0]] == found


def test_a_benchmark_cancels_in_a_pair_and_a_side_alone_may_be_far_off_it(make_day: MakeDay) -> None:
    """Whatever price both sides are held against, the mean of buy and sell is half of what lies between them.

    The price goes up 24 cents in the 120 s: the buy pays them and the sell wins them.
    """
    found = measured(make_day(every_s=5), [pair(600.3, 100)], NEVER)
    (cost,), (vwap,), (off,) = found["cost_bps"], found["vwap_bps"], found["off_arrival_bps"]

    assert (True, True) == (abs(cost - vwap) < 0.01, abs(off - 24 / 10_121 * 1e4) < 0.01)


def test_what_rests_and_is_met_is_passive_and_costs_less(make_day: MakeDay) -> None:
    """An order at its own touch is met by a price that comes to it, and says so."""
    day = make_day(every_s=5)
    joins = Experiment("joins", {"algo": {"name": "offset", "bps": -1, "ttl": "300s"}})
    found = work(day, [pair(600.3, 100)], joins, QueueRule.PESSIMISTIC, latency_ms=100)

    # Both join their touch in a rising market: the price comes to the sell and leaves the buy behind.
    assert ([0.0, 100.0], [0.0, 100.0]) == (found.filled[0].tolist(), found.passive[0].tolist())


def test_cost_against_the_interval_is_measured_from_its_average_price(make_day: MakeDay) -> None:
    """The average price of the prints between arrival and deadline is the benchmark, in basis points of it."""
    day = make_day(every_s=5)
    one = pair(600.3, 100)
    vwap = day.vwap(one.arrival_ns, one.deadline_ns)

    # Of 24 prints with the middle at 101.21 and a cent more each.
    assert vwap == pytest.approx(1e4 * (101.21 + 0.01 * 23 / 2))


def test_an_interval_without_a_print_has_no_benchmark(make_day: MakeDay) -> None:
    """No average price is invented where nothing was printed."""
    day = make_day(every_s=5)

    assert day.vwap(OPEN_NS + 600_600 * MS, OPEN_NS + 604_000 * MS) is None


def test_what_is_typical_of_a_day_is_read_from_it(make_day: MakeDay) -> None:
    """What is displayed, and the volume of ten minutes, however large that is."""
    day = make_day(printed=20_000)

    assert (SHOWN, 20_000 * 600) == (day.shown_qty, day.ten_minute_qty)


@pytest.mark.parametrize("printed, most", [(200, 5 * SHOWN), (500, 3_000)])
def test_sizes_go_from_a_lot_to_five_times_the_displayed_size(make_day: MakeDay, printed: int, most: int) -> None:
    """Or to 1% of ten minutes' volume, where that is more; each doubling is as likely as any other."""
    qtys = sorted(one.qty for one in pairs_of(make_day(printed=printed), 400, seed=1))
    middle = (100 * most) ** 0.5

    assert (True, True, True) == (
        100 <= qtys[0] < 105,
        0.95 * most < qtys[-1] <= most,
        abs(qtys[200] / middle - 1) < 0.2,
    )


def test_parents_are_drawn_by_day_and_seed_alone(make_day: MakeDay) -> None:
    """Every experiment works the same parents, within the hours that are asked for, half of them for each horizon."""
    day = make_day()
    drawn = pairs_of(day, 80, seed=3)
    first_s, last_s = (min(one.arrival_ns for one in drawn), max(one.arrival_ns for one in drawn))

    assert (drawn, 40) == (pairs_of(day, 80, seed=3), sum(one.horizon_s == 120 for one in drawn))
    assert (True, True, True) == (
        first_s >= OPEN_NS + 600 * S,
        last_s < OPEN_NS + 6 * 3_600 * S,
        drawn != pairs_of(day, 80, seed=4),
    )


def test_every_algorithm_is_an_experiment() -> None:
    """Whoever adds an algorithm finds it measured, without a line here; one order as asked is the market order."""
    public = {name for name in ALGO_TERMS if name != "passthrough"}
    labels = {one.label.split()[0] for one in experiments() if not one.preset}
    presets = {one.preset for one in experiments() if one.preset}

    assert (public | {MARKET}, set(shipped_names())) == (labels, presets)


def test_a_pattern_that_fits_nothing_is_refused_with_what_there_is() -> None:
    """A misspelled name is not silently nothing."""
    with pytest.raises(ValueError, match=r"'ofset'; there are: market, "):
        chosen(experiments(), ["ofset"])


def test_a_finished_run_is_kept_and_is_the_same(tmp_path: Path) -> None:
    """A run that was broken off goes on where it was."""
    run = run_of(_tape_of(tmp_path), MARKET_ORDER, QueueRule.PESSIMISTIC, pairs_n=4, seed=1)
    (first, was_kept), (again, is_kept) = (worked(run, code_digest(), tmp_path / "cache") for _ in range(2))

    assert (False, True, True) == (was_kept, is_kept, _equal(first, again))


def test_a_run_in_parts_is_the_run_as_a_whole(make_day: MakeDay) -> None:
    """A pair is what it is by its number, whoever is worked beside it: so more pairs only add to what is known."""
    day, how = make_day(every_s=5), Experiment("joins", {"algo": {"name": "adaptive_join"}})
    pairs = pairs_of(day, 7, seed=1)
    whole, *parts = (
        work(day, pairs[first:last], how, QueueRule.PESSIMISTIC, latency_ms=100, first_n=first)
        for first, last in ((0, 7), (0, 3), (3, 7))
    )

    assert _equal(whole, joined(parts))
    assert 0 < np.ptp(whole.notional[:, 0] / whole.filled[:, 0])


def test_more_pairs_begin_with_the_parts_of_fewer() -> None:
    """What is known of 60 pairs is not worked again where 150 are asked for."""
    few, many = (
        parts_of(run_of(Path("tape"), MARKET_ORDER, QueueRule.PESSIMISTIC, pairs_n=n, seed=1)) for n in (60, 150)
    )

    assert few == many[:1]
    assert [(0, 60), (60, 60), (120, 30)] == [(part.first_n, part.pairs_n) for part in many]


def test_what_another_code_would_find_is_never_kept_as_this_ones(tmp_path: Path) -> None:
    """Whoever changes the code during a run is told, and nothing is kept."""
    run = run_of(_tape_of(tmp_path), MARKET_ORDER, QueueRule.PESSIMISTIC, pairs_n=4, seed=1)
    with pytest.raises(RuntimeError, match="the code changed while this ran"):
        worked(run, "the code before", tmp_path / "cache")

    assert not (tmp_path / "cache").exists()


def test_another_way_another_tape_or_another_code_is_another_run(tmp_path: Path) -> None:
    """The label alone makes no difference: a run is what it does."""
    one = run_of(_tape_of(tmp_path), MARKET_ORDER, QueueRule.PESSIMISTIC, pairs_n=4, seed=1)
    others = [
        msgspec.structs.replace(one, queue=QueueRule.OPTIMISTIC),
        msgspec.structs.replace(one, fields="{}"),
        msgspec.structs.replace(one, preset="swing"),
        msgspec.structs.replace(one, seed=2),
        msgspec.structs.replace(one, pairs_n=5),
        msgspec.structs.replace(one, latency_ms=0),
        msgspec.structs.replace(one, first_n=4),
    ]
    places = {kept_at(run, "code", tmp_path) for run in others} | {kept_at(one, "other", tmp_path)}
    same = kept_at(msgspec.structs.replace(one, experiment="another name"), "code", tmp_path)

    assert (8, False, kept_at(one, "code", tmp_path)) == (len(places), same in places, same)


@given(
    days=st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3), min_size=1, max_size=3), seed=st.integers(0, 99)
)
def test_a_resample_has_as_many_pairs_of_each_symbol_as_its_drawn_days(days: list[list[int]], seed: int) -> None:
    """Days are drawn within a symbol and pairs within a day, so equal days give equal weights to every symbol."""
    counts = Resamples.of(days, seed=seed, resamples_n=20).counts
    bounds = np.cumsum([0, *(sum(symbol) for symbol in days)])
    of_symbol = [counts[:, low:high].sum(axis=1) for low, high in pairwise(bounds)]

    assert all(
        min(symbol) * len(symbol) <= total <= max(symbol) * len(symbol)
        for symbol, totals in zip(days, of_symbol, strict=True)
        for total in totals
    )


def test_values_without_spread_have_an_interval_without_width() -> None:
    """Where every pair costs the same, no resample can differ."""
    found = Resamples.of([[5, 5], [3]], seed=1).mean(np.full(13, 1.25))

    assert Estimate(1.25, 1.25, 1.25) == found


def test_a_bootstrap_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Of 200 intervals of 95%, drawn from days with a known mean, at least 90% hold it, and not all."""
    generator = np.random.default_rng(5)
    held = 0
    resamples = Resamples.of([[60] * 9], seed=2, resamples_n=400)
    for _ in range(200):
        days = generator.normal(0, 0.2, size=9).repeat(60)
        estimate = resamples.mean(1.0 + days + generator.normal(0, 1.0, size=540))
        held += estimate.low <= 1.0 <= estimate.high

    assert 170 <= held <= 199, held


def test_a_pair_without_a_value_is_left_out_of_its_mean() -> None:
    """NaN says that there is no benchmark; where nothing has one the table shows nothing."""
    resamples = Resamples.of([[3]], seed=1)
    some = resamples.mean(np.array([1.0, np.nan, 3.0]))
    none = resamples.mean(np.full(3, np.nan))

    assert (2.0, "–") == (some.mean, none.text(2))


def test_a_difference_is_taken_pair_by_pair(tmp_path: Path) -> None:
    """What the pairs have in common cancels: an experiment differs from itself by nothing at all."""
    tape, cache = _tape_of(tmp_path), tmp_path / "cache"
    asked = [MARKET_ORDER, NEVER, Experiment("again", MARKET_ORDER.fields)]
    runs = [run_of(tape, one, QueueRule.PESSIMISTIC, pairs_n=8, seed=1) for one in asked]
    results = gathered({run: worked(run, code_digest(), cache)[0] for run in runs}, cache)
    same, other = (results.difference(one, MARKET, QueueRule.PESSIMISTIC, "cost_spreads") for one in ("again", "never"))
    rows = list(against_rows(results, MARKET, "symbol"))

    assert (Estimate(0, 0, 0), Estimate(0, 0, 0)) == (same, other)
    assert (["experiment", "queue", "all", "ABC"], 4) == (rows[0], len(rows))


def _tape_of(folder: Path) -> Path:
    rows = [HEADER.decode()]
    for n in range(0, DAY_S, 60):
        at_ns = OPEN_NS + n * S
        rows += [f"{at_ns},T,,,,,100.01,200,N,,1", f"{at_ns},Q,100.00,{SHOWN},100.02,{SHOWN},,,NN,,"]
    path = folder / "abc_20131007.csv"
    path.write_text("\n".join([*rows, ""]), encoding="ascii")
    return path


def _equal(one: Worked, other: Worked) -> bool:
    fields: list[str] = ["filled", "passive", "notional", "orders", "late"]
    same: list[Any] = [np.array_equal(getattr(one, name), getattr(other, name)) for name in fields]
    return all(same) and set(MEASURES) >= {"cost_bps"}
