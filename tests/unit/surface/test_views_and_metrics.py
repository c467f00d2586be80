"""Rows for people, and counters that move once."""

from decimal import Decimal

import pytest
from prometheus_client import generate_latest

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.enums import ParentStatus
from execd.core.events import Alert, Reply
from execd.core.projection import Rows
from execd.core.records import ParentAccepted, ParentEnded
from execd.surface import metrics as room
from execd.surface import views
from execd.surface.metrics import Metrics
from tests.world import RULES, START_NS, intent

PROMISED = """
execd_build_info execd_intents_total execd_intents_open execd_parents_total execd_plans_total execd_child_orders_total
execd_order_rejects_total execd_parent_timeouts_total execd_partial_fills_total execd_order_replaces
execd_commission_total execd_slippage_ratio execd_fills_total execd_filled_notional_total execd_broker_up
execd_broker_request_duration_seconds execd_order_ack_duration_seconds execd_fill_latency_seconds execd_fill_ratio
execd_journal_commit_duration_seconds execd_journal_size_bytes execd_event_loop_lag_seconds execd_inbox_files
execd_session_open execd_unknown_outcome_orders execd_market_data_age_seconds
""".split()


def book_of(parents_n: int) -> Book:
    """Return a book of so many intents; every other one has ended."""
    book = Book()
    for n in range(parents_n):
        book.apply(ParentAccepted(now_ns=START_NS + n, parent=intent(f"p{n}"), content_hash="h"))
        if n % 2:
            book.apply(ParentEnded(now_ns=START_NS, parent_id=f"p{n}", status=ParentStatus.CANCELED, reason="r"))
    return book


def metrics_text(metrics: Metrics) -> str:
    """Return what a scraper gets."""
    return generate_latest(metrics.registry).decode()


def test_the_list_of_open_intents_has_only_those() -> None:
    """`orders --open` leaves out what has ended; the order is that of arrival."""
    rows = views.order_rows(book_of(6), is_open_only=True)

    assert [row.id for row in rows] == ["p0", "p2", "p4"]


def test_a_list_is_bounded_and_keeps_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more rows than fit the latest are shown."""
    monkeypatch.setattr(views, "ROWS_MAX", 2)
    rows = views.order_rows(book_of(5), is_open_only=False)

    assert [row.id for row in rows] == ["p3", "p4"]


def test_an_instant_keeps_its_nanoseconds() -> None:
    """RFC 3339 with nine places."""
    assert views.instant(1_700_000_000_000_000_001) == "2023-11-14T22:13:20.000000001Z"


def test_every_promised_metric_exists() -> None:
    """The names that dashboards use are registered."""
    text = metrics_text(Metrics(book=Book(), rules=RULES, venues={"sim": "sim"}))

    assert [name for name in PROMISED if f"# HELP {name} " not in text] == []


def test_a_reply_counts_an_intent_by_where_it_came_from() -> None:
    """Accepted, duplicate and rejected are told apart; commands are no intents."""
    metrics = Metrics(book=Book(), rules=RULES, venues={"sim": "sim"})
    effects = [
        Reply(ref="inbox:1", is_ok=True, code="accepted"),
        Reply(ref="api:2", is_ok=False, code="id_conflict"),
        Reply(ref="command:3", is_ok=True, code="accepted"),
    ]
    metrics.committed(Batch(now_ns=START_NS, records=(), rows=Rows()), effects, 0.0)
    lines = [line for line in metrics_text(metrics).splitlines() if line.startswith("execd_intents_total{")]

    expected = [
        'execd_intents_total{source="inbox",status="accepted"} 1.0',
        'execd_intents_total{source="api",status="rejected"} 1.0',
    ]
    assert lines == expected


def test_codes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that others choose cannot make series without end."""
    monkeypatch.setattr(room, "CODES_MAX", 2)
    metrics = Metrics(book=Book(), rules=RULES, venues={"sim": "sim"})
    alerts = [Alert(code=f"code-{n}", text="") for n in range(5)]
    metrics.committed(Batch(now_ns=START_NS, records=(), rows=Rows()), alerts, 0.0)
    text = metrics_text(metrics)

    found = [name for name in ("code-0", "code-1", "code-2", "other") if f'code="{name}"' in text]
    assert found == ["code-0", "code-1", "other"]


def test_an_end_is_counted_with_its_share() -> None:
    """The end of a parent moves its counter; nothing filled is a ratio of zero."""
    book = book_of(2)
    metrics = Metrics(book=book, rules=RULES, venues={"sim": "sim"})
    ended = ParentEnded(now_ns=START_NS, parent_id="p1", status=ParentStatus.CANCELED, reason="r")
    metrics.committed(Batch(now_ns=START_NS, records=(ended,), rows=Rows()), (), 0.001)

    told = 'execd_parents_total{algo="none",status="canceled",urgency="normal"} 1.0' in metrics_text(metrics)
    assert (told, book.parents["p1"].cum_qty) == (True, Decimal(0))
