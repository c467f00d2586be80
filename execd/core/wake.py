"""When an algorithm wants to be asked again.

Any one condition that is met wakes its parent; None never is. Between wakes a
parent costs nothing, and a replay can skip the quotes that wake nobody.
"""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from execd.core.market import Prints, Quote


class Wake(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Conditions on time, quote and prints; `volume_at` is the symbol's printed volume since the daemon's start."""

    at_ns: int | None = None
    bid_below: Decimal | None = None
    bid_above: Decimal | None = None
    ask_below: Decimal | None = None
    ask_above: Decimal | None = None
    print_at_or_below: Decimal | None = None
    print_at_or_above: Decimal | None = None
    volume_at: Decimal | None = None
    every_quote: bool = False

    def by(self, at_ns: int) -> "Wake":
        """Return it with `at_ns` as the latest instant at which it comes."""
        return self if self.at_ns is not None and self.at_ns <= at_ns else replace(self, at_ns=at_ns)

    def is_met_by_quote(self, quote: Quote) -> bool:
        """Whether `quote` wakes."""
        return (
            self.every_quote
            or (self.bid_below is not None and quote.bid_px < self.bid_below)
            or (self.bid_above is not None and quote.bid_px > self.bid_above)
            or (self.ask_below is not None and quote.ask_px < self.ask_below)
            or (self.ask_above is not None and quote.ask_px > self.ask_above)
        )

    def is_met_by_prints(self, prints: Prints, volume: Decimal) -> bool:
        """Whether `prints`, which brought the symbol's volume to `volume`, wake."""
        return (
            (self.print_at_or_below is not None and prints.low_px <= self.print_at_or_below)
            or (self.print_at_or_above is not None and prints.high_px >= self.print_at_or_above)
            or (self.volume_at is not None and volume >= self.volume_at)
        )

    @property
    def waits_for_quotes(self) -> bool:
        """Whether some quote could wake."""
        return self.every_quote or not (
            self.bid_below is None and self.bid_above is None and self.ask_below is None and self.ask_above is None
        )

    @property
    def waits_for_prints(self) -> bool:
        """Whether some print could wake."""
        return not (self.print_at_or_below is None and self.print_at_or_above is None and self.volume_at is None)


NEVER = Wake()
