"""Wakes that the engine asked for, one a key.

`Timers` is the plain value of what is due when; `Scheduler` is the task that
waits for it. Setting a key again replaces what was set before. Nothing here
knows what a key means.
"""

import asyncio
import heapq
from typing import Final

from execd.core.events import TimerFired
from execd.ports import Clock
from execd.runtime.clock import NS_PER_S
from execd.runtime.post import Post

STALE_MAX: Final = 64
"""So many replaced entries may lie in the heap beside the live ones before it is built anew."""
WAIT_S_MAX: Final = 1.0
"""The longest single wait: a machine that slept is noticed within it."""


class Timers:
    """Keys and their instants."""

    def __init__(self) -> None:
        """Begin empty."""
        self._at_ns: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []

    def __len__(self) -> int:
        """Return how many keys wait."""
        return len(self._at_ns)

    def set(self, key: str, at_ns: int) -> None:
        """Let `key` be due at `at_ns`, whatever it was before."""
        if self._at_ns.get(key) == at_ns:
            return
        self._at_ns[key] = at_ns
        heapq.heappush(self._heap, (at_ns, key))
        if len(self._heap) > 2 * len(self._at_ns) + STALE_MAX:
            self._heap = [(due_ns, name) for name, due_ns in self._at_ns.items()]
            heapq.heapify(self._heap)

    def next_ns(self) -> int | None:
        """Return the earliest instant that is waited for; None where there is none."""
        while self._heap:
            at_ns, key = self._heap[0]
            if self._at_ns.get(key) == at_ns:
                return at_ns
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now_ns: int) -> list[str]:
        """Return the keys that are due, earliest first, and forget them."""
        due: list[str] = []
        while (at_ns := self.next_ns()) is not None and at_ns <= now_ns:
            _, key = heapq.heappop(self._heap)
            del self._at_ns[key]
            due.append(key)
        return due


class Scheduler:
    """The task `scheduler`: turns due keys into `TimerFired`."""

    def __init__(self, *, post: Post, clock: Clock) -> None:
        """Wait for nothing yet."""
        self.timers = Timers()
        self._post = post
        self._clock = clock
        self._changed = asyncio.Event()
        self._sleeps_until_ns = 0

    def set(self, key: str, at_ns: int) -> None:
        """Fire `key` at `at_ns`, or at once where that is past."""
        self.timers.set(key, at_ns)
        if at_ns < self._sleeps_until_ns:
            self._changed.set()

    async def run(self) -> None:
        """Fire what is due, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            now_ns = self._clock.now_ns()
            for key in self.timers.pop_due(now_ns):
                self._post(TimerFired(now_ns=now_ns, key=key))
            next_ns = self.timers.next_ns()
            longest_ns = now_ns + int(WAIT_S_MAX * NS_PER_S)
            self._sleeps_until_ns = longest_ns if next_ns is None else min(longest_ns, next_ns)
            alarm = loop.call_later((self._sleeps_until_ns - now_ns) / NS_PER_S, self._changed.set)
            try:
                await self._changed.wait()
            finally:
                alarm.cancel()
