"""What anybody waits for in one symbol, as integers that numpy can compare with a tape.

The venue says which rows can change an order (`Interest`), the engine which wake a parent (`Wake`); a row outside of
both changes nothing, and a replay passes over it. Nothing is decided here: a bound that is too wide costs time, never
a different result. A new condition of either is a field here and a comparison in `first_quote` or `first_print`.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import msgspec
import numpy as np

from execd.core.wake import Wake
from execd.simulation.segments import Segment
from execd.venue.matching import Interest
from execd.venue.tape import UNITS_PER_ONE
from execd.venue.tape_text import Flags

WINDOW_FIRST: Final = 256
WINDOW_LAST: Final = 8_192
"""The window grows from first to last: a near row is found at once, a far one at numpy's speed."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """A row matters when a price is at or below a `*_most`, at or above a `*_least`, or of a kind of which any does.

    Prices are in 1/10,000 of a currency unit; `volume_least` is the symbol's printed volume since the start.
    """

    bid_most: int | None = None
    bid_least: int | None = None
    ask_most: int | None = None
    ask_least: int | None = None
    print_most: int | None = None
    print_least: int | None = None
    volume_least: int | None = None
    any_quote: bool = False
    any_print: bool = False

    @property
    def has_quotes(self) -> bool:
        """Whether some quote could matter."""
        return self.any_quote or not (
            self.bid_most is None and self.bid_least is None and self.ask_most is None and self.ask_least is None
        )

    @property
    def has_prints(self) -> bool:
        """Whether some print could matter."""
        return self.any_print or not (
            self.print_most is None and self.print_least is None and self.volume_least is None
        )

    def first_quote(self, segment: Segment, start: int, stop: int) -> int:
        """Return the first quote in [start, stop) that matters, or `stop`; the range must hold one row at least."""
        flags: Flags | None = None
        if self.bid_most is not None:
            flags = _either(flags, segment.bid[start:stop] <= self.bid_most)
        if self.bid_least is not None:
            flags = _either(flags, segment.bid[start:stop] >= self.bid_least)
        if self.ask_most is not None:
            flags = _either(flags, segment.ask[start:stop] <= self.ask_most)
        if self.ask_least is not None:
            flags = _either(flags, segment.ask[start:stop] >= self.ask_least)
        return _first(flags, start, stop)

    def first_print(self, segment: Segment, start: int, stop: int) -> int:
        """Return the first print in [start, stop) whose price matters, or `stop`; as `first_quote`."""
        flags: Flags | None = None
        if self.print_most is not None:
            flags = _either(flags, segment.px[start:stop] <= self.print_most)
        if self.print_least is not None:
            flags = _either(flags, segment.px[start:stop] >= self.print_least)
        return _first(flags, start, stop)


NOTHING: Final = Bounds()
EVERYTHING: Final = Bounds(any_quote=True, any_print=True)


def bounds_of(interest: Interest, wake: Wake) -> Bounds:
    """Return the bounds outside of which a row changes no order and wakes no parent."""
    if interest == _NO_INTEREST and not (wake.waits_for_quotes or wake.waits_for_prints):
        return NOTHING
    return Bounds(
        # Wakes on quotes are strict, an interest is inclusive: below x is at or below the unit under x.
        bid_most=_most(_floor(interest.bid_at_or_below), _under(wake.bid_below)),
        bid_least=_least(_ceiling(interest.bid_at_or_above), _over(wake.bid_above)),
        ask_most=_most(_floor(interest.ask_at_or_below), _under(wake.ask_below)),
        ask_least=_least(_ceiling(interest.ask_at_or_above), _over(wake.ask_above)),
        print_most=_most(_floor(interest.print_at_or_below), _floor(wake.print_at_or_below)),
        print_least=_least(_ceiling(interest.print_at_or_above), _ceiling(wake.print_at_or_above)),
        volume_least=None if wake.volume_at is None else int(wake.volume_at.to_integral_value(ROUND_CEILING)),
        any_quote=interest.any_quote or wake.every_quote,
        any_print=interest.any_print,
    )


_NO_INTEREST: Final = Interest()


def _either(flags: Flags | None, more: Flags) -> Flags:
    return more if flags is None else np.logical_or(flags, more, out=flags)


def _first(flags: Flags | None, start: int, stop: int) -> int:
    if flags is None:
        return stop
    at = int(flags.argmax())
    return start + at if flags[at] else stop


def _floor(px: Decimal | None) -> int | None:
    return None if px is None else int((px * UNITS_PER_ONE).to_integral_value(ROUND_FLOOR))


def _ceiling(px: Decimal | None) -> int | None:
    return None if px is None else int((px * UNITS_PER_ONE).to_integral_value(ROUND_CEILING))


def _under(px: Decimal | None) -> int | None:
    units = _ceiling(px)
    return None if units is None else units - 1


def _over(px: Decimal | None) -> int | None:
    units = _floor(px)
    return None if units is None else units + 1


def _most(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _least(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
