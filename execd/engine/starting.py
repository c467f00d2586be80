"""From an accepted intent to the first step.

A parent starts when its time has come, the market is open and a usable quote
stands: only then are its quantity and plan fixed. Until then it is queued and
says why.
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from execd.algos.base import Waiting, quote_problem
from execd.algos.registry import ENTRIES
from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.enums import ParentStatus, Side
from execd.core.events import ParentReceived
from execd.core.market import Quote
from execd.core.records import ParentAccepted, ParentRefused, ParentStarted, Waited
from execd.core.wake import Wake
from execd.engine import risk
from execd.engine.desk import Desk
from execd.engine.ending import end_parent
from execd.engine.stepping import step_parent
from execd.policy.plan import Declined, make_plan

ZERO: Final = Decimal(0)


def receive(desk: Desk, event: ParentReceived) -> None:
    """Take a valid intent: answer a known id, refuse, or queue it and try to start."""
    parent, ref = event.parent, event.ref
    known = desk.book.parents.get(parent.parent_id)
    if known is not None:
        if known.content_hash == event.content_hash:
            desk.reply(
                ref, "duplicate", "the same intent is known; nothing was sent", is_ok=True, parent_id=parent.parent_id
            )
        else:
            text = f"id {parent.parent_id} was used for another intent; give the new one an id of its own"
            desk.reply(ref, "id_conflict", text)
            desk.alert("id_conflict", text, parent_id=parent.parent_id)
        return
    refusal = risk.accept(parent, desk.rules, event.now_ns)
    if desk.is_stopping:
        refusal = risk.Refusal(code="stopping", text="the daemon is stopping; drop the file again after the restart")
        desk.reply(ref, refusal.code, refusal.text)
        return
    if refusal is not None:
        desk.record(
            ParentRefused(
                now_ns=event.now_ns,
                parent=parent,
                content_hash=event.content_hash,
                code=refusal.code,
                text=refusal.text,
            )
        )
        desk.reply(ref, refusal.code, refusal.text, parent_id=parent.parent_id)
        desk.write_report(parent.parent_id)
        return
    desk.record(ParentAccepted(now_ns=event.now_ns, parent=parent, content_hash=event.content_hash))
    desk.enter(parent.parent_id)
    desk.reply(ref, "accepted", is_ok=True, parent_id=parent.parent_id)
    desk.write_report(parent.parent_id)
    desk.subscribe(parent.symbol)
    try_start(desk, parent.parent_id, event.now_ns)


def try_start(desk: Desk, parent_id: str, now_ns: int) -> None:
    """Start a queued parent if it can be; else say what it waits for, or end it."""
    parent = desk.parent(parent_id)
    order = parent.order
    if now_ns > order.start_by_ns:
        end_parent(desk, parent_id, ParentStatus.EXPIRED, "valid_until_passed", now_ns)
        return
    if order.expire_ns is not None and now_ns >= order.expire_ns:
        end_parent(desk, parent_id, ParentStatus.EXPIRED, "deadline", now_ns)
        return
    if now_ns < order.effective_ns:
        _wait(desk, parent, now_ns, "not_before", f"starts at {order.effective_ns}", Wake(at_ns=order.effective_ns))
        return
    if not desk.rules.session.is_open(now_ns):
        _wait_for_session(desk, parent, now_ns)
        return
    view = desk.markets.view(order.symbol, now_ns)
    problem = quote_problem(view, order.symbol, desk.rules.execution.quote_age_marketable_ns_max)
    if problem is not None or view.quote is None:
        problem = problem or Waiting(code="no_quote", text="no quote")
        _wait(desk, parent, now_ns, problem.code, problem.text, Wake(at_ns=_give_up_ns(parent), every_quote=True))
        return
    _start(desk, parent, view.quote, now_ns)


def _start(desk: Desk, parent: Parent, quote: Quote, now_ns: int) -> None:
    parent_id = parent.order.parent_id
    sized = _size(desk, parent, quote)
    if isinstance(sized, risk.Refusal):
        end_parent(desk, parent_id, ParentStatus.REJECTED, f"{sized.code}: {sized.text}", now_ns)
        return
    side, order_qty = sized
    rules = desk.rules
    # A close learns its side only now.
    sided = replace(parent.order, side=side)
    plan = make_plan(sided, order_qty, quote, rules.instrument(sided.symbol), rules.execution)
    if isinstance(plan, Declined):
        end_parent(desk, parent_id, ParentStatus.REJECTED, f"{plan.code}: {plan.text}", now_ns)
        return
    desk.record(
        ParentStarted(
            now_ns=now_ns,
            parent_id=parent_id,
            side=side,
            order_qty=order_qty,
            expire_ns=_deadline_ns(desk, parent, now_ns),
            plan=plan,
            quote=quote,
        )
    )
    desk.algos[parent_id] = ENTRIES[plan.algo].make(plan.parameters, rules.execution)
    desk.watchers.put(parent.order.symbol, parent_id, Wake())
    desk.write_report(parent_id)
    step_parent(desk, parent_id, now_ns, "start")


def _size(desk: Desk, parent: Parent, quote: Quote) -> tuple[Side, Decimal] | risk.Refusal:
    """Return side and quantity now that the market and the sleeve's position are known."""
    order = parent.order
    instrument = desk.rules.instrument(order.symbol)
    owned = desk.owned_qty(parent)
    if order.is_close:
        return _size_close(desk, parent, owned)
    if order.order_qty is not None:
        qty = instrument.floor_qty(order.order_qty)
        if qty != order.order_qty:
            return risk.Refusal(
                code="qty_step", text=f"{plain(order.order_qty)} is no multiple of {plain(instrument.qty_step)}"
            )
    else:
        wanted = order.notional or ZERO
        qty = instrument.floor_qty(wanted / (quote.mid_px * instrument.multiplier))
    if qty < instrument.min_qty:
        return risk.Refusal(code="qty_below_minimum", text=f"{plain(qty)} shares, at least {plain(instrument.min_qty)}")
    limits = desk.rules.limits_of(order)
    if limits is not None and limits.is_owned_required:
        refusal = _ownership(desk, parent, owned, qty)
        if refusal is not None:
            return refusal
    return order.side, qty


def _size_close(desk: Desk, parent: Parent, owned: Decimal) -> tuple[Side, Decimal] | risk.Refusal:
    side = Side.SELL if owned > ZERO else Side.BUY_TO_COVER
    qty = abs(owned) - _working_exits(desk, parent, side)
    if qty <= ZERO:
        return risk.Refusal(
            code="nothing_to_close", text=f"the sleeve owns {plain(owned)} and the rest is being closed"
        )
    return side, qty


def _ownership(desk: Desk, parent: Parent, owned: Decimal, qty: Decimal) -> risk.Refusal | None:
    side = parent.order.side
    if side is Side.SELL:
        free = owned - _working_exits(desk, parent, side)
        if qty > free:
            return risk.Refusal(
                code="sell_exceeds_owned", text=f"sells {plain(qty)}, owns {plain(free)} free; sell_short opens"
            )
    if side is Side.SELL_SHORT and owned > ZERO:
        return risk.Refusal(code="short_while_long", text=f"the sleeve owns {plain(owned)}; sell it first")
    if side is Side.BUY_TO_COVER:
        short = -owned - _working_exits(desk, parent, side)
        if qty > short:
            return risk.Refusal(code="cover_exceeds_short", text=f"covers {plain(qty)}, is short {plain(short)}")
    return None


def _working_exits(desk: Desk, parent: Parent, side: Side) -> Decimal:
    """Return what other parents of the sleeve still want to do on `side` of the symbol."""
    total = ZERO
    for other_id in desk.open_in(parent.order.symbol):
        other = desk.parent(other_id)
        is_rival = other.order.side is side and other.order.sleeve == parent.order.sleeve
        if is_rival and other_id != parent.order.parent_id:
            total += other.leaves_qty
    return total


def _deadline_ns(desk: Desk, parent: Parent, now_ns: int) -> int:
    order = parent.order
    window = desk.rules.session.window(now_ns)
    close_ns = None if window is None else window.close_ns
    if order.expire_ns is not None:
        return order.expire_ns if close_ns is None else min(order.expire_ns, close_ns)
    return now_ns + order.default_life_ns if close_ns is None else close_ns


def _wait_for_session(desk: Desk, parent: Parent, now_ns: int) -> None:
    window = desk.rules.session.window(now_ns)
    if not parent.order.queue_when_closed or window is None:
        end_parent(desk, parent.order.parent_id, ParentStatus.REJECTED, "market_closed: on_closed is reject", now_ns)
        return
    _wait(desk, parent, now_ns, "market_closed", f"opens at {window.open_ns}", Wake(at_ns=window.open_ns))


def _wait(desk: Desk, parent: Parent, now_ns: int, code: str, text: str, wake: Wake) -> None:
    parent_id = parent.order.parent_id
    if parent.reason != code:
        desk.record(Waited(now_ns=now_ns, parent_id=parent_id, code=code, text=text))
        desk.write_report(parent_id)
    desk.watchers.put(parent.order.symbol, parent_id, wake)
    # One instant later: `start_by_ns` itself may still start.
    desk.set_timer(parent_id, min(wake.at_ns or _give_up_ns(parent), _give_up_ns(parent)))


def _give_up_ns(parent: Parent) -> int:
    order = parent.order
    last_ns = order.start_by_ns + 1
    return last_ns if order.expire_ns is None else min(last_ns, order.expire_ns)
