"""What a text means, by the rule of the field that takes it.

Each function takes what a file held and returns a value or raises PydanticCustomError, whose type is a stable code.
Nothing is guessed: `010`, `1e3`, `1_000`, `yes` and full-width digits are refused. Shared by configuration and
intents; what only an intent may say (instants, symbols) is in `intake`.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from pydantic_core import PydanticCustomError

from execd.config.strict_yaml import shown

LIMIT: Final = Decimal(10**9)
"""No number reaches it, in either direction."""
SPAN_NS_MAX: Final = 30 * 86_400 * 10**9
"""30 days: longer than anything here may last."""
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?")
_SPAN: Final = re.compile(r"(?:([0-9]{1,7})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,7})s)?(?:([0-9]{1,7})ms)?")
_SPAN_UNITS_NS: Final = (3_600 * 10**9, 60 * 10**9, 10**9, 10**6)
_FLAGS: Final = {"true": True, "false": False}
_Word = TypeVar("_Word", bound=StrEnum)


def refusal(code: str, text: str, *, field: str = "") -> PydanticCustomError:
    """Return the error to raise; `field` where it is not the one being read."""
    # The text travels as a value: a brace in it is not a placeholder.
    return PydanticCustomError(code, "{text}", {"text": text, "field": field})


def inside(error: ValueError, field: str) -> PydanticCustomError:
    """Return the refusal of a reader as one of the named field, unless it names its own."""
    context = getattr(error, "context", None) or {}
    return refusal(str(getattr(error, "type", "bad_value")), str(error), field=context.get("field") or field)


def text_of(value: object) -> str:
    """Return the text; a boolean, list or mapping is refused."""
    if isinstance(value, str):
        return value
    raise refusal("wrong_type", f"{_kind(value)} stands where text belongs")


def decimal_of(
    value: object, *, above: Decimal | None = None, least: Decimal | None = None, most: Decimal | None = None
) -> Decimal:
    """Return the number without needless zeros: at most 9 decimals, below 10⁹ both ways, and inside the bounds.

    An int or a Decimal of the program itself passes the same bounds.
    """
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = format(Decimal(value), "f")
    text = value if isinstance(value, str) else None
    if text is None:
        raise refusal("wrong_type", f"{_kind(value)} stands where a number belongs")
    if not _NUMBER.fullmatch(text):
        raise refusal("bad_number", f"{shown(text)} is not a number here; write digits such as 100 or 12.5, below 10⁹")
    number = Decimal(text)
    if above is not None and not number > above:
        raise refusal("out_of_range", f"{shown(text)} must be above {above}")
    if least is not None and not number >= least:
        raise refusal("out_of_range", f"{shown(text)} must be at least {least}")
    if most is not None and not number <= most:
        raise refusal("out_of_range", f"{shown(text)} must be at most {most}")
    return _canonical(number)


def integer_of(value: object, *, least: int, most: int) -> int:
    """Return the whole number in [least, most]."""
    number = decimal_of(value, least=Decimal(least), most=Decimal(most))
    if number != int(number):
        raise refusal("bad_number", f"{shown(str(value))} must be a whole number")
    return int(number)


def flag_of(value: object) -> bool:
    """Return the truth of `true` or `false`, and of nothing else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _FLAGS:
        return _FLAGS[value]
    raise refusal("bad_value", f"{shown(value)} is neither true nor false")


def word_of(value: object, words: type[_Word]) -> _Word:
    """Return the member of a closed set that is spelled exactly so."""
    text = text_of(value)
    for word in words:
        if word.value == text:
            return word
    raise refusal("bad_value", f"{shown(text)} is not one of {', '.join(words)}{nearest(text, words)}")


def span_ns_of(value: object) -> int:
    """Return the nanoseconds of a duration such as 10m, 90s, 1h30m or 500ms; at most 30 days."""
    text = text_of(value)
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        raise refusal("bad_time", f"{shown(text)} is not a duration; write for example 90s, 10m, 1h30m or 500ms")
    parts = zip(found.groups(), _SPAN_UNITS_NS, strict=True)
    span_ns = sum(int(count) * unit_ns for count, unit_ns in parts if count is not None)
    if span_ns > SPAN_NS_MAX:
        raise refusal("out_of_range", f"{shown(text)} is longer than 30 days")
    return span_ns


def close_to(text: str, names: Iterable[str], *, cutoff: float) -> str:
    """Return the name most like `text`, at least `cutoff` of one; empty where none is."""
    from difflib import get_close_matches  # noqa: PLC0415  # Only for what is misspelt; it costs a tenth of a start.

    close = get_close_matches(text[:100], list(names), n=1, cutoff=cutoff)
    return close[0] if close else ""


def nearest(text: str, names: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the name most like `text`, or nothing."""
    close = close_to(text, names, cutoff=0.6)
    return f"; did you mean {close}?" if close else ""


def _canonical(number: Decimal) -> Decimal:
    """Return the one spelling of a number: 100, 100.0 and -0 must not differ in a hash."""
    if number == 0:
        return Decimal(0)
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case None:
            return "nothing"
        case _:
            return "something else"
