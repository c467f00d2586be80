"""Tokens before requests.

Where none is left the parent is parked, not its request: it is stepped afresh
when a token is due, so nothing leaves with an old price.
"""

from typing import Final

from execd.core.book import Parent
from execd.core.records import Waited
from execd.core.rules import MS
from execd.engine.desk import Desk
from execd.engine.throttle import Buckets, take

THROTTLED: Final = "throttled"


def take_tokens(desk: Desk, account: str, *, orders_n: int, cancels_n: int, now_ns: int) -> int | None:
    """Take the tokens that requests need; None when they were there, else when they are due."""
    known = desk.buckets_of(account)
    orders, orders_due_ns = take(known.orders, now_ns, orders_n) if orders_n else (known.orders, None)
    cancels, cancels_due_ns = take(known.cancels, now_ns, cancels_n) if cancels_n else (known.cancels, None)
    if orders_due_ns is not None or cancels_due_ns is not None:
        return max(orders_due_ns or 0, cancels_due_ns or 0)
    desk.buckets[account] = Buckets(orders, cancels)
    return None


def park(desk: Desk, parent: Parent, now_ns: int, due_ns: int, *, is_cancel: bool) -> None:
    """Set a parent aside until a token is due; cancels first, then by deadline."""
    parent_id = parent.order.parent_id
    desk.parked_of(parent.order.account).put(parent_id, (0 if is_cancel else 1, parent.expire_ns or now_ns))
    desk.set_timer(token_timer(parent.order.account), due_ns)
    if desk.parent(parent_id).reason != THROTTLED:
        text = f"the account's rate is used up; the next token is due in {(due_ns - now_ns) // MS} ms"
        desk.record(Waited(now_ns=now_ns, parent_id=parent_id, code=THROTTLED, text=text))
        desk.write_report(parent_id)


def token_timer(account: str) -> str:
    """Return the name of the timer at which an account's next token is due; no parent id begins with @."""
    return f"@token:{account}"
