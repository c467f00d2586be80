"""Seeded worlds: every law holds under faults, the same seed gives the same run, and every class of fault strikes.

The worlds themselves are in `execd.simulation`; here the command is run as people run it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

SEEDS: Final = Path(__file__).with_name("seeds.txt")
RUN_S_MAX: Final = 600


def simulated(*words: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run `execd simulate` with these words."""
    command = [sys.executable, "-m", "execd.cli", "simulate", *words]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=RUN_S_MAX, env=environment)


def told(*words: str) -> dict[str, Any]:
    """Return the JSON that it prints."""
    found: dict[str, Any] = json.loads(simulated(*words, "--json").stdout)
    return found


def regression_seeds() -> list[int]:
    """Return the seeds that once found something."""
    lines = SEEDS.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]


def test_every_law_holds_in_many_worlds() -> None:
    """Inv1 to Inv12 against the brokers' truth, in worlds of which each fails in its own way.

    Faults B1, B3, B14, C2, C3, C4, C6, C7, C10, C11, C15, C19, C20, C22, C26, D1, D2, D4, D8, D10, D15, F1, F2, G1, H5.
    """
    found = told("--seeds", "100", "--jobs", "2")

    assert ([], []) == ([(one["command"], one["text"]) for one in found["failed"]], found["never"])


@pytest.mark.parametrize("seed", regression_seeds())
def test_a_seed_that_found_something_finds_it_no_more(seed: int) -> None:
    """A defect that was mended stays mended."""
    found = told("--seed", str(seed), "--no-shrink")

    assert ("", "") == (found["law"], found["text"])


def test_a_seed_gives_the_same_run_whatever_the_hashes() -> None:
    """Nothing hangs on the order of a set, a clock or chance: a failure can be played again."""
    runs = [simulated("--seed", "3", "--minutes", "20", "--trace", hash_seed=one).stdout for one in ("0", "1", "12345")]

    assert (1, True) == (len(dict.fromkeys(runs)), len(runs[0]) > 1_000)


def test_a_fault_that_does_not_exist_is_a_usage_error() -> None:
    """Who misspells a class is told, and does not believe that it was left out."""
    ended = simulated("--seed", "1", "--without", "sunshine")

    assert (2, True) == (ended.returncode, "there is no fault sunshine" in ended.stderr)
