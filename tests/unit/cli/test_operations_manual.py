"""The operator's manual is held to the program: its commands are understood, its alerts are those that are raised."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from execd.cli.completion import Entry, tree
from execd.cli.exits import KINDS, Exit
from execd.cli.main import parser
from execd.engine.carrying_out import ALERTS
from execd.surface.answers import STATUS

REPOSITORY: Final = Path(__file__).resolve().parent.parent.parent.parent
MANUAL: Final = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
RAISERS: Final = frozenset({"alert", "_trouble"})
"""Methods whose first argument is an alert's code."""
PASSED_ON: Final = frozenset({"cause", "code", "event.cause", "text", "told.cause", "verdict.code"})
"""Codes that come from another place of this list, or from a value that is listed in VALUES."""
VALUES: Final = {"id_conflict", "journal_doubtful", "journal_restored", *ALERTS.values()}


def raised() -> dict[str, str]:
    """Return every code of an alert or of a trouble in the tree, with the file that raises it."""
    found = dict.fromkeys(VALUES, "engine/receiving.py")
    for file in sorted((REPOSITORY / "execd").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant)
            for target in ([node.target] if isinstance(node, ast.AnnAssign) else node.targets)
            if isinstance(target, ast.Name)
        }
        for code in codes_of(tree):
            text = constants.get(code.id) if isinstance(code, ast.Name) and code.id in constants else None
            if isinstance(code, ast.Constant):
                text = code.value
            if text is None:
                assert ast.unparse(code) in PASSED_ON, f"{file}:{code.lineno}: what is the code {ast.unparse(code)}?"
            else:
                found[str(text)] = str(file)
    return found


def codes_of(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the expressions that are codes of alerts."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keywords = {one.arg: one.value for one in node.keywords}
        if name in RAISERS and node.args and not isinstance(node.args[0], ast.Starred):
            yield node.args[0]
        elif name == "Alert" and "code" in keywords:
            yield keywords["code"]
        elif name == "TroubleReported" and "cause" in keywords:
            yield keywords["cause"]


def test_every_alert_has_its_line() -> None:
    """Whoever is paged finds in the manual what to do; no line is left of an alert that is no more."""
    table = MANUAL.partition("| code | what happened | what to do |")[2].partition("\n\n")[0]
    told = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))

    assert set(raised()) == told


def test_every_command_line_of_the_manual_is_understood() -> None:
    """Whoever copies a command meets no usage error."""
    lines = re.findall(r"^    \$ execd (.+)$", MANUAL, re.MULTILINE)
    commands = {parser().parse_args(shlex.split(line)).command for line in lines}

    assert (True, {"explain", "release", "adopt", "doctor"} <= commands) == (len(lines) > 15, True)


ENTRIES: Final = tree(parser())


@pytest.mark.parametrize("entry", ENTRIES[1:], ids=[entry.path for entry in ENTRIES[1:]])
def test_every_command_looks_like_one_of_the_same_program(entry: Entry) -> None:
    """Each says what it is for; each that does something has --json and --state-dir."""
    has_both = {"--json", "--state-dir"} <= set(entry.options)

    assert (True, True) == (len(entry.help) > 10, has_both or bool(entry.words))


def test_every_link_of_the_manual_leads_to_a_file() -> None:
    """No link is dead."""
    targets = set(re.findall(r"\]\(([^)#:]+)\)", MANUAL))

    assert set() == {one for one in targets if not (REPOSITORY / "docs" / one).exists()}


def test_the_manual_knows_every_exit_code_and_refusal() -> None:
    """Exit codes and their words, and the codes that have an HTTP status of their own, are all told."""
    codes = {f"| {int(code)} |" for code in Exit} | {f"`{word}`" for word in (*KINDS.values(), *STATUS)}

    assert set() == {code for code in codes if code not in MANUAL}
