"""What the journal keeps, one line each, append-only.

A record is a decision of ours or a fact we were told. Folding records in
order (`core/book.py`) is the only way a book changes, live and on recovery.
Names and fields are never reused with another meaning; a new record is a
class here and a case in `Book.apply`.
"""

from decimal import Decimal

import msgspec

from execd.core.commands import Command
from execd.core.enums import Horizon, Outcome, ParentStatus, Side, Urgency
from execd.core.latching import Latching
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.market import Quote, Seen
from execd.core.order import Order
from execd.core.orders import ParentOrder, Plan, Request
from execd.core.parents import Parent, SavedAlgo
from execd.core.reconciled import Comparison
from execd.core.reports import ExecReport, OrderSnapshot
from execd.core.wake import Wake


class ParentAccepted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An intent became ours to work."""

    now_ns: int
    parent: ParentOrder
    content_hash: str


class ParentRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The accept gate said no; the id is used up all the same."""

    now_ns: int
    parent: ParentOrder
    content_hash: str
    code: str
    text: str


class ParentStarted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Working begins: side, quantity (whole units of `qty_step`), deadline, plan, and the quote it was made with."""

    now_ns: int
    parent_id: str
    side: Side
    order_qty: Decimal
    expire_ns: int
    plan: Plan
    quote: Quote | None


class Stepped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An algorithm changed its state or acted; `quote` and `seen` are the market it saw, `notes` say what and why."""

    now_ns: int
    parent_id: str
    cause: str
    algo: SavedAlgo
    wake: Wake
    quote: Quote | None
    notes: tuple[str, ...] = ()
    seen: Seen | None = None


class Sending(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A request may leave the process from here on."""

    now_ns: int
    request: Request


class Reported(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A broker's report, as it came."""

    now_ns: int
    account: str
    report: ExecReport


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A request ended without a report."""

    now_ns: int
    account: str
    cl_ord_id: str
    outcome: Outcome
    text: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The broker's answer to a lookup that found the order."""

    now_ns: int
    account: str
    cl_ord_id: str
    seen: OrderSnapshot


class Missed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The broker was asked in good health and shows no trace of a request that is in doubt."""

    now_ns: int
    account: str
    cl_ord_id: str


class Resent(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A request in doubt may be written once more, byte for byte, under the same id."""

    now_ns: int
    account: str
    cl_ord_id: str


class Resolved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A person has said what became of a request in doubt: lost, or found at the broker (as `order_id`)."""

    now_ns: int
    account: str
    cl_ord_id: str
    is_lost: bool
    order_id: str = ""
    reason: str = ""


class Commanded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An operator's command came. `code`: `accepted`, or why it was refused; empty in records of older versions.

    It stands before its consequences; `text` says in words why it was refused.
    """

    now_ns: int
    uid: int
    command: Command
    pid: int = 0
    code: str = ""
    text: str = ""


class ParentStopping(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No new child for this parent; once none is live it ends with this status and reason."""

    now_ns: int
    parent_id: str
    status: ParentStatus
    reason: str


class ParentHeld(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A parent waits for an operator."""

    now_ns: int
    parent_id: str
    reason: str


class Waited(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A parent could not act and says on what it waits; written when the reason changes."""

    now_ns: int
    parent_id: str
    code: str
    text: str


class ParentEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A parent reached its end."""

    now_ns: int
    parent_id: str
    status: ParentStatus
    reason: str


class ParentAmended(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What an amendment changed; None is left as it was. `plan` is the plan under the new terms."""

    now_ns: int
    parent_id: str
    order_qty: Decimal | None = None
    price: Decimal | None = None
    expire_ns: int | None = None
    urgency: Urgency | None = None
    max_slippage_bps: Decimal | None = None
    plan: Plan | None = None
    text: str = ""


class ParentPaused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A parent places nothing until it is resumed."""

    now_ns: int
    parent_id: str
    reason: str


class ParentResumed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A paused parent goes on."""

    now_ns: int
    parent_id: str
    reason: str


class ParentReleased(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A held parent goes on: an operator has looked."""

    now_ns: int
    parent_id: str
    reason: str


class DocumentTaken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A file asked for something about another intent; `code` is what became of it. Its id is used up."""

    now_ns: int
    document_id: str
    kind: str
    target: str
    content_hash: str
    code: str


class Tombstoned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An intent that has not arrived was cancelled or replaced: when it comes it is refused with `code`."""

    now_ns: int
    parent_id: str
    code: str
    by: str


class Halted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No new risk from here on; an empty account means all, and so does an empty symbol."""

    now_ns: int
    account: str
    cause: str
    text: str
    symbol: str = ""


class HaltLifted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A halt ended, by itself or by an operator."""

    now_ns: int
    account: str
    cause: str
    reason: str
    symbol: str = ""


class Adopted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A holding was declared: a sleeve's own, or external. `qty` is signed and comes to what is known."""

    now_ns: int
    account: str
    symbol: str
    qty: Decimal
    px: Decimal | None
    strategy: str
    horizon: Horizon
    is_external: bool


class ParentsRetired(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These ended parents and their orders leave memory; the journal answers for them."""

    now_ns: int
    parent_ids: tuple[str, ...]


class ParentRecalled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A retired parent is back, because something was said of an order of it."""

    now_ns: int
    parent: Parent
    orders: tuple[Order, ...]


class Poisoned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An event that our code could not digest: raw, and whose it was as far as we know."""

    now_ns: int
    kind: str
    body: str
    error: str
    parent_id: str
    cl_ord_id: str
    symbol: str


class PoisonSetAside(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A poison event was set aside on the way up; it is not looked at again."""

    now_ns: int
    poisoned_ns: int


Record = (
    ParentAccepted
    | ParentRefused
    | ParentStarted
    | Stepped
    | Sending
    | Reported
    | Failed
    | Found
    | Missed
    | Resent
    | Resolved
    | Commanded
    | ParentStopping
    | ParentHeld
    | Waited
    | ParentEnded
    | ParentAmended
    | ParentPaused
    | ParentResumed
    | ParentReleased
    | DocumentTaken
    | Tombstoned
    | Halted
    | HaltLifted
    | Adopted
    | ParentsRetired
    | ParentRecalled
    | Poisoned
    | PoisonSetAside
    | ListStaged
    | ListAccepted
    | ListDropped
    | Latching
    | Comparison
)
