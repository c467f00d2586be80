"""What the tests of algorithms look at: one parent, one quote, perhaps one child, at one instant."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from execd.algos.base import AlgoView, MarketView
from execd.algos.schedules.base import Piece
from execd.algos.tactics import Tactic
from execd.algos.tactics.base import Job, Wanted
from execd.core.enums import OrdType, Side
from execd.core.instrument import Instrument
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.orders import NewOrder, Plan
from execd.core.rules import Execution, S
from execd.core.session import AlwaysOpen
from tests.world import START_NS, intent

QTY = Decimal(100)


def view_at(
    shown: Quote | None,
    side: Side = Side.BUY,
    *,
    limit: str | None = None,
    collar: str | None = None,
    child: Order | None = None,
    market: dict[str, Any] | None = None,
    **fields: Any,  # noqa: ANN401  # AlgoView checks them.
) -> AlgoView:
    """Return what an algorithm sees at the start, or as `fields` say; `market` goes to MarketView."""
    defaults: dict[str, Any] = {
        "now_ns": START_NS,
        "parent": intent("p", "X", side),
        "plan": Plan(
            algo="t",
            limit_px=None if limit is None else Decimal(limit),
            collar_px=None if collar is None else Decimal(collar),
        ),
        "order_qty": QTY,
        "cum_qty": Decimal(0),
        "working_qty": Decimal(0) if child is None else child.leaves_qty,
        "children": () if child is None else (child,),
        "children_n": 0 if child is None else 1,
        "last_child": child,
        "market": MarketView(quote=shown, **(market or {})),
        "session": AlwaysOpen(),
        "instrument": Instrument(symbol="X"),
        "execution": Execution(),
        "started_ns": START_NS,
        "expire_ns": START_NS + 600 * S,
    }
    return AlgoView(**(defaults | fields))


def child_at(price: str | Decimal | None, side: Side = Side.BUY, *, sent_ns: int = START_NS, **fields: Any) -> Order:  # noqa: ANN401  # NewOrder checks them.
    """Return a child that the broker has taken, a limit for everything."""
    defaults: dict[str, Any] = {
        "cl_ord_id": "c1",
        "parent_id": "p",
        "account": "sim",
        "symbol": "X",
        "side": side,
        "order_qty": QTY,
        "ord_type": OrdType.LIMIT,
        "price": None if price is None else Decimal(price),
        "send_by_ns": sent_ns + S,
    }
    first = NewOrder(**(defaults | fields))
    return Order(requests=(first,), sent_ns=sent_ns, tried_ns=sent_ns, acked_ns=sent_ns, last_ns=sent_ns)


def asked(
    tactic: Tactic, view: AlgoView, elapsed_s: int = 0, begun_ns: int = START_NS, *, elapsed_ns: int = 0
) -> Wanted:
    """Return what a tactic wants so long after its try began; what is out is in the view."""
    piece = Piece(n=0, goal_qty=QTY, began_ns=START_NS, end_ns=START_NS + 600 * S, is_last=True)
    child = view.children[0] if view.children else None
    job = Job(piece=piece, qty=QTY, begun_ns=begun_ns, child=child)
    return tactic.ask(replace(view, now_ns=begun_ns + elapsed_s * S + elapsed_ns), job)
