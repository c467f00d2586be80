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
from execd.intake.parse import FIELDS, ParseContext, ParsedIntent, parse_file

NOW_NS = 1_772_461_800_000_000_000
UNPRINTABLE = "words that cannot be printed"
CONTEXT = ParseContext(now_ns=NOW_NS, mtime_ns=NOW_NS, accounts=("sim",), default_account="sim")
NAMES = st.sampled_from(["a.json", "a.yaml"])
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


def answer(name: str, body: bytes) -> ParsedIntent | str:
    """Return the intent, or the code of the refusal; anything else escapes and fails the test."""
    try:
        return parse_file(name, body, context=CONTEXT)
    except IntentError as error:
        return error.code if error.message.isprintable() else UNPRINTABLE


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


@given(st.sampled_from(FIELDS), scalars | values)
def test_any_value_in_any_field_is_an_intent_or_a_refusal(field: str, value: object) -> None:
    """One wrong field in a valid order raises nothing but IntentError."""
    order = {"id": "a1", "symbol": "AAPL", "side": "buy", "qty": 1, field: value}

    assert answer("a.json", json.dumps(order).encode()) != UNPRINTABLE


@given(numbers)
def test_a_number_is_read_exactly_and_spelled_one_way(number: Decimal) -> None:
    """Nine decimals survive, as a JSON number, a string and in YAML, with the same hash."""
    text = plain(number)
    as_number = '{"id":"a","symbol":"A","side":"buy","qty":' + text + "}"
    as_text = '{"id":"a","symbol":"A","side":"buy","qty":"' + text + '"}'
    read = [
        parse_file("a.json", as_number.encode(), context=CONTEXT),
        parse_file("a.json", as_text.encode(), context=CONTEXT),
        parse_file("a.yaml", f"id: a\nsymbol: A\nside: buy\nqty: {text}\n".encode(), context=CONTEXT),
    ]

    assert ([number] * 3, 1) == ([one.parent.order_qty for one in read], len({one.content_hash for one in read}))


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
    ],
)
def test_a_hostile_file_is_answered_quickly(name: str, body: bytes) -> None:
    """64 KiB of anything cannot hold up the daemon."""
    began_s = time.perf_counter()
    answer(name, body)

    assert time.perf_counter() - began_s < SECONDS_MAX
