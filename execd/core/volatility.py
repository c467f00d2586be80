"""How much a price moves in half an hour, and how much it usually does at this time of day.

Prices are those of the last print before each whole minute; a minute without print keeps the one before. Realised
volatility is the root of the sum of 30 squared one-minute returns: a part of the price. The return over night, and the
opening auction, are in none of them. Nobody here knows a clock or reads a file.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from execd.core.market import Bar
from execd.core.session_table import SessionWindow

MINUTE_NS: Final = 60_000_000_000
RETURNS_N: Final = 30
CLOSES_N: Final = RETURNS_N + 1
BUCKET_MINUTES: Final = 5
"""The norm is kept for the end of each five minutes of a session."""
DAYS_MIN: Final = 5
_UNIT: Final = Decimal("0.000000001")
_FACTOR_UNIT: Final = Decimal("0.0001")
_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_TWO: Final = Decimal(2)


def realised(closes: Sequence[Decimal]) -> Decimal | None:
    """Return the volatility over 31 closes of minutes; None where there are fewer or one is not above zero."""
    if len(closes) < CLOSES_N or min(closes[-CLOSES_N:]) <= _ZERO:
        return None
    last = closes[-CLOSES_N:]
    # A minute in which nothing was traded at another price has no return; most minutes of a quiet name are such.
    squares = ((after / before - _ONE) ** 2 for before, after in pairwise(last) if before != after)
    return sum(squares, _ZERO).sqrt().quantize(_UNIT)


def minute_closes(bars: Sequence[Bar], session: SessionWindow) -> list[Decimal | None]:
    """Return the last price before the end of each minute of a session; None before its first print."""
    closes: list[Decimal | None] = [None] * ((session.close_ns - session.open_ns) // MINUTE_NS)
    for bar in bars:
        if session.open_ns <= bar.start_ns < session.close_ns:
            closes[(bar.start_ns - session.open_ns) // MINUTE_NS] = bar.close_px
    for n in range(1, len(closes)):
        if closes[n] is None:
            closes[n] = closes[n - 1]
    return closes


def day_volatilities(bars: Sequence[Bar], session: SessionWindow) -> tuple[Decimal | None, ...]:
    """Return the volatility of the half hour before the end of each five minutes; None where it is not known."""
    closes = minute_closes(bars, session)
    found: list[Decimal | None] = []
    for end in range(BUCKET_MINUTES, len(closes) + 1, BUCKET_MINUTES):
        known = [px for px in closes[max(0, end - CLOSES_N) : end] if px is not None]
        found.append(realised(known))
    return tuple(found)


def volatility_norm(days: Sequence[Sequence[Decimal | None]]) -> tuple[Decimal, ...]:
    """Return the median over days for each five minutes; 0 where fewer than five days know it. All of one length."""
    return tuple(_usual([value for value in column if value is not None]) for column in zip(*days, strict=True))


def volatility_factor(
    closes: Sequence[Decimal], norm: Sequence[Decimal], session: SessionWindow, minute_end_ns: int
) -> Decimal | None:
    """Return the volatility of the half hour before `minute_end_ns` against its norm, to a ten-thousandth.

    None where it is not known: within the first 31 minutes of a session, outside of it, without a norm of that time
    of day, or without 31 closes.
    """
    minutes_n = (minute_end_ns - session.open_ns) // MINUTE_NS
    if minutes_n < CLOSES_N or minute_end_ns > session.close_ns:
        return None
    place = min(minutes_n // BUCKET_MINUTES, len(norm)) - 1
    if place < 0 or norm[place] <= _ZERO:
        return None
    now = realised(closes)
    return None if now is None else (now / norm[place]).quantize(_FACTOR_UNIT)


def _usual(values: list[Decimal]) -> Decimal:
    if len(values) < DAYS_MIN:
        return _ZERO
    ordered = sorted(values)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / _TWO
    return median.quantize(_UNIT)
