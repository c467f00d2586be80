"""What the venue refuses, and with which code.

Plain questions about a request, an order and a book; none changes anything.
Codes are stable: callers act on them. A new refusal is a line here.
"""

from decimal import Decimal
from typing import Final

from execd.core.enums import OrdType
from execd.core.instrument import Instrument
from execd.core.orders import NewOrder, ReplaceRequest
from execd.core.reports import USED_ID
from execd.venue.matching_book import SymbolBook
from execd.venue.matching_orders import ZERO, Working

DUPLICATE: Final = (USED_ID, "this ClOrdID was used before")
_LIMITED: Final = (OrdType.LIMIT, OrdType.STOP_LIMIT)
_STOPPED: Final = (OrdType.STOP, OrdType.STOP_LIMIT)


def refusal_of(book: SymbolBook, request: NewOrder) -> tuple[str, str] | None:
    """Return code and text of why a new order is refused; None where it is accepted."""
    instrument, qty, is_buy = book.instrument, request.order_qty, request.side.is_buy
    if qty < instrument.min_qty or instrument.floor_qty(qty) != qty:
        return "invalid_qty", f"OrderQty must be a multiple of {instrument.qty_step}, at least {instrument.min_qty}"
    if request.ord_type in _LIMITED and not _is_price(instrument, request.price, is_buy=is_buy):
        return "invalid_price", "Price must be above zero and on the grid of ticks"
    if request.ord_type in _STOPPED and not _is_price(instrument, request.stop_px, is_buy=is_buy):
        return "invalid_price", "StopPx must be above zero and on the grid of ticks"
    if request.ord_type is not OrdType.MARKET:
        return None
    if book.is_halted:
        return "halted", "no market orders while the symbol is halted"
    if not book.can_take(is_buy=is_buy):
        return "no_quote", "nothing usable is displayed on the other side"
    return None


def cannot_change(order: Working | None, account: str) -> str:
    """Return the code of why an order can be neither canceled nor replaced; empty where it can."""
    if order is None or order.account != account:
        return "unknown_order"
    return "too_late" if order.ended else ""


def bad_terms(instrument: Instrument, order: Working, request: ReplaceRequest) -> str:
    """Return the code of why these terms are refused; empty where they are good."""
    if request.order_qty < order.cum_qty:
        return "below_cum_qty"
    if request.order_qty < instrument.min_qty or instrument.floor_qty(request.order_qty) != request.order_qty:
        return "invalid_qty"
    prices = [px for px in (request.price, request.stop_px) if px is not None]
    return "" if all(_is_price(instrument, px, is_buy=order.is_buy) for px in prices) else "invalid_price"


def triggers(stop: Working, px: Decimal) -> bool:
    """Whether a continuous print at `px` triggers a stop."""
    if stop.stop_px is None:
        return False
    return px >= stop.stop_px if stop.is_buy else px <= stop.stop_px


def _is_price(instrument: Instrument, px: Decimal | None, *, is_buy: bool) -> bool:
    return px is not None and px > ZERO and instrument.nearest(px, is_buy=is_buy) == px
