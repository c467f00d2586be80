"""What the journal keeps, one line each, append-only.

A record is a decision of ours or a fact we were told. Folding records in
order (`core/book.py`) is the only way a book changes, live and on recovery.
Names and fields are never reused with another meaning; a new record is a
class here and a case in `Book.apply`.
"""

from decimal import Decimal

import msgspec

from execd.core.enums import Outcome, ParentStatus, Side
from execd.core.events import Command
from execd.core.market import Quote
from execd.core.orders import ParentOrder, Plan, Request
from execd.core.reports import ExecReport, OrderSnapshot
from execd.core.wake import Wake


class SavedAlgo(msgspec.Struct, frozen=True, kw_only=True):
    """An algorithm's state as it is stored: which kind, which layout, and its fields as JSON."""

    name: str
    version: int
    fields: msgspec.Raw


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
    """An algorithm changed its state or acted; `quote` is the market it saw, `notes` what it did and why."""

    now_ns: int
    parent_id: str
    cause: str
    algo: SavedAlgo
    wake: Wake
    quote: Quote | None
    notes: tuple[str, ...] = ()


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


class Commanded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An operator's command was taken."""

    now_ns: int
    uid: int
    command: Command


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


Record = (
    ParentAccepted
    | ParentRefused
    | ParentStarted
    | Stepped
    | Sending
    | Reported
    | Failed
    | Found
    | Commanded
    | ParentStopping
    | ParentHeld
    | Waited
    | ParentEnded
)
