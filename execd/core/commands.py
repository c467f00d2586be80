"""What an operator can ask of the engine.

A command is data: who gave it and when is on the event that carries it, what
became of it on the record `Commanded`. A new verb is a class here, a case in
`engine/commanding.py`, and a route in `surface`.
"""

from decimal import Decimal

import msgspec

from execd.core.enums import Horizon, Urgency
from execd.core.scopes import KillLevel, Scope


class CancelParent(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Stop working a parent and cancel what it has out."""

    parent_id: str
    reason: str = ""


class AmendParent(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Change what is given and leave the rest; no limit of the plan is ever loosened.

    `order_qty` is the new total (at least what is filled and working), `expire_ns` the new deadline.
    """

    parent_id: str
    order_qty: Decimal | None = None
    price: Decimal | None = None
    expire_ns: int | None = None
    urgency: Urgency | None = None
    max_slippage_bps: Decimal | None = None
    reason: str = ""


class PauseParent(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Pull what a parent has out and place nothing more until it is resumed; its deadline goes on."""

    parent_id: str
    reason: str = ""


class ResumeParent(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Go on with a paused parent."""

    parent_id: str
    reason: str = ""


class ReleaseParent(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Let a held parent go on; somebody has looked."""

    parent_id: str
    reason: str = ""


class HaltNew(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Take no new risk, on one account or on all (empty), until it is lifted."""

    account: str = ""
    reason: str = ""


class ResumeNew(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Lift halts: of one account or of any (empty), for one cause or for all (empty)."""

    account: str = ""
    cause: str = ""
    reason: str = ""


class KillTrading(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Latch a kill level on one account or on all (empty); `by` is the door it came through."""

    level: KillLevel
    account: str = ""
    by: str = "control"
    reason: str = ""


class UnkillTrading(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Lift the kill level of one account or of all (empty). `is_forced`: also while something is open."""

    account: str = ""
    is_forced: bool = False
    reason: str = ""


class PauseScope(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Take no new risk in a scope and pull what would add some, until it is resumed."""

    scope: Scope
    reason: str = ""


class ResumeScope(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Go on in a paused scope."""

    scope: Scope
    reason: str = ""


class FlattenScope(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Stop what works in a scope and close what its sleeves own. `flatten_id` is the document's, else empty."""

    scope: Scope
    flatten_id: str = ""
    reason: str = ""


class AdoptPosition(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Declare a holding that was not traded here: as a sleeve's own, or as external (counted, never touched).

    `qty` is signed; `px` is what a share is taken to have cost, None for nothing.
    """

    account: str
    symbol: str
    qty: Decimal
    px: Decimal | None = None
    strategy: str = "default"
    horizon: Horizon = Horizon.SWING
    is_external: bool = False
    reason: str = ""


class ResolveOrder(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Say what became of a request in doubt, for somebody has looked at the broker: lost, or live there."""

    cl_ord_id: str
    is_lost: bool
    order_id: str = ""
    reason: str = ""


class Operated(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A verb that others carry out (reload, stop, ack, backup, a refused one): the engine only journals it."""

    verb: str
    text: str = ""
    reason: str = ""


Command = (
    CancelParent
    | AmendParent
    | PauseParent
    | ResumeParent
    | ReleaseParent
    | HaltNew
    | ResumeNew
    | KillTrading
    | UnkillTrading
    | PauseScope
    | ResumeScope
    | FlattenScope
    | AdoptPosition
    | ResolveOrder
    | Operated
)
