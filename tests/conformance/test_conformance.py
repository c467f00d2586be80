"""The suite: every case over every driver that can do it, as written and with a death in the middle."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.conformance import cases_doubt, cases_kinds, cases_life, cases_reading, cases_stream
from tests.conformance.loop import LoopClock, run
from tests.conformance.matrix import DRIVERS, able, drawn
from tests.conformance.stage import Case, Stage, play
from tests.conformance.verdict import wrongs

CASES: Final = (*cases_life.CASES, *cases_kinds.CASES, *cases_doubt.CASES, *cases_stream.CASES, *cases_reading.CASES)
MEMORY: Final = Path("/dev/shm")  # noqa: S108  # Its content is made private by mkdtemp.
DEATHS: Final = int(os.environ.get("EXECD_CONFORMANCE_DEATHS", "1"))
"""At so many points of each case its daemon is killed, one after the other; 0: at every one."""

POINTS: Final[dict[tuple[str, str], int]] = {}
"""How many points at which one can die a case has over a driver, once it was played there."""


def pairs(*cases: Case) -> list[tuple[Case, str]]:
    """Return each case with each driver that can do what it needs."""
    return [(case, name) for case in cases for name in able(case)]


def named(value: Case | str) -> str:
    """Return the name of a case, or of a driver."""
    return value if isinstance(value, str) else value.name


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

    stage, found = run(main)
    if not dies_at:
        POINTS[case.name, name] = stage.fuse.n
    return stage, found


def ends_well(case: Case, name: str, folder: Path) -> None:
    """Play a case as written, and hold it to its promises."""
    stage, found = played(case, name, folder / "well")

    assert [] == found
    case.check(stage)


@pytest.mark.parametrize("case, name", pairs(*cases_life.CASES, *cases_kinds.CASES), ids=named)
def test_orders_live_and_end_as_asked(case: Case, name: str, folder: Path) -> None:
    """Faults C13, C14, C16 and C17: races of fills with cancels and replaces included, the broker's facts win."""
    ends_well(case, name, folder)


@pytest.mark.parametrize("case, name", pairs(*cases_doubt.CASES), ids=named)
def test_doubts_end_with_what_the_broker_has(case: Case, name: str, folder: Path) -> None:
    """Faults C1, C2, C3, C4, C5, C6, C8, C9, C10, C11, C15, C19 and D11: nothing in doubt is guessed or sent twice."""
    ends_well(case, name, folder)


@pytest.mark.parametrize("case, name", pairs(*cases_stream.CASES), ids=named)
def test_streams_and_others_change_nothing_that_is_true(case: Case, name: str, folder: Path) -> None:
    """Faults C21, C22, C26, D1, D2, D3, D4, D5, D6, D7, D8, D10, D12 and D15: facts count once, however they come."""
    ends_well(case, name, folder)


@pytest.mark.parametrize("case, name", pairs(*cases_reading.CASES), ids=named)
def test_readings_tell_what_is_there_and_prove_nothing_by_what_is_not(case: Case, name: str, folder: Path) -> None:
    """Faults C18, C19, C20, C25, D1, D6 and D8: nothing ends, and no account is flat, for a list is short or old."""
    ends_well(case, name, folder)


@pytest.mark.parametrize("case, name", pairs(*CASES), ids=named)
def test_a_death_in_the_middle_changes_nothing(case: Case, name: str, folder: Path) -> None:
    """Wherever the daemon is killed, the next one goes on from the journal, and the same holds at the end."""
    if (case.name, name) not in POINTS:
        played(case, name, folder / "well")

    for dies_at in drawn(case, name, POINTS[case.name, name], DEATHS):
        assert [] == played(case, name, folder / f"dies_at_{dies_at}", dies_at=dies_at)[1], f"killed at {dies_at}"


def test_there_are_cases_enough_and_each_is_one() -> None:
    """At least 69 cases, none twice, each over at least one driver of each model of ids that can do what it needs."""
    names = [case.name for case in CASES]

    assert len(names) >= 69
    assert len(names) == len(set(names))
    assert [] == [case.name for case in CASES if not {"process-unique", "process-free"} <= set(able(case))]
