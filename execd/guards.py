"""What keeps a daemon alive, honest and heard, joined: watchdog, clocks, disk, checkpoints, alerts, service manager.

The half of the composition root that knows the guards; `app.py` says when they
begin and end. `Reloader` gives them, the engine and the log what a new
configuration changes. Nothing is decided here; a new guard is a field, a task
in `start`, and a line in `docs/limits.md` where it has a limit.
"""

import asyncio
import errno
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from execd.config import sections_running as sections
from execd.config.loader import Loaded
from execd.config.reload import reloaded_from
from execd.config.settings import Settings, ns_of_ms, ns_of_s
from execd.core.commands import Operated
from execd.core.events import CommandReceived, RulesChanged
from execd.core.rules import Rules
from execd.engine import doubt
from execd.engine.engine import Engine
from execd.errors import ConfigError
from execd.intake.outbox import Outbox, write_whole
from execd.journal import proof
from execd.journal.ballast import Ballast
from execd.journal.marks import id_of
from execd.journal.sqlite import SqliteJournal
from execd.ports import Broker
from execd.runtime import logs
from execd.runtime.alerts import Alerts
from execd.runtime.clock import SystemClock
from execd.runtime.clock_watch import ClockLimits, ClockWatch
from execd.runtime.health import Health
from execd.runtime.keeper import Keeper
from execd.runtime.kill_file import KillFile
from execd.runtime.pager import DeadMan, Pager, PagerRules
from execd.runtime.paths import StatePaths
from execd.runtime.positions import PositionFiles
from execd.runtime.prover import Prover
from execd.runtime.pump import Pump
from execd.runtime.reconciler import Reconciler
from execd.runtime.resources import ResourceWatch
from execd.runtime.routes import ExecRoute, Route, WebhookRoute
from execd.runtime.sdnotify import Notifier
from execd.runtime.starts import StartsFile
from execd.runtime.supervisor import Supervisor, first_of, within
from execd.runtime.watchdog import LOOKS_PER_LIMIT, Heartbeat, Watchdog

_TEXT_LEN_MAX: Final = 2_000
"""What the journal keeps of a reload."""
_BEATS_PER_WATCH: Final = 2
"""Signs of life within what the service manager waits, as sd_watchdog_enabled(3) advises."""

MET_S_MAX: Final = 10.0
"""How long a start waits for the first reading of its accounts."""

log = structlog.get_logger("execd.guards")


class Guarded(NamedTuple):
    """What is guarded. `ballast` is made again where there is room."""

    paths: StatePaths
    journal: SqliteJournal
    engine: Engine
    pump: Pump
    clock: SystemClock
    health: Health
    ballast: Ballast
    brokers: Mapping[str, Broker]


class Guards:
    """All guards of one daemon."""

    def __init__(self, settings: Settings, guarded: Guarded, env: Mapping[str, str] = os.environ) -> None:
        """Build them; none of them begins yet."""
        paths, journal, engine, pump, clock, health, ballast, brokers = guarded
        self.notifier = Notifier(env)
        self._write = partial(_write_beside, paths.journal, id_of(paths.journal))
        self.alerts = Alerts(paths.alerts, clock=clock, write=self._write)
        self.pager = Pager(alerts=self.alerts, clock=clock, routes=(), rules=PagerRules())
        self.dead_man = DeadMan(url="", every_s=1, timeout_s=1, is_well=self._is_well)
        # What was heard before a sleep has no successor: the next quote is not compared with it.
        self.clock_watch = ClockWatch(clock=clock, post=pump.post, on_away=lambda _: pump.market.forget())
        self.resources = ResourceWatch(
            folder=paths.root,
            disk_free_mib_min=settings.journal.disk_free_mib_min,
            clock=clock,
            post=pump.post,
            on_room=ballast.ensure,
            wal_bytes=journal.wal_bytes,
        )
        self.keeper = Keeper(
            pump=pump,
            book=engine.book,
            checkpoint=journal.checkpoint,
            every_records=settings.journal.checkpoint_records,
            # Else a daemon that dies soon after each start would read an ever longer tail, and never shorten it.
            since_n=journal.tail_n,
        )
        self.reconciler = Reconciler(brokers=brokers, post=pump.post, clock=clock)
        self.prover = Prover(
            begin=partial(proof.begin, paths.journal),
            go_on=partial(proof.go_on, paths.journal),
            post=pump.post,
            clock=clock,
        )
        self.positions = PositionFiles(
            book=engine.book,
            store=Outbox(paths.outbox / "positions"),
            clock=clock,
            nudge=pump.nudge,
            revision=lambda: journal.seq,
        )
        self.kill_file = KillFile(paths, post=pump.post, clock=clock, default=lambda: self.settings.kill.default_level)
        self.starts = StartsFile(paths.starts, self._write)
        limit_s = float(settings.process.watchdog_s)
        self.watchdog = Watchdog(limit_s)
        wanted_s = [limit_s / LOOKS_PER_LIMIT] if limit_s else []
        wanted_s += [self.notifier.watchdog_s / _BEATS_PER_WATCH] if self.notifier.watchdog_s else []
        self.heartbeat = Heartbeat(pump=pump, period_s=min(wanted_s, default=0), on_beat=self._beat)
        self.rules_of: Callable[[Settings], Rules] = Settings.to_rules
        """How a configuration becomes rules; whoever knows more, such as today's sessions, says it here."""
        self._engine, self._pump, self._clock, self._health, self._env = engine, pump, clock, health, env
        self._configure(settings)

    @property
    def heard(self) -> tuple[Alerts, Pager, KillFile]:
        """What the doors tell of, and ask: alerts, who is paged, and whether a kill file is there."""
        return self.alerts, self.pager, self.kill_file

    @property
    def observers(self) -> tuple[Alerts, Keeper, PositionFiles]:
        """Those of them that watch commits."""
        return self.alerts, self.keeper, self.positions

    def begin(self, settings: Settings, supervisor: Supervisor) -> None:
        """Note the start, tell the engine where too many before it ended badly, and begin what READY waits for."""
        supervisor.edge("reconciler", self.reconciler.run, self.reconciler.announce)
        self.kill_file.begin()
        self.alerts.settle(doubt.IN_DOUBT, partial(doubt.stands, self._engine.book))
        process = settings.process
        trouble = self.starts.begin(
            self._clock.now_ns(),
            window_ns=ns_of_s(process.unclean_window_s),
            unclean_max=process.unclean_starts_max,
        )
        if trouble is not None:
            self._pump.post(trouble)

    async def met(self) -> None:
        """Return once every account was read, or could not be; one that takes too long begins without new risk."""
        await first_of(within(MET_S_MAX, self.reconciler.met(), "start_unread"), self._pump.without_room())

    def start(self, supervisor: Supervisor) -> None:
        """Start their tasks and say READY."""
        self.watchdog.start()
        supervisor.spine("watchdog", self.heartbeat.run)
        supervisor.edge("clock", self.clock_watch.run, _told)
        supervisor.edge("resources", self.resources.run, _told)
        supervisor.edge("checkpoints", self.keeper.run, _told)
        supervisor.edge("proof", self.prover.run, _told)
        supervisor.edge("positions", self.positions.run, _told)
        supervisor.edge("kill_file", self.kill_file.run, self.kill_file.announce)
        supervisor.edge("alerts", self.pager.run, _told)
        supervisor.edge("dead_man", self.dead_man.run, _told)
        self.notifier.ready()

    async def end(self) -> None:
        """Note that this life ended as it should."""
        self.watchdog.close()
        await self.pager.save()
        self.resources.close()
        self.starts.end_clean()
        self.notifier.close()

    def reload(self, old: Settings, settings: Settings) -> None:
        """Give everybody what has changed."""
        if settings.logging.level != old.logging.level:
            logs.set_level(str(settings.logging.level))
        self._configure(settings)
        self._pump.post(RulesChanged(now_ns=self._clock.now_ns(), rules=self.rules_of(settings)))

    def _configure(self, settings: Settings) -> None:
        self.settings = settings
        alerts = settings.alerts
        self.pager.configure(routes_of(alerts, self._env), rules_of(alerts))
        self.dead_man.configure(
            url=alerts.dead_man_url.get_secret_value(),
            every_s=float(alerts.dead_man_s),
            timeout_s=float(alerts.timeout_s),
        )
        self.clock_watch.limits = limits_of(settings.clock)
        self.positions.pace_ns = ns_of_ms(settings.outbox.pace_ms)

    def _is_well(self) -> bool:
        book = self._engine.book
        return self._health.is_ready and not book.halts and not book.kills and self.heartbeat.is_fresh()

    def _beat(self) -> None:
        self.watchdog.beat()
        self.notifier.alive()
        desk = self._engine.desk
        kills = {f"killed ({kill.level})" for kill in desk.book.kills.values()}
        halts = ", ".join(sorted(kills | {halt.cause for halt in desk.book.halts.values()}))
        working_n = sum(len(place) for place in desk.live.values())
        told = f"{self._health.state}: {len(desk.open_parents)} intents open, {working_n} orders working"
        self.notifier.status(f"{told}; no new risk: {halts}" if halts else told)


def _write_beside(journal: Path, journal_id: tuple[int, int] | None, path: Path, body: bytes) -> None:
    """Replace a file of the state directory, unless the journal there is not the one that we opened."""
    if id_of(journal) != journal_id:
        # What lies there now is not ours, and may be another daemon's; `resources` halts and pages for it.
        raise OSError(errno.ESTALE, f"{journal.parent} is not the directory that execd locked: put it back", str(path))
    write_whole(path, body, is_durable=True)


def routes_of(alerts: sections.Alerts, env: Mapping[str, str]) -> list[Route]:
    """Return the ways out that are configured."""
    timeout_s, webhook = float(alerts.timeout_s), alerts.webhook.get_secret_value()
    routes: list[Route] = [ExecRoute(alerts.exec, timeout_s, env)] if alerts.exec else []
    return [*routes, WebhookRoute(webhook, timeout_s)] if webhook else routes


def rules_of(alerts: sections.Alerts) -> PagerRules:
    """Return when a page is due."""
    return PagerRules(repeat_ns=ns_of_s(alerts.repeat_s), severity_min=alerts.severity_min.value)


def limits_of(clock: sections.ClockRules) -> ClockLimits:
    """Return how far clocks may part."""
    return ClockLimits(
        skew_alert_ns=ns_of_s(clock.skew_alert_s),
        skew_halt_ns=ns_of_s(clock.skew_halt_s),
        away_ns=ns_of_s(clock.suspend_s),
        check_ns=ns_of_s(clock.check_s),
    )


def _told(text: str) -> None:
    """Announce nothing: a guard that begins again looks at everything anew, and its restart is in the log."""


class Reloader:
    """Reads the configuration again and lets what may change be changed; one reload at a time."""

    def __init__(
        self, settings: Settings, *, read: Callable[[], Loaded], guards: Guards, pump: Pump, clock: SystemClock
    ) -> None:
        """Begin with the settings of the start; `read` raises ConfigError."""
        self.settings = settings
        self.is_last_ok = True
        self.last_ok_ns = clock.now_ns()
        self._read = read
        self._guards = guards
        self._pump = pump
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def reload(self, uid: int, pid: int) -> Mapping[str, object]:
        """Reload for a user; what was applied and what was refused. Raises ConfigError: then nothing has changed."""
        async with self._one_at_a_time:
            self._guards.notifier.reloading()
            try:
                return await self._reload(uid, pid)
            finally:
                self._guards.notifier.ready()

    async def _reload(self, uid: int, pid: int) -> Mapping[str, object]:
        old = self.settings
        try:
            new, found, warnings = reloaded_from(old, await asyncio.to_thread(self._read))
        except ConfigError as error:
            self.is_last_ok = False
            log.critical("reload_failed", error=str(error))
            self._journal(uid, pid, "failed; the old configuration stays")
            raise
        applied, refused = ([one.text for one in some] for some in (found.applied, found.refused))
        self.settings, self.is_last_ok, self.last_ok_ns = new, True, self._clock.now_ns()
        if applied:
            self._guards.reload(old, new)
        told = f"{len(applied)} applied, {len(refused)} refused" if applied or refused else "nothing has changed"
        names = {"applied": [one.name for one in found.applied], "refused": [one.name for one in found.refused]}
        # What was refused with its reason: who sent SIGHUP reads nothing else.
        log.info("reloaded", applied=names["applied"], refused=refused, warnings=list(warnings))
        self._journal(
            uid, pid, f"{told}: {', '.join(names['applied'] + names['refused'])}" if not found.is_same else told
        )
        return {"code": "reloaded", "message": told, "applied": applied, "refused": refused, "warnings": list(warnings)}

    def _journal(self, uid: int, pid: int, text: str) -> None:
        command = Operated(verb="reload", text=text[:_TEXT_LEN_MAX])
        self._pump.post(CommandReceived(now_ns=self._clock.now_ns(), command=command, uid=uid, pid=pid))
