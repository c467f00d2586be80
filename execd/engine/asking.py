"""Questions to brokers: each costs a token, below cancels, and one that cannot be answered is asked again a few times.

Whoever wants to know about an order says so on the desk; what is wanted twice
is asked once. Questions leave at the end of the event, as far as there are
tokens, the others when the next one is due: they may wait, but never take what
is kept for cancels. An order in doubt has a schedule of its own, in `doubt`.
"""

from typing import Final

from execd.core.doubting import unanswered
from execd.core.enums import RequestClass
from execd.core.events import LookupFailed, Query
from execd.core.order import Order
from execd.core.rules import S
from execd.engine.desk import Desk
from execd.engine.throttle import take

TIMER: Final = "@read:"
"""No parent id begins with @."""
AGAIN: Final = "@again:"
AGAIN_NS: Final = (1 * S, 2 * S, 4 * S)
"""A question that failed is asked again so often, after so long each time."""


def let_go(desk: Desk, now_ns: int) -> None:
    """Ask as much of what is wanted as there are tokens for."""
    for account in list(desk.lines.questions):
        wanted = desk.lines.questions[account]
        while wanted:
            due_ns = take_read(desk, account, now_ns)
            if due_ns is not None:
                desk.set_timer(f"{TIMER}{account}", due_ns)
                break
            cl_ord_id = next(iter(wanted))
            del wanted[cl_ord_id]
            desk.effect(Query(account=account, cl_ord_id=cl_ord_id))
        if not wanted:
            del desk.lines.questions[account]


def take_read(desk: Desk, account: str, now_ns: int) -> int | None:
    """Take the token of one question (a lookup, a page of a snapshot); None where there was one, else when to ask."""
    desk.lines.buckets[account], due_ns = take(desk.lines.buckets_of(account), RequestClass.READ, now_ns)
    return due_ns


def on_failed(desk: Desk, event: LookupFailed) -> None:
    """Let a question be asked again, three times, about an order that nothing else asks about by its own schedule."""
    order = desk.book.order_of(event.cl_ord_id)
    if order is None or unanswered(order) or not _is_of_interest(desk, order):
        desk.lines.failed_n.pop(event.cl_ord_id, None)
        return
    failed_n = desk.lines.failed_n.get(order.key, 0)
    if failed_n >= len(AGAIN_NS):
        desk.lines.failed_n.pop(order.key, None)
        return
    desk.lines.failed_n[order.key] = failed_n + 1
    desk.set_timer(f"{AGAIN}{order.key}", event.now_ns + AGAIN_NS[failed_n])


def on_again(desk: Desk, key: str) -> None:
    """Ask again, where it is still of interest."""
    order = desk.book.orders.get(key)
    if order is not None and _is_of_interest(desk, order):
        desk.ask_about(order)


def _is_of_interest(desk: Desk, order: Order) -> bool:
    """Whether an answer would still tell something: of what has ended, its fills where they are not sure."""
    watch = desk.comparing.watches.get(order.first.account)
    is_suspect = watch is not None and order.key in watch.suspects
    return not order.is_done or is_suspect or bool(order.fills.synthetic_qty)
