"""Close out now: each child goes further into the collar than the one before.

The tactic of exits. It sends limits only, so that even a close-out has a worst
price; a market order needs a permission that this does not ask for.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.algos.base import AlgoView, Waiting, usable_quote
from execd.algos.tactics.pricing import Priced, bounded, touch_px

FIRST_SPREAD_FRACTION: Final = Decimal("0.25")
SECOND_FRACTION: Final = Decimal("0.6")
FRACTION_STEP: Final = Decimal("0.1")
ONE: Final = Decimal(1)


class Sweep(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """First touch + 0.25·s; the k-th after it touch + (collar − touch)·min(1, 0.5 + 0.1·k).

    An exit: neither the 80% rule nor the limit on re-planning ends it before its deadline.
    """

    ttl_ns: int
    is_exit: bool = True

    def price(self, view: AlgoView, attempt: int) -> Priced | Waiting:
        """Return where child number `attempt` (from 0) should go, from the quote of this instant."""
        quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
        if isinstance(quote, Waiting):
            return quote
        side = view.parent.side
        touch = touch_px(quote, is_buy=side.is_buy)
        collar = view.plan.collar_px
        if attempt == 0 or collar is None:
            wished = touch + side.sign * FIRST_SPREAD_FRACTION * quote.spread
        else:
            fraction = min(ONE, SECOND_FRACTION + FRACTION_STEP * (attempt - 1))
            wished = touch + (collar - touch) * fraction
        return bounded(view, wished, may_cross=True, quote=quote, text=f"sweep {attempt} from touch {touch}")
