"""A state directory with a real inbox, a real engine behind it and a journal in memory; the clock is the wall's.

`running` is one life of a daemon's intake; what it leaves on disk and in the journal is there for the next one.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import Effect, Known, Reply
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.errors import IntentError
from execd.intake.doorway import ReadyFile
from execd.intake.parse import ParseContext, Parsed, parse_steps
from execd.intake.watch import InboxScan
from execd.journal.memory import MemoryJournal
from execd.runtime.inbox_task import InboxTask
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.runtime.taking import Taker
from tests.world import EPOCH, RULES

S = 1_000_000_000
WAIT_S_MAX = 20.0
"""A turn takes milliseconds; a machine that compiles beside it may need much longer."""
LOOK_S = 0.002


class WallClock:
    """The wall."""

    def now_ns(self) -> int:
        """Return what it shows."""
        return time.time_ns()


class Hall:
    """The directories, and what one life after another made of them."""

    def __init__(self, root: Path) -> None:
        self.inbox, self.accepted, self.rejected = root / "inbox", root / "accepted", root / "rejected"
        self.journal = MemoryJournal(created_ns=time.time_ns())
        self.clock = WallClock()
        self.book = Book()
        self.effects: list[Effect] = []
        self.refused: list[IntentError] = []
        self.asked: list[Sequence[str]] = []
        self.known: dict[str, Known] = {}
        self.inbox.mkdir(mode=0o750)

    def drop(self, name: str, content: object, *, age_s: float = 0.0) -> None:
        """Rename a file into the inbox, last written so long ago."""
        text = content if isinstance(content, str) else json.dumps(content)
        aside = self.inbox / f".{name}.tmp"
        aside.write_text(text)
        at_ns = time.time_ns() - int(age_s * S)
        os.utime(aside, ns=(at_ns, at_ns))
        aside.rename(self.inbox / name)

    def told(self, name: str) -> dict[str, object]:
        """Return what is written of a refused file; empty while there is nothing."""
        try:
            found: dict[str, object] = json.loads((self.rejected / f"{name}.error.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once something holds; fail where it takes too long."""
        async with asyncio.timeout(WAIT_S_MAX):
            while not holds():  # noqa: ASYNC110  # What is waited for is on a disk, which tells nobody.
                await asyncio.sleep(LOOK_S)

    async def accepted_all(self, *names: str) -> None:
        """Return once these files lie in accepted/."""
        await self.until(lambda: all((self.accepted / name).exists() for name in names))

    pump: Pump
    taker: Taker
    """Both of the life that runs."""

    @asynccontextmanager
    async def running(self, *, scan_s: float = 0.01, settle_ms: int = 0) -> AsyncIterator[InboxTask[ReadyFile]]:
        """Run the intake over an engine that begins with what the journal holds."""
        clock, replies = self.clock, Replies()
        engine = Engine(RULES, EPOCH, await self.journal.load())
        self.book = engine.book
        pump = self.pump = Pump(cycle=Cycle(engine), journal=self.journal, clock=clock)

        def release(effect: Effect) -> None:
            self.effects.append(effect)
            if isinstance(effect, Reply):
                replies.deliver(effect)

        def open_inbox() -> InboxScan:
            settle_ns = settle_ms * 1_000_000
            return InboxScan(inbox=self.inbox, accepted=self.accepted, rejected=self.rejected, settle_ns=settle_ns)

        taker = self.taker = Taker(steps=parsing, known=self._known, pump=pump, replies=replies, clock=clock)
        task = InboxTask(
            open_inbox=open_inbox,
            folder=self.inbox,
            taker=taker,
            pump=pump,
            clock=clock,
            scan_s=scan_s,
            on_refused=self.refused.append,
        )
        tasks = [
            asyncio.create_task(pump.run(release, lambda: None, (self,))),
            asyncio.create_task(task.run()),
        ]
        try:
            yield task
        finally:
            for one in tasks:
                one.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """See a batch."""

    async def _known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        self.asked.append(tuple(ids))
        return {one: self.known[one] for one in ids if one in self.known}


def parsing(name: str, body: bytes, mtime_ns: int) -> Generator[None, None, Parsed]:
    """Parse as a daemon with one account does."""
    context = ParseContext(now_ns=time.time_ns(), mtime_ns=mtime_ns, accounts=("sim",), default_account="sim")
    return parse_steps(name, body, context=context)


def buy(intent_id: str, **fields: object) -> dict[str, object]:
    """Return an intent; without a market it waits for a quote."""
    return {"id": intent_id, "symbol": "AAPL", "side": "buy", "qty": 100} | fields
