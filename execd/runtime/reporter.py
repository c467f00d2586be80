"""The outbox, off the hot path: at most one rewrite an intent and 250 ms, the terminal one at once and fsynced.

Bodies are made in the settled state, between two turns, so a file never shows
what the journal does not hold. Writing happens in a thread. A write that fails
is told and tried again; it never stops trading.
"""

import asyncio
import heapq
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from execd.core.book import Book
from execd.core.codec import encode
from execd.core.events import WriteReport
from execd.engine.summary import report
from execd.ports import Clock
from execd.runtime.bodies import Bodies, Store
from execd.runtime.clock import NS_PER_S

REWRITE_NS_MIN: Final = 250_000_000
BUILT_MAX: Final = 64
"""Reports made between two turns; the rest waits for the next pause, so that a full book cannot hold up the engine."""
CAUGHT_UP_MAX: Final = 10_000
"""So many of the latest reports are compared with the book at a start."""


class _Revision(msgspec.Struct):
    revision: int


_revision_decoder: Final = msgspec.json.Decoder(_Revision)


class Reporter:
    """The task `outbox`: which reports are due, and their writing."""

    def __init__(
        self,
        *,
        book: Book,
        store: Store,
        clock: Clock,
        nudge: Callable[[], None],
        pace_ns: int = REWRITE_NS_MIN,
    ) -> None:
        """`nudge` asks the pump to call `build` soon; `pace_ns` is the least time between two writings of a report."""
        self.pace_ns = pace_ns
        self._book = book
        self._store = store
        self._clock = clock
        self._nudge = nudge
        self._dirty: dict[str, None] = {}
        self._due: list[tuple[int, str]] = []
        """A heap of when each dirty report may be written; one that has ended meanwhile is skipped."""
        self._ended: dict[str, None] = {}
        self._written_ns: dict[str, int] = {}
        self._bodies = Bodies(store, event="outbox_write_failed", is_more_due=lambda: bool(self._dirty or self._ended))
        self._alarm: asyncio.TimerHandle | None = None

    def changed(self, effect: WriteReport) -> None:
        """Note that a parent's report is no longer true."""
        parent_id = effect.parent_id
        self._bodies.expect()
        if effect.is_terminal:
            self._ended[parent_id] = None
        elif parent_id not in self._dirty:
            self._dirty[parent_id] = None
            heapq.heappush(self._due, (self._written_ns.get(parent_id, -self.pace_ns) + self.pace_ns, parent_id))

    def build(self) -> None:
        """Make the bodies that are due. Call between two turns only."""
        if not self._dirty and not self._ended:
            return
        now_ns = self._clock.now_ns()
        for parent_id in list(islice(self._ended, BUILT_MAX)):
            del self._ended[parent_id]
            self._dirty.pop(parent_id, None)
            self._written_ns.pop(parent_id, None)
            self._put(parent_id, is_terminal=True)
        for parent_id in self._pop_due(now_ns):
            del self._dirty[parent_id]
            self._written_ns[parent_id] = now_ns
            self._put(parent_id, is_terminal=False)
        if self._ended or (self._due and self._due[0][0] <= now_ns):
            asyncio.get_running_loop().call_soon(self._nudge)
        elif self._dirty and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(self.pace_ns / NS_PER_S, self._ring)

    async def written(self) -> None:
        """Return once every report that was due is in the outbox."""
        await self._bodies.written()

    async def flush(self) -> None:
        """Make every open report due now and wait for the writing; for the end of the process."""
        self._written_ns.clear()
        self._due = [(0, parent_id) for parent_id in sorted(self._dirty)]
        self._nudge()
        await self.written()

    async def catch_up(self) -> None:
        """Write anew what a crash kept from the outbox: reports whose revision is not the book's."""
        known = [(one.order.parent_id, one.revision) for one in self._book.parents.values()][-CAUGHT_UP_MAX:]
        for parent_id in await asyncio.to_thread(self._stale, known):
            is_terminal = self._book.parents[parent_id].status.is_terminal
            self.changed(WriteReport(parent_id=parent_id, is_terminal=is_terminal))
        self._nudge()

    async def run(self) -> None:
        """Write what was made, for ever."""
        await self._bodies.run()

    def _stale(self, known: list[tuple[str, int]]) -> list[str]:
        return [one for one, revision in known if _revision_of(self._store.path_of(one)) != revision]

    def _pop_due(self, now_ns: int) -> list[str]:
        due: list[str] = []
        while self._due and self._due[0][0] <= now_ns and len(due) < BUILT_MAX:
            parent_id = heapq.heappop(self._due)[1]
            if parent_id in self._dirty and parent_id not in due:
                due.append(parent_id)
        return due

    def _ring(self) -> None:
        self._alarm = None
        self._nudge()

    def _put(self, parent_id: str, *, is_terminal: bool) -> None:
        self._bodies.put(parent_id, encode(report(self._book, parent_id)), is_terminal=is_terminal)


def _revision_of(path: Path) -> int | None:
    try:
        return _revision_decoder.decode(path.read_bytes()).revision
    except (OSError, msgspec.MsgspecError):
        return None
