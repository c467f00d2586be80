"""The edge that keeps reference data fresh: at the start, then whenever something is due.

It runs beside trading and never in its way. What could not be refreshed is told once with its age, and once when it is
whole again. What is made, and how, is in `service`.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from execd.ports import Clock
from execd.refdata.service import RefData

BEGIN_S: Final = 10.0
"""The first seconds of a daemon belong to its orders; a calendar can wait, and a refresh takes a processor."""
CHECK_S: Final = 300.0
"""So often it is asked whether something is due."""

Tell = Callable[[str, bool], None]
"""Gets a text, and whether it is the end of the trouble."""


class RefDataTask:
    """Refreshes what is due, for ever."""

    def __init__(
        self,
        *,
        refdata: RefData,
        clock: Clock,
        tell: Tell,
        on_changed: Callable[[list[str]], None],
        begin_s: float = BEGIN_S,
        check_s: float = CHECK_S,
    ) -> None:
        """`on_changed` gets the names of what is new, such as `calendar XNYS`."""
        self._refdata = refdata
        self._clock = clock
        self._tell = tell
        self._on_changed = on_changed
        self._begin_s = begin_s
        self._check_s = check_s
        self._said: tuple[tuple[str, str], ...] = ()

    async def run(self) -> None:
        """Refresh, tell, sleep, again."""
        try:
            await asyncio.sleep(self._begin_s)
            while True:
                await self.turn()
                await asyncio.sleep(self._check_s)
        finally:
            await self._refdata.close()

    async def turn(self) -> None:
        """Refresh what is due now, and say what changed for the worse or the better."""
        changed = await self._refdata.refresh(self._clock.now_ns())
        if changed:
            self._on_changed(changed)
        now_ns = self._clock.now_ns()
        trouble = [row for row in self._refdata.freshness(now_ns) if row.is_trouble]
        # Ages grow at every look: what is said again is another trouble, not the same one an hour older.
        kind = tuple((row.what, row.error) for row in trouble)
        if kind != self._said:
            text = "; ".join(row.complaint(now_ns) for row in trouble) or "reference data is whole again"
            self._tell(text, not trouble)
            self._said = kind

    def announce(self, error: str) -> None:
        """Nothing was missed: what is due stays due."""
        del error
