"""How much the time of day widens a distance: wide at the open and shortly before the close, plain in between.

The windows hang on the session's own open and close, so they move with a half day; where two of them meet, the wider
factor counts. A market that never closes has no such time.
"""

from decimal import Decimal
from typing import Final

from execd.core.rules import S
from execd.core.session import Session

MIN_NS: Final = 60 * S
PLAIN: Final = Decimal("1.0")
OUTSIDE: Final = Decimal("2.0")
EDGES: Final = (
    (5 * MIN_NS, 5 * MIN_NS, Decimal("2.0")),
    (30 * MIN_NS, 0, Decimal("1.5")),
    (0, 60 * MIN_NS, Decimal("1.2")),
)
"""(so long after the open, so long before the close, factor), the widest first."""


def day_factor(session: Session, now_ns: int) -> tuple[Decimal, str]:
    """Return the factor of an instant, and in words where in the day it is."""
    hours = session.window(now_ns)
    if hours is None:
        return PLAIN, "this market never closes"
    since_ns, left_ns = now_ns - hours.open_ns, hours.close_ns - now_ns
    if since_ns < 0 or left_ns <= 0:
        return OUTSIDE, "outside the session"
    told = f"{since_ns // MIN_NS} min after the open, {left_ns // MIN_NS} before the close"
    for after_ns, before_ns, factor in EDGES:
        if since_ns < after_ns or left_ns <= before_ns:
            return factor, told
    return PLAIN, told
