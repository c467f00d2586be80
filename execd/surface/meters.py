"""Every metric: its name, help and labels, in one place.

Names follow Prometheus: base units, `_total` on counts, one quantity a name.
Label values are closed sets or bounded by whoever fills them. Nothing here
counts; that is `metrics.py` (at commits) and `gauges.py` (at scrapes).
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

_SHORT_S: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_CALL_S: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LIFE_S: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400)
_COST: Final = (-0.005, -0.0025, -0.001, -0.0005, -0.0002, -0.0001, 0, 0.0001, 0.0002, 0.0005, 0.001, 0.0025, 0.005)
_SHARE: Final = (0.0, 0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.99, 1.0)
_FEW: Final = (0, 1, 2, 3, 5, 10, 20, 50)


class Meters:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register all of them in `registry`."""
        self._registry = registry
        # One more series for each counter, of no use to a scraper that knows `execd_start_time_seconds`.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # The library leaves it unannotated.
        self._of_process()
        self._of_intents()
        self._of_orders()
        self._of_throttle()

    def _of_process(self) -> None:
        counter, gauge, histogram = self._counter, self._gauge, self._histogram
        self.build_info = gauge("build_info", "Which execd runs, on which Python.", "version", "python")
        self.ready = gauge("ready", "Whether intents are taken and worked (1) or not (0).")
        self.start_time = gauge("start_time_seconds", "When the daemon started, Unix time.")
        self.task_up = gauge("task_up", "Whether a task of the daemon runs.", "task")
        self.task_restarts = gauge("task_restarts", "How often an edge task was started again.", "task")
        self.stream_failures = gauge("stream_failures", "How often a stream has failed in a row.", "task")
        self.alerts = counter("alerts_total", "Alerts raised.", "severity", "code")
        self.journal_commit = histogram("journal_commit_duration_seconds", "One durable commit.", _SHORT_S)
        self.journal_records = counter("journal_records_total", "Records committed.")
        self.journal_size = gauge("journal_size_bytes", "The journal file and its write-ahead file.")
        self.journal_wal = gauge("journal_wal_bytes", "The write-ahead file of the journal.")
        self.alerts_open = gauge("alerts_open", "Alerts that nobody has acknowledged.", "severity")
        self.alert_route_up = gauge("alert_route_up", "Whether the last page by a route got through.", "route")
        self.halted = gauge("halted", "New risk is halted; one series for each halt in force.", "account", "cause")
        self.kill_level = gauge(
            "kill_level", "Kill switch: 0 off, 1 halt_new, 2 cancel_all, 3 flatten; the higher of two binds.", "account"
        )
        self.observing = gauge("observing", "Whether plans are made and nothing is sent (mode observe).")
        self.loop_lag = histogram("event_loop_lag_seconds", "How late the event loop woke.", _SHORT_S)
        self.clock_skew = gauge("clock_skew_seconds", "The wall clock less the daemon's; positive: wall ahead.")
        self.session_open = gauge("session_open", "Whether the market is open.", "calendar")
        self.config_reload_ok = gauge("config_last_reload_successful", "Whether the last reading of it could be used.")
        self.config_reloaded = gauge(
            "config_last_reload_success_timestamp_seconds", "When it was last read, Unix time."
        )

    def _of_intents(self) -> None:
        counter, gauge, histogram = self._counter, self._gauge, self._histogram
        self.intents = counter(
            "intents_total", "Intents answered, by answer and where they came from.", "status", "source"
        )
        self.intents_open = gauge("intents_open", "Intents that have not ended.")
        self.held = gauge("intents_held", "Intents that wait for an operator.")
        self.inbox_files = gauge("inbox_files", "Files in the inbox, by what they wait for.", "state")
        self.parents = counter("parents_total", "Parents that ended.", "status", "algo", "urgency")
        self.plans = counter("plans_total", "Plans made.", "algo", "preset")
        self.parent_timeouts = counter("parent_timeouts_total", "Parents ended by time with shares left.")
        self.partial_fills = counter("partial_fills_total", "Parents that ended partially filled.")
        self.fill_ratio = histogram("fill_ratio", "Filled share of what a parent asked for, at its end.", _SHARE)
        self.fill_latency = histogram("fill_latency_seconds", "From an intent's acceptance to its last fill.", _LIFE_S)
        self.slippage = histogram(
            "slippage_ratio",
            "Cost against the arrival mid as a fraction; positive is worse for us.",
            _COST,
            "side",
            "asset_class",
            "symbol_group",
        )

    def _of_orders(self) -> None:
        counter, gauge, histogram = self._counter, self._gauge, self._histogram
        self.child_orders = counter(
            "child_orders_total", "Broker orders by what became of them.", "venue", "side", "type", "status"
        )
        self.order_rejects = counter("order_rejects_total", "Orders that a broker rejected.", "venue", "code")
        self.order_replaces = histogram(
            "order_replaces", "Replaces of one order, at its parent's end.", _FEW, "asset_class"
        )
        self.order_ack = histogram(
            "order_ack_duration_seconds", "From sending an order to its acknowledgement.", _CALL_S, "venue"
        )
        self.request_failures = counter(
            "request_failures_total", "Requests that ended without a report.", "venue", "outcome"
        )
        self.unknown_orders = gauge("unknown_outcome_orders", "Live orders with a request in doubt.", "venue")
        self.working_orders = gauge("working_orders", "Live broker orders.", "venue")
        self.fills = counter("fills_total", "Executions.", "venue")
        self.filled_notional = counter("filled_notional_total", "Money traded.", "venue", "currency")
        self.commission = counter("commission_total", "Commission paid.", "venue", "currency")

        self.reconcile_verdicts = counter(
            "reconcile_verdicts_total", "Differences with a broker that changed something, by rule.", "rule"
        )
        self.reconcile_age = gauge(
            "reconcile_age_seconds", "Since an account was last read whole at its broker.", "account"
        )
        self.position_drift = gauge(
            "position_drift_shares", "Shares by which positions differ from the broker's, all symbols.", "account"
        )
        self.external_orders = gauge("external_orders", "Live orders on an account that are not ours.", "account")
        self.broker_up = gauge("broker_up", "Whether the report stream of a venue runs.", "venue")
        self.broker_request = histogram(
            "broker_request_duration_seconds", "Calls to a broker.", _CALL_S, "venue", "op", "outcome"
        )
        self.market_data_age = gauge("market_data_age_seconds", "Since the feed last said anything.", "venue")
        self.quotes_conflated = gauge("quotes_conflated", "Quotes replaced by a later one before the engine saw them.")

    def _of_throttle(self) -> None:
        counter, gauge = self._counter, self._gauge
        self.throttle_used = gauge(
            "throttle_used", "Requests of the last window, by what they take from.", "account", "share"
        )
        self.throttle_parked = gauge("throttle_parked", "Intents that wait for a token.", "account")
        self.throttle_closed = gauge(
            "throttle_closed_seconds", "For how long nothing but cancels leaves, by the broker's word.", "account"
        )
        self.questions = gauge("throttle_questions_waiting", "Questions that wait for a token.", "account")
        self.rate_limited = counter("throttle_rate_limited_total", "Calls that a broker found too many (429).", "venue")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"execd_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"execd_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"execd_{name}", text, labels, buckets=buckets, registry=self._registry)
