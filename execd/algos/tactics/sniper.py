"""Waits for the market it wants, then takes at once what it can have inside its bounds.

Every condition that is given must hold at the same time: a narrow spread, enough displayed on the side it takes from,
a price. Nothing rests in the book and nothing is shown before the shot: an immediate-or-cancel limit, whose rest is
shot again when the conditions hold again.
"""

from decimal import Decimal

import msgspec

from execd.algos.base import BPS, AlgoView, Waiting, usable_quote, was_immediate
from execd.algos.tactics.base import Idle, Job, Keep, Wanted, Work
from execd.algos.tactics.pricing import bounded, touch_px, touch_size
from execd.core.codec import plain
from execd.core.enums import TimeInForce
from execd.core.instrument import clip
from execd.core.market import Quote
from execd.core.wake import NEVER, Wake


class Sniper(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Takes while the spread is at most `spread_bps`, `size_min` displayed, and the touch no worse than `price`.

    None asks for nothing. It pays up to the nearest of `price`, limit and collar; without any, the touch.
    """

    spread_bps: Decimal | None = None
    size_min: Decimal | None = None
    price: Decimal | None = None
    is_exit: bool = False
    is_resting: bool = False

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return one immediate order once everything holds; before that, what it waits for."""
        if job.child is not None:
            if was_immediate(job.child):
                return Keep(tactic=self, wake=NEVER)
            resting = Waiting(code="not_wanted_yet", text="what rests in the book is taken out: it waits unseen")
            return Idle(tactic=self, waiting=resting, wake=NEVER, is_out=True)
        quote = view.market.quote
        wait = None if quote is None else self._wait(view, quote)
        if wait is not None:
            # Asked before whether the quote may price: what is not wanted is waited for whatever else is wrong.
            return wait
        usable = usable_quote(view, view.execution.quote_age_marketable_ns_max)
        if isinstance(usable, Waiting):
            return Idle(tactic=self, waiting=usable, wake=Wake(every_quote=True))
        is_buy = view.parent.side.is_buy
        touch = touch_px(usable, is_buy=is_buy)
        bounds = [px for px in (self.price, *view.bounds) if px is not None]
        wished = touch if not bounds else (min(bounds) if is_buy else max(bounds))
        told = f"takes what {plain(touch)} has to give, and beyond"
        priced = bounded(view, wished, may_cross=True, quote=usable, text=told)
        all_or_none = view.parent.time_in_force is TimeInForce.FOK
        life = TimeInForce.FOK if all_or_none else TimeInForce.IOC
        return Work(tactic=self, price=priced.price, text=priced.text, wake=NEVER, time_in_force=life)

    def _wait(self, view: AlgoView, quote: Quote) -> Idle | None:
        """Return the wait for what does not hold yet, or nothing where all of it does."""
        is_buy = view.parent.side.is_buy
        touch, size = touch_px(quote, is_buy=is_buy), touch_size(quote, is_buy=is_buy)
        reach = clip(touch, (self.price, *view.bounds), is_buy=is_buy)
        if reach != touch:
            return self._idle(f"touch {plain(touch)}, {plain(reach)} or better is wanted", _until_touch(view, reach))
        if self.spread_bps is not None and quote.spread * BPS > self.spread_bps * quote.mid_px:
            text = (
                f"spread {plain(quote.spread)} of {plain(quote.mid_px)}, at most {plain(self.spread_bps)} bps is wanted"
            )
            # It can only get narrower by a better bid or a better ask than those that stand.
            return self._idle(text, Wake(bid_above=quote.bid_px, ask_below=quote.ask_px))
        scale = view.market.volume_scale
        if self.size_min is not None and (scale is None or size * scale < self.size_min):
            told = "of an unknown part of the market" if scale is None else f"counted {plain(scale)} times"
            text = f"{plain(size)} displayed ({told}), at least {plain(self.size_min)} is wanted"
            return self._idle(text, Wake(every_quote=True))
        return None

    def _idle(self, text: str, wake: Wake) -> Idle:
        # One code for all of it: which of them lacks at the moment is no news that anybody is woken for.
        return Idle(tactic=self, waiting=Waiting(code="not_wanted_yet", text=text), wake=wake)


def _until_touch(view: AlgoView, px: Decimal) -> Wake:
    """Return a wake that is met before the touch is at `px` or better."""
    is_buy = view.parent.side.is_buy
    reach = view.instrument.passive(px, is_buy=is_buy) + view.parent.side.sign * view.instrument.tick_at(px)
    return Wake(ask_below=reach) if is_buy else Wake(bid_above=reach)
