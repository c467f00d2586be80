"""Calls in their order, some of them later.

What is delayed holds up everything behind it, as on a wire. It drops nothing
but what `clear` is told to drop.
"""

import asyncio
from collections import deque
from collections.abc import Callable

Call = Callable[[], None]


class Lane:
    """One direction of one connection."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, Call]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, call: Call, delay_s: float = 0.0) -> None:
        """Call now, or so much later, and never before what was added earlier."""
        if not self._waiting and delay_s <= 0:
            call()
            return
        self._waiting.append((asyncio.get_running_loop().time() + delay_s, call))
        if self._timer is None:
            self._set()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(self._waiting[0][0], self._run) if self._waiting else None

    def _run(self) -> None:
        now_s = asyncio.get_running_loop().time()
        while self._waiting and self._waiting[0][0] <= now_s:
            _, call = self._waiting.popleft()
            call()
        self._set()
