"""A price that hangs on what others show, and when it is moved.

What `anchor` and `iceberg` share: where to stand (`PegAt`), how far the reference may go before the price follows, and
how often. `Peg` is state: it remembers what its price was made from, so that it follows others and never itself
(`others`). Whether a move counts, and what follows after the last one, is the tactic's to say.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import BPS, ZERO, AlgoView, Waiting, usable_quote
from execd.algos.tactics.base import Job
from execd.algos.tactics.others import Shown, is_ours, others
from execd.algos.tactics.pricing import bounded, near_px, near_size, touch_px
from execd.core.codec import plain
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.rules import S
from execd.core.wake import Wake

TWO: Final = Decimal(2)
PAUSE_NS: Final = 1 * S
"""A price is moved at most so often; by then the feed shows the move before, and no longer what was before that."""


class PegAt(StrEnum):
    """Where a price hangs."""

    INSIDE = "inside"
    """A tick before our own side's touch, or at it where the spread is one tick."""
    MID = "mid"
    """The middle."""
    PRIMARY = "primary"
    """Our own side's touch, and `offset_ticks` from there."""


class Pegged(msgspec.Struct, frozen=True, kw_only=True):
    """The price to stand at now. `has_moved`: because the reference went further than it may, and not for less."""

    peg: "Peg"
    price: Decimal
    text: str
    wake: Wake
    has_moved: bool = False


class Stays(msgspec.Struct, frozen=True, kw_only=True):
    """What is out stays where it is; the state may know a newer reference."""

    peg: "Peg"
    wake: Wake


class Peg(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`shown` is what others showed when `price` was made; None: nothing was priced yet in this try.

    `move_bps` is how far the reference may go. `join_ratio`: where no more than this part of what is missing is shown
    on our side, it is joined instead of improved on (None: it is always improved on).
    """

    at: PegAt = PegAt.INSIDE
    offset_ticks: int = 0
    move_bps: Decimal = Decimal(10)
    join_ratio: Decimal | None = None
    shown: Shown | None = None
    price: Decimal | None = None

    def ask(self, view: AlgoView, job: Job) -> Pegged | Stays | Waiting:
        """Return where the child should stand now, that it stays, or why nothing can be priced."""
        child, before = job.child, self.shown
        if child is None or before is None or self.price is None:
            quote = usable_quote(view, view.execution.quote_age_resting_ns_max)
            return quote if isinstance(quote, Waiting) else self._priced(view, job, quote)
        if view.now_ns < child.tried_ns + PAUSE_NS:
            return Stays(peg=self, wake=Wake(at_ns=child.tried_ns + PAUSE_NS))
        seen = view.market.quote
        if seen is None:
            return Stays(peg=self, wake=Wake(every_quote=True))
        has_moved = self.is_far(self.reference(others(view, seen, before)), self.reference(before))
        if not has_moved and not self._is_off(view, child, seen):
            return Stays(peg=self, wake=self.wake(view, child, seen, before))
        quote = usable_quote(view, view.execution.quote_age_resting_ns_max)
        if isinstance(quote, Waiting):
            return Stays(peg=self, wake=Wake(every_quote=True))
        pegged = self._priced(view, job, quote)
        if pegged.price != child.price:
            return replace(pegged, has_moved=has_moved)
        # Limit or collar hold it where it is. Where the reference has moved, the new one counts from here on.
        stays = pegged.peg if has_moved or self.price != child.price else self
        return Stays(peg=stays, wake=stays.wake(view, child, quote, stays.shown or before))

    def anew(self, was: "Peg") -> "Peg":
        """Return the peg at the begin of a try, which knows of the one before what others showed."""
        return replace(self, shown=was.shown)

    def reference(self, shown: Shown) -> Decimal:
        """Return the price that this one hangs on."""
        return (shown.near_px + shown.far_px) / TWO if self.at is PegAt.MID else shown.near_px

    def is_far(self, reference: Decimal, before: Decimal) -> bool:
        """Whether a reference has gone further from `before` than it may."""
        return abs(reference - before) > self._room(before)

    def wake(self, view: AlgoView, child: Order, seen: Quote, shown: Shown) -> Wake:
        """Return a wake that is met before a child that stays now has a reason not to.

        Everything is signed, so that more is nearer to the other side: a sell is a buy below zero.
        """
        is_buy, sign = view.parent.side.is_buy, view.parent.side.sign
        if child.price is None:
            return Wake(every_quote=True)
        near, far = near_px(seen, is_buy=is_buy) * sign, touch_px(seen, is_buy=is_buy) * sign
        price, tick = child.price * sign, view.instrument.tick_at(child.price)
        near_was, far_was = shown.near_px * sign, shown.far_px * sign
        room = self._room(self.reference(shown))
        if near == price:  # Others may be hidden behind us: the far touch tells of them.
            return self._wake_in_front(view, price=price, near_was=near_was, far_was=far_was, room=room)
        if self.at is PegAt.MID:
            went = ((near + far) - (near_was + far_was)) / TWO
            more, less = room - went, room + went
            near_in, near_out, far_in, far_out = near + more, near - less, far - less, far + more
        else:
            near_in, near_out, far_in, far_out = near_was + room, near_was - room, None, None
        if near < price:
            near_in = min(near_in, max(price - tick, near))
        else:
            near_out = max(near_out, min(price + tick, near))
        return _sided(is_buy=is_buy, near_in=near_in, near_out=near_out, far_in=far_in, far_out=far_out)

    def _room(self, reference: Decimal) -> Decimal:
        return abs(reference) * self.move_bps / BPS

    def _is_off(self, view: AlgoView, child: Order, seen: Quote) -> bool:
        """Whether a child is not where it was put, or others stand before one that wants to be in front."""
        if child.price is None or child.price != self.price:
            return True
        near = near_px(seen, is_buy=view.parent.side.is_buy)
        return self.offset_ticks >= 0 and (near - child.price) * view.parent.side.sign > 0

    def _priced(self, view: AlgoView, job: Job, quote: Quote) -> Pegged:
        shown = others(view, quote, self.shown)
        wished, told = self._wished(view, job, quote, shown)
        priced = bounded(view, wished, may_cross=False, quote=quote, text=told)
        peg = replace(self, shown=shown, price=priced.price)
        return Pegged(peg=peg, price=priced.price, text=priced.text, wake=Wake(at_ns=view.now_ns + PAUSE_NS))

    def _wished(self, view: AlgoView, job: Job, quote: Quote, shown: Shown) -> tuple[Decimal, str]:
        is_buy, sign = view.parent.side.is_buy, view.parent.side.sign
        near, far, tick = shown.near_px, shown.far_px, view.instrument.tick_at(shown.near_px)
        told = f"{'bid' if is_buy else 'ask'} {plain(near)}"
        if self.shown is None and is_ours(view, near):
            return near, f"at {told}, where we stand"
        match self.at:
            case PegAt.MID:
                return (near + far) / TWO, f"at mid {plain((near + far) / TWO)}"
            case PegAt.PRIMARY:
                return near + sign * self.offset_ticks * tick, f"{self.offset_ticks} ticks from {told}"
            case PegAt.INSIDE:
                pass  # It depends on what is shown there.
        if abs(far - near) <= tick:
            return near, f"at {told}, the spread is one tick"
        little = self._little(view, job, quote)
        return (near, f"at {told}, {little}") if little else (near + sign * tick, f"a tick inside {told}")

    def _little(self, view: AlgoView, job: Job, quote: Quote) -> str:
        """Return in words that little is ahead on our side, or nothing where much is or nobody knows."""
        size = view.market.counted(near_size(quote, is_buy=view.parent.side.is_buy))
        is_hidden = is_ours(view, near_px(quote, is_buy=view.parent.side.is_buy))
        if self.join_ratio is None or size is None or is_hidden or size > self.join_ratio * job.qty:
            return ""
        return f"only {plain(size)} ahead, at most {plain(self.join_ratio)} of {plain(job.qty)}"

    def _wake_in_front(
        self, view: AlgoView, *, price: Decimal, near_was: Decimal, far_was: Decimal, room: Decimal
    ) -> Wake:
        """Return the wake of a child at the touch: any other touch, or the far side that comes too near or leaves."""
        is_buy, hidden = view.parent.side.is_buy, max(ZERO, near_was - price)
        if self.at is not PegAt.MID:
            return _sided(is_buy=is_buy, near_in=price, near_out=price, far_in=far_was - room + hidden)
        slack = hidden - TWO * room
        far_in = far_was + (slack if slack > ZERO else slack / TWO)
        return _sided(
            is_buy=is_buy, near_in=price, near_out=price, far_in=far_in, far_out=far_was + TWO * room + hidden
        )


def _sided(
    *,
    is_buy: bool,
    near_in: Decimal,
    near_out: Decimal,
    far_in: Decimal | None = None,
    far_out: Decimal | None = None,
) -> Wake:
    """Return a wake from signed levels: the near touch beyond `near_in` or behind `near_out`, the far one likewise."""
    if is_buy:
        return Wake(bid_above=near_in, bid_below=near_out, ask_below=far_in, ask_above=far_out)
    return Wake(
        ask_below=-near_in,
        ask_above=-near_out,
        bid_above=None if far_in is None else -far_in,
        bid_below=None if far_out is None else -far_out,
    )
