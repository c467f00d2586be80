"""The one machine that drives any schedule with any tactic.

"Never two children", time-outs, the 80% rule, cancels that were not answered
and deadlines live here, once. It states targets: what should be filled or
working by now less what is.
"""

import msgspec
from msgspec.structs import replace

from execd.algos.base import (
    Action,
    AlgoView,
    Finish,
    Place,
    Step,
    Waiting,
    ended,
    was_no_attempt,
    was_pulled_by_operator,
)
from execd.algos.pulling import pull
from execd.algos.schedules import Schedule
from execd.algos.tactics import Tactic
from execd.core.enums import OrdStatus, OrdType, ParentStatus
from execd.core.order import Order
from execd.core.wake import Wake


class Worker(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Works one child at a time.

    `placed_n` counts children asked for, `settled_n` those whose end was looked at, `pulls_n` cancels asked of the live
    one, `replans_n` times the rest was planned afresh.
    """

    schedule: Schedule
    tactic: Tactic
    placed_n: int = 0
    settled_n: int = 0
    pulls_n: int = 0
    replans_n: int = 0

    def step(self, view: AlgoView) -> Step:
        """Return the next state, what to do, and when to ask again."""
        if view.children:
            return self._watch(view, view.children[0])
        if view.children_n < self.placed_n:
            return Step(self)  # What was asked for is not in this view yet.
        if view.cum_qty >= view.order_qty:
            return Step(self, (Finish(status=ParentStatus.FILLED),))
        if self.settled_n < view.children_n and view.last_child is not None:
            return self._settle(view, view.last_child)
        return _place(self, view)

    def with_pulls(self, pulls_n: int) -> "Worker":
        """Return the worker having asked for so many cancels of its live child."""
        return replace(self, pulls_n=pulls_n)

    def _watch(self, view: AlgoView, child: Order) -> Step:
        """Return what to do while a child is live: wait, or pull it when its time is up."""
        due_ns = min(child.sent_ns + self.tactic.ttl_ns, view.last_ns)
        if view.now_ns < due_ns and view.leaves_qty:
            return Step(self, wake=Wake(at_ns=due_ns))
        return pull(self, view, child, "deadline" if view.now_ns >= view.last_ns else "time is up")

    def _settle(self, view: AlgoView, child: Order) -> Step:
        """Return what follows the end of a child (SPEC 11)."""
        settled = replace(self, settled_n=view.children_n, pulls_n=0)
        done = child.done_as
        if child.ord_status is OrdStatus.FILLED or was_no_attempt(child) or was_pulled_by_operator(child):
            return _place(settled, view)
        if child.ord_status is OrdStatus.REJECTED and done is not None:
            reason = f"rejected_by_venue: {done.code} {done.text}".rstrip()
            return Step(settled, (ended(view, without_fill=ParentStatus.FAILED, reason=reason),))
        if not self.schedule.replans or self.tactic.is_exit:
            return _place(settled, view)
        if view.cum_qty >= view.order_qty * view.execution.partial_accept_ratio:
            finish = Finish(status=ParentStatus.PARTIALLY_FILLED, reason="accepted_partial")
            return Step(settled, (finish,))
        if self.replans_n >= view.execution.replans_max:
            return Step(settled, (ended(view, without_fill=ParentStatus.EXPIRED, reason="timeout"),))
        return _place(replace(settled, replans_n=self.replans_n + 1), view)


def _place(worker: Worker, view: AlgoView) -> Step:
    """Return the next child, or what is waited for."""
    if view.now_ns >= view.last_ns:
        return Step(worker, (ended(view, without_fill=ParentStatus.EXPIRED, reason="deadline"),))
    missing_qty = worker.schedule.done_by(view) - view.cum_qty - view.working_qty
    qty = view.instrument.floor_qty(min(missing_qty, view.leaves_qty))
    if qty < view.instrument.min_qty:
        next_ns = worker.schedule.next_ns(view)
        if next_ns is None:
            reason = f"rest_below_minimum: {view.leaves_qty}"
            return Step(worker, (ended(view, without_fill=ParentStatus.FAILED, reason=reason),))
        return Step(worker, wake=Wake(at_ns=min(next_ns, view.last_ns)))
    priced = worker.tactic.price(view, view.children_n)
    if isinstance(priced, Waiting):
        return Step(worker, wake=Wake(at_ns=view.last_ns, every_quote=True), waiting=priced)
    action: Action = Place(
        qty=qty,
        ord_type=OrdType.LIMIT,
        price=priced.price,
        time_in_force=view.parent.time_in_force,
        text=priced.text,
    )
    wake = Wake(at_ns=min(view.now_ns + worker.tactic.ttl_ns, view.last_ns))
    return Step(replace(worker, placed_n=view.children_n + 1), (action,), wake)
