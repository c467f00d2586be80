"""What will happen in a replay, in its order: instant, rank, symbol, number.

A timer that was set anew is left in the heap and passed over when its old turn comes. Rows of tapes are not here,
they come from `lane`; at one instant they go before everything here.
"""

from heapq import heappop, heappush
from typing import Final

from execd.core.events import LookedUp, ParentReceived, ReportReceived, SetTimer, TimerFired
from execd.core.orders import Request
from execd.core.shown import ReferenceReceived

PRINT, QUOTE, ARRIVAL, FACT, TIMER, INTENT = range(6)
"""Ranks at one instant: rows of tapes, requests that reach the venue, its reports, timers, intents."""
FAR_NS: Final = 1 << 62
Happening = Request | tuple[ReportReceived, ...] | LookedUp | TimerFired | ParentReceived | ReferenceReceived


class Agenda:
    """A heap of what will happen, and the timers that count."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._heap: list[tuple[int, int, str, int, Happening]] = []
        self._timers: dict[str, int] = {}
        self._put_n = 0

    def __bool__(self) -> bool:
        return bool(self._heap)

    @property
    def next_ns(self) -> int:
        """The instant of what comes next; `FAR_NS` where nothing does."""
        return self._heap[0][0] if self._heap else FAR_NS

    def put(self, at_ns: int, rank: int, symbol: str, happening: Happening) -> None:
        """Add something that will happen."""
        self._put_n += 1
        heappush(self._heap, (at_ns, rank, symbol, self._put_n, happening))

    def set_timer(self, effect: SetTimer, symbol: str, now_ns: int) -> None:
        """Let a timer fire at its instant, or now where that is past, in the place of an earlier one of its key."""
        at_ns = max(effect.at_ns, now_ns)
        self._timers[effect.key] = at_ns
        self.put(at_ns, TIMER, symbol, TimerFired(now_ns=at_ns, key=effect.key))

    def drop_timer(self, key: str) -> None:
        """Forget a timer, if there is one."""
        self._timers.pop(key, None)

    def take(self) -> tuple[int, str, Happening] | None:
        """Return instant, symbol and what comes next; None for a timer that counts no more."""
        at_ns, _, symbol, _, happening = heappop(self._heap)
        if isinstance(happening, TimerFired):
            if self._timers.get(happening.key) != at_ns:
                return None
            del self._timers[happening.key]
        return at_ns, symbol, happening
