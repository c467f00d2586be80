"""Many runs of the measure of execution quality, on several cores; what is known already is not worked again.

What a run is, and where it is kept, is in `_quality`.
"""

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks._quality import Run, Worked, code_digest, kept_at, worked

RUNS_KEPT_MAX: Final = 20_000
"""About 20 kB each; the oldest are dropped first."""


def done(runs: Sequence[Run], cache: Path, jobs: int) -> Iterator[Worked]:
    """Yield what each run found, in their order; new ones are worked by `jobs` processes."""
    code = code_digest()
    new = [run for run in runs if not kept_at(run, code, cache).exists()]
    began_s = perf_counter()
    if new:
        _prune(cache)
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            pending = {pool.submit(worked, run, code, cache): run for run in new}
            try:
                for n, future in enumerate(as_completed(pending), start=1):
                    run, (found, _) = pending[future], future.result()
                    name = f"{Path(run.tape).name.split('.')[0]} {run.experiment}, {run.queue}"
                    print(f"[{n}/{len(new)}] {name}: {found.spent_s:.1f} s", file=sys.stderr)
            finally:
                # After a fault or an interrupt nothing more is begun; what is finished is kept.
                pool.shutdown(wait=False, cancel_futures=True)
    print(f"{len(new)} of {len(runs)} runs were new: {perf_counter() - began_s:.0f} s", file=sys.stderr)
    for run in runs:
        yield worked(run, code, cache)[0]


def _prune(cache: Path) -> None:
    """Drop the oldest results where there are too many; each is only a run that would be worked again."""
    kept = sorted((cache / "runs").glob("*.npz"), key=lambda path: path.stat().st_mtime)
    for path in kept[: max(0, len(kept) - RUNS_KEPT_MAX)]:
        path.unlink(missing_ok=True)
