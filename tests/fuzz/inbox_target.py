"""One input for the inbox's parser, and what must hold of whatever it is.

The first line says the end of the file's name, the rest is the file. `fuzz_inbox.py` feeds it from atheris,
`test_fuzz_inbox.py` from the corpus and hypothesis.
"""

from decimal import Decimal
from typing import Final

from execd.core.codec import decoder, encode
from execd.core.orders import ParentOrder
from execd.errors import IntentError
from execd.intake.codes import CODES
from execd.intake.parse import ParseContext, Parsed, ParsedIntent, ParsedList, parse_file
from execd.intake.reasons import reason_of

NOW_NS: Final = 1_772_461_800_000_000_000
CONTEXT: Final = ParseContext(now_ns=NOW_NS, mtime_ns=NOW_NS, accounts=("sim", "live"), default_account="sim")
SUFFIXES: Final = (".json", ".yaml", ".yml", ".csv")
KNOWN: Final = frozenset(code.code for code in CODES)
LIMIT: Final = Decimal(10**9)
_DECODER: Final = decoder(ParentOrder)


def check(data: bytes) -> None:
    """Parse `data`; raises what the parser should not have raised, and AssertionError where a law is broken."""
    head, _, body = data.partition(b"\n")
    suffix = head.decode("ascii", "replace")
    name = "a" + (suffix if suffix in SUFFIXES else SUFFIXES[len(head) % len(SUFFIXES)])
    first, second = _answer(name, body), _answer(name, body)
    assert first == second, "the same bytes gave two answers"
    if isinstance(first, ParsedIntent):
        _check_intent(first)
    elif isinstance(first, ParsedList):
        assert first.intents, "a list of nothing was taken"
        assert len(set(first.ids)) == len(first.ids), "an id stands twice"
        assert not (first.is_atomic and first.refused), "half of a whole was taken"
        for intent in first.intents:
            _check_intent(intent)


def _answer(name: str, body: bytes) -> Parsed | bytes:
    try:
        return parse_file(name, body, context=CONTEXT)
    except IntentError as error:
        for code, message in [(error.code, error.message), *((row.code, row.message) for row in error.rows)]:
            assert code in KNOWN, f"{code} is in no table"
            assert message.isprintable(), f"{message!r} cannot be printed"
        return reason_of(error)


def _check_intent(intent: ParsedIntent) -> None:
    parent = intent.parent
    assert _DECODER.decode(encode(parent)) == parent, "what is saved is not what is loaded"
    asked = (parent.order_qty, parent.notional, parent.target_qty)
    given = [amount for amount in asked if amount is not None]
    assert len(given) + parent.is_close == 1, "not exactly one amount"
    for number in (*given, parent.price, parent.reference_price, parent.max_slippage_bps):
        assert number is None or (number.is_finite() and abs(number) < LIMIT), f"{number} is out of bounds"
    assert all(amount > 0 for amount in (parent.order_qty, parent.notional, parent.price) if amount is not None)
    assert parent.account in CONTEXT.accounts
    assert parent.symbol.isascii()
    assert parent.parent_id.isascii()
