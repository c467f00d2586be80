"""What `execd status` tells: the process, its tasks, its market, its counts.

Read-only, and cheap enough to be asked every second. A new key is added at
the end; none is renamed.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

from execd import __version__
from execd.engine.engine import Engine
from execd.runtime.clock import NS_PER_S, SystemClock
from execd.runtime.health import Health
from execd.runtime.loop import loop_name
from execd.runtime.paths import StatePaths
from execd.runtime.pump import Pump
from execd.runtime.supervisor import Supervisor
from execd.surface.views import counts, instant


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
        venues: Mapping[str, str],
        url: Callable[[], str],
    ) -> None:
        """`venues` are the adapters by account, `url` where metrics are."""
        self.engine = engine
        self.pump = pump
        self.supervisor = supervisor
        self.health = health
        self.clock = clock
        self.paths = paths
        self.venues = venues
        self.url = url

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
            "metrics_url": f"{self.url()}/metrics",
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
        }
