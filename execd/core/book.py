"""What all records together say: parents, orders, positions.

`Book.apply` folds one record; there is no other way to change a book. The
engine, recovery, `journal verify` and analysis share this one fold, so what
is live and what is read back cannot differ. Values in a book are frozen;
only its dictionaries grow. It decides nothing and refuses nothing.
"""

from decimal import Decimal
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from execd.core import fills as fill_facts
from execd.core import order as order_facts
from execd.core.enums import ParentStatus
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.orders import NewOrder, ParentOrder, Plan, Sleeve
from execd.core.records import (
    Commanded,
    Failed,
    Found,
    ParentAccepted,
    ParentEnded,
    ParentHeld,
    ParentRefused,
    ParentStarted,
    ParentStopping,
    Record,
    Reported,
    SavedAlgo,
    Sending,
    Stepped,
    Waited,
)
from execd.core.reports import ExecReport, Trade
from execd.core.wake import NEVER, Wake

ZERO: Final = Decimal(0)
NOTES_MAX: Final = 200
"""A parent's story is cut there; the records keep all of it."""


class Note(msgspec.Struct, frozen=True, gc=False):
    """One line of a parent's story."""

    now_ns: int
    text: str


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """What we know of one parent. `children` are keys of orders, `requests_n` counts every request made for it."""

    order: ParentOrder
    content_hash: str
    received_ns: int
    status: ParentStatus = ParentStatus.QUEUED
    reason: str = ""
    order_qty: Decimal | None = None
    plan: Plan | None = None
    arrival: Quote | None = None
    started_ns: int | None = None
    expire_ns: int | None = None
    ended_ns: int | None = None
    algo: SavedAlgo | None = None
    wake: Wake = NEVER
    children: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    requests_n: int = 0
    stopping: ParentStatus | None = None
    cum_qty: Decimal = ZERO
    notional: Decimal = ZERO
    commission: Decimal = ZERO
    notes: tuple[Note, ...] = ()
    revision: int = 0

    @property
    def avg_px(self) -> Decimal | None:
        """Average price of what is filled; None while nothing is."""
        return self.notional / self.cum_qty if self.cum_qty else None

    @property
    def leaves_qty(self) -> Decimal:
        """Quantity still wanted; zero before it is known."""
        return max(ZERO, self.order_qty - self.cum_qty) if self.order_qty is not None else ZERO


class PositionKey(msgspec.Struct, frozen=True, gc=False, order=True):
    """Whose position in what."""

    sleeve: Sleeve
    symbol: str


class Position(msgspec.Struct, frozen=True, gc=False):
    """Signed quantity, and what was paid for it so far less what was received (currency units)."""

    qty: Decimal = ZERO
    paid: Decimal = ZERO


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


class Book:
    """Parents by id, orders by first ClOrdID, positions by sleeve and symbol."""

    def __init__(self) -> None:
        """Begin empty."""
        self.parents: dict[str, Parent] = {}
        self.orders: dict[str, Order] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.chains: dict[str, str] = {}
        self.external: dict[str, ExecReport] = {}
        self.touched = Touched()

    def order_of(self, cl_ord_id: str) -> Order | None:
        """Return the chain that a ClOrdID belongs to; None where it is not ours."""
        key = self.chains.get(cl_ord_id)
        return None if key is None else self.orders[key]

    def take_touched(self) -> Touched:
        """Return what has changed since the last call."""
        touched, self.touched = self.touched, Touched()
        return touched

    def apply(self, record: Record) -> None:
        """Fold one record."""
        match record:
            case ParentAccepted():
                self._received(record)
            case ParentRefused():
                self._received(record)
                self._end(
                    record.parent.parent_id, ParentStatus.REJECTED, f"{record.code}: {record.text}", record.now_ns
                )
            case ParentStarted():
                self._start(record)
            case Stepped():
                self._stepped(record)
            case Sending():
                self._sending(record)
            case Reported():
                self._reported(record)
            case Failed():
                self._failed(record)
            case Found():
                self._found(record)
            case Commanded():
                pass  # The command's own consequences are records that follow it.
            case ParentStopping():
                parent = self.parents[record.parent_id]
                self._put(replace(parent, stopping=record.status, reason=record.reason), record.now_ns, record.reason)
            case ParentHeld():
                parent = self.parents[record.parent_id]
                self._put(
                    replace(parent, status=ParentStatus.HELD, reason=record.reason),
                    record.now_ns,
                    f"held: {record.reason}",
                )
            case Waited():
                parent = self.parents[record.parent_id]
                self._put(replace(parent, reason=record.code), record.now_ns, f"waits, {record.code}: {record.text}")
            case ParentEnded():
                self._end(record.parent_id, record.status, record.reason, record.now_ns)
            case _:
                assert_never(record)

    def _received(self, record: ParentAccepted | ParentRefused) -> None:
        parent = Parent(order=record.parent, content_hash=record.content_hash, received_ns=record.now_ns)
        self._put(parent, record.now_ns, "received")

    def _start(self, record: ParentStarted) -> None:
        parent = self.parents[record.parent_id]
        parent = replace(
            parent,
            order=replace(parent.order, side=record.side),
            status=ParentStatus.WORKING,
            reason="",
            order_qty=record.order_qty,
            plan=record.plan,
            arrival=record.quote,
            started_ns=record.now_ns,
            expire_ns=record.expire_ns,
        )
        self._put(parent, record.now_ns, f"started: {record.plan.algo}")

    def _stepped(self, record: Stepped) -> None:
        parent = self.parents[record.parent_id]
        # Who acts no longer waits.
        reason = "" if record.notes and parent.stopping is None else parent.reason
        self._put(replace(parent, algo=record.algo, wake=record.wake, reason=reason), record.now_ns, *record.notes)

    def _end(self, parent_id: str, status: ParentStatus, reason: str, now_ns: int) -> None:
        parent = replace(self.parents[parent_id], status=status, reason=reason, ended_ns=now_ns, wake=NEVER, algo=None)
        self._put(parent, now_ns, f"ended {status}: {reason}" if reason else f"ended {status}")

    def _sending(self, record: Sending) -> None:
        request = record.request
        parent = self.parents[request.parent_id]
        if isinstance(request, NewOrder):
            key = request.cl_ord_id
            self._put_order(order_facts.begin(request, record.now_ns))
            parent = replace(parent, children=(*parent.children, key), live=(*parent.live, key))
        else:
            key = self.chains[request.orig_cl_ord_id]
            self._put_order(order_facts.add_request(self.orders[key], request))
        self.chains[request.cl_ord_id] = key
        self._put(replace(parent, requests_n=parent.requests_n + 1), record.now_ns)

    def _reported(self, record: Reported) -> None:
        order = self.order_of(record.report.cl_ord_id)
        if order is None:
            self.external[record.report.cl_ord_id] = record.report
            return
        self._change(order, order_facts.apply(order, record.report), record.now_ns)

    def _failed(self, record: Failed) -> None:
        order = self.order_of(record.cl_ord_id)
        if order is not None:
            changed = order_facts.add_failure(order, record.cl_ord_id, record.outcome, record.text)
            self._change(order, changed, record.now_ns, f"{record.cl_ord_id} {record.outcome}: {record.text}")

    def _found(self, record: Found) -> None:
        order = self.order_of(record.cl_ord_id)
        if order is not None:
            self._change(order, order_facts.add_snapshot(order, record.seen), record.now_ns)

    def _change(self, before: Order, after: Order, now_ns: int, *notes: str) -> None:
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
        )
        self._put(parent, now_ns, *notes)
        if bought or paid or fees:
            sign = after.first.side.sign
            key = PositionKey(parent.order.sleeve, after.first.symbol)
            was = self.positions.get(key, Position())
            self.positions[key] = Position(was.qty + sign * bought, was.paid + sign * paid + fees)
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

    def _put(self, parent: Parent, now_ns: int, *notes: str) -> None:
        told = parent.notes
        if notes and len(told) < NOTES_MAX:
            told = (*told, *(Note(now_ns, text) for text in notes))
        parent_id = parent.order.parent_id
        self.parents[parent_id] = replace(parent, revision=parent.revision + 1, notes=told)
        self.touched.parents[parent_id] = None


def _live_with(live: tuple[str, ...], order: Order) -> tuple[str, ...]:
    """Return the keys of a parent's orders that may still trade; a bust can bring one back."""
    if order.is_done:
        return tuple(key for key in live if key != order.key)
    return live if order.key in live else (*live, order.key)


def fold(records: list[Record]) -> Book:
    """Return the book that `records` make."""
    book = Book()
    for record in records:
        book.apply(record)
    book.take_touched()
    return book
