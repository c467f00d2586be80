"""What a simulated broker, or somebody with its screen, does that the daemon did not ask for.

Each changes the broker's own books first and then tells of it; when it
happens is said by `ordeals`. A new deed is a function here and a row there.
"""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.enums import OrdType, Side
from execd.core.orders import CancelRequest, NewOrder
from execd.core.reports import Accepted, Suspended, Trade, TradeCanceled, TradeCorrected
from execd.simulation.front import Fill, Front, Placed


def bust(front: Front, fill: Fill, now_ns: int) -> None:
    """Take a fill back."""
    fill.is_busted = True
    trade = fill.trade
    undone = TradeCanceled(
        cl_ord_id=trade.cl_ord_id, transact_ns=now_ns, order_id=trade.order_id, exec_ref_id=trade.exec_id
    )
    front.undone.append(undone)
    front.tell(undone, now_ns)


def correct(front: Front, fill: Fill, qty: Decimal, px: Decimal, now_ns: int) -> None:
    """Put another fill in the place of one."""
    fill.is_busted = True
    old = fill.trade
    trade = replace(old, exec_id=f"{old.exec_id}c", last_qty=qty, last_px=px, transact_ns=now_ns)
    front.book(fill.placed, trade)
    undone = TradeCorrected(
        cl_ord_id=old.cl_ord_id, transact_ns=now_ns, order_id=old.order_id, exec_ref_id=old.exec_id, trade=trade
    )
    front.undone.append(undone)
    front.tell(undone, now_ns)


def overfill(front: Front, placed: Placed, qty: Decimal, now_ns: int) -> None:
    """Fill an order that is full already."""
    last = placed.fills[-1].trade
    # Numbers of orders may be given twice; names of executions never are.
    exec_id = f"{placed.name}.over{len(placed.fills)}"
    trade = replace(last, exec_id=exec_id, last_qty=qty, transact_ns=now_ns)
    if last.cum_after is not None:
        trade = replace(trade, cum_before=last.cum_after, cum_after=last.cum_after + qty)
    front.book(placed, trade)
    front.tell(trade, now_ns)


def hand_trade(front: Front, symbol: str, side: Side, qty: Decimal, px: Decimal, now_ns: int) -> None:
    """Let somebody trade by hand."""
    front.hands_n += 1
    name = f"hand-{front.account}-{front.hands_n}"
    request = NewOrder(
        cl_ord_id=name,
        parent_id="",
        account=front.account,
        symbol=symbol,
        side=side,
        order_qty=qty,
        ord_type=OrdType.MARKET,
        send_by_ns=now_ns,
    )
    placed = Placed(name="", order_id=f"H{name}", request=request, taken_ns=now_ns, is_ours=False)
    trade = Trade(
        cl_ord_id=name,
        transact_ns=now_ns,
        order_id=placed.order_id,
        exec_id=f"{name}.1",
        last_qty=qty,
        last_px=px,
    )
    front.book(placed, trade)
    front.tell(Accepted(cl_ord_id=name, transact_ns=now_ns, order_id=placed.order_id), now_ns)
    front.tell(trade, now_ns)


def withdraw(front: Front, placed: Placed, now_ns: int, *, is_told: bool) -> None:
    """Cancel an order unasked; `is_told` false: nobody hears of it."""
    request = CancelRequest(
        cl_ord_id=placed.name,
        orig_cl_ord_id=placed.name,
        parent_id="",
        account=front.account,
        symbol=placed.request.symbol,
        side=placed.request.side,
    )
    reports = front.matching.cancel(request, now_ns)
    if is_told:
        front.hear(reports, now_ns)


def say_nothing(front: Front, placed: Placed, now_ns: int) -> None:
    """Report a status that means nothing."""
    name = placed.request.cl_ord_id
    front.tell(Suspended(cl_ord_id=name, transact_ns=now_ns, order_id=placed.order_id, text="calculated"), now_ns)
