"""Instants as an intent may write them, and what they mean once it has arrived.

`when_of` reads, `resolve` answers; neither asks a clock. A duration counts from the file's arrival (its mtime), a
wall time is one of the exchange's day on which it arrived: an old file cannot come to life by being read again.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

import msgspec

from execd.config.strict_text import refusal, span_ns_of, text_of
from execd.config.strict_yaml import shown
from execd.core.session import exchange_instant_ns

_S: Final = 10**9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS: Final = range(1970, 2200)
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_SPAN_LIKE: Final = re.compile(r"(?:[0-9]+[a-z]+)+")
_WALL: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


class Instant(msgspec.Struct, frozen=True):
    """One instant, whatever the exchange's day."""

    text: str
    at_ns: int


class WallTime(msgspec.Struct, frozen=True):
    """A time of the exchange's day."""

    text: str
    seconds_of_day: int


class Span(msgspec.Struct, frozen=True):
    """So long after the arrival."""

    text: str
    span_ns: int


When = Instant | WallTime | Span


def when_of(value: object) -> When:
    """Return what a text says: RFC 3339 with an offset, HH:MM[:SS], or a duration."""
    text = text_of(value)
    if found := _WALL.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return WallTime(text, hours * 3_600 + minutes * 60 + seconds)
    if found := _INSTANT.fullmatch(text):
        moment, fraction, offset = found.groups()
        return Instant(text, _at_ns(text, moment, fraction or "", offset))
    if _SPAN_LIKE.fullmatch(text):
        return Span(text, span_ns_of(text))
    raise refusal(
        "bad_time",
        f"{shown(text)} is no time here; write 2026-03-02T14:30:00Z (with an offset), 14:30, or a duration as 10m",
    )


def resolve(when: When, *, arrived_ns: int, zone: str) -> int:
    """Return the instant that is meant by an intent which arrived at `arrived_ns`."""
    match when:
        case Instant(at_ns=at_ns):
            return at_ns
        case WallTime(seconds_of_day=seconds):
            return exchange_instant_ns(arrived_ns, seconds_of_day=seconds, zone=zone)
        case Span(span_ns=span_ns):
            return arrived_ns + span_ns
        case _:
            assert_never(when)


def _at_ns(text: str, moment: str, fraction: str, offset: str) -> int:
    try:
        # strptime would take the locale's digits; the pattern above took ASCII only. fromisoformat cuts nanoseconds.
        day = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        shift = timedelta() if offset == "Z" else _shift(offset)
        since = day - shift - _EPOCH
    except (ValueError, OverflowError):
        raise refusal("bad_time", f"{shown(text)} is not a date and time that exists") from None
    if day.year not in _YEARS:
        raise refusal("out_of_range", f"{shown(text)} is outside the years {_YEARS.start} to {_YEARS.stop - 1}")
    return (since.days * 86_400 + since.seconds) * _S + int(fraction.ljust(9, "0"))


def _shift(offset: str) -> timedelta:
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > 23 or minutes > 59:  # noqa: PLR2004  # A clock's own bounds.
        raise ValueError(offset)
    return timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
