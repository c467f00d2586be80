"""What a broker shows of one account at one reading: orders, trades, positions, and how far it is to be believed.

Adapters make it, `engine/reconcile` compares it with the book. A part that
could not be read is None and never empty; an empty list is an answer, but no
proof that an account is flat. A new part of an account is a field here.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from execd.core.enums import Side
from execd.core.reports import OrderSnapshot, Trade, TradeCanceled, TradeCorrected


class TradeSeen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution as a list of the broker shows it: whose order it was is in the trade's ClOrdID."""

    symbol: str
    side: Side
    trade: Trade


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row of the broker's that makes no sense: which, of what symbol (empty: not even that), and what was wrong."""

    what: Literal["order", "trade", "position"]
    id: str
    symbol: str
    text: str


class AccountSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of an account, in the order orders, trades, positions, orders again.

    `asked_ns` and `read_ns` are ours, `broker_ns` the broker's own instant of it (0: not told). `orders` are all that
    live and those that changed since `since_ns`, under their first ClOrdID (empty where somebody gave them none);
    `trades` and `undone` are those since then; `positions` are signed and hold no zero. `unsteady` are symbols of which
    an order changed while it was read: of them only what is there is a fact, and never what is not.
    """

    account: str
    since_ns: int
    asked_ns: int
    read_ns: int
    broker_ns: int = 0
    orders: tuple[OrderSnapshot, ...] | None = None
    trades: tuple[TradeSeen, ...] | None = None
    undone: tuple[TradeCanceled | TradeCorrected, ...] = ()
    positions: dict[str, Decimal] | None = None
    unsteady: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every part was read."""
        return self.orders is not None and self.trades is not None and self.positions is not None


def changed_between(before: tuple[OrderSnapshot, ...], after: tuple[OrderSnapshot, ...]) -> tuple[str, ...]:
    """Return the symbols of which an order came, went or changed between two lists of one account."""
    had = {name_of(order): order for order in before}
    has = {name_of(order): order for order in after}
    moved = [order for name, order in has.items() if had.get(name) != order]
    gone = [order for name, order in had.items() if name not in has]
    return tuple(sorted(dict.fromkeys(order.symbol for order in (*moved, *gone))))


def name_of(order: OrderSnapshot) -> str:
    """Return what an order is called here: its first ClOrdID, else what the broker calls it."""
    return order.cl_ord_id or f"#{order.order_id}"
