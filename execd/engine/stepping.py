"""From an algorithm's step to what is done.

The order of acts: step, send gate, tokens, record, effect. Where the gate
says no or a token is missing, the step is discarded as if it had not been
taken: the parent is asked afresh later, so nothing waits with an old price.
"""

from decimal import Decimal
from typing import Final, assert_never

from execd.algos.base import Action, AlgoView, Amend, Finish, Place, Pull, Refuse, Step
from execd.algos.returning import pause_ns
from execd.algos.saving import save
from execd.core.book import Parent
from execd.core.enums import ParentStatus, RequestClass
from execd.core.records import Stepped, Waited
from execd.core.wake import Wake
from execd.engine import risk
from execd.engine.desk import AT_ONCE_NS, Desk
from execd.engine.ending import end_parent, is_retold, retold_ns, stop_parent, waits_anew, with_wait
from execd.engine.parking import class_of, park, take_tokens, wake, warn_if_saturated
from execd.engine.restraint import PAUSED, RESTRAINTS, restraint_of
from execd.engine.sending import gate, requests_of, send
from execd.engine.staying_out import pull, pull_live, set_wake, stay_out, stay_paused

ZERO: Final = Decimal(0)
OBSERVED: Final = "observe"
CLOCK: Final = "timer"
UNSENT_ALERT_N: Final = 4
"""So many requests of a parent in a row that could not be sent are told to a person."""
PARKED_MAX: Final = 64
"""So many have their turn with one token's timer: one that needs no token, or is refused, lets the next one come."""


def step_parent(desk: Desk, parent_id: str, now_ns: int, cause: str) -> None:
    """Ask a working parent's algorithm what to do now, and do it if tokens and gate allow."""
    _step(desk, parent_id, now_ns, cause)
    account = desk.parent(parent_id).order.account
    seats = desk.seats.get(account)
    # It was called and did not sit down: the next is called, unless it found no room after all and waits again.
    if seats is not None and seats.give_back(parent_id) and not seats.waits(parent_id):
        desk.call_seats(account)


def _step(desk: Desk, parent_id: str, now_ns: int, cause: str) -> None:
    parent = desk.parent(parent_id)
    if parent.status.is_terminal:
        return
    restraint = None if parent.stopping is not None else restraint_of(desk, parent)
    if restraint is not None:
        stay_out(desk, parent, restraint, now_ns)
        return
    due_ns = unsent_due_ns(parent)
    if now_ns < due_ns:
        desk.set_timer(parent_id, due_ns)
        return
    if parent.stopping is not None:
        pull_live(desk, parent, now_ns)
        return
    if desk.is_stopping:
        if desk.pulls_at_stop:
            pull(desk, parent, now_ns, "operator: stopping")
        return
    if parent.status is not ParentStatus.WORKING:
        return
    if parent.is_paused:
        if parent.reason in RESTRAINTS and parent.reason != PAUSED:
            note = Waited(now_ns=now_ns, parent_id=parent_id, code=PAUSED, text=f"{parent.reason} no longer")
            desk.record(note)
            desk.write_report(parent_id)
        stay_paused(desk, desk.parent(parent_id), now_ns)
        return
    algo = desk.algos.get(parent_id)
    if algo is None:
        return
    view = view_of(desk, parent, now_ns, cause)
    step = algo.step(view)
    if not step.actions:
        _rest(desk, parent, view, step)
        return
    _act(desk, parent, view, step)


def view_of(desk: Desk, parent: Parent, now_ns: int, cause: str) -> AlgoView:
    """Return what a parent's algorithm may see now."""
    order, plan = parent.order, parent.plan
    if plan is None or parent.order_qty is None or parent.started_ns is None or parent.expire_ns is None:
        message = f"parent {order.parent_id} works without having started"
        raise AssertionError(message)
    orders = desk.book.orders
    # The oldest first: one that came back is known to live, whatever is in doubt of the one in its place.
    live = sorted(parent.live, key=parent.children.index) if len(parent.live) > 1 else parent.live
    children = tuple(orders[key] for key in live)
    return AlgoView(
        now_ns=now_ns,
        parent=order,
        plan=plan,
        order_qty=parent.order_qty,
        cum_qty=parent.cum_qty,
        working_qty=sum((child.exposure_qty for child in children), ZERO),
        avg_px=parent.avg_px,
        children=children,
        children_n=len(parent.children),
        last_child=orders[parent.children[-1]] if parent.children else None,
        market=desk.markets.view(order.symbol, now_ns),
        session=desk.rules.session,
        instrument=desk.rules.instrument(order.symbol),
        execution=desk.rules.execution,
        started_ns=parent.started_ns,
        expire_ns=parent.expire_ns,
        can_replace=order.account not in desk.rules.cannot_replace,
        # The gate holds no flatten to the limits of an order.
        limits=None if order.is_close else desk.rules.limits_of(order),
        cause=cause,
    )


def unsent_due_ns(parent: Parent) -> int:
    """Return when a parent whose last requests could not be sent may try again: after 1, 2, 4 s, then every 8 s.

    What could not be sent adds nothing in the market, so its decision is taken afresh each time.
    """
    if not parent.unsent_n:
        return 0
    return parent.unsent_ns + pause_ns(parent.unsent_n)


def _rest(desk: Desk, parent: Parent, view: AlgoView, step: Step) -> None:
    """Keep a step that did nothing: its state if that changed, its wake, and what it waits for."""
    parent_id, now_ns = parent.order.parent_id, view.now_ns
    if step.algo != desk.algos[parent_id]:
        _keep_state(desk, view, step, "", ())
    wake = step.wake
    if step.waiting is None and parent.reason in RESTRAINTS:
        # What kept it from acting is lifted, though there is nothing to do yet.
        _keep_state(desk, view, step, view.cause, (f"{parent.reason} no longer",))
        desk.write_report(parent_id)
    if step.waiting is not None:
        # Only the clock tells anew: to be asked more often changes nothing.
        is_due = view.cause == CLOCK and is_retold(parent, step.waiting, now_ns)
        if is_due or parent.reason != step.waiting.code:
            desk.record(Waited(now_ns=now_ns, parent_id=parent_id, code=step.waiting.code, text=step.waiting.text))
            desk.write_report(parent_id)
        due_ns = retold_ns(desk.parent(parent_id), step.waiting, now_ns)
        wake = wake if due_ns is None else wake.by(due_ns)
    set_wake(desk, parent, wake)


def _act(desk: Desk, parent: Parent, view: AlgoView, step: Step) -> None:
    """Turn a step's actions into requests, or discard the step."""
    parent_id, now_ns = parent.order.parent_id, view.now_ns
    kinds = [kind for action in step.actions if (kind := class_of(parent, action)) is not None]
    if desk.rules.is_observing and any(kind is not RequestClass.CANCEL for kind in kinds):
        _only_observe(desk, parent, step, now_ns)
        return
    requests = requests_of(desk, parent, step.actions, now_ns)
    refusal = gate(desk, parent, view, requests) if requests else None
    if refusal is not None:
        _refused(desk, parent, refusal, step.wake, now_ns)
        return
    lack = take_tokens(desk, parent, kinds, now_ns)
    if lack is not None:
        park(desk, parent, lack, now_ns)
        return
    notes = tuple(_note(action) for action in step.actions)
    _keep_state(desk, view, step, view.cause, notes)
    for request in requests:
        send(desk, request, now_ns)
    desk.write_report(parent_id)
    for action in step.actions:
        if isinstance(action, Finish):
            end_parent(desk, parent_id, action.status, with_wait(parent, action.reason), now_ns)
            return
        if isinstance(action, Refuse):
            desk.hold(parent_id, f"{action.code}: {action.text}", now_ns)
            return
    set_wake(desk, parent, step.wake)


def _only_observe(desk: Desk, parent: Parent, step: Step, now_ns: int) -> None:
    """End a parent at its first order, and say what the order would have been."""
    would = "; ".join(_note(action) for action in step.actions if isinstance(action, Place | Amend))
    parent_id = parent.order.parent_id
    stop_parent(desk, parent_id, ParentStatus.CANCELED, f"{OBSERVED}: would {would}", now_ns)
    pull_live(desk, desk.parent(parent_id), now_ns)


def _keep_state(desk: Desk, view: AlgoView, step: Step, cause: str, notes: tuple[str, ...]) -> None:
    parent_id = view.parent.parent_id
    desk.algos[parent_id] = step.algo
    desk.record(
        Stepped(
            now_ns=view.now_ns,
            parent_id=parent_id,
            cause=cause,
            algo=save(step.algo),
            wake=step.wake,
            quote=view.market.quote,
            seen=view.market.seen,
            notes=notes,
        )
    )


def _refused(desk: Desk, parent: Parent, refusal: risk.Refusal, wake: Wake, now_ns: int) -> None:
    """Let a parent wait where the refusal passes, no longer than its step would have; else stop it with its words."""
    parent_id = parent.order.parent_id
    if refusal.is_passing and parent.expire_ns is not None and now_ns < parent.expire_ns:
        if waits_anew(parent, refusal.code, refusal.text):
            desk.record(Waited(now_ns=now_ns, parent_id=parent_id, code=refusal.code, text=refusal.text))
            desk.write_report(parent_id)
        if refusal.code == risk.OPEN_ORDERS:
            # It is called when there is room: until then neither time nor the market makes it ask again.
            desk.seats_of(parent.order.account).wait(parent_id)
            set_wake(desk, parent, Wake(at_ns=parent.expire_ns))
            return
        # What is out may have had its time before the next try.
        ends_ns = (parent.expire_ns,) if wake.at_ns is None or wake.at_ns <= now_ns else (parent.expire_ns, wake.at_ns)
        desk.set_timer(parent_id, min(now_ns + desk.rules.execution.retry_ns, *ends_ns))
        return
    if refusal.code == "children_over_parent":
        # A law of trading is broken: that is ours to look at, not the market's.
        desk.hold(parent_id, f"{refusal.code}: {refusal.text}", now_ns)
        return
    stop_parent(desk, parent_id, ParentStatus.FAILED, f"{refusal.code}: {refusal.text}", now_ns)
    pull_live(desk, desk.parent(parent_id), now_ns)


def _note(action: Action) -> str:
    match action:
        case Place():
            price = "market" if action.price is None else str(action.price)
            return f"place {action.qty} at {price}: {action.text}"
        case Amend():
            return f"amend to {action.qty} at {action.price}: {action.text}"
        case Pull():
            return f"pull: {action.text}"
        case Finish():
            return f"finish {action.status}: {action.reason}" if action.reason else f"finish {action.status}"
        case Refuse():
            return f"refuse {action.code}: {action.text}"
        case _:
            assert_never(action)


def step_parked(desk: Desk, account: str, now_ns: int) -> None:
    """Step an account's parked parents afresh, most urgent first, until one is parked again."""
    parked = desk.lines.parked_of(account)
    warn_if_saturated(desk, account, now_ns)
    for _ in range(PARKED_MAX):
        parent_id = parked.call()
        if parent_id is None:
            return
        step_parent(desk, parent_id, now_ns, "token")
        if parked.done():
            return
    if len(parked):
        wake(desk, account, AT_ONCE_NS)
