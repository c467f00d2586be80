"""The report of a parent, and the state of the whole, as others read them.

Built from the book's frozen values; nothing here changes anything. Quantities
and prices are decimals (text in JSON), `slippage_bps` is positive when worse
for us.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core.book import Book, Note, Parent
from execd.core.enums import OrdStatus, OrdType, ParentStatus, QuoteSource, Side
from execd.core.order import Order

BPS: Final = Decimal(10_000)
_SIX_PLACES: Final = Decimal("0.000001")
_TWO_PLACES: Final = Decimal("0.01")


class FillLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution."""

    exec_id: str
    ts_ns: int
    qty: Decimal
    px: Decimal
    commission: Decimal
    is_passive: bool | None


class ChildLine(msgspec.Struct, frozen=True, kw_only=True):
    """One broker order of a parent."""

    cl_ord_id: str
    order_id: str
    status: OrdStatus
    ord_type: OrdType
    order_qty: Decimal
    price: Decimal | None
    cum_qty: Decimal
    avg_px: Decimal | None
    sent_ns: int
    why: str
    text: str
    fills: tuple[FillLine, ...]


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """The market when working started."""

    mid_px: Decimal
    bid_px: Decimal
    ask_px: Decimal
    source: QuoteSource
    ts_ns: int


class FillReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an intent. `revision` grows with every change."""

    id: str
    status: ParentStatus
    reason: str
    revision: int
    is_terminal: bool
    symbol: str
    side: Side
    account: str
    strategy: str
    horizon: str
    qty: Decimal | None
    cum_qty: Decimal
    leaves_qty: Decimal
    avg_px: Decimal | None
    commission: Decimal
    arrival: Arrival | None
    slippage_bps: Decimal | None
    algo: str | None
    plan_reasons: tuple[str, ...]
    collar_px: Decimal | None
    limit_px: Decimal | None
    received_ns: int
    started_ns: int | None
    expire_ns: int | None
    ended_ns: int | None
    note: str
    children: tuple[ChildLine, ...]
    story: tuple[Note, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the whole."""

    parents: dict[str, int]
    orders: dict[str, int]
    in_doubt: int
    symbols: int


def report(book: Book, parent_id: str) -> FillReport:
    """Return the report of a parent. Raises KeyError where there is none."""
    parent = book.parents[parent_id]
    order, plan = parent.order, parent.plan
    return FillReport(
        id=order.parent_id,
        status=parent.status,
        reason=parent.reason,
        revision=parent.revision,
        is_terminal=parent.status.is_terminal,
        symbol=order.symbol,
        side=order.side,
        account=order.account,
        strategy=order.strategy,
        horizon=order.horizon,
        qty=parent.order_qty if parent.order_qty is not None else order.order_qty,
        cum_qty=parent.cum_qty,
        leaves_qty=parent.leaves_qty,
        avg_px=_rounded(parent.avg_px, _SIX_PLACES),
        commission=parent.commission,
        arrival=_arrival(parent),
        slippage_bps=_rounded(slippage_bps(parent), _TWO_PLACES),
        algo=None if plan is None else plan.algo,
        plan_reasons=() if plan is None else plan.reasons,
        collar_px=None if plan is None else plan.collar_px,
        limit_px=order.price,
        received_ns=parent.received_ns,
        started_ns=parent.started_ns,
        expire_ns=parent.expire_ns if parent.expire_ns is not None else order.expire_ns,
        ended_ns=parent.ended_ns,
        note=order.note,
        children=tuple(_child(book.orders[key]) for key in parent.children),
        story=parent.notes,
    )


def slippage_bps(parent: Parent) -> Decimal | None:
    """Return the cost of what is filled against the arrival mid in basis points; positive is worse for us.

    None while nothing is filled or no arrival is known.
    """
    if parent.avg_px is None or parent.arrival is None:
        return None
    mid_px = parent.arrival.mid_px
    return (parent.avg_px - mid_px) * parent.order.side.sign / mid_px * BPS


def status(book: Book, symbols: int) -> Status:
    """Return the counts of a book; `symbols` is how many are subscribed."""
    parents: dict[str, int] = {}
    for parent in book.parents.values():
        parents[parent.status] = parents.get(parent.status, 0) + 1
    orders: dict[str, int] = {}
    in_doubt = 0
    for order in book.orders.values():
        orders[order.ord_status] = orders.get(order.ord_status, 0) + 1
        in_doubt += order.is_in_doubt
    return Status(parents=parents, orders=orders, in_doubt=in_doubt, symbols=symbols)


def _arrival(parent: Parent) -> Arrival | None:
    quote = parent.arrival
    if quote is None:
        return None
    return Arrival(
        mid_px=quote.mid_px, bid_px=quote.bid_px, ask_px=quote.ask_px, source=quote.source, ts_ns=quote.received_ns
    )


def _child(order: Order) -> ChildLine:
    first, done = order.first, order.done_as
    return ChildLine(
        cl_ord_id=order.key,
        order_id=order.order_ids[-1] if order.order_ids else "",
        status=order.ord_status,
        ord_type=first.ord_type,
        order_qty=order.order_qty,
        price=order.price,
        cum_qty=order.cum_qty,
        avg_px=_rounded(order.avg_px, _SIX_PLACES),
        sent_ns=order.sent_ns,
        why=first.text,
        text="" if done is None else f"{done.code} {done.text}".strip(),
        fills=tuple(
            FillLine(
                exec_id=trade.exec_id,
                ts_ns=trade.transact_ns,
                qty=trade.last_qty,
                px=trade.last_px,
                commission=trade.commission,
                is_passive=trade.is_passive,
            )
            for trade in order.fills.counted
        ),
    )


def _rounded(value: Decimal | None, places: Decimal) -> Decimal | None:
    return None if value is None else value.quantize(places)
