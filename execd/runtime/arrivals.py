"""Reports of an order whose sending is not over yet: they wait for its answer, for a moment.

The book takes facts in any order, so nothing depends on it. But a fill that is
told before its order was answered is hard to read in a story, and a broker
that gives the order's own id only in the answer may be asked by it. What waits
is bounded in number and time; then it goes on as it came.
"""

import asyncio
from typing import Final

from execd.core.events import ReportReceived
from execd.runtime.post import Post

WAIT_S_MAX: Final = 1.0
WAITING_MAX: Final = 1_000
"""Reports that wait, over all orders; with more of them a report goes on at once."""


class Arrivals:
    """Between the listeners and the engine."""

    def __init__(self, post: Post) -> None:
        """Hand on to `post`."""
        self._post = post
        self._sending: dict[str, list[ReportReceived]] = {}
        self._alarms: dict[str, asyncio.TimerHandle] = {}
        self._waiting_n = 0

    @property
    def waiting_n(self) -> int:
        """How many reports wait."""
        return self._waiting_n

    def begin(self, cl_ord_id: str) -> None:
        """Let reports of an order wait from now on: it is on its way."""
        if cl_ord_id not in self._sending:
            self._sending[cl_ord_id] = []
            self._alarms[cl_ord_id] = asyncio.get_running_loop().call_later(WAIT_S_MAX, self.end, cl_ord_id)

    def end(self, cl_ord_id: str) -> None:
        """Let them go on: it was answered, or took too long."""
        alarm = self._alarms.pop(cl_ord_id, None)
        if alarm is not None:
            alarm.cancel()
        for event in self._sending.pop(cl_ord_id, ()):
            self._waiting_n -= 1
            self._post(event)

    def hear(self, event: ReportReceived) -> None:
        """Take a report: it goes on at once, or waits behind those of its order."""
        waiting = self._sending.get(event.report.cl_ord_id)
        if waiting is None or self._waiting_n >= WAITING_MAX:
            self.end(event.report.cl_ord_id)
            self._post(event)
            return
        waiting.append(event)
        self._waiting_n += 1
