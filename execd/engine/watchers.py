"""Who waits for what in the market.

A quote costs the parents that it wakes, not all that wait: each condition of a
symbol is a heap, the one that is met first on top. `interest` tells a replay
which rows it may skip. A new condition is a field of `Wake` and a row in
`_Waits`.
"""

import heapq
from decimal import Decimal
from typing import Final

from execd.core.market import Prints, Quote
from execd.core.wake import NEVER, Wake

STALE_MAX: Final = 64
"""So many replaced entries may lie in a heap beside the standing ones before it is built anew."""


class _Levels:
    """One kind of condition: levels by parent. `sign` -1: the highest is met first, 1: the lowest."""

    def __init__(self, sign: int, *, is_inclusive: bool) -> None:
        self._sign = sign
        self._is_inclusive = is_inclusive
        self._levels: dict[str, Decimal] = {}
        self._heap: list[tuple[Decimal, str]] = []

    def put(self, parent_id: str, level: Decimal | None) -> None:
        if level is None:
            self._levels.pop(parent_id, None)
            return
        signed = level if self._sign > 0 else -level
        if self._levels.get(parent_id) == signed:
            return
        self._levels[parent_id] = signed
        heapq.heappush(self._heap, (signed, parent_id))
        if len(self._heap) > 2 * len(self._levels) + STALE_MAX:
            self._heap = [(known, name) for name, known in self._levels.items()]
            heapq.heapify(self._heap)

    def first(self) -> Decimal | None:
        """Return the level that is met before all others."""
        heap, levels = self._heap, self._levels
        while heap:
            signed, parent_id = heap[0]
            if levels.get(parent_id) == signed:
                return signed if self._sign > 0 else -signed
            heapq.heappop(heap)
        return None

    def add_met(self, px: Decimal, met: dict[str, None]) -> None:
        """Add those whose level `px` meets; only they, and replaced entries beside them, are looked at."""
        heap = self._heap
        if not heap:
            return
        signed_px = px if self._sign > 0 else -px
        places = [0]
        while places:
            place = places.pop()
            if place >= len(heap):
                continue
            signed, parent_id = heap[place]
            if signed < signed_px or (self._is_inclusive and signed == signed_px):
                if self._levels.get(parent_id) == signed:
                    met[parent_id] = None
                places += (2 * place + 1, 2 * place + 2)


class _Waits:
    """The waiting parents of one symbol."""

    def __init__(self) -> None:
        self.by_parent: dict[str, Wake] = {}
        self.every: dict[str, None] = {}
        self.bid_below = _Levels(-1, is_inclusive=False)
        self.bid_above = _Levels(1, is_inclusive=False)
        self.ask_below = _Levels(-1, is_inclusive=False)
        self.ask_above = _Levels(1, is_inclusive=False)
        self.print_at_or_below = _Levels(-1, is_inclusive=True)
        self.print_at_or_above = _Levels(1, is_inclusive=True)
        self.volume_at = _Levels(1, is_inclusive=True)
        self._began_n = 0
        self._places: dict[str, int] = {}
        self._widest: Wake | None = NEVER

    def put(self, parent_id: str, wake: Wake) -> None:
        before = self.by_parent.get(parent_id, NEVER)
        if wake == before:
            return
        self._widest = None
        if parent_id not in self.by_parent:
            self._began_n += 1
            self._places[parent_id] = self._began_n
        if wake == NEVER:
            del self.by_parent[parent_id], self._places[parent_id]
        else:
            self.by_parent[parent_id] = wake
        if wake.every_quote:
            self.every[parent_id] = None
        else:
            self.every.pop(parent_id, None)
        self.bid_below.put(parent_id, wake.bid_below)
        self.bid_above.put(parent_id, wake.bid_above)
        self.ask_below.put(parent_id, wake.ask_below)
        self.ask_above.put(parent_id, wake.ask_above)
        self.print_at_or_below.put(parent_id, wake.print_at_or_below)
        self.print_at_or_above.put(parent_id, wake.print_at_or_above)
        self.volume_at.put(parent_id, wake.volume_at)

    def in_order(self, met: dict[str, None]) -> list[str]:
        """Return parents in the order in which they began to wait."""
        return sorted(met, key=self._places.__getitem__) if len(met) > 1 else list(met)

    def widest(self) -> Wake:
        """Return one wake that is met whenever any of them is."""
        if self._widest is None:
            self._widest = Wake(
                bid_below=self.bid_below.first(),
                bid_above=self.bid_above.first(),
                ask_below=self.ask_below.first(),
                ask_above=self.ask_above.first(),
                print_at_or_below=self.print_at_or_below.first(),
                print_at_or_above=self.print_at_or_above.first(),
                volume_at=self.volume_at.first(),
                every_quote=bool(self.every),
            )
        return self._widest


class Watchers:
    """Wakes on the market, by symbol."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._symbols: dict[str, _Waits] = {}

    def put(self, symbol: str, parent_id: str, wake: Wake) -> None:
        """Let a parent wait for `wake`, in the place of what it waited for before."""
        if not (wake.waits_for_quotes or wake.waits_for_prints):
            self.drop(symbol, parent_id)
            return
        waits = self._symbols.get(symbol)
        if waits is None:
            waits = self._symbols[symbol] = _Waits()
        waits.put(parent_id, wake)

    def drop(self, symbol: str, parent_id: str) -> None:
        """Forget a parent."""
        waits = self._symbols.get(symbol)
        if waits is not None and parent_id in waits.by_parent:
            waits.put(parent_id, NEVER)

    def by_quote(self, quote: Quote) -> list[str]:
        """Return the parents that a quote wakes, in the order in which they began to wait."""
        waits = self._symbols.get(quote.symbol)
        if waits is None or not waits.by_parent:
            return []
        met = dict(waits.every)
        waits.bid_below.add_met(quote.bid_px, met)
        waits.bid_above.add_met(quote.bid_px, met)
        waits.ask_below.add_met(quote.ask_px, met)
        waits.ask_above.add_met(quote.ask_px, met)
        return waits.in_order(met)

    def by_prints(self, prints: Prints, volume: Decimal) -> list[str]:
        """Return the parents that prints wake; `volume` is the symbol's after them."""
        waits = self._symbols.get(prints.symbol)
        if waits is None or not waits.by_parent:
            return []
        met: dict[str, None] = {}
        waits.print_at_or_below.add_met(prints.low_px, met)
        waits.print_at_or_above.add_met(prints.high_px, met)
        waits.volume_at.add_met(volume, met)
        return waits.in_order(met)

    def for_quotes(self, symbol: str) -> list[str]:
        """Return the parents of a symbol that wait for any quote at all."""
        waits = self._symbols.get(symbol)
        return [] if waits is None else waits.in_order(dict(waits.every))

    def for_volume(self, symbol: str) -> list[str]:
        """Return the parents of a symbol that wait for an amount of volume."""
        waits = self._symbols.get(symbol)
        return [] if waits is None else [name for name, wake in waits.by_parent.items() if wake.volume_at is not None]

    def symbols(self) -> list[str]:
        """Return every symbol that anybody waited for."""
        return list(self._symbols)

    def interest(self, symbol: str) -> Wake:
        """Return what would wake somebody: a quote or print outside of it wakes nobody."""
        waits = self._symbols.get(symbol)
        return NEVER if waits is None else waits.widest()
