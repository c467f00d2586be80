"""The mean spread of a symbol: exponential in time, with a half-life of a minute, exact to a millionth.

It is fed with what stood at each whole second (of UTC, just before it): so a quote counts for as long as it stood, a
burst of quotes within a second changes nothing, and whoever passes over quotes can still say what it would be. Law:
`after(x, a)` and then `after(x, b)` is `after(x, a + b)`. Whole numbers only: the same on every machine.
"""

from decimal import Decimal
from typing import Final

import msgspec

SECOND_NS: Final = 1_000_000_000
UNITS_PER_ONE: Final = 1_000_000
"""Spreads are counted in millionths of a currency unit."""
_BITS: Final = 40
_WHOLE: Final = 1 << _BITS
_STEP_BITS: Final = 20
_STEP: Final = 12_044
"""2^20 × (1 − 2^(−1/60)), to the next whole number: half of the weight is gone after 60.0 s."""


class SpreadMean(msgspec.Struct, frozen=True, gc=False):
    """What was seen so far: the weighted sum of the spreads, and the sum of the weights (2^40 is all the weight)."""

    weighted: int = 0
    weight: int = 0

    def after(self, units: int, seconds_n: int) -> "SpreadMean":
        """Return the mean after a spread has stood for so many seconds more."""
        weighted, weight, whole = self.weighted, self.weight, units << _BITS
        while seconds_n and (more_weight := (_WHOLE - weight) * _STEP >> _STEP_BITS):
            weighted += (whole - weighted) * _STEP >> _STEP_BITS
            weight += more_weight
            seconds_n -= 1
        # After half an hour all the weight is there, and a spread that goes on standing brings its mean to rest.
        while seconds_n and (more := (whole - weighted) * _STEP >> _STEP_BITS):
            weighted += more
            seconds_n -= 1
        return SpreadMean(weighted, weight)

    @property
    def px(self) -> Decimal | None:
        """The mean in currency units, to a millionth; None before the first second."""
        if not self.weight:
            return None
        return Decimal((self.weighted + self.weight // 2) // self.weight) / UNITS_PER_ONE


NOT_SEEN: Final = SpreadMean()


def units_of(spread: Decimal) -> int:
    """Return a spread in millionths of a currency unit."""
    return int(spread * UNITS_PER_ONE)
