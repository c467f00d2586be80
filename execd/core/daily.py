"""What is derived from past bars once a day: usual volume, usual range, last close, the shape of a day's volume.

Pure functions over bars in the order of time; nobody here reads a file or knows what day it is. Quantities are shares,
prices currency units, shares of a day fractions of one. A further daily value is a field and a function here.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final

import msgspec

from execd.core.market import Bar
from execd.core.session_table import SessionWindow

S: Final = 1_000_000_000
ADV_DAYS: Final = 20
ATR_DAYS: Final = 14
PROFILE_DAYS: Final = 20
PROFILE_DAYS_MIN: Final = 5
"""Fewer days would say more about those days than about the symbol."""
PROFILES: Final = ("20 median", "5 median")
"""What is learned where nobody says it; the first is the one that is used unless another is asked for."""
PROFILE_DAYS_MOST: Final = 250
"""A year of sessions: more says what the symbol was once."""
BUCKET_NS: Final = 300 * S
_UNIT: Final = Decimal("0.000001")
_PARTS: Final = 10**9
"""A profile is exact to this many parts of a day."""
_ZERO: Final = Decimal(0)


class BarSpan(StrEnum):
    """How much time one bar covers."""

    DAILY = "daily"
    HOUR = "hour"
    MINUTE = "minute"

    @property
    def span_ns(self) -> int:
        """The length of a bar. A daily one is 24 hours from its start, also where a clock was changed."""
        return {BarSpan.DAILY: 86_400 * S, BarSpan.HOUR: 3_600 * S, BarSpan.MINUTE: 60 * S}[self]


class Statistic(StrEnum):
    """How the parts of several days become one."""

    MEDIAN = "median"
    MEAN = "mean"


class DailyValues(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a symbol's days up to `as_of_date` (a session's date, ISO). None or empty: it is not known.

    `profile` is the part of a full day's volume in each of its equal buckets from the open on; it sums to exactly 1. It
    comes from `profile_days_n` sessions, the last of them on `profile_date`; those of other numbers of days, or of the
    mean, are in `other_profiles` under names such as "5 mean". `volatility_norm` is the usual volatility
    of the half hour before the end of each five minutes (`core.volatility`), 0 where it is not known. `sessions` are
    those of its calendar around that day. Each `*_source` says where a value comes from: `bars` with their last date,
    `instruments.yaml`, or `class default`; empty where there is none.
    """

    symbol: str
    as_of_date: str = ""
    prev_close_px: Decimal | None = None
    adv_qty: Decimal | None = None
    atr_px: Decimal | None = None
    spread_bps: Decimal | None = None
    profile: tuple[Decimal, ...] = ()
    profile_days: int = 20
    profile_days_n: int = 0
    profile_date: str = ""
    profile_statistic: Statistic = Statistic.MEDIAN
    other_profiles: dict[str, tuple[Decimal, ...]] = {}
    bucket_s: int = 300
    volatility_norm: tuple[Decimal, ...] = ()
    sessions: tuple[SessionWindow, ...] = ()
    adv_source: str = ""
    spread_source: str = ""
    profile_source: str = ""

    def session_at(self, now_ns: int) -> SessionWindow | None:
        """Return the session in progress, else the next one that is known; None where there is none."""
        return next((session for session in self.sessions if now_ns < session.close_ns), None)

    def profile_of(self, days: int | None, statistic: Statistic | None) -> tuple[Decimal, ...] | None:
        """Return the profile that was learned from so many days; None where nobody asked reference data for it.

        What is None is as in the one that is used unless another is asked for. One from the instruments file, or of
        the asset class, stands for any.
        """
        first = f"{self.profile_days} {self.profile_statistic}"
        name = profile_name(days, statistic, first=first)
        return self.profile if not self.profile_days_n or name == first else self.other_profiles.get(name)


def profile_name(days: int | None, statistic: str | None, *, first: str) -> str:
    """Return what a learned profile is called, such as "5 mean"; what is None is as in `first`."""
    first_days, _, first_statistic = first.partition(" ")
    return f"{first_days if days is None else days} {statistic or first_statistic}"


def profile_problem(days: int | None, statistic: str | None, learned: Sequence[str]) -> str:
    """Return why a profile cannot be asked for, and what to do; empty where it is among those that are learned."""
    name = profile_name(days, statistic, first=learned[0])
    if name in learned:
        return ""
    return f"no profile {name} is learned (refdata.profiles: {', '.join(learned)}); add it, or ask for one of them"


def average_daily_volume(bars: Sequence[Bar], days: int = ADV_DAYS) -> Decimal | None:
    """Return the mean volume of the last `days` daily bars, to a millionth; None where there are fewer."""
    if len(bars) < days:
        return None
    return (sum((bar.volume for bar in bars[-days:]), _ZERO) / days).quantize(_UNIT)


def average_true_range(bars: Sequence[Bar], days: int = ATR_DAYS) -> Decimal | None:
    """Return Wilder's average of the true ranges of daily bars, to a millionth; None with less than `days` + 1 bars.

    The first `days` ranges are averaged plainly; each later one counts 1/`days`. The first bar has no range, for the
    close before it is not known.
    """
    if len(bars) <= days:
        return None
    ranges = [_true_range(bar, before.close_px) for before, bar in pairwise(bars)]
    average = sum(ranges[:days], _ZERO) / days
    for true_range in ranges[days:]:
        average = (average * (days - 1) + true_range) / days
    return average.quantize(_UNIT)


def usual_sessions(sessions: Sequence[SessionWindow], early_opens_ns: Sequence[int]) -> tuple[SessionWindow, ...]:
    """Return the sessions of the usual length: early closes (named by their opens) and days of other hours left out."""
    full = [one for one in sessions if one.open_ns not in early_opens_ns]
    lengths = Counter(one.close_ns - one.open_ns for one in full)
    if not lengths:
        return ()
    usual_ns = max(lengths, key=lambda length_ns: (lengths[length_ns], length_ns))
    return tuple(one for one in full if one.close_ns - one.open_ns == usual_ns)


def bucket_volumes(bars: Sequence[Bar], session: SessionWindow, bucket_ns: int = BUCKET_NS) -> tuple[Decimal, ...]:
    """Return the volume in each bucket of a session; bars outside it do not count. The last bucket may be shorter."""
    volumes = [_ZERO] * -((session.open_ns - session.close_ns) // bucket_ns)
    for bar in bars:
        if session.open_ns <= bar.start_ns < session.close_ns:
            volumes[(bar.start_ns - session.open_ns) // bucket_ns] += bar.volume
    return tuple(volumes)


def volume_profile(days: Sequence[Sequence[Decimal]], statistic: Statistic = Statistic.MEDIAN) -> tuple[Decimal, ...]:
    """Return the usual part of a day's volume in each bucket, scaled so that the sum is exactly 1.

    Each day counts alike, however much was traded; a day without volume does not count. All days must have equally
    many buckets. Empty where no volume is left.
    """
    shares = [[Fraction(volume) / total for volume in day] for day in days if (total := Fraction(sum(day, _ZERO)))]
    usual = _median if statistic is Statistic.MEDIAN else _mean
    middles = [usual(column) for column in zip(*shares, strict=True)]
    whole = sum(middles, Fraction(0))
    return exact_parts([middle / whole for middle in middles]) if whole else ()


def exact_parts(shares: Sequence[Fraction]) -> tuple[Decimal, ...]:
    """Round shares of one down, and give what is left to the largest remainders, earlier ones first."""
    floors = [int(share * _PARTS) for share in shares]
    rest = _PARTS - sum(floors)
    by_remainder = sorted(range(len(shares)), key=lambda n: (floors[n] - shares[n] * _PARTS, n))
    for n in by_remainder[:rest]:
        floors[n] += 1
    return tuple(Decimal(floor) / _PARTS for floor in floors)


def _true_range(bar: Bar, before_px: Decimal) -> Decimal:
    return max(bar.high_px, before_px) - min(bar.low_px, before_px)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _median(values: Sequence[Fraction]) -> Fraction:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
