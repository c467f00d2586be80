"""Decides at each look between resting, improving and crossing, from what the book shows: a tactic of our own.

Where the spread is wide it stands a tick inside (or joins, where few stand on our side); where it is one tick it joins
a queue whose level lives long, stands behind one that does not, and takes from the touch while nearly everything that
is displayed stands on our side, which mostly goes before a move away from us. It shows little of what it has. What it
counts it counts at its own looks, so waiting costs two steps a second and no quote wakes it. It ends when its time is
up, if it has one; the last cross is the plan's. What each number was fitted on is in docs/quality/adaptive_join.md.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import AlgoView, Waiting, usable_quote
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.algos.tactics.offset import TIME_IS_UP
from execd.algos.tactics.others import Shown, is_ours, others
from execd.algos.tactics.pricing import bounded, near_px, near_size, touch_px, touch_size
from execd.core.codec import plain
from execd.core.conduct import Ending
from execd.core.market import Quote
from execd.core.rules import MS, S
from execd.core.wake import Wake

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
FOLLOW_NS: Final = 1 * S
"""A price follows the market at most so often; by then the feed shows the move before (`others.ECHO_NS`)."""
PRIOR_NS: Final = 10 * S
"""Before anything was seen a level is taken to have lived so long once: nothing is calm until it was watched."""


class Watched(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the looks of a try saw: the touches at the last one, and in how many they had moved since the one before."""

    since_ns: int
    at_ns: int
    bid_px: Decimal
    ask_px: Decimal
    moves_n: int = 0

    def life_ns(self) -> int:
        """Return how long the touches stood on average."""
        return (self.at_ns - self.since_ns + PRIOR_NS) // (self.moves_n + 1)


class AdaptiveJoin(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Looks every `look_ns`. The *share* is the part of all that is displayed at both touches that stands on our side.

    With a spread of one tick it takes from a share of `take_first` on, which falls to `take_last` at the end of its
    time, joins where the touches live `calm_ns` on average, and else stands a tick behind. With a wider one it improves
    where the share is above `improve_share`. It shows the most of `show_ratio` of the order, `queue_ratio` of the queue
    that it joins, and a round lot.

    A try lasts `ttl_ns`, or as long as there is time (None). `watched` is what its looks saw (None: nothing yet),
    `shown` what others showed when the price was made.
    """

    look_ns: int = 500 * MS
    ttl_ns: int | None = None
    take_first: Decimal = Decimal("0.9")
    take_last: Decimal = Decimal("0.5")
    improve_share: Decimal = Decimal("0.4")
    calm_ns: int = 25 * S
    show_ratio: Decimal = Decimal("0.1")
    queue_ratio: Decimal = Decimal("0.5")
    is_exit: bool = False
    is_resting: bool = True
    watched: Watched | None = None
    shown: Shown | None = None

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return the child that should be out now."""
        if self.ttl_ns is not None and view.now_ns >= job.begun_ns + self.ttl_ns:
            return Over(reason=TIME_IS_UP)
        is_due = self.watched is None or view.now_ns >= self.watched.at_ns + self.look_ns
        if job.child is not None and not is_due and self.shown is not None:
            return self._keep(view)
        quote = usable_quote(view, view.execution.quote_age_resting_ns_max)
        if isinstance(quote, Waiting):
            if job.child is not None:
                # The look that is due is taken with the next quote; what stands may also be proved without one.
                return Keep(tactic=self, wake=Wake(at_ns=view.now_ns + self.look_ns, every_quote=True), shows_less=True)
            return Idle(tactic=self, waiting=quote, wake=Wake(every_quote=True))
        looked = self._looked(view, quote) if is_due else self
        shown = others(view, quote, self.shown)
        if is_due:
            taking = looked.taking(view, job, quote, shown)
            if taking is not None:
                return taking
        return looked.resting(view, job, quote, shown)

    def anew(self, was: "AdaptiveJoin") -> "AdaptiveJoin":
        """Return the tactic at the begin of a try, which knows of the one before what was seen."""
        return replace(self, watched=was.watched, shown=was.shown)

    def taking(self, view: AlgoView, job: Job, quote: Quote, shown: Shown) -> Work | None:
        """Return the child that takes what the touch shows, where now is a good moment to; never beyond the touch."""
        is_buy = view.parent.side.is_buy
        if abs(shown.far_px - shown.near_px) > view.instrument.tick_at(shown.near_px):
            return None
        share, least = share_of(view, job, quote), self.take_share(view, job)
        if share < least:
            return None
        touch, size = touch_px(quote, is_buy=is_buy), touch_size(quote, is_buy=is_buy)
        told = f"takes {plain(touch)} x {plain(size)}: share {_places(share)} on our side, at least {_places(least)}"
        priced = bounded(view, touch, may_cross=True, quote=quote, text=told)
        if priced.price != touch:
            return None
        tactic = replace(self, shown=shown)
        return Work(tactic=tactic, price=touch, text=told, wake=self._wake(view), qty_max=size)

    def resting(self, view: AlgoView, job: Job, quote: Quote, shown: Shown) -> Work | Keep:
        """Return the child that stands in the book, at most so often at another price than before."""
        wished, told = self._wished(view, job, quote, shown)
        priced = bounded(view, wished, may_cross=False, quote=quote, text=told)
        child = job.child
        if child is not None and priced.price == child.price:
            is_news = not is_ours(view, near_px(quote, is_buy=view.parent.side.is_buy))
            tactic = replace(self, shown=shown) if is_news else self
            return Keep(tactic=tactic, wake=self._wake(view), shows_less=True)
        if child is not None and view.now_ns < child.tried_ns + FOLLOW_NS:
            return self._keep(view)
        tactic, qty = replace(self, shown=shown), self.show_qty(view, quote)
        wake = self._wake(view)
        return Work(tactic=tactic, price=priced.price, text=priced.text, wake=wake, qty_max=qty, is_shown=True)

    def take_share(self, view: AlgoView, job: Job) -> Decimal:
        """Return the share from which on it takes: the later, the less."""
        end_ns = job.piece.end_ns
        if view.plan.conduct.at_end is not Ending.END:
            end_ns = min(end_ns, view.last_ns - view.plan.conduct.cross_lead_ns)
        if self.ttl_ns is not None:
            end_ns = min(end_ns, job.begun_ns + self.ttl_ns)
        life_ns = end_ns - job.piece.began_ns
        spent_ns = min(max(0, view.now_ns - job.piece.began_ns), max(0, life_ns))
        spent = Decimal(spent_ns) / Decimal(life_ns) if life_ns > 0 else ONE
        return self.take_first + (self.take_last - self.take_first) * spent

    def show_qty(self, view: AlgoView, quote: Quote) -> Decimal:
        """Return how much of it is shown: what is refilled stands behind a long queue again, so there it is more."""
        scale = view.market.volume_scale
        ahead = ZERO if scale is None else near_size(quote, is_buy=view.parent.side.is_buy) * scale
        part = max(self.show_ratio * view.order_qty, self.queue_ratio * ahead, view.instrument.round_lot)
        return max(view.instrument.min_qty, view.instrument.floor_qty(part))

    def _wished(self, view: AlgoView, job: Job, quote: Quote, shown: Shown) -> tuple[Decimal, str]:
        is_buy, sign = view.parent.side.is_buy, view.parent.side.sign
        near, tick = shown.near_px, view.instrument.tick_at(shown.near_px)
        told = f"{'bid' if is_buy else 'ask'} {plain(near)}"
        if self.shown is None and is_ours(view, near):
            return near, f"at {told}, where we stand"
        if near_px(quote, is_buy=is_buy) != near:  # Nobody knows how many stand behind us.
            return near + sign * tick, f"a tick inside {told}, where we stand alone"
        if abs(shown.far_px - near) > tick:
            share = share_of(view, job, quote)
            if share > self.improve_share:
                return near + sign * tick, f"a tick inside {told}: share {_places(share)} on our side"
            return near, f"at {told}: share {_places(share)} on our side, above {plain(self.improve_share)} to improve"
        life_ns = PRIOR_NS if self.watched is None else self.watched.life_ns()
        if life_ns >= self.calm_ns:
            return near, f"at {told}: touches live {life_ns // S} s"
        return near - sign * tick, f"a tick behind {told}: touches live {life_ns // S} s, {self.calm_ns // S} to join"

    def _looked(self, view: AlgoView, quote: Quote) -> "AdaptiveJoin":
        """Return the tactic after one more look."""
        now, bid, ask, before = view.now_ns, quote.bid_px, quote.ask_px, self.watched
        if before is None:
            return replace(self, watched=Watched(since_ns=now, at_ns=now, bid_px=bid, ask_px=ask))
        moves_n = before.moves_n + ((bid, ask) != (before.bid_px, before.ask_px))
        return replace(self, watched=replace(before, at_ns=now, bid_px=bid, ask_px=ask, moves_n=moves_n))

    def _keep(self, view: AlgoView) -> Keep:
        return Keep(tactic=self, wake=self._wake(view), shows_less=True)

    def _wake(self, view: AlgoView) -> Wake:
        at_ns = view.now_ns if self.watched is None else self.watched.at_ns
        return Wake(at_ns=max(at_ns, view.now_ns - self.look_ns + 1) + self.look_ns)


def share_of(view: AlgoView, job: Job, quote: Quote) -> Decimal:
    """Return which part of what both touches display stands on our side, without what may be ours.

    A feed may show our order or not. What we show at the touch is never counted: who counts himself sees a crowd.
    """
    is_buy, child = view.parent.side.is_buy, job.child
    near, far = near_size(quote, is_buy=is_buy), touch_size(quote, is_buy=is_buy)
    if child is not None and child.price == near_px(quote, is_buy=is_buy):
        near = max(ZERO, near - child.leaves_qty)
    return near / (near + far)


def _places(share: Decimal) -> str:
    return plain(share.quantize(Decimal("0.01")))
