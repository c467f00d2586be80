"""Measure what the algorithms cost on recorded days, beside a market order issued at the same instant.

Every parent is a buy and its mirror sell, alone in the market, 100 ms away from it; what is unfilled at the deadline
pays the cross. Assumptions and limits: docs/quality/README.md. The floor is `market`:
what whoever waits for nothing pays.

    python benchmarks/quality.py                          everything, 300 parents a day, both queue rules
    python benchmarks/quality.py --quick                  one day a symbol, 80 parents: a first look
    python benchmarks/quality.py --algos 'anchor,twap*' --days 'ibm*' --queue pessimistic --by day
    python benchmarks/quality.py --try 'mine={"algo": {"name": "offset", "bps": -2}}' --algos offset --against offset
    python benchmarks/quality.py --algos 'adaptive_join' --taken-stays    what is taken is gone while the price stands
    python benchmarks/quality.py --write                  and write tables and charts into docs/quality

Finished runs are kept (EXECD_BENCH_CACHE, else the user's cache folder) by a digest of the code they hang on, so a run
that was broken off goes on where it was. It needs the shared test data (EXECD_SHARED_DATA).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from benchmarks._quality import LATENCY_MS, run_of
from benchmarks._quality_days import REPOSITORY, cache_folder, day_files
from benchmarks._quality_experiments import chosen, experiments
from benchmarks._quality_runs import done
from benchmarks._quality_table import as_text, gathered
from benchmarks._quality_trials import Experiment
from execd.core.enums import QueueRule

PAIRS_N: Final = 300
QUICK_PAIRS_N: Final = 80
SEED: Final = 7
JOBS_MAX: Final = 2
OUT: Final = REPOSITORY / "docs" / "quality"


def main() -> int:
    """Run what is asked for, print the table, and write the pages where that is asked for."""
    args = _options().parse_args()
    try:
        paths = _days(args)
        asked = [*chosen(experiments(), _patterns(args.algos)), *map(_tried, args.attempts)]
        _check(args, asked)
    except ValueError as error:
        print(f"quality.py: {error}", file=sys.stderr)
        return 2
    if not paths:
        print("SHARED TEST DATA ABSENT: set EXECD_SHARED_DATA; nothing measured")
        return 0
    queues = [QueueRule(args.queue)] if args.queue else list(QueueRule)
    pairs_n = args.parents or (QUICK_PAIRS_N if args.quick else PAIRS_N)
    runs = [
        run_of(
            path,
            experiment,
            queue,
            pairs_n=pairs_n,
            seed=args.seed,
            latency_ms=args.latency_ms,
            taken_stays=args.taken_stays,
        )
        for experiment in asked
        for queue in queues
        for path in paths
    ]
    cache = cache_folder()
    found = dict(zip(runs, done(runs, cache, args.jobs), strict=True))
    results = gathered(found, cache)
    print("\n".join(as_text(results, by=args.by, against=_patterns(args.against))))
    if args.write:
        from benchmarks._quality_pages import write_pages  # noqa: PLC0415  # matplotlib: only who draws needs it.

        write_pages(results, OUT)
        print(f"written to {OUT}")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--algos", default="", help="labels or patterns, with commas between (default: all)")
    parser.add_argument("--try", dest="attempts", action="append", default=[], metavar="LABEL=JSON", help="one more")
    parser.add_argument("--days", default="", help="names of tapes or patterns (default: all)")
    parser.add_argument("--against", default="", help="labels: also tell the difference to each, pair by pair")
    parser.add_argument("--queue", choices=list(QueueRule), help="only that queue rule")
    parser.add_argument("--parents", type=int, help=f"pairs a day (default {PAIRS_N})")
    parser.add_argument("--quick", action="store_true", help=f"the first day of each symbol, {QUICK_PAIRS_N} pairs")
    parser.add_argument(
        "--by", choices=["symbol", "day", "size"], default="symbol", help="what the second table splits by"
    )
    parser.add_argument("--latency-ms", type=int, default=LATENCY_MS, help=f"to the venue (default {LATENCY_MS})")
    parser.add_argument(
        "--taken-stays", action="store_true", help="what was taken of a size is gone until that price changes"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=JOBS_MAX)
    parser.add_argument("--write", action="store_true", help="write docs/quality")
    return parser


def _days(args: argparse.Namespace) -> list[Path]:
    paths = day_files()
    patterns = _patterns(args.days)
    if patterns:
        paths = [path for path in paths if any(fnmatchcase(path.name.split(".")[0], one) for one in patterns)]
    elif args.quick:
        paths = list({path.name.split("_")[0]: path for path in reversed(paths)}.values())[::-1]
    if not paths and day_files():
        raise ValueError(f"no day is called {args.days!r}; there are: {', '.join(path.name for path in day_files())}")
    return paths


def _check(args: argparse.Namespace, asked: Sequence[Experiment]) -> None:
    if args.write and args.taken_stays:
        raise ValueError("--write tells what docs/quality says is assumed; leave out --taken-stays")
    labels = [one.label for one in asked]
    for other in _patterns(args.against):
        if other not in labels:
            raise ValueError(f"--against {other!r} is not among what is run: {', '.join(labels)}")


def _patterns(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _tried(text: str) -> Experiment:
    label, _, fields = text.partition("=")
    try:
        return Experiment(label, dict(json.loads(fields)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"--try {text!r} is not LABEL=JSON of an intent's fields: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
