"""A market's sessions as a table: whichever days it opens, from when until when.

Made from a calendar with its holidays, half days and closures; the calendar itself is read elsewhere and never here.
It never guesses: outside the days it covers the market counts as closed. Phases of the day will be asked here, too.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, Self

import msgspec

ASK_AGAIN_NS: Final = 86_400_000_000_000
"""Past the end of a table nobody knows; whoever waits for a session asks again after a day."""


class SessionWindow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One session: [open_ns, close_ns)."""

    open_ns: int
    close_ns: int


class SessionTable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The sessions of one calendar in order; the n-th is [opens_ns[n], closes_ns[n])."""

    calendar: str
    opens_ns: tuple[int, ...]
    closes_ns: tuple[int, ...]

    @classmethod
    def of(cls, calendar: str, windows: Iterable[SessionWindow]) -> Self:
        """Return the table of some sessions. Raises ValueError where one is empty or two overlap."""
        rows = sorted(windows, key=lambda window: window.open_ns)
        before_ns = 0
        for row in rows:
            if row.open_ns < before_ns or row.close_ns <= row.open_ns:
                raise ValueError(f"{calendar}: the session of {row.open_ns} is empty or begins before the last ended")
            before_ns = row.close_ns
        opens_ns, closes_ns = tuple(row.open_ns for row in rows), tuple(row.close_ns for row in rows)
        return cls(calendar=calendar, opens_ns=opens_ns, closes_ns=closes_ns)

    def is_open(self, now_ns: int) -> bool:
        """Whether orders trade at `now_ns`; never outside the days that the table covers."""
        place = bisect_right(self.opens_ns, now_ns) - 1
        return place >= 0 and now_ns < self.closes_ns[place]

    def window(self, now_ns: int) -> SessionWindow:
        """Return the session in progress at `now_ns`, else the next one; past the end an empty one a day ahead."""
        place = bisect_right(self.closes_ns, now_ns)
        if place == len(self.opens_ns):
            return SessionWindow(open_ns=now_ns + ASK_AGAIN_NS, close_ns=now_ns + ASK_AGAIN_NS)
        return SessionWindow(open_ns=self.opens_ns[place], close_ns=self.closes_ns[place])

    def covers(self, now_ns: int) -> bool:
        """Whether the table knows of a session that ends after `now_ns`, and does not begin later than it."""
        return bool(self.opens_ns) and self.opens_ns[0] <= now_ns < self.closes_ns[-1]
