"""The task `proof`: the journal's own records are read again, slowly, and what is not as it was written halts.

Disks forget and bits flip long after a write; a daemon that went on would
decide from, and back up, what nobody wrote. Once a day every record is
checked against its sum. What is wrong is told and never mended here: that is
an operator's choice between a backup and a rebuild.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import structlog

from execd.core.events import TroubleReported
from execd.errors import JournalCorrupt, JournalError
from execd.ports import Clock

CAUSE: Final = "journal_corrupt"
FIRST_S: Final = 30.0
"""After READY: a start has better things to do."""
EVERY_S: Final = 86_400.0
PAUSE_S: Final = 0.05
"""Between two pages: some thousands of records a second, and a few hundredths of a processor."""

At = TypeVar("At")
log = structlog.get_logger("execd.proof")


class Prover(Generic[At]):
    """Follows the chain of a journal that is being written."""

    def __init__(
        self,
        *,
        begin: Callable[[], At],
        go_on: Callable[[At], bool],
        post: Callable[[TroubleReported], Any],
        clock: Clock,
        first_s: float = FIRST_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        """`begin` says where, `go_on` checks some records from there and says whether there may be more.

        Both may take a moment and raise JournalCorrupt; `pause_s` is between two of them.
        """
        self._begin = begin
        self._go_on = go_on
        self._post = post
        self._clock = clock
        self._first_s = first_s
        self._pause_s = pause_s

    async def run(self) -> None:
        """Prove the journal soon after the start, and then each day."""
        await asyncio.sleep(self._first_s)
        while True:
            await self.prove()
            await asyncio.sleep(EVERY_S)

    async def prove(self) -> None:
        """Read every record once; tell what is not as it was written."""
        try:
            at = await asyncio.to_thread(self._begin)
            while await asyncio.to_thread(self._go_on, at):  # noqa: ASYNC110  # The sleep lets others work.
                await asyncio.sleep(self._pause_s)
        except JournalCorrupt as error:
            log.critical(CAUSE, text=str(error))
            text = f"{error}: see execd journal verify, then stop, and restore a backup or rebuild"
            self._post(TroubleReported(now_ns=self._clock.now_ns(), cause=CAUSE, text=text))
        except JournalError as error:
            # Not readable just now says nothing about what is in it; the next day looks again.
            log.warning("journal_not_proved", text=str(error))
