"""A limit a little beyond the touch: what `high` urgency gets.

The first price only: reprices belong to the marketable tactic, which has a
name of its own.
"""

from decimal import Decimal

import msgspec

from execd.algos.base import AlgoView, Waiting, usable_quote
from execd.algos.tactics.pricing import Priced, bounded, touch_px


class Touch(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """`touch + d·spread_fraction·s`, inside the collar."""

    spread_fraction: Decimal
    ttl_ns: int
    is_exit: bool = False

    def price(self, view: AlgoView, attempt: int) -> Priced | Waiting:
        """Return where the next child should go, from the quote of this instant."""
        del attempt
        quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
        if isinstance(quote, Waiting):
            return quote
        side = view.parent.side
        touch = touch_px(quote, is_buy=side.is_buy)
        wished = touch + side.sign * self.spread_fraction * quote.spread
        text = f"touch {touch} + {self.spread_fraction} of spread {quote.spread}"
        return bounded(view, wished, may_cross=True, quote=quote, text=text)
