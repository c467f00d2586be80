"""What a record about one parent makes of it: the next value, and the lines of its story.

Pure and total: every record that names a parent and is no word of a broker has
a case here. `Book.apply` is the only caller; broker facts are in `book.py`.
"""

from typing import assert_never

from msgspec.structs import replace

from execd.core.codec import plain
from execd.core.enums import ParentStatus
from execd.core.parents import HELD, RELEASED, Parent
from execd.core.records import (
    ParentAmended,
    ParentEnded,
    ParentHeld,
    ParentPaused,
    ParentReleased,
    ParentResumed,
    ParentStarted,
    ParentStopping,
    Stepped,
    Waited,
)
from execd.core.wake import NEVER

ParentRecord = (
    Stepped
    | Waited
    | ParentStarted
    | ParentStopping
    | ParentEnded
    | ParentHeld
    | ParentReleased
    | ParentPaused
    | ParentResumed
    | ParentAmended
)


def told(parent: Parent, record: ParentRecord) -> tuple[Parent, tuple[str, ...]]:
    """Return the parent after a record, and what its story says of it."""
    match record:
        case Stepped():
            # Who acts no longer waits.
            reason = "" if record.notes and parent.stopping is None else parent.reason
            return replace(parent, algo=record.algo, wake=record.wake, reason=reason), record.notes
        case Waited():
            return replace(parent, reason=record.code), (f"waits, {record.code}: {record.text}",)
        case ParentStarted():
            return _started(parent, record), (f"started: {record.plan.algo}",)
        case ParentStopping():
            return replace(parent, stopping=record.status, reason=record.reason), (record.reason,)
        case ParentEnded():
            ended = ended_as(parent, record.status, record.reason, record.now_ns)
            return ended, (f"ended {record.status}: {record.reason}" if record.reason else f"ended {record.status}",)
        case ParentHeld():
            return replace(parent, status=ParentStatus.HELD, reason=record.reason), (f"{HELD}{record.reason}",)
        case ParentReleased():
            return _released(parent), (_because(RELEASED, record.reason),)
        case ParentPaused():
            return replace(parent, is_paused=True, reason="paused"), (_because("paused", record.reason),)
        case ParentResumed():
            return replace(parent, is_paused=False, reason=""), (_because("resumed", record.reason),)
        case ParentAmended():
            return _amended(parent, record), (f"amended: {record.text}",)
        case _:
            assert_never(record)


def ended_as(parent: Parent, status: ParentStatus, reason: str, now_ns: int) -> Parent:
    """Return a parent that has ended; a late fact may end it anew."""
    return replace(
        parent,
        status=status,
        reason=reason,
        ended_ns=now_ns,
        wake=NEVER,
        algo=None,
    )


def _started(parent: Parent, record: ParentStarted) -> Parent:
    return replace(
        parent,
        order=replace(parent.order, side=record.side),
        status=ParentStatus.WORKING,
        reason="",
        order_qty=record.order_qty,
        plan=record.plan,
        arrival=record.quote,
        started_ns=record.now_ns,
        expire_ns=record.expire_ns,
    )


def _released(parent: Parent) -> Parent:
    status = ParentStatus.QUEUED if parent.started_ns is None else ParentStatus.WORKING
    return replace(parent, status=status, reason="")


def _amended(parent: Parent, record: ParentAmended) -> Parent:
    """Return a parent under its new terms; a quantity that is amended is the quantity, whatever was asked before."""
    order = parent.order
    if record.order_qty is not None and parent.started_ns is None:
        order = replace(order, order_qty=record.order_qty, notional=None)
    order = replace(
        order,
        price=record.price if record.price is not None else order.price,
        expire_ns=record.expire_ns if record.expire_ns is not None else order.expire_ns,
        urgency=record.urgency if record.urgency is not None else order.urgency,
        max_slippage_bps=(record.max_slippage_bps if record.max_slippage_bps is not None else order.max_slippage_bps),
    )
    if parent.started_ns is None:
        return replace(parent, order=order)
    return replace(
        parent,
        order=order,
        order_qty=record.order_qty if record.order_qty is not None else parent.order_qty,
        expire_ns=record.expire_ns if record.expire_ns is not None else parent.expire_ns,
        plan=record.plan if record.plan is not None else parent.plan,
    )


def describe(record: ParentAmended) -> str:
    """Return what an amendment changes, in words."""
    changes = {
        "qty": None if record.order_qty is None else plain(record.order_qty),
        "limit_price": None if record.price is None else plain(record.price),
        "deadline": None if record.expire_ns is None else str(record.expire_ns),
        "urgency": record.urgency,
        "max_slippage_bps": None if record.max_slippage_bps is None else plain(record.max_slippage_bps),
    }
    return ", ".join(f"{name} {value}" for name, value in changes.items() if value is not None)


def _because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
