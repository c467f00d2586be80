"""Many runs of the measure of execution quality, on several cores; what is known already is not worked again.

A run is worked in parts of a few pairs, first the first part of every run: what is known by then is a smaller measure
of everything, and asking for more pairs works only the new ones. What a run is, and where it is kept, is in `_quality`.
"""

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from time import perf_counter
from typing import Final

from msgspec.structs import replace

from benchmarks._quality import Run, Worked, code_digest, joined, kept_at, worked

PART_PAIRS_N: Final = 60
RUNS_KEPT_MAX: Final = 20_000
"""Parts, of about 5 kB each; the oldest are dropped first."""


def done(runs: Sequence[Run], cache: Path, jobs: int) -> Iterator[Worked]:
    """Yield what each run found, in their order; new ones are worked by `jobs` processes."""
    code = code_digest()
    parts = {run: parts_of(run) for run in runs}
    every = sorted((part for some in parts.values() for part in some), key=lambda part: part.first_n)
    new = [part for part in dict.fromkeys(every) if not kept_at(part, code, cache).exists()]
    began_s = perf_counter()
    if new:
        _prune(cache)
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            pending = {pool.submit(worked, run, code, cache): run for run in new}
            try:
                for n, future in enumerate(as_completed(pending), start=1):
                    run, (found, _) = pending[future], future.result()
                    name = f"{Path(run.tape).name.split('.')[0]} {run.experiment}, {run.queue}"
                    pairs = f"pairs {run.first_n + 1} to {run.first_n + run.pairs_n}"
                    print(f"[{n}/{len(new)}] {name}, {pairs}: {found.spent_s:.1f} s", file=sys.stderr)
            finally:
                # After a fault or an interrupt nothing more is begun; what is finished is kept.
                pool.shutdown(wait=False, cancel_futures=True)
    print(f"{len(new)} of {len(every)} parts were new: {perf_counter() - began_s:.0f} s", file=sys.stderr)
    for run in runs:
        yield joined([worked(part, code, cache)[0] for part in parts[run]])


def parts_of(run: Run) -> list[Run]:
    """Return a run in parts; the same parts are of every longer run."""
    return [
        replace(run, first_n=run.first_n + n, pairs_n=min(PART_PAIRS_N, run.pairs_n - n))
        for n in range(0, run.pairs_n, PART_PAIRS_N)
    ]


def _prune(cache: Path) -> None:
    """Drop the oldest results where there are too many; each is only a run that would be worked again."""
    kept = sorted((cache / "runs").glob("*.npz"), key=lambda path: path.stat().st_mtime)
    for path in kept[: max(0, len(kept) - RUNS_KEPT_MAX)]:
        path.unlink(missing_ok=True)
