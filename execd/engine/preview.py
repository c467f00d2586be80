"""What would become of an intent now, without taking it.

It asks the same functions that work a parent, on values made for the purpose:
the book is read and never changed, nothing is recorded, nothing is wished for.
A new check of a parent's way to its first order is a line in `preview`.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import MarketView, quote_problem
from execd.algos.registry import made
from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.enums import ParentStatus, Side
from execd.core.market import Quote
from execd.core.orders import ParentOrder, Plan
from execd.core.rules import S
from execd.engine import halting, restraint, risk
from execd.engine.desk import Desk
from execd.engine.foreseeing import Check, FirstOrder, check_of, first_order, market_checks, seconds
from execd.engine.outlining import Planned, outline
from execd.engine.receiving import hold_reason
from execd.engine.sizing import Sized, size
from execd.engine.starting import deadline_ns
from execd.engine.stepping import view_of
from execd.policy.plan import Declined, Scene, make_plan, shortened

WAITED_FOR: Final = frozenset({"halt", "pause", "not_before", "hard", "soft", "wait"})
"""Checks that keep an intent, and let it go on by itself when they are over."""
FOLLOWING: Final = frozenset({"send", "first order"})
"""Checks that are asked again when the wait is over."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """The checks in their order, and as much of the plan as they allow; `expire_ns` is the deadline.

    `pieces` are what the schedule means to do if all goes well; empty where it follows what others trade.
    """

    parent_id: str
    checks: tuple[Check, ...]
    side: Side | None = None
    order_qty: Decimal | None = None
    expire_ns: int | None = None
    plan: Plan | None = None
    first: FirstOrder | None = None
    pieces: tuple[Planned, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether an order would leave now."""
        return self.first is not None and all(check.is_ok for check in self.checks)

    @property
    def verdict(self) -> str:
        """What would happen, in words."""
        if self.is_clear:
            return "an order would leave now"
        failed = {check.name for check in self.checks if not check.is_ok}
        is_waiting = bool(failed & WAITED_FOR) and failed <= WAITED_FOR | FOLLOWING
        return "it would wait" if is_waiting else "no order would leave now"


def preview(desk: Desk, order: ParentOrder, now_ns: int) -> Preview:
    """Return what would become of an intent that arrives now."""
    parent_id, rules = order.parent_id, desk.rules
    checks = [_known(desk, parent_id)]
    checks.append(check_of("accept", risk.accept(order, rules, now_ns), _asked_text(desk, order)))
    checks.append(_held(desk, order, now_ns))
    checks.append(_halted(desk, order))
    parent = Parent(order=order, content_hash="", received_ns=now_ns)
    learns_side = order.is_close or order.target_qty is not None
    # What finds its side only with its quantity is asked about below: exits are not held back by a pause.
    checks.append(_paused(desk, parent, None if learns_side else order.side))
    mode = "observe: nothing is sent, the report says what would be" if rules.is_observing else "trade"
    checks.append(Check(name="mode", is_ok=not rules.is_observing, text=mode))
    checks += _when(desk, order, now_ns)
    view = desk.markets.view(order.symbol, now_ns)
    problem = quote_problem(view, order.symbol, rules.execution.quote_age_marketable_ns_max)
    if problem is not None or view.quote is None:
        text = "no quote yet: nobody asked for this symbol; submit and look" if problem is None else problem.text
        checks.append(Check(name="quote", is_ok=False, text=text))
        return Preview(parent_id=parent_id, checks=tuple(checks))
    quote = view.quote
    checks.append(Check(name="quote", is_ok=True, text=_quote_text(desk, view, quote)))
    sized = size(desk, parent, quote)
    if not isinstance(sized, Sized):
        checks.append(check_of("quantity", sized, ""))
        return Preview(parent_id=parent_id, checks=tuple(checks))
    checks.append(Check(name="quantity", is_ok=True, text=f"{sized.side} {plain(sized.order_qty)}"))
    if learns_side:
        checks = [_paused(desk, parent, sized.side) if check.name == "pause" else check for check in checks]
    sided = replace(order, side=sized.side)
    plan = make_plan(sided, sized.order_qty, Scene.of(rules, sided, quote, view, now_ns))
    if isinstance(plan, Declined):
        checks.append(Check(name="plan", is_ok=False, text=f"{plan.code}: {plan.text}"))
        return Preview(parent_id=parent_id, checks=tuple(checks), side=sized.side, order_qty=sized.order_qty)
    checks.append(Check(name="plan", is_ok=True, text=plan.algo))
    expire_ns = deadline_ns(desk, parent, now_ns)
    plan = shortened(plan, now_ns=now_ns, expire_ns=expire_ns)
    started = replace(
        parent,
        order=sided,
        status=ParentStatus.WORKING,
        order_qty=sized.order_qty,
        plan=plan,
        arrival=quote,
        started_ns=now_ns,
        expire_ns=expire_ns,
    )
    algo = made(plan)
    seen = view_of(desk, started, now_ns, "preview")
    first, gated = first_order(desk, started, algo, seen)
    return Preview(
        parent_id=parent_id,
        checks=(*checks, *market_checks(algo, seen, leaves=first is not None), gated),
        side=sized.side,
        order_qty=sized.order_qty,
        expire_ns=started.expire_ns,
        plan=plan,
        first=first,
        pieces=outline(algo, seen),
    )


def _halted(desk: Desk, order: ParentOrder) -> Check:
    halt = halting.halt_of(desk, order.account, order.symbol)
    return Check(name="halt", is_ok=halt is None, text="none in force" if halt is None else halting.halt_text(halt))


def _quote_text(desk: Desk, market: MarketView, quote: Quote) -> str:
    """Return the quote that the plan is made from, and its age beside what it may be."""
    age_s = seconds(market.quote_age_ns)
    most_s = desk.rules.execution.quote_age_marketable_ns_max // S
    return (
        f"bid {plain(quote.bid_px)} ask {plain(quote.ask_px)}, {age_s} of at most {most_s} s old, from {quote.source}"
    )


def _asked_text(desk: Desk, order: ParentOrder) -> str:
    """Return what is asked for beside the limits of an intent."""
    limits = desk.rules.limits_of(order)
    if limits is None:
        return "inside the limits of an intent"
    if order.notional is not None:
        return f"notional {plain(order.notional)} of at most {plain(limits.order_notional_max)}"
    asked = order.order_qty if order.order_qty is not None else order.target_qty
    if asked is None:
        return f"what is owned, of at most {plain(limits.order_qty_max)} shares"
    return f"{plain(abs(asked))} shares of at most {plain(limits.order_qty_max)}"


def _known(desk: Desk, parent_id: str) -> Check:
    known = desk.book.parents.get(parent_id)
    if known is not None:
        return Check(name="id", is_ok=False, text=f"{parent_id} is known: {known.status}")
    if parent_id in desk.book.tombstones:
        return Check(name="id", is_ok=False, text=f"{desk.book.tombstones[parent_id]}: it would be refused")
    return Check(name="id", is_ok=True, text="new")


def _held(desk: Desk, order: ParentOrder, now_ns: int) -> Check:
    reason = hold_reason(desk, order, now_ns)
    return Check(name="hold", is_ok=not reason, text=f"it would be held: {reason}" if reason else "nobody need look")


def _when(desk: Desk, order: ParentOrder, now_ns: int) -> tuple[Check, Check]:
    """Return whether it is time for the intent, and whether the market is open."""
    is_due, is_open = now_ns >= order.effective_ns, desk.rules.session.is_open(now_ns)
    due_text = "now" if is_due else f"starts at {order.effective_ns}"
    open_text = "open" if is_open else "closed: it would be queued or refused"
    return (
        Check(name="not_before", is_ok=is_due, text=due_text),
        Check(name="session", is_ok=is_open, text=open_text),
    )


def _paused(desk: Desk, parent: Parent, side: Side | None) -> Check:
    """Return whether the intent's scope is paused for a side (None: any that is exempt), or being flattened."""
    found = restraint.restraint_of(desk, parent)
    if found is not None and found.code != restraint.FLATTENING:
        found = None  # Kill levels are in the check of halts.
    if found is None and side is not None:
        found = restraint.paused(desk, parent, side)
    return Check(name="pause", is_ok=found is None, text="none in force" if found is None else found.text)
