"""What leaves memory, and how it comes back.

Ended parents stay for a while, because late facts come soon after the end;
then the journal answers for them. A report on an order that has left is kept,
its parent is fetched from the journal, and then the report is folded as if it
had just come.
"""

from itertools import islice
from typing import Final

from execd.core.book import Parent
from execd.core.events import Recall, RecallAnswered
from execd.core.ids import parent_key
from execd.core.orders import ParentOrder
from execd.core.records import ParentRecalled, ParentsRetired
from execd.core.rules import S
from execd.engine.desk import Desk

TIMER: Final = "@memory"
"""No parent id begins with @."""
EVERY_NS: Final = 60 * S
LEAST_NS: Final = 60 * S
"""So long every ended parent stays, however many there are: answers of its last requests are still on their way.

And so long stays one that was called back, or of which something was heard: what called it back is read again.
"""
SCAN_MAX: Final = 20_000
RETIRED_MAX: Final = 1_000
"""Of one record, so that a batch stays small."""


def begin(desk: Desk, now_ns: int) -> None:
    """Look for the first time."""
    desk.set_timer(TIMER, now_ns + EVERY_NS)


def retire(desk: Desk, now_ns: int) -> None:
    """Let go of what ended long ago, and of the oldest of too many."""
    book, rules, unpriced = desk.book, desk.rules, desk.comparing.unpriced
    excess = len(book.parents) - len(desk.open_parents) - rules.memory_parents_max
    chosen: list[str] = []
    for parent_id, parent in islice(book.parents.items(), SCAN_MAX):
        if len(chosen) == RETIRED_MAX:
            break
        if parent.ended_ns is None or parent_id in book.touched.parents or not _is_settled(parent):
            continue
        if _is_fresh(desk, parent, now_ns) or any(key in unpriced for key in parent.children):
            continue
        age_ns = now_ns - parent.ended_ns
        if age_ns >= rules.memory_ns or (len(chosen) < excess and age_ns >= LEAST_NS):
            chosen.append(parent_id)
    if chosen:
        for parent_id in chosen:
            desk.forget(parent_id)
        desk.record(ParentsRetired(now_ns=now_ns, parent_ids=tuple(chosen)))
    desk.set_timer(TIMER, now_ns + (S if len(chosen) == RETIRED_MAX else EVERY_NS))


def recall(desk: Desk, account: str, cl_ord_id: str) -> None:
    """Ask the journal whose an order is."""
    desk.comparing.recalls[cl_ord_id] = None
    desk.effect(Recall(account=account, cl_ord_id=cl_ord_id))


def on_recalled(desk: Desk, event: RecallAnswered) -> bool:
    """Take a parent back into memory; say whether there was one."""
    if event.parent is None or desk.book.order_of(event.cl_ord_id) is not None:
        return False
    desk.record(ParentRecalled(now_ns=event.now_ns, parent=event.parent, orders=event.orders))
    for order in event.orders:
        desk.reindex(order)
    return True


def is_ours(desk: Desk, cl_ord_id: str) -> bool:
    """Whether a ClOrdID was made by this journal's daemon, in this epoch or one before it."""
    return cl_ord_id.partition("-")[0] in desk.epochs


def sent_before(desk: Desk, order: ParentOrder) -> str:
    """Return a broker's order of a new intent's id; empty where there is none. The intent need not be in the book.

    The journal was restored from before that order: the id would trade a second time.
    """
    if not desk.book.external:
        return ""
    key = parent_key(order.account, order.parent_id)
    told = (one for one in desk.book.external if is_ours(desk, one))
    return next((one for one in told if one.split("-")[1:2] == [key]), "")


def _is_settled(parent: Parent) -> bool:
    return parent.status.is_terminal and not parent.live


def _is_fresh(desk: Desk, parent: Parent, now_ns: int) -> bool:
    """Whether an order of a parent came back into memory, or changed, a moment ago."""
    orders = desk.comparing.recent(parent.order.account).orders
    return any(orders.touched_ns(key) > now_ns - LEAST_NS for key in parent.children)
