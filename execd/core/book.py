"""What all records together say: parents, orders, positions.

`Book.apply` folds one record; there is no other way to change a book. The
engine, recovery, `journal verify` and analysis share this one fold, so what
is live and what is read back cannot differ. Values in a book are frozen;
only its dictionaries grow. It decides nothing and refuses nothing.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core import doubting, folding, noting, telling
from execd.core import fills as fill_facts
from execd.core.enums import Outcome, ParentStatus
from execd.core.lists import ListedRow
from execd.core.order import Failure, Order
from execd.core.orders import NewOrder
from execd.core.parents import (
    Document,
    Halt,
    HaltKey,
    HoldingKey,
    Note,
    Parent,
    Poison,
    Position,
    PositionKey,
    SavedAlgo,
)
from execd.core.reconciled import ExternalKey
from execd.core.records import (
    Failed,
    Found,
    Missed,
    ParentAccepted,
    ParentAmended,
    ParentEnded,
    ParentHeld,
    ParentPaused,
    ParentRecalled,
    ParentRefused,
    ParentReleased,
    ParentResumed,
    ParentsRetired,
    ParentStarted,
    ParentStopping,
    Record,
    Reported,
    Resent,
    Resolved,
    Sending,
    Stepped,
    Waited,
)
from execd.core.reports import ExecReport, OrderSnapshot, Trade
from execd.core.saying import doubt_said
from execd.core.scopes import Kill, Pause, Scope
from execd.core.telling import ended_as

ZERO: Final = Decimal(0)
NOTES_MAX: Final = 200
"""A parent's story is cut there; the records keep all of it."""
EXTERNAL_MAX: Final = 100
"""Reports kept on one order that is not ours, or not in memory."""
_UNSENT: Final = (Outcome.NOT_SENT, Outcome.RATE_LIMITED)

__all__ = ["NOTES_MAX", "Book", "Note", "Parent", "Position", "PositionKey", "Touched", "fold"]


class Touched(msgspec.Struct):
    """Which entries a run of records changed; dictionaries, for their order is stable.

    `trades` (by first ClOrdID and ExecID) only came to the others of their order; in the orders of `recounted` any
    trade may count differently than before. So a fill costs one row, however many its order has.
    """

    parents: dict[str, None] = {}
    orders: dict[str, None] = {}
    positions: dict[PositionKey, None] = {}
    trades: dict[tuple[str, str], Trade] = {}
    recounted: dict[str, None] = {}
    documents: dict[str, None] = {}


class Book:
    """Parents by id, orders by first ClOrdID, positions by sleeve and symbol, and what was said of all of them.

    `tombstones` are codes by the id of an intent that may not come any more; `external` are reports on orders that are
    not ours, `external_orders` those orders as they were shown last, `external_positions` holdings that are not ours;
    `met` is when an account was read whole for the first time; `unreadable` are orders of which a report was poison.
    """

    def __init__(self, *, keeps_all: bool = False) -> None:
        """Begin empty. `keeps_all`: what retires stays, for whoever compares a fold with every row."""
        self.parents: dict[str, Parent] = {}
        self.orders: dict[str, Order] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.chains: dict[str, str] = {}
        self.external: dict[str, tuple[ExecReport, ...]] = {}
        self.documents: dict[str, Document] = {}
        self.tombstones: dict[str, str] = {}
        self.halts: dict[HaltKey, Halt] = {}
        self.kills: dict[str, Kill] = {}
        self.pauses: dict[Scope, Pause] = {}
        self.controllers: dict[str, SavedAlgo] = {}
        self.external_positions: dict[HoldingKey, Decimal] = {}
        self.external_orders: dict[ExternalKey, OrderSnapshot] = {}
        self.met: dict[str, int] = {}
        self.poisons: dict[int, Poison] = {}
        self.unreadable: dict[str, None] = {}
        self.staged: dict[str, ListedRow] = {}
        self.listed: dict[str, ListedRow] = {}
        self.touched = Touched()
        self._keeps_all = keeps_all

    def order_of(self, cl_ord_id: str) -> Order | None:
        """Return the chain that a ClOrdID belongs to; None where it is not ours."""
        key = self.chains.get(cl_ord_id)
        return None if key is None else self.orders[key]

    def take_touched(self) -> Touched:
        """Return what has changed since the last call."""
        touched, self.touched = self.touched, Touched()
        return touched

    def touch_all(self) -> None:
        """Count everything as changed: somebody writes every row anew."""
        self.touched = Touched(
            parents=dict.fromkeys(self.parents),
            orders=dict.fromkeys(self.orders),
            positions=dict.fromkeys(self.positions),
            recounted=dict.fromkeys(self.orders),
            documents=dict.fromkeys(self.documents),
        )

    def apply(self, record: Record) -> None:
        """Fold one record."""
        match record:
            case Reported():
                self._reported(record)
            case (
                Stepped()
                | Waited()
                | ParentStarted()
                | ParentStopping()
                | ParentEnded()
                | ParentHeld()
                | ParentReleased()
                | ParentPaused()
                | ParentResumed()
                | ParentAmended()
            ):
                parent, notes = telling.told(self.parents[record.parent_id], record)
                self._put(parent, record.now_ns, *notes)
            case Sending():
                self._sending(record)
            case ParentAccepted():
                self._received(record)
            case ParentRefused():
                parent = self._received(record)
                reason = f"{record.code}: {record.text}"
                rejected = ended_as(parent, ParentStatus.REJECTED, reason, record.now_ns)
                self._put(rejected, record.now_ns, f"ended {ParentStatus.REJECTED}: {reason}")
            case Failed():
                self._failed(record)
            case Found():
                self._found(record)
            case Missed() | Resent() | Resolved():
                self._doubted(record)
            case ParentsRetired():
                self._retired(record)
            case ParentRecalled():
                self._recalled(record)
            case _:
                noting.note(self, record)

    def _received(self, record: ParentAccepted | ParentRefused) -> Parent:
        self.listed.pop(record.parent.parent_id, None)
        parent = Parent(order=record.parent, content_hash=record.content_hash, received_ns=record.now_ns)
        return self._put(parent, record.now_ns, "received")

    def _retired(self, record: ParentsRetired) -> None:
        if self._keeps_all:
            return
        for parent_id in record.parent_ids:
            for key in self.parents.pop(parent_id).children:
                for request in self.orders.pop(key).requests:
                    del self.chains[request.cl_ord_id]

    def _recalled(self, record: ParentRecalled) -> None:
        if self._keeps_all:
            return
        self.parents[record.parent.order.parent_id] = record.parent
        for order in record.orders:
            self.orders[order.key] = order
            for request in order.requests:
                self.chains[request.cl_ord_id] = order.key
                self.external.pop(request.cl_ord_id, None)

    def _sending(self, record: Sending) -> None:
        request = record.request
        parent = self.parents[request.parent_id]
        if isinstance(request, NewOrder):
            key = request.cl_ord_id
            self._put_order(folding.begin(request, record.now_ns))
            parent = replace(parent, children=(*parent.children, key), live=(*parent.live, key))
        else:
            key = self.chains[request.orig_cl_ord_id]
            self._put_order(folding.add_request(self.orders[key], request, record.now_ns))
        self.chains[request.cl_ord_id] = key
        self._put(replace(parent, requests_n=parent.requests_n + 1), record.now_ns)

    def _reported(self, record: Reported) -> None:
        order = self.order_of(record.report.cl_ord_id)
        if order is None:
            told = self.external.get(record.report.cl_ord_id, ())
            self.external[record.report.cl_ord_id] = (*told, record.report)[-EXTERNAL_MAX:]
            return
        self._change(order, folding.apply(order, record.report), record.now_ns)

    def _failed(self, record: Failed) -> None:
        order = self.order_of(record.cl_ord_id)
        if order is not None:
            failure = Failure(record.cl_ord_id, record.outcome, record.text)
            changed = folding.add_failure(order, failure, record.now_ns)
            note = f"{record.cl_ord_id} {record.outcome}: {record.text}"
            self._change(order, changed, record.now_ns, note, is_unsent=record.outcome in _UNSENT)

    def _found(self, record: Found) -> None:
        order = self.order_of(record.cl_ord_id)
        if order is not None:
            self._change(order, folding.add_snapshot(order, record.seen), record.now_ns)

    def _doubted(self, record: Missed | Resent | Resolved) -> None:
        order = self.order_of(record.cl_ord_id)
        if order is not None:
            note = f"{record.cl_ord_id}: {doubt_said(record)}"
            self._change(order, doubting.fold(order, record), record.now_ns, note)

    def _change(self, before: Order, after: Order, now_ns: int, *notes: str, is_unsent: bool = False) -> None:
        if after == before:
            return
        self._put_order(after)
        self._touch_fills(before, after)
        parent = self.parents[after.first.parent_id]
        bought, paid = after.cum_qty - before.cum_qty, after.fills.notional - before.fills.notional
        fees = after.fills.commission - before.fills.commission
        parent = replace(
            parent,
            cum_qty=parent.cum_qty + bought,
            notional=parent.notional + paid,
            commission=parent.commission + fees,
            live=_live_with(parent.live, after),
            unsent_n=parent.unsent_n + 1 if is_unsent else 0,
            unsent_ns=now_ns if is_unsent else parent.unsent_ns,
        )
        self._put(parent, now_ns, *notes)
        if bought or paid or fees:
            sign = after.first.side.sign
            key = PositionKey(parent.order.sleeve, after.first.symbol)
            self.move(key, sign * bought, sign * paid + fees)

    def move(self, key: PositionKey, qty: Decimal, paid: Decimal) -> None:
        """Change what a sleeve owns of a symbol, and what was paid for it. For the fold only."""
        was = self.positions.get(key, Position())
        self.positions[key] = Position(was.qty + qty, was.paid + paid)
        self.touched.positions[key] = None

    def _touch_fills(self, before: Order, after: Order) -> None:
        if after.fills is before.fills:
            return
        trade = fill_facts.only_new(before.fills, after.fills)
        if trade is None:
            self.touched.recounted[after.key] = None
        else:
            self.touched.trades[after.key, trade.exec_id] = trade

    def _put_order(self, order: Order) -> None:
        self.orders[order.key] = order
        self.touched.orders[order.key] = None

    def _put(self, parent: Parent, now_ns: int, *notes: str) -> Parent:
        story = parent.notes
        if notes and len(story) < NOTES_MAX:
            story = (*story, *(Note(now_ns, text) for text in notes))
        parent_id = parent.order.parent_id
        parent = self.parents[parent_id] = replace(parent, revision=parent.revision + 1, notes=story)
        self.touched.parents[parent_id] = None
        return parent


def _live_with(live: tuple[str, ...], order: Order) -> tuple[str, ...]:
    """Return the keys of a parent's orders that may still trade; a bust can bring one back."""
    if order.is_done:
        return tuple(key for key in live if key != order.key)
    return live if order.key in live else (*live, order.key)


def fold(records: list[Record], *, keeps_all: bool = False) -> Book:
    """Return the book that `records` make."""
    book = Book(keeps_all=keeps_all)
    for record in records:
        book.apply(record)
    book.take_touched()
    return book
