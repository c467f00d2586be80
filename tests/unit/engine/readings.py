"""What tests of the comparison with a broker share: a book with one order, and readings of its account.

Values only; each test says what differs.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from execd.core.book import Book, fold
from execd.core.enums import OrdType, Side
from execd.core.ids import cl_ord_id
from execd.core.orders import NewOrder, Plan
from execd.core.records import ParentAccepted, ParentStarted, Record, Reported, Sending
from execd.core.reports import Accepted, OrderSnapshot, Trade
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot, TradeSeen
from execd.core.verdict import Verdict
from execd.engine.reconcile import known_of, reconcile
from execd.engine.reconcile_positions import Sight
from tests.world import EPOCH, START_NS, intent

KEY = cl_ord_id(EPOCH, "p", 1)
LATER_NS = START_NS + 60 * S
SIGHT = Sight(epochs=(EPOCH,))
WHOLE = AccountSnapshot(
    account="sim", since_ns=0, asked_ns=LATER_NS, read_ns=LATER_NS, orders=(), trades=(), positions={}
)


def new(key: str = KEY, **changes: Any) -> NewOrder:  # noqa: ANN401  # NewOrder checks them.
    """Return the request of an order for a hundred shares."""
    request = NewOrder(
        cl_ord_id=key,
        parent_id="p",
        account="sim",
        symbol="AAPL",
        side=Side.BUY,
        order_qty=Decimal(100),
        ord_type=OrdType.LIMIT,
        price=Decimal(10),
        send_by_ns=START_NS,
    )
    return replace(request, **changes)


def trade(n: int, qty: int, at_ns: int = START_NS + S, key: str = KEY) -> Trade:
    """Return the `n`-th execution of an order."""
    return Trade(
        cl_ord_id=key, order_id="o", transact_ns=at_ns, exec_id=f"x{n}", last_qty=Decimal(qty), last_px=Decimal(10)
    )


def begun_parent() -> list[Record]:
    """Return the records of an intent that works."""
    return [
        ParentAccepted(now_ns=START_NS, parent=intent("p"), content_hash="h"),
        ParentStarted(
            now_ns=START_NS,
            parent_id="p",
            side=Side.BUY,
            order_qty=Decimal(100),
            expire_ns=LATER_NS,
            plan=Plan(algo="now"),
            quote=None,
        ),
    ]


def book_of(*records: Record, is_acked: bool = True) -> Book:
    """Return a book with one order, and what `records` say of it."""
    begun = [*begun_parent(), Sending(now_ns=START_NS, request=new())]
    if is_acked:
        begun.append(told(Accepted(cl_ord_id=KEY, transact_ns=START_NS, order_id="o")))
    return fold([*begun, *records])


def told(report: Any) -> Reported:  # noqa: ANN401  # Any report.
    """Return the record of a report."""
    return Reported(now_ns=START_NS, account="sim", report=report)


def row(cum: int = 0, *, is_live: bool = True, at_ns: int = START_NS + S, **changes: Any) -> OrderSnapshot:  # noqa: ANN401
    """Return the broker's row of the order."""
    seen = OrderSnapshot(
        cl_ord_id=KEY,
        order_id="o",
        symbol="AAPL",
        side=Side.BUY,
        order_qty=Decimal(100),
        cum_qty=Decimal(cum),
        avg_px=Decimal(10) if cum else Decimal(0),
        is_live=is_live,
        transact_ns=at_ns,
        price=Decimal(10),
    )
    return replace(seen, **changes)


def seen(*trades: Trade, side: Side = Side.BUY) -> tuple[TradeSeen, ...]:
    """Return executions as a list shows them."""
    return tuple(TradeSeen(symbol="AAPL", side=side, trade=one) for one in trades)


def shown(*orders: OrderSnapshot, trades: tuple[TradeSeen, ...] = (), held: int = 0, **more: Any) -> AccountSnapshot:  # noqa: ANN401
    """Return a reading with these orders, trades, and shares of AAPL."""
    positions = {"AAPL": Decimal(held)} if held else {}
    return replace(WHOLE, orders=orders, trades=trades, positions=positions, **more)


def verdicts(book: Book, snapshot: AccountSnapshot, sight: Sight = SIGHT) -> list[Verdict]:
    """Return what differs."""
    return [one for one in reconcile(known_of(book), snapshot, sight) if one is not None]


def rules(book: Book, snapshot: AccountSnapshot, sight: Sight = SIGHT) -> list[str]:
    """Return by which rules it differs."""
    return [one.rule for one in verdicts(book, snapshot, sight)]


FILLED = told(trade(1, 40))
