"""How long an edge waits before it begins again: exponentially longer, jittered, and never logging in too often.

The jitter is the same for the same name and number, so a bad night can be
told again. It waits for nothing itself; `supervisor` does.
"""

from collections import deque
from typing import Final

from execd.core import chance

PAUSE_S_MIN: Final = 0.1
PAUSE_S_MAX: Final = 30.0
BEGINNINGS_PER_MIN_MAX: Final = 10
BEGINNINGS_PER_H_MAX: Final = 60
"""Brokers lock out who logs in more often than a person could explain; one a minute in the long run is enough."""
_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3_600.0


def pause_after(failed_n: int, draw: float) -> float:
    """Return the pause after the `failed_n`-th failure in a row, seconds; `draw` in [0, 1) jitters it downward."""
    longest_s = min(PAUSE_S_MAX, PAUSE_S_MIN * 2.0 ** min(failed_n, 16))
    return longest_s * (1 - draw / 2)


class Backoff:
    """The beginnings of one edge."""

    def __init__(self, name: str) -> None:
        """Begin with none."""
        self._name = name
        self._began_n = 0
        self._began_s: deque[float] = deque(maxlen=BEGINNINGS_PER_H_MAX)

    def begun(self, now_s: float) -> None:
        """Count a beginning."""
        self._began_n += 1
        self._began_s.append(now_s)

    def pause_s(self, failed_n: int, now_s: float) -> float:
        """Return how long to wait after a failure, the `failed_n`-th in a row."""
        pause_s = pause_after(failed_n, float(chance.unit(failed_n, self._name, self._began_n)))
        return max(
            pause_s,
            self._free_s(BEGINNINGS_PER_MIN_MAX, _MINUTE_S, now_s),
            self._free_s(BEGINNINGS_PER_H_MAX, _HOUR_S, now_s),
        )

    def _free_s(self, most_n: int, window_s: float, now_s: float) -> float:
        """Return after how long another beginning is within `most_n` of a window."""
        if len(self._began_s) < most_n:
            return 0.0
        return self._began_s[-most_n] + window_s - now_s
