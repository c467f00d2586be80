"""What is counted, by the names that dashboards and alerts use.

Counters move when a batch is durable, so they never show what a crash would
take back; gauges are read from the book at each scrape. Labels are bounded:
never an id, never a symbol. A new metric is a line in `Meters`, and where it
moves in `Metrics` or `gauges.py`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from prometheus_client import CollectorRegistry

from execd.core.batch import Batch
from execd.core.book import Book, Parent
from execd.core.enums import OrdStatus, Outcome, ParentStatus
from execd.core.events import Alert, Effect, Reply
from execd.core.instrument import Instrument
from execd.core.orders import NewOrder, ReplaceRequest
from execd.core.reconciled import Reconciled
from execd.core.records import Failed, ParentEnded, ParentRefused, ParentStarted, Record, Reported, Sending
from execd.core.reports import Accepted, Canceled, DoneForDay, Expired, Rejected, Trade
from execd.core.rules import Rules
from execd.engine.summary import slippage_bps
from execd.surface.meters import Meters

NS_PER_S: Final = 1_000_000_000
BPS: Final = Decimal(10_000)
CODES_MAX: Final = 40
"""Refusal codes shown one by one; what comes after is `other`."""


class Metrics:
    """An observer of commits that keeps the counters."""

    def __init__(self, *, book: Book, rules: Rules, venues: Mapping[str, str]) -> None:
        """`venues` are the adapters by account name."""
        self.registry = CollectorRegistry()
        self.meters = Meters(self.registry)
        self._book = book
        self._rules = rules
        self._venues = venues
        self._codes: dict[str, None] = {}

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Count a durable batch."""
        if batch.records:
            self.meters.journal_commit.observe(commit_s)
            self.meters.journal_records.inc(len(batch.records))
        for record in batch.records:
            self._count(record)
        for effect in effects:
            match effect:
                case Reply():
                    source = effect.ref.partition(":")[0]
                    self.count_intent(effect.code if effect.is_ok else "rejected", source)
                case Alert(is_over=False):
                    self.meters.alerts.labels(effect.severity, self._bounded(effect.code)).inc()
                case _:
                    pass  # The others are counted by the records that caused them.

    def count_intent(self, status: str, source: str) -> None:
        """Count an intent that was answered, or refused before the engine saw it."""
        if source in {"inbox", "api"}:
            self.meters.intents.labels(status, source).inc()

    def count_call(self, account: str, op: str, outcome: str, seconds: float) -> None:
        """Take note of a broker call that ended."""
        self.meters.broker_request.labels(self._venue(account), op, outcome).observe(seconds)
        if outcome == Outcome.RATE_LIMITED:
            self.meters.rate_limited.labels(self._venue(account)).inc()

    def _count(self, record: Record) -> None:
        match record:
            case ParentStarted():
                self.meters.plans.labels(record.plan.algo, "builtin").inc()
            case ParentEnded():
                self._count_end(self._book.parents[record.parent_id])
            case ParentRefused(parent=parent):
                self.meters.parents.labels(ParentStatus.REJECTED, "none", parent.urgency).inc()
            case Sending(request=NewOrder() as request):
                venue = self._venue(request.account)
                self.meters.child_orders.labels(venue, request.side, request.ord_type, "sent").inc()
            case Reported():
                self._count_report(record)
            case Reconciled(rule=rule):
                self.meters.reconcile_verdicts.labels(rule).inc()
            case Failed(outcome=outcome, account=account):
                self.meters.request_failures.labels(self._venue(account), outcome).inc()
            case _:
                pass  # Nothing of the others is counted.

    def _count_end(self, parent: Parent) -> None:
        order, algo = parent.order, parent.plan.algo if parent.plan is not None else "none"
        self.meters.parents.labels(parent.status, algo, order.urgency).inc()
        asset_class = self._instrument(parent).asset_class
        for key in parent.children:
            requests = self._book.orders[key].requests
            replaces_n = sum(isinstance(request, ReplaceRequest) for request in requests)
            self.meters.order_replaces.labels(asset_class).observe(replaces_n)
        if parent.order_qty:
            self.meters.fill_ratio.observe(float(parent.cum_qty / parent.order_qty))
        if parent.status is ParentStatus.PARTIALLY_FILLED:
            self.meters.partial_fills.inc()
        if parent.status in {ParentStatus.EXPIRED, ParentStatus.PARTIALLY_FILLED} and parent.started_ns is not None:
            self.meters.parent_timeouts.inc()
        if parent.status is ParentStatus.FILLED and parent.ended_ns is not None:
            self.meters.fill_latency.observe((parent.ended_ns - parent.received_ns) / NS_PER_S)
        cost_bps = slippage_bps(parent)
        if cost_bps is not None:
            self.meters.slippage.labels(order.side, asset_class, "all").observe(float(cost_bps / BPS))

    def _count_report(self, record: Reported) -> None:
        report = record.report
        order = self._book.order_of(report.cl_ord_id)
        if order is None:
            return
        venue, first = self._venue(record.account), order.first
        status = None
        match report:
            case Trade():
                currency = self._rules.instrument(first.symbol).currency
                self.meters.fills.labels(venue).inc()
                self.meters.filled_notional.labels(venue, currency).inc(float(report.last_qty * report.last_px))
                self.meters.commission.labels(venue, currency).inc(max(0.0, float(report.commission)))
                status = "filled" if order.ord_status is OrdStatus.FILLED else None
            case Accepted():
                ack_s = max(0, record.now_ns - order.sent_ns) / NS_PER_S
                self.meters.order_ack.labels(venue).observe(ack_s)
                status = "accepted"
            case Rejected():
                self.meters.order_rejects.labels(venue, self._bounded(report.code)).inc()
                status = "rejected"
            case Canceled() | Expired() | DoneForDay():
                status = {"Canceled": "canceled", "Expired": "expired"}.get(type(report).__name__, "done_for_day")
            case _:
                pass  # The others do not change where an order ends.
        if status is not None:
            self.meters.child_orders.labels(venue, first.side, first.ord_type, status).inc()

    def _instrument(self, parent: Parent) -> Instrument:
        return self._rules.instrument(parent.order.symbol)

    def _venue(self, account: str) -> str:
        return self._venues.get(account, "unknown")

    def _bounded(self, code: str) -> str:
        if code in self._codes or len(self._codes) < CODES_MAX:
            self._codes[code] = None
            return code or "none"
        return "other"
