"""The task `clock`: whether the wall still agrees, and whether anybody stopped us.

Each look reads three clocks: the wall, the time since boot (sleep included)
and the monotonic one (sleep excluded). `look` compares two looks and says
what follows; it is pure. A wall that was set concerns deadlines of the outside
world; a machine that slept, or a process that was stopped, has missed what the
streams said. Our own time goes on as it did, whatever the verdict.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Literal

import msgspec
import structlog

from execd.core.events import ClockJumped, TroubleReported
from execd.ports import Clock
from execd.runtime.clock import NS_PER_S, boot_ns
from execd.runtime.post import Post

SKEW_CAUSE: Final = "clock_skew"
Grade = Literal["well", "alert", "halt"]

log = structlog.get_logger("execd.clock")


class ClockLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How far clocks may disagree (alert, then no new risk), what counts as having been away, how often to look."""

    skew_alert_ns: int = 2 * NS_PER_S
    skew_halt_ns: int = 30 * NS_PER_S
    away_ns: int = 5 * NS_PER_S
    check_ns: int = 1 * NS_PER_S


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What the clocks said at one look."""

    wall_ns: int
    boot_ns: int
    mono_ns: int
    ours_ns: int

    @property
    def skew_ns(self) -> int:
        """How far the wall is ahead of our time."""
        return self.wall_ns - self.ours_ns


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What two looks say: `stepped_ns` of the wall, `slept_ns` of the machine, `paused_ns` of the process."""

    grade: Grade
    skew_ns: int
    stepped_ns: int = 0
    slept_ns: int = 0
    paused_ns: int = 0

    @property
    def away_ns(self) -> int:
        """How long nobody listened to the streams; zero where we were there."""
        return max(self.slept_ns, self.paused_ns)


def look(before: Sample, now: Sample, limits: ClockLimits, *, grade: Grade = "well") -> Verdict:
    """Return the verdict on two looks in a row. `grade` is the one before: a halt ends only below the alert."""
    skew_ns = now.skew_ns
    if abs(skew_ns) > limits.skew_halt_ns:
        grade = "halt"
    elif abs(skew_ns) <= limits.skew_alert_ns:
        grade = "well"
    elif grade == "well":
        grade = "alert"
    stepped_ns = skew_ns - before.skew_ns
    ran_ns = now.mono_ns - before.mono_ns
    slept_ns = (now.boot_ns - before.boot_ns) - ran_ns
    paused_ns = ran_ns - limits.check_ns
    return Verdict(
        grade=grade,
        skew_ns=skew_ns,
        stepped_ns=stepped_ns if abs(stepped_ns) > limits.skew_alert_ns else 0,
        slept_ns=slept_ns if slept_ns > limits.away_ns else 0,
        paused_ns=paused_ns if paused_ns > limits.away_ns else 0,
    )


class ClockWatch:
    """Looks, and tells the engine of what it sees."""

    def __init__(
        self, *, clock: Clock, post: Post, on_away: Callable[[str], None], limits: ClockLimits | None = None
    ) -> None:
        """`on_away` announces a gap on every stream."""
        self.limits = limits or ClockLimits()
        self.grade: Grade = "well"
        self._clock = clock
        self._post = post
        self._on_away = on_away

    def sample(self) -> Sample:
        """Read the clocks."""
        return Sample(
            wall_ns=time.time_ns(), boot_ns=boot_ns(), mono_ns=time.monotonic_ns(), ours_ns=self._clock.now_ns()
        )

    async def run(self) -> None:
        """Look for ever."""
        # Against itself: a wall that disagrees from the start (the journal was ahead) is told at once.
        before = self.sample()
        self.tell(look(before, before, self.limits, grade=self.grade))
        while True:
            await asyncio.sleep(self.limits.check_ns / NS_PER_S)
            now = self.sample()
            self.tell(look(before, now, self.limits, grade=self.grade))
            before = now

    def tell(self, verdict: Verdict) -> None:
        """Tell the engine what a verdict means for it."""
        now_ns, skew_ns = self._clock.now_ns(), verdict.skew_ns
        if verdict.away_ns:
            slept = f"the machine slept {verdict.slept_ns / NS_PER_S:.1f} s"
            text = slept if verdict.slept_ns else f"the process did not run for {verdict.paused_ns / NS_PER_S:.1f} s"
            log.warning("clock_away", slept_ns=verdict.slept_ns, paused_ns=verdict.paused_ns)
            # First what is stale, then the news: nothing may be decided on a quote of before.
            self._on_away(text)
            self._post(ClockJumped(now_ns=now_ns, jump_ns=verdict.away_ns, skew_ns=skew_ns, is_suspend=True))
        if verdict.stepped_ns or (self.grade == "well" and verdict.grade != "well"):
            log.warning("clock_skewed", skew_ns=skew_ns, stepped_ns=verdict.stepped_ns, grade=verdict.grade)
            self._post(ClockJumped(now_ns=now_ns, jump_ns=verdict.stepped_ns, skew_ns=skew_ns))
        if (verdict.grade == "halt") != (self.grade == "halt"):
            self._post(self._skew_trouble(now_ns, verdict))
        self.grade = verdict.grade

    def _skew_trouble(self, now_ns: int, verdict: Verdict) -> TroubleReported:
        apart = f"the wall clock is {verdict.skew_ns / NS_PER_S:+.1f} s from the daemon's"
        if verdict.grade == "halt":
            return TroubleReported(
                now_ns=now_ns, cause=SKEW_CAUSE, text=f"{apart}; set the clock right, or restart execd to take it over"
            )
        return TroubleReported(now_ns=now_ns, cause=SKEW_CAUSE, text=apart, is_over=True)
