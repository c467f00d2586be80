"""When an order is looked at because its broker should have spoken by then.

One timer an order, moved only forward in time; it costs nothing while answers
come. What is looked at then is `engine/late`'s.
"""

from typing import Final

from execd.core.rules import S
from execd.engine.desk import Desk

TIMER: Final = "@late:"
"""No parent id begins with @."""
UNANSWERED_NS: Final = 2 * S


def answer(desk: Desk, key: str, now_ns: int) -> None:
    """Look at an order again when the request that leaves now should have been answered."""
    look_at(desk, key, now_ns + UNANSWERED_NS)


def look_at(desk: Desk, key: str, at_ns: int) -> None:
    """Look at an order at `at_ns`, or before where that is planned."""
    timer = f"{TIMER}{key}"
    if desk.timers.get(timer, at_ns) >= at_ns:
        desk.set_timer(timer, at_ns)
