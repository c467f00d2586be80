"""The path of one generated symbol, one tick at a time.

A price nobody sees (`_fair`, in ticks) wanders and is slowly drawn back to where it began. The quote
stands until that price leaves it, or a new spread is drawn; in between displayed sizes breathe, and
prints eat them. Prints lean to the side to which the unseen price has moved, so a resting order is
filled rather before the market goes through it, as in life.
It never asks another symbol and never looks at a clock. What else a symbol can do is another event
with an instant of its own in `step`.
"""

import math
from decimal import Decimal
from functools import lru_cache
from typing import Final

from execd.core.enums import QuoteSource
from execd.core.market import Halt, Prints, Quote, one_print
from execd.venue.generator_chance import NORMALS, Chance, gap_ns
from execd.venue.generator_laws import CLOSE_NS, NS, UNIT, VOLATILITY_S, laws_of
from execd.venue.generator_profiles import PRINTS_CURVE, SymbolSpec

REVERSION_PER_S: Final = 0.5 / VOLATILITY_S
"""Half of the distance to the start a day: the price stays within a few daily volatilities for ever."""
HALT_NS: Final = 300 * NS
"""Five minutes, the shortest pause under the US limit-up limit-down plan."""
_LEASH: Final = 0.62
"""How far, in ticks, the unseen price goes from the middle before the quote follows; below 0.5 it would flutter."""
_NEVER_NS: Final = 1 << 63
_PARTS: Final = len(PRINTS_CURVE)
_LOW: Final = UNIT - 1
_BREATH: Final = 8
"""A displayed size changes by at most 1/8 of itself, or one lot, a quote."""
_TOWARD: Final = 192
"""Of 256 changes of a displayed size, those that go toward the size at which it wants to be."""
_RETARGET: Final = 16
"""Of 256 changes of a displayed size, those that first draw a new size at which it wants to be."""
_LEAN: Final = 0.4
"""How much of the chance of a print's side is decided by where in the quote the unseen price is."""
_DECIMALS_MAX: Final = 65_536
"""Prices and sizes kept for the next time: more than the paths of hundreds of symbols visit in a day."""


class Path:
    """One symbol. `next_ns` is when `step` happens next; `quote` is what stands now."""

    __slots__ = (
        "_ask", "_bid", "_chance", "_day_ns", "_fair", "_fair_ns", "_halt_mean_ns", "_halt_ns", "_hits", "_is_halted",
        "_is_said", "_laws", "_lots", "_open_ns", "_print_ns", "_print_px", "_quote_ns", "_symbol", "_targets",
        "next_ns", "quote",
    )  # fmt: skip

    def __init__(self, spec: SymbolSpec, *, seed: int, open_ns: int, day_ns: int, at_ns: int) -> None:
        """Begin at `at_ns` with a quote around `spec.start_px`; days of `day_ns` are counted from `open_ns`."""
        self._symbol = spec.symbol
        self._laws = laws = laws_of(spec)
        self._chance = Chance(seed, spec.symbol)
        self._open_ns, self._day_ns = open_ns, day_ns
        self._fair, self._fair_ns = laws.home, at_ns
        self._lots = [laws.shown_lots[self._chance.heads()] for _ in range(2)]  # Bid, ask; so are the next two.
        self._targets = list(self._lots)
        self._hits = [0, 0]
        self._set_spread(laws.spreads[self._chance.bits() % len(laws.spreads)])
        self._print_px = 0
        self._quote_ns = self._next_quote_ns(at_ns)
        self._print_ns = at_ns + gap_ns(self._chance.bits(), laws.print_means_ns[self._part(at_ns)])
        self._halt_mean_ns = round(day_ns / spec.halts_per_day) if spec.halts_per_day else 0
        self._halt_ns = self._next_halt_ns(at_ns)
        self._is_said = self._is_halted = False
        self.quote = self._shown(at_ns)
        self.next_ns = at_ns

    def step(self) -> Quote | Prints | Halt:
        """Return what happens at `next_ns`, and move on."""
        now_ns = self.next_ns
        is_hit = any(self._hits)
        tick: Quote | Prints | Halt
        if not self._is_said:
            self._is_said = True
            tick = self.quote
        elif now_ns >= self._halt_ns and not is_hit:
            tick = self._halt_or_resume(now_ns)
        elif now_ns >= self._print_ns:
            tick = self._print(now_ns)
        else:
            tick = self.quote = self._requote(now_ns)
        if any(self._hits):
            self.next_ns = now_ns  # What was eaten shows at once, after the other prints of the instant.
        else:
            self.next_ns = min(self._quote_ns, self._print_ns, self._halt_ns)
        return tick

    def _requote(self, now_ns: int) -> Quote:
        bits = self._chance.bits()
        bid, ask = self._bid, self._ask
        self._wander(now_ns)
        self._reprice(bits)
        moved = (bid != self._bid, ask != self._ask)
        if any(moved) or any(self._hits):
            for side in range(2):
                self._refill(side, is_new=moved[side])
            self._hits = [0, 0]
        else:
            self._breathe(bits >> 32)
        if now_ns >= self._quote_ns:
            self._quote_ns = self._next_quote_ns(now_ns)
        return self._shown(now_ns)

    def _wander(self, now_ns: int) -> None:
        laws = self._laws
        passed_s = (now_ns - self._fair_ns) / NS
        self._fair_ns = now_ns
        noise = laws.sds[self._part(now_ns)] * math.sqrt(passed_s) * NORMALS[self._chance.heads()]
        fair = self._fair + noise + (laws.home - self._fair) * min(1.0, passed_s * REVERSION_PER_S)
        low, high = laws.bounds
        self._fair = min(max(fair, low), high)

    def _reprice(self, bits: int) -> None:
        spread = drawn = self._ask - self._bid
        if bits & _LOW < self._laws.respread:
            drawn = self._laws.spreads[(bits >> 16) % len(self._laws.spreads)]
        if drawn != spread or abs(self._fair - (self._bid + self._ask) / 2) > _LEASH:
            self._set_spread(drawn)

    def _set_spread(self, spread: int) -> None:
        self._bid = math.floor(self._fair - spread / 2 + 0.5)
        self._ask = self._bid + spread

    def _refill(self, side: int, *, is_new: bool) -> None:
        """Set the displayed lots of a side after prints, or at a new price; a side without either stays."""
        lots = self._lots[side]
        left = lots - -(-self._hits[side] // self._laws.lot)
        if not is_new and left > 0:
            self._lots[side] = left
            return
        fresh = self._targets[side] = self._laws.shown_lots[self._chance.heads()]
        # The queue that was eaten up is followed by another one, which must be seen to be another.
        self._lots[side] = fresh + 1 if fresh == lots and not is_new else fresh

    def _breathe(self, bits: int) -> None:
        """Change one displayed size, mostly toward the size at which it wants to be."""
        side = bits & 1
        if (bits >> 8) & 255 < _RETARGET:
            self._targets[side] = self._laws.shown_lots[self._chance.heads()]
        lots, target = self._lots[side], self._targets[side]
        change = 1 + ((bits >> 16) & 255) * (lots // _BREATH) // 256
        is_up = target > lots if target != lots and (bits >> 24) & 255 < _TOWARD else bool(bits & 2)
        self._lots[side] = lots + change if is_up or lots <= change else lots - change

    def _print(self, now_ns: int) -> Prints:
        laws, bits = self._laws, self._chance.bits()
        px = self._print_px or self._choose_px(bits >> 40)
        qty = laws.print_lots[self._chance.heads()] * laws.print_lot
        if px == self._bid:
            self._hits[0] += qty
        elif px == self._ask:
            self._hits[1] += qty
        if (bits >> 16) & _LOW < laws.same_instant:
            self._print_px = px
        else:
            self._print_px = 0
            self._print_ns = now_ns + gap_ns(bits, laws.print_means_ns[self._part(now_ns)])
        return one_print(symbol=self._symbol, px=_px(px, laws.exponent), qty=_qty(qty), exchange_ns=now_ns)

    def _choose_px(self, bits: int) -> int:
        """Return the price of the prints of an instant: at the touch, or inside where there is room."""
        spread = self._ask - self._bid
        if spread > 1 and bits & _LOW < self._laws.inside:
            return self._bid + 1 + (bits >> 16) % (spread - 1)
        lean = (2 * self._fair - self._bid - self._ask) / spread
        is_buy = (bits >> 16) / 256 < 0.5 + _LEAN * min(1.0, max(-1.0, lean))
        return self._ask if is_buy else self._bid

    def _halt_or_resume(self, now_ns: int) -> Halt:
        self._is_halted = not self._is_halted
        if self._is_halted:
            self._halt_ns = now_ns + HALT_NS
            self._quote_ns += HALT_NS
            self._print_ns += HALT_NS
            self._fair_ns += HALT_NS  # What is not traded does not wander.
        else:
            self._halt_ns = self._next_halt_ns(now_ns)
        return Halt(symbol=self._symbol, is_halted=self._is_halted, reason="generated", exchange_ns=now_ns)

    def _next_quote_ns(self, now_ns: int) -> int:
        bits = self._chance.bits()
        if (bits >> 16) & _LOW < self._laws.close_quotes:
            return now_ns + 1 + ((bits >> 32) * CLOSE_NS >> 32)
        return now_ns + gap_ns(bits, self._laws.quote_means_ns[self._part(now_ns)])

    def _next_halt_ns(self, now_ns: int) -> int:
        return now_ns + gap_ns(self._chance.bits(), self._halt_mean_ns) if self._halt_mean_ns else _NEVER_NS

    def _part(self, now_ns: int) -> int:
        return (now_ns - self._open_ns) % self._day_ns * _PARTS // self._day_ns

    def _shown(self, now_ns: int) -> Quote:
        exponent, lot = self._laws.exponent, self._laws.lot
        return Quote(
            symbol=self._symbol,
            bid_px=_px(self._bid, exponent),
            bid_size=_qty(self._lots[0] * lot),
            ask_px=_px(self._ask, exponent),
            ask_size=_qty(self._lots[1] * lot),
            exchange_ns=now_ns,
            received_ns=now_ns,
            source=QuoteSource.GENERATOR,
        )


@lru_cache(maxsize=_DECIMALS_MAX)
def _px(ticks: int, exponent: int) -> Decimal:
    return Decimal(ticks).scaleb(exponent)


@lru_cache(maxsize=_DECIMALS_MAX)
def _qty(shares: int) -> Decimal:
    return Decimal(shares)
