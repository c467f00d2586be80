"""The life of one broker order, as facts that only grow.

An `Order` is a chain: its key is the first ClOrdID, each replace and cancel
of it has its own. `apply` folds what the broker told us into what we knew; it
never refuses a fact, and reports in any order, late or twice reach the same
order. Everything a reader asks (OrdStatus, CumQty, LeavesQty, AvgPx) is
computed. How fills are counted is in `core/fills.py`.
"""

from decimal import Decimal
from typing import Final, TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from execd.core import fills
from execd.core.codec import encode
from execd.core.enums import OrdStatus, Outcome
from execd.core.fills import Fills
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.reports import (
    Accepted,
    Canceled,
    CancelRejected,
    DoneForDay,
    ExecReport,
    Expired,
    OrderSnapshot,
    Rejected,
    Replaced,
    ReplaceRejected,
    Restated,
    Suspended,
    Trade,
    TradeCanceled,
    TradeCorrected,
)

ZERO: Final = Decimal(0)
_Fact = TypeVar("_Fact", bound="str | Failure")
_SURELY_DEAD: Final = (Outcome.NOT_SENT, Outcome.REFUSED, Outcome.NEVER_ARRIVED)


class Done(msgspec.Struct, frozen=True, gc=False, order=True):
    """The broker said that an order trades no more; of several the earliest counts."""

    transact_ns: int
    status: OrdStatus
    code: str = ""
    text: str = ""


class Answer(msgspec.Struct, frozen=True, gc=False, order=True):
    """A request of the chain was answered; of several the earliest counts."""

    cl_ord_id: str
    transact_ns: int
    is_accepted: bool
    text: str = ""


class Failure(msgspec.Struct, frozen=True, gc=False, order=True):
    """A request of the chain ended without a report."""

    cl_ord_id: str
    outcome: Outcome
    text: str = ""


class Terms(msgspec.Struct, frozen=True, gc=False):
    """Terms under which the chain works since `transact_ns`; `price` None = as before."""

    transact_ns: int
    order_qty: Decimal
    price: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What we know of one chain. Tuples are sorted and hold no value twice, so equal knowledge is an equal value."""

    requests: tuple[Request, ...]
    sent_ns: int
    order_ids: tuple[str, ...] = ()
    acked_ns: int | None = None
    fills: Fills = Fills()
    answers: tuple[Answer, ...] = ()
    failures: tuple[Failure, ...] = ()
    done: Done | None = None
    terms: tuple[Terms, ...] = ()
    suspended_ns: int | None = None
    last_ns: int = 0
    missed: tuple[str, ...] = ()
    """ClOrdIDs of requests in doubt, one for each time that the broker showed no trace of it."""
    resent_n: int = 0
    vouched_ns: int | None = None
    """When a person said that it lives at the broker, who has not told of it."""
    tried_ns: int = 0
    """When a request of it was sent, or ended without a report, for the last time."""

    @property
    def first(self) -> NewOrder:
        """The request that began the chain."""
        request = self.requests[0]
        if not isinstance(request, NewOrder):
            message = f"chain {request.cl_ord_id} does not begin with a new order"
            raise TypeError(message)
        return request

    @property
    def key(self) -> str:
        """The first ClOrdID: the name of the chain for ever."""
        return self.requests[0].cl_ord_id

    @property
    def order_qty(self) -> Decimal:
        """Total quantity of the chain under its latest terms."""
        return self.terms[-1].order_qty if self.terms else self.first.order_qty

    @property
    def price(self) -> Decimal | None:
        """Limit price under the latest terms; None for a market order."""
        for terms in reversed(self.terms):
            if terms.price is not None:
                return terms.price
        return self.first.price

    @property
    def cum_qty(self) -> Decimal:
        """Quantity filled."""
        return self.fills.cum_qty

    @property
    def avg_px(self) -> Decimal | None:
        """Average price of what is filled; None while nothing is."""
        return self.fills.notional / self.fills.cum_qty if self.fills.cum_qty else None

    @property
    def done_as(self) -> Done | None:
        """How the order ended, if it did: by the broker's word, else because its first request surely never lived."""
        if self.done is not None:
            return self.done
        if self.acked_ns is not None:
            return None
        for failure in self.failures:
            if failure.cl_ord_id == self.key and failure.outcome in _SURELY_DEAD:
                return Done(0, OrdStatus.REJECTED, failure.outcome, failure.text)
        return None

    @property
    def is_done(self) -> bool:
        """Whether nothing of it can trade as far as we know."""
        return self.cum_qty >= self.order_qty or self.done_as is not None

    @property
    def leaves_qty(self) -> Decimal:
        """Quantity still able to trade. Zero once the order is done."""
        return ZERO if self.is_done else self.order_qty - self.cum_qty

    @property
    def pending(self) -> Request | None:
        """The latest cancel or replace that has neither an answer nor surely failed."""
        for request in reversed(self.requests[1:]):
            if not self._is_settled(request.cl_ord_id):
                return request
        return None

    @property
    def cancels_refused_n(self) -> int:
        """How many cancels the broker has refused; one that was never sent is none."""
        refused = {answer.cl_ord_id for answer in self.answers if not answer.is_accepted}
        refused.update(failure.cl_ord_id for failure in self.failures if failure.outcome is Outcome.REFUSED)
        return sum(isinstance(request, CancelRequest) and request.cl_ord_id in refused for request in self.requests)

    @property
    def is_in_doubt(self) -> bool:
        """Whether a request of it ended unknown and nothing has resolved it since."""
        return not self.is_done and any(
            failure.outcome is Outcome.UNKNOWN and not self._is_settled(failure.cl_ord_id) for failure in self.failures
        )

    @property
    def exposure_qty(self) -> Decimal:
        """Quantity that may still trade, counting an unanswered replace at its larger and a doubted one at its sum."""
        if self.is_done:
            return ZERO
        pending = self.pending
        qty = self.order_qty
        if isinstance(pending, ReplaceRequest):
            qty = qty + pending.order_qty if self.is_in_doubt else max(qty, pending.order_qty)
        return qty - self.cum_qty

    @property
    def ord_status(self) -> OrdStatus:
        """OrdStatus (FIX 39): the highest that the facts support."""
        if self.cum_qty >= self.order_qty:
            return OrdStatus.FILLED
        if (done := self.done_as) is not None:
            return done.status
        return self._live_status()

    def _live_status(self) -> OrdStatus:
        match self.pending:
            case CancelRequest():
                return OrdStatus.PENDING_CANCEL
            case ReplaceRequest():
                return OrdStatus.PENDING_REPLACE
            case _:
                pass  # Nothing is outstanding: the facts below decide.
        if self.suspended_ns is not None and self.suspended_ns >= self.last_ns:
            return OrdStatus.SUSPENDED
        if self.cum_qty > ZERO:
            return OrdStatus.PARTIALLY_FILLED
        return OrdStatus.PENDING_NEW if self.acked_ns is None and self.vouched_ns is None else OrdStatus.NEW

    def _is_answered(self, cl_ord_id: str) -> bool:
        if cl_ord_id == self.key and (self.acked_ns is not None or self.vouched_ns is not None):
            return True
        return any(answer.cl_ord_id == cl_ord_id for answer in self.answers)

    def _is_settled(self, cl_ord_id: str) -> bool:
        return self._is_answered(cl_ord_id) or any(
            failure.cl_ord_id == cl_ord_id and failure.outcome in _SURELY_DEAD for failure in self.failures
        )


def begin(request: NewOrder, sent_ns: int) -> Order:
    """Return the chain that `request` begins."""
    return Order(requests=(request,), sent_ns=sent_ns, tried_ns=sent_ns)


def add_request(order: Order, request: ReplaceRequest | CancelRequest, sent_ns: int) -> Order:
    """Return the chain with one more request of ours; the same request twice is once."""
    if any(known.cl_ord_id == request.cl_ord_id for known in order.requests):
        return order
    return replace(order, requests=(*order.requests, request), tried_ns=max(order.tried_ns, sent_ns))


def add_failure(order: Order, failure: Failure, now_ns: int) -> Order:
    """Return the chain knowing that one of its requests ended without a report; the same failure twice is once."""
    if failure in order.failures:
        return order
    return replace(order, failures=_with(order.failures, failure), tried_ns=max(order.tried_ns, now_ns))


def add_snapshot(order: Order, seen: OrderSnapshot) -> Order:
    """Return the chain knowing what the broker says of it as a whole; fills it has not told singly become synthetic."""
    order = _acked(order, seen.order_id, seen.transact_ns)
    order = replace(order, fills=fills.add_seen(order.fills, seen.cum_qty, seen.avg_px, seen.transact_ns))
    if seen.is_live:
        return order
    status = OrdStatus.FILLED if seen.cum_qty >= seen.order_qty else OrdStatus.CANCELED
    return _ended(order, Done(seen.transact_ns, status, "snapshot", seen.text))


def apply(order: Order, report: ExecReport) -> Order:
    """Return the order with one more fact. Applying a report again changes nothing."""
    match report:
        case Trade():
            order = _acked(order, report.order_id, report.transact_ns)
            return replace(order, fills=fills.add_trade(order.fills, report))
        case TradeCanceled():
            return replace(_seen(order, report), fills=fills.add_bust(order.fills, report.exec_ref_id))
        case TradeCorrected():
            return replace(
                _seen(order, report), fills=fills.add_correction(order.fills, report.exec_ref_id, report.trade)
            )
        case Accepted():
            return _acked(order, report.order_id, report.transact_ns)
        case Suspended():
            # Its own instant is not in `last_ns`: the question is whether something else is known since.
            acked = _acked(order, report.order_id, report.transact_ns)
            latest_ns = max(order.suspended_ns or 0, report.transact_ns)
            return replace(acked, suspended_ns=latest_ns, last_ns=order.last_ns)
        case Replaced() | Restated():
            return _on_terms(order, report)
        case CancelRejected() | ReplaceRejected():
            return _answered(_seen(order, report), report.cl_ord_id, report.transact_ns, text=report.text)
        case Canceled() | Expired() | DoneForDay() | Rejected():
            return _on_done(order, report)
        case _:
            assert_never(report)


def _on_terms(order: Order, report: Replaced | Restated) -> Order:
    order = _acked(order, report.order_id, report.transact_ns)
    price = report.price if isinstance(report, Replaced) else None
    terms = Terms(report.transact_ns, report.order_qty, price)
    if terms not in order.terms:
        kept = sorted((*order.terms, terms), key=_terms_rank)
        order = replace(order, terms=tuple(kept))
    if isinstance(report, Replaced):
        order = _answered(order, report.cl_ord_id, report.transact_ns, is_accepted=True)
    return order


def _on_done(order: Order, report: Canceled | Expired | DoneForDay | Rejected) -> Order:
    match report:
        case Canceled():
            done = Done(report.transact_ns, OrdStatus.CANCELED, "", report.text)
            order = _acked(order, report.order_id, report.transact_ns)
            order = _answered(order, report.cl_ord_id, report.transact_ns, is_accepted=True)
        case Expired():
            done = Done(report.transact_ns, OrdStatus.EXPIRED, "", report.text)
            order = _acked(order, report.order_id, report.transact_ns)
        case DoneForDay():
            done = Done(report.transact_ns, OrdStatus.DONE_FOR_DAY)
            order = _acked(order, report.order_id, report.transact_ns)
        case Rejected():
            done = Done(report.transact_ns, OrdStatus.REJECTED, report.code, report.text)
            order = _seen(order, report)
        case _:
            assert_never(report)
    return _ended(order, done)


def _ended(order: Order, done: Done) -> Order:
    return replace(order, done=done if order.done is None else min(order.done, done))


def _acked(order: Order, order_id: str, transact_ns: int) -> Order:
    acked_ns = transact_ns if order.acked_ns is None else min(order.acked_ns, transact_ns)
    return replace(
        order,
        acked_ns=acked_ns,
        order_ids=_with(order.order_ids, order_id) if order_id else order.order_ids,
        last_ns=max(order.last_ns, transact_ns),
    )


def _seen(order: Order, report: ExecReport) -> Order:
    return replace(
        order,
        order_ids=_with(order.order_ids, report.order_id) if report.order_id else order.order_ids,
        last_ns=max(order.last_ns, report.transact_ns),
    )


def _answered(order: Order, cl_ord_id: str, transact_ns: int, *, is_accepted: bool = False, text: str = "") -> Order:
    if cl_ord_id == order.key:
        return order
    answer = Answer(cl_ord_id, transact_ns, is_accepted, text)
    others = tuple(known for known in order.answers if known.cl_ord_id != cl_ord_id)
    same = [known for known in order.answers if known.cl_ord_id == cl_ord_id]
    return replace(order, answers=tuple(sorted((*others, min((answer, *same))))))


def _with(known: tuple[_Fact, ...], fact: _Fact) -> tuple[_Fact, ...]:
    return known if fact in known else tuple(sorted((*known, fact), key=encode))


def _terms_rank(terms: Terms) -> tuple[int, Decimal, Decimal]:
    return (terms.transact_ns, terms.order_qty, terms.price if terms.price is not None else ZERO)
