"""Orders whose broker has been silent for too long: asked about, and only they.

Late is a request that was not answered, an order that should trade at once
and has not ended, and one that the market has traded through. A timer looks
when an order could be late for the first time; while the stream is on time
nothing is ever asked. What a question's answer proves is `engine/doubt`'s.
"""

from decimal import Decimal
from typing import Final

from execd.core.doubting import unanswered
from execd.core.market import Prints
from execd.core.order import Order
from execd.core.rules import S
from execd.engine import doubt
from execd.engine.desk import Desk
from execd.engine.expecting import UNANSWERED_NS, look_at

MARKETABLE_NS: Final = 3 * S
THROUGH_NS: Final = 2 * S
ASK_EVERY_NS: Final = 2 * S
"""Between two questions about one late order."""
LOST_NS: Final = 12 * S
"""Longer than any call takes: what has no answer by then is in doubt."""


def on_prints(desk: Desk, prints: Prints, now_ns: int) -> None:
    """Look at orders through whose price the market traded, once there was time to hear of it."""
    for account in desk.live.accounts.get(prints.symbol, ()):
        for key in desk.live[account, prints.symbol].through(prints.low_px, prints.high_px):
            desk.passed_ns.setdefault(key, now_ns)
            look_at(desk, key, now_ns + THROUGH_NS)


def on_timer(desk: Desk, key: str, now_ns: int) -> None:
    """Ask about an order that is late; look again while it may become late."""
    order = desk.book.orders.get(key)
    passed_ns = desk.passed_ns.pop(key, None)
    if order is None or order.is_done or key in desk.doubts:
        return
    if unanswered(order):
        silent_ns = now_ns - order.tried_ns
        if silent_ns >= LOST_NS:
            order = doubt.doubt_unanswered(desk, order, f"no answer within {silent_ns // S} s", now_ns)
            doubt.begin(desk, order, now_ns)
            return
        if silent_ns >= UNANSWERED_NS:
            desk.ask_about(order)
        look_at(desk, key, max(order.tried_ns + UNANSWERED_NS, now_ns + ASK_EVERY_NS))
    elif _is_marketable(desk, order, now_ns):
        due_ns = order.sent_ns + MARKETABLE_NS
        if now_ns >= due_ns:
            desk.ask_about(order)
            # What was there to trade with may be gone: the older an answer is, the seldomer it is asked for.
            due_ns = now_ns + max(ASK_EVERY_NS, (now_ns - order.sent_ns) // 2)
        look_at(desk, key, due_ns)
    elif passed_ns is not None:
        desk.ask_about(order)


def _is_marketable(desk: Desk, order: Order, now_ns: int) -> bool:
    """Whether an order should trade at once in the market that is shown."""
    market = desk.markets.view(order.first.symbol, now_ns)
    quote, price = market.quote, order.price
    if quote is None or not quote.is_priceable or market.is_halted or order.first.stop_px is not None:
        return False
    if market.quote_age_ns > desk.rules.execution.quote_age_resting_ns_max:
        return False
    touch_px: Decimal = quote.ask_px if order.first.side.is_buy else quote.bid_px
    if price is None:
        return True
    return price > touch_px if order.first.side.is_buy else price < touch_px
