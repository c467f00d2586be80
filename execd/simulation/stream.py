"""The stream of one account's reports: what becomes of a report between the broker and the daemon.

Late, twice, out of order, lost, garbled, cut, or silent. A numbered stream
notices what is missing and tells it again; another one only tells what comes
from now on, and announces that there was a gap. It decides nothing about
reports themselves.
"""

from typing import Final, Protocol

from execd.core.events import ReportReceived, StreamGap
from execd.core.reports import ExecReport
from execd.core.rules import MS, S
from execd.simulation.faults import Faults

STALE_NS: Final = 30 * S
"""A stream that says nothing is noticed after so long."""
AGAIN_NS: Final = 60 * S
"""A numbered stream that begins anew tells again what is younger than this."""
OLD_N: Final = 5


class Ways(Protocol):
    """What a stream needs of the world."""

    @property
    def now_ns(self) -> int:
        """The true time."""

    @property
    def life_n(self) -> int:
        """Which process lives."""

    def later(self, at_ns: int, act: "Act") -> None:
        """Do something at an instant."""

    def post(self, event: ReportReceived | StreamGap) -> None:
        """Give the process an event, stamped with its own time."""


class Act(Protocol):
    """Something that happens."""

    def __call__(self) -> None:
        """Let it happen."""


class Stream:
    """Reports of one account on their way to the process that lives."""

    def __init__(self, account: str, ways: Ways, faults: Faults, *, is_numbered: bool) -> None:
        """Begin connected to nobody."""
        self.account = account
        self._ways = ways
        self._faults = faults
        self._is_numbered = is_numbered
        self._is_up = False
        self._is_silent = False
        self._connection_n = 0
        self._due_ns = 0
        self._told: list[tuple[int, ExecReport]] = []
        """Everything that was ever said, and when."""
        self._heard_n = 0
        """How much of it a numbered stream has passed on to this process, or holds for lost no more."""

    def say(self, report: ExecReport, now_ns: int) -> None:
        """Tell a report to whoever listens."""
        self._told.append((now_ns, report))
        if not self._is_up or self._is_silent:
            return
        self._heard_n = len(self._told)
        match self._faults.first_of("report_lost", "report_garbled"):
            case "report_lost" if self._is_numbered:
                # The next number shows the hole.
                self.cut("a report is missing", back_in_ns=2 * S, again_n=1)
                return
            case "report_lost":
                return
            case "report_garbled":
                self.cut("a report could not be read", back_in_ns=S, again_n=1)
                return
            case _:
                pass
        due_ns = max(self._due_ns, now_ns + self._faults.draws.between(5 * MS, 80 * MS, "report"))
        if self._faults.strikes("report_late"):
            self._pass(report, due_ns + self._faults.draws.between(S, 30 * S, "report_late"))
            return
        if self._faults.strikes("report_swapped"):
            self._pass(report, due_ns + 200 * MS)
            return
        self._due_ns = due_ns
        self._pass(report, due_ns)
        if self._faults.strikes("report_twice"):
            self._pass(report, due_ns + self._faults.draws.between(0, 5 * S, "report_twice"))

    def listen(self, *, since_ns: int | None) -> None:
        """Begin to tell a process that has just started; it has heard everything until `since_ns`."""
        self._connection_n += 1
        self._is_up, self._is_silent = True, False
        if self._is_numbered and since_ns is not None:
            missed = [report for at_ns, report in self._told if at_ns >= since_ns - AGAIN_NS]
            for report in missed:
                self._pass(report, self._ways.now_ns + 10 * MS)
        self._heard_n = len(self._told)

    def hang_up(self) -> None:
        """Tell nobody more: the process that listened is dead."""
        self._is_up = False
        self._connection_n += 1
        self._due_ns = 0

    def cut(self, text: str, *, back_in_ns: int, again_n: int = 0) -> None:
        """End the connection; it is back after a while, and a gap is announced."""
        if not self._is_up:
            return
        self._is_up = False
        self._heard_n = max(0, self._heard_n - again_n)
        self._connection_n += 1
        connection_n, life_n = self._connection_n, self._ways.life_n

        def back() -> None:
            if connection_n == self._connection_n and life_n == self._ways.life_n:
                self._begin_anew(text)

        self._ways.later(self._ways.now_ns + back_in_ns, back)

    def fall_silent(self) -> None:
        """Say nothing more on a connection that stays open, until somebody notices."""
        if not self._is_up or self._is_silent:
            return
        self._is_silent = True
        connection_n = self._connection_n

        def noticed() -> None:
            if connection_n == self._connection_n and self._is_up:
                self.cut("nothing was heard for too long", back_in_ns=S)

        self._ways.later(self._ways.now_ns + STALE_NS, noticed)

    def tell_old(self) -> None:
        """Tell again what was told long ago."""
        if self._is_up and not self._is_silent:
            for _, report in self._told[: self._heard_n][-OLD_N:]:
                self._pass(report, self._ways.now_ns + 20 * MS)

    def _begin_anew(self, text: str) -> None:
        self._is_up, self._is_silent = True, False
        self._due_ns = 0
        gap = StreamGap(now_ns=self._ways.now_ns, account=self.account, stream="reports", text=text)
        self._ways.post(gap)
        if self._is_numbered:
            for _, report in self._told[self._heard_n :]:
                self._pass(report, self._ways.now_ns + 10 * MS)
        self._heard_n = len(self._told)

    def _pass(self, report: ExecReport, due_ns: int) -> None:
        # What is on its way when a connection ends has left the broker, and may still be heard by this process.
        life_n = self._ways.life_n

        def hear() -> None:
            if life_n == self._ways.life_n:
                self._ways.post(ReportReceived(now_ns=self._ways.now_ns, account=self.account, report=report))

        self._ways.later(due_ns, hear)
