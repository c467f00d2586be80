"""The task `engine`: the only one that turns the cycle.

Whatever may change an order is posted here. A turn handles what waits, its
records are committed in one transaction, and only then its effects go out.
While a commit runs, everything else queues up and shares the next one. The
pump never decides and never reorders; if a turn or a commit fails, the
exception ends the process, and recovery is the ordinary start.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from execd.core.batch import Batch
from execd.core.events import Effect, Event
from execd.engine.cycle import EVENTS_MAX, Cycle
from execd.ports import Clock, Journal
from execd.runtime.conflate import MarketBuffer
from execd.runtime.post import Observer

REPORTS_MAX: Final = 10_000
"""Reports are never dropped: at so many unhandled events a listener closes its stream and announces a gap."""


class Pump:
    """Events in, effects out, with a commit between."""

    def __init__(self, *, cycle: Cycle, journal: Journal, clock: Clock) -> None:
        """Begin with nothing posted."""
        self.market = MarketBuffer()
        self.turned_ns = clock.now_ns()
        self.waiting_n = 0
        self._cycle = cycle
        self._journal = journal
        self._clock = clock
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._turning = asyncio.Lock()

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
            self.turned_ns = self._clock.now_ns()
            batch = self._cycle.turn(self.turned_ns)
            self.waiting_n = max(0, self.waiting_n - EVENTS_MAX) if self._cycle.has_work() else 0
            commit_s = 0.0
            if batch.records:
                began_s = time.perf_counter()
                await self._journal.commit(batch)
                commit_s = time.perf_counter() - began_s
            effects = self._cycle.committed(batch, self._clock.now_ns())
        for effect in effects:
            release(effect)
        return batch, effects, commit_s
