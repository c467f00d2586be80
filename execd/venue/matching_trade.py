"""How orders trade: by taking from the standing quote, and by resting until the tape reaches them.

Each function changes orders and the used part of the quote in place and
returns the trades it made. Why a request is accepted or refused, and which
rows are looked at, is `matching`'s business.

Optimistic never fills later than pessimistic. Both give out the same
resources (a displayed side, a printed volume) in the same order of our own
orders, and each gives an order what those before it left: whoever wants less,
because it was filled before, leaves more. The shares that the pessimistic
queue keeps for others only take away.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from execd.core.instrument import Instrument
from execd.core.reports import Trade
from execd.venue.commission import Commission
from execd.venue.matching_book import SymbolBook
from execd.venue.matching_orders import ZERO, Working

WALK_TICKS_MAX: Final = 500
"""A taker gives up that many ticks beyond the touch: without it, an order larger than the market never ends."""


class Fills:
    """Makes the trades of one call; `made` are those so far."""

    def __init__(self, commission: Commission, now_ns: int) -> None:
        self._commission = commission
        self._now_ns = now_ns
        self.made: list[Trade] = []

    def fill(self, order: Working, qty: Decimal, px: Decimal, *, is_passive: bool) -> None:
        """Trade `qty` of an order at `px`; an order that is full has ended."""
        cum_before = order.cum_qty
        order.cum_qty += qty
        order.notional += qty * px
        order.earned += self._commission.of(qty, px)
        due = self._commission.due(earned=order.earned, paid=order.paid)
        order.paid += due
        order.trades_n += 1
        order.last_ns = self._now_ns
        if order.cum_qty >= order.order_qty:
            order.ended = "filled"
        self.made.append(
            Trade(
                cl_ord_id=order.cl_ord_id,
                transact_ns=self._now_ns,
                order_id=order.order_id,
                exec_id=f"{order.order_id}.{order.trades_n}",
                last_qty=qty,
                last_px=px,
                commission=due,
                cum_before=cum_before,
                cum_after=order.cum_qty,
                is_passive=is_passive,
            )
        )


def take(book: SymbolBook, order: Working, fills: Fills) -> None:
    """Take from the quote: the touch first, then one tick further per displayed size, never beyond the limit."""
    side = book.opposite(is_buy=order.is_buy)
    for tick_n, px in enumerate(_ticks(book.instrument, side.px, order)):
        qty = min(order.leaves_qty, side.free(order.lane, tick_n))
        if qty > ZERO:
            side.use(order.lane, tick_n, qty)
            fills.fill(order, qty, px, is_passive=False)
        if order.ended:
            return


def could_fill(book: SymbolBook, order: Working) -> bool:
    """Whether taking now would fill the order wholly."""
    side = book.opposite(is_buy=order.is_buy)
    left = order.leaves_qty
    for tick_n, _ in enumerate(_ticks(book.instrument, side.px, order)):
        left -= max(ZERO, side.free(order.lane, tick_n))
        if left <= ZERO:
            return True
    return False


def cross(book: SymbolBook, *, is_buy: bool, fills: Fills) -> None:
    """Let the standing quote meet the orders it reaches: resting ones trade at their own price."""
    side = book.opposite(is_buy=is_buy)
    if side.px <= ZERO or side.size <= ZERO:
        return
    can_take = book.can_take(is_buy=is_buy)
    for order in book.own(is_buy=is_buy).reached(side.px):
        if order.is_waiting:
            if can_take:
                take(book, order, fills)
            continue
        qty = min(order.leaves_qty, side.free(order.lane, 0))
        if qty > ZERO:
            side.use(order.lane, 0, qty)
            fills.fill(order, qty, order.limit_px, is_passive=True)


def hit(book: SymbolBook, px: Decimal, qty: Decimal, fills: Fills) -> None:
    """Let a continuous print meet the orders it reaches, at their own price; its volume is given out once a lane.

    Through an order's price it fills at once. At its price the shares ahead trade first.
    """
    left: dict[str, Decimal] = {}
    for is_buy in (True, False):
        passed: dict[str, Decimal] = {}
        # An order that waits for a usable quote would pay more than the market here: it is left alone.
        reached = [order for order in book.own(is_buy=is_buy).reached(px) if not order.is_waiting]
        for order in reached:
            volume = left.get(order.lane, qty)
            if order.price == px:
                volume = _pass_queue(order, volume, passed)
            share = min(volume, order.leaves_qty)
            if share > ZERO:
                fills.fill(order, share, order.limit_px, is_passive=True)
            left[order.lane] = volume - share
        for order in reached:
            if order.price == px and order.ahead:
                order.ahead = max(ZERO, order.ahead - passed.get(order.lane, ZERO))


def queue(book: SymbolBook, order: Working) -> Decimal | None:
    """Return the shares ahead of an order that comes to rest now, by the pessimistic rule."""
    near = book.near(is_buy=order.is_buy)
    if book.quote is None or _is_behind(order, near.px):
        return None
    displayed = near.size if near.px == order.price else ZERO
    return book.own(is_buy=order.is_buy).ahead_of_next(order, displayed)


def see(book: SymbolBook) -> None:
    """Count the queue of orders whose level the standing quote shows, or has fallen behind, for the first time."""
    for side, near in ((book.buys, book.bid), (book.sells, book.ask)):
        if near.px <= ZERO:
            continue
        for order in side.take_seen(near.px):
            book.interest = None
            order.ahead = side.ahead_of_next(order, near.size if near.px == order.price else ZERO)


def _is_behind(order: Working, near_px: Decimal) -> bool:
    """Whether better prices than the order's are displayed on its own side."""
    if near_px <= ZERO:
        return False
    return order.limit_px < near_px if order.is_buy else order.limit_px > near_px


def _pass_queue(order: Working, volume: Decimal, passed: dict[str, Decimal]) -> Decimal:
    """Return what of `volume` reaches the order after the shares ahead; `passed` counts those, by lane."""
    if order.ahead is None:
        return ZERO
    before = passed.get(order.lane, ZERO)
    others = min(volume, max(ZERO, order.ahead - before))
    passed[order.lane] = before + others
    return volume - others


def _ticks(instrument: Instrument, touch_px: Decimal, order: Working) -> Iterator[Decimal]:
    """Yield the touch and the prices beyond it, as far as the order may pay."""
    px = touch_px
    for _ in range(WALK_TICKS_MAX + 1):
        if px <= ZERO or (order.price is not None and (px > order.price if order.is_buy else px < order.price)):
            return
        yield px
        px = px + instrument.tick_at(px) if order.is_buy else _tick_below(instrument, px)


def _tick_below(instrument: Instrument, px: Decimal) -> Decimal:
    # At the foot of a band the next price down lies on the finer grid of the band below.
    lower_px = px - instrument.tick_at(px)
    return px - min(instrument.tick_at(px), instrument.tick_at(lower_px)) if lower_px > ZERO else ZERO
