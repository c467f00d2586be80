"""A limit through the touch, inside the collar, that goes further with each reprice.

What `high` urgency gets, what a plan crosses with in the end, and, without an end of its own, what `sweep` gets out
with. It is repriced on its own clock and not with every quote: it is meant to have traded before the market moves.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import BPS, ONE, ZERO, AlgoView, Waiting, stand_in_px, usable_quote
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.algos.tactics.offset import TIME_IS_UP
from execd.algos.tactics.pricing import bounded, touch_px
from execd.core.codec import plain
from execd.core.market import Quote
from execd.core.wake import Wake

FIRST_FRACTION: Final = Decimal("0.5")
FRACTION_STEP: Final = Decimal("0.1")


class Marketable(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """First touch + `spread_fraction`·s; the k-th reprice (k from 0) touch + (collar − touch)·min(1, 0.5 + 0.1·k).

    Repriced every `interval_ns`, `reprices_max` times; over after `ttl_ns` (None: never). `first_k` is the k of the
    first reprice. Without a quote: last print, or previous close, and the collar's bps beyond it. `step_n` is the step
    that is out: 0 the first price, n the n-th reprice, None nothing yet.
    """

    interval_ns: int
    reprices_max: int
    ttl_ns: int | None = None
    spread_fraction: Decimal = Decimal("0.25")
    first_k: int = 0
    is_exit: bool = False
    is_resting: bool = False
    step_n: int | None = None

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return the child of the step that is due."""
        elapsed_ns = view.now_ns - job.begun_ns
        if self.ttl_ns is not None and elapsed_ns >= self.ttl_ns:
            return Over(reason=TIME_IS_UP)
        step_n = min(elapsed_ns // self.interval_ns, self.reprices_max)
        wake = Wake(at_ns=self._next_ns(job.begun_ns, step_n))
        if job.child is not None and step_n == self.step_n:
            return Keep(tactic=self, wake=wake)
        quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
        if isinstance(quote, Waiting):
            blind = _wished_blind(view)
            if blind is None:
                wake = Wake(at_ns=wake.at_ns, every_quote=True, print_at_or_above=ZERO)
                return Idle(tactic=self, waiting=quote, wake=wake)
            (wished, told), shown = blind, None
        else:
            (wished, told), shown = self._wished(view, quote, step_n), quote
        priced = bounded(view, wished, may_cross=True, quote=shown, text=told)
        return Work(tactic=replace(self, step_n=step_n), price=priced.price, text=priced.text, wake=wake)

    def _wished(self, view: AlgoView, quote: Quote, step_n: int) -> tuple[Decimal, str]:
        side, collar = view.parent.side, view.plan.collar_px
        touch = touch_px(quote, is_buy=side.is_buy)
        if step_n == 0 or collar is None:
            told = f"touch {touch} + {self.spread_fraction} of spread {quote.spread}"
            return touch + side.sign * self.spread_fraction * quote.spread, told
        fraction = min(ONE, FIRST_FRACTION + FRACTION_STEP * (step_n - 1 + self.first_k))
        told = f"reprice {step_n}: touch {touch} + {fraction} of the way to {collar}"
        return touch + (collar - touch) * fraction, told

    def _next_ns(self, begun_ns: int, step_n: int) -> int | None:
        over_ns = None if self.ttl_ns is None else begun_ns + self.ttl_ns
        if step_n >= self.reprices_max:
            return over_ns
        next_ns = begun_ns + (step_n + 1) * self.interval_ns
        return next_ns if over_ns is None else min(next_ns, over_ns)


def _wished_blind(view: AlgoView) -> tuple[Decimal, str] | None:
    """Return a price without a quote: the collar's bps beyond what stands in for it; None where nothing may."""
    bps = view.plan.collar_bps
    stand_in = stand_in_px(view.market, view.now_ns, view.execution.quote_age_marketable_ns_max)
    if bps is None or stand_in is None:
        return None
    px, told = stand_in
    return px * (ONE + view.parent.side.sign * bps / BPS), f"no quote: {told} and {plain(bps)} bps"
