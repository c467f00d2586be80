"""What a preview foresees of the market: what stands before a first child, that child, or what is waited for.

The plan's own algorithm and the checks of every child are asked, and told with what they saw; nothing is kept. What is
asked before there is a plan is in `preview`; a further check of a child is a line in `market_checks`.
"""

from decimal import Decimal
from typing import Final, assert_never

import msgspec

from execd.algos.base import ZERO, Algo, AlgoView, Amend, Finish, Place, Pull, Refuse, Step, valued_px
from execd.algos.checks import hard_problem, size_text, soft_problem, spread_text
from execd.algos.worker import Worker
from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.conduct import Conduct, Ending
from execd.core.enums import OrdType, Side
from execd.core.rules import S
from execd.engine import risk
from execd.engine.desk import Desk
from execd.engine.sending import gate, requests_of

SHOWN: Final = Decimal("0.001")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: whether it stands in the way, and what was seen."""

    name: str
    is_ok: bool
    text: str


class FirstOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The order that would leave first."""

    side: Side
    order_qty: Decimal
    ord_type: OrdType
    price: Decimal | None
    text: str


def check_of(name: str, refusal: risk.Refusal | None, well: str) -> Check:
    """Return a check of which a refusal stands in the way; `well` is its text where none does."""
    return Check(name=name, is_ok=refusal is None, text=well if refusal is None else f"{refusal.code}: {refusal.text}")


def market_checks(algo: Algo, view: AlgoView, *, leaves: bool) -> tuple[Check, ...]:
    """Return what stands before each new child: hard checks, and soft ones of what rests; what was seen, and bounds.

    A soft one that is not waited for stands in no order's way: `leaves`, an order leaves all the same.
    """
    quote, conduct = view.market.quote, view.plan.conduct
    if quote is None or not isinstance(algo, Worker):
        return ()
    found = []
    if conduct.hard_spread_ratio is not None:
        text = spread_text(quote, conduct.hard_spread_ratio)
        found.append(Check(name="hard", is_ok=hard_problem(view) is None, text=text))
    if conduct.soft_spread_ratio is not None and algo.tactic.is_resting:
        problem = soft_problem(view)
        if problem is not None:
            text = f"{problem.text}; {_patience(conduct)}"
        else:
            age = f"{seconds(view.market.quote_age_ns)} of at most {view.execution.quote_age_resting_ns_max // S} s old"
            text = f"{spread_text(quote, conduct.soft_spread_ratio)}; {size_text(view, quote)}; {age}"
        found.append(Check(name="soft", is_ok=problem is None or leaves, text=text))
    return tuple(found)


def first_order(desk: Desk, started: Parent, algo: Algo, view: AlgoView) -> tuple[FirstOrder | None, Check]:
    """Return the first order of a started parent, and what the send gate says of it."""
    step = algo.step(view)
    if not step.actions:
        return None, Check(name="wait", is_ok=False, text=_awaited(step, view))
    action = step.actions[0]
    if not isinstance(action, Place):
        return None, Check(name="first order", is_ok=False, text=_unplaced(action))
    refusal = gate(desk, started, view, requests_of(desk, started, step.actions, view.now_ns))
    first = FirstOrder(
        side=started.order.side, order_qty=action.qty, ord_type=action.ord_type, price=action.price, text=action.text
    )
    return first, check_of("send", refusal, _limits_text(desk, started, view, action))


def seconds(span_ns: int) -> str:
    """Return a duration in seconds, in words."""
    return plain((Decimal(span_ns) / S).quantize(SHOWN))


def _patience(conduct: Conduct) -> str:
    """Return what follows where a soft check goes on failing."""
    return "waits on" if conduct.on_soft is Ending.END else f"after {conduct.soft_wait_ns // S} s {conduct.on_soft}"


def _awaited(step: Step, view: AlgoView) -> str:
    """Return what an algorithm that begins with a wait waits for, with the numbers."""
    said = "nothing is due yet" if step.waiting is None else f"{step.waiting.code}: {step.waiting.text}"
    wake = step.wake
    if wake.volume_at is not None:
        return f"{said}; until {plain(wake.volume_at - view.market.volume)} shares are printed"
    if wake.at_ns is None or wake.waits_for_quotes:
        return said
    return f"{said}; for {seconds(wake.at_ns - view.now_ns)} s"


def _unplaced(action: Amend | Pull | Finish | Refuse) -> str:
    """Return why an algorithm begins with something else than an order."""
    match action:
        case Finish(status=status, reason=reason):
            return f"it would end {status}: {reason}"
        case Refuse(code=code, text=text):
            return f"it would be held: {code}: {text}"
        case Amend() | Pull():
            raise AssertionError(action)  # There is no child yet.
        case _:
            assert_never(action)


def _limits_text(desk: Desk, started: Parent, view: AlgoView, action: Place) -> str:
    """Return the numbers of the first order beside the limits that it is held to."""
    limits = desk.rules.limits_of(started.order)
    if limits is None or view.market.quote is None:
        return "inside the limits of an order"
    notional = action.qty * (valued_px(view.market, action.price) or ZERO) * view.instrument.multiplier
    open_n = desk.open_orders_of(started.order.account)
    return (
        f"{plain(action.qty)} shares of at most {plain(limits.order_qty_max)}, {plain(notional)} of at most"
        f" {plain(limits.order_notional_max)}, {open_n} of at most {limits.open_orders_max} orders open"
    )
