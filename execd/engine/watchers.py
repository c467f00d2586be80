"""Who waits for what in the market.

A quote costs the parents that wait for it, not all: for each symbol the
extremes of all conditions are kept, and only when one of them is met are the
waiting parents looked at. `interest` tells a replay which rows it may skip.
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from execd.core.market import Prints, Quote
from execd.core.wake import NEVER, Wake

EVERY: Final = Wake(every_quote=True)


class _Waits:
    """The waiting parents of one symbol, by id, and the extremes of their wakes."""

    def __init__(self) -> None:
        self.by_parent: dict[str, Wake] = {}
        self.extremes: Wake | None = NEVER

    def widest(self) -> Wake:
        """Return one wake that is met whenever any of them is."""
        if self.extremes is None:
            extremes = NEVER
            for wake in self.by_parent.values():
                extremes = _wider(extremes, wake)
            self.extremes = extremes
        return self.extremes


class Watchers:
    """Wakes on the market, by symbol."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._symbols: dict[str, _Waits] = {}

    def put(self, symbol: str, parent_id: str, wake: Wake) -> None:
        """Let a parent wait for `wake`, in the place of what it waited for before."""
        waits = self._symbols.get(symbol)
        if waits is None:
            waits = self._symbols[symbol] = _Waits()
        if not (wake.waits_for_quotes or wake.waits_for_prints):
            if waits.by_parent.pop(parent_id, None) is not None:
                waits.extremes = None
            return
        before = waits.by_parent.get(parent_id)
        waits.by_parent[parent_id] = wake
        if before is None and waits.extremes is not None:
            waits.extremes = _wider(waits.extremes, wake)
        else:
            waits.extremes = None

    def drop(self, symbol: str, parent_id: str) -> None:
        """Forget a parent."""
        waits = self._symbols.get(symbol)
        if waits is not None and waits.by_parent.pop(parent_id, None) is not None:
            waits.extremes = None

    def by_quote(self, quote: Quote) -> list[str]:
        """Return the parents that a quote wakes, in the order in which they began to wait."""
        waits = self._symbols.get(quote.symbol)
        if waits is None or not waits.widest().is_met_by_quote(quote):
            return []
        return [parent_id for parent_id, wake in waits.by_parent.items() if wake.is_met_by_quote(quote)]

    def by_prints(self, prints: Prints, volume: Decimal) -> list[str]:
        """Return the parents that prints wake; `volume` is the symbol's after them."""
        waits = self._symbols.get(prints.symbol)
        if waits is None or not waits.widest().is_met_by_prints(prints, volume):
            return []
        return [parent_id for parent_id, wake in waits.by_parent.items() if wake.is_met_by_prints(prints, volume)]

    def for_quotes(self, symbol: str) -> list[str]:
        """Return the parents of a symbol that wait for any quote at all."""
        waits = self._symbols.get(symbol)
        return [] if waits is None else [parent_id for parent_id, wake in waits.by_parent.items() if wake.every_quote]

    def symbols(self) -> list[str]:
        """Return every symbol that anybody waited for."""
        return list(self._symbols)

    def interest(self, symbol: str) -> Wake:
        """Return what would wake somebody: a quote or print outside of it wakes nobody."""
        waits = self._symbols.get(symbol)
        return NEVER if waits is None else waits.widest()


def _wider(one: Wake, other: Wake) -> Wake:
    return replace(
        one,
        at_ns=None,
        bid_below=_most(one.bid_below, other.bid_below, 1),
        bid_above=_most(one.bid_above, other.bid_above, -1),
        ask_below=_most(one.ask_below, other.ask_below, 1),
        ask_above=_most(one.ask_above, other.ask_above, -1),
        print_at_or_below=_most(one.print_at_or_below, other.print_at_or_below, 1),
        print_at_or_above=_most(one.print_at_or_above, other.print_at_or_above, -1),
        volume_at=_most(one.volume_at, other.volume_at, -1),
        every_quote=one.every_quote or other.every_quote,
    )


def _most(one: Decimal | None, other: Decimal | None, sign: int) -> Decimal | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if sign > 0 else min(one, other)
