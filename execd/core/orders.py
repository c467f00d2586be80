"""What we want: parents, plans, and the requests that go to a broker.

All are frozen values. What a broker told us about a request is in `reports`;
what the two together mean is in `order`.
"""

from decimal import Decimal
from typing import Any

import msgspec

from execd.core.conduct import Conduct
from execd.core.enums import Horizon, OrdType, Side, TimeInForce, Urgency


class AlgoSpec(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An algorithm somebody asked for by name; parameter values are text, numbers or booleans."""

    name: str
    parameters: dict[str, Any] = {}


class ParentOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An accepted intent. Exactly one of `order_qty`, `notional`, `target_qty`, `is_close` says how much.

    `parent_id` is the intent's id. `effective_ns` is the first and `start_by_ns` the last instant at
    which working may start; `expire_ns` the last at which a fill may happen (None: until the close of the session in
    which it is first worked, or `default_life_ns` where the venue never closes). `target_qty` is the signed position
    that the sleeve shall have: the side is found from it when working starts. `supersedes` names the intent that this
    one replaces. `seed` feeds every draw. `flatten_id` names the flatten that made it: a close of at most `order_qty`.
    `is_unprotected`: it said that nothing shall protect what it opens.
    """

    parent_id: str
    account: str
    strategy: str = "default"
    horizon: Horizon = Horizon.SWING
    symbol: str
    side: Side
    order_qty: Decimal | None = None
    notional: Decimal | None = None
    is_close: bool = False
    target_qty: Decimal | None = None
    price: Decimal | None = None
    ord_type: OrdType | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    extended_hours: bool = False
    urgency: Urgency = Urgency.NORMAL
    algo: AlgoSpec | None = None
    effective_ns: int
    start_by_ns: int
    expire_ns: int | None = None
    default_life_ns: int = 900_000_000_000
    queue_when_closed: bool = True
    max_slippage_bps: Decimal | None = None
    reference_price: Decimal | None = None
    supersedes: str = ""
    allow_duplicate: bool = False
    note: str = ""
    seed: int = 0
    flatten_id: str = ""
    is_unprotected: bool = False

    @property
    def sleeve(self) -> "Sleeve":
        """The owner of what this parent trades."""
        return Sleeve(account=self.account, strategy=self.strategy, horizon=self.horizon)


class Sleeve(msgspec.Struct, frozen=True, kw_only=True, gc=False, order=True):
    """(account, strategy, horizon): the key by which positions are owned."""

    account: str
    strategy: str
    horizon: Horizon


class Plan(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How a parent will be worked, fixed when it starts.

    `collar_px` is the worst price of any priced child (None: only `limit_px` bounds it), `collar_bps` its distance
    from the arrival mid. `conduct` says what follows where the tactic ends. `reasons` say why, with the numbers.
    """

    algo: str
    parameters: dict[str, Any] = {}
    collar_bps: Decimal | None = None
    collar_px: Decimal | None = None
    limit_px: Decimal | None = None
    reasons: tuple[str, ...] = ()
    conduct: Conduct = Conduct()


class NewOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A request for a new order. Nothing is sent later than `send_by_ns`."""

    cl_ord_id: str
    parent_id: str
    account: str
    symbol: str
    side: Side
    order_qty: Decimal
    ord_type: OrdType
    price: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    extended_hours: bool = False
    send_by_ns: int
    text: str = ""


class ReplaceRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A request to change a working order; `order_qty` is the new total of its whole chain."""

    cl_ord_id: str
    orig_cl_ord_id: str
    parent_id: str
    account: str
    symbol: str
    side: Side
    order_qty: Decimal
    price: Decimal | None = None
    stop_px: Decimal | None = None
    send_by_ns: int
    text: str = ""


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A request to cancel what is left of an order. It is never too late to send one."""

    cl_ord_id: str
    orig_cl_ord_id: str
    parent_id: str
    account: str
    symbol: str
    side: Side
    text: str = ""


Request = NewOrder | ReplaceRequest | CancelRequest
