"""How a parent stops and ends.

Stopping: nothing new is placed, what is out is pulled, and the parent ends
when nothing of it is live. A fill that comes after the end changes the end.
"""

from typing import Final

from execd.algos.base import TIMEOUT, Waiting
from execd.algos.pieces import SCHEDULE_OVER
from execd.core.book import NOTES_MAX, Note, Parent
from execd.core.codec import plain
from execd.core.enums import ParentStatus
from execd.core.records import ParentEnded, ParentStopping
from execd.core.rules import S
from execd.core.wake import NEVER
from execd.engine.desk import Desk

LATCHES: Final = ("halted", "killed", "scope_paused", "flattening")
"""Reasons to wait that somebody lifts; there may be several at a time, and each has a text that stays."""
DEADLINE: Final = "deadline"
BARE: Final = (DEADLINE, SCHEDULE_OVER, TIMEOUT)
"""Ends that say nothing by themselves of what was in the way."""
WAITS: Final = "waits, "
"""Begins what a parent's story says of a wait."""
RETOLD_NS: Final = 60 * S
RETOLD_NOTES_MAX: Final = NOTES_MAX // 2
"""What follows a wait must find room in the story, too."""
FLATTENS: Final = "@flatten:"
"""Begins the name of a flatten's timer: it looks again whenever an intent has ended; no parent id begins with @."""


def end_parent(desk: Desk, parent_id: str, status: ParentStatus, reason: str, now_ns: int) -> None:
    """End a parent that has nothing live."""
    desk.record(ParentEnded(now_ns=now_ns, parent_id=parent_id, status=status, reason=reason))
    parent = desk.parent(parent_id)
    desk.watchers.put(parent.order.symbol, parent_id, NEVER)
    desk.algos.pop(parent_id, None)
    desk.timers.pop(parent_id, None)
    desk.lines.parked_of(parent.order.account).drop(parent_id)
    desk.leave_seats(parent_id)
    desk.leave(parent_id)
    desk.write_report(parent_id)
    if parent.order.target_qty is not None:
        desk.ended_targets.append(parent_id)
    for flatten_id in desk.controllers:
        desk.set_timer(f"{FLATTENS}{flatten_id}", now_ns)
    for waiting_id in desk.superseding.pop(parent_id, ()):
        desk.set_timer(waiting_id, now_ns)


def with_wait(parent: Parent, reason: str) -> str:
    """Return a reason with what the parent waited for last: "over" says nothing of the limit in the way."""
    is_waiting = parent.stopping is None and not parent.is_paused and parent.reason not in {"", *BARE}
    return f"{reason}; it waited for {parent.reason}" if reason.partition(":")[0] in BARE and is_waiting else reason


def waits_anew(parent: Parent, code: str, text: str) -> bool:
    """Whether a parent waits for something else than it has said: another code, or of a latch another one."""
    if parent.reason != code:
        return True
    if code not in LATCHES or len(parent.notes) >= NOTES_MAX:
        return False  # Other reasons tell numbers that change each time.
    said = _said(parent)
    return said is None or said.text != f"{WAITS}{code}: {text}"


def is_retold(parent: Parent, waiting: Waiting, now_ns: int) -> bool:
    """Whether a wait that stands is told anew: a minute has gone by, and it says something else than it did."""
    due_ns, said = retold_ns(parent, waiting, now_ns), _said(parent)
    if due_ns is None or said is None:
        return False
    return now_ns - said.now_ns >= RETOLD_NS and said.text != f"{WAITS}{waiting.code}: {waiting.text}"


def retold_ns(parent: Parent, waiting: Waiting, now_ns: int) -> int | None:
    """Return when a wait that stands has its next turn to be told anew; None: it is told once.

    Its turns are whole minutes after it was told last, so that who asks in between changes nothing.
    """
    said = _said(parent)
    if not waiting.is_retold or parent.reason != waiting.code or said is None or len(parent.notes) >= RETOLD_NOTES_MAX:
        return None
    return said.now_ns + ((now_ns - said.now_ns) // RETOLD_NS + 1) * RETOLD_NS


def _said(parent: Parent) -> Note | None:
    """Return what a parent said last of a wait."""
    return next((note for note in reversed(parent.notes) if note.text.startswith(WAITS)), None)


def stop_parent(desk: Desk, parent_id: str, status: ParentStatus, reason: str, now_ns: int) -> None:
    """Begin to stop a parent; the caller pulls what is live."""
    desk.record(ParentStopping(now_ns=now_ns, parent_id=parent_id, status=status, reason=reason))
    desk.write_report(parent_id)


def end_if_stopped(desk: Desk, parent: Parent, now_ns: int) -> bool:
    """End a stopping parent once nothing of it is live; say whether it ended."""
    if parent.stopping is None or parent.live:
        return False
    end_parent(desk, parent.order.parent_id, status_by_fills(parent, parent.stopping), parent.reason, now_ns)
    return True


def status_by_fills(parent: Parent, without_fill: ParentStatus) -> ParentStatus:
    """Return the end that a parent's fills call for; `without_fill` where it has none."""
    if parent.order_qty is not None and parent.cum_qty >= parent.order_qty:
        return ParentStatus.FILLED
    return ParentStatus.PARTIALLY_FILLED if parent.cum_qty else without_fill


def after_late_fill(desk: Desk, parent: Parent, now_ns: int, *, is_news: bool) -> None:
    """Bring the end of an ended parent in line with facts that came after it; `is_news`: its fills are others now."""
    if parent.order_qty is None:
        return
    without_fill = parent.status
    if parent.status in {ParentStatus.FILLED, ParentStatus.PARTIALLY_FILLED}:
        without_fill = ParentStatus.CANCELED
    status = status_by_fills(parent, without_fill)
    parent_id = parent.order.parent_id
    if status is not parent.status:
        reason = parent.reason or "changed by a late report"
        desk.record(ParentEnded(now_ns=now_ns, parent_id=parent_id, status=status, reason=reason))
    if is_news or status is not parent.status:
        filled = f"{plain(parent.cum_qty)} of {plain(parent.order_qty)} are filled now"
        text = f"parent {parent_id} had ended when a report of it arrived: {filled}"
        desk.alert("late_report", text, parent_id=parent_id)
    desk.write_report(parent_id)
