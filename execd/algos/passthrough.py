"""One order, as asked.

No slicing, no re-pricing, no time-out of its own: the order lives until it
ends or its parent's deadline.
"""

import msgspec
from msgspec.structs import replace

from execd.algos.base import AlgoView, Finish, Place, Step, Waiting, ended, usable_quote, was_no_attempt
from execd.algos.pulling import pull
from execd.core.enums import OrdStatus, OrdType, ParentStatus, TimeInForce
from execd.core.order import Order
from execd.core.wake import Wake


class Passthrough(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """`placed_n` and `pulls_n` count what was asked for, so that asking twice is asking once.

    `is_exit`: it goes without a quote, too; only a halt of the symbol is waited for.
    """

    ord_type: OrdType
    placed_n: int = 0
    pulls_n: int = 0
    is_exit: bool = False

    def step(self, view: AlgoView) -> Step:
        """Return the next state, what to do, and when to ask again."""
        if view.children:
            return self._watch(view, view.children[0])
        if view.children_n < self.placed_n:
            return Step(self)
        if view.last_child is not None and not was_no_attempt(view.last_child):
            return Step(self, (_end_of(view, view.last_child),))
        return self._place(view)

    def with_pulls(self, pulls_n: int) -> "Passthrough":
        """Return the algorithm having asked for so many cancels of its live child."""
        return replace(self, pulls_n=pulls_n)

    def _watch(self, view: AlgoView, child: Order) -> Step:
        if view.now_ns < view.last_ns:
            return Step(self, wake=Wake(at_ns=view.last_ns))
        return pull(self, view, child, "deadline")

    def _place(self, view: AlgoView) -> Step:
        if view.now_ns >= view.last_ns:
            return Step(self, (ended(view, without_fill=ParentStatus.EXPIRED, reason="deadline"),))
        # A market order must not meet a halt or a broken quote; a limit protects itself but the gate wants a reference.
        quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
        if isinstance(quote, Waiting) and (not self.is_exit or view.market.is_halted):
            return Step(self, wake=Wake(at_ns=view.last_ns, every_quote=True), waiting=quote)
        price = None
        if self.ord_type is OrdType.LIMIT and view.plan.limit_px is not None:
            price = view.instrument.passive(view.plan.limit_px, is_buy=view.parent.side.is_buy)
        place = Place(
            qty=view.instrument.floor_qty(view.leaves_qty),
            ord_type=self.ord_type,
            price=price,
            time_in_force=view.parent.time_in_force,
            text=f"as asked: {self.ord_type} {view.parent.time_in_force}",
        )
        return Step(replace(self, placed_n=view.children_n + 1, pulls_n=0), (place,), Wake(at_ns=view.last_ns))


def _end_of(view: AlgoView, child: Order) -> Finish:
    done = child.done_as
    if child.ord_status is OrdStatus.REJECTED and done is not None:
        reason = f"rejected_by_venue: {done.code} {done.text}".rstrip()
        return ended(view, without_fill=ParentStatus.FAILED, reason=reason)
    if view.now_ns >= view.last_ns:
        return ended(view, without_fill=ParentStatus.EXPIRED, reason="deadline")
    status = ParentStatus.CANCELED if view.parent.time_in_force is TimeInForce.DAY else ParentStatus.EXPIRED
    return ended(view, without_fill=status, reason=f"ended_by_venue: {child.ord_status}")
