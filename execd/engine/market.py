"""What the engine knows of each symbol, and how fresh it is.

The age of a standing quote counts from its last proof: the quote itself, a
question that was answered with it, or later life of the stream that would have
told us otherwise. After a gap only what arrives anew is proof, and printed
volume is counted anew. What is usual comes from past days; means of the day
are in `sampling`.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.core.daily import DailyValues
from execd.core.market import Halt, Passed, Prints, Quote, SymbolSeen
from execd.core.rules import Rules
from execd.core.session_table import SessionWindow
from execd.core.spread import SECOND_NS
from execd.core.usual import filled_in
from execd.core.volatility import MINUTE_NS
from execd.engine.sampling import Samples

ZERO: Final = Decimal(0)
AHEAD_NS_MAX: Final = 2 * SECOND_NS
"""An exchange's clock may be ahead of ours by so much; what says that it is from later has a wrong stamp."""


class SymbolMarket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The latest quote, summed prints and halt of one symbol; `after_gap`: the quote is from before a stream gap."""

    quote: Quote | None = None
    proof_ns: int = 0
    is_behind_gap: bool = False
    last_px: Decimal | None = None
    last_ns: int = 0
    volume: Decimal = ZERO
    volume_since_ns: int = 0
    is_halted: bool = False


class Markets:
    """All symbols, and the life of their one stream."""

    def __init__(self, rules: Rules) -> None:
        """Begin knowing nothing but what somebody said is usual."""
        self.symbols: dict[str, SymbolMarket] = {}
        self.alive_ns = 0
        self.is_deaf_to_days = False
        """What was told of past days was poison: this life does with what is usual."""
        self._rules = rules
        self._samples: dict[str, Samples] = {}
        self._told: dict[str, DailyValues] = {}
        self._days: dict[str, DailyValues] = {}
        self._prev_close_px: dict[str, Decimal] = {}
        self._gap_ns = 0
        self._window: SessionWindow | None = None

    def change_rules(self, rules: Rules) -> None:
        """Fill in by other rules from here on."""
        self._rules = rules
        self._days.clear()
        self._window = None

    def on_days(self, days: Iterable[DailyValues]) -> None:
        """Take what is known of the past days of some symbols."""
        for day in () if self.is_deaf_to_days else days:
            self._told[day.symbol] = day
            self._days[day.symbol] = self._filled_in(day.symbol)

    def on_quote(self, quote: Quote) -> bool:
        """Take a new top of book; return whether it is one: of the exchange's instants the latest counts."""
        known = self.symbols.get(quote.symbol, _UNSEEN)
        if _is_late(quote, known):
            return False
        if known.quote is None or known.quote.received_ns // SECOND_NS != quote.received_ns // SECOND_NS:
            self._samples_of(quote.symbol).stood(_pricing(known), quote.received_ns)
        # That a halt ended is told once, and may have been told in a gap: whoever quotes after it is not halted.
        is_halted = known.is_halted and not (known.is_behind_gap and quote.is_priceable)
        self.symbols[quote.symbol] = replace(
            known, quote=quote, proof_ns=quote.received_ns, is_behind_gap=False, is_halted=is_halted
        )
        return True

    def on_prints(self, prints: Prints) -> Decimal:
        """Take summed prints; return the symbol's volume since the start, or since a gap."""
        known = self.symbols.get(prints.symbol, _UNSEEN)
        if known.last_ns // MINUTE_NS != prints.to_ns // MINUTE_NS:
            self._samples_of(prints.symbol).closed(known.last_px, prints.to_ns)
        volume = known.volume + prints.volume
        self.symbols[prints.symbol] = replace(
            known,
            last_px=prints.last_px,
            last_ns=prints.to_ns,
            volume=volume,
            volume_since_ns=known.volume_since_ns or prints.from_ns,
            is_halted=known.is_halted and not (known.is_behind_gap and prints.from_ns >= self._gap_ns),
        )
        return volume

    def on_passed(self, passed: Passed) -> None:
        """Take what stood at instants that were passed over."""
        self._samples_of(passed.symbol).passed(passed)

    def on_seen(self, seen: SymbolSeen) -> bool:
        """Take what a feed showed when it was asked; return whether the quote that stands is fresher than it was.

        A quote that is older than the one that stands is no news, unless that one is from before a gap: but that the
        feed still shows the same one proves it.
        """
        known = self.symbols.get(seen.symbol, _UNSEEN)
        # What stood until now is sampled before anything takes its place.
        samples = self._samples_of(seen.symbol)
        samples.stood(_pricing(known), seen.asked_ns)
        samples.closed(known.last_px, seen.asked_ns)
        if seen.prev_close_px is not None:
            self._prev_close_px[seen.symbol] = seen.prev_close_px
        if seen.last_px is not None and seen.last_ns > known.last_ns:
            # Its volume is not known: it moves the last price and counts for nothing else.
            known = replace(known, last_px=seen.last_px, last_ns=seen.last_ns)
        quote, before = seen.quote, known.quote
        is_fresher = False
        # What was asked before a gap may have changed in it.
        if quote is not None and seen.asked_ns >= self._gap_ns:
            if before is None or quote.exchange_ns > before.exchange_ns or known.is_behind_gap:
                known = replace(known, quote=quote, proof_ns=seen.asked_ns, is_behind_gap=False)
                is_fresher = True
            elif quote.exchange_ns == before.exchange_ns and seen.asked_ns > known.proof_ns:
                known = replace(known, proof_ns=seen.asked_ns)
                is_fresher = True
        self.symbols[seen.symbol] = known
        return is_fresher

    def on_halt(self, halt: Halt) -> None:
        """Take the begin or end of a halt."""
        known = self.symbols.get(halt.symbol, _UNSEEN)
        self.symbols[halt.symbol] = replace(known, is_halted=halt.is_halted)

    def on_alive(self, now_ns: int) -> None:
        """Take a proof that the stream is up."""
        self.alive_ns = max(self.alive_ns, now_ns)

    def on_gap(self, now_ns: int) -> None:
        """Distrust every standing quote until a new one replaces it, and count volume anew: some was not heard."""
        self._gap_ns = now_ns
        for symbol, known in self.symbols.items():
            self.symbols[symbol] = replace(known, is_behind_gap=True, volume=ZERO, volume_since_ns=0)

    def age_ns(self, symbol: str, now_ns: int) -> int:
        """Return the time since the standing quote was last proved; `now_ns` where there is none."""
        known = self.symbols.get(symbol, _UNSEEN)
        if known.quote is None:
            return now_ns
        proof_ns = known.proof_ns if known.is_behind_gap else max(known.proof_ns, self.alive_ns)
        return max(0, now_ns - proof_ns)

    def is_unproved(self, symbol: str, now_ns: int, age_ns_max: int) -> bool:
        """Whether there is no quote of a symbol, or one from before a gap, or one that was proved too long ago."""
        known = self.symbols.get(symbol, _UNSEEN)
        return known.quote is None or known.is_behind_gap or self.age_ns(symbol, now_ns) > age_ns_max

    def day(self, symbol: str) -> DailyValues:
        """Return what is known or said of a symbol's past days, each value with its source."""
        day = self._days.get(symbol)
        if day is None:
            day = self._days[symbol] = self._filled_in(symbol)
        return day

    def hours(self, symbol: str, now_ns: int) -> SessionWindow | None:
        """Return the session in progress, else the next one: by the rules, or by the symbol's calendar."""
        if self._window is None or now_ns >= self._window.close_ns:
            self._window = self._rules.session.window(now_ns)
        return self._window or self.day(symbol).session_at(now_ns)

    def view(self, symbol: str, now_ns: int) -> MarketView:
        """Return what an algorithm may see."""
        known, day = self.symbols.get(symbol, _UNSEEN), self.day(symbol)
        samples = self._samples.get(symbol)
        hours = self.hours(symbol, now_ns)
        if samples is not None:
            samples.stood(_pricing(known), now_ns)
            samples.closed(known.last_px, now_ns)
        return MarketView(
            quote=known.quote,
            quote_age_ns=self.age_ns(symbol, now_ns),
            last_px=known.last_px,
            last_ns=known.last_ns,
            volume=known.volume,
            volume_since_ns=known.volume_since_ns,
            is_halted=known.is_halted,
            day=day,
            hours=hours,
            prev_close_px=self._prev_close_px.get(symbol, day.prev_close_px),
            spread_ewma=None if samples is None else samples.spread_px,
            volatility_factor=None if samples is None else samples.volatility_factor(day.volatility_norm, hours),
            volume_scale=self._rules.volume_scale,
        )

    def _filled_in(self, symbol: str) -> DailyValues:
        own, of_class = self._rules.usual_of(symbol)
        return filled_in(self._told.get(symbol), symbol, own, of_class)

    def _samples_of(self, symbol: str) -> Samples:
        samples = self._samples.get(symbol)
        if samples is None:
            samples = self._samples[symbol] = Samples()
        return samples


def _is_late(quote: Quote, known: SymbolMarket) -> bool:
    """Whether a quote is older news than the one that stands; an instant that had not come yet proves nothing."""
    before = known.quote
    return (
        before is not None
        and quote.exchange_ns < before.exchange_ns <= before.received_ns + AHEAD_NS_MAX
        and not known.is_behind_gap
    )


def _pricing(known: SymbolMarket) -> Quote | None:
    """Return the quote that stands, where it may price and nothing was missed since."""
    quote = known.quote
    return quote if quote is not None and quote.is_priceable and not known.is_behind_gap else None


_UNSEEN: Final = SymbolMarket()
