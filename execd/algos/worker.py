"""The one machine that drives any schedule with any tactic.

"Never two children", time-outs, the 80% rule, what follows where a tactic ends, cancels and replaces that were not
answered, and deadlines live here, once. It states targets: what should be filled or out by now less what is. Which
piece counts is in `pieces`, what a live child still needs in `fitting`, what stands before a new one in `checks`.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos import checks
from execd.algos.base import (
    TIMEOUT,
    ZERO,
    AlgoView,
    Finish,
    Place,
    Step,
    ended,
    was_immediate,
    was_no_attempt,
    was_pulled_by_operator,
)
from execd.algos.fitting import RESTS, amends_of, displayed_qty, fit, text_of
from execd.algos.pieces import last_ns, least_qty, missing_qty, nothing_due, out_of_time, piece_of, ready, until
from execd.algos.pulling import CAME_BACK, is_last, pull
from execd.algos.returning import came_back, wait_of
from execd.algos.schedules import Schedule
from execd.algos.schedules.base import Piece
from execd.algos.tactics import Market, Marketable, Tactic, renewed
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.core.conduct import Ending
from execd.core.enums import OrdStatus, ParentStatus
from execd.core.order import Order
from execd.core.orders import Plan
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
    try is over, once it is; `is_spent`: no other follows. `is_change`: the live child was pulled to be placed
    otherwise, which is no end of a try.
    Nothing new is placed before `again_ns`: a child that the venue ended by itself is not followed by another at once.
    `misses_n` immediate ones in a row came back with nothing; `was_beyond`: the touch was out of reach of the last.
    No child is smaller than `child_min_qty`, but the last, or larger than `displayed_ratio_max` of the smaller side of
    the quote, or than one order of the account may be. `is_part`: the live child was meant to be less than what is
    missing.

    `placed_n` counts children asked for, `settled_n` those whose end was looked at, `pulls_n` and `amends_n` cancels
    and replaces asked of the live one, `replans_n` times the rest was planned afresh.
    """

    schedule: Schedule
    fresh: Tactic
    tactic: Tactic
    child_min_qty: Decimal = ZERO
    displayed_ratio_max: Decimal | None = None
    piece: Piece | None = None
    begun_ns: int = 0
    idle_ns: int = 0
    is_crossing: bool = False
    is_final: bool = False
    is_change: bool = False
    is_part: bool = False
    over: str = ""
    is_spent: bool = False
    again_ns: int = 0
    misses_n: int = 0
    was_beyond: bool = False
    placed_n: int = 0
    settled_n: int = 0
    pulls_n: int = 0
    amends_n: int = 0
    replans_n: int = 0

    @classmethod
    def of(
        cls,
        schedule: Schedule,
        tactic: Tactic,
        *,
        child_min_qty: Decimal = ZERO,
        displayed_ratio_max: Decimal | None = None,
    ) -> "Worker":
        """Return a worker that has done nothing yet."""
        return cls(
            schedule=schedule,
            fresh=tactic,
            tactic=tactic,
            child_min_qty=child_min_qty,
            displayed_ratio_max=displayed_ratio_max,
        )

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
        tactic = renewed(self.fresh, self.tactic)
        return replace(self, tactic=tactic, begun_ns=0, idle_ns=now_ns, is_crossing=False, over="", is_spent=False)

    def crossing(self, how: Ending, plan: Plan) -> "Worker":
        """Return the worker on its way through the touch. A market order would pass a limit: then it crosses."""
        tactic: Tactic = Market() if how is Ending.MARKET and plan.limit_px is None else CROSS
        return replace(self, tactic=tactic, begun_ns=0, is_crossing=True, over="", is_spent=False)


def _watch(worker: Worker, view: AlgoView, child: Order) -> Step:
    """Return what to do while a child is live."""
    if not is_last(view, child):
        return pull(worker, view, child, CAME_BACK)
    if child.pending is not None or child.is_in_doubt or amends_of(child) < worker.amends_n:
        return Step(worker)  # Its answer wakes us.
    if view.now_ns >= last_ns(worker, view) or not view.leaves_qty:
        return pull(worker, view, child, out_of_time(worker, view).reason or "nothing is left to do")
    now = ready(worker, view)
    if isinstance(now, tuple):
        return pull(replace(now[0], is_change=True), view, child, RESTS)
    if checks.is_breached(view, is_last_step=_is_last_step(now)):
        return pull(replace(now, over=COLLAR), view, child, COLLAR)
    if now.over:
        return pull(now, view, child, now.over)
    now, wanted = _ask(now, view, child)
    match wanted:
        case Over(reason=reason, is_final=is_final):
            return pull(replace(now, over=reason, is_spent=is_final), view, child, reason)
        case Idle(is_out=True, waiting=waiting):
            return pull(replace(now, tactic=wanted.tactic, is_change=True), view, child, waiting.text)
        case Idle(tactic=tactic):
            return Step(replace(now, tactic=tactic), wake=until(now, view, wanted.wake))
        case Keep() | Work():
            return fit(now, view, child, wanted)


def _settle(worker: Worker, view: AlgoView, child: Order) -> Step:
    """Return what follows the end of a child (SPEC 11)."""
    settled = replace(worker, settled_n=view.children_n, pulls_n=0, amends_n=0, idle_ns=view.now_ns, is_change=False)
    done = child.done_as
    if child.ord_status is OrdStatus.FILLED:
        return _begin(_filled(replace(settled, misses_n=0), view), view)
    if was_no_attempt(child) or was_pulled_by_operator(child):
        # The market did not have its say: a try that only began with this child has not begun.
        is_unbegun = was_pulled_by_operator(child) or child.sent_ns <= worker.begun_ns
        return _begin(settled.anew(view.now_ns) if is_unbegun and not worker.is_crossing else settled, view)
    if child.ord_status is OrdStatus.REJECTED and done is not None:
        reason = f"rejected_by_venue: {done.code} {done.text}".rstrip()
        return Step(settled, (ended(view, without_fill=ParentStatus.FAILED, reason=reason),))
    if worker.is_change or worker.is_spent or worker.over == COLLAR:
        return _begin(settled, view)
    is_ours = worker.pulls_n > 0
    if not worker.schedule.replans or worker.is_crossing or worker.fresh.is_exit or was_immediate(child):
        return _begin(replace(settled, again_ns=0) if is_ours else came_back(settled, view, child), view)
    return _judge(settled, view)


def _judge(worker: Worker, view: AlgoView) -> Step:
    """Return what follows a try of everything at once that is over with something left (SPEC 11)."""
    if view.cum_qty >= view.order_qty * view.execution.partial_accept_ratio:
        return Step(worker, (Finish(status=ParentStatus.PARTIALLY_FILLED, reason="accepted_partial"),))
    if worker.replans_n >= view.execution.replans_max:
        return Step(worker, (ended(view, without_fill=ParentStatus.EXPIRED, reason=TIMEOUT),))
    return _begin(replace(worker.anew(view.now_ns), replans_n=worker.replans_n + 1), view)


def _filled(worker: Worker, view: AlgoView) -> Worker:
    """Return the worker after a child that was filled: of a schedule, what is due next is a try of its own."""
    if worker.displayed_ratio_max is not None:
        # What it took must be seen in the quote before the next one is measured by it.
        worker = replace(worker, again_ns=view.now_ns + view.execution.retry_ns)
    if worker.is_part or worker.is_final or worker.schedule.replans:
        return worker
    return worker.anew(view.now_ns)


def _begin(worker: Worker, view: AlgoView) -> Step:
    """Return the next child, or what is waited for; nothing is out."""
    if view.now_ns >= last_ns(worker, view):
        return Step(worker, (out_of_time(worker, view),))
    now = ready(worker, view)
    if isinstance(now, tuple):
        worker, rest = now
        return Step(worker, wake=until(worker, view, rest.wake), waiting=rest.waiting)
    if now.over == COLLAR or checks.is_breached(view, is_last_step=_is_last_step(now)):
        return Step(now, (ended(view, without_fill=ParentStatus.EXPIRED, reason=COLLAR),))
    pause = _pause(now, view) if view.now_ns < now.again_ns else None
    if pause is not None:
        return pause
    piece = piece_of(now)
    qty = view.instrument.floor_qty(missing_qty(now, view))
    if qty < least_qty(now, view):
        return nothing_due(now, view)
    if not now.over:
        return _place(now, view, qty)
    if piece.is_last and (now.schedule.replans or now.is_final or view.plan.conduct.at_end is Ending.END):
        reason = f"{TIMEOUT}: {now.over}"
        return Step(now, (ended(view, without_fill=ParentStatus.EXPIRED, reason=reason),))
    return Step(now, wake=until(now, view, Wake(at_ns=piece.end_ns)))


def _pause(worker: Worker, view: AlgoView) -> Step | None:
    """Return the wait before a child that follows one that the venue ended; None where its reason is gone."""
    if not worker.misses_n:
        return Step(worker, wake=until(worker, view, Wake(at_ns=worker.again_ns)))
    wait = wait_of(worker, view, _ask(worker, view, None)[1])
    return None if wait is None else Step(worker, wake=until(worker, view, wait[0]), waiting=wait[1])


def _place(worker: Worker, view: AlgoView, wanted_qty: Decimal) -> Step:
    """Return a new child of at most `wanted_qty`, once the checks let it."""
    problem = checks.hard_problem(view)
    if problem is not None:
        return Step(worker, wake=until(worker, view, Wake(every_quote=True)), waiting=problem)
    soft = None if worker.is_crossing or not worker.tactic.is_resting else checks.soft_problem(view)
    if soft is not None:
        worker, wait = checks.softly(worker, view)
        if wait is not None:
            return Step(worker, wake=until(worker, view, wait), waiting=soft)
    worker, wanted = _ask(worker, view, None)
    match wanted:
        case Over(is_final=False) if worker.schedule.replans and not worker.fresh.is_exit:
            return _judge(worker, view)
        case Over(reason=reason, is_final=is_final):
            return _begin(replace(worker, over=reason, is_spent=is_final), view)
        case Idle():
            return _wait(worker, view, wanted, wanted_qty)
        case Keep():
            message = f"{type(worker.tactic).__name__} keeps a child that is not there"
            raise AssertionError(message)
        case Work():
            pass  # It is placed below.
    most_qty, allowed_qty = displayed_qty(worker.displayed_ratio_max, view, wanted.qty_max), wanted_qty
    if (one_order_qty := view.child_qty_max(wanted.price)) is not None:
        allowed_qty = min(wanted_qty, one_order_qty)
    part_qty = allowed_qty if most_qty is None else view.instrument.floor_qty(min(allowed_qty, most_qty))
    qty = max(part_qty, min(wanted_qty, view.instrument.min_qty))
    place = Place(
        qty=qty,
        ord_type=wanted.ord_type,
        price=wanted.price,
        time_in_force=wanted.time_in_force or view.parent.time_in_force,
        text=text_of(worker, wanted, qty=qty, missing_qty=wanted_qty),
    )
    placed = replace(
        worker,
        tactic=wanted.tactic,
        begun_ns=worker.begun_ns or view.now_ns,
        is_part=wanted.qty_max is not None or allowed_qty < wanted_qty,
        placed_n=view.children_n + 1,
        pulls_n=0,
        amends_n=0,
    )
    return Step(placed, (place,), until(placed, view, wanted.wake))


def _wait(worker: Worker, view: AlgoView, idle: Idle, wanted_qty: Decimal) -> Step:
    """Return the wait for what a tactic lacks; without a usable quote the plan may know what to do after a while."""
    waits = replace(worker, tactic=idle.tactic)
    wake = until(waits, view, idle.wake)
    if worker.is_crossing or not checks.is_no_quote(idle.waiting):
        return Step(waits, wake=wake, waiting=idle.waiting)
    due_ns = checks.quote_due_ns(view, worker.idle_ns or view.started_ns)
    if due_ns is None:
        return Step(waits, wake=wake, waiting=idle.waiting)
    if view.now_ns < due_ns:
        return Step(waits, wake=wake.by(due_ns), waiting=idle.waiting)
    if view.plan.conduct.on_no_quote is Ending.END:
        return Step(waits, (ended(view, without_fill=ParentStatus.EXPIRED, reason=idle.waiting.code),))
    if view.plan.limit_px is not None:
        return Step(worker.crossing(Ending.CROSS, view.plan), wake=wake, waiting=idle.waiting)
    crossing = replace(worker, tactic=Market(needs_quote=False), begun_ns=0, is_crossing=True)
    return _place(crossing, view, wanted_qty)


def _ask(worker: Worker, view: AlgoView, child: Order | None) -> tuple[Worker, Wanted]:
    """Return what the tactic wants; where it has no further step and the plan crosses then, what crossing wants."""
    job = Job(
        piece=piece_of(worker),
        qty=missing_qty(worker, view),
        begun_ns=worker.begun_ns or view.now_ns,
        child=child,
    )
    wanted = worker.tactic.ask(view, job)
    how = view.plan.conduct.after_tactic
    if not isinstance(wanted, Over) or worker.is_crossing or how is Ending.END:
        return worker, wanted
    crossing = worker.crossing(how, view.plan)
    return crossing, crossing.tactic.ask(view, replace(job, begun_ns=view.now_ns))


def _is_last_step(worker: Worker) -> bool:
    """Whether the plan goes through the touch and nothing comes after."""
    return worker.is_crossing and piece_of(worker).is_last
