"""What may happen to a parent beside orders and reports: operators, documents, halts, holdings, poison, retirement.

Drawn by `core/chance` like the stories of `stories.py`, which asks here.
"""

from decimal import Decimal

import msgspec

from execd.core.book import Book
from execd.core.chance import below
from execd.core.enums import Horizon, Side, Urgency
from execd.core.latching import Controlled, Killed, ScopePaused, ScopeResumed, Unkilled
from execd.core.lists import ListAccepted, ListDropped, ListedRow, ListStaged
from execd.core.orders import ParentOrder
from execd.core.parents import SavedAlgo
from execd.core.reconciled import AccountMet, ExternalSeen, Reconciled
from execd.core.records import (
    Adopted,
    DocumentTaken,
    Halted,
    HaltLifted,
    Missed,
    ParentAmended,
    ParentPaused,
    ParentRecalled,
    ParentReleased,
    ParentResumed,
    Poisoned,
    PoisonSetAside,
    Record,
    Resent,
    Resolved,
    Tombstoned,
)
from execd.core.reports import OrderSnapshot
from execd.core.scopes import KillLevel, Scope


def _doubted(cl_ord_id: str, seed: int, now_ns: int) -> tuple[tuple[Record, ...], ...]:
    """Return what may come to be known of a request in doubt."""
    is_lost = bool(below(2, seed, "is_lost"))
    return (
        (
            Missed(now_ns=now_ns, account="sim", cl_ord_id=cl_ord_id),
            Resent(now_ns=now_ns, account="sim", cl_ord_id=cl_ord_id),
        ),
        (Resolved(now_ns=now_ns, account="sim", cl_ord_id=cl_ord_id, is_lost=is_lost, order_id="77", reason="looked"),),
    )


def _latched(seed: int, now_ns: int) -> tuple[tuple[Record, ...], ...]:
    """Return what operators latch and lift on more than one parent, and the state of what carries it out."""
    level = list(KillLevel)[below(3, seed, "level")]
    scope = Scope(account=("", "paper")[below(2, seed, "account")], symbol=("", "IBM")[below(2, seed, "symbol")])
    state = SavedAlgo(name="flatten", version=1, fields=msgspec.Raw(b'{"phase":"confirm"}'))
    is_over = bool(below(2, seed, "is_over"))
    return (
        (Killed(now_ns=now_ns, account=scope.account, level=level, by="file", uid=7, reason="mad"),),
        (Unkilled(now_ns=now_ns, account=scope.account, reason="looked", is_forced=True, uid=7),),
        (ScopePaused(now_ns=now_ns, scope=scope, reason="news"),),
        (ScopeResumed(now_ns=now_ns, scope=scope),),
        (Controlled(now_ns=now_ns, controller_id="f1", state=state, text="begins", is_over=is_over),),
    )


def operated(parent_id: str, cl_ord_id: str, seed: int, now_ns: int) -> list[Record]:
    """Return the records of something that an operator, a file or a bug did."""
    choices: tuple[tuple[Record, ...], ...] = (
        (
            ParentPaused(now_ns=now_ns, parent_id=parent_id, reason="lunch"),
            ParentResumed(now_ns=now_ns, parent_id=parent_id, reason=""),
        ),
        (ParentReleased(now_ns=now_ns, parent_id=parent_id, reason="looked"),),
        (
            ParentAmended(
                now_ns=now_ns,
                parent_id=parent_id,
                order_qty=Decimal(900),
                urgency=Urgency.HIGH,
                max_slippage_bps=Decimal("7.5"),
                text="qty 900",
            ),
        ),
        (
            DocumentTaken(
                now_ns=now_ns,
                document_id=f"d{below(5, seed, 'document')}",
                kind="cancel",
                target=parent_id,
                content_hash="2" * 32,
                code="accepted",
            ),
            Tombstoned(now_ns=now_ns, parent_id=f"later-{seed}", code="cancelled_before", by="d1"),
        ),
        (Halted(now_ns=now_ns, account="", cause="disk_low", text="200 MiB are left"),),
        (HaltLifted(now_ns=now_ns, account="", cause="disk_low", reason="made room"),),
        (_adopted(now_ns, is_external=False), _adopted(now_ns, is_external=True)),
        (
            Poisoned(
                now_ns=now_ns,
                kind="ReportReceived",
                body="{}",
                error="KeyError: 'x'",
                parent_id=parent_id,
                cl_ord_id=cl_ord_id,
                symbol="IBM",
            ),
            PoisonSetAside(now_ns=now_ns, poisoned_ns=now_ns),
        ),
        *_doubted(cl_ord_id, seed, now_ns),
        *_latched(seed, now_ns),
        _compared(cl_ord_id, seed, now_ns),
        (_staged(f"row-{seed}", now_ns), ListDropped(now_ns=now_ns, reason="row: why")),
        (_staged(f"row-{seed}", now_ns), ListAccepted(now_ns=now_ns, rows_n=1)),
    )
    return list(choices[below(len(choices), seed, "operated")])


def _compared(cl_ord_id: str, seed: int, now_ns: int) -> tuple[Record, ...]:
    """Return what may be found when the account is compared with its broker."""
    cum_qty = Decimal(below(5, seed, "theirs"))
    seen = OrderSnapshot(
        cl_ord_id="hand",
        order_id="77",
        symbol="IBM",
        side=Side.SELL,
        order_qty=Decimal(5),
        cum_qty=cum_qty,
        avg_px=Decimal(100),
        is_live=cum_qty < 4,  # Five are possible.
        transact_ns=now_ns,
    )
    return (
        AccountMet(now_ns=now_ns, account="sim"),
        Reconciled(
            now_ns=now_ns,
            account="sim",
            rule="missed_trade",
            subject=cl_ord_id,
            symbol="IBM",
            right="broker",
            text="x1 was not reported",
        ),
        ExternalSeen(now_ns=now_ns, account="sim", seen=seen),
    )


def recalled(book: Book, parent_id: str, now_ns: int) -> Record:
    """Return the record by which a parent that `book` still has comes back."""
    parent = book.parents[parent_id]
    return ParentRecalled(now_ns=now_ns, parent=parent, orders=tuple(book.orders[key] for key in parent.children))


def _staged(parent_id: str, now_ns: int) -> ListStaged:
    parent = ParentOrder(
        parent_id=parent_id,
        account="paper",
        symbol="IBM",
        side=Side.BUY,
        order_qty=Decimal(5),
        effective_ns=now_ns,
        start_by_ns=now_ns,
    )
    return ListStaged(now_ns=now_ns, rows=(ListedRow(parent=parent, content_hash="3" * 32),))


def _adopted(now_ns: int, *, is_external: bool) -> Adopted:
    return Adopted(
        now_ns=now_ns,
        account="paper",
        symbol="IBM",
        qty=Decimal(-30),
        px=Decimal("99.5"),
        strategy="default",
        horizon=Horizon.SWING,
        is_external=is_external,
    )
