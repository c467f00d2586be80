"""The page on the simulator names what there is: every class of fault, every law that the code can break."""

import re
from pathlib import Path
from typing import Final

from execd.simulation.faults import FAULTS, PROMISED
from execd.simulation.ordeals import ORDEALS
from execd.simulation.scene import SCHEDULED

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (REPOSITORY / "docs" / "simulation.md").read_text(encoding="utf-8")
ROOM: Final = REPOSITORY / "execd" / "simulation"


def named(heading: str) -> list[str]:
    """Return the first cells of the table under a heading."""
    part = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)


def test_every_class_of_fault_is_told_with_what_it_does() -> None:
    """A reader sees what his daemon was put through."""
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.partition("## What must hold")[0], re.MULTILINE))

    assert FAULTS == told


def test_every_law_that_can_break_is_told() -> None:
    """A name in a verdict is a row of the page."""
    code = "".join(file.read_text(encoding="utf-8") for file in sorted(ROOM.glob("*.py")))

    assert sorted(set(re.findall(r'Broken\(\s*"(\w+)"', code)) | {"poison", "Inv4"}) == sorted(named("What must hold"))


def test_every_scheduled_class_has_somebody_who_does_it() -> None:
    """What a seed names happens: by an ordeal, by a file, or by a person."""
    by_others = {"bad_file", "same_file", "operator"}

    assert (set(SCHEDULED) - by_others, set()) == (set(ORDEALS), set(PROMISED) - set(FAULTS))
