"""What others show, as far as it can be told from what is shown.

A feed of a real market shows our own order as a part of the touch; the simulated venue and a replay do not. Whoever
prices from the touch would then follow himself, tick by tick. Two things are known: at which prices we stood lately,
and that the far side is never ours.
"""

from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from execd.algos.base import ZERO, AlgoView
from execd.algos.tactics.pricing import near_px, near_size, touch_px
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.orders import ReplaceRequest
from execd.core.rules import S

ECHO_NS: Final = 1 * S
"""So long after a child of ours has ended the feed may still show it."""
LATEST_N: Final = 2
"""A price is moved at most once in that time."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The touch of others on our own side and the far touch, when a price was made from them."""

    near_px: Decimal
    far_px: Decimal


def is_ours(view: AlgoView, px: Decimal) -> bool:
    """Whether the touch at `px` may be nobody but us: we stand there, or what stood there ended a moment ago."""
    if view.children:
        return view.children[0].price == px
    last = view.last_child
    return last is not None and view.now_ns < max(last.tried_ns, last.last_ns) + ECHO_NS and px in _prices(last)


def others(view: AlgoView, quote: Quote, before: Shown | None) -> Shown:
    """Return what others show now; `before` is what they showed when our own price was made.

    Where the touch on our side may be ours alone, the others stand behind it, and nobody knows where: as far behind
    where they stood as the far touch has come toward us since, and no better than the touch. Where more is displayed
    than we can be, others do stand there: but while we do, too, they came to us and are not gone after.
    """
    is_buy, sign = view.parent.side.is_buy, view.parent.side.sign
    near, far = near_px(quote, is_buy=is_buy), touch_px(quote, is_buy=is_buy)
    if before is None or not is_ours(view, near):
        return Shown(near_px=near, far_px=far)
    if near_size(quote, is_buy=is_buy) > _most_qty(view):
        near_px_now = min(before.near_px * sign, near * sign) * sign if view.children else near
        return Shown(near_px=near_px_now, far_px=far)
    come = min(ZERO, (far - before.far_px) * sign)
    # The touch is where it is after that move: it bounds them, and does not move by it once more.
    return Shown(near_px=min(before.near_px * sign + come, near * sign) * sign, far_px=far)


def _most_qty(view: AlgoView) -> Decimal:
    """Return the most that a feed may show of us, in whole round lots as some feeds do."""
    order = view.children[0] if view.children else view.last_child
    lot = view.instrument.round_lot
    return ZERO if order is None else (order.order_qty / lot).to_integral_value(ROUND_CEILING) * lot


def _prices(order: Order) -> tuple[Decimal | None, ...]:
    """Return the last two prices at which a chain was asked to stand: the feed shows none that is older."""
    replaces = (request.price for request in order.requests if isinstance(request, ReplaceRequest))
    return (order.first.price, *replaces)[-LATEST_N:]
