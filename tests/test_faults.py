"""The list of faults and the tests that meet them name each other.

`tests/FAULTS.md` has a row for every fault of the plan: the tests that cover it, or the step of the plan that will. A
test that covers one says "Fault A7" in its docstring. It reads text and syntax only and runs nothing.
"""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
ROWS_OF_GROUP = {"A": 18, "B": 17, "C": 32, "D": 15, "E": 8, "F": 13, "G": 15, "H": 10, "I": 20}
ALL = [f"{group}{n}" for group, rows in ROWS_OF_GROUP.items() for n in range(1, rows + 1)]
LINE = re.compile(r"^\| ([A-I]\d{1,2}) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
PLANNED = re.compile(r"planned, step \d+")
CITED = re.compile(r"\bFaults? ((?:[A-I]\d{1,2})(?:(?:, | and )[A-I]\d{1,2})*)")


@cache
def table() -> dict[str, str]:
    """Return the last cell of each row by its id."""
    return {row: cell.strip() for row, _, cell in LINE.findall((TESTS / "FAULTS.md").read_text(encoding="utf-8"))}


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of the tests in a file; none where there is no such file."""
    file = TESTS / path
    if not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return frozenset(
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "test" in node.name
    )


def cited() -> dict[str, list[str]]:
    """Return the tests whose docstring names a fault, by fault."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for faults in CITED.findall(ast.get_docstring(node) or ""):
                    for fault in re.findall(r"[A-I]\d{1,2}", faults):
                        found[fault].append(f"{file.relative_to(TESTS).as_posix()}::{node.name}")
    return found


def test_every_fault_has_one_row() -> None:
    """All 148 rows, in order, none twice."""
    text = (TESTS / "FAULTS.md").read_text(encoding="utf-8")

    assert ALL == [row for row, _, _ in LINE.findall(text)]


@pytest.mark.parametrize("fault", ALL)
def test_a_fault_is_met_by_a_test_or_by_a_step_of_the_plan(fault: str) -> None:
    """No empty cell, no dead name; what is planned says by which step."""
    cell = table()[fault]
    named = TEST.findall(cell)

    assert named or PLANNED.search(cell), f"{fault} is neither tested nor planned: {cell}"
    assert [] == [f"{path}::{name}" for path, name in named if name not in names_in(path)]


def test_a_test_that_names_a_fault_is_in_its_row() -> None:
    """Whoever writes "Fault A7" into a docstring finds the test in the row of A7."""
    missing = {fault: [name for name in names if f"`{name}`" not in table()[fault]] for fault, names in cited().items()}

    assert {} == {fault: names for fault, names in missing.items() if names}


@pytest.mark.parametrize("fault", [one for one in ALL if one[0] in "ABGH"])
def test_inbox_journal_process_and_operator_are_tested_now(fault: str) -> None:
    """Groups A, B, G and H: a row without a test says which step will bring it."""
    cell = table()[fault]

    assert TEST.search(cell) or PLANNED.search(cell)
