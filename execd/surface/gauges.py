"""What is read at each scrape: the state of the process and of the book, as gauges.

It walks what is open, never all that ever was.
"""

import platform
from collections.abc import Callable, Mapping
from pathlib import Path

from execd import __version__
from execd.engine.throttle import used
from execd.runtime.clock import NS_PER_S
from execd.surface.meters import Meters
from execd.surface.status import Status, size_of, wal_of


class Gauges:
    """The readers behind the gauges."""

    def __init__(
        self, *, meters: Meters, status: Status, journal: Path, inbox: Callable[[], Mapping[str, int]]
    ) -> None:
        """Read what `status` reads; `inbox` counts files by state."""
        self._meters = meters
        self._status = status
        self._engine = status.engine
        self._pump = status.pump
        self._supervisor = status.supervisor
        self._health = status.health
        self._clock = status.clock
        self._venues = status.venues
        self._journal = journal
        self._inbox = inbox
        meters.build_info.labels(__version__, platform.python_version()).set(1)
        meters.start_time.set(status.health.started_ns / NS_PER_S)

    def read(self) -> None:
        """Set every gauge; on the loop, between two turns."""
        meters, now_ns = self._meters, self._clock.now_ns()
        meters.ready.set(self._health.is_ready)
        for lag_s in self._health.take_lags():
            meters.loop_lag.observe(lag_s)
        meters.clock_skew.set(self._clock.skew_s())
        meters.quotes_conflated.set(self._pump.market.conflated_n)
        for state in self._supervisor.states.values():
            meters.task_up.labels(state.name).set(state.is_up)
            meters.task_restarts.labels(state.name).set(state.restarts_n)
            if state.name.startswith("listener."):
                meters.stream_failures.labels(state.name).set(state.failed_n)
        for name, files_n in self._inbox().items():
            meters.inbox_files.labels(name).set(files_n)
        wal_bytes = size_of(wal_of(self._journal))
        meters.journal_size.set(size_of(self._journal) + wal_bytes)
        meters.journal_wal.set(wal_bytes)
        meters.observing.set(self._status.mode() == "observe")
        meters.held.set(self._status.held_n())
        for severity, alerts_n in self._status.alerts_open().items():
            meters.alerts_open.labels(severity).set(alerts_n)
        for route in self._status.pager.routes():
            meters.alert_route_up.labels(route.name).set(not route.error)
        # What was lifted must go: a series that stays at its last value would be a halt that is none.
        meters.halted.clear()
        for halt in self._engine.book.halts.values():
            meters.halted.labels(halt.account or "all", halt.cause).set(1)
        kills = self._engine.book.kills
        for account in ("", *self._venues):
            level = kills[account].level.rank if account in kills else 0
            meters.kill_level.labels(account or "all").set(level)
        self._read_throttle(now_ns)
        self._read_book(now_ns)
        self._read_accounts(now_ns)

    def _read_accounts(self, now_ns: int) -> None:
        """Tell how each account is compared with its broker; before the first reading its age is that of the start."""
        comparing = self._engine.desk.comparing
        for account, watch in comparing.watches.items():
            age_ns = now_ns - (watch.good_ns or watch.begun_ns)
            self._meters.reconcile_age.labels(account).set(age_ns / NS_PER_S)
            self._meters.position_drift.labels(account).set(float(watch.drift_qty))
            self._meters.external_orders.labels(account).set(comparing.external_n.get(account, 0))

    def _read_throttle(self, now_ns: int) -> None:
        meters, lines = self._meters, self._engine.desk.lines
        for account in self._venues:
            known = lines.buckets_of(account)
            for share, requests_n in zip(("orders", "cancels", "questions"), used(known, now_ns), strict=True):
                meters.throttle_used.labels(account, share).set(requests_n)
            meters.throttle_parked.labels(account).set(len(lines.parked_of(account)))
            meters.throttle_closed.labels(account).set(max(0, known.closed_ns - now_ns) / NS_PER_S)
            meters.questions.labels(account).set(len(lines.questions.get(account, ())))

    def _read_book(self, now_ns: int) -> None:
        meters, desk = self._meters, self._engine.desk
        meters.intents_open.set(len(desk.open_parents))
        working = dict.fromkeys(self._venues.values(), 0)
        in_doubt = dict.fromkeys(self._venues.values(), 0)
        for parent_id in desk.open_parents:
            parent = desk.book.parents[parent_id]
            venue = self._venues.get(parent.order.account, "unknown")
            for key in parent.live:
                working[venue] = working.get(venue, 0) + 1
                in_doubt[venue] = in_doubt.get(venue, 0) + desk.book.orders[key].is_in_doubt
        for venue, orders_n in working.items():
            meters.working_orders.labels(venue).set(orders_n)
            meters.unknown_orders.labels(venue).set(in_doubt[venue])
        alive_ns = desk.markets.alive_ns
        listeners = [state for name, state in self._supervisor.states.items() if name.startswith("listener.reports")]
        for venue in working:
            meters.market_data_age.labels(venue).set((now_ns - alive_ns) / NS_PER_S if alive_ns > 0 else 0)
            meters.broker_up.labels(venue).set(all(state.is_up for state in listeners))
        meters.session_open.labels("default").set(desk.rules.session.is_open(now_ns))
