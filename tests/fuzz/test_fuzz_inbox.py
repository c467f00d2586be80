"""The inbox's parser takes any bytes: what they ask for or a refusal with a known code, and the same each time.

The corpus of the fuzzer is replayed here without it, and hypothesis adds texts that are nearly orders.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.intake.manual_examples import EXAMPLES
from execd.intake.manual_fields import FIELDS_TOLD
from tests.fuzz.inbox_target import SUFFIXES, check

CORPUS = sorted((Path(__file__).parent / "corpus" / "inbox").iterdir())
HEADS = st.sampled_from(SUFFIXES).map(lambda suffix: suffix.encode() + b"\n")
TOLD = {name: told.example.strip('"') for fields in FIELDS_TOLD.values() for name, told in fields.items()}
FIELDS = st.sampled_from(sorted(TOLD))
BAD = st.sampled_from(
    ["", "010", "1e3", "NaN", "-0", "true", "NO", "9:30", "\u0661", "&a", "*a", "!!x", "\u202e", "x" * 300]
)
VALUES = st.one_of(st.sampled_from(sorted(TOLD.values())), BAD, st.text(max_size=12))


@st.composite
def orders(draw: st.DrawFn) -> dict[str, str]:
    """Return an order with some fields added, changed or taken away."""
    order = {"id": draw(st.sampled_from(["a", "b", "c"])), "symbol": "AAPL", "side": "buy", "qty": "1"}
    for name in draw(st.lists(FIELDS, max_size=4)):
        order[name] = draw(st.just(TOLD[name]) | VALUES)
    for name in draw(st.lists(FIELDS, max_size=2)):
        order.pop(name, None)
    return order


def as_yaml(order: dict[str, str], mark: str) -> str:
    """Return a mapping as somebody writes it, without quotes; as an item of a list where `mark` begins one."""
    lines = [f"{name}: {value}" for name, value in order.items()] or ["{}"]
    return "\n".join((mark if n == 0 else " " * len(mark)) + line for n, line in enumerate(lines))


def as_csv(rows: list[dict[str, str]]) -> str:
    """Return rows under one header."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return "\n".join([",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)])


def test_there_is_a_corpus() -> None:
    """A folder that is empty would test nothing."""
    assert len(CORPUS) > 10


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_the_corpus_is_taken_or_refused(file: Path) -> None:
    """What the fuzzer kept as worth looking at holds the laws, on every platform."""
    check(file.read_bytes())


@given(HEADS, st.binary(max_size=400))
def test_any_bytes_are_taken_or_refused(head: bytes, body: bytes) -> None:
    """Faults I1 to I10: no bytes break the parser, whatever the file calls itself."""
    check(head + body)


@given(rows=st.lists(orders(), max_size=5), is_list=st.booleans())
def test_what_is_nearly_a_file_of_orders_is_taken_or_refused(rows: list[dict[str, str]], *, is_list: bool) -> None:
    """Faults I5 to I9: wrong values, names and types in any field of any format are told, never guessed."""
    first = rows[0] if rows else {}
    texts = {
        ".json": json.dumps(rows if is_list else first),
        ".yaml": "\n".join(as_yaml(row, "- ") for row in rows) if is_list else as_yaml(first, ""),
        ".csv": as_csv(rows),
    }
    for suffix, text in texts.items():
        check(suffix.encode() + b"\n" + text.encode("utf-8", "surrogatepass"))


@given(st.sampled_from(EXAMPLES), st.integers(0, 300), st.binary(max_size=4), st.integers(0, 4))
def test_a_damaged_file_is_taken_or_refused(example: object, at: int, put: bytes, cut: int) -> None:
    """Fault A1: the files of the manual with bytes put in, cut out or cut off."""
    assert isinstance(example, type(EXAMPLES[0]))
    body = example.text.encode()

    check(f".{example.name.rpartition('.')[2]}\n".encode() + body[:at] + put + body[at + cut :])
