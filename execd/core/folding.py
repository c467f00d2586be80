"""How an order learns: each request of ours, and each thing a broker tells, as a fact more.

`apply` folds what the broker told us into what we knew; it never refuses a
fact, and reports in any order, late or twice reach the same order. What an
order is, and what is computed of its facts, is in `core/order.py`. A new kind
of report is a class in `core/reports.py` and a case here.
"""

from typing import TypeVar, assert_never

from msgspec.structs import replace

from execd.core import fills
from execd.core.codec import encode
from execd.core.enums import OrdStatus
from execd.core.order import CALLED_LOST, Answer, Done, Failure, Order, Terms, terms_rank
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import (
    USED_ID,
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

_Fact = TypeVar("_Fact", bound="str | Failure")


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
    shown = Terms(seen.transact_ns, seen.order_qty, seen.price)
    # Without a price it is a market order, of which nothing is replaced, or a record of before prices were told.
    if seen.price is not None and (order.shown is None or terms_rank(shown) > terms_rank(order.shown)):
        order = replace(order, shown=shown)
    order = replace(order, fills=fills.add_seen(order.fills, seen.cum_qty, seen.avg_px, seen.transact_ns))
    if seen.is_live:
        # What a person said of its end was wrong.
        is_back = order.done is not None and order.done.code == CALLED_LOST
        return replace(order, done=None) if is_back else order
    status = OrdStatus.FILLED if seen.cum_qty >= seen.order_qty else OrdStatus.CANCELED
    return _ended(order, Done(seen.transact_ns, status, "snapshot", seen.text))


def apply(order: Order, report: ExecReport) -> Order:
    """Return the order with one more fact. Applying a report again changes nothing."""
    match report:
        case Trade():
            order = _acked(order, report.order_id, report.transact_ns)
            return replace(order, fills=fills.add_trade(order.fills, report))
        case TradeCanceled():
            return replace(
                _seen(order, report), fills=fills.add_bust(order.fills, report.exec_ref_id, report.transact_ns)
            )
        case TradeCorrected():
            corrected = fills.add_correction(order.fills, report.exec_ref_id, report.trade, report.transact_ns)
            return replace(_seen(order, report), fills=corrected)
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
        case Rejected() if is_of_another_copy(order, report):
            return order
        case Canceled() | Expired() | DoneForDay() | Rejected():
            return _on_done(order, report)
        case _:
            assert_never(report)


def is_of_another_copy(order: Order, report: Rejected) -> bool:
    """Whether a rejection may be about a second copy of a request: it says nothing about the one that may live."""
    return report.code == USED_ID or bool(order.resent_n)


def _on_terms(order: Order, report: Replaced | Restated) -> Order:
    order = _acked(order, report.order_id, report.transact_ns)
    price = report.price if isinstance(report, Replaced) else None
    terms = Terms(report.transact_ns, report.order_qty, price)
    if terms not in order.terms:
        kept = sorted((*order.terms, terms), key=terms_rank)
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
    if not isinstance(report, Rejected) and report.cum_qty is not None:
        order = replace(order, fills=fills.add_seen(order.fills, report.cum_qty, fills.UNPRICED, report.transact_ns))
    return _ended(order, done)


def _ended(order: Order, done: Done) -> Order:
    if order.done is None or order.done.code == CALLED_LOST:
        return replace(order, done=done)
    return replace(order, done=min(order.done, done))


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
