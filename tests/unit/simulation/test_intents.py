"""The intents of a replay: one file of many, and when each arrives."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from execd.core.rules import S
from execd.errors import IntentError
from execd.intake.parse import ParsedIntent
from execd.simulation.intents import NEVER_STALE_NS, isolated, read_intents, research_rules
from tests.unit.simulation.small import OPEN_NS, instant, intent

DOCS = [intent("one"), intent("two", side="sell", qty="250", limit_price=10.5, deadline=instant(9_000))]
YAML = f"""\
- {{id: one, symbol: ABC, side: buy, qty: 100, not_before: "{instant(1_000)}"}}
- id: two
  symbol: ABC
  side: sell
  qty: 250
  not_before: "{instant(1_000)}"
  limit_price: 10.50
  deadline: {instant(9_000)}
"""


def read(name: str, text: str) -> list[ParsedIntent]:
    """Return the intents of a text; every symbol's day begins at the open."""
    return read_intents(name, text.encode(), begins_ns=lambda _symbol: OPEN_NS)


@pytest.mark.parametrize(
    "name,write",
    [
        ("list.json", json.dumps),
        ("mapping.json", lambda docs: json.dumps({"intents": docs}, indent=1)),
        ("lines.jsonl", lambda docs: "\n".join(map(json.dumps, docs)) + "\n\n"),
        ("lines.ndjson", lambda docs: "\n".join(map(json.dumps, docs))),
        ("list.yaml", lambda _docs: YAML),
        ("mapping.yml", lambda _docs: "intents:\n" + YAML),
    ],
)
def test_every_format_says_the_same(name: str, write: Callable[[object], str]) -> None:
    """JSON, JSON lines and YAML are the same intents, hash included."""
    assert read("list.json", json.dumps(DOCS)) == read(name, write(DOCS))


@pytest.mark.parametrize(
    "name,text,code,field,line",
    [
        ("a.json", '[{"id": "x",\n"symbol": "ABC", "side": "buy",\n"qtyy": 5}]', "unknown_field", "qtyy", 3),
        ("a.json", '[\n{"id": "x", "id": "y"}]', "duplicate_key", "id", 2),
        ("a.json", "[\n{]", "syntax", None, 2),
        ("a.json", '{"id": "x"}', "wrong_type", None, None),
        ("a.json", "[\n7]", "wrong_type", None, None),
        ("a.jsonl", '\n{"id": "x", "symbol": "abc", "side": "buy", "qty": 5}', "bad_symbol", "symbol", 2),
        ("a.jsonl", '{"id": "x"\n', "syntax", None, 1),
        ("a.yaml", "- id: x\n  symbol: ABC\n  side: buy\n  qty: 010\n", "bad_number", "qty", 4),
        ("a.yaml", "- id: x\n  symbol: ABC\n- &a {}\n", "yaml_feature", None, 3),
        ("a.txt", "[]", "unknown_format", None, None),
        ("a.json", '[{"id": "x", "symbol": "ABC", "side": "buy", "qty": NaN}]', "bad_number", "qty", 1),
        ("a.json", json.dumps([DOCS[0], DOCS[0]], indent=0), "duplicate_id", "id", 10),
    ],
)
def test_a_fault_is_told_with_its_place(name: str, text: str, code: str, field: str | None, line: int | None) -> None:
    """The first fault of the file ends the reading, with a stable code, the field and the line."""
    with pytest.raises(IntentError) as caught:
        read(name, text)

    assert (code, field, line) == (caught.value.code, caught.value.field, caught.value.line)


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    """A file that is not UTF-8 is refused, not guessed."""
    with pytest.raises(IntentError) as caught:
        read_intents("a.json", b"[\n\xff]", begins_ns=lambda _symbol: 0)

    assert ("not_utf8", 2) == (caught.value.code, caught.value.line)


@pytest.mark.parametrize(
    "fields,effective_s,expire_s",
    [
        ({"not_before": instant(2_000)}, 2, None),
        ({"not_before": instant(2_000), "deadline": "90s"}, 2, 92),
        ({"not_before": "5s", "deadline": "90s"}, 5, 90),
        ({"not_before": None, "deadline": "1m"}, 0, 60),
        ({"not_before": None, "deadline": "09:31"}, 0, 60),
    ],
)
def test_an_intent_is_read_as_if_it_arrived_when_it_may_start(
    fields: dict[str, Any], effective_s: int, expire_s: int | None
) -> None:
    """`now` is not_before where it is an instant, else the first regular instant of the symbol's tape."""
    parent = read("a.json", json.dumps([intent("x", **fields)]))[0].parent
    expire_ns = None if expire_s is None else OPEN_NS + expire_s * S

    assert (OPEN_NS + effective_s * S, expire_ns) == (parent.effective_ns, parent.expire_ns)


def test_an_intent_never_goes_stale_unless_it_says_so() -> None:
    """A replay's intents are never too old; `valid_until` is kept where it is written."""
    first, second = read("a.json", json.dumps([intent("x"), intent("y", valid_until="10s")]))
    waits = [intent.parent.start_by_ns - intent.parent.effective_ns for intent in (first, second)]

    assert [NEVER_STALE_NS, 10 * S] == waits


def test_isolated_intents_have_an_account_each_with_the_limits_of_theirs() -> None:
    """Own account, own limits: nothing of one intent can bind another."""
    intents = read("a.json", json.dumps([intent("x"), intent("y", account="other")]))
    alone, rules = isolated(intents, research_rules(intents))
    limits = [rules.limits_of(one.parent) for one in alone]

    assert (["iso-x", "iso-y"], limits[0]) == ([one.parent.account for one in alone], limits[1])
