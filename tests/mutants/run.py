"""`make mutants`: sabotage a copy of the package, one line at a time, and play worlds in it until a law breaks.

A table tells which seed and law killed each mutant, and how long that took. One that survives is a failure, and so is
one whose line is no longer found exactly once. The tree that it is run from is never touched.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple, NoReturn

from tests.mutants.table import MUTANTS, Mutant

PACKAGE: Final = Path(__file__).resolve().parents[2] / "execd"
SEEDS: Final = 300
"""So many worlds a mutant may survive before it counts as alive."""
ENDING: Final = (signal.SIGINT, signal.SIGTERM)
SIGNALLED: Final = 128
"""With the number of the signal: how a shell tells what ended a command."""
MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108  # A folder of its own is made there.


class Death(NamedTuple):
    """Which seed and which law killed a mutant (law empty: none did), in how many seconds."""

    law: str
    seed: int
    text: str
    seconds: float


def occurrences(mutant: Mutant) -> int:
    """Return how often its line occurs in the package; once is right."""
    return (PACKAGE / mutant.file).read_text(encoding="utf-8").count(mutant.old)


def sabotaged(mutant: Mutant, folder: Path) -> Path:
    """Return a folder that holds the package with one line changed."""
    if occurrences(mutant) != 1:
        message = (
            f"{mutant.name}: its line occurs {occurrences(mutant)} times in execd/{mutant.file}; change the mutant"
        )
        raise ValueError(message)
    shutil.copytree(PACKAGE, folder / "execd", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "execd" / mutant.file
    file.write_text(file.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
    return folder


def copies() -> str | None:
    """Return where the copies lie: EXECD_MUTANTS_DIR, else memory; None is the system's own place."""
    named = os.environ.get("EXECD_MUTANTS_DIR")
    return named or (str(MEMORY_DISK) if MEMORY_DISK.is_dir() else None)


def killed_by(mutant: Mutant, seeds: list[int]) -> Death:
    """Return which of the seeds kills a mutant; they are played in their order."""
    began_s = time.perf_counter()
    with TemporaryDirectory(prefix="execd-mutant-", dir=copies()) as folder:
        place = sabotaged(mutant, Path(folder))
        for start, count in runs(seeds):
            words = [
                "simulate",
                "--seeds",
                str(count),
                "--start",
                str(start),
                "--until-failure",
                "--no-shrink",
                "--json",
            ]
            ended = simulated(words, place)
            seconds = time.perf_counter() - began_s
            if not ended.stdout:
                # It does not even start: dead, but not of a law.
                return Death("import", start, ended.stderr.strip().splitlines()[-1], seconds)
            failed = json.loads(ended.stdout)["failed"]
            if failed:
                first = failed[0]
                return Death(first["law"], first["asked"]["seed"], first["text"].strip().splitlines()[-1], seconds)
    return Death("", -1, "", time.perf_counter() - began_s)


def simulated(words: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """Return how the command ended in the copy; whatever interrupts the wait ends it and its children first."""
    # A signal between the fork and our knowing of it would leave a child that nobody ends: it comes after.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    with subprocess.Popen(
        [sys.executable, "-m", "execd.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(place)},
        start_new_session=True,
    ) as child:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            told, errors = child.communicate()
        except BaseException:  # A signal: nothing of ours may outlive us, least of all in a copy that is removed.
            os.killpg(child.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(child.args, child.returncode, told, errors)


def runs(seeds: list[int]) -> list[tuple[int, int]]:
    """Return seeds as stretches of (first, count)."""
    found: list[tuple[int, int]] = []
    for seed in seeds:
        if found and seed == sum(found[-1]):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((seed, 1))
    return found


def main(words: list[str] | None = None) -> int:
    """Run every mutant, or those that are named; return 0 where each was killed."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants (all)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"worlds that each may survive (default {SEEDS})")
    args = parser.parse_args(words)
    known = [one.name for one in MUTANTS]
    strangers = [name for name in args.names if name not in known]
    if strangers:
        parser.error(f"there is no mutant {', '.join(strangers)}; there are {', '.join(known)}")
    # Also where a shell started it in the background, with interrupts ignored: whoever sends one means it.
    for number in ENDING:
        signal.signal(number, _end)
    meant = [one for one in MUTANTS if not args.names or one.name in args.names]
    alive: list[str] = []
    print(f"{'mutant':34}{'killed by':16}{'seed':>6}{'seconds':>9}  what broke")  # noqa: T201  # The table.
    for mutant in meant:
        # Its own seed first, then all others.
        death = killed_by(mutant, [mutant.seed, *(seed for seed in range(args.seeds) if seed != mutant.seed)])
        if not death.law or death.law == "import":
            alive.append(mutant.name)
        law = death.law or "NOBODY"
        print(f"{mutant.name:34}{law:16}{death.seed:>6}{death.seconds:>9.1f}  {death.text[:110]}", flush=True)  # noqa: T201  # The same.
    print(f"{len(meant) - len(alive)} of {len(meant)} killed{': alive are ' + ', '.join(alive) if alive else ''}")  # noqa: T201  # The same.
    return 1 if alive else 0


def _end(number: int, _: object) -> NoReturn:
    """Leave through every `finally`, so that the child is ended and the copy removed."""
    sys.exit(SIGNALLED + number)


if __name__ == "__main__":
    sys.exit(main())
