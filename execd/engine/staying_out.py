"""How a parent has nothing out: what is live is pulled until it is gone, and nothing follows while it may not act.

What is in doubt, or waits for an answer, is not asked for again; what the broker refuses is, after pauses that grow.
"""

from typing import Final

from execd.algos.base import OPERATOR, Waiting
from execd.core.book import Parent
from execd.core.enums import ParentStatus, RequestClass
from execd.core.records import Waited
from execd.core.rules import S
from execd.core.wake import Wake
from execd.engine.desk import Desk
from execd.engine.ending import DEADLINE, end_if_stopped, stop_parent, waits_anew, with_wait
from execd.engine.parking import park, take_tokens
from execd.engine.sending import cancel_request, send

PAUSED: Final = "operator: paused"
PULLS_DOUBLED_MAX: Final = 6
PULL_PAUSE_NS: Final = 60 * S
"""Each refused cancel doubles the pause before the next one, up to this."""


def stay_out(desk: Desk, parent: Parent, restraint: Waiting, now_ns: int) -> None:
    """Have nothing out while something larger than the parent forbids it; a held one is pulled, too, and stays held."""
    parent_id = parent.order.parent_id
    if parent.status is ParentStatus.WORKING and waits_anew(parent, restraint.code, restraint.text):
        desk.record(Waited(now_ns=now_ns, parent_id=parent_id, code=restraint.code, text=restraint.text))
        desk.write_report(parent_id)
    stay_paused(desk, desk.parent(parent_id), now_ns, f"{OPERATOR}: {restraint.code}")


def stay_paused(desk: Desk, parent: Parent, now_ns: int, text: str = PAUSED) -> None:
    """Have nothing out while paused, and end at the deadline all the same."""
    parent_id = parent.order.parent_id
    if parent.expire_ns is not None and now_ns >= parent.expire_ns:
        stop_parent(desk, parent_id, ParentStatus.EXPIRED, with_wait(parent, DEADLINE), now_ns)
        pull_live(desk, desk.parent(parent_id), now_ns)
        return
    set_wake(desk, parent, Wake(at_ns=parent.expire_ns))
    pull(desk, parent, now_ns, text)


def pull_live(desk: Desk, parent: Parent, now_ns: int) -> None:
    """Cancel what a stopping parent has out; end it when that is nothing."""
    if not end_if_stopped(desk, parent, now_ns):
        pull(desk, parent, now_ns, parent.reason)


def pull(desk: Desk, parent: Parent, now_ns: int, text: str) -> None:
    """Ask the broker to cancel what a parent has out; what cannot be asked now is asked a little later."""
    parent_id = parent.order.parent_id
    retry_ns = now_ns + desk.rules.execution.retry_ns
    for key in parent.live:
        child = desk.book.orders[key]
        if child.pending is not None or child.is_in_doubt:
            continue
        tried_ns = child.tried_ns if len(child.requests) > 1 else 0
        pause_ns = min(desk.rules.execution.retry_ns << min(child.cancels_refused_n, PULLS_DOUBLED_MAX), PULL_PAUSE_NS)
        if now_ns - tried_ns < pause_ns:
            desk.set_timer(parent_id, max(tried_ns + pause_ns, retry_ns))
            continue
        lack = take_tokens(desk, parent, (RequestClass.CANCEL,), now_ns)
        if lack is not None:
            park(desk, parent, lack, now_ns)
            return
        send(desk, cancel_request(desk, desk.parent(parent_id), key, text), now_ns)


def set_wake(desk: Desk, parent: Parent, wake: Wake) -> None:
    """Let a parent be stepped when `wake` is met."""
    parent_id = parent.order.parent_id
    desk.watchers.put(parent.order.symbol, parent_id, wake)
    if wake.at_ns is not None:
        desk.set_timer(parent_id, wake.at_ns)
