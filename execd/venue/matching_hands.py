"""What a broker's desk does to trades by hand: busts them, corrects them, fills an order beyond its quantity.

Each function changes an order in place and returns what is reported of it. It
happens rarely and to everybody; a client cannot ask for it. Whose trade it is
and which books change, `sim_venue` knows.
"""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.reports import Trade, TradeCanceled, TradeCorrected
from execd.venue.matching_orders import Working


def bust(order: Working, trade: Trade, now_ns: int) -> TradeCanceled:
    """Let a trade of an order never have happened; an order that has ended stays so."""
    order.cum_qty -= trade.last_qty
    order.notional -= trade.last_qty * trade.last_px
    order.last_ns = now_ns
    return TradeCanceled(
        cl_ord_id=order.cl_ord_id, transact_ns=now_ns, order_id=order.order_id, exec_ref_id=trade.exec_id
    )


def correct(order: Working, trade: Trade, px: Decimal, now_ns: int) -> TradeCorrected:
    """Let a trade of an order have happened at `px`; it has another ExecID from now on."""
    order.notional += trade.last_qty * (px - trade.last_px)
    order.trades_n += 1
    order.last_ns = now_ns
    return TradeCorrected(
        cl_ord_id=order.cl_ord_id,
        transact_ns=now_ns,
        order_id=order.order_id,
        exec_ref_id=trade.exec_id,
        trade=replace(trade, exec_id=f"{order.order_id}.{order.trades_n}", last_px=px),
    )


def overfill(order: Working, qty: Decimal, px: Decimal, now_ns: int) -> Trade:
    """Let an order trade `qty` more at `px`, whatever it asked for and whether or not it has ended."""
    before = order.cum_qty
    order.cum_qty += qty
    order.notional += qty * px
    order.trades_n += 1
    order.last_ns = now_ns
    return Trade(
        cl_ord_id=order.cl_ord_id,
        transact_ns=now_ns,
        order_id=order.order_id,
        exec_id=f"{order.order_id}.{order.trades_n}",
        last_qty=qty,
        last_px=px,
        cum_before=before,
        cum_after=order.cum_qty,
    )
