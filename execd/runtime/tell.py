"""What the log says of each commit: constant names, a line for each thing that matters.

An observer of the pump. It tells of decisions and facts, never of market data,
and never repeats what somebody else wrote (file names, notes).
"""

from collections.abc import Sequence
from typing import assert_never

import structlog

from execd.core.batch import Batch
from execd.core.codec import plain
from execd.core.events import Alert, Effect, Reply
from execd.core.latching import Killed, Latching
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reconciled import Comparison, Reconciled
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
from execd.core.reports import Rejected, Trade
from execd.core.saying import doubt_said, parent_of, said, verb_of

COMMIT_S_MAX = 1.0
"""A commit that takes longer is a disk in trouble."""

log = structlog.get_logger("execd.engine")


class Tell:
    """Writes the log of what was decided."""

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Tell of a durable batch and what it released."""
        if commit_s > COMMIT_S_MAX:
            log.warning("journal_slow", commit_s=round(commit_s, 3), commit_s_max=COMMIT_S_MAX)
        for record in batch.records:
            tell_record(record)
        for effect in effects:
            match effect:
                case Alert(is_over=True):
                    log.info("alert_over", code=effect.code, text=effect.text, parent_id=effect.parent_id or None)
                case Alert():
                    say = log.error if effect.severity == "critical" else log.warning
                    say("alert", code=effect.code, text=effect.text, parent_id=effect.parent_id or None)
                case Reply(is_ok=False):
                    log.warning("refused", code=effect.code, text=effect.text, source=effect.ref.partition(":")[0])
                case Reply(code="duplicate"):
                    log.info("intent_duplicate", parent_id=effect.parent_id)
                case _:
                    pass  # Requests are told by their records, reports by the outbox.


def tell_record(record: Record) -> None:
    """Write the line of one record, where it has one."""
    if isinstance(record, Latching | Comparison | ListStaged | ListAccepted | ListDropped):
        _tell_beside(record)
        return
    match record:
        case ParentAccepted(parent=parent):
            log.info("intent_accepted", parent_id=parent.parent_id, symbol=parent.symbol, side=parent.side)
        case ParentRefused(parent=parent):
            log.warning("intent_refused", parent_id=parent.parent_id, code=record.code, text=record.text)
        case ParentStarted():
            log.info(
                "parent_started", parent_id=record.parent_id, algo=record.plan.algo, order_qty=plain(record.order_qty)
            )
        case Sending(request=request):
            _tell_request(request)
        case Reported(report=Trade() as trade):
            log.info("fill", cl_ord_id=trade.cl_ord_id, last_qty=plain(trade.last_qty), last_px=plain(trade.last_px))
        case Reported(report=Rejected() as report):
            log.warning("order_rejected", cl_ord_id=report.cl_ord_id, code=report.code, text=report.text)
        case Reported(report=report):
            log.debug("report", cl_ord_id=report.cl_ord_id, kind=type(report).__name__)
        case Failed():
            log.warning("request_failed", cl_ord_id=record.cl_ord_id, outcome=record.outcome, text=record.text)
        case Waited():
            log.info("parent_waits", parent_id=record.parent_id, code=record.code, text=record.text)
        case ParentStopping() | ParentEnded():
            name = "parent_stopping" if isinstance(record, ParentStopping) else "parent_ended"
            log.info(name, parent_id=record.parent_id, status=record.status, reason=record.reason)
        case ParentHeld():
            log.error("parent_held", parent_id=record.parent_id, reason=record.reason)
        case Commanded(command=command):
            verb, parent_id = verb_of(command)
            log.info("command", uid=record.uid, verb=verb, parent_id=parent_id or None, code=record.code)
        case Halted() | Poisoned():
            name = "halted" if isinstance(record, Halted) else "poisoned"
            log.error(name, text=said(record), parent_id=parent_of(record) or None)
        case (
            ParentAmended()
            | ParentPaused()
            | ParentResumed()
            | ParentReleased()
            | DocumentTaken()
            | Tombstoned()
            | HaltLifted()
            | Adopted()
            | ParentsRetired()
            | ParentRecalled()
            | PoisonSetAside()
        ):
            log.info("noted", kind=type(record).__name__, text=said(record), parent_id=parent_of(record) or None)
        case Missed() | Resent() | Resolved():
            log.warning("order_in_doubt", cl_ord_id=record.cl_ord_id, text=doubt_said(record))
        case Found():
            log.info("order_found", cl_ord_id=record.cl_ord_id, is_live=record.seen.is_live)
        case Stepped():
            log.debug("stepped", parent_id=record.parent_id, cause=record.cause, notes=list(record.notes))
        case _:
            assert_never(record)


def _tell_beside(record: Latching | Comparison | ListStaged | ListAccepted | ListDropped) -> None:
    """Write the line of what is about no single parent."""
    if isinstance(record, Reconciled):
        told = {"rule": record.rule, "subject": record.subject, "right": record.right, "text": record.text}
        log.warning("reconciled", account=record.account, **told)
        return
    say = log.error if isinstance(record, Killed) else log.info
    say("killed" if isinstance(record, Killed) else "noted", kind=type(record).__name__, text=said(record))


def _tell_request(request: NewOrder | ReplaceRequest | CancelRequest) -> None:
    match request:
        case NewOrder() | ReplaceRequest():
            log.info(
                "order_new" if isinstance(request, NewOrder) else "order_replace",
                cl_ord_id=request.cl_ord_id,
                parent_id=request.parent_id,
                symbol=request.symbol,
                side=request.side,
                order_qty=plain(request.order_qty),
                price=None if request.price is None else plain(request.price),
            )
        case CancelRequest():
            log.info("order_cancel", cl_ord_id=request.cl_ord_id, parent_id=request.parent_id)
        case _:
            assert_never(request)
