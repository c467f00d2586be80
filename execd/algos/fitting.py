"""What a live child still needs to be the one that is wanted.

Quantities of a replace are totals of the chain, so a fill on the way changes nothing of what they mean. Nothing is
decided here about prices.
"""

from decimal import Decimal

from msgspec.structs import replace

from execd.algos.base import AlgoView
from execd.algos.tactics.base import Keep, Work
from execd.core.enums import Outcome
from execd.core.order import Order
from execd.core.orders import ReplaceRequest
from execd.core.wake import Wake


def amends_of(child: Order) -> int:
    """Return how many replaces were asked of a child."""
    return sum(isinstance(request, ReplaceRequest) for request in child.requests)


def is_replaceable(child: Order) -> bool:
    """Whether a replace may be tried: one that the broker has refused is not asked for again, the child is pulled."""
    refused = {answer.cl_ord_id for answer in child.answers if not answer.is_accepted}
    refused.update(failure.cl_ord_id for failure in child.failures if failure.outcome is Outcome.REFUSED)
    return not any(isinstance(request, ReplaceRequest) and request.cl_ord_id in refused for request in child.requests)


def fitted_qty(
    view: AlgoView, child: Order, *, goal_qty: Decimal, wanted: Keep | Work, child_min_qty: Decimal
) -> Decimal:
    """Return the total that the child's chain should have.

    A child that shows less than is missing on purpose never grows. A change below the least child is not worth a
    request.
    """
    instrument = view.instrument
    wished = child.cum_qty + instrument.floor_qty(min(goal_qty, view.order_qty) - view.cum_qty)
    shows_less = wanted.shows_less if isinstance(wanted, Keep) else wanted.qty_max is not None
    if shows_less:
        wished = min(wished, child.order_qty)
    is_small = abs(wished - child.order_qty) < max(instrument.min_qty, child_min_qty)
    return child.order_qty if is_small and wished > child.cum_qty else wished


def sooner(wake: Wake, at_ns: int) -> Wake:
    """Return a wake that comes at `at_ns` at the latest."""
    return wake if wake.at_ns is not None and wake.at_ns <= at_ns else replace(wake, at_ns=at_ns)
