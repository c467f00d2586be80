"""docs/intents.md is what the program says it is, and what it says is what the parser does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from execd.intake.codes import CODES
from execd.intake.document import manual
from execd.intake.json_schema import intent_schema
from execd.intake.manual_examples import EXAMPLES, Example
from execd.intake.manual_fields import FIELDS_TOLD
from execd.intake.requests import REQUESTS
from execd.intake.schema import IntentFile
from tests.unit.intake.tables import answered, refusal

REPOSITORY = Path(__file__).resolve().parents[3]
RAISERS = {"refusal", "IntentError", "NotStrict", "RowFault", "_Verdict", "Refusal", "Declined", "Answer", "Code"}
READING = ["execd/intake/*.py", "execd/config/strict_*.py"]
DECIDING = [f"execd/engine/{name}.py" for name in ("receiving", "sizing", "starting", "amending", "commanding")]
NO_REFUSALS = {"reconciled", "accepted", "duplicate"}
"""Answers of the same files that are no refusals."""
REASONS = (
    r'\bcode="(\w+)"',
    r'\breason="(\w+)"',
    r'\breason = f?"(\w+): ',
    r'\b_wait\([^"\n]*"(\w+)"',
    r'(?:hold|end_parent|stop_parent)\([^"\n]*"(\w+)[":]',
    r'return \(?\s*f"(\w+_\w+): ',
    r'^(?:OPEN_ORDERS|SUPERSEDING|AT_TARGET|OBSERVED)\b.*"(\w+)"',
)
"""How rooms that decide say why an intent waits, is held, or ends."""
MINIMAL = {
    "order": {"id": "a0", "symbol": "AAPL", "side": "buy", "qty": "1"},
    "cancel": {"kind": "cancel", "id": "d1", "target": "a0"},
    "amend": {"kind": "amend", "id": "d1", "target": "a0", "qty": "1"},
    "flatten": {"kind": "flatten", "id": "d1", "scope": "symbol", "value": "AAPL"},
}
WITHOUT = {"notional": ["qty"], "target_qty": ["qty", "side"], "close": ["qty", "side"]}
WITH = {"order_type": {"limit_price": "5"}, "valid_until": {}, "deadline": {}}


def raised(path: Path) -> Iterator[str]:
    """Yield the codes that a file gives as text to what carries codes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in RAISERS:
            continue
        given = [node.args[0]] if node.args else [word.value for word in node.keywords if word.arg == "code"]
        yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_the_page_is_what_the_program_makes() -> None:
    """Drift: run `python -m execd.intake.document > docs/intents.md`."""
    assert manual() == (REPOSITORY / "docs" / "intents.md").read_text()


def test_every_code_that_is_raised_is_told() -> None:
    """Every code of a file is in the manual with its meaning and remedy."""
    files = [path for pattern in READING + DECIDING for path in sorted(REPOSITORY.glob(pattern))]
    found = {code for path in files if path.name != "codes.py" for code in raised(path)}
    for path in sorted(REPOSITORY.glob("execd/policy/*.py")):
        found |= set(re.findall(r'code="(\w+)"', path.read_text()))

    assert set() == found - {code.code for code in CODES} - NO_REFUSALS


def test_every_reason_that_the_engine_gives_is_told() -> None:
    """Why an intent waits, is held or has ended stands in the report: each such word is in the manual."""
    rooms = [REPOSITORY / "execd" / room for room in ("engine", "algos", "policy")]
    texts = [path.read_text() for room in rooms for path in sorted(room.rglob("*.py"))]
    found = {code for text in texts for way in REASONS for code in re.findall(way, text, re.MULTILINE)}

    assert set() == found - {code.code for code in CODES} - NO_REFUSALS


def test_every_code_that_is_told_is_raised() -> None:
    """No dead row: each code stands as text in what reads, judges or plans."""
    rooms = [REPOSITORY / "execd" / room for room in ("intake", "engine", "algos", "policy", "config", "runtime")]
    texts = "".join(path.read_text() for room in rooms for path in room.rglob("*.py") if path.name != "codes.py")

    assert [] == [code.code for code in CODES if not re.search(rf'["(]{code.code}["):]', texts)]


def test_every_code_stands_once() -> None:
    """A code has one meaning."""
    codes = [code.code for code in CODES]

    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("kind", FIELDS_TOLD)
def test_every_field_of_every_kind_is_told_in_the_page_and_in_the_schema(kind: str) -> None:
    """A field is a row of the manual and has a description in the JSON Schema."""
    model = IntentFile if kind == "order" else REQUESTS[kind]
    described = intent_schema()["$defs"][kind]["properties"]

    assert set(model.model_fields) == set(FIELDS_TOLD[kind])
    assert all(FIELDS_TOLD[kind][name].what in described[name]["description"] for name in described)


@pytest.mark.parametrize(
    "kind, field", [(kind, field) for kind, told in FIELDS_TOLD.items() for field in told if told[field].example]
)
def test_every_example_of_a_field_is_taken(kind: str, field: str) -> None:
    """What the manual shows may be written."""
    given = dict(MINIMAL[kind]) | (WITH.get(field, {}) if kind == "order" else {})
    for other in WITHOUT.get(field, []) if kind == "order" else []:
        del given[other]
    text = "".join(f"{name}: {value}\n" for name, value in (given | {field: FIELDS_TOLD[kind][field].example}).items())

    assert answered("a.yaml", text).ids


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_file_of_the_manual_is_what_it_says(example: Example) -> None:
    """Complete files, one for each kind and format, are taken as they stand."""
    if example.is_taken:
        assert answered(example.name, example.text).ids
    else:
        assert "not_supported" == refusal(example.name, example.text)[0]


def test_the_same_order_by_hand_and_by_a_program_is_the_same() -> None:
    """The manual's first two files have one hash: either may be sent, and both trade once."""
    by_hand, by_program = (answered(example.name, example.text) for example in EXAMPLES[:2])

    assert by_hand == by_program
