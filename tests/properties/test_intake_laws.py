"""Laws of the intake: any bytes are answered with a value or a refusal, and what is read is what was written."""

import json
import string
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.config.strict_text import decimal_of
from execd.core.codec import plain
from execd.errors import IntentError
from execd.intake.parse import FIELDS, ParseContext, Parsed, ParsedIntent, ParsedList, parse_file

NOW_NS = 1_772_461_800_000_000_000
UNPRINTABLE = "words that cannot be printed"
CONTEXT = ParseContext(now_ns=NOW_NS, mtime_ns=NOW_NS, accounts=("sim",), default_account="sim")
SUFFIXES = (".json", ".yaml", ".yml", ".csv")
NAMES = st.sampled_from([f"a{suffix}" for suffix in SUFFIXES])
SECONDS_MAX = 10.0
"""A third of a second is usual for 64 KiB, a quadratic parser takes minutes, and a busy machine is no defect."""

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1", "buy", "10m", "A"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
documents = st.dictionaries(st.sampled_from(FIELDS) | st.text(), values, max_size=8)
yaml_text = st.text(alphabet="ab:-?[]{}&*!|>'\"%@`#,. \n\t<~\\01éx", max_size=120)
numbers = st.decimals(
    min_value=Decimal("0.000000001"), max_value=Decimal("999999999.999999999"), allow_nan=False, places=9
)


def answer(name: str, body: bytes) -> Parsed | str:
    """Return what is asked, or the code of the refusal; anything else escapes and fails the test."""
    try:
        return parse_file(name, body, context=CONTEXT)
    except IntentError as error:
        told = [error.message, *(text for row in error.rows for text in (row.message, row.id or ""))]
        return error.code if all(text.isprintable() for text in told) else UNPRINTABLE


def order(name: str, text: str) -> ParsedIntent:
    """Return the only order of a file."""
    found = parse_file(name, text.encode(), context=CONTEXT)
    if isinstance(found, ParsedList):
        (found,) = found.intents
    assert isinstance(found, ParsedIntent)
    return found


@given(NAMES, st.binary(max_size=400))
def test_any_bytes_are_an_intent_or_a_refusal(name: str, body: bytes) -> None:
    """No bytes raise anything but IntentError, and its words can be printed."""
    assert answer(name, body) != UNPRINTABLE


@given(documents)
def test_any_json_is_an_intent_or_a_refusal(document: dict[str, object]) -> None:
    """Documents of the right shape with any values raise nothing but IntentError."""
    assert answer("a.json", json.dumps(document).encode()) != UNPRINTABLE


@given(yaml_text)
def test_any_text_of_yaml_signs_is_an_intent_or_a_refusal(text: str) -> None:
    """The signs that mean something to YAML, in any order, raise nothing but IntentError."""
    assert answer("a.yaml", text.encode()) != UNPRINTABLE


@given(st.text(alphabet="id,symbol qty;\"\n\r\t'=1aA", max_size=120))
def test_any_text_of_csv_signs_is_an_intent_or_a_refusal(text: str) -> None:
    """The signs that mean something to csv, in any order, raise nothing but IntentError."""
    assert answer("a.csv", text.encode()) != UNPRINTABLE


@given(st.lists(documents | values, max_size=5), st.booleans())
def test_any_list_is_taken_whole_or_not_at_all_unless_it_skips(rows: list[object], is_skip: bool) -> None:  # noqa: FBT001
    """Rows are orders or faults, each once; a file without on_error: skip has never both."""
    if is_skip:
        rows = [{"id": "s", "symbol": "A", "side": "buy", "qty": 1, "on_error": "skip"}, *rows]
    body = json.dumps(rows).encode()
    try:
        found = parse_file("a.json", body, context=CONTEXT)
    except IntentError:
        return

    assert isinstance(found, ParsedList)
    assert len(rows) == len(found.intents) + len(found.refused)
    assert not (found.is_atomic and found.refused)


@given(st.sampled_from(FIELDS), scalars | values)
def test_any_value_in_any_field_is_an_intent_or_a_refusal(field: str, value: object) -> None:
    """One wrong field in a valid order raises nothing but IntentError."""
    order = {"id": "a1", "symbol": "AAPL", "side": "buy", "qty": 1, field: value}

    assert answer("a.json", json.dumps(order).encode()) != UNPRINTABLE


@given(numbers)
def test_a_number_is_read_exactly_and_spelled_one_way(number: Decimal) -> None:
    """Nine decimals survive, as a JSON number, a string, in YAML and in csv, alone and in a list, with one hash."""
    text = plain(number)
    as_number = '{"id":"a","symbol":"A","side":"buy","qty":' + text + "}"
    as_text = '{"id":"a","symbol":"A","side":"buy","qty":"' + text + '"}'
    read = [
        order("a.json", as_number),
        order("a.json", as_text),
        order("a.json", f"[{as_number}]"),
        order("a.yaml", f"id: a\nsymbol: A\nside: buy\nqty: {text}\n"),
        order("a.yaml", f"- {{id: a, symbol: A, side: buy, qty: {text}}}\n"),
        order("a.csv", f"id,symbol,side,qty\na,A,buy,{text}\n"),
    ]

    assert ([number] * 6, 1) == ([one.parent.order_qty for one in read], len({one.content_hash for one in read}))


@given(st.text(alphabet=string.digits + "+-._eE ,٣１", max_size=14))
def test_a_number_that_is_read_prints_as_it_was_written(text: str) -> None:
    """Whatever is taken as a number is that number in plain digits; nothing is guessed."""
    try:
        number = decimal_of(text)
    except ValueError:
        return

    assert plain(Decimal(text)) == plain(number)
    assert text.isascii()
    assert not set(text) & set("+eE_ ,")


@pytest.mark.parametrize(
    "name, body",
    [
        ("a.json", b'{"a":' * 10_000),
        ("a.json", b"[" + b"1," * 32_000 + b"1]"),
        ("a.json", b'{"id": "' + b"\\u0041" * 10_000 + b'"}'),
        ("a.yaml", b"a: " * 20_000),
        ("a.yaml", b"- " * 30_000),
        ("a.yaml", b"{a: " * 15_000),
        ("a.yaml", b"k: 1\n" * 12_000),
        ("a.yaml", b"".join(b"k%d: 1\n" % n for n in range(6_000))),
        ("a.yaml", b"note: >\n" + b" x\n\n" * 15_000),
        ("a.yaml", b"note: " + b"x " * 32_000),
        ("a.yaml", b"? " * 30_000),
        ("a.yaml", b"'" * 65_000),
        ("a.yaml", b"&a " * 20_000),
        ("a.csv", b"," * 65_000),
        ("a.csv", b"a\n" * 32_000),
        ("a.csv", b'"' * 65_000),
        ("a.csv", b"id,symbol,side,qty\n" + b",,,\n" * 12_000),
        ("a.json", b"[" + b"{}," * 2_700_000 + b"{}]"),
        ("a.json", b'["' + b"x" * 8_000_000),
        ("a.json", b"[" + b" " * 8_000_000),
        ("a.yaml", b"- " * 4_000_000),
        ("a.yaml", b"- #" + b"\n" * 8_000_000),
        ("a.yaml", b"- {a: [" * 1_000_000),
        ("a.csv", b"a\n" + b"\n" * 8_000_000),
        ("a.csv", b'a\n"' + b"x" * 8_000_000),
    ],
)
def test_a_hostile_file_is_answered_quickly(name: str, body: bytes) -> None:
    """64 KiB of anything cannot hold up the daemon, nor can 8 MiB of a list."""
    began_s = time.perf_counter()
    answer(name, body)

    assert time.perf_counter() - began_s < SECONDS_MAX
