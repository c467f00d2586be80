"""The part of a day's volume that is usually traded by an instant, and the instant by which a part is.

A profile has equal parts of a session; on a half day the same parts are shorter, so the shape is scaled to the real
open and close. Within a part volume is even. Shares of a day are exact to a billionth: 0 at the open, 1 at the close,
and never less later than earlier.
"""

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Final

import msgspec

from execd.core.session_table import SessionWindow

PARTS: Final = 10**9
_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)


class VolumeCurve(msgspec.Struct, frozen=True, gc=False):
    """A profile, summed up: `steps[n]` billionths are traded by the end of its n-th part."""

    steps: tuple[int, ...]

    @classmethod
    def of(cls, profile: Sequence[Decimal]) -> "VolumeCurve":
        """Return the curve of a profile that sums to 1; of an empty one, an even day."""
        return cls(tuple(accumulate(int(part * PARTS) for part in profile)) or (PARTS,))

    def share_at(self, session: SessionWindow, at_ns: int) -> Decimal:
        """Return the part of the day's volume that is usually traded before `at_ns`."""
        span_ns = session.close_ns - session.open_ns
        passed = (at_ns - session.open_ns) * len(self.steps)
        if passed <= 0 or span_ns <= 0:
            return _ZERO if at_ns < session.close_ns else _ONE
        place, rest = divmod(passed, span_ns)
        if place >= len(self.steps):
            return _ONE
        before = self.steps[place - 1] if place else 0
        return Decimal(before + (self.steps[place] - before) * rest // span_ns) / PARTS

    def reached_at(self, session: SessionWindow, share: Decimal) -> int:
        """Return the first instant at which at least this part of the day's volume is usually traded."""
        if share <= _ZERO:
            return session.open_ns
        span_ns = session.close_ns - session.open_ns
        wanted = min(PARTS, int(-(-share * PARTS // 1)))
        place = bisect_right(self.steps, wanted - 1)
        before = self.steps[place - 1] if place else 0
        parts = self.steps[place] - before
        # Rounded up twice: at the instant before it less is traded.
        inside_ns = -(-(wanted - before) * span_ns // parts)
        return session.open_ns - (-(place * span_ns + inside_ns) // len(self.steps))
