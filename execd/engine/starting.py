"""From an accepted intent to the first step.

A parent starts when its time has come, the market is open, no halt binds it
and a usable quote stands: only then are its quantity and plan fixed. Until
then it is queued and says why. How it was accepted is in `receiving`.
"""

from typing import Final

from msgspec.structs import replace

from execd.algos.base import Waiting, quote_problem
from execd.algos.registry import made
from execd.core.book import Parent
from execd.core.enums import ParentStatus
from execd.core.market import Quote
from execd.core.orders import Plan
from execd.core.records import ParentStarted, Waited
from execd.core.wake import Wake
from execd.engine import halting, restraint
from execd.engine.desk import Desk
from execd.engine.ending import DEADLINE, end_parent, waits_anew, with_wait
from execd.engine.sizing import AT_TARGET, Sized, size
from execd.engine.stepping import step_parent
from execd.policy.plan import Declined, Scene, flatten_plan, make_plan, shortened

SUPERSEDING: Final = "superseding"


def try_start(desk: Desk, parent_id: str, now_ns: int) -> None:
    """Start a queued parent if it can be; else say what it waits for, or end it."""
    parent = desk.parent(parent_id)
    order = parent.order
    if now_ns > order.start_by_ns:
        end_parent(desk, parent_id, ParentStatus.EXPIRED, "valid_until_passed", now_ns)
        return
    if order.expire_ns is not None and now_ns >= order.expire_ns:
        end_parent(desk, parent_id, ParentStatus.EXPIRED, with_wait(parent, DEADLINE), now_ns)
        return
    if parent.is_paused:
        desk.set_timer(parent_id, _give_up_ns(parent))
        return
    forbidden = restraint.restraint_of(desk, parent)
    if forbidden is not None:
        _wait(desk, parent, now_ns, forbidden.code, forbidden.text, Wake(at_ns=_give_up_ns(parent)))
        return
    if order.flatten_id:
        _start(desk, parent, None, now_ns)
        return
    before = _superseded(desk, parent)
    if before is not None:
        retry_ns = now_ns + desk.rules.execution.retry_ns
        desk.superseding.setdefault(before, {})[parent_id] = None
        _wait(desk, parent, now_ns, SUPERSEDING, f"{before} is being cancelled first", Wake(at_ns=retry_ns))
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


def _start(desk: Desk, parent: Parent, quote: Quote | None, now_ns: int) -> None:
    """Fix quantity and plan, and take the first step; only a flatten's close needs no quote."""
    parent_id = parent.order.parent_id
    sized = size(desk, parent, quote)
    if not isinstance(sized, Sized):
        status = ParentStatus.FILLED if sized.code == AT_TARGET else ParentStatus.REJECTED
        end_parent(desk, parent_id, status, f"{sized.code}: {sized.text}", now_ns)
        return
    halt = halting.halt_of(desk, parent.order.account, parent.order.symbol)
    if halt is not None and sized.side in halting.ADDS_RISK:
        _wait(desk, parent, now_ns, "halted", halting.halt_text(halt), Wake(at_ns=_give_up_ns(parent)))
        return
    paused = restraint.paused(desk, parent, sized.side)
    if paused is not None:
        _wait(desk, parent, now_ns, paused.code, paused.text, Wake(at_ns=_give_up_ns(parent)))
        return
    rules = desk.rules
    # A close and a target learn their side only now.
    sided = replace(parent.order, side=sized.side)
    if quote is None:
        plan: Plan | Declined = flatten_plan()
    else:
        market = desk.markets.view(sided.symbol, now_ns)
        plan = make_plan(sided, sized.order_qty, Scene.of(rules, sided, quote, market, now_ns))
    if isinstance(plan, Declined):
        end_parent(desk, parent_id, ParentStatus.REJECTED, f"{plan.code}: {plan.text}", now_ns)
        return
    expire_ns = deadline_ns(desk, parent, now_ns)
    plan = shortened(plan, now_ns=now_ns, expire_ns=expire_ns)
    desk.record(
        ParentStarted(
            now_ns=now_ns,
            parent_id=parent_id,
            side=sized.side,
            order_qty=sized.order_qty,
            expire_ns=expire_ns,
            plan=plan,
            quote=quote,
        )
    )
    desk.algos[parent_id] = made(plan)
    desk.watchers.put(parent.order.symbol, parent_id, Wake())
    desk.write_report(parent_id)
    step_parent(desk, parent_id, now_ns, "start")


def deadline_ns(desk: Desk, parent: Parent, now_ns: int) -> int:
    """Return the last instant at which a fill of a parent that starts now may happen."""
    order = parent.order
    window = desk.rules.session.window(now_ns)
    close_ns = None if window is None else window.close_ns
    if order.expire_ns is not None:
        return order.expire_ns if close_ns is None else min(order.expire_ns, close_ns)
    return now_ns + order.default_life_ns if close_ns is None else close_ns


def replaced_targets(desk: Desk, parent: Parent) -> list[str]:
    """Return the open parents whose target this one's replaces: those of its sleeve and symbol that came before it."""
    if parent.order.target_qty is None:
        return []
    found: list[str] = []
    for other_id in desk.open_in(parent.order.symbol):
        if other_id == parent.order.parent_id:
            break
        other = desk.parent(other_id).order
        if other.target_qty is not None and other.sleeve == parent.order.sleeve:
            found.append(other_id)
    return found


def _superseded(desk: Desk, parent: Parent) -> str | None:
    """Return an intent that this one replaces and that has not ended yet."""
    if parent.order.supersedes in desk.open_parents:
        return parent.order.supersedes
    return next(iter(replaced_targets(desk, parent)), None)


def _wait_for_session(desk: Desk, parent: Parent, now_ns: int) -> None:
    window = desk.rules.session.window(now_ns)
    if not parent.order.queue_when_closed or window is None:
        end_parent(desk, parent.order.parent_id, ParentStatus.REJECTED, "market_closed: on_closed is reject", now_ns)
        return
    _wait(desk, parent, now_ns, "market_closed", f"opens at {window.open_ns}", Wake(at_ns=window.open_ns))


def _wait(desk: Desk, parent: Parent, now_ns: int, code: str, text: str, wake: Wake) -> None:
    parent_id = parent.order.parent_id
    if waits_anew(parent, code, text):
        desk.record(Waited(now_ns=now_ns, parent_id=parent_id, code=code, text=text))
        desk.write_report(parent_id)
    desk.watchers.put(parent.order.symbol, parent_id, wake)
    # One instant later: `start_by_ns` itself may still start.
    desk.set_timer(parent_id, min(wake.at_ns or _give_up_ns(parent), _give_up_ns(parent)))


def _give_up_ns(parent: Parent) -> int:
    order = parent.order
    last_ns = order.start_by_ns + 1
    return last_ns if order.expire_ns is None else min(last_ns, order.expire_ns)
