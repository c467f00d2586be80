"""Every queue has a limit, and `docs/limits.md` tells the truth about it.

The constants are read from their modules; queues are found in the syntax of all rooms, so that a new one without a
bound cannot pass unseen.
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
PAGE: Final = (REPOSITORY / "docs" / "limits.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| `([a-z_.]+\.[A-Z][A-Z0-9_]*)` \| ([\d,.]+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)
QUEUES: Final = frozenset({"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "deque"})


def value_of(name: str) -> float:
    """Return the value of a constant by its dotted name."""
    module, _, constant = name.rpartition(".")
    return float(getattr(import_module(f"execd.{module}"), constant))


def unbounded(tree: ast.Module) -> Iterator[int]:
    """Yield the lines on which a queue is made without a bound."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            is_bounded = any(word.arg in {"maxlen", "maxsize"} for word in node.keywords)
            is_bounded |= bool(node.args) and name != "deque"
            if name in QUEUES and not is_bounded:
                yield node.lineno


def test_every_limit_of_the_page_is_the_codes() -> None:
    """Fault G4: a reader who plans for the worst day finds the numbers that are in force."""
    told = {name: float(value.replace(",", "")) for name, value in ROW.findall(PAGE)}
    real = {name: value_of(name) for name in told}

    assert (len(told) > 40, real) == (True, told)


def test_every_queue_without_a_number_of_its_own_is_on_the_page() -> None:
    """Fault G4: a queue has a bound where it is made, or a line that says what bounds it."""
    found = set()
    for path in sorted((REPOSITORY / "execd").rglob("*.py")):
        if list(unbounded(ast.parse(path.read_text(encoding="utf-8")))):
            found.add(path.relative_to(REPOSITORY).as_posix())
    told = set(re.findall(r"^\| `(execd/[a-z_/]+\.py)` \|", PAGE, re.MULTILINE))

    assert found <= told, sorted(found - told)


def test_a_queue_without_a_bound_is_seen() -> None:
    """The search knows a bounded queue from one that is not."""
    text = "Queue(5)\nasyncio.Queue()\ndeque(maxlen=3)\ndeque([1])\nqueue.SimpleQueue()\ndeque()\nQueue(maxsize=2)"

    assert [2, 4, 5, 6] == list(unbounded(ast.parse(text)))


def test_the_constants_of_the_page_are_limits_by_their_names() -> None:
    """The last section names constants too; they exist."""
    named = set(re.findall(r"`([a-z_]+\.[a-z_.]+\.[A-Z][A-Z0-9_]*)`", PAGE))

    assert all(value_of(name) > 0 for name in named)
