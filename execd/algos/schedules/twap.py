"""Even slices over time.

By duration and interval, or by the notional of a child: then there are as many slices as children are needed, but
never more than fit before the deadline: children grow, the interval stays.
"""

from decimal import ROUND_CEILING, Decimal

from execd.algos.base import AlgoView, Waiting, usable_quote
from execd.algos.schedules.base import Rest
from execd.algos.schedules.sliced import Sliced, intervals_n
from execd.algos.schedules.slices import Slices
from execd.core.codec import plain
from execd.core.conduct import Ending
from execd.core.wake import Wake


class Twap(Sliced, frozen=True, kw_only=True, tag=True):
    """n = ⌊span/`interval_ns`⌋, or min(⌈notional/`child_notional`⌉, ⌊span/`interval_ns`⌋); at least 1."""

    child_notional: Decimal | None = None

    def cut(self, view: AlgoView) -> Slices | Rest:
        """Return the even slices; by notional a price is needed first."""
        begins_ns = view.started_ns
        ends_ns = self.ends_ns(view, begins_ns)
        n = intervals_n(ends_ns - begins_ns, self.interval_ns)
        text = "twap"
        if self.child_notional is not None:
            quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
            if isinstance(quote, Waiting):
                return Rest(wake=Wake(every_quote=True), waiting=quote)
            notional = view.order_qty * quote.mid_px * view.instrument.multiplier
            n = min(n, int((notional / self.child_notional).to_integral_value(ROUND_CEILING)))
            text = f"twap of {plain(notional)} by {plain(self.child_notional)}"
            # A plan that crosses in the end does so with the last slice; one that does not may wait for the deadline.
            if view.plan.conduct.at_end is not Ending.END:
                ends_ns = min(ends_ns, begins_ns + n * self.interval_ns)
        return Slices(
            n=n,
            begins_ns=begins_ns,
            ends_ns=ends_ns,
            interval_ns=self.interval_ns,
            expire_ns=view.expire_ns,
            text=text,
        )
