"""What a broker may tell us about an order (FIX ExecutionReport, 35=8, and 35=9).

Each carries the `cl_ord_id` it answers (any request of the chain), the
broker's `order_id` where it has one, and `transact_ns`, the broker's own
instant. A new kind is a class here and a case in `core/folding.py`.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core.enums import Side


class _Report(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    cl_ord_id: str
    transact_ns: int
    order_id: str = ""


class Accepted(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """The broker has the order and it is live."""


class Trade(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """A fill. (cum_before, cum_after] is its place in the order's CumQty, None where the source does not say.

    `is_passive`: it rested and was hit (None: not told). `commission` is in the account's currency, positive = paid.
    """

    exec_id: str
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal = Decimal(0)
    cum_before: Decimal | None = None
    cum_after: Decimal | None = None
    is_passive: bool | None = None


class TradeCanceled(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """A fill was busted: it never happened."""

    exec_ref_id: str


class TradeCorrected(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """A fill was busted and `trade` stands in its place."""

    exec_ref_id: str
    trade: Trade


class Canceled(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """The order is out of the market; `orig_cl_ord_id` where our own request did it.

    `cum_qty`, here and below, is what had been filled of the chain by then (FIX 14), None where the broker does not
    say: a fill whose report is still on its way, or lost, must not be bought a second time.
    """

    orig_cl_ord_id: str = ""
    text: str = ""
    cum_qty: Decimal | None = None


class Replaced(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """The order works on with these terms; `order_qty` is the total of the chain."""

    orig_cl_ord_id: str
    order_qty: Decimal
    price: Decimal | None = None


class Expired(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """The order's time in force ran out."""

    text: str = ""
    cum_qty: Decimal | None = None


class DoneForDay(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """No more fills today."""

    cum_qty: Decimal | None = None


USED_ID: Final = "duplicate_cl_ord_id"
"""The code of a Rejected that only says: an order with this ClOrdID is known."""


class Rejected(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """The order never was, or is no more, live; `code` is stable, `text` is the broker's words."""

    code: str
    text: str = ""


class CancelRejected(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """A cancel was refused; the order is what its other facts say."""

    orig_cl_ord_id: str = ""
    code: str = ""
    text: str = ""


class ReplaceRejected(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """A replace was refused; the old terms stand."""

    orig_cl_ord_id: str = ""
    code: str = ""
    text: str = ""


class Restated(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """The broker changed the order by itself; `order_qty` is the total of the chain."""

    order_qty: Decimal
    text: str = ""


class Suspended(_Report, frozen=True, kw_only=True, tag=True, gc=False):
    """The order is kept but does not trade."""

    text: str = ""


ExecReport = (
    Accepted
    | Trade
    | TradeCanceled
    | TradeCorrected
    | Canceled
    | Replaced
    | Expired
    | DoneForDay
    | Rejected
    | CancelRejected
    | ReplaceRejected
    | Restated
    | Suspended
)


class OrderSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """What a broker answers when asked about one order: cumulative, with its single fills where it tells them.

    `is_live` is false once the order can trade no more; `created_ns` when the broker took it, 0 where it does not say.
    `order_qty` is the total of the chain under its present terms; `price` None: a market order, or not told.
    `side` None: not told.
    """

    cl_ord_id: str
    order_id: str
    symbol: str
    order_qty: Decimal
    cum_qty: Decimal
    avg_px: Decimal
    is_live: bool
    transact_ns: int
    text: str = ""
    created_ns: int = 0
    price: Decimal | None = None
    trades: tuple[Trade, ...] = ()
    side: Side | None = None
