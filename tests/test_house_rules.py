"""Each rule of the house is shown a bad file, and a good one beside it.

A rule that cannot go red holds nothing. A new rule in `tests/house.py` gets a row in BAD, and one in GOOD when it has
an exception that must stay allowed.
"""

from pathlib import PurePosixPath

import pytest

from tests.house import (
    FILE_LINES_MAX,
    FUNCTION_LINES_MAX,
    RULES,
    Rule,
    Source,
    catches_all,
    imprecise,
    impure,
    too_long,
    unclean,
    unnamed_ignore,
    unordered,
    untold,
    wrong_way,
)

LONG_FUNCTION = "def f() -> None:\n" + "    x = 1\n" * FUNCTION_LINES_MAX

BAD: list[tuple[Rule, str, str, str]] = [
    (too_long, "execd/core/a.py", "x = 1\n" * (FILE_LINES_MAX + 1), "401 lines"),
    (too_long, "tests/test_a.py", LONG_FUNCTION, "f has 61 lines"),
    (untold, "execd/core/a.py", "x = 1\n", "no module docstring"),
    (untold, "execd/core/a.py", '"""One line."""\n', "one line of docstring"),
    (untold, "execd/core/__init__.py", "", "no module docstring"),
    (impure, "execd/core/a.py", "import time\n", "imports time"),
    (impure, "execd/algos/tactics/a.py", "def f() -> None:\n    from random import choice\n", "imports random"),
    (impure, "execd/engine/a.py", "import os.path as p\n", "imports os"),
    (impure, "execd/simulation/a.py", "import sqlite3\n", "imports sqlite3"),
    (impure, "execd/venue/matching.py", "import asyncio\n", "imports asyncio"),
    (impure, "execd/policy/a.py", "import structlog\n", "imports structlog"),
    (impure, "execd/core/a.py", "from pydantic import BaseModel\n", "core imports pydantic"),
    (impure, "execd/core/a.py", "print(1)\n", "calls print()"),
    (impure, "execd/engine/a.py", "open('a')\n", "calls open()"),
    (impure, "execd/engine/a.py", "x = hash('a') % 4\n", "calls hash()"),
    (impure, "execd/core/session.py", "import datetime\nx = datetime.datetime.now()\n", "calls datetime.now()"),
    (impure, "execd/core/session.py", "from datetime import date\nx = date.today()\n", "calls date.today()"),
    (impure, "execd/core/session.py", "def f(t): return t.astimezone()\n", "calls astimezone()"),
    (impure, "execd/engine/a.py", "x = clock.monotonic_ns()\n", "calls monotonic_ns()"),
    (imprecise, "execd/core/a.py", "x = 0.5\n", "the float 0.5"),
    (unordered, "execd/core/a.py", "for x in {1, 2}: pass\n", "iterates a set"),
    (unordered, "execd/core/a.py", "y = [x for x in set('ab')]\n", "iterates a set"),
    (unordered, "execd/core/a.py", "def f(a: frozenset[int]) -> None:\n    for x in a: pass\n", "iterates a set"),
    (unordered, "execd/core/a.py", "a = {1} | b\nc = list(a)\n", "iterates a set"),
    (unordered, "execd/core/a.py", "c = ','.join(x.keys() - y.keys())\n", "iterates a set"),
    (unordered, "execd/core/a.py", "a = {1}\nb = a.pop()\n", "iterates a set"),
    (unordered, "execd/core/a.py", "a = {1}\nb = min(a, key=f)\n", "iterates a set"),
    (unordered, "execd/core/a.py", "a = {1}\nf(*a)\n", "iterates a set"),
    (unordered, "execd/core/a.py", "class A:\n    b: frozenset[int]\n\nfor x in a.b: pass\n", "iterates a set"),
    (wrong_way, "execd/core/a.py", "from execd.engine import cycle\n", "core imports engine"),
    (wrong_way, "execd/core/a.py", "def f() -> None:\n    from .. import runtime\n", "core imports runtime"),
    (wrong_way, "execd/algos/tactics/a.py", "from ...policy import plan\n", "algos imports policy"),
    (wrong_way, "execd/brokers/sim.py", "import execd.engine.engine\n", "brokers imports engine"),
    (wrong_way, "execd/brokers/alpaca/wire.py", "from execd.venue import tape\n", "meet only in execd.brokers.sim"),
    (wrong_way, "execd/simulation/a.py", "from execd.intake import watch\n", "meet only in execd.intake.parse"),
    (wrong_way, "execd/intake/a.py", "from execd.config import settings\n", "meet only in execd.config.strict_"),
    (wrong_way, "execd/journal/sqlite.py", "from execd.brokers import sim\n", "journal imports brokers"),
    (wrong_way, "execd/utils/a.py", "", "utils is no room"),
    (catches_all, "execd/runtime/a.py", "try: pass\nexcept Exception: pass\n", "catches everything"),
    (catches_all, "execd/runtime/a.py", "try: pass\nexcept: pass\n", "catches everything"),
    (
        catches_all,
        "tests/a.py",
        "try: pass\nexcept (OSError, BaseException):  # noqa: BLE001\n    pass\n",
        "everything",
    ),
    (unnamed_ignore, "execd/runtime/a.py", "x = f()  # type: " + "ignore\n", "without naming it"),
]

GOOD: list[tuple[Rule, str, str]] = [
    (too_long, "execd/core/a.py", "x = 1\n" * FILE_LINES_MAX),
    (untold, "tests/test_a.py", '"""One line is enough for a test."""\n'),
    (impure, "execd/runtime/clock.py", "import time\nx = time.time_ns()\n"),
    (impure, "execd/core/a.py", "class A:\n    def __hash__(self) -> int:\n        return hash(self.a)\n"),
    (
        impure,
        "execd/core/a.py",
        "from decimal import Decimal\nimport msgspec\nfrom execd.core import ids\n",
    ),
    (imprecise, "execd/algos/shortfall.py", "x = 0.5\n"),
    (unordered, "execd/core/a.py", "a = {1, 2}\nfor x in sorted(a): pass\nb = any(x > 1 for x in a)\n"),
    (unordered, "execd/core/a.py", "a = {1: 2}\nfor x in a: pass\nb = 1 in {1, 2}\n"),
    (unordered, "execd/runtime/a.py", "for x in {1, 2}: pass\n"),
    (wrong_way, "execd/brokers/sim.py", "from execd.venue import matching\nfrom execd import __version__\n"),
    (wrong_way, "execd/app.py", "from execd.brokers.sim import SimBroker\n"),
    (wrong_way, "execd/intake/a.py", "from execd.config.strict_yaml import read_yaml\n"),
    (wrong_way, "execd/simulation/a.py", "from execd.intake.parse import parse\n"),
    (
        catches_all,
        "tests/a.py",
        "try: pass\nexcept Exception:  # noqa: BLE001 it is told to the user\n    pass\n",
    ),
    (
        unnamed_ignore,
        "execd/runtime/a.py",
        "x = f()  # type: " + "ignore[no-untyped-call]\ny = '# type: " + "ignore'\n",
    ),
]

TEXTS = [
    ("a.md", "TO" + "DO: later", "unfinished"),
    ("execd/core/a.py", "# FIX" + "ME", "unfinished"),
    ("docs/a.md", "see " + "/work" + "/main", "machine path"),
    ("Makefile", "cd /home" + "/someone", "machine path"),
    ("requirements.lock", "--index" + "-url x", "index host"),
    ("requirements.lock", "a @ https:" + "//example.org/a.whl", "names a place"),
    ("Dockerfile", "RUN pip install -i " + "py" + "pi.org", "index host"),
]


def run(rule: Rule, path: str, text: str) -> list[str]:
    """Return what a rule finds in one file."""
    return list(rule(Source(PurePosixPath(path), text)))


@pytest.mark.parametrize("rule,path,text,told", BAD)
def test_a_rule_reports_a_bad_file_once(rule: Rule, path: str, text: str, told: str) -> None:
    """Each rule names the file and says what is wrong with it, in one finding."""
    found = run(rule, path, text)

    assert [(told in finding, finding.startswith(path)) for finding in found] == [(True, True)]


@pytest.mark.parametrize("rule,path,text", GOOD)
def test_a_rule_leaves_a_good_file_alone(rule: Rule, path: str, text: str) -> None:
    """What a rule allows on purpose stays allowed."""
    assert run(rule, path, text) == []


@pytest.mark.parametrize("path,text,told", TEXTS)
def test_a_bad_line_of_text_is_reported(path: str, text: str, told: str) -> None:
    """Unfinished work, a machine's path and a package index are found in any kind of file."""
    found = list(unclean(PurePosixPath(path), f"a good line, /var/lib/execd, framework/x\n{text}\n"))

    assert [(told in finding, finding.startswith(f"{path}:2:")) for finding in found] == [(True, True)]


def test_a_set_field_of_another_module_is_known() -> None:
    """A field annotated as a set in one pure room may not be iterated in another."""
    source = Source(PurePosixPath("execd/engine/a.py"), "for x in order.order_ids: pass\n")

    assert len(list(unordered(source, set_fields=frozenset({"order_ids"})))) == 1


def test_every_rule_is_shown_a_bad_file() -> None:
    """No rule of the list is without proof that it can go red."""
    shown = {rule for rule, *_ in BAD}

    assert [rule.__name__ for rule in RULES if rule not in shown] == []
