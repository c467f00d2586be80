"""What brokers say of orders, folded in whatever state we are in.

Facts are never refused. What they mean is looked at after: an overfill or two
contents under one ExecID hold the parent, an order that is not ours is an
alert, a report after the end changes the end.
"""

from collections.abc import Sequence
from typing import Final, assert_never

from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.enums import Outcome, ParentStatus
from execd.core.events import (
    Answered,
    LookedUp,
    LookupFailed,
    RateLimitHit,
    RecallAnswered,
    ReportReceived,
    RequestFailed,
)
from execd.core.folding import is_of_another_copy
from execd.core.order import Order
from execd.core.records import Failed, Found, Missed, Record, Reported, Resolved
from execd.core.reports import (
    USED_ID,
    Accepted,
    Canceled,
    CancelRejected,
    DoneForDay,
    Expired,
    Rejected,
    Trade,
    TradeCanceled,
    TradeCorrected,
)
from execd.engine import doubt, foreign, halting, hearing, limiting, memory, readings
from execd.engine.desk import Desk
from execd.engine.ending import after_late_fill, end_if_stopped, stop_parent
from execd.engine.staying_out import pull, pull_live
from execd.engine.stepping import UNSENT_ALERT_N, step_parent

CAME_BACK: Final = "came_back"


def on_report(desk: Desk, event: ReportReceived) -> None:
    """Fold a broker's report; the same again changes nothing and is not journaled again."""
    report = event.report
    record = Reported(now_ns=event.now_ns, account=event.account, report=report)
    order = desk.book.order_of(report.cl_ord_id)
    if order is None:
        before = desk.book.external.get(report.cl_ord_id, ())
        if report in before:
            return
        desk.record(record)
        if memory.is_ours(desk, report.cl_ord_id):
            # Without the account it is no news: somebody may have drawn his conclusions from it already.
            memory.recall(desk, "" if before else event.account, report.cl_ord_id)
            return
        foreign.tell(desk, report.cl_ord_id)
        # What it is about only a reading of the account tells.
        readings.ask(desk, event.account, event.now_ns)
        return
    if order.key in desk.book.unreadable:
        # A report of it ended the daemon once: it is only read as a whole from then on.
        desk.ask_about(order)
        return
    if isinstance(report, Rejected) and is_of_another_copy(order, report):
        if report.code != USED_ID:
            limiting.on_reject(desk, event.account, f"{report.code} {report.text}".strip(), event.now_ns)
        doubt.on_copy_rejected(desk, order, report, event.now_ns)
        return
    changed = _fold(desk, report.cl_ord_id, record)
    if changed is None:
        return
    if isinstance(report, Rejected):
        limiting.on_reject(desk, event.account, f"{report.code} {report.text}".strip(), event.now_ns)
    elif isinstance(report, Accepted | Trade):
        limiting.on_accept(desk, event.account)
    # The word of an end tells a sum as well: it may be the first that is heard of a fill.
    if isinstance(report, Trade | TradeCanceled | TradeCorrected) or changed.cum_qty != order.cum_qty:
        _check_fills(desk, changed, event.now_ns)
    if isinstance(report, Canceled | Expired | DoneForDay) and changed.fills.synthetic_qty:
        # More was filled than was told: it counts already, and what it cost is still to be asked.
        desk.ask_about(changed)
    if isinstance(report, TradeCanceled | TradeCorrected) and (not changed.is_done or changed.fills.synthetic_qty):
        # Whether the rest of an order works on after a fill was taken back is not said; and of one that was only told
        # in a sum, how much it was.
        desk.ask_about(changed)
    if isinstance(report, CancelRejected) and not changed.is_done:
        # Whoever will not cancel an order that we hold for live knows something that we do not.
        desk.ask_about(changed)
    _go_on(desk, order, changed, event.now_ns)


def on_recalled(desk: Desk, event: RecallAnswered) -> None:
    """Fold what was said of an order that had left memory."""
    desk.comparing.recalls.pop(event.cl_ord_id, None)
    # Of every request of it, for the parent comes back once, however many reports have called for it.
    names = [request.cl_ord_id for order in event.orders for request in order.requests]
    told = [report for name in names for report in desk.book.external.get(name, ())]
    is_shown = foreign.on_shown(desk, event)
    if event.parent is not None and not told and not is_shown:
        return
    if memory.on_recalled(desk, event):
        for report in told:
            on_report(desk, ReportReceived(now_ns=event.now_ns, account=event.orders[0].first.account, report=report))
    elif event.parent is None:
        foreign.tell(desk, event.cl_ord_id)
        if event.account:
            foreign.distrust(desk, event.account, event.cl_ord_id, event.now_ns)


def on_answer(desk: Desk, event: Answered) -> None:
    """Take what came back of something that we asked."""
    match event:
        case RequestFailed():
            on_failure(desk, event)
        case LookedUp():
            on_lookup(desk, event)
        case LookupFailed():
            doubt.on_lookup_failed(desk, event)
        case RecallAnswered():
            on_recalled(desk, event)
        case RateLimitHit():
            limiting.on_rate_limit(desk, event)
        case _:
            assert_never(event)


def on_failure(desk: Desk, event: RequestFailed) -> None:
    """Fold a request that ended without a report."""
    order = desk.book.order_of(event.cl_ord_id)
    if order is None or (event.outcome is Outcome.UNKNOWN and (order.is_done or order.is_settled(event.cl_ord_id))):
        return  # What became of it has been found meanwhile: that nobody has answered says nothing more.
    record = Failed(
        now_ns=event.now_ns,
        account=event.account,
        cl_ord_id=event.cl_ord_id,
        outcome=event.outcome,
        text=event.text,
    )
    changed = _fold(desk, event.cl_ord_id, record)
    if changed is None:
        return
    if event.outcome is Outcome.UNKNOWN:
        doubt.warn(desk, changed, event.cl_ord_id, event.text)
        doubt.begin(desk, changed, event.now_ns)
    if event.outcome is Outcome.REFUSED and event.cl_ord_id == changed.key:
        limiting.on_reject(desk, event.account, event.text, event.now_ns)
    parent = desk.parent(changed.first.parent_id)
    if parent.unsent_n == UNSENT_ALERT_N:
        text = f"nothing of {parent.order.parent_id} can be sent, {parent.unsent_n} times now: {event.text}"
        desk.alert("not_sent", text, parent_id=parent.order.parent_id)
    _go_on(desk, order, changed, event.now_ns)


def on_lookup(desk: Desk, event: LookedUp) -> None:
    """Fold the broker's answer about one order."""
    order = desk.book.order_of(event.cl_ord_id)
    if order is None:
        return
    desk.lines.failed_n.pop(order.key, None)
    for record in doubt.told(desk, order, event):
        _fold(desk, order.key, record)
        if isinstance(record, Missed) and record.cl_ord_id == order.key:
            doubt.after_miss(desk, desk.book.orders[order.key], event.now_ns)
    changed = desk.book.orders[order.key]
    if event.seen is not None:
        _check_fills(desk, changed, event.now_ns)
    if changed is not order:
        hearing.on_found(desk, order, changed, event)
        _go_on(desk, order, changed, event.now_ns)


def on_facts(desk: Desk, key: str, told: Sequence[Reported | Found], now_ns: int) -> bool:
    """Fold what a reading of the account told of one of our orders; say whether anything of it was news."""
    order = desk.book.order_of(key)
    if order is None:
        return False  # It has left memory since.
    for record in told:
        _fold(desk, key, record)
    changed = desk.book.orders[order.key]
    if changed is order:
        return False
    _check_fills(desk, changed, now_ns)
    _go_on(desk, order, changed, now_ns)
    return True


def on_resolved(desk: Desk, record: Resolved) -> None:
    """Fold what a person says became of a request in doubt, and go on."""
    order = desk.book.order_of(record.cl_ord_id)
    changed = _fold(desk, record.cl_ord_id, record)
    if changed is not None and order is not None:
        _go_on(desk, order, changed, record.now_ns)


def _fold(desk: Desk, cl_ord_id: str, record: Record) -> Order | None:
    """Fold a fact about one of our orders; return the order if the fact was news."""
    before = desk.book.order_of(cl_ord_id)
    desk.book.apply(record)
    after = desk.book.order_of(cl_ord_id)
    if after is before or after is None:
        return None
    desk.keep(record)
    desk.reindex(after)
    return after


def _check_fills(desk: Desk, order: Order, now_ns: int) -> None:
    parent_id = order.first.parent_id
    if order.cum_qty > order.order_qty:
        reason = f"overfill: {order.key} has {plain(order.cum_qty)} of {plain(order.order_qty)}"
        desk.hold(parent_id, reason, now_ns)
        first = order.first
        halting.halt(desk, account=first.account, cause="overfill", symbol=first.symbol, text=reason, now_ns=now_ns)
    elif len(order.fills.trades) > 1 and order.fills.conflicts:
        desk.hold(parent_id, f"conflicting_execution: {order.key} has one ExecID with two contents", now_ns)
    else:
        _check_parent(desk, desk.parent(parent_id), now_ns)


def _check_parent(desk: Desk, parent: Parent, now_ns: int) -> None:
    """Tell where the orders of an intent together filled more than it asked for: one that was taken for lost lived."""
    if parent.order_qty is None or parent.cum_qty <= parent.order_qty:
        return
    parent_id = parent.order.parent_id
    text = f"overfill: {plain(parent.cum_qty)} of {plain(parent.order_qty)} of {parent_id} are filled by its orders"
    desk.hold(parent_id, text, now_ns)
    # Each share more is one too many.
    pull(desk, desk.parent(parent_id), now_ns, "overfill")


def _came_back(desk: Desk, order: Order, now_ns: int) -> None:
    """Tell that an order that was taken for lost lives, and have out no more than the intent asked for."""
    parent = desk.parent(order.first.parent_id)
    parent_id = parent.order.parent_id
    text = f"{order.key} was taken for lost, and the broker tells of it now: it lived all the time"
    out_qty = sum((desk.book.orders[key].exposure_qty for key in parent.live), parent.cum_qty)
    is_too_much = parent.order_qty is None or out_qty > parent.order_qty
    if parent.status.is_terminal:
        pull(desk, parent, now_ns, CAME_BACK)
    elif is_too_much and parent.stopping is None:
        # What was sent in its place is live as well: all of it is cancelled, and nobody decides on for this intent.
        stop_parent(desk, parent_id, ParentStatus.FAILED, f"{CAME_BACK}: {text}", now_ns)
        pull_live(desk, desk.parent(parent_id), now_ns)
        text += f"; {parent_id} is stopped, for another one was sent in its place"
    desk.alert(CAME_BACK, text, parent_id=parent_id, severity="critical")


def _go_on(desk: Desk, before: Order, order: Order, now_ns: int) -> None:
    if before.is_in_doubt and not order.is_in_doubt:
        doubt.end(desk, order)
    elif order.is_in_doubt and not before.is_in_doubt:
        # It had ended while a request of it was on its way, and has come back: called lost, or its fill was a bust.
        doubt.begin(desk, order, now_ns)
    # One that was refused never lived.
    if before.is_taken_for_lost and not order.is_taken_for_lost and order.acked_ns is not None:
        _came_back(desk, order, now_ns)
    parent: Parent = desk.parent(order.first.parent_id)
    parent_id = parent.order.parent_id
    if parent.status.is_terminal:
        after_late_fill(desk, parent, now_ns, is_news=order.fills.notional != before.fills.notional)
        return
    desk.write_report(parent_id)
    if not end_if_stopped(desk, parent, now_ns):
        step_parent(desk, parent_id, now_ns, "report")
