"""Market data between the stream and the engine: quotes conflate, volume does not.

Of several quotes of a symbol only the latest waits; prints are summed, so that
no share is lost however far the engine is behind. Whether a quote jumped is
asked here, of every raw quote, before any of them is dropped. Memory is
bounded by the number of subscribed symbols.
"""

from msgspec.structs import replace

from execd.core.events import Event, PrintsReceived, QuoteReceived
from execd.core.market import Prints, Quote, is_jump


class MarketBuffer:
    """What the market said since the engine last asked, by symbol."""

    def __init__(self) -> None:
        """Begin empty."""
        self._raw: dict[str, Quote] = {}
        self._quotes: dict[str, Quote] = {}
        self._prints: dict[str, Prints] = {}
        self.conflated_n = 0

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._quotes or self._prints)

    def add_quote(self, quote: Quote) -> None:
        """Keep a quote in the place of the one before it."""
        if not quote.has_jumped and is_jump(self._raw.get(quote.symbol), quote):
            quote = replace(quote, has_jumped=True)
        self._raw[quote.symbol] = quote
        self.conflated_n += quote.symbol in self._quotes
        self._quotes[quote.symbol] = quote

    def add_prints(self, prints: Prints) -> None:
        """Add prints to those that wait."""
        waiting = self._prints.get(prints.symbol)
        self._prints[prints.symbol] = prints if waiting is None else waiting.plus(prints)

    def forget(self) -> None:
        """Drop what the last raw quotes were: after a gap the next quote has nothing to jump from."""
        self._raw.clear()

    def take(self, now_ns: int) -> list[Event]:
        """Return everything that waits as events, prints first, and begin anew."""
        taken: list[Event] = [PrintsReceived(now_ns=now_ns, prints=prints) for prints in self._prints.values()]
        taken += [QuoteReceived(now_ns=now_ns, quote=quote) for quote in self._quotes.values()]
        self._prints.clear()
        self._quotes.clear()
        return taken
