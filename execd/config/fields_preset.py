"""The types of a preset's values: numbers that may be absent in words, tactics, protection.

`none` is a word here and not an empty value, so that every key of a preset says something; `preset` in the section
`execution` means that the preset in force says it. A new kind of value is a reader and an annotated type here.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, NoReturn

from execd.config import strict_algo
from execd.config.fields import ZERO, Reader
from execd.config.strict_text import decimal_of, integer_of, nearest, refusal, text_of, word_of
from execd.config.strict_yaml import shown
from execd.core.conduct import Ending
from execd.core.daily import PROFILE_DAYS_MIN, PROFILE_DAYS_MOST

ONE: Final = Decimal(1)
DAY_S: Final = Decimal(86_400)


class Never(StrEnum):
    """What is not bounded, or is not done."""

    NONE = "none"


class Own(StrEnum):
    """What the preset in force says."""

    PRESET = "preset"


class Method(StrEnum):
    """The schedule that orders are cut by."""

    TWAP = "twap"
    VWAP = "vwap"


class EodOrder(StrEnum):
    """The order of the end of the day."""

    MARKET = "market"
    MARKETABLE = "marketable"
    NONE = "none"


def _number_or(
    value: object,
    *,
    word: Never | Own,
    above: Decimal | None = None,
    least: Decimal | None = None,
    most: Decimal | None = None,
) -> Decimal | Never | Own:
    return word if value == word.value else decimal_of(value, above=above, least=least, most=most)


def _no_instant(value: object) -> NoReturn:
    raise refusal("bad_time", f"{shown(value)}: a preset is for every day, so it holds no times; write durations")


def _tactic(value: object) -> dict[str, Any]:
    """Return a tactic as it was written, once it can be read."""
    if not isinstance(value, str | dict):
        raise refusal("wrong_type", "a tactic is a name such as offset, or a mapping with a name and parameters")
    written: dict[str, Any] = {"name": value} if isinstance(value, str) else dict(value)
    tactic_of(written)
    return written


def tactic_of(written: dict[str, Any]) -> dict[str, Any]:
    """Return a tactic as plans store it."""
    return strict_algo.tactic_of(written, at="", instants=_no_instant)


_PROTECTION: Final = {
    "stop_loss": {"atr": "multiplier", "percent": "value"},
    "trailing": {"atr": "multiplier", "percent": "value"},
}
"""How a distance is measured, and what its number is called then."""


def _protect(value: object) -> dict[str, Any] | Never:
    """Return what protects, as it was written: stop_loss, take_profit and trailing, all or some."""
    if value == Never.NONE.value or value is Never.NONE:
        return Never.NONE
    if not isinstance(value, dict) or not value:
        raise refusal("wrong_type", "none, or a mapping such as {stop_loss: {method: atr, multiplier: 1.5}}")
    for name, part in value.items():
        if not isinstance(part, dict):
            raise refusal("wrong_type", "a mapping such as {method: atr, multiplier: 1.5} belongs here", field=name)
        match name:
            case "take_profit":
                _distance(name, part, "risk_reward")
            case "stop_loss" | "trailing":
                methods = _PROTECTION[name]
                method = text_of(part.get("method", ""))
                if method not in methods:
                    text = f"{shown(method)} is no method (known: {', '.join(methods)}){nearest(method, methods)}"
                    raise refusal("bad_value", text, field=name)
                _distance(name, {key: one for key, one in part.items() if key != "method"}, methods[method])
            case _:
                known = (*_PROTECTION, "take_profit")
                text = f"{shown(name)} protects nothing (known: {', '.join(known)}){nearest(name, known)}"
                raise refusal("unknown_field", text, field=name)
    return dict(value)


def _distance(name: str, part: dict[str, Any], key: str) -> None:
    if tuple(part) != (key,):
        raise refusal("unknown_field", f"{key} belongs here, and it alone", field=name)
    decimal_of(part[key], above=ZERO)


BpsOrNone = Annotated[Decimal | Never, Reader(_number_or, "number", word=Never.NONE, least=ZERO, most=Decimal(10_000))]
RatioOrNone = Annotated[Decimal | Never, Reader(_number_or, "number", word=Never.NONE, above=ZERO, most=ONE)]
UnsignedOrNone = Annotated[Decimal | Never, Reader(_number_or, "number", word=Never.NONE, least=ZERO)]
SpanOrNever = Annotated[Decimal | Never, Reader(_number_or, "number", word=Never.NONE, above=ZERO, most=DAY_S)]
RatioOrZero = Annotated[Decimal, Reader(decimal_of, "number", least=ZERO, most=ONE)]
Minutes = Annotated[int, Reader(integer_of, "integer", least=0, most=390)]
DaysOfProfile = Annotated[int, Reader(integer_of, "integer", least=PROFILE_DAYS_MIN, most=PROFILE_DAYS_MOST)]
EndingWord = Annotated[Ending, Reader(word_of, "string", words=Ending)]
MethodWord = Annotated[Method, Reader(word_of, "string", words=Method)]
EodWord = Annotated[EodOrder, Reader(word_of, "string", words=EodOrder)]
TacticSpec = Annotated[dict[str, Any], Reader(_tactic, "object")]
ProtectSpec = Annotated[dict[str, Any] | Never, Reader(_protect, "object")]
# What may stand in the section `execution` in place of what every preset says.
OwnBps = Annotated[Decimal | Own, Reader(_number_or, "number", word=Own.PRESET, least=ZERO, most=Decimal(10_000))]
OwnOffset = Annotated[
    Decimal | Own, Reader(_number_or, "number", word=Own.PRESET, least=Decimal(-1_000), most=Decimal(1_000))
]
OwnSpan = Annotated[Decimal | Own, Reader(_number_or, "number", word=Own.PRESET, above=ZERO, most=DAY_S)]
OwnRatio = Annotated[Decimal | Own, Reader(_number_or, "number", word=Own.PRESET, above=ZERO, most=ONE)]
OwnMoney = Annotated[Decimal | Own, Reader(_number_or, "number", word=Own.PRESET, least=ZERO)]
