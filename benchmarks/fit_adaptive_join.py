"""Hold the numbers of `adaptive_join` against recorded days that did not choose them.

Each number is moved alone, one step down and one up. For each day the best of these candidates by the mean cost of all
other days is taken under the pessimistic rule, and what it costs on that day counts: the mean over days is what numbers
chosen so would have cost on days that nobody had looked at. Beside it stand the shipped numbers, `anchor` and
`progressive` on the same pairs. What is measured, and what it cannot know: docs/quality/README.md.

    python benchmarks/fit_adaptive_join.py                        120 pairs a day, both queue rules
    python benchmarks/fit_adaptive_join.py --parents 300 --write    and write the tables (docs/quality/adaptive_join.md)

Finished runs are kept, as those of quality.py are. It needs the shared test data (EXECD_SHARED_DATA).
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks._quality import Run, run_of
from benchmarks._quality_days import REPOSITORY, cache_folder, day_files, load_day
from benchmarks._quality_measures import measures
from benchmarks._quality_runs import done
from benchmarks._quality_trials import Experiment, pairs_of
from execd.core.enums import QueueRule

PAIRS_N: Final = 120
SEED: Final = 7
JOBS_MAX: Final = 2
NAME: Final = "adaptive_join"
RIVALS: Final = ("anchor", "progressive")
STEPS: Final[dict[str, tuple[Any, Any]]] = {
    "look": ("1s", "250ms"),
    "take_first": (0.8, 1),
    "take_last": (0.4, 0.6),
    "improve_share": (0.3, 0.5),
    "calm": ("15s", "40s"),
    "show_ratio": (0.05, 0.2),
    "queue_ratio": (0.25, 1),
}
"""Of each number the step to either side; everything else stays as it is shipped."""
PAGE: Final = REPOSITORY / "docs" / "quality" / "adaptive_join.md"
BEGIN: Final = "<!-- written by benchmarks/fit_adaptive_join.py -->"
END: Final = "<!-- end of what is written -->"
Costs = dict[tuple[str, QueueRule], npt.NDArray[np.float64]]
"""Half-spreads by day, of a candidate or rival under a queue rule; `TAKEN` says that what is taken stays taken."""
TAKEN: Final = ", what is taken stays taken"


def candidates() -> list[Experiment]:
    """Return the shipped numbers, and each number moved alone."""
    moved = [
        Experiment(f"{name} {value}", {"algo": {"name": NAME, name: value}})
        for name, values in STEPS.items()
        for value in values
    ]
    return [Experiment(NAME, {"algo": {"name": NAME}}), *moved]


def costs_of(runs: Sequence[Run], cache: Path, jobs: int) -> Costs:
    """Work the runs; return the mean cost by day of each experiment. Runs come in the order of the days."""
    by_day: dict[tuple[str, QueueRule], list[float]] = {}
    for run, found in zip(runs, done(runs, cache, jobs), strict=True):
        day = load_day(Path(run.tape), cache)
        values = measures(day, pairs_of(day, run.pairs_n, run.seed), found)["cost_spreads"]
        label = f"{run.experiment}{TAKEN if run.taken_stays else ''}"
        by_day.setdefault((label, run.queue), []).append(float(np.nanmean(values)))
    return {key: np.array(values) for key, values in by_day.items()}


def held_out(costs: Costs, labels: Sequence[str]) -> list[str]:
    """Return for each day the candidate that is best on all others under the pessimistic rule."""
    table = np.array([costs[label, QueueRule.PESSIMISTIC] for label in labels])
    others = table.sum(axis=1, keepdims=True) - table
    return [labels[at] for at in others.argmin(axis=0)]


def page(costs: Costs, labels: Sequence[str], days: Sequence[str], pairs_n: int) -> Iterator[str]:
    """Yield the tables as Markdown."""
    best = held_out(costs, labels)
    yield f"Half-spreads against the arrival mid, pessimistic / optimistic, {pairs_n} pairs a day:"
    yield ""
    yield "| day left out | best on the others | there | as shipped | " + " | ".join(RIVALS) + " |"
    yield "|---" * (4 + len(RIVALS)) + "|"
    shown = [NAME, *RIVALS]
    for n, (day, label) in enumerate(zip(days, best, strict=True)):
        cells = [_cell(costs, name, n) for name in (label, *shown)]
        yield f"| {day} | {'as shipped' if label == NAME else label} | {' | '.join(cells)} |"
    chosen = [np.mean([costs[label, queue][n] for n, label in enumerate(best)]) for queue in QueueRule]
    cells = [" / ".join(f"{value:.2f}" for value in chosen), *(_cell(costs, name) for name in shown)]
    yield f"| **mean** | | {' | '.join(f'**{cell}**' for cell in cells)} |"
    yield ""
    yield "| number | costs | more than as shipped, pessimistic, by day (mean ± standard error) |"
    yield "|---|---|---|"
    for label in labels:
        more = costs[label, QueueRule.PESSIMISTIC] - costs[NAME, QueueRule.PESSIMISTIC]
        error = more.std(ddof=1) / np.sqrt(len(more)) if len(more) > 1 else np.nan
        told = "" if label == NAME else f"{more.mean():+.3f} ± {error:.3f}"
        yield f"| {'as shipped' if label == NAME else label} | {_cell(costs, label)} | {told} |"
    yield ""
    yield "| | what is taken is there again when its side changes | only when its price changes |"
    yield "|---|---|---|"
    for label in shown:
        yield f"| {label} | {_cell(costs, label)} | {_cell(costs, label + TAKEN)} |"


def main() -> int:
    """Work every candidate over every day, print the tables, and write them where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parents", type=int, default=PAIRS_N, help=f"pairs a day (default {PAIRS_N})")
    parser.add_argument("--jobs", type=int, default=JOBS_MAX)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/quality/adaptive_join.md")
    args = parser.parse_args()
    paths = day_files()
    if not paths:
        print("SHARED TEST DATA ABSENT: set EXECD_SHARED_DATA; nothing measured")
        return 0
    tried = candidates()
    rivals = [Experiment(name, {"algo": {"name": name}}) for name in RIVALS]
    asked = [*((one, False) for one in (*tried, *rivals)), *((one, True) for one in (tried[0], *rivals))]
    runs = [
        run_of(path, experiment, queue, pairs_n=args.parents, seed=SEED, taken_stays=taken_stays)
        for experiment, taken_stays in asked
        for queue in QueueRule
        for path in paths
    ]
    costs = costs_of(runs, cache_folder(), args.jobs)
    days = [path.name.split(".")[0] for path in paths]
    lines = list(page(costs, [one.label for one in tried], days, args.parents))
    print("\n".join(lines))
    if args.write:
        text = PAGE.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        tail = rest.partition(END)[2]
        PAGE.write_text("\n".join([f"{head}{BEGIN}", *lines, f"{END}{tail}"]), encoding="utf-8")
        print(f"written to {PAGE}")
    return 0


def _cell(costs: Costs, label: str, n: int | None = None) -> str:
    told = [costs[label, queue].mean() if n is None else costs[label, queue][n] for queue in QueueRule]
    return " / ".join(f"{value:.2f}" for value in told)


if __name__ == "__main__":
    sys.exit(main())
