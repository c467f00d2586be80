"""One life of the daemon: the real engine, cycle, pump, sender, listeners and timers over an adapter.

It begins from a journal and can be killed at any of its points: before and
after a commit, before and after a call of the broker, and at each thing heard.
Killed means that nothing of it does anything more; what it had written to a
socket stays written. The next life begins from the same journal.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, Never, cast

from execd.config.settings import Settings
from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import Alert, Effect, Event, Recovered, Reply, StreamGap
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import Accepted, ExecReport, OrderSnapshot, Rejected
from execd.core.rules import Rules
from execd.core.snapshot import AccountSnapshot
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.guards import MET_S_MAX
from execd.journal.memory import MemoryJournal
from execd.markets import Market
from execd.ports import Broker, Feed
from execd.runtime.pump import Pump
from execd.runtime.recaller import Recaller
from execd.runtime.reconciler import Reconciler
from execd.runtime.release import Release
from execd.runtime.replies import Replies
from execd.runtime.reporter import Reporter
from execd.runtime.supervisor import Supervisor, within
from execd.runtime.timers import Scheduler
from execd.wires import Wires
from tests.conformance.loop import LoopClock

START_S_MAX: Final = 60.0
"""A broker that hangs may keep a start waiting, but not for ever."""


class Fuse:
    """Where a life dies: at the `at`-th point that it comes to (0: nowhere). `n` counts them."""

    def __init__(self, at: int = 0) -> None:
        self.n = 0
        self.at = at
        self.blown = asyncio.Event()

    async def point(self) -> None:
        """Come to a point; who dies here, or comes here dead, goes no further."""
        self.n += 1
        if self.at and self.n >= self.at:
            self.blow()
        if self.blown.is_set():
            await never()

    def blow(self) -> None:
        """Die."""
        self.blown.set()


async def never() -> Never:
    """Wait until cancelled."""
    while True:
        await asyncio.Event().wait()


class FusedJournal:
    """A journal that somebody may die in front of, or behind (`ports.Journal`)."""

    def __init__(self, journal: MemoryJournal, fuse: Fuse) -> None:
        self.epoch = journal.epoch
        self._journal = journal
        self._fuse = fuse

    async def load(self) -> Book:
        """Return the fold of everything committed."""
        return await self._journal.load()

    async def commit(self, batch: Batch) -> None:
        """Keep a batch."""
        await self._fuse.point()
        await self._journal.commit(batch)
        await self._fuse.point()

    async def close(self) -> None:
        """Leave it open: the next life begins from it."""


class FusedBroker:
    """An adapter that somebody may die in front of, or behind (`ports.Broker`); it translates nothing."""

    def __init__(self, broker: Broker, fuse: Fuse) -> None:
        self._broker = broker
        self._fuse = fuse
        self.account = broker.account
        self.limits = broker.limits

    def __getattr__(self, name: str) -> object:
        """Hand on what has no bytes in it."""
        return getattr(self._broker, name)

    async def submit(self, request: NewOrder) -> Accepted | Rejected | None:
        """Send a new order."""
        await self._fuse.point()
        answer = await self._broker.submit(request)
        await self._fuse.point()
        return answer

    async def cancel(self, request: CancelRequest, order_id: str) -> None:
        """Send a cancel."""
        await self._fuse.point()
        await self._broker.cancel(request, order_id)
        await self._fuse.point()

    async def replace(self, request: ReplaceRequest, order_id: str) -> None:
        """Send a replace."""
        await self._fuse.point()
        await self._broker.replace(request, order_id)
        await self._fuse.point()

    async def find(self, cl_ord_id: str) -> OrderSnapshot | None:
        """Ask about an order."""
        await self._fuse.point()
        seen = await self._broker.find(cl_ord_id)
        await self._fuse.point()
        return seen

    async def snapshot(self, since_ns: int) -> AccountSnapshot:
        """Read the account."""
        await self._fuse.point()
        seen = await self._broker.snapshot(since_ns)
        await self._fuse.point()
        return seen

    async def reports(self) -> AsyncIterator[ExecReport | StreamGap]:
        """Yield what is heard."""
        async for report in self._broker.reports():
            await self._fuse.point()
            yield report


class Papers:
    """The outbox of a life, in memory (`runtime.bodies.Store`)."""

    def __init__(self, folder: Path) -> None:
        self.written: dict[str, bytes] = {}
        self._folder = folder

    def write(self, name: str, body: bytes, *, is_terminal: bool) -> None:
        """Keep a report."""
        self.written[name] = body

    def path_of(self, name: str) -> Path:
        """Return where it would be."""
        return self._folder / name


class Life:
    """A daemon from its start to its death."""

    def __init__(
        self,
        *,
        rules: Rules,
        journal: MemoryJournal,
        book: Book,
        clock: LoopClock,
        adapter: tuple[Broker, Feed],
        fuse: Fuse,
        folder: Path,
    ) -> None:
        self.engine = Engine(rules, journal.epoch, book)
        self.broker, self.feed = adapter
        self.fuse = fuse
        self.alerts: list[Alert] = []
        self.replies: list[Reply] = []
        self.death: BaseException | None = None
        self._clock = clock
        self._supervisor = Supervisor()
        # It has every method of a broker: what is not here is handed on.
        fused = cast("Broker", FusedBroker(self.broker, fuse))
        self._pump = Pump(cycle=Cycle(self.engine), journal=FusedJournal(journal, fuse), clock=clock)
        post = self._pump.post
        brokers = {self.broker.account: fused}
        market = Market(brokers=brokers, feed=self.feed)
        self._wires = Wires(Settings(), market, self.engine, self._pump, clock, lambda *_: None)
        self._reconciler = Reconciler(brokers=brokers, post=post, clock=clock)
        self._scheduler = Scheduler(post=post, clock=clock)
        self._recaller = Recaller(remember=journal.recall, post=post, clock=clock)
        store = Papers(folder)
        self._reporter = Reporter(book=book, store=store, clock=clock, nudge=self._pump.nudge)
        self._release = Release(
            sender=self._wires.sender,
            scheduler=self._scheduler,
            quotes=self._wires.quotes,
            reporter=self._reporter,
            replies=Replies(),
            recaller=self._recaller,
            reconciler=self._reconciler,
            doubt=self._wires.doubt,
        )
        self._task: asyncio.Task[None] | None = None
        self._is_up = asyncio.Event()

    @property
    def book(self) -> Book:
        """What this life believes."""
        return self.engine.book

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Take note of what people are told."""
        self.alerts += [effect for effect in effects if isinstance(effect, Alert)]
        self.replies += [effect for effect in effects if isinstance(effect, Reply)]

    def post(self, event: Event) -> None:
        """Let something happen that no broker tells of."""
        self._pump.post(event)

    async def begin(self) -> None:
        """Start as the daemon does, and return once what was recovered is committed, or the life is over."""
        self._task = asyncio.create_task(self._run(), name="life")
        over = asyncio.create_task(self.fuse.blown.wait())
        up = asyncio.create_task(self._is_up.wait())
        async with asyncio.timeout(START_S_MAX):
            await asyncio.wait((over, up, self._task), return_when=asyncio.FIRST_COMPLETED)
        for task in (over, up):
            task.cancel()

    async def end(self) -> None:
        """Die, if that has not happened yet; nothing is written or said any more."""
        self.fuse.blow()
        if self._task is not None:
            self._task.cancel()
            # Not awaited itself: a cancellation of whoever waits here must not be mistaken for its.
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        try:
            await self.broker.start()
            await self.broker.take_up()
            async with self._supervisor as supervisor:
                supervisor.spine("engine", lambda: self._pump.run(self._release, self._reporter.build, (self,)))
                supervisor.spine("throttler", self._wires.sender.run)
                supervisor.spine("scheduler", self._scheduler.run)
                supervisor.spine("recaller", self._recaller.run)
                supervisor.spine("outbox", self._reporter.run)
                supervisor.edge("reconciler", self._reconciler.run, self._reconciler.announce)
                self._wires.start_reports(supervisor)
                self._pump.post(Recovered(now_ns=self._clock.now_ns()))
                await self._pump.drained()
                await within(MET_S_MAX, self._reconciler.met(), "start_unread")
                self._wires.start_quotes(supervisor)
                self._is_up.set()
        except Exception as error:  # noqa: BLE001  # Whatever a life died of is told by the verdict.
            self.death = error
            self.fuse.blow()
