"""A market order: what a plan ends with where it has the permission.

It has no collar, and says so. It still waits for a usable quote, for a market order must not meet a halt or a broken
market.
"""

import msgspec

from execd.algos.base import AlgoView, Waiting, usable_quote
from execd.algos.tactics.base import Idle, Job, Keep, Wanted, Work
from execd.core.enums import OrdType
from execd.core.wake import NEVER, Wake


class Market(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """All that is missing, at once. `needs_quote` false: it goes without one, too; only a halt is waited for."""

    needs_quote: bool = True
    is_exit: bool = False
    is_resting: bool = False

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return one market order; once it is out nothing more is wanted."""
        if job.child is not None and job.child.first.ord_type is OrdType.MARKET:
            return Keep(tactic=self, wake=NEVER)
        quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
        if isinstance(quote, Waiting) and (self.needs_quote or view.market.is_halted):
            return Idle(tactic=self, waiting=quote, wake=Wake(every_quote=True))
        return Work(tactic=self, price=None, ord_type=OrdType.MARKET, text="market, without a collar", wake=NEVER)
