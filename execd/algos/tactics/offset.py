"""A limit at a fixed distance from the middle.

Priced once, when the child is placed; it rests until its time is up and is
then priced afresh. A factor for the time of day would be a tactic of its own.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.algos.base import BPS, AlgoView, Waiting, usable_quote
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.algos.tactics.pricing import bounded
from execd.core.wake import Wake

ONE: Final = Decimal(1)
TIME_IS_UP: Final = "time is up"


class Offset(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """`m·(1 + d·bps/10⁴)`: pays up to `bps` beyond the middle; below zero it stays on its own side."""

    bps: Decimal
    ttl_ns: int
    is_exit: bool = False
    is_resting: bool = False

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return one child at the distance from the middle of the instant at which it is placed, for `ttl_ns`."""
        if job.child is not None:
            over_ns = job.child.sent_ns + self.ttl_ns
            return Over(reason=TIME_IS_UP) if view.now_ns >= over_ns else Keep(tactic=self, wake=Wake(at_ns=over_ns))
        # What is meant to cross needs no fresher quote than a marketable order does.
        execution = view.execution
        crosses = self.bps > 0
        age_ns_max = execution.quote_age_marketable_ns_max if crosses else execution.quote_age_resting_ns_max
        quote = usable_quote(view, age_ns_max)
        if isinstance(quote, Waiting):
            return Idle(tactic=self, waiting=quote, wake=Wake(every_quote=True))
        wished = quote.mid_px * (ONE + view.parent.side.sign * self.bps / BPS)
        text = f"offset {self.bps} bps from mid {quote.mid_px}"
        priced = bounded(view, wished, may_cross=crosses, quote=quote, text=text)
        return Work(tactic=self, price=priced.price, text=priced.text, wake=Wake(at_ns=view.now_ns + self.ttl_ns))
