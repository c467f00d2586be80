"""Who ends a daemon that stands still.

`Watchdog` is a thread, because a task cannot see that its own loop is stuck:
without a beat for the limit it writes where every thread stands and ends the
process with 70; the journal has everything, and the next start goes on. The
beat is given by the task `watchdog` (`Heartbeat`) only after the engine was
seen at a new turn or between two, so a commit that never returns counts as
standing still too. A process that was itself stopped is given one more period.
"""

import asyncio
import faulthandler
import os
import threading
import time
from collections.abc import Callable
from typing import Final, Literal

from execd.runtime.pump import Pump

EXIT_STUCK: Final = 70
LOOKS_PER_LIMIT: Final = 4
"""Beats and looks within one limit: one that comes late must not look like none."""
BEAT_S_MAX: Final = 2.5
"""The longest pause between two beats, whatever the limit."""
FRESH_PERIODS: Final = 4
"""A proof is fresh for so many periods."""
_STDERR: Final = 2


def die_here(text: str) -> None:
    """End the process at once, with one line and the stacks of all threads on standard error."""
    try:
        # Not through the log: its thread may be what stands still, and nothing runs after this.
        os.write(_STDERR, f'{{"event": "watchdog_exit", "level": "critical", "text": "{text}"}}\n'.encode())
        faulthandler.dump_traceback(file=_STDERR, all_threads=True)
    finally:
        os._exit(EXIT_STUCK)


def judge(*, now_s: float, looked_s: float, beat_s: float, limit_s: float) -> Literal["well", "stuck", "paused"]:
    """Return what a look says when the one before was at `looked_s`, and the last beat at `beat_s`."""
    if now_s - looked_s > limit_s / 2:
        # Whoever looks did not run either: SIGSTOP, a suspended machine, a starved host. That is not the loop's doing.
        return "paused"
    return "stuck" if now_s - beat_s > limit_s else "well"


class Watchdog:
    """The thread. `die` is what it does in the end."""

    def __init__(self, limit_s: float, die: Callable[[str], None] = die_here) -> None:
        """Watch nothing where the limit is zero."""
        self._limit_s = limit_s
        self._die = die
        self._beat_s = time.monotonic()
        self._ended = threading.Event()
        # A daemon thread: it must not keep the process alive.
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        if self._limit_s > 0:
            self.beat()
            self._thread.start()

    def beat(self) -> None:
        """Say that everything moves."""
        self._beat_s = time.monotonic()

    def close(self) -> None:
        """Watch no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        looked_s = time.monotonic()
        while not self._ended.wait(self._limit_s / LOOKS_PER_LIMIT):
            now_s = time.monotonic()
            match judge(now_s=now_s, looked_s=looked_s, beat_s=self._beat_s, limit_s=self._limit_s):
                case "paused":
                    self._beat_s = now_s
                case "stuck":
                    self._die(f"the engine has not come to rest for {now_s - self._beat_s:.1f} s")
                    return
                case "well":
                    pass  # There was a beat.
            looked_s = now_s


class Heartbeat:
    """The task `watchdog`: proves that loop, engine and journal move, and tells whoever wants to know."""

    def __init__(self, *, pump: Pump, period_s: float, on_beat: Callable[[], None]) -> None:
        """`on_beat` is called after each proof, at least every `period_s`."""
        self.proved_s = time.monotonic()
        self._pump = pump
        self._period_s = min(period_s, BEAT_S_MAX) if period_s > 0 else BEAT_S_MAX
        self._on_beat = on_beat
        self._turned_ns = -1

    def is_fresh(self) -> bool:
        """Whether the last proof is as young as it should be."""
        return time.monotonic() - self.proved_s < FRESH_PERIODS * self._period_s

    async def run(self) -> None:
        """Prove it again and again."""
        while True:
            if await self._has_moved():
                self.proved_s = time.monotonic()
                self._on_beat()
            await asyncio.sleep(self._period_s)

    async def _has_moved(self) -> bool:
        """Whether the engine has begun a turn since the last look, or has none to begin and comes to rest."""
        before_ns, self._turned_ns = self._turned_ns, self._pump.turned_ns
        if self._turned_ns != before_ns:
            return True
        try:
            async with asyncio.timeout(self._period_s), self._pump.settled():
                return self._pump.waiting_n == 0
        except TimeoutError:
            # A turn is under way, and its commit does not return.
            return False
