"""The one machine that drives any schedule with any tactic.

"Never two children", time-outs, the 80% rule, what follows where a tactic ends, cancels and replaces that were not
answered, and deadlines live here, once. It states targets: what should be filled or out by now less what is. What a
live child still needs is in `fitting`, what stands before a new one in `checks`.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos import checks
from execd.algos.base import (
    ZERO,
    AlgoView,
    Finish,
    Place,
    Step,
    ended,
    was_no_attempt,
    was_pulled_by_operator,
)
from execd.algos.fitting import amends_of, fitted_qty, is_replaceable, sooner
from execd.algos.pulling import pull
from execd.algos.schedules import Schedule
from execd.algos.schedules.base import Piece, Rest
from execd.algos.tactics import Market, Marketable, Tactic
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.core.conduct import Ending
from execd.core.enums import OrdStatus, ParentStatus
from execd.core.order import Order
from execd.core.rules import S
from execd.core.wake import Wake

CROSS: Final = Marketable(interval_ns=1 * S, reprices_max=6)
"""How a plan crosses: through the touch, and each second further toward the collar."""
COLLAR: Final = "collar"


class Worker(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Works one child at a time.

    `fresh` is the tactic as it begins each try, `tactic` as it is now. A try began with its first child at `begun_ns`
    (0: none yet). `piece` is in hand; `idle_ns` is since when nothing is out for it. `is_crossing`: the plan goes
    through the touch; `is_final`: shortly before the deadline, with all that is left. `over` says why this piece's
    try is over, once it is. `is_change`: the live child was pulled to be placed otherwise, which is no end of a try.
    Nothing new is placed before `again_ns`: a child that the venue ended by itself is not followed by another at once.

    `placed_n` counts children asked for, `settled_n` those whose end was looked at, `pulls_n` and `amends_n` cancels
    and replaces asked of the live one, `replans_n` times the rest was planned afresh.
    """

    schedule: Schedule
    fresh: Tactic
    tactic: Tactic
    child_min_qty: Decimal = ZERO
    piece: Piece | None = None
    begun_ns: int = 0
    idle_ns: int = 0
    is_crossing: bool = False
    is_final: bool = False
    is_change: bool = False
    over: str = ""
    again_ns: int = 0
    placed_n: int = 0
    settled_n: int = 0
    pulls_n: int = 0
    amends_n: int = 0
    replans_n: int = 0

    @classmethod
    def of(cls, schedule: Schedule, tactic: Tactic, *, child_min_qty: Decimal = ZERO) -> "Worker":
        """Return a worker that has done nothing yet."""
        return cls(schedule=schedule, fresh=tactic, tactic=tactic, child_min_qty=child_min_qty)

    def step(self, view: AlgoView) -> Step:
        """Return the next state, what to do, and when to ask again."""
        if view.children:
            return _watch(self, view, view.children[0])
        if view.children_n < self.placed_n:
            return Step(self)  # What was asked for is not in this view yet.
        if view.cum_qty >= view.order_qty:
            return Step(self, (Finish(status=ParentStatus.FILLED),))
        if self.settled_n < view.children_n and view.last_child is not None:
            return _settle(self, view, view.last_child)
        return _begin(self, view)

    def with_pulls(self, pulls_n: int) -> "Worker":
        """Return the worker having asked for so many cancels of its live child."""
        return replace(self, pulls_n=pulls_n)

    def anew(self, now_ns: int) -> "Worker":
        """Return the worker at the begin of a try, nothing being out since `now_ns`."""
        return replace(self, tactic=self.fresh, begun_ns=0, idle_ns=now_ns, is_crossing=False, over="")

    def crossing(self, how: Ending) -> "Worker":
        """Return the worker on its way through the touch."""
        tactic: Tactic = Market() if how is Ending.MARKET else CROSS
        return replace(self, tactic=tactic, begun_ns=0, is_crossing=True, over="")


def _watch(worker: Worker, view: AlgoView, child: Order) -> Step:
    """Return what to do while a child is live."""
    if child.pending is not None or child.is_in_doubt or amends_of(child) < worker.amends_n:
        return Step(worker)  # Its answer wakes us.
    if view.now_ns >= view.last_ns or not view.leaves_qty:
        return pull(worker, view, child, "deadline" if view.now_ns >= view.last_ns else "nothing is left to do")
    ready = _ready(worker, view)
    if isinstance(ready, tuple):
        return pull(replace(ready[0], is_change=True), view, child, "the schedule rests")
    if checks.is_breached(view, is_last_step=ready.is_crossing):
        return pull(replace(ready, over=COLLAR), view, child, COLLAR)
    if ready.over:
        return pull(ready, view, child, ready.over)
    ready, wanted = _ask(ready, view, child)
    match wanted:
        case Over(reason=reason):
            return pull(replace(ready, over=reason), view, child, reason)
        case Idle(is_out=True, waiting=waiting):
            return pull(replace(ready, tactic=wanted.tactic, is_change=True), view, child, waiting.text)
        case Idle(tactic=tactic):
            return Step(replace(ready, tactic=tactic), wake=_until(ready, view, wanted.wake))
        case Keep() | Work():
            return _fit(ready, view, child, wanted)


def _fit(worker: Worker, view: AlgoView, child: Order, wanted: Keep | Work) -> Step:
    """Return how a live child becomes the one that is wanted: nothing, a replace, or out of the way."""
    before, wake = worker, _until(worker, view, wanted.wake)
    worker = replace(worker, tactic=wanted.tactic, begun_ns=worker.begun_ns or view.now_ns)
    qty = fitted_qty(view, child, goal_qty=_piece(worker).goal_qty, wanted=wanted, child_min_qty=worker.child_min_qty)
    if qty <= child.cum_qty:
        return pull(replace(worker, is_change=True), view, child, "the schedule rests")
    price = wanted.price if isinstance(wanted, Work) else child.price
    if isinstance(wanted, Work) and wanted.ord_type is not child.first.ord_type:
        return pull(replace(worker, is_change=True), view, child, wanted.text)
    if qty == child.order_qty and price == child.price:
        return Step(worker, wake=wake)
    if isinstance(wanted, Work) and checks.hard_problem(view) is not None:
        return Step(before, wake=replace(wake, every_quote=True))
    text = wanted.text if isinstance(wanted, Work) else f"{_piece(worker).text}: {qty}"
    if not is_replaceable(child):
        return pull(replace(worker, is_change=True), view, child, text)
    amended = replace(worker, amends_n=amends_of(child) + 1)
    return Step(amended, (checks.amend(child, qty, price, text),), wake)


def _settle(worker: Worker, view: AlgoView, child: Order) -> Step:
    """Return what follows the end of a child (SPEC 11)."""
    settled = replace(worker, settled_n=view.children_n, pulls_n=0, amends_n=0, idle_ns=view.now_ns, is_change=False)
    done = child.done_as
    if child.ord_status is OrdStatus.FILLED:
        return _begin(settled, view)
    if was_no_attempt(child) or was_pulled_by_operator(child):
        # The market did not have its say: a try that only began with this child has not begun.
        is_unbegun = was_pulled_by_operator(child) or child.sent_ns <= worker.begun_ns
        return _begin(settled.anew(view.now_ns) if is_unbegun and not worker.is_crossing else settled, view)
    if child.ord_status is OrdStatus.REJECTED and done is not None:
        reason = f"rejected_by_venue: {done.code} {done.text}".rstrip()
        return Step(settled, (ended(view, without_fill=ParentStatus.FAILED, reason=reason),))
    if worker.is_change or worker.over == COLLAR:
        return _begin(settled, view)
    is_ours = worker.pulls_n > 0
    if not worker.schedule.replans or worker.is_crossing or worker.fresh.is_exit:
        again_ns = 0 if is_ours else view.now_ns + view.execution.retry_ns
        return _begin(replace(settled, again_ns=again_ns), view)
    return _judge(settled, view)


def _judge(worker: Worker, view: AlgoView) -> Step:
    """Return what follows a try of everything at once that is over with something left (SPEC 11)."""
    if view.cum_qty >= view.order_qty * view.execution.partial_accept_ratio:
        return Step(worker, (Finish(status=ParentStatus.PARTIALLY_FILLED, reason="accepted_partial"),))
    if worker.replans_n >= view.execution.replans_max:
        return Step(worker, (ended(view, without_fill=ParentStatus.EXPIRED, reason="timeout"),))
    return _begin(replace(worker.anew(view.now_ns), replans_n=worker.replans_n + 1), view)


def _begin(worker: Worker, view: AlgoView) -> Step:
    """Return the next child, or what is waited for; nothing is out."""
    if view.now_ns >= view.last_ns:
        return Step(worker, (ended(view, without_fill=ParentStatus.EXPIRED, reason="deadline"),))
    ready = _ready(worker, view)
    if isinstance(ready, tuple):
        worker, rest = ready
        return Step(worker, wake=_until(worker, view, rest.wake), waiting=rest.waiting)
    if ready.over == COLLAR or checks.is_breached(view, is_last_step=ready.is_crossing):
        return Step(ready, (ended(view, without_fill=ParentStatus.EXPIRED, reason=COLLAR),))
    if view.now_ns < ready.again_ns:
        return Step(ready, wake=_until(ready, view, Wake(at_ns=ready.again_ns)))
    piece = _piece(ready)
    missing_qty = view.instrument.floor_qty(min(piece.goal_qty - view.cum_qty, view.leaves_qty))
    least_qty = view.instrument.min_qty if piece.is_last else max(view.instrument.min_qty, ready.child_min_qty)
    if missing_qty < least_qty:
        if piece.is_last:
            reason = f"rest_below_minimum: {view.leaves_qty}"
            return Step(ready, (ended(view, without_fill=ParentStatus.FAILED, reason=reason),))
        return Step(ready, wake=_until(ready, view, Wake(at_ns=piece.end_ns)))
    if ready.over:
        if piece.is_last:
            return Step(ready, (ended(view, without_fill=ParentStatus.EXPIRED, reason=ready.over),))
        return Step(ready, wake=_until(ready, view, Wake(at_ns=piece.end_ns)))
    return _place(ready, view, missing_qty)


def _place(worker: Worker, view: AlgoView, missing_qty: Decimal) -> Step:
    """Return a new child of at most `missing_qty`, once the checks let it."""
    problem = checks.hard_problem(view)
    if problem is not None:
        return Step(worker, wake=_until(worker, view, Wake(every_quote=True)), waiting=problem)
    soft = None if worker.is_crossing or not worker.tactic.is_resting else checks.soft_problem(view)
    if soft is not None:
        worker, wait = checks.softly(worker, view, soft)
        if wait is not None:
            return Step(worker, wake=_until(worker, view, wait), waiting=soft)
    worker, wanted = _ask(worker, view, None)
    match wanted:
        case Over() if worker.schedule.replans and not worker.fresh.is_exit:
            return _judge(worker, view)
        case Over(reason=reason):
            return _begin(replace(worker, over=reason), view)
        case Idle():
            return _wait(worker, view, wanted)
        case Keep():
            message = f"{type(worker.tactic).__name__} keeps a child that is not there"
            raise AssertionError(message)
        case Work():
            pass  # It is placed below.
    qty = missing_qty if wanted.qty_max is None else view.instrument.floor_qty(min(missing_qty, wanted.qty_max))
    place = Place(
        qty=max(qty, min(missing_qty, view.instrument.min_qty)),
        ord_type=wanted.ord_type,
        price=wanted.price,
        time_in_force=wanted.time_in_force or view.parent.time_in_force,
        text=wanted.text,
    )
    placed = replace(
        worker,
        tactic=wanted.tactic,
        begun_ns=worker.begun_ns or view.now_ns,
        placed_n=view.children_n + 1,
        pulls_n=0,
        amends_n=0,
    )
    return Step(placed, (place,), _until(placed, view, wanted.wake))


def _wait(worker: Worker, view: AlgoView, idle: Idle) -> Step:
    """Return the wait for what a tactic lacks; without a usable quote the plan may know what to do after a while."""
    waits = replace(worker, tactic=idle.tactic)
    wake = _until(waits, view, idle.wake)
    if worker.is_crossing or not checks.is_no_quote(idle.waiting):
        return Step(waits, wake=wake, waiting=idle.waiting)
    due_ns = checks.quote_due_ns(view, worker.idle_ns or view.started_ns)
    if due_ns is None:
        return Step(waits, wake=wake, waiting=idle.waiting)
    if view.now_ns < due_ns:
        return Step(waits, wake=sooner(wake, due_ns), waiting=idle.waiting)
    if view.plan.conduct.on_no_quote is Ending.END:
        return Step(waits, (ended(view, without_fill=ParentStatus.EXPIRED, reason=idle.waiting.code),))
    crossing = replace(worker, tactic=Market(needs_quote=False), begun_ns=0, is_crossing=True)
    return _place(crossing, view, view.instrument.floor_qty(view.leaves_qty))


def _ask(worker: Worker, view: AlgoView, child: Order | None) -> tuple[Worker, Wanted]:
    """Return what the tactic wants; where it has no further step and the plan crosses then, what crossing wants."""
    job = Job(
        piece=_piece(worker),
        qty=max(ZERO, _piece(worker).goal_qty - view.cum_qty),
        begun_ns=worker.begun_ns or view.now_ns,
        child=child,
    )
    wanted = worker.tactic.ask(view, job)
    how = view.plan.conduct.after_tactic
    if not isinstance(wanted, Over) or worker.is_crossing or how is Ending.END:
        return worker, wanted
    crossing = worker.crossing(how)
    return crossing, crossing.tactic.ask(view, replace(job, begun_ns=view.now_ns))


def _ready(worker: Worker, view: AlgoView) -> "Worker | tuple[Worker, Rest]":
    """Return the worker with the piece that counts now, or the rest that its schedule takes."""
    conduct = view.plan.conduct
    cross_ns = view.last_ns - conduct.cross_lead_ns
    if conduct.at_end is not Ending.END and view.now_ns >= cross_ns:
        if worker.is_final:
            return replace(worker, piece=replace(_piece(worker), goal_qty=view.order_qty))
        n = 0 if worker.piece is None else worker.piece.n + 1
        last = Piece(
            n=n, goal_qty=view.order_qty, began_ns=cross_ns, end_ns=view.last_ns, is_last=True, text="what is left"
        )
        is_market = isinstance(worker.tactic, Market)
        crossing = worker if is_market and worker.is_crossing else worker.crossing(conduct.at_end)
        return replace(crossing, piece=last, is_final=True, over="")
    schedule, piece = worker.schedule.piece(view, worker.piece)
    worker = replace(worker, schedule=schedule)
    if isinstance(piece, Rest):
        return worker, piece
    if worker.piece is None or piece.n != worker.piece.n:
        return replace(worker.anew(piece.began_ns), piece=piece)
    return replace(worker, piece=piece)


def _until(worker: Worker, view: AlgoView, wake: Wake) -> Wake:
    """Return a wake that also comes when the piece, the plan's patience or the parent's time ends."""
    conduct = view.plan.conduct
    ends = [view.last_ns]
    if conduct.at_end is not Ending.END and not worker.is_final:
        ends.append(view.last_ns - conduct.cross_lead_ns)
    if worker.piece is not None:
        ends.append(worker.piece.end_ns)
    return sooner(wake, min((at_ns for at_ns in ends if at_ns > view.now_ns), default=view.last_ns))


def _piece(worker: Worker) -> Piece:
    if worker.piece is None:
        message = "asked for the piece of a worker that has none"
        raise AssertionError(message)
    return worker.piece
