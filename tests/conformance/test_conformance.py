"""The suite: every case over every driver that can do it, as written and with a death in the middle."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.conformance import cases_kinds, cases_life
from tests.conformance.loop import LoopClock, run
from tests.conformance.matrix import DRIVERS, able, drawn
from tests.conformance.stage import Case, Stage, play
from tests.conformance.verdict import wrongs

CASES: Final = (*cases_life.CASES, *cases_kinds.CASES)
PAIRS: Final = [pytest.param(case, name, id=f"{case.name}-{name}") for case in CASES for name in able(case)]
MEMORY: Final = Path("/dev/shm")  # noqa: S108  # Its content is made private by mkdtemp.
DEATHS: Final = int(os.environ.get("EXECD_CONFORMANCE_DEATHS", "3"))
"""At so many points of each case its daemon is killed, one after the other; 0: at every one."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder for a venue's ledger, in memory where there is such a place: nothing here is about disks."""
    made = Path(tempfile.mkdtemp(prefix="execd-conformance-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def played(case: Case, name: str, folder: Path, *, dies_at: int = 0) -> tuple[Stage, list[str]]:
    """Return the stage at the end of a case over a driver, and what is wrong there."""
    folder.mkdir()

    async def main(clock: LoopClock) -> tuple[Stage, list[str]]:
        return await play(case, DRIVERS[name](), folder, clock, wrongs, dies_at=dies_at)

    return run(main)


@pytest.mark.parametrize("case, name", PAIRS)
def test_a_case_ends_as_promised(case: Case, name: str, folder: Path) -> None:
    """Book and broker agree, one order a decision, and people were told what they must be."""
    stage, found = played(case, name, folder / "well")

    assert [] == found
    case.check(stage)


@pytest.mark.parametrize("case, name", PAIRS)
def test_a_case_with_a_death_in_it_ends_as_promised(case: Case, name: str, folder: Path) -> None:
    """Wherever the daemon is killed, the next one goes on from the journal, and the same holds at the end."""
    points_n = played(case, name, folder / "well")[0].fuse.n

    for dies_at in drawn(case, name, points_n, DEATHS):
        assert [] == played(case, name, folder / f"dies_at_{dies_at}", dies_at=dies_at)[1], f"killed at {dies_at}"
