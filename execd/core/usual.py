"""What is usual for a symbol where its history does not say: from the instruments file, else its class's default.

Each value of a day names where it comes from, so that a plan can say it. Pure; the values themselves come from the
configuration (`config`) and from reference data (`refdata`). Another fallback is a field of `Usual` and a line here.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.daily import DailyValues, exact_parts

INSTRUMENTS: Final = "instruments.yaml"
CLASS_DEFAULT: Final = "class default"
BUCKETS_MAX: Final = 1_440
"""Parts of a profile that somebody writes down: a minute each, of a market that never closes."""


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said is usual. `profile` are weights of equal parts of a full session; they need not sum to 1."""

    adv_qty: Decimal | None = None
    spread_bps: Decimal | None = None
    profile: tuple[Decimal, ...] = ()


NOTHING_USUAL: Final = Usual()


def normalised(weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Return weights scaled so that they sum to exactly 1. Raises ValueError where they have no sum to scale."""
    total = sum((Fraction(weight) for weight in weights), Fraction(0))
    if total <= 0 or min(weights) < 0:
        raise ValueError("a profile needs weights of zero or more, and one of them above zero")
    return exact_parts([Fraction(weight) / total for weight in weights])


def filled_in(known: DailyValues | None, symbol: str, own: Usual, of_class: Usual) -> DailyValues:
    """Return what is known of a symbol, and for what its history does not say what is usual, each with its source."""
    day = known if known is not None else DailyValues(symbol=symbol)
    for usual, source in ((own, INSTRUMENTS), (of_class, CLASS_DEFAULT)):
        if day.adv_qty is None and usual.adv_qty is not None:
            day = replace(day, adv_qty=usual.adv_qty, adv_source=source)
        if day.spread_bps is None and usual.spread_bps is not None:
            day = replace(day, spread_bps=usual.spread_bps, spread_source=source)
        if not day.profile and usual.profile:
            day = replace(day, profile=normalised(usual.profile), profile_source=source)
    return day
