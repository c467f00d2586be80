"""What the venue keeps of one symbol: our orders, the displayed quote, and what of it we have used.

The market itself is the tape; only our own orders are stored here. A *lane*
is a set of orders that share one market: everybody's, or one account's when
accounts are isolated. Nothing here trades; `matching_trade` does.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from execd.core.instrument import Instrument
from execd.core.market import Quote
from execd.venue.matching_orders import ZERO, Working


class Interest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which rows of the tape can change an order of ours; None means none by that measure.

    A quote row matters when its ask is at or below `ask_at_or_below` or at or above `ask_at_or_above`, likewise its
    bid, or when `any_quote`; a continuous print by its price, or when `any_print`.
    """

    ask_at_or_below: Decimal | None = None
    bid_at_or_above: Decimal | None = None
    bid_at_or_below: Decimal | None = None
    ask_at_or_above: Decimal | None = None
    print_at_or_below: Decimal | None = None
    print_at_or_above: Decimal | None = None
    any_quote: bool = False
    any_print: bool = False

    def has_quote(self, bid_px: Decimal, ask_px: Decimal) -> bool:
        """Whether a quote row of these prices matters."""
        return (
            self.any_quote
            or (self.ask_at_or_below is not None and ask_px <= self.ask_at_or_below)
            or (self.bid_at_or_above is not None and bid_px >= self.bid_at_or_above)
            or (self.bid_at_or_below is not None and bid_px <= self.bid_at_or_below)
            or (self.ask_at_or_above is not None and ask_px >= self.ask_at_or_above)
        )

    def has_print(self, px: Decimal) -> bool:
        """Whether a continuous print at `px` matters."""
        return (
            self.any_print
            or (self.print_at_or_below is not None and px <= self.print_at_or_below)
            or (self.print_at_or_above is not None and px >= self.print_at_or_above)
        )


Entry = tuple[Decimal, int, Working]


@dataclass(slots=True)
class BookSide:
    """Our resting orders of one side, best price first, then earliest; `unseen` are those whose `ahead` is None."""

    is_buy: bool
    resting: list[Entry] = field(default_factory=list)
    unseen: list[Entry] = field(default_factory=list)

    def add(self, order: Working) -> None:
        """Put an order into its place."""
        insort(self.resting, self._entry(order))
        if order.ahead is None:
            insort(self.unseen, self._entry(order))

    def remove(self, order: Working) -> None:
        """Take an order out, if it rests here."""
        for entries in (self.resting, self.unseen):
            at = bisect_left(entries, (self._rank(order.limit_px), order.seq))
            if at < len(entries) and entries[at][2] is order:
                del entries[at]

    def reached(self, px: Decimal) -> list[Working]:
        """Return the orders that would trade at `px`, best first: buys at or above it, sells at or below it."""
        return _upto(self.resting, self._rank(px))

    def take_seen(self, px: Decimal) -> list[Working]:
        """Return, and forget as unseen, the orders at whose price nothing better than `px` is displayed."""
        if not self.unseen:
            return []
        seen = _upto(self.unseen, self._rank(px))
        del self.unseen[: len(seen)]
        return seen

    def ahead_of_next(self, order: Working, displayed: Decimal) -> Decimal:
        """Return the queue for `order`: what is displayed, and never less than an earlier order of its lane has."""
        rank = self._rank(order.limit_px)
        ahead = displayed
        for at in range(bisect_left(self.resting, (rank,)), len(self.resting)):
            key, seq, other = self.resting[at]
            if key != rank or seq >= order.seq:
                break
            if other.lane == order.lane and other.ahead is not None:
                ahead = max(ahead, other.ahead)
        return ahead

    def best_px(self) -> Decimal | None:
        """Return the price of the first resting order."""
        return self.resting[0][2].price if self.resting else None

    def best_unseen_px(self) -> Decimal | None:
        """Return the price of the first unseen order."""
        return self.unseen[0][2].price if self.unseen else None

    def _rank(self, px: Decimal) -> Decimal:
        return -px if self.is_buy else px

    def _entry(self, order: Working) -> Entry:
        return (self._rank(order.limit_px), order.seq, order)


def _upto(entries: list[Entry], rank: Decimal) -> list[Working]:
    found: list[Working] = []
    for key, _, order in entries:
        if key > rank:
            break
        found.append(order)
    return found


@dataclass(slots=True)
class Displayed:
    """One side of the standing quote. `used`: what our orders took of it, by lane and tick beyond the touch.

    With `taken_stays` that is gone as long as the price stands, whatever size is shown there next.
    """

    taken_stays: bool = False
    px: Decimal = ZERO
    size: Decimal = ZERO
    used: dict[str, list[Decimal]] = field(default_factory=dict)

    def show(self, px: Decimal, size: Decimal) -> bool:
        """Take the next quote row; what was used is forgotten, and True returned, only when this side changed."""
        if px == self.px and (size == self.size or self.taken_stays):
            self.size = size
            return False
        self.px, self.size = px, size
        had_used = bool(self.used)
        self.used.clear()
        return had_used

    def free(self, lane: str, tick_n: int) -> Decimal:
        """Return what is left `tick_n` ticks beyond the touch; each tick shows as much as the touch."""
        used = self.used.get(lane)
        return self.size - used[tick_n] if used is not None and tick_n < len(used) else self.size

    def use(self, lane: str, tick_n: int, qty: Decimal) -> None:
        """Remember that `qty` there is gone."""
        used = self.used.setdefault(lane, [])
        used.extend([ZERO] * (tick_n + 1 - len(used)))
        used[tick_n] += qty


@dataclass(slots=True)
class SymbolBook:
    """One symbol: its standing quote and our orders. `stops` and `waiting` are by `seq`."""

    instrument: Instrument
    quote: Quote | None = None
    is_halted: bool = False
    bid: Displayed = field(default_factory=Displayed)
    ask: Displayed = field(default_factory=Displayed)
    buys: BookSide = field(default_factory=lambda: BookSide(is_buy=True))
    sells: BookSide = field(default_factory=lambda: BookSide(is_buy=False))
    stops: dict[int, Working] = field(default_factory=dict)
    waiting: dict[int, Working] = field(default_factory=dict)
    interest: Interest | None = None

    def show(self, quote: Quote) -> None:
        """Take the next quote row."""
        self.quote = quote
        has_forgotten_bid = self.bid.show(quote.bid_px, quote.bid_size)
        has_forgotten_ask = self.ask.show(quote.ask_px, quote.ask_size)
        if has_forgotten_bid or has_forgotten_ask:
            self.interest = None

    def own(self, *, is_buy: bool) -> BookSide:
        """Return where orders of a side rest."""
        return self.buys if is_buy else self.sells

    def near(self, *, is_buy: bool) -> Displayed:
        """Return the displayed side that an order joins."""
        return self.bid if is_buy else self.ask

    def opposite(self, *, is_buy: bool) -> Displayed:
        """Return the displayed side that an order takes from."""
        return self.ask if is_buy else self.bid

    def is_locked(self) -> bool:
        """Whether both sides are displayed at one price or worse."""
        return ZERO < self.ask.px <= self.bid.px

    def can_take(self, *, is_buy: bool) -> bool:
        """Whether an order may take from the quote now: the other side is there, and not locked or crossed."""
        side = self.opposite(is_buy=is_buy)
        return not self.is_halted and side.px > ZERO and side.size > ZERO and not self.is_locked()

    def current_interest(self) -> Interest:
        """Return the interest, computed again only after something changed it."""
        if self.interest is None:
            self.interest = self._interest()
        return self.interest

    def _interest(self) -> Interest:
        buy_px, sell_px = self.buys.best_px(), self.sells.best_px()
        stops = self.stops.values()
        return Interest(
            ask_at_or_below=buy_px,
            bid_at_or_above=sell_px,
            bid_at_or_below=self.buys.best_unseen_px(),
            ask_at_or_above=self.sells.best_unseen_px(),
            print_at_or_below=_extreme([buy_px, *(stop.stop_px for stop in stops if not stop.is_buy)], is_max=True),
            print_at_or_above=_extreme([sell_px, *(stop.stop_px for stop in stops if stop.is_buy)], is_max=False),
            # A stop takes from the quote that stands at its trigger; what we used counts until its side changes.
            any_quote=bool(self.stops or self.waiting or self.bid.used or self.ask.used),
        )


def _extreme(prices: Iterable[Decimal | None], *, is_max: bool) -> Decimal | None:
    known = [px for px in prices if px is not None]
    if not known:
        return None
    return max(known) if is_max else min(known)
