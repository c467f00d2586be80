"""Tokens before requests.

Where none is left the parent is parked, not its request: it is stepped afresh
when a token is due, so nothing leaves with an old price. Which class a request
is of is said here; how many of each may leave, in `engine/throttle`.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple, assert_never

from execd.algos.base import Action, Amend, Finish, Place, Pull, Refuse
from execd.core.book import Parent
from execd.core.enums import RequestClass
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.records import Waited
from execd.core.rules import MS, S
from execd.engine.desk import Desk
from execd.engine.throttle import remembered, take

THROTTLED: Final = "throttled"
SATURATED: Final = "throttle_saturated"
SATURATED_NS: Final = 30 * S
"""An account that had somebody waiting for a token for so long without a break has a rate that does not suffice."""


class Lack(NamedTuple):
    """A token that is missing: of which class, and when to ask again."""

    kind: RequestClass
    due_ns: int


def class_of(parent: Parent, action: Action) -> RequestClass | None:
    """Return the class of the request that an action makes; None where it makes none."""
    match action:
        case Pull():
            return RequestClass.CANCEL
        case Place() | Amend():
            return order_class(parent, is_new=isinstance(action, Place))
        case Finish() | Refuse():
            return None
        case _:
            assert_never(action)


def order_class(parent: Parent, *, is_new: bool) -> RequestClass:
    """Return the class of an order of a parent, or of a change of one."""
    if parent.order.flatten_id:
        return RequestClass.FLATTEN
    if parent.order.is_close:
        return RequestClass.PROTECTIVE
    return RequestClass.NEW if is_new else RequestClass.REPLACE


def take_tokens(desk: Desk, parent: Parent, kinds: Iterable[RequestClass], now_ns: int) -> Lack | None:
    """Take the tokens of all these requests of a parent, or none of them and say what is missing."""
    parent_id, account = parent.order.parent_id, parent.order.account
    known, parked = desk.lines.buckets_of(account), desk.lines.parked_of(account)
    lack: Lack | None = None
    for kind in kinds:
        known, due_ns = take(known, kind, now_ns)
        if due_ns is None and parked.must_wait(parent_id, kind):
            due_ns = now_ns
        if due_ns is not None and (lack is None or kind >= lack.kind):
            lack = Lack(kind, due_ns)
    if lack is None:
        desk.lines.buckets[account] = known
    return lack


def remember(desk: Desk, now_ns: int) -> None:
    """Count what the journal says has left within the window before a restart; of questions it says nothing."""
    since_ns = now_ns - desk.rules.throttle.window_ns
    sent: dict[str, list[tuple[int, RequestClass]]] = {}
    for order in desk.book.orders.values():
        if order.tried_ns <= since_ns:
            continue
        for request in order.requests:
            match request:
                case NewOrder():
                    at_ns, kind = order.sent_ns, RequestClass.NEW
                case ReplaceRequest():
                    at_ns, kind = request.send_by_ns - desk.rules.execution.send_within_ns, RequestClass.REPLACE
                case CancelRequest():
                    # When is not kept; the order's latest instant is not before it.
                    at_ns, kind = order.tried_ns, RequestClass.CANCEL
                case _:
                    assert_never(request)
            sent.setdefault(order.first.account, []).append((min(at_ns, now_ns), kind))
    for account, requests in sent.items():
        desk.lines.buckets[account] = remembered(desk.rules.throttle, requests, now_ns)


def park(desk: Desk, parent: Parent, lack: Lack, now_ns: int) -> None:
    """Set a parent aside until a token is due: the more urgent class first, then the earlier deadline."""
    parent_id, account = parent.order.parent_id, parent.order.account
    deadline_ns = parent.expire_ns if parent.expire_ns is not None else now_ns
    desk.lines.parked_of(account).put(parent_id, lack.kind, deadline_ns, now_ns)
    wake(desk, account, lack.due_ns)
    if parent.expire_ns is not None and now_ns < parent.expire_ns:
        # A broker may have a pause that is longer than what is left: the deadline waits for no token.
        desk.set_timer(parent_id, min(parent.expire_ns, desk.timers.get(parent_id, parent.expire_ns)))
    if lack.kind.is_order and parent.reason != THROTTLED:
        text = f"the account's rate is used up; the next token is due in {max(0, lack.due_ns - now_ns) // MS} ms"
        desk.record(Waited(now_ns=now_ns, parent_id=parent_id, code=THROTTLED, text=text))
        desk.write_report(parent_id)


def wake(desk: Desk, account: str, due_ns: int) -> None:
    """Let those who wait for a token of an account have their turn at `due_ns`, or before where that is planned."""
    timer = token_timer(account)
    desk.set_timer(timer, min(due_ns, desk.timers.get(timer, due_ns)))


def warn_if_saturated(desk: Desk, account: str, now_ns: int) -> None:
    """Tell, once for each time, that an account has asked for more than its rate for long."""
    parked = desk.lines.parked_of(account)
    if not len(parked) or parked.is_told or now_ns - parked.since_ns < SATURATED_NS:
        return
    parked.is_told = True
    text = (
        f"{len(parked)} intents of {account} wait for a token, and somebody has for {SATURATED_NS // S} s: the account "
        "is asked for more requests than its throttle (or its broker) allows; send less, or work it more slowly"
    )
    desk.alert(SATURATED, text, about=account)


def token_timer(account: str) -> str:
    """Return the name of the timer at which an account's next token is due; no parent id begins with @."""
    return f"@token:{account}"
