"""The task `engine`: the only one that turns the cycle.

Whatever may change an order is posted here. A turn handles what waits, its
records are committed in one transaction, and only then its effects go out.
While a commit runs, everything else queues up and shares the next one. The
pump never decides and never reorders; if a turn or a commit fails, the
exception ends the process, and recovery is the ordinary start. A full disk is
the one failure that is waited for: `make_room` frees what was kept for it, new
risk is halted, and what is committed from then on is what reduces it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog

from execd.core.batch import Batch
from execd.core.events import Effect, Event, TroubleReported
from execd.engine.cycle import EVENTS_MAX, Cycle
from execd.errors import JournalFull
from execd.ports import Clock, Journal
from execd.runtime.conflate import MarketBuffer
from execd.runtime.post import Observer

SLOW_COMMIT_S: Final = 1.0
"""A commit that takes longer is a disk in trouble: no new risk on it."""
FULL_RETRY_S: Final = 1.0
"""So often a full disk is tried again; nothing leaves meanwhile."""
REPORTS_MAX: Final = 10_000
"""Reports are never dropped: at so many unhandled events a listener closes its stream and announces a gap."""

log = structlog.get_logger("execd.engine")


class Pump:
    """Events in, effects out, with a commit between."""

    def __init__(
        self,
        *,
        cycle: Cycle,
        journal: Journal,
        clock: Clock,
        make_room: Callable[[], bool] | None = None,
        slow_commit_s: float = SLOW_COMMIT_S,
        full_retry_s: float = FULL_RETRY_S,
        on_no_room: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`make_room` frees space kept for a full disk and says whether there was any; it is called in a thread.

        `on_no_room` is told where even that is not enough: no event can tell of it before there is room again.
        """
        self.market = MarketBuffer()
        self.turned_ns = clock.now_ns()
        self.waiting_n = 0
        self._cycle = cycle
        self._journal = journal
        self._clock = clock
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._turning = asyncio.Lock()
        self._still = asyncio.Event()
        self._still.set()
        self._no_room = asyncio.Event()
        self._make_room = make_room if make_room is not None else lambda: False
        self._slow_commit_s = slow_commit_s
        self._full_retry_s = full_retry_s
        self._on_no_room = on_no_room

    def post(self, event: Event) -> None:
        """Take an event; it is handled in one of the next turns."""
        self._cycle.push(event)
        self.waiting_n += 1
        self.nudge()

    def nudge(self) -> None:
        """Turn soon, because market data waits in the buffer or somebody wants the settled state."""
        self._idle.clear()
        self._wake.set()

    @asynccontextmanager
    async def settled(self) -> AsyncIterator[None]:
        """Hold the engine between two turns: inside, what its book says is durable."""
        async with self._turning:
            yield

    @property
    def is_without_room(self) -> bool:
        """Whether the journal has no room, and nothing is left to make some: nothing leaves meanwhile."""
        return self._no_room.is_set()

    async def without_room(self) -> None:
        """Return once that is so."""
        await self._no_room.wait()

    @asynccontextmanager
    async def readable(self) -> AsyncIterator[None]:
        """Let somebody look at the book between two turns; he must not wait inside.

        Nobody is kept waiting for room: while the journal has none, the book also shows what was decided and could not
        be written yet. Of that nothing has left.
        """
        while not self._still.is_set():
            await self._still.wait()
        yield

    async def drained(self) -> None:
        """Return once everything posted so far is handled, committed and released."""
        await self._idle.wait()

    async def run(
        self, release: Callable[[Effect], None], between: Callable[[], None], observers: Sequence[Observer]
    ) -> None:
        """Turn for ever. `between` is called in the settled state after each turn that had something to do."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._take_market()
            while self._cycle.has_work():
                batch, effects, commit_s = await self._turn(release)
                # One breath for the senders: a request leaves before anything is logged, counted or reported of it.
                await asyncio.sleep(0)
                for observer in observers:
                    observer.committed(batch, effects, commit_s)
                between()
                self._take_market()
            between()
            if not self._wake.is_set():
                self._idle.set()

    def _take_market(self) -> None:
        if self.market:
            for event in self.market.take(self._clock.now_ns()):
                self._cycle.push(event)
                self.waiting_n += 1

    async def _turn(self, release: Callable[[Effect], None]) -> tuple[Batch, list[Effect], float]:
        async with self._turning:
            self._still.clear()
            try:
                self.turned_ns = self._clock.now_ns()
                batch = self._cycle.turn(self.turned_ns)
                self.waiting_n = max(0, self.waiting_n - EVENTS_MAX) if self._cycle.has_work() else 0
                commit_s = await self._commit(batch) if batch.records else 0.0
                effects = self._cycle.committed(batch, self._clock.now_ns())
            finally:
                self._still.set()
        for effect in effects:
            release(effect)
        if self._cycle.poison is not None:
            raise self._cycle.poison
        if commit_s > self._slow_commit_s:
            self._trouble(
                "journal_slow", f"a commit took {commit_s:.1f} s, at most {self._slow_commit_s:g}: look at the disk"
            )
        return batch, effects, commit_s

    async def _commit(self, batch: Batch) -> float:
        """Commit and return how many seconds that took; where the disk is full make room, and wait for it.

        The waiting does not count: a disk without room is told as that, and not as a slow one.
        """
        is_told = False
        while True:
            began_s = time.perf_counter()
            try:
                await self._journal.commit(batch)
            except JournalFull as error:
                has_room = await asyncio.to_thread(self._make_room)
                if not is_told:
                    is_told = True
                    log.critical("journal_full", text=str(error), has_room=has_room)
                    self._trouble("journal_full", f"{error}: make room, then execd resume --halt")
                if not has_room:
                    if not self.is_without_room:
                        self._on_no_room(f"{error}: nothing is taken and nothing sent until there is some: make room")
                    self._no_room.set()
                    self._still.set()
                    # Nothing was written and nothing leaves: the watchdog must see that somebody is at it.
                    self.turned_ns = self._clock.now_ns()
                    await asyncio.sleep(self._full_retry_s)
            else:
                self._no_room.clear()
                return time.perf_counter() - began_s

    def _trouble(self, cause: str, text: str) -> None:
        self.post(TroubleReported(now_ns=self._clock.now_ns(), cause=cause, text=text))
