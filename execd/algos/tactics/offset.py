"""A limit at a fixed distance from the middle.

Priced once, when the child is placed; it rests until its time is up and is
then priced afresh. A factor for the time of day would be a tactic of its own.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.algos.base import BPS, AlgoView, Waiting, usable_quote
from execd.algos.tactics.pricing import Priced, bounded

ONE: Final = Decimal(1)


class Offset(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """`m·(1 + d·bps/10⁴)`: pays up to `bps` beyond the middle; below zero it stays on its own side."""

    bps: Decimal
    ttl_ns: int
    is_exit: bool = False

    def price(self, view: AlgoView, attempt: int) -> Priced | Waiting:
        """Return where the next child should rest, from the quote of this instant."""
        del attempt
        # What is meant to cross needs no fresher quote than a marketable order does.
        execution = view.execution
        crosses = self.bps > 0
        age_ns_max = execution.quote_age_marketable_ns_max if crosses else execution.quote_age_resting_ns_max
        quote = usable_quote(view, age_ns_max)
        if isinstance(quote, Waiting):
            return quote
        wished = quote.mid_px * (ONE + view.parent.side.sign * self.bps / BPS)
        text = f"offset {self.bps} bps from mid {quote.mid_px}"
        return bounded(view, wished, may_cross=crosses, quote=quote, text=text)
