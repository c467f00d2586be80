"""The first and the last minutes of a session, by the day's real open and close.

Only whether an instant lies in them, in words; who may do what in them is said where that is decided. It looks at no
clock: the instant is given.
"""

from typing import Final

from execd.core.preset import Gates
from execd.core.rules import S
from execd.core.session import Session

MIN_NS: Final = 60 * S


def in_gate(session: Session, gates: Gates, now_ns: int) -> str:
    """Return which gate `now_ns` lies in, with its length; empty between them, and where the market never closes."""
    window = session.window(now_ns)
    if window is None:
        return ""
    if now_ns < window.open_ns + gates.first_ns:
        return f"the first {gates.first_ns // MIN_NS} min of the session"
    if now_ns >= window.close_ns - gates.last_ns:
        return f"the last {gates.last_ns // MIN_NS} min of the session"
    return ""
