"""Small parts of a comparison with a broker: what rows amount to, and the words for what differs.

Pure functions of values, used by `reconcile` alone.
"""

from decimal import Decimal
from typing import Final, assert_never

from execd.core.codec import plain
from execd.core.fills import UNPRICED
from execd.core.order import Order
from execd.core.reconciled import ExternalSeen, Right
from execd.core.records import Found, Reported
from execd.core.reports import OrderSnapshot, Trade, TradeCanceled, TradeCorrected
from execd.core.snapshot import TradeSeen
from execd.core.verdict import Suspect, Verdict

ZERO: Final = Decimal(0)


def rule_of(order: Order, row: OrderSnapshot) -> str:
    """Return by which rule an order and its row differ; empty where they do not."""
    if row.cum_qty < order.cum_qty:
        return "recounted" if _is_later_word(order, row) else "doubtful"
    if row.is_live and order.is_done and row.cum_qty < row.order_qty:
        return "came_back" if order.is_taken_for_lost else "doubtful"
    if row.cum_qty > order.cum_qty or _tells_price(order, row):
        return "missed_fill"
    if order.is_done:
        return ""
    if not row.is_live:
        return "missed_end"
    if order.acked_ns is None:
        return "missed_acceptance"
    is_priced = row.price is not None and order.price is not None
    if row.order_qty != order.order_qty or (is_priced and row.price != order.price):
        return "missed_terms"
    return ""


def _is_later_word(order: Order, row: OrderSnapshot) -> bool:
    """Whether a row tells the sum of an order's fills anew, part of which rests on an older sum alone.

    Of a fill that was only in that sum nobody knows how much it was when it is taken back; a list that lags tells of
    an earlier instant.
    """
    seen = order.fills.seen
    return seen is not None and bool(order.fills.synthetic_qty) and row.transact_ns > seen.transact_ns


def _tells_price(order: Order, row: OrderSnapshot) -> bool:
    """Whether a row has the price of fills of which only a quantity was told, by the word of an end."""
    seen = order.fills.seen
    if seen is None or not order.fills.is_unpriced:
        return False
    return row.avg_px != UNPRICED and (row.transact_ns, row.cum_qty) >= (seen.transact_ns, seen.cum_qty)


def is_later(before: OrderSnapshot, row: OrderSnapshot, *, is_sum: bool) -> bool:
    """Whether a row is news to who knows `before`; a sum of some trades only where it is more."""
    if is_sum:
        return row.cum_qty > before.cum_qty
    return row != before and row.transact_ns >= before.transact_ns


def of_trades(trades: list[TradeSeen]) -> OrderSnapshot:
    """Return an order as far as its trades tell of it."""
    last = max((one.trade for one in trades), key=instant)
    qty = sum((one.trade.last_qty for one in trades), ZERO)
    paid = sum((one.trade.last_qty * one.trade.last_px for one in trades), ZERO)
    return OrderSnapshot(
        cl_ord_id=last.cl_ord_id,
        order_id=last.order_id,
        symbol=trades[0].symbol,
        side=trades[0].side,
        order_qty=qty,
        cum_qty=qty,
        avg_px=paid / qty if qty else ZERO,
        is_live=False,
        transact_ns=last.transact_ns,
    )


def instant(trade: Trade) -> tuple[int, str]:
    """Return the place of a trade among others."""
    return (trade.transact_ns, trade.exec_id)


def counts(order: Order) -> tuple[object, ...]:
    """Return what is counted of an order's fills: where it is the same, a report was no news."""
    fills = order.fills
    sums = (fills.cum_qty, fills.notional, fills.commission, fills.synthetic_qty)
    return (*sums, fills.busted, fills.corrections, len(fills.conflicts))


def about(
    order: Order,
    rule: str,
    right: Right,
    text: str,
    *,
    facts: tuple[Reported | Found | ExternalSeen, ...] = (),
    ask: str = "",
    suspect: Suspect | None = None,
    halts: str = "",
) -> Verdict:
    """Return a verdict on one of our orders."""
    return Verdict(
        rule=rule,
        subject=order.key,
        symbol=order.first.symbol,
        right=right,
        text=text,
        facts=facts,
        ask=ask,
        suspect=suspect,
        halts=halts,
    )


def report_text(report: Trade | TradeCanceled | TradeCorrected) -> str:
    """Return what was not reported."""
    match report:
        case Trade():
            return f"{report.exec_id}, {plain(report.last_qty)} @ {plain(report.last_px)}, was not reported"
        case TradeCanceled():
            return f"{report.exec_ref_id} was busted"
        case TradeCorrected(trade=trade):
            told = f"{plain(trade.last_qty)} @ {plain(trade.last_px)} ({trade.exec_id})"
            return f"{report.exec_ref_id} was corrected to {told}"
        case _:
            assert_never(report)


def row_text(order: Order, row: OrderSnapshot) -> str:
    """Return how an order stands at the broker and here."""
    there = f"{plain(row.cum_qty)} of {plain(row.order_qty)} filled and {'live' if row.is_live else 'ended'} there"
    here = f"{plain(order.cum_qty)} of {plain(order.order_qty)} and {order.ord_status} here"
    if row.price is None or order.price is None or row.price == order.price:
        return f"{there}, {here}"
    return f"{there}, {here}, limit {plain(row.price)} there and {plain(order.price)} here"


def external_text(name: str, row: OrderSnapshot) -> str:
    """Return an order that is not ours, in words."""
    limit = f" limit {plain(row.price)}" if row.price is not None else ""
    told = f"{row.side or 'of a side that is not told'} {plain(row.order_qty)} {row.symbol}{limit}"
    return f"{name} is not ours: {told}, {plain(row.cum_qty)} traded, {'live' if row.is_live else 'ended'}"
