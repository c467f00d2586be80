"""The laws of a simulated world, held against what the brokers really have.

Named as in the fault plan: Inv1 to Inv12, and a few of our own. Each is asked
where it can first break: when bytes leave, when a broker takes a request and at a
commit; those of a start and of rest are in `at_rest`. A law that does not hold
raises `Broken`. None is ever loosened for an implementation: where one has an
exception the rule that allows it stands beside it.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.enums import Side
from execd.core.events import Alert
from execd.core.latching import Controlled, Killed, Unkilled
from execd.core.order import Order
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.parents import HaltKey, PositionKey
from execd.core.records import (
    Failed,
    Found,
    Halted,
    HaltLifted,
    Missed,
    ParentAccepted,
    ParentAmended,
    ParentEnded,
    ParentHeld,
    ParentReleased,
    ParentStarted,
    ParentStopping,
    Record,
    Reported,
    Resolved,
    Sending,
    Stepped,
)
from execd.core.reports import Trade, TradeCanceled, TradeCorrected
from execd.core.rules import Rules
from execd.core.scopes import KillLevel
from execd.engine.controllers.flatten import Flatten, Phase
from execd.simulation.at_rest import Broken
from execd.simulation.front import Front, Placed
from execd.simulation.misled import Misled

ZERO: Final = Decimal(0)
ADDS_RISK: Final = (Side.BUY, Side.SELL_SHORT)
HOLDS: Final = ("parent_held", "contradiction", "came_back")
"""Each calls a person to a parent: one that has ended, or is being stopped, cannot be held any more."""
OVER_PARENT: Final = "children_over_parent"
"""With these words the last gate holds a parent whose algorithm asks for more than it was given."""
_OF_ORDERS: Final = (Reported, Found, Failed, Missed, Resolved)
_OF_PARENTS: Final = (ParentStarted, ParentAmended, ParentEnded, ParentHeld, ParentReleased, ParentStopping, Stepped)


class Laws:
    """What must hold, and the little that must be remembered to see it."""

    def __init__(self, rules: Rules, fronts: Mapping[str, Front], on_way: Mapping[str, Request]) -> None:
        """`fronts` are the brokers, by account; `on_way` the requests that have left and may still arrive."""
        self.misled = Misled(fronts, on_way)
        self.sent: dict[str, Request] = {}
        """Every request of which a `Sending` is durable."""
        self.overfilled: dict[str, None] = {}
        """Orders that their broker filled beyond their quantity."""
        self.owed: dict[tuple[str, str], str] = {}
        """Alerts (and about which parent) that are promised and that nobody has raised yet, and for which fault."""
        self._doubted: dict[str, None] = {}
        """Requests that ended without an answer since an alert last said so."""
        self._flagged: dict[str, Decimal] = {}
        self._rules = rules
        self._fronts = fronts
        self._accepted: dict[str, None] = {}
        self._flattens: dict[str, None] = {}
        self._halts: dict[tuple[str, str, str], None] = {}
        self._kills: dict[str, KillLevel] = {}
        self._parent_qty: dict[str, Decimal] = {}
        self._closes: dict[str, None] = {}
        self._ended: dict[str, None] = {}
        self._done: dict[str, None] = {}
        self._busted: dict[str, None] = {}

    # When bytes leave, and when they arrive.

    def left(self, request: Request, now_ns: int, book: Book | None) -> None:
        """Inv2, Inv10, and nothing leaves later than it may (DESIGN 5)."""
        if request.cl_ord_id not in self.sent:
            raise Broken("Inv2", f"{request.cl_ord_id} left before its record was durable")
        if not isinstance(request, CancelRequest) and now_ns > request.send_by_ns:
            late_ms = (now_ns - request.send_by_ns) // 1_000_000
            raise Broken("send_by", f"{request.cl_ord_id} left {late_ms} ms later than it may")
        levels = [level for account, level in self._kills.items() if account in {"", request.account}]
        if isinstance(request, CancelRequest) or not levels or request.parent_id in self._flattens:
            return
        level = max(levels, key=lambda one: one.rank)
        # The lowest level lets exits go on (SPEC 9).
        if level is not KillLevel.HALT_NEW or not self._is_exit(request, book):
            raise Broken("Inv10", f"{request.cl_ord_id} left while {level} was latched")

    def taken(self, front: Front, request: Request) -> None:
        """Inv1 and Inv5, before a broker takes a request."""
        if request.cl_ord_id not in self.sent:
            raise Broken("Inv2", f"{request.cl_ord_id} is at the broker and in no journal")
        if not isinstance(request, NewOrder):
            return
        if request.cl_ord_id in front.by_id:
            if front.scene.model == "free":
                raise Broken("Inv1", f"the broker takes {request.cl_ord_id} a second time")
            return  # It refuses the id.
        if self.misled.was_called_lost(request.cl_ord_id):
            return  # It was decided within every law, long before; what it meets now is in its place.
        unknown = self.misled.unknown_to(request.cl_ord_id)
        live = [placed for placed in front.live() if placed.request.cl_ord_id not in unknown]
        others = [placed for placed in live if placed.request.parent_id == request.parent_id]
        if others:
            raise Broken("one_child", f"{request.cl_ord_id} arrives while {others[0].request.cl_ord_id} works")
        self._within_limits(front, request, live)
        self._within_parent(front, request, unknown)

    def _within_limits(self, front: Front, request: NewOrder, live: list[Placed]) -> None:
        limits = self._rules.limits[front.account]
        if request.parent_id in self._closes:
            return  # An exit is bound by what is owned alone (SPEC 9: the table of rows).
        if request.order_qty > limits.order_qty_max:
            raise Broken("Inv5", f"{request.cl_ord_id} asks for {request.order_qty}, at most {limits.order_qty_max}")
        if request.price is not None and request.order_qty * request.price > limits.order_notional_max:
            raise Broken("Inv5", f"{request.cl_ord_id} is worth more than {limits.order_notional_max}")
        counted = [placed for placed in live if placed.request.parent_id not in self._closes]
        if len(counted) >= limits.open_orders_max:
            raise Broken("Inv5", f"{request.cl_ord_id} is one more than {limits.open_orders_max} open orders")

    def _within_parent(self, front: Front, request: NewOrder, unknown: tuple[str, ...]) -> None:
        known = [one for one in front.placed.values() if one.request.cl_ord_id not in unknown]
        mine = [one for one in known if one.request.parent_id == request.parent_id]
        out_qty = request.order_qty
        for placed in mine:
            working = front.working(placed)
            leaves_qty = ZERO if working is None else working.leaves_qty
            out_qty += leaves_qty + (ZERO if placed.request.cl_ord_id in self.overfilled else placed.cum_qty)
        wanted = self._parent_qty.get(request.parent_id, ZERO)
        if out_qty > wanted:
            raise Broken("Inv5", f"{request.parent_id} wants {wanted}, its broker has {out_qty}")

    def _is_exit(self, request: NewOrder | ReplaceRequest, book: Book | None) -> bool:
        """Whether a request can only bring its sleeve's position nearer to zero."""
        parent = None if book is None else book.parents.get(request.parent_id)
        if book is None or parent is None:
            return False
        position = book.positions.get(PositionKey(parent.order.sleeve, request.symbol))
        owned = ZERO if position is None else position.qty
        # Of an order that is replaced, what is filled of it is in the position already.
        chain = book.order_of(request.orig_cl_ord_id) if isinstance(request, ReplaceRequest) else None
        asked_qty = request.order_qty - (ZERO if chain is None else chain.cum_qty)
        return asked_qty <= (-owned if request.side.is_buy else owned)

    # At a commit.

    def committed(self, book: Book, batch: Batch) -> None:
        """Inv3, Inv4 and Inv9 for what a batch has changed."""
        # A person may have lifted one in the same batch that latched it.
        latched = [one for one in batch.records if isinstance(one, Halted)]
        halts = [*book.halts, *(HaltKey(one.account, one.cause, one.symbol) for one in latched)]
        for record in batch.records:
            if isinstance(record, Sending):
                self._may_be_sent(record.request, book)
            elif isinstance(record, ParentAccepted) and record.parent.parent_id in self._accepted:
                raise Broken("accepted_once", f"{record.parent.parent_id} was accepted a second time")
            elif isinstance(record, Controlled) and record.is_over:
                self._is_flat(record, book)
            elif isinstance(record, ParentHeld) and record.reason.startswith(OVER_PARENT):
                raise Broken("Inv5", f"{record.parent_id} asked for too much, and was only stopped at the gate")
            self.remember(record)
            if isinstance(record, Reported) and isinstance(record.report, Trade):
                self._is_true(record.account, record.report)
            if isinstance(record, _OF_ORDERS):
                cl_ord_id = record.report.cl_ord_id if isinstance(record, Reported) else record.cl_ord_id
                order = book.order_of(cl_ord_id)
                if order is not None:
                    self._order(order, halts)
                    self._parent(book, order.first.parent_id)
                    if self.misled.came_back(book, order.key):
                        self.owed["came_back", order.first.parent_id] = "an order that was taken for lost"
            elif isinstance(record, _OF_PARENTS):
                self._parent(book, record.parent_id)

    def remember(self, record: Record) -> None:
        """Note what a durable record says, as it is committed or read back."""
        match record:
            case Sending(request=request):
                self.sent[request.cl_ord_id] = request
            case ParentAccepted(parent=parent):
                self._accepted[parent.parent_id] = None
                if parent.flatten_id:
                    self._flattens[parent.parent_id] = None
            case Halted(account=account, cause=cause, symbol=symbol):
                self._halts[account, cause, symbol] = None
            case HaltLifted(account=account, cause=cause, symbol=symbol):
                self._halts.pop((account, cause, symbol), None)
            case Killed(account=account, level=level):
                self._kills[account] = level
            case Unkilled(account=account):
                self._kills.pop(account, None)
            case _:
                pass  # Only what a later question needs is remembered.
        self.misled.remember(record)
        if isinstance(record, Reported) and isinstance(record.report, TradeCanceled | TradeCorrected):
            self._busted[record.report.cl_ord_id] = None

    def _may_be_sent(self, request: Request, book: Book) -> None:
        """Hold a decision against the halts that were latched before it: only exits pass (SPEC 9)."""
        if not isinstance(request, NewOrder | ReplaceRequest) or request.side not in ADDS_RISK:
            return
        parent = book.parents.get(request.parent_id)
        is_close = parent is not None and parent.order.is_close
        for account, cause, symbol in self._halts:
            binds = account in {"", request.account} and symbol in {"", request.symbol}
            if binds and not is_close and not self._is_exit(request, book):
                raise Broken("halted", f"{request.cl_ord_id} was decided under the halt {cause}")

    def _is_flat(self, record: Controlled, book: Book) -> None:
        """Hold a flatten that says that it is done against what the sleeves of its scope own then."""
        flatten = msgspec.json.decode(record.state.fields, type=Flatten)
        owned = [
            f"{position.qty} {key.symbol}"
            for key, position in book.positions.items()
            if position.qty and flatten.scope.covers(key.sleeve, key.symbol)
        ]
        if flatten.phase is Phase.DONE and owned:
            raise Broken("flat", f"{flatten.flatten_id} is done, and {', '.join(owned)} is owned")

    def _is_true(self, account: str, trade: Trade) -> None:
        fill = self._fronts[account].fills.get(trade.exec_id)
        told = None if fill is None else (fill.trade.last_qty, fill.trade.last_px)
        if told != (trade.last_qty, trade.last_px):
            raise Broken("Inv3", f"the journal has {trade.exec_id}, which never happened so: {told}")

    def _order(self, order: Order, halts: Collection[HaltKey]) -> None:
        front = self._fronts[order.first.account]
        placed = front.by_id.get(order.key, [])
        happened = sum((fill.trade.last_qty for one in placed for fill in one.fills), ZERO)
        if order.cum_qty > happened:
            raise Broken("Inv3", f"{order.key} has {order.cum_qty} filled, its broker never more than {happened}")
        fills = order.fills
        if fills.seen is not None and not fills.busted:
            word_ns = fills.seen.transact_ns
            later = sum((one.last_qty for one in fills.distinct if one.transact_ns > word_ns), ZERO)
            if order.cum_qty < fills.seen.cum_qty + later:
                told = f"{fills.seen.cum_qty} and {later} more were told"
                raise Broken("Inv3", f"{order.key} has {order.cum_qty} filled, and {told}")
        if order.cum_qty > order.order_qty and order.cum_qty != self._flagged.get(order.key):
            self._flagged[order.key] = order.cum_qty
            self.owed["parent_held", order.first.parent_id] = "an overfill"
            if HaltKey(order.first.account, "overfill", order.first.symbol) not in halts:
                raise Broken("Inv4", f"{order.key} has {order.cum_qty} filled, and {order.first.symbol} is not halted")
        if order.is_done:
            if order.done is not None and not order.is_taken_for_lost:
                self._done[order.key] = None
        elif order.key in self._done and order.key not in self._busted:
            raise Broken("Inv9", f"{order.key} had ended by its broker's word and lives again")

    def _parent(self, book: Book, parent_id: str) -> None:
        parent = book.parents.get(parent_id)
        if parent is None:
            return
        if parent.order.is_close or parent.order.flatten_id:
            self._closes[parent_id] = None
        if parent.order_qty is not None:
            self._parent_qty[parent_id] = max(parent.order_qty, self._parent_qty.get(parent_id, ZERO))
            if parent.cum_qty > parent.order_qty and parent.cum_qty > self._flagged.get(parent_id, ZERO):
                self._flagged[parent_id] = parent.cum_qty
                self.owed["parent_held", parent_id] = "an overfill by several orders"
        if parent.status.is_terminal:
            self._ended[parent_id] = None
        elif parent_id in self._ended:
            raise Broken("Inv9", f"{parent_id} had ended and is {parent.status}")

    # Alerts.

    def alerted(self, alert: Alert) -> None:
        """Inv12: a promise is kept; that something is over is no word that it began."""
        if alert.is_over:
            return
        self.owed.pop((alert.code, ""), None)
        self.owed.pop((alert.code, alert.parent_id), None)
        if alert.code == "in_doubt":
            self._doubted.clear()
        if alert.code in HOLDS:
            self.owed.pop(("parent_held", alert.parent_id), None)

    def doubted(self, cl_ord_id: str) -> None:
        """Note that a request ended without an answer, and that somebody is to be told."""
        self.owed["in_doubt", ""] = "a request in doubt"
        self._doubted[cl_ord_id] = None

    def owes_nothing(self, book: Book) -> None:
        """Inv12, after everything that a process took in was handled and released."""
        doubted, self._doubted = self._doubted, {}
        for (code, parent_id), fault in self.owed.items():
            if code == "in_doubt" and all(is_known(book.order_of(one), one) for one in doubted):
                continue  # Its answer was on the way before, and has been read first.
            raise Broken("Inv12", f"{fault} was noticed, and nobody raised {code} {parent_id}")
        self.owed.clear()


def is_known(order: Order | None, cl_ord_id: str) -> bool:
    """Whether what became of a request is known: it has an answer, or it, or all of its order, has ended."""
    return order is not None and (order.is_done or order.is_settled(cl_ord_id))
