"""What a newcomer sees first."""

import subprocess
import sys
from pathlib import Path

from tests.acceptance.daemon import REPOSITORY, clean_environment


def test_the_demo_plays_its_samples_and_ends_by_itself(tmp_path: Path, pycache: Path) -> None:
    """Without a terminal the demo ends within a minute with exit code 0 and a table of how every sample ended."""
    done = subprocess.run(
        [sys.executable, "-m", "execd.cli", "demo", "--state-dir", str(tmp_path / "demo")],
        cwd=REPOSITORY,
        env=clean_environment(pycache),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    told = ("5 of 5 samples ended as they should" in done.stdout, str(tmp_path / "demo" / "inbox") in done.stdout)
    assert (done.returncode, told, done.stderr) == (0, (True, True), "")
