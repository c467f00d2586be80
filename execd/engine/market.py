"""What the engine knows of each symbol, and how fresh it is.

The age of a standing quote counts from its last proof: the quote itself, or
later life of the stream that would have told us otherwise. After a gap only
what arrives anew is proof.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.core.market import Halt, Prints, Quote

ZERO: Final = Decimal(0)
NOTHING: Final = MarketView()


class SymbolMarket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The latest quote, summed prints and halt of one symbol; `after_gap`: the quote is from before a stream gap."""

    quote: Quote | None = None
    proof_ns: int = 0
    is_behind_gap: bool = False
    last_px: Decimal | None = None
    volume: Decimal = ZERO
    is_halted: bool = False


class Markets:
    """All symbols, and the life of their one stream."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self.symbols: dict[str, SymbolMarket] = {}
        self.alive_ns = 0

    def on_quote(self, quote: Quote) -> None:
        """Take a new top of book."""
        known = self.symbols.get(quote.symbol)
        if known is None:
            known = SymbolMarket()
        self.symbols[quote.symbol] = replace(known, quote=quote, proof_ns=quote.received_ns, is_behind_gap=False)

    def on_prints(self, prints: Prints) -> Decimal:
        """Take summed prints; return the symbol's volume since the start."""
        known = self.symbols.get(prints.symbol, _UNSEEN)
        volume = known.volume + prints.volume
        self.symbols[prints.symbol] = replace(known, last_px=prints.last_px, volume=volume)
        return volume

    def on_halt(self, halt: Halt) -> None:
        """Take the begin or end of a halt."""
        known = self.symbols.get(halt.symbol, _UNSEEN)
        self.symbols[halt.symbol] = replace(known, is_halted=halt.is_halted)

    def on_alive(self, now_ns: int) -> None:
        """Take a proof that the stream is up."""
        self.alive_ns = max(self.alive_ns, now_ns)

    def on_gap(self) -> None:
        """Distrust every standing quote until a new one replaces it."""
        for symbol, known in self.symbols.items():
            self.symbols[symbol] = replace(known, is_behind_gap=True)

    def age_ns(self, symbol: str, now_ns: int) -> int:
        """Return the time since the standing quote was last proved; `now_ns` where there is none."""
        known = self.symbols.get(symbol, _UNSEEN)
        if known.quote is None:
            return now_ns
        proof_ns = known.proof_ns if known.is_behind_gap else max(known.proof_ns, self.alive_ns)
        return max(0, now_ns - proof_ns)

    def view(self, symbol: str, now_ns: int) -> MarketView:
        """Return what an algorithm may see."""
        known = self.symbols.get(symbol)
        if known is None:
            return NOTHING
        return MarketView(
            quote=known.quote,
            quote_age_ns=self.age_ns(symbol, now_ns),
            last_px=known.last_px,
            volume=known.volume,
            is_halted=known.is_halted,
        )


_UNSEEN: Final = SymbolMarket()
