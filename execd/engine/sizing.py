"""Side and quantity of a parent, fixed when its working starts.

What is owned counts per sleeve and symbol, by the book and never by what an
intent says; other parents of the sleeve that still want to trade are counted
as if they were done.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.enums import Side
from execd.core.market import Quote
from execd.engine import risk
from execd.engine.desk import Desk

ZERO: Final = Decimal(0)
AT_TARGET: Final = "at_target"


class Sized(msgspec.Struct, frozen=True):
    """What will be worked."""

    side: Side
    order_qty: Decimal


def size(desk: Desk, parent: Parent, quote: Quote | None) -> Sized | risk.Refusal:
    """Return side and quantity now that the market and the sleeve's position are known.

    Only a notional needs the quote. A target that is reached gives a refusal with the code `at_target`: nothing is to
    be done.
    """
    order = parent.order
    if order.is_close:
        return _size_close(desk, parent)
    if order.target_qty is not None:
        return _size_target(desk, parent, order.target_qty)
    instrument = desk.rules.instrument(order.symbol)
    if order.order_qty is not None:
        qty = instrument.floor_qty(order.order_qty)
        if qty != order.order_qty:
            return risk.Refusal(
                code="qty_step", text=f"{plain(order.order_qty)} is no multiple of {plain(instrument.qty_step)}"
            )
    elif quote is None:
        return risk.Refusal(code="no_quote", text="a notional needs a quote", is_passing=True)
    else:
        wanted = order.notional or ZERO
        qty = instrument.floor_qty(wanted / (quote.mid_px * instrument.multiplier))
    if qty < instrument.min_qty:
        return risk.Refusal(code="qty_below_minimum", text=f"{plain(qty)} shares, at least {plain(instrument.min_qty)}")
    limits = desk.rules.limits_of(order)
    if limits is not None and limits.is_owned_required:
        refusal = _ownership(desk, parent, qty)
        if refusal is not None:
            return refusal
    return Sized(order.side, qty)


def free_to_exit(desk: Desk, parent: Parent) -> Decimal | None:
    """Return how much of what a sleeve owns other parents leave for this one to exit; None for a side that opens."""
    side, owned = parent.order.side, desk.owned_qty(parent)
    match side:
        case Side.SELL:
            return owned - _working_exits(desk, parent, side)
        case Side.BUY_TO_COVER:
            return -owned - _working_exits(desk, parent, side)
        case _:
            return None


def _size_close(desk: Desk, parent: Parent) -> Sized | risk.Refusal:
    owned = desk.owned_qty(parent)
    side = Side.SELL if owned > ZERO else Side.BUY_TO_COVER
    qty = abs(owned) - _working_exits(desk, parent, side)
    if parent.order.flatten_id and parent.order.order_qty is not None:
        # Whoever flattens knows more bounds than what the sleeve owns.
        qty = min(qty, parent.order.order_qty)
    if qty <= ZERO:
        return risk.Refusal(
            code="nothing_to_close", text=f"the sleeve owns {plain(owned)} and the rest is being closed"
        )
    return Sized(side, qty)


def _size_target(desk: Desk, parent: Parent, target: Decimal) -> Sized | risk.Refusal:
    """Return the first leg toward a target: through zero the closing one; the opening one follows when it is filled."""
    owned, wanted = desk.owned_qty(parent), _wanted_by_others(desk, parent)
    will_own = owned + wanted
    missing = target - will_own
    instrument = desk.rules.instrument(parent.order.symbol)
    if will_own * target < ZERO:
        missing = -will_own
    qty = instrument.floor_qty(abs(missing))
    if qty < instrument.min_qty:
        text = f"the sleeve owns {plain(owned)}, others bring {plain(wanted)}, the target is {plain(target)}"
        return risk.Refusal(code=AT_TARGET, text=text)
    if missing > ZERO:
        return Sized(Side.BUY_TO_COVER if will_own < ZERO else Side.BUY, qty)
    return Sized(Side.SELL if will_own > ZERO else Side.SELL_SHORT, qty)


def _ownership(desk: Desk, parent: Parent, qty: Decimal) -> risk.Refusal | None:
    side, owned = parent.order.side, desk.owned_qty(parent)
    free = free_to_exit(desk, parent)
    if side is Side.SELL and free is not None and qty > free:
        return risk.Refusal(
            code="sell_exceeds_owned", text=f"sells {plain(qty)}, owns {plain(free)} free; sell_short opens"
        )
    if side is Side.SELL_SHORT and owned > ZERO:
        return risk.Refusal(code="short_while_long", text=f"the sleeve owns {plain(owned)}; sell it first")
    if side is Side.BUY_TO_COVER and free is not None and qty > free:
        return risk.Refusal(code="cover_exceeds_short", text=f"covers {plain(qty)}, is short {plain(free)}")
    return None


def _others(desk: Desk, parent: Parent) -> list[Parent]:
    """Return the other open parents of the sleeve in the symbol."""
    return [
        other
        for other_id in desk.open_in(parent.order.symbol)
        if other_id != parent.order.parent_id and (other := desk.parent(other_id)).order.sleeve == parent.order.sleeve
    ]


def _working_exits(desk: Desk, parent: Parent, side: Side) -> Decimal:
    """Return what other parents of the sleeve may still do on `side` of the symbol."""
    return sum((_wanted_qty(desk, other) for other in _others(desk, parent) if other.order.side is side), ZERO)


def _wanted_qty(desk: Desk, parent: Parent) -> Decimal:
    """Return what a parent still wants; of one that is being stopped only what its orders may still trade."""
    if parent.stopping is None:
        return parent.leaves_qty
    return sum((desk.book.orders[key].exposure_qty for key in parent.live), ZERO)


def _wanted_by_others(desk: Desk, parent: Parent) -> Decimal:
    """Return the signed quantity that other parents of the sleeve still want, in doubt or not."""
    return sum((other.order.side.sign * _wanted_qty(desk, other) for other in _others(desk, parent)), ZERO)
