"""Why an intent did what it did: the causal chain of its records.

file → decision (with the quote it saw) → request → broker message → fill.
Each record becomes one line, or none; nothing is computed that the journal
does not say. A new record is a case in `_told`.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal, assert_never

import msgspec

from execd.core.codec import plain
from execd.core.commands import AmendParent, PauseParent, ReleaseParent, ResumeParent
from execd.core.latching import Latching
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.market import Quote
from execd.core.orders import CancelRequest, NewOrder, ParentOrder, ReplaceRequest, Request
from execd.core.reconciled import Comparison
from execd.core.records import (
    Adopted,
    Commanded,
    DocumentTaken,
    Failed,
    Found,
    Halted,
    HaltLifted,
    Missed,
    ParentAccepted,
    ParentAmended,
    ParentEnded,
    ParentHeld,
    ParentPaused,
    ParentRecalled,
    ParentRefused,
    ParentReleased,
    ParentResumed,
    ParentsRetired,
    ParentStarted,
    ParentStopping,
    Poisoned,
    PoisonSetAside,
    Record,
    Reported,
    Resent,
    Resolved,
    Sending,
    Stepped,
    Tombstoned,
    Waited,
)
from execd.core.reports import (
    Accepted,
    Canceled,
    CancelRejected,
    DoneForDay,
    ExecReport,
    Expired,
    Rejected,
    Replaced,
    ReplaceRejected,
    Restated,
    Suspended,
    Trade,
    TradeCanceled,
    TradeCorrected,
)
from execd.core.saying import doubt_said, said, verb_of
from execd.surface.views import instant

ZERO: Final = Decimal(0)
Kind = Literal["file", "plan", "decision", "wait", "request", "broker", "fill", "command", "doubt", "end"]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One link of the chain. `quote` is the market that a decision saw, `cl_ord_id` the request that it is about."""

    ts: str
    ns: int
    kind: Kind
    text: str
    quote: str | None = None
    cl_ord_id: str | None = None


def explain(records: Iterable[Record]) -> list[Link]:
    """Return the chain that the records of one parent tell, in their order."""
    return [link for record in records if (link := _link(record)) is not None]


def _link(record: Record) -> Link | None:
    told = _told(record)
    if told is None:
        return None
    kind, text, quote, cl_ord_id = told
    return Link(
        ts=instant(record.now_ns),
        ns=record.now_ns,
        kind=kind,
        text=text,
        quote=None if quote is None else quote_text(quote, record.now_ns),
        cl_ord_id=cl_ord_id,
    )


_Told = tuple[Kind, str, Quote | None, str | None]


def _told(record: Record) -> _Told | None:
    if isinstance(record, Latching | Comparison):
        kind: Kind = "broker" if isinstance(record, Comparison) else "command"
        return kind, said(record), None, None
    match record:
        case ParentAccepted(parent=parent):
            return "file", f"accepted: {parent_text(parent)}", None, None
        case ParentRefused(parent=parent):
            return "end", f"refused {record.code}: {record.text} ({parent_text(parent)})", None, None
        case ParentStarted(plan=plan):
            bounds = f", collar {plain(plan.collar_px)}" if plan.collar_px is not None else ""
            reasons = f" because {'; '.join(plan.reasons)}" if plan.reasons else ""
            return "plan", f"{plan.algo} for {plain(record.order_qty)}{bounds}{reasons}", record.quote, None
        case Stepped():
            # A step that only saved its state explains nothing.
            return ("decision", "; ".join(record.notes), record.quote, None) if record.notes else None
        case Sending(request=request):
            return "request", request_text(request), None, request.cl_ord_id
        case Reported(report=report):
            return "fill" if isinstance(report, Trade) else "broker", report_text(report), None, report.cl_ord_id
        case Failed():
            kind = "doubt" if record.outcome == "unknown" else "broker"
            return kind, f"{record.outcome}: {record.text}", None, record.cl_ord_id
        case Found(seen=seen):
            state = "live" if seen.is_live else "ended"
            text = f"asked: {state}, {plain(seen.cum_qty)} of {plain(seen.order_qty)} filled"
            return "broker", text, None, record.cl_ord_id
        case Missed() | Resent() | Resolved():
            return "doubt", doubt_said(record), None, record.cl_ord_id
        case Commanded():
            return "command", command_text(record), None, None
        case (
            ParentAmended()
            | ParentPaused()
            | ParentResumed()
            | ParentReleased()
            | DocumentTaken()
            | Tombstoned()
            | Halted()
            | HaltLifted()
            | Adopted()
            | ParentsRetired()
            | ParentRecalled()
            | Poisoned()
            | PoisonSetAside()
            | ListStaged()
            | ListAccepted()
            | ListDropped()
        ):
            return "command", said(record), None, None
        case ParentStopping():
            return "decision", f"stops: {record.reason}", None, None
        case ParentHeld():
            return "wait", f"held for an operator: {record.reason}", None, None
        case Waited():
            return "wait", f"{record.code}: {record.text}", None, None
        case ParentEnded():
            return "end", ended_text(record.status, record.reason), None, None
        case _:
            assert_never(record)


def command_text(record: Commanded) -> str:
    """Return who asked for what, and why it was refused."""
    command = record.command
    if isinstance(command, PauseParent | ResumeParent | ReleaseParent | AmendParent) and not record.text:
        # The record of what it did tells the same a line later, but for who asked.
        return f"asked by user {record.uid}"
    told = f"{verb_of(command)[0]} by user {record.uid} {command.reason}".rstrip()
    return f"{told}: refused, {record.text}" if record.text else told


def ended_text(status: str, reason: str) -> str:
    """Return how an intent ended; a reason that begins with the status is enough by itself."""
    if not reason or reason == status:
        return status
    return reason if reason.startswith(f"{status}:") else f"{status}: {reason}"


def parent_text(parent: ParentOrder) -> str:
    """Return an intent in one line."""
    if parent.is_close:
        much = "close"
    elif parent.order_qty is not None:
        much = f"{parent.side} {plain(parent.order_qty)}"
    else:
        much = f"{parent.side} for {plain(parent.notional or ZERO)}"
    limit = f" limit {plain(parent.price)}" if parent.price is not None else ""
    return f"{much} {parent.symbol}{limit}, urgency {parent.urgency}, strategy {parent.strategy}"


def request_text(request: Request) -> str:
    """Return a request in one line, with its reason."""
    match request:
        case NewOrder():
            at = f" @ {plain(request.price)}" if request.price is not None else ""
            text = f"new {request.ord_type} {request.side} {plain(request.order_qty)} {request.symbol}{at}"
            text += f" {request.time_in_force}"
        case ReplaceRequest():
            at = f" @ {plain(request.price)}" if request.price is not None else ""
            text = f"replace to {plain(request.order_qty)}{at}"
        case CancelRequest():
            text = f"cancel {request.orig_cl_ord_id}"
        case _:
            assert_never(request)
    return f"{text} ({request.text})" if request.text else text


def report_text(report: ExecReport) -> str:
    """Return a broker's message in one line."""
    match report:
        case Trade():
            where = "" if report.is_passive is None else " resting" if report.is_passive else " taking"
            fee = f", commission {plain(report.commission)}" if report.commission else ""
            return f"{plain(report.last_qty)} @ {plain(report.last_px)}{where} ({report.exec_id}{fee})"
        case Accepted():
            return f"live at the broker as {report.order_id}"
        case TradeCanceled():
            return f"execution {report.exec_ref_id} was busted"
        case TradeCorrected(trade=trade):
            return f"execution {report.exec_ref_id} is now {plain(trade.last_qty)} @ {plain(trade.last_px)}"
        case Replaced():
            at = f" @ {plain(report.price)}" if report.price is not None else ""
            return f"replaced: {plain(report.order_qty)}{at}"
        case Restated():
            return f"restated by the broker: {plain(report.order_qty)} {report.text}".rstrip()
        case Canceled() | Expired() | Suspended():
            return f"{type(report).__name__.lower()} {report.text}".rstrip()
        case DoneForDay():
            return "done for the day"
        case Rejected() | CancelRejected() | ReplaceRejected():
            what = {"Rejected": "rejected", "CancelRejected": "cancel refused", "ReplaceRejected": "replace refused"}
            return f"{what[type(report).__name__]} {report.code}: {report.text}".rstrip(": ")
        case _:
            assert_never(report)


def quote_text(quote: Quote, now_ns: int) -> str:
    """Return the market as a decision saw it, with the quote's age."""
    age_ms = max(0, now_ns - quote.received_ns) // 1_000_000
    return (
        f"{plain(quote.bid_px)} × {plain(quote.bid_size)} / {plain(quote.ask_px)} × {plain(quote.ask_size)}"
        f" ({quote.source}, {age_ms} ms old)"
    )
