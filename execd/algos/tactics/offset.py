"""A limit at a fixed distance from the middle.

Priced once, when the child is placed; it rests until its time is up and is then priced afresh. A tactic that finds its
distance in another way gives `rest_beyond_mid` another function: `adaptive_offset` does.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from execd.algos.base import BPS, ONE, AlgoView, Waiting, usable_quote
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.algos.tactics.daytime import day_factor
from execd.algos.tactics.pricing import bounded
from execd.core.codec import plain
from execd.core.market import Quote
from execd.core.wake import Wake

if TYPE_CHECKING:
    from execd.algos.tactics import Tactic

TIME_IS_UP: Final = "time is up"


class Offset(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """`m·(1 + d·bps/10⁴)`: pays up to `bps` beyond the middle; below zero it stays on its own side.

    `has_day_factor`: `bps` counts more at the edges of the day.
    """

    bps: Decimal
    ttl_ns: int
    has_day_factor: bool = False
    is_exit: bool = False
    is_resting: bool = False

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return one child at the distance from the middle of the instant at which it is placed, for `ttl_ns`."""
        return rest_beyond_mid(self, view, job, self._distance, ttl_ns=self.ttl_ns, crosses=self.bps > 0)

    def _distance(self, view: AlgoView, quote: Quote) -> tuple[Decimal, str]:
        told = f"offset {plain(self.bps)} bps from mid {plain(quote.mid_px)}"
        if not self.has_day_factor:
            return self.bps, told
        factor, when = day_factor(view.session, view.now_ns)
        return self.bps * factor, f"{told}, x {plain(factor)} ({when})"


Distance = Callable[[AlgoView, Quote], tuple[Decimal, str]]
"""How many bps beyond the middle, and where that comes from."""


def rest_beyond_mid(
    tactic: "Tactic", view: AlgoView, job: Job, distance: Distance, *, ttl_ns: int, crosses: bool
) -> Wanted:
    """Return one child that is priced when it is placed and rests for `ttl_ns`."""
    if job.child is not None:
        over_ns = job.child.sent_ns + ttl_ns
        return Over(reason=TIME_IS_UP) if view.now_ns >= over_ns else Keep(tactic=tactic, wake=Wake(at_ns=over_ns))
    # What is meant to cross needs no fresher quote than a marketable order does.
    execution = view.execution
    age_ns_max = execution.quote_age_marketable_ns_max if crosses else execution.quote_age_resting_ns_max
    quote = usable_quote(view, age_ns_max)
    if isinstance(quote, Waiting):
        return Idle(tactic=tactic, waiting=quote, wake=Wake(every_quote=True))
    bps, told = distance(view, quote)
    wished = quote.mid_px * (ONE + view.parent.side.sign * bps / BPS)
    priced = bounded(view, wished, may_cross=crosses, quote=quote, text=told)
    return Work(tactic=tactic, price=priced.price, text=priced.text, wake=Wake(at_ns=view.now_ns + ttl_ns))
