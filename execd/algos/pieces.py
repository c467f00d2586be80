"""Which piece of a parent counts now, how far it may go, and until when a worker waits at most.

The schedule cuts; the plan adds the last piece, with which it crosses shortly before the end; a limit of the schedule
(a share of the volume) holds back each of them. Nothing is placed here; what is waited for is.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from execd.algos.base import ZERO, AlgoView, Finish, Step, Waiting, ended
from execd.algos.schedules.base import Limit, Piece, Rest
from execd.algos.tactics import Market
from execd.core.codec import plain
from execd.core.conduct import Ending
from execd.core.enums import ParentStatus
from execd.core.rules import S
from execd.core.wake import NEVER, Wake

if TYPE_CHECKING:
    from execd.algos.worker import Worker

SCHEDULE_OVER: Final = "schedule_over"
WHAT_IS_LEFT: Final = "what is left, shortly before the end"
LAST_CALL_NS: Final = 1 * S
IDLE_RATIO: Final = Decimal("0.1")
"""Where a limit allowed so much more than was done, the limit is not why something is left."""


def ready(worker: "Worker", view: AlgoView) -> "Worker | tuple[Worker, Rest]":
    """Return the worker with the piece that counts now, or the rest that its schedule takes."""
    if worker.is_final and _crosses(worker, view):
        return replace(worker, piece=_at_the_end(worker, view, piece_of(worker)))
    # It is asked before its end is: what it has not cut yet it does not know.
    schedule, piece = worker.schedule.piece(view, worker.piece)
    worker = replace(worker, schedule=schedule)
    if _crosses(worker, view):
        return _final(worker, view)
    if isinstance(piece, Rest):
        return worker, piece
    if worker.piece is None or piece.n != worker.piece.n:
        fresh = replace(worker.anew(piece.began_ns), piece=piece, is_final=False)
        return fresh.crossing(Ending.CROSS, view.plan) if piece.is_late else fresh
    return replace(worker, piece=piece)


def _final(worker: "Worker", view: AlgoView) -> "Worker":
    """Return the worker with the plan's own piece: all that is left, through the touch."""
    n, began_ns = 0 if worker.piece is None else worker.piece.n + 1, _cross_ns(worker, view)
    fresh = Piece(n=n, goal_qty=view.order_qty, began_ns=began_ns, end_ns=began_ns, is_last=True, text=WHAT_IS_LEFT)
    piece = _at_the_end(worker, view, fresh)
    is_market = isinstance(worker.tactic, Market)
    crossing = worker if is_market and worker.is_crossing else worker.crossing(view.plan.conduct.at_end, view.plan)
    return replace(crossing, piece=piece, is_final=True, over="")


def _at_the_end(worker: "Worker", view: AlgoView, piece: Piece) -> Piece:
    """Return the plan's own piece as it counts now: all that is left, until the schedule is over.

    From then on it is what a limit had allowed by its end: what is printed later is none of its volume.
    """
    over_ns = worker.schedule.last_ns(view)
    if view.now_ns < over_ns:
        return replace(piece, goal_qty=view.order_qty, end_ns=over_ns)
    if piece.end_ns > over_ns:
        return replace(piece, end_ns=view.last_ns)
    limit = worker.schedule.limit(view, is_final=True)
    if limit is None or limit.qty >= view.order_qty:
        return replace(piece, goal_qty=view.order_qty, end_ns=view.last_ns)
    return replace(piece, goal_qty=max(view.cum_qty, limit.qty), end_ns=view.last_ns, held=limit.text)


def _crosses(worker: "Worker", view: AlgoView) -> bool:
    """Whether the plan goes through the touch now, for what is left."""
    return view.plan.conduct.at_end is not Ending.END and view.now_ns >= _cross_ns(worker, view)


def _cross_ns(worker: "Worker", view: AlgoView) -> int:
    """Return when a plan that crosses begins to: so that it is mostly done when the schedule is over."""
    return worker.schedule.last_ns(view) - view.plan.conduct.cross_lead_ns


def last_ns(worker: "Worker", view: AlgoView) -> int:
    """Return the instant at which nothing may be out any more: the end of the schedule.

    A plan that crosses for what is left has until the deadline: what the collar keeps from trading rests there.
    """
    return worker.schedule.last_ns(view) if view.plan.conduct.at_end is Ending.END else view.last_ns


def goal_of(worker: "Worker", view: AlgoView) -> tuple[Decimal, Limit | None]:
    """Return what should be filled when the piece is done, and the limit that holds it back, if one does."""
    goal_qty = min(piece_of(worker).goal_qty, view.order_qty)
    limit = worker.schedule.limit(view, is_final=worker.is_final)
    return (goal_qty, None) if limit is None or limit.qty >= goal_qty else (limit.qty, limit)


def goal_of_child(worker: "Worker", view: AlgoView, child_goal_qty: Decimal) -> tuple[Decimal, Wake]:
    """Return the goal for a child that is out and now reaches to `child_goal_qty`, and when it may grow.

    One that was kept small on purpose never grows. What a limit allows was asked when it was placed, and is asked again
    when a try begins, once it may be twice as much, and shortly before the end: to ask for a few more shares at each
    print would cost the place in the queue each time.
    """
    piece_goal_qty = min(piece_of(worker).goal_qty, view.order_qty)
    kept_qty = min(piece_goal_qty, child_goal_qty)
    limit = worker.schedule.limit(view, is_final=worker.is_final)
    if worker.displayed_ratio_max is not None:
        return kept_qty, NEVER
    if limit is None:
        return piece_goal_qty, NEVER
    twice_qty, call_ns = min(2 * kept_qty - view.cum_qty, piece_goal_qty), _last_call_ns(worker, view)
    if worker.begun_ns and limit.qty < twice_qty and kept_qty < twice_qty and view.now_ns < call_ns:
        return kept_qty, Wake(volume_at=limit.volume_for(twice_qty), at_ns=call_ns)
    return max(kept_qty, min(limit.qty, piece_goal_qty)), NEVER


def least_qty(worker: "Worker", view: AlgoView) -> Decimal:
    """Return the least that a new child may be.

    Where a limit holds the piece back a round lot is waited for, or what is missing of the piece where that is less; of
    the last one, shortly before its end, whatever is allowed by then.
    """
    piece, (_, limit), least = piece_of(worker), goal_of(worker, view), view.instrument.min_qty
    if not piece.is_last:
        least = max(least, worker.child_min_qty)
    if limit is None or limit.volume_at is None or view.now_ns >= _last_call_ns(worker, view):
        return least
    piece_qty = view.instrument.floor_qty(min(piece.goal_qty, view.order_qty) - view.cum_qty)
    return max(least, min(view.instrument.round_lot, piece_qty))


def _last_call_ns(worker: "Worker", view: AlgoView) -> int:
    """Return from when on whatever a limit allows is taken: shortly before the schedule is over."""
    return worker.schedule.last_ns(view) - LAST_CALL_NS


def out_of_time(worker: "Worker", view: AlgoView) -> Finish:
    """Return the end of a parent whose time is over, with what a limit of its schedule left undone."""
    limit, piece = worker.schedule.limit(view, is_final=worker.is_final), worker.piece
    if limit is not None and piece is not None and piece.held:
        limit = replace(limit, qty=piece.goal_qty, text=piece.held)
    reason = "deadline" if view.now_ns >= view.last_ns else SCHEDULE_OVER
    is_held_back = limit is not None and limit.qty < view.order_qty
    # A life that is shorter than the lead of its last order never was: no limit held it back.
    if limit is not None and is_held_back and view.started_ns < view.last_ns:
        idle_qty = limit.qty - view.cum_qty
        is_idle = idle_qty >= view.instrument.min_qty and idle_qty > IDLE_RATIO * limit.qty
        reason = f"{reason}: {_not_done(view, limit)}" if is_idle else left_over(view, limit)
    return ended(view, without_fill=ParentStatus.EXPIRED, reason=reason)


def _not_done(view: AlgoView, limit: Limit) -> str:
    """Return what is left over of what a limit allowed: the market is why, or the price that was asked for."""
    done = f"{plain(view.cum_qty)} of them are filled"
    return f"{plain(view.leaves_qty)} left, {plain(limit.qty)} were allowed ({limit.text}), {done}"


def nothing_due(worker: "Worker", view: AlgoView) -> Step:
    """Return the wait for the next piece or for more volume; or the end, where nothing will be due any more."""
    piece, (_, limit) = piece_of(worker), goal_of(worker, view)
    if worker.is_final and view.now_ns >= worker.schedule.last_ns(view):
        return Step(worker, (out_of_time(worker, view),))
    if limit is not None and limit.volume_at is not None:
        waiting = Waiting(code=limit.code, text=limit.text, is_retold=True)
        wake = Wake(volume_at=limit.volume_for(view.cum_qty + least_qty(worker, view)))
        call_ns = _last_call_ns(worker, view)
        if piece.is_last and view.now_ns < call_ns:
            wake = wake.by(call_ns)
        # What was tried before is no measure of what comes: the next child begins where any does.
        return Step(replace(worker, begun_ns=0), wake=until(worker, view, wake), waiting=waiting)
    if not piece.is_last or (limit is None and piece.goal_qty < view.order_qty):
        return Step(worker, wake=until(worker, view, Wake(at_ns=piece.end_ns)))
    if limit is not None:
        finish = ended(view, without_fill=ParentStatus.EXPIRED, reason=left_over(view, limit))
    else:
        reason = f"rest_below_minimum: {view.leaves_qty}"
        finish = ended(view, without_fill=ParentStatus.FAILED, reason=reason)
    return Step(worker, (finish,))


def left_over(view: AlgoView, limit: Limit) -> str:
    """Return what a limit leaves over, with the numbers."""
    return f"{limit.code}: {plain(view.leaves_qty)} left, {limit.text}"


def until(worker: "Worker", view: AlgoView, wake: Wake) -> Wake:
    """Return a wake that also comes when the piece, the plan's patience or the parent's time ends."""
    over_ns = last_ns(worker, view)
    ends = [over_ns]
    if view.plan.conduct.at_end is not Ending.END and not worker.is_final:
        ends.append(_cross_ns(worker, view))
    if worker.piece is not None:
        ends.append(worker.piece.end_ns)
    return wake.by(min((at_ns for at_ns in ends if at_ns > view.now_ns), default=over_ns))


def piece_of(worker: "Worker") -> Piece:
    """Return the piece in hand."""
    if worker.piece is None:
        message = "asked for the piece of a worker that has none"
        raise AssertionError(message)
    return worker.piece


def missing_qty(worker: "Worker", view: AlgoView) -> Decimal:
    """Return what is missing of the piece in hand."""
    return max(ZERO, goal_of(worker, view)[0] - view.cum_qty)
