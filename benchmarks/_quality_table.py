"""What all runs say together: estimates by experiment, queue rule and horizon, and by symbol, day or size.

Values in, lines of text or of Markdown out; nothing is run or drawn here. A new column is a line in COLUMNS.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks._quality import Floats, Run, Worked
from benchmarks._quality_days import load_day
from benchmarks._quality_measures import MEASURES, measures
from benchmarks._quality_stats import Estimate, Flags, Resamples
from benchmarks._quality_trials import HORIZONS_S, SIZES, pairs_of
from execd.core.enums import QueueRule

COLUMNS: Final = (
    ("cost_spreads", "cost, half-spreads", 2),
    ("cost_bps", "cost, bps", 2),
    ("vwap_bps", "vs VWAP, bps", 2),
    ("off_vwap_bps", "one side off VWAP, bps", 1),
    ("off_arrival_bps", "one side off arrival, bps", 1),
    ("better_spreads", "better than market, half-spreads", 2),
    ("filled", "filled", 3),
    ("passive", "passive", 3),
    ("orders", "orders", 1),
)
"""Measure, heading, places."""
ALL: Final = "all"
_BARE: Final = frozenset({"filled", "passive", "orders", "off_vwap_bps", "off_arrival_bps"})
"""Shown without an interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Measures by (experiment, queue rule), of all pairs of all days in one order; and what kind each pair is.

    `late` is the quantity that was filled after a deadline, `refused` what was not worked and why, `spent_s` the CPU
    seconds, by the same keys.
    """

    labels: tuple[str, ...]
    queues: tuple[QueueRule, ...]
    values: dict[tuple[str, QueueRule], dict[str, Floats]]
    late: dict[tuple[str, QueueRule], float]
    refused: dict[tuple[str, QueueRule], tuple[int, str]]
    spent_s: dict[tuple[str, QueueRule], float]
    kinds: dict[str, list[str]]
    resamples: Resamples

    def estimate(self, key: tuple[str, QueueRule], measure: str, **kinds: str) -> Estimate:
        """Return the mean of a measure over the pairs of these kinds (symbol="IBM", horizon="120 s")."""
        return self.resamples.mean(self.values[key][measure], self._among(kinds))

    def difference(self, one: str, other: str, queue: QueueRule, measure: str, **kinds: str) -> Estimate:
        """Return the mean of `one` less `other`, pair by pair."""
        values = self.values[one, queue][measure] - self.values[other, queue][measure]
        return self.resamples.mean(values, self._among(kinds))

    def names(self, kind: str) -> list[str]:
        """Return the names of a kind, in the order of the days; sizes from the small to the large."""
        names = list(dict.fromkeys(self.kinds[kind]))
        return sorted(names, key=SIZES.index) if kind == "size" else names

    def _among(self, kinds: Mapping[str, str]) -> Flags:
        among = np.ones(len(self.kinds["day"]), dtype=np.bool_)
        for kind, name in kinds.items():
            among &= np.array(self.kinds[kind]) == name
        return among


def gathered(found: Mapping[Run, Worked], cache: Path) -> Results:
    """Return the measures of all runs; every experiment must have worked the same days with the same pairs."""
    days = {run.tape: load_day(Path(run.tape), cache) for run in found}
    any_run = next(iter(found))
    pairs = {tape: pairs_of(day, any_run.pairs_n, any_run.seed) for tape, day in days.items()}
    kinds: dict[str, list[str]] = {"day": [], "symbol": [], "horizon": [], "size": []}
    for tape, day in days.items():
        kinds["day"] += [day.name] * len(pairs[tape])
        kinds["symbol"] += [day.symbol] * len(pairs[tape])
        kinds["horizon"] += [f"{pair.horizon_s} s" for pair in pairs[tape]]
        kinds["size"] += [SIZES[pair.size] for pair in pairs[tape]]
    parts: dict[tuple[str, QueueRule], dict[str, dict[str, Floats]]] = {}
    late: dict[tuple[str, QueueRule], float] = {}
    refused: dict[tuple[str, QueueRule], tuple[int, str]] = {}
    spent_s: dict[tuple[str, QueueRule], float] = {}
    for run, one in found.items():
        key = (run.experiment, run.queue)
        parts.setdefault(key, {})[run.tape] = measures(days[run.tape], pairs[run.tape], one, latency_ms=run.latency_ms)
        late[key] = late.get(key, 0.0) + float(one.late.sum())
        count, reason = refused.get(key, (0, ""))
        refused[key] = (count + one.refused, reason or one.reason)
        spent_s[key] = spent_s.get(key, 0.0) + one.spent_s
    values = {
        key: {name: np.concatenate([of_day[tape][name] for tape in days]) for name in MEASURES}
        for key, of_day in parts.items()
    }
    symbols = [day.symbol for day in days.values()]
    groups = [[len(pairs[tape]) for tape, day in days.items() if day.symbol == name] for name in dict.fromkeys(symbols)]
    return Results(
        labels=tuple(dict.fromkeys(run.experiment for run in found)),
        queues=tuple(dict.fromkeys(run.queue for run in found)),
        values=values,
        late=late,
        refused=refused,
        spent_s=spent_s,
        kinds=kinds,
        resamples=Resamples.of(groups, seed=any_run.seed),
    )


def main_rows(results: Results) -> Iterator[list[str]]:
    """Yield heading and rows of the main table: experiment, queue rule, horizon, then COLUMNS."""
    yield ["experiment", "queue", "horizon", *(heading for _, heading, _ in COLUMNS)]
    horizons = [f"{horizon_s} s" for horizon_s in HORIZONS_S]
    for label in results.labels:
        for queue in results.queues:
            for horizon in (ALL, *horizons):
                kinds = {} if horizon == ALL else {"horizon": horizon}
                yield [label, str(queue), horizon, *_cells(results, (label, queue), kinds)]


def split_rows(results: Results, by: str, measure: str = "cost_spreads") -> Iterator[list[str]]:
    """Yield heading and rows of one measure by symbol, day or size."""
    names = results.names(by)
    yield ["experiment", "queue", *names]
    for label in results.labels:
        for queue in results.queues:
            cells = [results.estimate((label, queue), measure, **{by: name}).text(2) for name in names]
            yield [label, str(queue), *cells]


def against_rows(results: Results, other: str, by: str) -> Iterator[list[str]]:
    """Yield heading and rows of how much more than `other` each experiment costs, pair by pair, in half-spreads."""
    names = results.names(by)
    yield ["experiment", "queue", ALL, *names]
    for label in results.labels:
        for queue in results.queues:
            kinds: list[dict[str, str]] = [{}, *({by: name} for name in names)]
            found = [results.difference(label, other, queue, "cost_spreads", **kind) for kind in kinds]
            yield [label, str(queue), *(one.text(2) for one in found)]


def as_text(results: Results, *, by: str, against: Sequence[str] = ()) -> list[str]:
    """Return the tables for a terminal, with what each experiment took and what must not be."""
    lines = [*_aligned(list(main_rows(results))), "", f"cost in half-spreads by {by}:"]
    lines += [*_aligned(list(split_rows(results, by))), ""]
    for other in against:
        lines += [f"cost less that of {other}, pair by pair, in half-spreads:"]
        lines += [*_aligned(list(against_rows(results, other, by))), ""]
    for label in results.labels:
        spent_s = sum(results.spent_s[label, queue] for queue in results.queues)
        lines.append(f"{label}: {spent_s:.1f} s of CPU when it was run")
    lines += [
        f"LATE: {label}, {queue}: {qty:g} shares after a deadline"
        for (label, queue), qty in results.late.items()
        if qty
    ]
    lines += [
        f"NOT WORKED: {label}, {queue}: {count} of the parents; the first: {reason}"
        for (label, queue), (count, reason) in results.refused.items()
        if count
    ]
    return lines


def as_markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as a table of a page."""
    head, *body = rows
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in body)]


def _cells(results: Results, key: tuple[str, QueueRule], kinds: Mapping[str, str]) -> Iterator[str]:
    for measure, _, places in COLUMNS:
        estimate = results.estimate(key, measure, **kinds)
        yield f"{estimate.mean:.{places}f}" if measure in _BARE else estimate.text(places)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
