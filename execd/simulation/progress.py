"""How far a replay is, for somebody who watches; and how long its parts took.

Without a stopwatch nothing is measured and nothing is told. Lines go to standard error, at most one a second, and only
to a terminal; results never hold what is measured here.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from execd.simulation.segments import Segment

Stopwatch = Callable[[], float]
TOLD_EVERY_S: Final = 1.0
_NS: Final = 1_000_000_000


class Progress:
    """A stopwatch and where it points."""

    def __init__(self, stopwatch: Stopwatch | None) -> None:
        self._stopwatch = stopwatch
        self._is_shown = stopwatch is not None and sys.stderr.isatty()
        self._told_s = 0.0
        self._reading_s = 0.0
        self._running_s = 0.0

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by part, empty without a stopwatch: `reading` tapes, and the `engine` with its venue."""
        if self._stopwatch is None:
            return {}
        return {"reading": round(self._reading_s, 6), "engine": round(self._running_s - self._reading_s, 6)}

    def timed_reading(self, segments: Iterator[Segment]) -> Iterator[Segment]:
        """Yield segments, counting the time that they take."""
        while True:
            began_s = self._now_s()
            segment = next(segments, None)
            self._reading_s += self._now_s() - began_s
            if segment is None:
                return
            yield segment

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the whole run inside; what was read before it counts as reading alone."""
        began_s, read_s = self._now_s(), self._reading_s
        yield
        self._running_s = self._now_s() - began_s + read_s

    def tell(self, now_ns: int) -> None:
        """Say that the replay has reached `now_ns`."""
        if self._is_shown and self._now_s() - self._told_s >= TOLD_EVERY_S:
            self._told_s = self._now_s()
            moment = datetime.fromtimestamp(now_ns // _NS, UTC)
            sys.stderr.write(f"\rreplay at {moment:%Y-%m-%d %H:%M:%S} UTC")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line off the terminal."""
        if self._is_shown and self._told_s:
            sys.stderr.write("\r\x1b[K")

    def _now_s(self) -> float:
        return 0.0 if self._stopwatch is None else self._stopwatch()
