"""What can be traded, and the grid its prices and quantities live on.

Rounding is here and nowhere else: a price goes to the nearest tick with ties
toward passive, a bound goes toward passive, a quantity goes down.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from execd.core.enums import AssetClass

ONE: Final = Decimal(1)
SUB_DOLLAR_TICK: Final = Decimal("0.0001")
CENT: Final = Decimal("0.01")


class TickBand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """From `from_px` upward, prices are multiples of `tick`."""

    from_px: Decimal
    tick: Decimal


US_TICKS: Final = (
    TickBand(from_px=Decimal(0), tick=SUB_DOLLAR_TICK),
    TickBand(from_px=ONE, tick=CENT),
)


class Instrument(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One tradable thing. `round_lot` is about displayed sizes only; it never rounds an order."""

    symbol: str
    asset_class: AssetClass = AssetClass.STK
    currency: str = "USD"
    ticks: tuple[TickBand, ...] = US_TICKS
    round_lot: Decimal = Decimal(100)
    qty_step: Decimal = ONE
    min_qty: Decimal = ONE
    multiplier: Decimal = ONE
    calendar: str = "XNYS"

    def tick_at(self, px: Decimal) -> Decimal:
        """Return the tick that holds at `px`."""
        tick = self.ticks[0].tick
        for band in self.ticks:
            if px >= band.from_px:
                tick = band.tick
        return tick

    def nearest(self, px: Decimal, *, is_buy: bool) -> Decimal:
        """Return the price on the grid nearest to `px`; a tie goes toward passive (down for buys)."""
        return self._on_grid(px, ROUND_HALF_DOWN if is_buy else ROUND_HALF_UP)

    def passive(self, px: Decimal, *, is_buy: bool) -> Decimal:
        """Return the last price on the grid that does not pass `px`: down for buys, up for sells."""
        return self._on_grid(px, ROUND_FLOOR if is_buy else ROUND_CEILING)

    def floor_qty(self, qty: Decimal) -> Decimal:
        """Return the largest multiple of `qty_step` that is not above `qty`."""
        return (qty / self.qty_step).to_integral_value(ROUND_FLOOR) * self.qty_step

    def _on_grid(self, px: Decimal, rounding: str) -> Decimal:
        tick = self.tick_at(px)
        return (px / tick).to_integral_value(rounding) * tick


def clip(px: Decimal, bounds: tuple[Decimal | None, ...], *, is_buy: bool) -> Decimal:
    """Return `px`, or the tightest of `bounds` where `px` would pay more than it; None bounds nothing."""
    for bound in bounds:
        if bound is not None:
            px = min(px, bound) if is_buy else max(px, bound)
    return px
