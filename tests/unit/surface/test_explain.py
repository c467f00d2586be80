"""Every record has its line, or none on purpose."""

from decimal import Decimal
from typing import Final, get_args

import msgspec
import pytest

from execd.core import records as kinds
from execd.core.commands import CancelParent, PauseParent
from execd.core.enums import Horizon, OrdType, Outcome, ParentStatus, Side
from execd.core.latching import Controlled, Killed, ScopePaused, ScopeResumed, Unkilled
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.orders import CancelRequest, NewOrder, Plan, ReplaceRequest
from execd.core.parents import Parent, SavedAlgo
from execd.core.reconciled import AccountMet, ExternalSeen, Reconciled
from execd.core.records import Record
from execd.core.reports import Accepted, Canceled, ExecReport, OrderSnapshot, Rejected, Replaced, ReplaceRejected, Trade
from execd.core.scopes import KillLevel, Scope
from execd.core.wake import NEVER
from execd.surface.explain import ended_text, explain
from tests.world import START_NS, intent, quote

SEEN: Final = quote("AAPL", "99.99", "100.01")
ALGO: Final = SavedAlgo(name="worker", version=1, fields=msgspec.Raw(b"{}"))
NEW: Final = NewOrder(
    cl_ord_id="e-p-1",
    parent_id="p",
    account="sim",
    symbol="AAPL",
    side=Side.BUY,
    order_qty=Decimal(100),
    ord_type=OrdType.LIMIT,
    price=Decimal("100.05"),
    send_by_ns=START_NS,
    text="offset 5 bps",
)
CHANGE: Final = ReplaceRequest(
    cl_ord_id="e-p-2",
    orig_cl_ord_id="e-p-1",
    parent_id="p",
    account="sim",
    symbol="AAPL",
    side=Side.BUY,
    order_qty=Decimal(60),
    price=Decimal(101),
    send_by_ns=START_NS,
)
CANCEL: Final = CancelRequest(
    cl_ord_id="e-p-3", orig_cl_ord_id="e-p-1", parent_id="p", account="sim", symbol="AAPL", side=Side.BUY
)
FOUND: Final = OrderSnapshot(
    cl_ord_id="e-p-1",
    order_id="o",
    symbol="AAPL",
    order_qty=Decimal(100),
    cum_qty=Decimal(40),
    avg_px=Decimal(100),
    is_live=True,
    transact_ns=START_NS,
)
FILL: Final = Trade(
    cl_ord_id="e-p-1",
    transact_ns=START_NS,
    exec_id="x1",
    last_qty=Decimal(40),
    last_px=Decimal("100.01"),
    commission=Decimal("0.2"),
    is_passive=True,
)


def reported(report: ExecReport) -> Record:
    """Return a broker's report as it is journaled."""
    return kinds.Reported(now_ns=START_NS, account="sim", report=report)


LINES: Final[list[tuple[Record, str, str]]] = [
    (kinds.ParentAccepted(now_ns=START_NS, parent=intent("p"), content_hash="h"), "file", "buy 100 AAPL"),
    (
        Killed(now_ns=START_NS, account="", level=KillLevel.FLATTEN, by="file", uid=7, reason="mad"),
        "command",
        "killed, flatten on all accounts by file, user 7: mad",
    ),
    (Unkilled(now_ns=START_NS, account="sim", reason="looked"), "command", "kill lifted on sim: looked"),
    (ScopePaused(now_ns=START_NS, scope=Scope(symbol="AAPL")), "command", "paused symbol AAPL"),
    (ScopeResumed(now_ns=START_NS, scope=Scope(account="sim")), "command", "resumed account sim"),
    (Controlled(now_ns=START_NS, controller_id="f", state=ALGO, text="round 1 is over"), "command", "round 1 is over"),
    (
        kinds.ParentRefused(now_ns=START_NS, parent=intent("p"), content_hash="h", code="max_qty", text="too many"),
        "end",
        "refused max_qty: too many",
    ),
    (
        kinds.ParentStarted(
            now_ns=START_NS,
            parent_id="p",
            side=Side.BUY,
            order_qty=Decimal(100),
            expire_ns=START_NS,
            plan=Plan(algo="offset", collar_px=Decimal("100.20"), reasons=("urgency normal",)),
            quote=SEEN,
        ),
        "plan",
        "offset for 100, collar 100.2 because urgency normal",
    ),
    (
        kinds.Stepped(
            now_ns=START_NS, parent_id="p", cause="quote", algo=ALGO, wake=NEVER, quote=SEEN, notes=("place 100",)
        ),
        "decision",
        "place 100",
    ),
    (kinds.Sending(now_ns=START_NS, request=NEW), "request", "new limit buy 100 AAPL @ 100.05 day (offset 5 bps)"),
    (kinds.Sending(now_ns=START_NS, request=CHANGE), "request", "replace to 60 @ 101"),
    (kinds.Sending(now_ns=START_NS, request=CANCEL), "request", "cancel e-p-1"),
    (reported(Accepted(cl_ord_id="e-p-1", transact_ns=START_NS, order_id="o7")), "broker", "live at the broker as o7"),
    (reported(FILL), "fill", "40 @ 100.01 resting (x1, commission 0.2)"),
    (reported(Canceled(cl_ord_id="e-p-3", transact_ns=START_NS)), "broker", "canceled"),
    (
        reported(Replaced(cl_ord_id="e-p-2", transact_ns=START_NS, orig_cl_ord_id="e-p-1", order_qty=Decimal(60))),
        "broker",
        "replaced: 60",
    ),
    (reported(Rejected(cl_ord_id="e-p-1", transact_ns=START_NS, code="halted")), "broker", "rejected halted"),
    (
        reported(ReplaceRejected(cl_ord_id="e-p-2", transact_ns=START_NS, code="too_late", text="filled")),
        "broker",
        "replace refused too_late: filled",
    ),
    (
        kinds.Failed(now_ns=START_NS, account="sim", cl_ord_id="e-p-1", outcome=Outcome.UNKNOWN, text="timeout"),
        "doubt",
        "unknown: timeout",
    ),
    (
        kinds.Failed(now_ns=START_NS, account="sim", cl_ord_id="e-p-1", outcome=Outcome.REFUSED, text="429"),
        "broker",
        "refused: 429",
    ),
    (kinds.Missed(now_ns=START_NS, account="sim", cl_ord_id="e-p-1"), "doubt", "shows no trace"),
    (kinds.Resent(now_ns=START_NS, account="sim", cl_ord_id="e-p-1"), "doubt", "written again under the same id"),
    (
        kinds.Resolved(now_ns=START_NS, account="sim", cl_ord_id="e-p-1", is_lost=True, reason="looked"),
        "doubt",
        "resolved by a person: lost (looked)",
    ),
    (
        kinds.Found(now_ns=START_NS, account="sim", cl_ord_id="e-p-1", seen=FOUND),
        "broker",
        "asked: live, 40 of 100 filled",
    ),
    (
        kinds.Commanded(now_ns=START_NS, uid=1000, command=CancelParent(parent_id="p", reason="news")),
        "command",
        "cancel by user 1000 news",
    ),
    (
        kinds.Commanded(
            now_ns=START_NS,
            uid=1000,
            command=CancelParent(parent_id="p", reason="news"),
            code="already_ended",
            text="p is filled",
        ),
        "command",
        "cancel by user 1000 news: refused, p is filled",
    ),
    (
        kinds.Commanded(now_ns=START_NS, uid=1000, command=PauseParent(parent_id="p", reason="news")),
        "command",
        "asked by user 1000",
    ),
    (
        kinds.ParentStopping(now_ns=START_NS, parent_id="p", status=ParentStatus.CANCELED, reason="canceled"),
        "decision",
        "stops: canceled",
    ),
    (kinds.ParentHeld(now_ns=START_NS, parent_id="p", reason="overfill"), "wait", "held for an operator: overfill"),
    (
        kinds.Waited(now_ns=START_NS, parent_id="p", code="no_quote", text="none yet"),
        "wait",
        "no_quote: none yet",
    ),
    (
        kinds.ParentEnded(now_ns=START_NS, parent_id="p", status=ParentStatus.EXPIRED, reason="deadline"),
        "end",
        "expired: deadline",
    ),
    (
        kinds.ParentAmended(now_ns=START_NS, parent_id="p", price=Decimal(5), text="limit_price 5"),
        "command",
        "amended: limit_price 5",
    ),
    (kinds.ParentPaused(now_ns=START_NS, parent_id="p", reason="news"), "command", "paused: news"),
    (kinds.ParentResumed(now_ns=START_NS, parent_id="p", reason=""), "command", "resumed"),
    (kinds.ParentReleased(now_ns=START_NS, parent_id="p", reason="looked"), "command", "released: looked"),
    (
        kinds.DocumentTaken(
            now_ns=START_NS, document_id="d", kind="cancel", target="p", content_hash="h", code="accepted"
        ),
        "command",
        "cancel d about p: accepted",
    ),
    (
        kinds.Tombstoned(now_ns=START_NS, parent_id="p", code="cancelled_before", by="d"),
        "command",
        "cancelled_before by d",
    ),
    (kinds.Halted(now_ns=START_NS, account="", cause="operator", text="news"), "command", "no new risk"),
    (
        kinds.HaltLifted(now_ns=START_NS, account="sim", cause="operator", reason="over"),
        "command",
        "lifted on sim: over",
    ),
    (
        kinds.Adopted(
            now_ns=START_NS,
            account="sim",
            symbol="AAPL",
            qty=Decimal(5),
            px=None,
            strategy="s",
            horizon=Horizon.SWING,
            is_external=True,
        ),
        "command",
        "adopted 5 AAPL on sim as external",
    ),
    (kinds.ParentsRetired(now_ns=START_NS, parent_ids=("p", "q")), "command", "2 ended intents left memory"),
    (
        kinds.ParentRecalled(
            now_ns=START_NS, parent=Parent(order=intent("p"), content_hash="h", received_ns=START_NS), orders=()
        ),
        "command",
        "back in memory",
    ),
    (
        kinds.Poisoned(
            now_ns=START_NS, kind="Reported", body="{}", error="E", parent_id="p", cl_ord_id="c", symbol="AAPL"
        ),
        "command",
        "Reported could not be digested (E)",
    ),
    (kinds.PoisonSetAside(now_ns=START_NS, poisoned_ns=START_NS), "command", "set aside"),
    (ListStaged(now_ns=START_NS, rows=()), "command", "0 rows of a list written down"),
    (ListAccepted(now_ns=START_NS, rows_n=100), "command", "a list of 100 rows accepted"),
    (ListDropped(now_ns=START_NS, reason="p: why"), "command", "a list not accepted: p: why"),
    (
        Reconciled(
            now_ns=START_NS,
            account="sim",
            rule="missed_trade",
            subject="c",
            symbol="AAPL",
            right="broker",
            text="x1 was not reported",
        ),
        "broker",
        "missed_trade, broker is right: x1 was not reported",
    ),
    (
        ExternalSeen(now_ns=START_NS, account="sim", seen=FOUND),
        "broker",
        "not ours on sim: e-p-1, side not told 100 AAPL, 40 traded, live",
    ),
    (AccountMet(now_ns=START_NS, account="sim"), "broker", "the account sim was read whole for the first time"),
]


@pytest.mark.parametrize("record, kind, text", LINES, ids=lambda value: type(value).__name__)
def test_a_record_becomes_its_line(record: Record, kind: str, text: str) -> None:
    """Kind and text of each record's line."""
    (link,) = explain([record])

    assert (link.kind, text in link.text, link.ts) == (kind, True, "2023-11-14T22:13:20.000000000Z")


def test_every_kind_of_record_is_in_the_table() -> None:
    """A new record is explained, or this fails."""
    told = {type(record) for record, _, _ in LINES}

    assert told == set(get_args(Record))


ENDS = [
    ("canceled", "canceled: done", "canceled: done"),
    ("canceled", "canceled", "canceled"),
    ("filled", "", "filled"),
]


@pytest.mark.parametrize("status, reason, text", [*ENDS, ("expired", "deadline", "expired: deadline")])
def test_an_end_says_its_status_once(status: str, reason: str, text: str) -> None:
    """A reason that begins with the status is not told twice."""
    assert text == ended_text(status, reason)


def test_a_step_that_only_saved_its_state_is_not_told() -> None:
    """What explains nothing takes no line."""
    silent = kinds.Stepped(now_ns=START_NS, parent_id="p", cause="report", algo=ALGO, wake=NEVER, quote=None)

    assert explain([silent]) == []


def test_a_decision_shows_the_market_that_it_saw() -> None:
    """The quote of a decision is told with sizes, source and age."""
    step = kinds.Stepped(
        now_ns=START_NS + 5_000_000, parent_id="p", cause="q", algo=ALGO, wake=NEVER, quote=SEEN, notes=("place",)
    )

    assert explain([step])[0].quote == "99.99 × 100 / 100.01 × 100 (stream, 5 ms old)"
