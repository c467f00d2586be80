"""The composition root: the one place that knows every part and joins them.

Start: lock, journal, book, broker, engine, READY, quotes, inbox last. Stop:
inbox first, last commit, last reports, broker, journal. What a part does is
in its own room; a new broker is a case in `open_market`.
"""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from typing import Final, Literal, Self

import structlog

from execd import __version__, opening, pinning
from execd.config.loader import Loaded
from execd.config.settings import Settings, ns_of_ms
from execd.core.events import Alert, Recovered, StopRequested
from execd.core.records import Record
from execd.doors import Parts, open_doors
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.entrance import Entrance
from execd.errors import BrokerError, BrokerSilent, ConfigError, JournalFull
from execd.guards import Guarded, Guards, Reloader
from execd.intake.outbox import Outbox
from execd.journal.sqlite import SqliteJournal
from execd.markets import able, open_market
from execd.reference import Reference
from execd.runtime import loop
from execd.runtime.clock import NS_PER_S, SystemClock
from execd.runtime.health import Health
from execd.runtime.paths import StatePaths
from execd.runtime.pump import Pump
from execd.runtime.recaller import Recaller
from execd.runtime.release import Release
from execd.runtime.replies import Replies
from execd.runtime.reporter import Reporter
from execd.runtime.stopping import (
    NOT_WRITTEN,
    NOT_WRITTEN_TEXT,
    Ended,
    StopWish,
    alert_of,
    tell_left,
    until_gone,
)
from execd.runtime.supervisor import Supervisor, first_of, within
from execd.runtime.tell import Tell
from execd.runtime.timers import Scheduler
from execd.surface.answers import Problem
from execd.surface.metrics import Metrics
from execd.surface.web import Surface
from execd.wires import Wires

LAST_S_MAX: Final = 5.0
"""How long a stop waits for the last commit, again for the last reports, and again for the last pages."""
CHECKPOINT_S_MAX: Final = 20.0
"""How long it waits for a checkpoint, without which the next start reads more."""
STOP_S_MAX: Final = 5 * LAST_S_MAX + CHECKPOINT_S_MAX
"""What a stop may take beyond its grace; the service manager is told."""

log = structlog.get_logger("execd.app")


class Daemon:
    """One running execd: its parts, joined."""

    def __init__(
        self,
        *,
        loaded: Loaded,
        paths: StatePaths,
        journal: SqliteJournal,
        engine: Engine,
        clock: SystemClock,
        reference: Reference,
        read: Callable[[], Loaded],
        stop_wish: StopWish,
    ) -> None:
        """Join everything that needs no broker yet; `read` reads the configuration again."""
        self.loaded, settings = loaded, loaded.settings
        self.reference = reference
        self.paths, self.journal = paths, journal
        self.engine = engine
        self.clock = clock
        self.health = Health(started_ns=clock.now_ns(), hindrance=self._hindrance)
        self.supervisor = Supervisor()
        self.stop_wish = stop_wish
        self.ballast = opening.ballast_of(settings, paths)
        self.pump = self._pump(float(settings.journal.slow_commit_s))
        self.replies = Replies()
        self.scheduler = Scheduler(post=self.pump.post, clock=clock)
        self.reporter = Reporter(
            book=engine.book,
            store=Outbox(paths.outbox),
            clock=clock,
            nudge=self.pump.nudge,
            pace_ns=ns_of_ms(settings.outbox.pace_ms),
        )
        self.venues = {name: str(account.adapter) for name, account in settings.accounts.items()}
        self.metrics = Metrics(book=engine.book, rules=engine.desk.rules, venues=self.venues)
        self.market = open_market(settings, engine, clock, paths)
        brokers = self.market.brokers
        self.wires = Wires(settings, self.market, engine, self.pump, clock, self.metrics.count_call)
        self.sender, self.quotes = self.wires.sender, self.wires.quotes
        self.recaller = Recaller(remember=journal.recall, post=self.pump.post, clock=clock)
        guarded = Guarded(paths, journal, engine, self.pump, clock, self.health, self.ballast, brokers)
        self.guards = Guards(settings, guarded)
        self.release = Release(
            sender=self.sender,
            scheduler=self.scheduler,
            quotes=self.quotes,
            reporter=self.reporter,
            replies=self.replies,
            recaller=self.recaller,
            reconciler=self.guards.reconciler,
            doubt=self.wires.doubt,
        )
        self.entrance = self._entrance()
        self.inbox = self.entrance.inbox(float(settings.inbox.scan_s))
        self.guards.rules_of = reference.rules
        self.reloader = Reloader(settings, read=read, guards=self.guards, pump=self.pump, clock=clock)
        self._measure_reload()
        self.surface = self._surface()

    @classmethod
    async def open(
        cls,
        loaded: Loaded,
        paths: StatePaths,
        closing: AsyncExitStack,
        read: Callable[[], Loaded],
        stop_wish: StopWish,
    ) -> Self:
        """Take the state directory, read the journal, and join the parts; `closing` gets what must be closed."""
        settings = loaded.settings
        lock = opening.take(paths)
        closing.callback(lock.release)
        journal = await opening.open_journal(settings, paths, now_ns=time.time_ns())
        closing.push_async_callback(journal.close)
        clock = SystemClock(floor_ns=journal.last_ns)
        if clock.behind_ns > 0:
            log.warning("clock_behind_journal", behind_ns=clock.behind_ns)
        reference = await Reference.open(settings, paths, clock, able)
        book = await opening.load(journal, settings, now_ns=clock.now_ns())
        pinning.require_configured(book, settings.accounts)
        engine = Engine(reference.rules(settings), journal.epoch, book, epochs=journal.epochs)
        daemon = cls(
            loaded=loaded,
            paths=paths,
            journal=journal,
            engine=engine,
            clock=clock,
            reference=reference,
            read=read,
            stop_wish=stop_wish,
        )
        closing.push_async_callback(daemon.market.close)
        # What cannot be had is said now, and not by a task that tries for ever.
        daemon.entrance.open_inbox().close()
        daemon.surface.bind()
        closing.callback(daemon.surface.close)
        return daemon

    @property
    def settings(self) -> Settings:
        """The configuration in force; a reload changes it."""
        return self.reloader.settings

    async def run(self, on_ready: Callable[[Self], None]) -> None:
        """Start every task in its order, work until somebody wishes the end, end them in the opposite order."""
        async with self.supervisor:
            await self._start(on_ready)
            await self.stop_wish.asked.wait()
            await self._stop()
        await self.guards.end()
        if self.pump.is_without_room:
            raise JournalFull(NOT_WRITTEN_TEXT)

    async def _start(self, on_ready: Callable[[Self], None]) -> None:
        supervisor, pump = self.supervisor, self.pump
        supervisor.edge("surface", self.surface.run, lambda _: None)
        await self._meet_brokers()
        restored = await asyncio.to_thread(opening.restored, self.paths, self.clock)
        observers = (self.metrics, Tell(), *self.guards.observers)
        supervisor.spine("engine", lambda: pump.run(self.release, self._between_turns, observers))
        supervisor.spine("throttler", self.sender.run)
        supervisor.spine("scheduler", self.scheduler.run)
        supervisor.spine("recaller", self.recaller.run)
        supervisor.spine("outbox", self.reporter.run)
        supervisor.spine("health", self.health.run)
        self.wires.start_reports(supervisor)
        self.guards.begin(self.settings, supervisor)
        # Past days first: what is taken up, and what comes after it, is planned by them.
        for told in (*self.reference.days(), Recovered(now_ns=self.clock.now_ns()), *restored):
            pump.post(told)
        await self.guards.met()
        await first_of(pump.drained(), pump.without_room())
        if pump.is_without_room:
            raise JournalFull("the journal has no room for this start: make room on its disk, then start again")
        opening.forget_restored(self.paths)
        await self.surface.opened.wait()
        # What recovery made stays; looking through it at every collection would only cost.
        gc.collect()
        gc.freeze()
        self.wires.start_quotes(supervisor)
        supervisor.edge("inbox", self.inbox.run, self.inbox.announce)
        self.health.state = "ready"
        log.info(
            "configured",
            config_file=str(self.loaded.file or ""),
            instruments_file=str(self.loaded.instruments_file or ""),
            instruments_n=len(self.settings.instruments),
        )
        log.info("ready", version=__version__, loop=loop.loop_name(), metrics_url=f"{self.surface.url}/metrics")
        self.guards.start(supervisor)
        self.reference.start(supervisor, pump, lambda: self.settings)
        on_ready(self)
        await self.reporter.catch_up()

    async def _meet_brokers(self) -> None:
        """Connect, and hold the journal to the accounts that answer. Raises BrokerSilent where one does not."""
        try:
            for broker in self.market.brokers.values():
                await broker.start()
            await pinning.hold_to(
                self.journal,
                self.market.brokers,
                self.venues,
                now_ns=self.clock.now_ns(),
            )
        except BrokerSilent:
            raise
        except BrokerError as error:
            raise BrokerSilent(f"the broker went away while execd started: {error}; start again") from error

    async def _stop(self) -> None:
        """End in order; a second wish of the end cuts that short, but not the last commit."""
        self.health.state = "stopping"
        policy = self.stop_wish.policy or self.settings.process.stop.value
        grace_s = float(self.settings.process.stop_grace_s)
        log.info("stopping", reason=self.stop_wish.reason, policy=policy)
        self.guards.notifier.stopping(grace_s + STOP_S_MAX)
        orderly = asyncio.create_task(self._end_in_order(policy, grace_s))
        hurry = asyncio.create_task(self.stop_wish.hurry.wait())
        await asyncio.wait((orderly, hurry), return_when=asyncio.FIRST_COMPLETED)
        if not orderly.done():
            log.warning("stop_hurried")
        for task in (orderly, hurry):
            task.cancel()
        ended, _ = await asyncio.gather(orderly, hurry, return_exceptions=True)
        self.stop_wish.tell(await self._came_out(policy))
        await self.supervisor.stop()
        if isinstance(ended, Exception):
            raise ended
        log.info("stopped", journal_seq_ns=self.journal.last_ns)

    async def _came_out(self, policy: Literal["leave", "cancel"]) -> Ended:
        """Return how the stop came out, and page where somebody must look after what stays."""
        left = tell_left(self.engine.desk)
        if not left or policy == "leave":
            return Ended(NOT_WRITTEN, NOT_WRITTEN_TEXT) if self.pump.is_without_room else Ended()
        alert = alert_of(left)
        self.guards.alerts.raise_alarm(alert)
        if not self.stop_wish.hurry.is_set():
            await within(LAST_S_MAX, self.guards.pager.paged(), "stop_pages_late")
        return Ended(alert.code, alert.text)

    async def _end_in_order(self, policy: Literal["leave", "cancel"], grace_s: float) -> None:
        supervisor, pump, desk = self.supervisor, self.pump, self.engine.desk
        await supervisor.stop("inbox")
        pump.post(StopRequested(now_ns=self.clock.now_ns(), reason=self.stop_wish.reason, policy=policy))
        await within(LAST_S_MAX, first_of(pump.drained(), pump.without_room()), "stop_drain_late")
        if policy == "cancel" and not pump.is_without_room:
            await within(grace_s, until_gone(desk), "stop_orders_stay")
        await within(grace_s, self.sender.idle(), "stop_requests_in_doubt")
        await supervisor.stop("throttler", "scheduler", "listener.quotes")
        await within(LAST_S_MAX, first_of(pump.drained(), pump.without_room()), "stop_drain_late")
        if pump.is_without_room:
            # Nothing more can be written, and the next start asks the broker for what is missing.
            return
        await within(LAST_S_MAX, self.reporter.flush(), "stop_reports_late")
        await within(LAST_S_MAX, self.guards.positions.flush(), "stop_positions_late")
        await within(CHECKPOINT_S_MAX, self.guards.keeper.keep(), "stop_checkpoint_late")

    def _page_no_room(self, text: str) -> None:
        self.guards.alerts.raise_alarm(Alert(code="journal_full", text=text, severity="critical"))

    def _hindrance(self) -> str:
        return "the journal has no room: nothing is taken and nothing sent" if self.pump.is_without_room else ""

    def _between_turns(self) -> None:
        self.reporter.build()
        self.guards.positions.build()

    def _pump(self, slow_commit_s: float) -> Pump:
        return Pump(
            cycle=Cycle(self.engine),
            journal=self.journal,
            clock=self.clock,
            make_room=self.ballast.release,
            slow_commit_s=slow_commit_s,
            on_no_room=self._page_no_room,
        )

    def _entrance(self) -> Entrance:
        return Entrance(
            settings=lambda: self.settings,
            paths=self.paths,
            engine=self.engine,
            known_of=self.journal.known_of,
            pump=self.pump,
            replies=self.replies,
            clock=self.clock,
            on_refused=lambda _: self.metrics.count_intent("rejected", "inbox"),
        )

    async def _records(self, parent_id: str) -> AsyncIterator[Record]:
        async for stored in self.journal.records(parent_id=parent_id):
            yield stored.record

    def _surface(self) -> Surface:
        parts = Parts(
            settings=lambda: self.settings,
            paths=self.paths,
            engine=self.engine,
            pump=self.pump,
            replies=self.replies,
            clock=self.clock,
            supervisor=self.supervisor,
            health=self.health,
            metrics=self.metrics,
            venues=self.venues,
            heard=self.guards.heard,
            taker=self.entrance.taker,
            records=self._records,
            inbox=self.inbox.counts,
            subscribe=self.quotes.subscribe,
            amend=self.entrance.amend,
            reload=self._reload,
            stop_wish=self.stop_wish,
            more={
                "disk_free_mib": lambda: round(self.guards.resources.free_mib),
                "dead_man_error": lambda: self.guards.dead_man.state.error,
                "refdata": self.reference.status,
                "is_last_reload_ok": lambda: self.reloader.is_last_ok,
                "config_file": lambda: str(self.loaded.file or ""),
                "instruments_file": lambda: str(self.loaded.instruments_file or ""),
                "instruments_n": lambda: len(self.settings.instruments),
            },
        )
        return open_doors(parts)

    def _measure_reload(self) -> None:
        self.metrics.meters.config_reload_ok.set(self.reloader.is_last_ok)
        self.metrics.meters.config_reloaded.set(self.reloader.last_ok_ns / NS_PER_S)

    def reload_soon(self) -> None:
        """Read the configuration again, for who cannot wait for the answer; what became of it is in the log."""
        self._reloading = asyncio.ensure_future(self._reload_for_signal())

    async def _reload_for_signal(self) -> None:
        with suppress(Problem):  # The log says why; the old configuration stays.
            await self._reload(os.getuid(), os.getpid())

    async def _reload(self, uid: int, pid: int) -> Mapping[str, object]:
        try:
            told = await self.reloader.reload(uid, pid)
        except ConfigError as error:
            raise Problem("bad_config", f"the configuration cannot be used, the old one stays: {error}") from None
        finally:
            self._measure_reload()
        self.reporter.pace_ns = ns_of_ms(self.settings.outbox.pace_ms)
        return told
