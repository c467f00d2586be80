"""Whether an order is large for its market, and how it is cut over time then.

Size is money at the arrival mid, and a part of a usual day's volume where that is known; what is exactly at a
threshold is not large. A further measure of size is a line in `size_of` and a threshold of `core.preset.Slicing`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from execd.algos.base import MarketView
from execd.core.codec import plain
from execd.core.preset import Slicing
from execd.core.schedule_terms import ALGO_TERMS

PERCENT: Final = Decimal(100)
_SHOWN: Final = Decimal("0.001")


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How large an order is: money, and the usual volume of a day with its source (None: nobody knows it)."""

    qty: Decimal
    notional: Decimal
    adv_qty: Decimal | None
    adv_source: str = ""

    @property
    def text(self) -> str:
        """The numbers in words."""
        if not self.adv_qty:
            return f"notional {plain(self.notional)}, a usual day's volume is not known"
        share = plain((self.qty / self.adv_qty * PERCENT).quantize(_SHOWN))
        return f"notional {plain(self.notional)}, {share}% of ADV {plain(self.adv_qty)} ({self.adv_source})"


def size_of(order_qty: Decimal, notional: Decimal, market: MarketView) -> Size:
    """Return how large an order is in this market."""
    day = market.day
    adv_qty = None if day is None else day.adv_qty
    source = "" if day is None else day.adv_source
    return Size(qty=order_qty, notional=notional, adv_qty=adv_qty, adv_source=source)


def is_large(slicing: Slicing, size: Size) -> bool:
    """Whether an order is cut over time."""
    if not slicing.is_on:
        return False
    if slicing.notional_min is not None and size.notional > slicing.notional_min:
        return True
    fraction = slicing.adv_fraction
    return fraction is not None and size.adv_qty is not None and size.qty > fraction * size.adv_qty


def thresholds(slicing: Slicing) -> str:
    """Return in words what is cut."""
    if not slicing.is_on:
        return "nothing is cut"
    over = [] if slicing.notional_min is None else [f"notional {plain(slicing.notional_min)}"]
    if slicing.adv_fraction is not None:
        over.append(f"{plain(slicing.adv_fraction * PERCENT)}% of ADV")
    return f"cut over {' or '.join(over)}" if over else "nothing is cut"


def schedule_of(slicing: Slicing, tactic: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the parameters of the schedule that cuts, and in words what of them it does not know (empty: nothing)."""
    wanted: dict[str, Any] = {
        "tactic": dict(tactic),
        "interval_ns": slicing.interval_ns,
        "duration_ns": slicing.duration_ns,
        "child_usd": None if slicing.child_notional is None else plain(slicing.child_notional),
        "participation_max": None if slicing.participation_max is None else plain(slicing.participation_max),
        "days": slicing.profile_days if slicing.method == "vwap" else None,
    }
    known = tuple(term.stored for term in ALGO_TERMS[slicing.method].terms)
    given = {name: value for name, value in wanted.items() if value is not None}
    unknown = [name for name in given if name not in known]
    told = f"{slicing.method} takes no {', '.join(unknown)}" if unknown else ""
    return {name: value for name, value in given.items() if name in known}, told
