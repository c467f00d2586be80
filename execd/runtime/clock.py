"""The daemon's own time.

Wall time is read once, at the start; from then on the time since boot counts,
which also passes while the machine sleeps. So time never steps: not when
somebody sets the wall clock, and not below what the journal already holds.
Nothing else in the daemon reads a clock to decide; whether the wall still
agrees is looked at in `clock_watch.py`.
"""

import time
from typing import Final

NS_PER_S: Final = 1_000_000_000
_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux only; elsewhere the monotonic clock, which may stand still while the machine sleeps."""


def boot_ns() -> int:
    """Return the time since boot, sleep included, in nanoseconds."""
    return time.clock_gettime_ns(_BOOT)


class SystemClock:
    """Nanoseconds of UTC that only grow. `floor_ns` is the last instant the journal knows."""

    def __init__(self, *, floor_ns: int = 0) -> None:
        """Read the wall once; where it lies behind the journal, the journal's time goes on."""
        wall_ns = time.time_ns()
        self.behind_ns: Final = max(0, floor_ns - wall_ns)
        self._offset_ns: Final = max(wall_ns, floor_ns + 1) - boot_ns()

    def now_ns(self) -> int:
        """Return the instant, nanoseconds of UTC."""
        return time.clock_gettime_ns(_BOOT) + self._offset_ns

    def skew_s(self) -> float:
        """Return how far the wall clock is ahead of ours by now, in seconds; negative when behind."""
        return (time.time_ns() - self.now_ns()) / NS_PER_S
