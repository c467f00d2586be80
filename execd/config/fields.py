"""The types of configuration values: each reads text by one rule and carries its bounds.

They take what `strict_text` takes, and the value itself where a program builds settings. A new kind of value is a
reader and an annotated type here; what a value is for is said in the sections. No reader of a secret may show it.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import GetCoreSchemaHandler, SecretStr
from pydantic_core import core_schema

from execd.config.strict_text import decimal_of, flag_of, integer_of, nearest, refusal, text_of, word_of
from execd.config.strict_yaml import shown
from execd.core.enums import AssetClass, Coverage, Horizon, QueueRule
from execd.core.scopes import KillLevel

ZERO: Final = Decimal(0)
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9./]{0,11}")
_GROUP: Final = re.compile(r"([a-z_][a-z0-9_-]{0,31})?")
_NAMED: Final = re.compile(r"https?://[^/?#]*@")
_URL: Final = re.compile(r"(https?://[^\s/?#@]+([/?#][^\s]*)?)?")
_CALENDAR: Final = re.compile(r"[A-Z][A-Z0-9]{0,11}")
_CLOSURE: Final = re.compile(r"[A-Z][A-Z0-9]{0,11} [0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})?")
_PROFILE: Final = re.compile(r"[1-9][0-9]{0,2} (median|mean)")
_PROFILE_IS: Final = "days and a statistic such as 20 median"
_CLOSURE_IS: Final = "a day such as XNYS 2026-12-09, or hours such as XNYS 2026-12-10 09:30-13:00"
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class Mode(StrEnum):
    """What the daemon does with its decisions."""

    TRADE = "trade"
    OBSERVE = "observe"


class Adapter(StrEnum):
    """Which broker an account is at."""

    SIM = "sim"


class SessionKind(StrEnum):
    """How the day is cut."""

    ALWAYS_OPEN = "always_open"
    SIMPLE_HOURS = "simple_hours"
    CALENDAR = "calendar"


class External(StrEnum):
    """What an order of others on an account does."""

    HALT = "halt"
    COUNT = "count"


class SimSource(StrEnum):
    """What moves the simulated market."""

    GENERATOR = "generator"
    TAPE = "tape"


class StopPolicy(StrEnum):
    """What becomes of working orders when the daemon stops."""

    LEAVE = "leave"
    CANCEL = "cancel"


class Severity(StrEnum):
    """How bad what an alert tells is, the least first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


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


_MODES_UNBUILT: Final = ("live_ramp",)
_ADAPTERS_UNBUILT: Final = ("alpaca", "ibkr", "kis")


def _mode(value: object) -> Mode:
    if value in _MODES_UNBUILT:
        raise refusal("not_supported", f"mode {value} is not built yet; use trade or observe")
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


def _url(value: object) -> SecretStr:
    """Return an address that is a secret as a whole: whoever knows it can speak for us."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if not isinstance(value, str):
        raise refusal("wrong_type", "a secret is text in one piece")
    if _NAMED.match(value):
        text = (
            "the value (a secret, not shown) has a user or a password before its host; put what it needs into the path"
        )
        raise refusal("bad_value", text)
    if not (value.isascii() and value.isprintable() and _URL.fullmatch(value)):
        raise refusal("bad_value", "the value (a secret, not shown) is no address such as https://host/path")
    return SecretStr(value)


class Reader:
    """How a value is read, for pydantic and for the manual. `bounds` are those of the function, by its own names.

    pydantic's own PlainValidator would build a second schema for each field, to serialize it: a third of a start.
    """

    __slots__ = ("_read", "bounds", "json_type")

    def __init__(self, read: Callable[..., object], json_type: str, /, **bounds: object) -> None:
        self._read = partial(read, **bounds) if bounds else read
        self.json_type = json_type
        self.bounds = bounds

    def __get_pydantic_core_schema__(self, _: object, __: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Return the schema: our function reads, and a secret is written masked."""
        masked = core_schema.plain_serializer_function_ser_schema(str, when_used="json")
        is_secret = self._read is _url
        return core_schema.no_info_plain_validator_function(self._read, serialization=masked if is_secret else None)


def items(value: object) -> tuple[object, ...]:
    """Return the items of a list; a single text is a list of one, so that an environment variable can give it."""
    match value:
        case list() | tuple():
            return tuple(value)
        case str():
            return (value,)
        case _:
            raise refusal("wrong_type", "a list belongs here, such as [A, B]")


Flag = Annotated[bool, Reader(flag_of, "boolean")]
Number = Annotated[Decimal, Reader(decimal_of, "number")]
Positive = Annotated[Decimal, Reader(decimal_of, "number", above=ZERO)]
Unsigned = Annotated[Decimal, Reader(decimal_of, "number", least=ZERO)]
Ratio = Annotated[Decimal, Reader(decimal_of, "number", above=ZERO, most=Decimal(1))]
"""A fraction of one, above zero."""
Bps = Annotated[Decimal, Reader(decimal_of, "number", least=ZERO, most=Decimal(10_000))]
Span = Annotated[Decimal, Reader(decimal_of, "number", above=ZERO, most=Decimal(86_400_000))]
"""A duration in the unit of its name; a day in milliseconds is the longest."""
Count = Annotated[int, Reader(integer_of, "integer", least=1, most=1_000_000)]
SpanOrNone = Annotated[Decimal, Reader(decimal_of, "number", least=ZERO, most=Decimal(86_400_000))]
"""The same, or 0 for never."""
Days = Annotated[int, Reader(integer_of, "integer", least=0, most=10_000)]
Mebibytes = Annotated[int, Reader(integer_of, "integer", least=0, most=1_048_576)]
Tries = Annotated[int, Reader(integer_of, "integer", least=0, most=100)]
Port = Annotated[int, Reader(integer_of, "integer", least=0, most=65_535)]
UserId = Annotated[int, Reader(integer_of, "integer", least=0, most=999_999_999)]
Seed = Annotated[int, Reader(integer_of, "integer", least=0, most=999_999_999)]
Text = Annotated[str, Reader(_printable, "string")]
Name = Annotated[str, Reader(_matching, "string", pattern=NAME, what="a name")]
Symbol = Annotated[str, Reader(_matching, "string", pattern=_SYMBOL, what="a symbol in capitals")]
CalendarName = Annotated[str, Reader(_matching, "string", pattern=_CALENDAR, what="a calendar such as XNYS")]
ClosureText = Annotated[str, Reader(_matching, "string", pattern=_CLOSURE, what=_CLOSURE_IS)]
ClockText = Annotated[str, Reader(_matching, "string", pattern=_CLOCK, what="a time such as 09:30")]
ZoneText = Annotated[str, Reader(_zone, "string")]
ModeWord = Annotated[Mode, Reader(_mode, "string")]
AdapterWord = Annotated[Adapter, Reader(_adapter, "string")]
ExternalWord = Annotated[External, Reader(word_of, "string", words=External)]
SessionWord = Annotated[SessionKind, Reader(word_of, "string", words=SessionKind)]
SourceWord = Annotated[SimSource, Reader(word_of, "string", words=SimSource)]
QueueWord = Annotated[QueueRule, Reader(word_of, "string", words=QueueRule)]
LevelWord = Annotated[LogLevel, Reader(word_of, "string", words=LogLevel)]
FormatWord = Annotated[LogFormat, Reader(word_of, "string", words=LogFormat)]
CoverageWord = Annotated[Coverage, Reader(word_of, "string", words=Coverage)]
ProfileText = Annotated[str, Reader(_matching, "string", pattern=_PROFILE, what=_PROFILE_IS)]
HorizonWord = Annotated[Horizon, Reader(word_of, "string", words=Horizon)]
AssetClassWord = Annotated[AssetClass, Reader(word_of, "string", words=AssetClass)]
KillWord = Annotated[KillLevel, Reader(word_of, "string", words=KillLevel)]
StopWord = Annotated[StopPolicy, Reader(word_of, "string", words=StopPolicy)]
SeverityWord = Annotated[Severity, Reader(word_of, "string", words=Severity)]
GroupText = Annotated[str, Reader(_matching, "string", pattern=_GROUP, what="the name of a group")]
SecretUrl = Annotated[SecretStr, Reader(_url, "string")]
"""Shown as ********** wherever it is printed; empty where there is none."""
