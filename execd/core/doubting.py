"""What is known of a request that may or may not have reached the broker.

Functions over an `Order`, beside those of `core/order.py`: how often the broker
showed no trace of it, how often it was written again, and what a person said
became of it. When to ask and what follows is the engine's.
"""

from typing import assert_never

from msgspec.structs import replace

from execd.core.enums import OrdStatus, Outcome
from execd.core.folding import add_failure
from execd.core.order import CALLED_LOST, Done, Failure, Order
from execd.core.records import Missed, Resent, Resolved


def fold(order: Order, record: Missed | Resent | Resolved) -> Order:
    """Return the chain knowing one thing more about a doubt."""
    tried_ns = max(order.tried_ns, record.now_ns)
    match record:
        case Missed(cl_ord_id=cl_ord_id):
            return replace(order, missed=tuple(sorted((*order.missed, cl_ord_id))), tried_ns=tried_ns)
        case Resent():
            return replace(order, resent_n=order.resent_n + 1, tried_ns=tried_ns)
        case Resolved(is_lost=True) if order.acked_ns is not None and record.cl_ord_id == order.key:
            # It lived, and its broker denies it now: a person says that it is gone.
            done = Done(record.now_ns, OrdStatus.CANCELED, CALLED_LOST, "a person says that it is gone")
            return replace(order, done=order.done or done, tried_ns=tried_ns)
        case Resolved(is_lost=True):
            failure = Failure(record.cl_ord_id, Outcome.NEVER_ARRIVED, "a person says so")
            return add_failure(order, failure, record.now_ns)
        case Resolved():
            order_ids = order.order_ids
            if record.order_id and record.order_id not in order_ids:
                order_ids = tuple(sorted((*order_ids, record.order_id)))
            return replace(order, vouched_ns=record.now_ns, order_ids=order_ids, tried_ns=tried_ns)
        case _:
            assert_never(record)


def misses(order: Order, cl_ord_id: str) -> int:
    """Return how often the broker has shown no trace of a request."""
    return order.missed.count(cl_ord_id)


def doubted(order: Order) -> str:
    """Return the ClOrdID of the request that is in doubt, the latest of several; empty where none is."""
    if not order.is_in_doubt:
        return ""
    pending = order.pending
    unknown = [failure.cl_ord_id for failure in order.failures if failure.outcome is Outcome.UNKNOWN]
    return pending.cl_ord_id if pending is not None and pending.cl_ord_id in unknown else order.key


def is_unborn(order: Order) -> bool:
    """Whether the very first request of an order is in doubt: nobody knows that it ever lived."""
    is_known = order.acked_ns is not None or order.vouched_ns is not None or bool(order.fills.trades)
    return (
        order.is_in_doubt
        and not is_known
        and any(failure.cl_ord_id == order.key and failure.outcome is Outcome.UNKNOWN for failure in order.failures)
    )


def unanswered(order: Order) -> str:
    """Return the ClOrdID of a request that has neither an answer nor an end; empty where every one has."""
    if order.is_done:
        return ""
    if order.pending is not None:
        return order.pending.cl_ord_id
    return "" if _is_known(order) else order.key


def all_unanswered(order: Order) -> tuple[str, ...]:
    """Return the ClOrdIDs of every request that has neither an answer nor an end, in the order of their sending."""
    if order.is_done:
        return ()
    ended = [one.cl_ord_id for one in order.failures if one.outcome is not Outcome.UNKNOWN]
    later = [one.cl_ord_id for one in order.requests[1:]]
    silent = [one for one in later if one not in ended and not order.is_answered(one)]
    return tuple(silent) if _is_known(order) else (order.key, *silent)


def _is_known(order: Order) -> bool:
    return order.acked_ns is not None or order.vouched_ns is not None or bool(order.fills.trades)
