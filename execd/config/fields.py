"""The types of configuration values: each reads text by one rule and carries its bounds.

They take what `strict_text` takes, and the value itself where a program builds settings. A new kind of value is a
reader and an annotated type here; what a value is for is said in `settings`.
"""

import re
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PlainValidator, WithJsonSchema

from execd.config.strict_text import decimal_of, flag_of, integer_of, nearest, refusal, text_of, word_of
from execd.config.strict_yaml import shown
from execd.core.enums import AssetClass, Horizon, QueueRule

ZERO: Final = Decimal(0)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9./]{0,11}")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NUMBER: Final = WithJsonSchema({"type": "number"})
_STRING: Final = WithJsonSchema({"type": "string"})


class Mode(StrEnum):
    """What the daemon does with its decisions."""

    TRADE = "trade"


class Adapter(StrEnum):
    """Which broker an account is at."""

    SIM = "sim"


class SessionKind(StrEnum):
    """How the day is cut."""

    ALWAYS_OPEN = "always_open"
    SIMPLE_HOURS = "simple_hours"


class SimSource(StrEnum):
    """What moves the simulated market."""

    GENERATOR = "generator"
    TAPE = "tape"


class LogLevel(StrEnum):
    """The least severe event that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How events are written; `auto` is the console's on a terminal, else JSON."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


_MODES_UNBUILT: Final = ("observe", "live_ramp")
_ADAPTERS_UNBUILT: Final = ("alpaca", "ibkr", "kis")


def _mode(value: object) -> Mode:
    if value in _MODES_UNBUILT:
        raise refusal("not_supported", f"mode {value} is not built yet; use trade")
    return word_of(value, Mode)


def _adapter(value: object) -> Adapter:
    if value in _ADAPTERS_UNBUILT:
        raise refusal("not_supported", f"the adapter {value} is not built yet; use sim")
    return word_of(value, Adapter)


def _matching(value: object, *, pattern: re.Pattern[str], what: str) -> str:
    text = text_of(value)
    if pattern.fullmatch(text):
        return text
    raise refusal("bad_value", f"{shown(text)} is not {what}")


def _printable(value: object) -> str:
    text = text_of(value)
    if text.isprintable():
        return text
    raise refusal("bad_value", f"{shown(text)} holds characters that cannot be printed")


def _zone(value: object) -> str:
    text = text_of(value)
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = ("America/New_York", "Europe/London", "Europe/Berlin", "Asia/Seoul", "UTC")
        raise refusal("bad_value", f"{shown(text)} is not a time zone{nearest(text, known)}") from None
    return text


def items(value: object) -> tuple[object, ...]:
    """Return the items of a list; a single text is a list of one, so that an environment variable can give it."""
    match value:
        case list() | tuple():
            return tuple(value)
        case str():
            return (value,)
        case _:
            raise refusal("wrong_type", "a list belongs here, such as [A, B]")


Flag = Annotated[bool, PlainValidator(flag_of), WithJsonSchema({"type": "boolean"})]
Number = Annotated[Decimal, PlainValidator(decimal_of), _NUMBER]
Positive = Annotated[Decimal, PlainValidator(partial(decimal_of, above=ZERO)), _NUMBER]
Unsigned = Annotated[Decimal, PlainValidator(partial(decimal_of, least=ZERO)), _NUMBER]
Ratio = Annotated[Decimal, PlainValidator(partial(decimal_of, above=ZERO, most=Decimal(1))), _NUMBER]
"""A fraction of one, above zero."""
Bps = Annotated[Decimal, PlainValidator(partial(decimal_of, least=ZERO, most=Decimal(10_000))), _NUMBER]
OffsetBps = Annotated[Decimal, PlainValidator(partial(decimal_of, least=Decimal(-1_000), most=Decimal(1_000))), _NUMBER]
Span = Annotated[Decimal, PlainValidator(partial(decimal_of, above=ZERO, most=Decimal(86_400_000))), _NUMBER]
"""A duration in the unit of its name; a day in milliseconds is the longest."""
Count = Annotated[int, PlainValidator(partial(integer_of, least=1, most=1_000_000)), _NUMBER]
Tries = Annotated[int, PlainValidator(partial(integer_of, least=0, most=100)), _NUMBER]
Port = Annotated[int, PlainValidator(partial(integer_of, least=0, most=65_535)), _NUMBER]
UserId = Annotated[int, PlainValidator(partial(integer_of, least=0, most=999_999_999)), _NUMBER]
Seed = Annotated[int, PlainValidator(partial(integer_of, least=0, most=999_999_999)), _NUMBER]
Text = Annotated[str, PlainValidator(_printable), _STRING]
Name = Annotated[str, PlainValidator(partial(_matching, pattern=_NAME, what="a name")), _STRING]
Symbol = Annotated[str, PlainValidator(partial(_matching, pattern=_SYMBOL, what="a symbol in capitals")), _STRING]
ClockText = Annotated[str, PlainValidator(partial(_matching, pattern=_CLOCK, what="a time such as 09:30")), _STRING]
ZoneText = Annotated[str, PlainValidator(_zone), _STRING]
ModeWord = Annotated[Mode, PlainValidator(_mode), _STRING]
AdapterWord = Annotated[Adapter, PlainValidator(_adapter), _STRING]
SessionWord = Annotated[SessionKind, PlainValidator(partial(word_of, words=SessionKind)), _STRING]
SourceWord = Annotated[SimSource, PlainValidator(partial(word_of, words=SimSource)), _STRING]
QueueWord = Annotated[QueueRule, PlainValidator(partial(word_of, words=QueueRule)), _STRING]
LevelWord = Annotated[LogLevel, PlainValidator(partial(word_of, words=LogLevel)), _STRING]
FormatWord = Annotated[LogFormat, PlainValidator(partial(word_of, words=LogFormat)), _STRING]
HorizonWord = Annotated[Horizon, PlainValidator(partial(word_of, words=Horizon)), _STRING]
AssetClassWord = Annotated[AssetClass, PlainValidator(partial(word_of, words=AssetClass)), _STRING]
