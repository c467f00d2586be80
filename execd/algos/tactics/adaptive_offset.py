"""An offset that knows the spread, the volatility and the time of day.

It goes at least to the touch, for half the spread is the least distance; so it is meant to trade, and rests with what
the touch did not have.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.algos.base import BPS, AlgoView
from execd.algos.tactics.base import Job, Wanted
from execd.algos.tactics.daytime import day_factor
from execd.algos.tactics.offset import rest_beyond_mid
from execd.core.codec import plain
from execd.core.market import Quote

HALF: Final = Decimal("0.5")
WILD_FROM: Final = Decimal("1.5")
WILD_FACTOR: Final = Decimal("1.5")
_CENTI: Final = Decimal("0.01")


class AdaptiveOffset(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """max(`bps`, half the spread) beyond the middle; x 1.5 where the volatility factor is over 1.5; x the day's factor.

    `bps` is not below zero. A volatility that is not known counts as usual.
    """

    bps: Decimal
    ttl_ns: int
    has_day_factor: bool = True
    is_exit: bool = False
    is_resting: bool = False

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return one child at the distance that holds when it is placed, for `ttl_ns`."""
        return rest_beyond_mid(self, view, job, self._distance, ttl_ns=self.ttl_ns, crosses=True)

    def _distance(self, view: AlgoView, quote: Quote) -> tuple[Decimal, str]:
        spread_bps = quote.spread * BPS / quote.mid_px
        bps = max(self.bps, HALF * spread_bps)
        told = (
            f"adaptive offset: the larger of {plain(self.bps)} and half the spread of"
            f" {plain(spread_bps.quantize(_CENTI))} bps from mid {plain(quote.mid_px)}"
        )
        volatility = view.market.volatility_factor
        if volatility is None:
            told += ", volatility not known"
        elif volatility > WILD_FROM:
            bps *= WILD_FACTOR
            told += f", x {plain(WILD_FACTOR)} (volatility {plain(volatility)} of the usual)"
        if self.has_day_factor:
            factor, when = day_factor(view.session, view.now_ns)
            bps *= factor
            told += f", x {plain(factor)} ({when})"
        return bps, told
