"""The language between the worker and a schedule: pieces of a parent, one after the other.

A schedule says how much should be filled by when. It is asked at every step and answers with the piece in hand until
that is over, so being asked more often changes nothing. A schedule that is late computes from the clock, not from how
often it was asked.
"""

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec

from execd.algos.base import ZERO, AlgoView, Waiting
from execd.core.wake import Wake

if TYPE_CHECKING:
    from execd.algos.schedules import Schedule


class Piece(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Number `n`: CumQty should be `goal_qty` when it is done; from `end_ns` on the next piece counts.

    `is_last`: what this one leaves over no later one takes up. `is_late`: so much is behind that it is crossed for.
    `text` says where the goal comes from, `held` what a limit had allowed when the schedule was over.
    """

    n: int
    goal_qty: Decimal
    began_ns: int
    end_ns: int
    is_last: bool = False
    is_late: bool = False
    text: str = ""
    held: str = ""


class Rest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Nothing is to be done before `wake`; `waiting` where somebody should know why."""

    wake: Wake
    waiting: Waiting | None = None


class Limit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No more than `qty` may be filled by now, whatever is behind; `text` says why, with the numbers.

    `code` is the reason of a parent that ends with something left because of it. `next_qty` may be once the symbol's
    printed volume is `volume_at` (None: never), each share more `per_share` later.
    """

    qty: Decimal
    code: str
    text: str
    next_qty: Decimal = ZERO
    volume_at: Decimal | None = None
    per_share: Decimal = ZERO

    def volume_for(self, qty: Decimal) -> Decimal | None:
        """Return the printed volume at which `qty` may be filled, or the next more where that is later."""
        if self.volume_at is None or qty <= self.next_qty:
            return self.volume_at
        return self.volume_at + ((qty - self.next_qty) * self.per_share).to_integral_value(ROUND_CEILING)


class Scheduled(Protocol):
    """What every schedule is."""

    @property
    def replans(self) -> bool:
        """Whether it is everything at once: what a try leaves over is judged (SPEC 11) and planned afresh."""

    def piece(self, view: AlgoView, before: Piece | None) -> "tuple[Schedule, Piece | Rest]":
        """Return the piece that counts at `view.now_ns`; `before` is the one in hand. The schedule may have learnt."""

    def last_ns(self, view: AlgoView) -> int:
        """Return the instant at which it is over; never after `view.last_ns`."""

    def limit(self, view: AlgoView, *, is_final: bool) -> Limit | None:
        """Return what holds every piece back now, also the one with which a plan ends (`is_final`); None: nothing."""

    def outline(self, view: AlgoView) -> tuple[Piece, ...]:
        """Return its pieces as they come where each is filled in time; none where the market decides."""
