"""While nobody knows whether a request lives: ask on a named schedule, count, and never guess.

A request in doubt counts in full against every limit until its broker answers.
What a "no such order" proves differs between brokers (`core.rules.Lookups`):
for one it is the truth, for one it allows the same bytes under the same id
again, for one it only calls for a person. Reads that fail prove nothing.
Cancels and replaces are doubted too; a cancel that left no trace may be asked
for anew, for it adds no risk.
"""

from typing import Final

from msgspec.structs import replace

from execd.core.book import Book
from execd.core.codec import plain
from execd.core.doubting import all_unanswered, doubted, misses
from execd.core.enums import Outcome, ParentStatus
from execd.core.events import LookedUp, LookupFailed, Submit
from execd.core.folding import add_snapshot
from execd.core.order import Order
from execd.core.orders import CancelRequest, ReplaceRequest
from execd.core.records import Failed, Found, Missed, Reported, Resent
from execd.core.reports import USED_ID, OrderSnapshot, Rejected
from execd.core.rules import S
from execd.engine import asking, halting
from execd.engine.desk import Desk
from execd.engine.expecting import look_at
from execd.engine.parking import order_class, take_tokens
from execd.engine.restraint import restraint_of
from execd.engine.sending import gate
from execd.engine.stepping import view_of

TIMER: Final = "@doubt:"
"""No parent id begins with @."""
CANCEL_MISS_NS: Final = 1 * S
"""An order that is still live so long after its cancel was written has not seen it."""
IN_DOUBT: Final = "in_doubt"
FOREIGN_ID: Final = "foreign_id"
OLDER_NS: Final = 60 * S
"""A broker's clock may differ from ours by so much; an order there that is older than ours is not ours."""


def begin(desk: Desk, order: Order, now_ns: int) -> None:
    """Ask about an order from now on, until its broker has answered."""
    if order.key in desk.doubts:
        return
    desk.doubts[order.key] = 0
    _ask_later(desk, order, now_ns)


def on_timer(desk: Desk, key: str, now_ns: int) -> None:
    """Ask again, where nothing has answered yet."""
    order = desk.book.orders.get(key)
    if order is None or not order.is_in_doubt:
        desk.doubts.pop(key, None)
        if order is not None and not order.is_done:
            # What was asked of it meanwhile, and has no answer either, was left to this schedule.
            look_at(desk, key, now_ns)
        return
    desk.ask_about(order)
    desk.doubts[key] = desk.doubts.get(key, 0) + 1
    _ask_later(desk, order, now_ns)


def doubt_unanswered(desk: Desk, order: Order, text: str, now_ns: int) -> Order:
    """Doubt the requests of an order that have no answer; return the order as it is then.

    All of them: where one was sent before another was answered, each may have been lost.
    """
    account = order.first.account
    for cl_ord_id in all_unanswered(order):
        if any(one.cl_ord_id == cl_ord_id for one in order.failures):
            continue
        unknown = Failed(now_ns=now_ns, account=account, cl_ord_id=cl_ord_id, outcome=Outcome.UNKNOWN, text=text)
        desk.record(unknown)
        warn(desk, order, cl_ord_id, text)
    return desk.book.orders[order.key]


def warn(desk: Desk, order: Order, cl_ord_id: str, text: str) -> None:
    """Tell that a request of an order is in doubt."""
    told = f"{cl_ord_id} may or may not have reached the broker: {text}"
    desk.alert(IN_DOUBT, told, parent_id=order.first.parent_id)


def end(desk: Desk, order: Order) -> None:
    """Tell that a doubt is over, once nothing of its intent is in doubt any more."""
    parent_id = order.first.parent_id
    if not stands(desk.book, parent_id):
        desk.over(IN_DOUBT, f"{order.key} is {order.ord_status}", parent_id=parent_id)


def stands(book: Book, parent_id: str) -> bool:
    """Whether a request of an intent is in doubt; of one that has left memory none is."""
    parent = book.parents.get(parent_id)
    return parent is not None and any(book.orders[key].is_in_doubt for key in parent.live)


def told(desk: Desk, order: Order, event: LookedUp) -> list[Reported | Failed | Found | Missed]:
    """Return what a healthy answer about an order proves, as the records to be folded."""
    if event.seen is not None and (why := stranger(order, event.seen)):
        text = f"{order.key} is known there {why}: another daemon, or a journal that was rolled back"
        desk.alert(FOREIGN_ID, text, parent_id=order.first.parent_id, severity="critical")
        halting.halt(desk, account=event.account, cause=FOREIGN_ID, text=text, now_ns=event.now_ns)
        return []
    if event.seen is not None:
        desk.denied.pop(order.key, None)
        # Its trades first, so that each counts as itself: what only a sum tells has no price and fee of its own.
        trades = [Reported(now_ns=event.now_ns, account=event.account, report=trade) for trade in event.seen.trades]
        seen = replace(event.seen, trades=())
        found = Found(now_ns=event.now_ns, account=event.account, cl_ord_id=order.key, seen=seen)
        # What its terms are there may be the answer to the request that is still open.
        return [*trades, found, *_of_pending(desk, add_snapshot(order, seen), event)]
    if order.acked_ns is not None or order.fills.trades:
        desk.denied[order.key] = None
        text = (
            f"the broker has told of {order.key} and now says that there is no such order; where it is gone for good, "
            f"execd resolve {order.key} --lost"
        )
        desk.alert("contradiction", text, parent_id=order.first.parent_id, severity="critical")
        return []
    if desk.rules.lookups_of(event.account).are_final:
        return [_never_arrived(event, order.key)]
    if not order.is_in_doubt:
        return []  # Its request may still be on its way: no answer is no proof.
    return [Missed(now_ns=event.now_ns, account=event.account, cl_ord_id=order.key)]


def on_copy_rejected(desk: Desk, order: Order, report: Rejected, now_ns: int) -> None:
    """Ask what is there under an id that a broker refuses to take again: perhaps the first copy, which lives."""
    if order.is_taken_for_lost or (order.acked_ns is not None and not order.is_done):
        desk.ask_about(order)  # Whoever called it lost may have been wrong, and what lives may have ended.
    elif order.is_done:
        return
    elif report.code == USED_ID:
        order = doubt_unanswered(desk, order, "the broker says that this id was used before", now_ns)
        if order.is_in_doubt:
            begin(desk, order, now_ns)
    else:
        account, text = order.first.account, f"{report.code} {report.text}".strip()
        refused = Failed(now_ns=now_ns, account=account, cl_ord_id=order.key, outcome=Outcome.REFUSED, text=text)
        desk.record(refused)
        begin(desk, desk.book.orders[order.key], now_ns)


def stranger(order: Order, seen: OrderSnapshot) -> str:
    """Return why what the broker has under an order's id is not that order; empty where it may be."""
    if 0 < seen.created_ns < order.sent_ns - OLDER_NS:
        return "since before it was sent"
    first = order.first
    ours = f"{first.side} {plain(first.order_qty)} {first.symbol}"
    theirs = f"{seen.side or 'an order for'} {plain(seen.order_qty)} {seen.symbol}"
    # Afterwards a broker may restate a quantity; what it has never told of must be what was sent.
    asked = {request.order_qty for request in order.requests if not isinstance(request, CancelRequest)}
    is_other_qty = order.acked_ns is None and seen.order_qty not in asked
    is_other_side = seen.side is not None and seen.side.is_buy != first.side.is_buy
    return f"as {theirs}, and {ours} was sent" if seen.symbol != first.symbol or is_other_side or is_other_qty else ""


def on_lookup_failed(desk: Desk, event: LookupFailed) -> None:
    """Go on asking: a read that failed says nothing about its order."""
    order = desk.book.order_of(event.cl_ord_id)
    if order is not None and order.is_in_doubt:
        begin(desk, order, event.now_ns)
    else:
        asking.on_failed(desk, event)


def after_miss(desk: Desk, order: Order, now_ns: int) -> None:
    """Write the request once more where that is safe, call a person where nothing else is left."""
    model = desk.rules.lookups_of(order.first.account)
    missed_n = misses(order, order.key)
    if missed_n < model.misses_min * (order.resent_n + 1):
        return
    parent = desk.parent(order.first.parent_id)
    is_refused = any(one.cl_ord_id == order.key and one.outcome is Outcome.REFUSED for one in order.failures)
    may_resend = order.resent_n < model.resends_max and not is_refused
    if may_resend and missed_n < model.misses_min * (order.resent_n + 2):
        if _may_resend(desk, order, now_ns):
            desk.record(Resent(now_ns=now_ns, account=order.first.account, cl_ord_id=order.key))
            send_by_ns = now_ns + desk.rules.execution.send_within_ns
            desk.effect(Submit(request=replace(order.first, send_by_ns=send_by_ns)))
    elif parent.status is not ParentStatus.HELD and not parent.status.is_terminal:
        text = (
            f"{IN_DOUBT}: the broker showed no trace of {order.key} {missed_n} times, which proves nothing there;"
            f" look there, then execd resolve {order.key} --lost or --found"
        )
        desk.hold(parent.order.parent_id, text, now_ns)


def _may_resend(desk: Desk, order: Order, now_ns: int) -> bool:
    """Whether the first request of an order would still be wanted as it is."""
    parent = desk.parent(order.first.parent_id)
    is_wanted = parent.status is ParentStatus.WORKING and parent.stopping is None and not parent.is_paused
    # One that came back and is not out of the market yet has its place.
    is_wanted = is_wanted and parent.live == (order.key,)
    is_in_time = parent.expire_ns is None or now_ns + desk.rules.execution.send_within_ns < parent.expire_ns
    is_free = halting.halt_of(desk, order.first.account, order.first.symbol) is None and not desk.is_stopping
    is_free = is_free and restraint_of(desk, parent) is None
    # It is counted as open already. Where others came to light since, there may be no place for it any more.
    limits = desk.rules.limits_of(parent.order)
    is_free = is_free and limits is not None and desk.open_orders_of(order.first.account) <= limits.open_orders_max
    if not (is_wanted and is_in_time and is_free):
        return False
    if gate(desk, parent, view_of(desk, parent, now_ns, IN_DOUBT), [order.first]) is not None:
        return False
    return take_tokens(desk, parent, (order_class(parent, is_new=True),), now_ns) is None


def _of_pending(desk: Desk, order: Order, event: LookedUp) -> list[Failed | Missed]:
    """Return what a found order says of the cancel or replace that is unanswered."""
    pending = order.pending
    if pending is None or event.seen is None or not event.seen.is_live:
        return []
    if isinstance(pending, ReplaceRequest) and not _shows(pending, order, event.seen):
        return []
    model = desk.rules.lookups_of(event.account)
    if model.are_final:
        # The broker knows the order and not this request of it: it never arrived.
        return [_never_arrived(event, pending.cl_ord_id)]
    if not order.is_in_doubt or doubted(order) != pending.cl_ord_id:
        return []
    if isinstance(pending, CancelRequest):
        is_old = event.now_ns - order.tried_ns >= CANCEL_MISS_NS
        return [_never_arrived(event, pending.cl_ord_id)] if is_old else []
    if misses(order, pending.cl_ord_id) + 1 < model.misses_min:
        return [Missed(now_ns=event.now_ns, account=event.account, cl_ord_id=pending.cl_ord_id)]
    return [_never_arrived(event, pending.cl_ord_id)]


def _shows(pending: ReplaceRequest, order: Order, seen: OrderSnapshot) -> bool:
    """Whether what the broker shows would be different had the replace been taken."""
    is_price_shown = pending.price is not None and seen.price is not None
    changes_price = is_price_shown and pending.price != order.price
    return pending.order_qty != order.order_qty or changes_price or pending.price in {None, order.price}


def _never_arrived(event: LookedUp, cl_ord_id: str) -> Failed:
    return Failed(
        now_ns=event.now_ns,
        account=event.account,
        cl_ord_id=cl_ord_id,
        outcome=Outcome.NEVER_ARRIVED,
        text="the broker was asked and does not have it",
    )


def _ask_later(desk: Desk, order: Order, now_ns: int) -> None:
    pauses_ns = desk.rules.lookups_of(order.first.account).pauses_ns
    asked_n = desk.doubts[order.key]
    due_ns = now_ns + pauses_ns[min(asked_n, len(pauses_ns) - 1)]
    if due_ns <= now_ns:
        on_timer(desk, order.key, now_ns)
    else:
        desk.set_timer(f"{TIMER}{order.key}", due_ns)
