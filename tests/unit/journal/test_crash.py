"""What a journal holds after its process was killed, at fifty instants."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("crash_driver.py")
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_lose_nothing_that_was_acknowledged_and_tear_no_batch(tmp_path: Path, seed: int) -> None:
    """Fault B1. Twice 25 kills -9: each acknowledged batch is there and whole, and the rows are the fold's."""
    done = subprocess.run(
        [sys.executable, DRIVER, tmp_path, "25", f"{seed}"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    verdict = json.loads(done.stdout or "{}")

    assert ([], "") == (verdict.get("wrong"), done.stderr)
    assert verdict["acknowledged"] > 25
