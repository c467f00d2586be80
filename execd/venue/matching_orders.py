"""An order as the venue keeps it, and the two ways in which it comes to be.

A `Working` holds facts and nothing that decides. It changes in place, for the
venue is an edge; its numbers are those the reports are made of. What a new
order must look like is in `matching_rules`.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from execd.core.enums import OrdType, Side, TimeInForce
from execd.core.order import Order
from execd.core.orders import NewOrder, ReplaceRequest
from execd.core.reports import OrderSnapshot
from execd.venue.commission import Commission

ZERO: Final = Decimal(0)


@dataclass(slots=True, eq=False)
class Working:
    """One order from acceptance to its end.

    `cl_ord_ids` are all of its chain. `seq` is its time priority. `ahead`: displayed shares of others that trade before
    it at its price; None where the level has not been displayed since it came. `is_waiting`: it came while the quote
    was locked or crossed, or the symbol halted, and takes from the first usable quote. `ended` says how it ended, empty
    while it is live.
    """

    order_id: str
    cl_ord_id: str
    account: str
    lane: str
    symbol: str
    side: Side
    is_buy: bool
    order_qty: Decimal
    ord_type: OrdType
    price: Decimal | None
    stop_px: Decimal | None
    time_in_force: TimeInForce
    last_ns: int
    cl_ord_ids: list[str]
    seq: int = 0
    cum_qty: Decimal = ZERO
    notional: Decimal = ZERO
    earned: Decimal = ZERO
    paid: Decimal = ZERO
    trades_n: int = 0
    ahead: Decimal | None = None
    is_waiting: bool = False
    ended: str = ""
    text: str = ""
    created_ns: int = 0
    """When it was accepted; 0 in ledgers of before it was kept, and where its owner brought it along."""

    @property
    def leaves_qty(self) -> Decimal:
        """Quantity still to trade; zero once it ended."""
        return ZERO if self.ended else self.order_qty - self.cum_qty

    @property
    def is_stop(self) -> bool:
        """Whether it waits for its trigger."""
        return self.ord_type in {OrdType.STOP, OrdType.STOP_LIMIT}

    @property
    def limit_px(self) -> Decimal:
        """The price it rests at; asked only of orders that rest."""
        if self.price is None:
            raise AssertionError(self.order_id)
        return self.price


def opened(request: NewOrder, *, lane: str, now_ns: int) -> Working:
    """Return the order that a request makes."""
    has_limit = request.ord_type in {OrdType.LIMIT, OrdType.STOP_LIMIT}
    return Working(
        # Made of the ClOrdID, not counted: a venue that starts again must not use an OrderID twice.
        order_id=f"S-{request.cl_ord_id}",
        cl_ord_id=request.cl_ord_id,
        account=request.account,
        lane=lane,
        symbol=request.symbol,
        side=request.side,
        is_buy=request.side.is_buy,
        order_qty=request.order_qty,
        ord_type=request.ord_type,
        price=request.price if has_limit else None,
        stop_px=request.stop_px,
        time_in_force=request.time_in_force,
        last_ns=now_ns,
        cl_ord_ids=[request.cl_ord_id],
        created_ns=now_ns,
    )


def seen(order: Working, cl_ord_id: str) -> OrderSnapshot:
    """Return what the venue says of an order, under the name by which somebody asked for it."""
    return OrderSnapshot(
        cl_ord_id=cl_ord_id,
        order_id=order.order_id,
        symbol=order.symbol,
        order_qty=order.order_qty,
        cum_qty=order.cum_qty,
        avg_px=order.notional / order.cum_qty if order.cum_qty else ZERO,
        is_live=not order.ended,
        transact_ns=order.last_ns,
        text=order.text,
        created_ns=order.created_ns,
        price=order.price,
        side=order.side,
    )


def restored(order: Order, commission: Commission, *, lane: str, now_ns: int) -> Working:
    """Return the order that its owner remembers: the latest terms that were confirmed, and what was filled."""
    first = order.first
    working = opened(first, lane=lane, now_ns=now_ns)
    working.order_id = order.order_ids[0] if order.order_ids else working.order_id
    working.cl_ord_ids = [request.cl_ord_id for request in order.requests]
    working.created_ns = 0
    for request in order.requests:
        if isinstance(request, ReplaceRequest) and order.has_taken(request.cl_ord_id):
            working.cl_ord_id = request.cl_ord_id
            working.stop_px = request.stop_px if request.stop_px is not None else working.stop_px
    working.order_qty = order.order_qty
    working.price = order.price if working.price is not None else None
    working.cum_qty = order.cum_qty
    working.notional = order.fills.notional
    working.earned = sum((commission.of(trade.last_qty, trade.last_px) for trade in order.fills.counted), ZERO)
    working.paid = order.fills.commission
    working.trades_n = len(order.fills.trades)
    return working
