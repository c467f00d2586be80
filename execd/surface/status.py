"""What `execd status` tells: the process, its tasks, its market, its counts.

Read-only, and cheap enough to be asked every second. A new key is added at
the end; none is renamed.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from execd import __version__
from execd.core.enums import ParentStatus
from execd.engine.engine import Engine
from execd.runtime.alerts import RANKS, Alerts
from execd.runtime.clock import NS_PER_S, SystemClock
from execd.runtime.health import Health
from execd.runtime.loop import loop_name
from execd.runtime.pager import Pager
from execd.runtime.paths import StatePaths
from execd.runtime.pump import Pump
from execd.runtime.supervisor import Supervisor
from execd.surface.alarms import route_rows
from execd.surface.latched import latch_rows
from execd.surface.reconciling import reconciled_rows
from execd.surface.views import counts, instant


class About(NamedTuple):
    """What the composition root says of itself.

    `venues` are the adapters by account, `url` where metrics are, `digest` stands for the configuration; `more` are
    further keys and who fills them.
    """

    venues: Mapping[str, str]
    url: Callable[[], str]
    mode: Callable[[], str]
    digest: Callable[[], str]
    alerts: Alerts
    pager: Pager
    more: Mapping[str, Callable[[], object]]


class Status:
    """The parts that status reads."""

    def __init__(
        self,
        *,
        engine: Engine,
        pump: Pump,
        supervisor: Supervisor,
        health: Health,
        clock: SystemClock,
        paths: StatePaths,
        about: About,
    ) -> None:
        """Read these parts; `about` is what only the composition root can say."""
        self.engine = engine
        self.pump = pump
        self.supervisor = supervisor
        self.health = health
        self.clock = clock
        self.paths = paths
        self.venues = about.venues
        self.mode = about.mode
        self.alerts = about.alerts
        self.pager = about.pager
        self._about = about

    def read(self) -> dict[str, Any]:
        """Return the status as plain values."""
        now_ns, desk = self.clock.now_ns(), self.engine.desk
        live = [desk.book.orders[key] for one in desk.open_parents for key in desk.book.parents[one].live]
        alive_ns = desk.markets.alive_ns
        return {
            "state": self.health.state,
            "is_ready": self.health.is_ready,
            "version": __version__,
            "pid": os.getpid(),
            "loop": loop_name(),
            "started": instant(self.health.started_ns),
            "uptime_s": round((now_ns - self.health.started_ns) / NS_PER_S, 3),
            "now": instant(now_ns),
            "state_dir": str(self.paths.root),
            "inbox": str(self.paths.inbox),
            "outbox": str(self.paths.outbox),
            "metrics_url": f"{self._about.url()}/metrics",
            "accounts": dict(self.venues),
            "session": "open" if desk.rules.session.is_open(now_ns) else "closed",
            "intents": counts(desk.book),
            "intents_open": len(desk.open_parents),
            "orders_working": len(live),
            "orders_in_doubt": sum(order.is_in_doubt for order in live),
            "events_waiting": self.pump.waiting_n,
            "market_age_s": round((now_ns - alive_ns) / NS_PER_S, 3) if alive_ns > 0 else None,
            "loop_lag_s_max": round(self.health.lag_s_max, 6),
            "clock_skew_s": round(self.clock.skew_s(), 6),
            "tasks": [
                {
                    "name": state.name,
                    "kind": state.kind,
                    "is_up": state.is_up,
                    "restarts": state.restarts_n,
                    "error": state.error,
                }
                for state in self.supervisor.states.values()
            ],
            "mode": self.mode(),
            "halts": self._halts(),
            **latch_rows(desk),
            "intents_held": self.held_n(),
            "alerts_open": self.alerts_open(),
            "alert_routes": route_rows(self.pager.routes()),
            "config_digest": self._about.digest(),
            "journal": {
                "size_bytes": size_of(self.paths.journal),
                "wal_bytes": size_of(wal_of(self.paths.journal)),
            },
            "poison": len(desk.book.poisons),
            "hindrance": self.health.hindrance(),
            "reconciled": reconciled_rows(desk, now_ns),
            **{name: read() for name, read in self._about.more.items()},
        }

    def held_n(self) -> int:
        """Return how many intents wait for an operator."""
        book = self.engine.book
        return sum(book.parents[one].status is ParentStatus.HELD for one in self.engine.desk.open_parents)

    def alerts_open(self) -> dict[str, int]:
        """Return how many alerts nobody has acknowledged, by severity."""
        found = dict.fromkeys(RANKS, 0)
        for alarm in self.alerts.open_rows():
            found[alarm.severity] += 1
        return {str(severity): number for severity, number in found.items()}

    def _halts(self) -> list[dict[str, str]]:
        return [
            {
                "account": halt.account,
                "symbol": halt.symbol,
                "cause": halt.cause,
                "text": halt.text,
                "since": instant(halt.now_ns),
            }
            for halt in self.engine.book.halts.values()
        ]


def wal_of(journal: Path) -> Path:
    """Return the write-ahead file of a journal."""
    return journal.with_name(f"{journal.name}-wal")


def size_of(path: Path) -> int:
    """Return the size of a file, zero where it is absent."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
