"""What a live child still needs to be the one that is wanted.

Quantities of a replace are totals of the chain, so a fill on the way changes nothing of what they mean. Nothing is
decided here about prices.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from execd.algos import checks
from execd.algos.base import ZERO, AlgoView, Amend, Step, Waiting, usable_quote
from execd.algos.pieces import goal_of_child, missing_qty, piece_of, until
from execd.algos.pulling import pull
from execd.algos.tactics.base import Keep, Work
from execd.core.codec import plain
from execd.core.enums import Outcome
from execd.core.order import Order
from execd.core.orders import ReplaceRequest

if TYPE_CHECKING:
    from execd.algos.worker import Worker

RESTS: Final = "the schedule rests"
ONE_ORDER: Final = "one order may be no larger at this price: another follows"


def amends_of(child: Order) -> int:
    """Return how many replaces were asked of a child."""
    return sum(isinstance(request, ReplaceRequest) for request in child.requests)


def is_replaceable(child: Order) -> bool:
    """Whether a replace may be tried: one that the broker has refused is not asked for again, the child is pulled."""
    refused = {answer.cl_ord_id for answer in child.answers if not answer.is_accepted}
    refused.update(failure.cl_ord_id for failure in child.failures if failure.outcome is Outcome.REFUSED)
    return not any(isinstance(request, ReplaceRequest) and request.cl_ord_id in refused for request in child.requests)


def fit(worker: "Worker", view: AlgoView, child: Order, wanted: Keep | Work) -> Step:
    """Return how a live child becomes the one that is wanted: nothing, a replace, or out of the way."""
    before, wake = worker, until(worker, view, wanted.wake)
    worker = replace(worker, tactic=wanted.tactic, begun_ns=worker.begun_ns or view.now_ns)
    goal_qty, more = goal_of_child(before, view, child.order_qty - child.cum_qty + view.cum_qty)
    if not _shows_less(wanted):
        wake = replace(wake if more.at_ns is None else wake.by(more.at_ns), volume_at=more.volume_at)
    qty = fitted_qty(view, child, goal_qty=goal_qty, wanted=wanted, child_min_qty=worker.child_min_qty)
    if qty <= child.cum_qty:
        return pull(replace(worker, is_change=True), view, child, RESTS)
    price = wanted.price if isinstance(wanted, Work) else child.price
    most_qty = allowed_qty(view, child, qty, price)
    if most_qty <= child.cum_qty:
        return pull(replace(worker, is_change=True), view, child, ONE_ORDER)
    if most_qty < qty:
        worker, qty = replace(worker, is_part=True), most_qty
    if isinstance(wanted, Work) and wanted.ord_type is not child.first.ord_type:
        return pull(replace(worker, is_change=True), view, child, wanted.text)
    if qty == child.order_qty and price == child.price:
        return Step(worker, wake=wake)
    if _must_wait(view, wanted):
        return Step(before, wake=replace(wake, every_quote=True))
    if isinstance(wanted, Work):
        text = text_of(worker, wanted, qty=qty - child.cum_qty, missing_qty=missing_qty(worker, view))
    else:
        text = f"{piece_of(worker).text}: {qty}"
    if not view.can_replace or not is_replaceable(child):
        return pull(replace(worker, is_change=True), view, child, text)
    amended = replace(worker, amends_n=amends_of(child) + 1)
    return Step(amended, (Amend(key=child.key, qty=qty, price=price, text=text),), wake)


def text_of(worker: "Worker", wanted: Work, *, qty: Decimal, missing_qty: Decimal) -> str:
    """Return what a child is told to be: how much of it shows, why at its price, and for which piece."""
    shown = f"shows {plain(qty)} of {plain(missing_qty)} " if wanted.is_shown else ""
    text = f"{shown}{wanted.text}"
    is_whole = worker.schedule.replans and not worker.is_final
    return text if is_whole else f"{text}; {piece_of(worker).text}"


def _must_wait(view: AlgoView, wanted: Keep | Work) -> bool:
    """Whether no change is asked for now: nothing is priced, or no quote stands to hold an old price against."""
    if isinstance(wanted, Work):
        return checks.hard_problem(view) is not None
    return isinstance(usable_quote(view, view.execution.quote_age_marketable_ns_max), Waiting)


def fitted_qty(
    view: AlgoView, child: Order, *, goal_qty: Decimal, wanted: Keep | Work, child_min_qty: Decimal
) -> Decimal:
    """Return the total that the child's chain should have.

    A child that shows less than is missing on purpose never grows. A change below the least child is not worth a
    request.
    """
    instrument = view.instrument
    wished = child.cum_qty + instrument.floor_qty(min(goal_qty, view.order_qty) - view.cum_qty)
    if _shows_less(wanted):
        wished = min(wished, child.order_qty)
    is_small = abs(wished - child.order_qty) < max(instrument.min_qty, child_min_qty)
    return child.order_qty if is_small and wished > child.cum_qty else wished


def _shows_less(wanted: Keep | Work) -> bool:
    return wanted.shows_less if isinstance(wanted, Keep) else wanted.qty_max is not None


def allowed_qty(view: AlgoView, child: Order, qty: Decimal, price: Decimal | None) -> Decimal:
    """Return the total that the chain of a child may have at `price` by the limits of one order, at most `qty`.

    What is wanted beyond it is wanted again when this child is done. A child that would not change is asked about by
    nobody: it stays as it is, also where the limits have become tighter since.
    """
    most_qty = view.child_qty_max(price)
    if most_qty is None or qty <= most_qty:
        return qty
    return child.order_qty if price == child.price and most_qty <= child.order_qty <= qty else most_qty


def displayed_qty(ratio_max: Decimal | None, view: AlgoView, most_qty: Decimal | None) -> Decimal | None:
    """Return `most_qty` (None: nothing bounds it), or a part of the smaller displayed side where that is less.

    At least one round lot is allowed: less could not be told from noise.
    """
    quote, market = view.market.quote, view.market
    if ratio_max is None or quote is None:
        return most_qty
    seen_qty = market.counted(min(quote.bid_size, quote.ask_size)) or ZERO
    allowed_qty = max(view.instrument.floor_qty(ratio_max * seen_qty), view.instrument.round_lot)
    return allowed_qty if most_qty is None else min(most_qty, allowed_qty)
