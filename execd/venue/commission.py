"""What the venue charges for a fill.

A rate on the notional, an amount a share, and a minimum an order. It never
rounds anything but its own amounts. Exchange fees and taxes would be further
fields of `Commission`.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

ZERO: Final = Decimal(0)
PLACES: Final = Decimal("0.0001")
BPS: Final = Decimal(10_000)


class Commission(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`rate_bps` of the notional plus `per_share`, at least `minimum` over the life of an order that traded."""

    rate_bps: Decimal = ZERO
    per_share: Decimal = ZERO
    minimum: Decimal = ZERO

    def of(self, qty: Decimal, px: Decimal) -> Decimal:
        """Return rate and per-share part of one fill, rounded half up to 0.0001; the minimum is not in it."""
        amount = qty * px * self.rate_bps / BPS + qty * self.per_share
        return amount.quantize(PLACES, ROUND_HALF_UP)

    def due(self, *, earned: Decimal, paid: Decimal) -> Decimal:
        """Return what the latest fill of an order is charged.

        `earned` is the sum of `of` over all its fills, the latest included; `paid` what was charged before. The first
        fill thus pays the minimum, and later ones nothing until `earned` has passed it.
        """
        return max(self.minimum, earned) - paid
