"""Starts at the middle and goes toward the touch step by step, each on its own clock.

The middle is looked at anew with each step and never between two: a step is a promise to wait. Where the feed shows
our own order as the touch, the middle is that of the others (`others`). After the last step, or its whole time, it is
over: the plan crosses then, goes to market, or plans the rest afresh.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import ONE, ZERO, AlgoView, Waiting, usable_quote
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.algos.tactics.others import Shown, others
from execd.algos.tactics.pricing import bounded
from execd.core.codec import plain
from execd.core.wake import Wake

TWO: Final = Decimal(2)
WIDE_RATIO: Final = Decimal("0.02")
NARROW_RATIO: Final = Decimal("0.005")
STEP_WIDE, STEP_USUAL, STEP_NARROW = Decimal("0.15"), Decimal("0.10"), Decimal("0.05")


class Progressive(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`m + f·(touch − m)` with f = `fractions`, one after the other; x `aggression` of our side.

    A step lasts `buy_step_ns` or `sell_step_ns`, the whole at most `ttl_ns`. `is_adaptive`: f begins as `fractions` do
    and grows with each step by 0.15 where the spread is over 2%, 0.05 where it is under 0.5%, else 0.10. `step_n` is
    the step that is out at `fraction`, made from what others showed (`shown`); None: none yet.
    """

    fractions: tuple[Decimal, ...]
    buy_step_ns: int
    sell_step_ns: int
    ttl_ns: int
    is_adaptive: bool = False
    buy_aggression: Decimal = ONE
    sell_aggression: Decimal = ONE
    is_exit: bool = False
    is_resting: bool = False
    step_n: int | None = None
    fraction: Decimal = ZERO
    shown: Shown | None = None

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return the child of the step that is due."""
        step_ns = self.buy_step_ns if view.parent.side.is_buy else self.sell_step_ns
        over_ns = job.begun_ns + min(self.ttl_ns, step_ns * len(self.fractions))
        if view.now_ns >= over_ns:
            return Over(reason=f"its {len(self.fractions)} steps are over")
        step_n = (view.now_ns - job.begun_ns) // step_ns
        wake = Wake(at_ns=min(over_ns, job.begun_ns + (step_n + 1) * step_ns))
        if job.child is not None and step_n == self.step_n:
            return Keep(tactic=self, wake=wake)
        quote = usable_quote(view, view.execution.quote_age_resting_ns_max)
        if isinstance(quote, Waiting):
            return Idle(tactic=self, waiting=quote, wake=Wake(at_ns=wake.at_ns, every_quote=True))
        shown = others(view, quote, self.shown)
        mid = (shown.near_px + shown.far_px) / TWO
        fraction = self._fraction(abs(shown.far_px - shown.near_px) / mid, step_n)
        pushed = fraction * (self.buy_aggression if view.parent.side.is_buy else self.sell_aggression)
        wished = mid + pushed * (shown.far_px - mid)
        told = f"step {step_n + 1} of {len(self.fractions)}: {plain(pushed)} of the way from {plain(mid)} to"
        priced = bounded(view, wished, may_cross=False, quote=quote, text=f"{told} {plain(shown.far_px)}")
        tactic = replace(self, step_n=step_n, fraction=fraction, shown=shown)
        return Work(tactic=tactic, price=priced.price, text=priced.text, wake=wake)

    def anew(self, was: "Progressive") -> "Progressive":
        """Return the tactic at the begin of a try, which knows of the one before what others showed."""
        return replace(self, shown=was.shown)

    def _fraction(self, spread_ratio: Decimal, step_n: int) -> Decimal:
        """Return how far the step goes; a step that nobody asked about counts as one of today's size."""
        if not self.is_adaptive:
            return self.fractions[step_n]
        if self.step_n is None:
            return self.fractions[0] + step_n * _step(spread_ratio)
        return min(ONE, self.fraction + (step_n - self.step_n) * _step(spread_ratio))


def _step(spread_ratio: Decimal) -> Decimal:
    if spread_ratio > WIDE_RATIO:
        return STEP_WIDE
    return STEP_NARROW if spread_ratio < NARROW_RATIO else STEP_USUAL
