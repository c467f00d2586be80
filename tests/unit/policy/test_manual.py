"""When each algorithm is chosen: the first table of docs/algorithms.md against policy and the shipped presets."""

import re
from typing import Final

import pytest

from execd.algos.registry import ENTRIES
from execd.config.presets import shipped, shipped_names
from execd.core.enums import Urgency
from tests.conftest import REPOSITORY

MANUAL: Final = (REPOSITORY / "docs" / "algorithms.md").read_text(encoding="utf-8")
ROWS: Final = dict(re.findall(r"^\| \[`(\w+)`\]\(#\w+\) \| yes \| (.+?) \|", MANUAL, re.MULTILINE))
BESIDE: Final = {
    "vwap": ["`slicing.method: vwap`"],
    "sweep": ["`close: true`"],
    "passthrough": ["small orders", "`order_type: market` where it may be", "a flatten", "smart execution off"],
}
"""What chooses an algorithm beside the urgency and the slicing of a preset."""


def chosen_when(name: str) -> str:
    """Return when policy chooses an algorithm, as the table says it."""
    presets = {one: shipped(one).to_preset(one) for one in sorted(shipped_names())}
    said = ["asked for"]
    for urgency in Urgency:
        found = [one for one, preset in presets.items() if preset.way(urgency).tactic["name"] == name]
        said += [f"`{urgency}`: {', '.join(found)}"] if found else []
    sliced = [one for one, preset in presets.items() if preset.slicing.is_on and preset.slicing.method == name]
    said += [f"slicing: {', '.join(sliced)}"] if sliced else []
    return "; ".join([*said, *BESIDE.get(name, [])])


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_the_manual_says_when_an_algorithm_is_chosen(name: str) -> None:
    """A preset that takes another tactic changes the row of both."""
    assert chosen_when(name) == ROWS[name]


def test_the_manual_lists_every_algorithm_and_no_other() -> None:
    """One row each."""
    assert set(ENTRIES) == set(ROWS)
