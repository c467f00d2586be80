"""What a simulated broker shows when it is asked: of one order, or of the whole account.

It reads a `Front` and changes nothing. A part of an account that a broker
might not show is a question in `edge`, which asks.
"""

from decimal import Decimal
from typing import Final

from execd.core.reports import OrderSnapshot
from execd.core.snapshot import AccountSnapshot, TradeSeen
from execd.simulation.front import Fill, Front, Placed

ZERO: Final = Decimal(0)


def find(front: Front, cl_ord_id: str, now_ns: int, *, lag_ns: int = 0) -> OrderSnapshot | None:
    """Return what a broker says of an order; what is younger than `lag_ns` it may not know yet."""
    known = front.by_id.get(cl_ord_id)
    placed = known[-1] if known else None
    if placed is None or placed.taken_ns > now_ns - lag_ns or placed.hidden_until_ns > now_ns:
        return None
    return _shown(front, placed, cl_ord_id)


def snapshot(front: Front, since_ns: int, now_ns: int, *, lag_ns: int = 0) -> AccountSnapshot:
    """Return what the account holds, and what changed in it since an instant."""
    placed = [one for one in front.placed.values() if one.taken_ns <= now_ns - lag_ns and one.hidden_until_ns <= now_ns]
    shown = [_shown(front, one, one.request.cl_ord_id) for one in placed]
    shown += [_by_hand(fill) for fill in front.fills.values() if not fill.placed.is_ours]
    trades = [
        fill
        for fill in front.fills.values()
        if not fill.is_busted and fill.trade.transact_ns >= since_ns and fill.placed.hidden_until_ns <= now_ns
    ]
    return AccountSnapshot(
        account=front.account,
        since_ns=since_ns,
        asked_ns=now_ns,
        read_ns=now_ns,
        broker_ns=now_ns,
        orders=tuple(one for one in shown if one is not None and (one.is_live or one.transact_ns >= since_ns)),
        trades=tuple(
            TradeSeen(symbol=fill.placed.request.symbol, side=fill.placed.request.side, trade=fill.trade)
            for fill in trades
        ),
        undone=tuple(one for one in front.undone if one.transact_ns >= since_ns),
        positions={symbol: qty for symbol, qty in front.positions().items() if qty},
    )


def _by_hand(fill: Fill) -> OrderSnapshot:
    """Return an order of somebody who trades by hand: filled at once."""
    request, trade = fill.placed.request, fill.trade
    return OrderSnapshot(
        cl_ord_id=request.cl_ord_id,
        order_id=fill.placed.order_id,
        symbol=request.symbol,
        side=request.side,
        order_qty=request.order_qty,
        cum_qty=trade.last_qty,
        avg_px=trade.last_px,
        is_live=False,
        transact_ns=trade.transact_ns,
    )


def _shown(front: Front, placed: Placed, cl_ord_id: str) -> OrderSnapshot | None:
    working = front.working(placed)
    if working is None:
        return None
    counted = [fill.trade for fill in placed.fills if not fill.is_busted]
    cum_qty = sum((trade.last_qty for trade in counted), ZERO)
    paid = sum((trade.last_qty * trade.last_px for trade in counted), ZERO)
    # After a replace reports bear its id.
    undone = [one.transact_ns for one in front.undone if placed in front.by_id.get(one.cl_ord_id, ())]
    changed_ns = max([working.last_ns, *undone, *(fill.trade.transact_ns for fill in placed.fills)])
    return OrderSnapshot(
        cl_ord_id=cl_ord_id,
        order_id=placed.order_id,
        symbol=working.symbol,
        side=working.side,
        order_qty=working.order_qty,
        price=working.price,
        cum_qty=cum_qty,
        avg_px=paid / cum_qty if cum_qty else ZERO,
        is_live=not working.ended,
        transact_ns=changed_ns,
        text=working.text,
        trades=tuple(counted) if front.scene.tells_trades else (),
    )
