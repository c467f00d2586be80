"""A parent cut along a curve: which slice is due, what should be done by its end, and what becomes of a rest.

The one machine behind every schedule that follows the clock; where the curve comes from is the schedule's. Slice k is
due at `begins_ns` + k·`interval_ns` (and a little later with jitter), the first at once; its goal is the curve's part
of the quantity. What earlier slices left over is spread over those to come, or skipped.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from execd.algos.base import ZERO, AlgoView, Waiting
from execd.algos.schedules.base import Piece, Rest
from execd.algos.schedules.curve import part_of
from execd.algos.schedules.volume import Share
from execd.core.codec import plain
from execd.core.wake import Wake

BEFORE_WINDOW: Final = "before_window"


class CatchUp(StrEnum):
    """What becomes of what a slice left over."""

    SPREAD = "spread"
    SKIP = "skip"


class Manner(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a curve is kept to, whichever it is.

    `jitter_ratio` of an interval is the most by which a slice begins late. `child_min_qty` is the least child: being
    behind by less is not being behind. More than `tracking_ratio` of the order behind the curve (None: whatever is) is
    crossed for, back to the curve. `share` bounds what the parent may be of the printed volume.
    """

    catch_up: CatchUp = CatchUp.SPREAD
    jitter_ratio: Decimal = ZERO
    child_min_qty: Decimal = ZERO
    tracking_ratio: Decimal | None = None
    share: Share | None = None


class Slices(msgspec.Struct, frozen=True, kw_only=True):
    """A curve as it was cut, and where its parent stands on it.

    The curve is `weights`, or `n` even slices where there are none. `text` says where it comes from. From slice
    `from_n` on, what was missing beyond `from_qty` is spread; `skipped_qty` will not be made up for. It was cut for
    the deadline `expire_ns`: another one has it cut anew.
    """

    n: int
    begins_ns: int
    ends_ns: int
    interval_ns: int
    expire_ns: int
    text: str
    weights: tuple[int, ...] = ()
    from_n: int = 0
    from_qty: Decimal = ZERO
    skipped_qty: Decimal = ZERO

    def due_ns(self, k: int, view: AlgoView, manner: Manner) -> int:
        """Return when slice `k` is due; the first is on time, and none before the one ahead of it."""
        at_ns = self.begins_ns + k * self.interval_ns
        if not k or not manner.jitter_ratio:
            return at_ns
        return at_ns + int(manner.jitter_ratio * self.interval_ns * view.draw("slice", k))

    def slice_n(self, view: AlgoView, manner: Manner) -> int:
        """Return the slice that is due; -1 before the first."""
        k = min((view.now_ns - self.begins_ns) // self.interval_ns, self.n - 1)
        return k - 1 if k >= 0 and view.now_ns < self.due_ns(k, view, manner) else max(k, -1)

    def goal_qty(self, k: int, view: AlgoView) -> Decimal:
        """Return what should be done when slice `k` is."""
        whole, before = self._cumulative(self.n - 1), self._cumulative(self.from_n - 1)
        rest_qty = part_of(
            view.order_qty - self.from_qty,
            done=self._cumulative(k) - before,
            whole=whole - before,
            step=view.instrument.qty_step,
        )
        return max(ZERO, self.from_qty + rest_qty - self.skipped_qty)

    def piece(self, view: AlgoView, before: Piece | None, manner: Manner) -> "tuple[Slices, Piece | Rest]":
        """Return the slice that is due, having taken note of what the one before it left over."""
        k = self.slice_n(view, manner)
        if k < 0:
            text = f"the first slice is due at {self.begins_ns}"
            wake = Wake(at_ns=self.begins_ns)
            return self, Rest(wake=wake, waiting=Waiting(code=BEFORE_WINDOW, text=text))
        if before is not None and before.n >= k:
            return self, replace(self.piece_at(k, view, manner), is_late=before.is_late)
        line = replace(self, from_n=0, from_qty=ZERO)
        behind_qty = line.goal_qty(k - 1, view) - view.cum_qty if k else ZERO
        if manner.tracking_ratio is not None and behind_qty > manner.tracking_ratio * view.order_qty:
            # What is spread again and again is never late: the bound is the curve's as it was meant.
            return line, replace(line.piece_at(k, view, manner), is_late=True)
        left_qty = self.goal_qty(k - 1, view) - view.cum_qty if k else ZERO
        caught_up = self._caught_up(k, view, manner, left_qty)
        return caught_up, caught_up.piece_at(k, view, manner)

    def outline(self, view: AlgoView, manner: Manner) -> tuple[Piece, ...]:
        """Return the slices as they come where each is filled in time."""
        fresh = replace(self, from_n=0, from_qty=ZERO, skipped_qty=ZERO)
        pieces = []
        for k in range(self.n):
            pieces.append(fresh.piece_at(k, view, manner))
            if pieces[-1].is_last:
                break
        return tuple(pieces)

    def resumed(self, view: AlgoView, manner: Manner) -> "Slices":
        """Return this cut, going on from what is done instead of from the beginning."""
        k = max(0, self.slice_n(view, manner))
        return replace(self, from_n=k, from_qty=min(view.cum_qty, view.order_qty))

    def piece_at(self, k: int, view: AlgoView, manner: Manner) -> Piece:
        """Return slice `k`, whenever it is."""
        end_ns = self.ends_ns if k == self.n - 1 else self.due_ns(k + 1, view, manner)
        # A slice that would be due when nothing is placed any more has its part in the one before it.
        is_last = k == self.n - 1 or end_ns >= view.last_ns
        skipped = f", {plain(self.skipped_qty)} skipped" if self.skipped_qty else ""
        return Piece(
            n=k,
            goal_qty=self.goal_qty(self.n - 1 if is_last else k, view),
            began_ns=self.due_ns(k, view, manner),
            end_ns=min(end_ns, view.last_ns),
            is_last=is_last,
            text=f"{self.text}: slice {k + 1} of {self.n}{skipped}",
        )

    def _caught_up(self, k: int, view: AlgoView, manner: Manner, left_qty: Decimal) -> "Slices":
        """Return the curve from slice `k` on, where `left_qty` was left over before it."""
        if left_qty < max(manner.child_min_qty, view.instrument.min_qty):
            return self
        match manner.catch_up:
            case CatchUp.SPREAD:
                return replace(self, from_n=k, from_qty=view.cum_qty)
            case CatchUp.SKIP:
                return replace(self, skipped_qty=self.skipped_qty + left_qty)
            case _:
                assert_never(manner.catch_up)

    def _cumulative(self, k: int) -> int:
        """Return the weights up to and with slice `k`."""
        return sum(self.weights[: k + 1]) if self.weights else k + 1
