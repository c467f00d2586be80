"""One parent's turn, whatever it is at.

Queued ones try to start, others are stepped. It notes whose turn it is, because what an event dies of may be its; it
decides nothing itself.
"""

from execd.core.enums import ParentStatus
from execd.engine.desk import Desk
from execd.engine.starting import try_start
from execd.engine.stepping import step_parent


def touch(desk: Desk, parent_id: str, now_ns: int, cause: str) -> None:
    """Give a parent its turn."""
    parent = desk.parent(parent_id)
    desk.subject = parent_id
    if parent.status is ParentStatus.QUEUED and parent.stopping is None:
        if not desk.is_stopping:
            try_start(desk, parent_id, now_ns)
    else:
        step_parent(desk, parent_id, now_ns, cause)
    desk.subject = ""
