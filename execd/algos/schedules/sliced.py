"""What the schedules that follow the clock share: the cut is made once, kept in the state, and kept to.

A schedule says how its curve is cut (`cut`); a deadline that was amended has it cut anew for what is left. What is
learnt of the market when it is cut (a price, a profile, a volatility) is in the cut: a restart, or a new day's values,
change nothing of a parent that runs.
"""

from abc import abstractmethod
from typing import Final, Self

import msgspec
from msgspec.structs import replace

from execd.algos.base import ZERO, AlgoView
from execd.algos.schedules.base import Limit, Piece, Rest
from execd.algos.schedules.slices import Manner, Slices

SKIPPED: Final = "skipped"
SHORT_NS: Final = 1_000_000_000
"""A deadline counts from the file and the slices from the start, which is later by what it took to take it up."""
SHORT_PART: Final = 10
"""Of an interval, and no more than that: a last slice is never much shorter than the others."""


class Sliced(msgspec.Struct, frozen=True, kw_only=True):
    """Slices every `interval_ns` for `duration_ns` (None: until the deadline). `slices` is None until it is cut."""

    interval_ns: int
    duration_ns: int | None = None
    manner: Manner = Manner()
    slices: Slices | None = None
    replans: bool = False

    def piece(self, view: AlgoView, before: Piece | None) -> tuple[Self, Piece | Rest]:
        """Return the slice that is due."""
        slices = self._cut_for(view)
        if isinstance(slices, Rest):
            return self, slices
        slices, piece = slices.piece(view, before, self.manner)
        manner = self.manner
        is_new = isinstance(piece, Piece) and (before is None or before.n != piece.n)
        if is_new and manner.share is not None:
            manner = replace(manner, share=manner.share.renewed(view))
        return replace(self, slices=slices, manner=manner), piece

    def last_ns(self, view: AlgoView) -> int:
        """Return the end of the last slice."""
        return view.last_ns if self.slices is None else min(view.last_ns, self.slices.ends_ns)

    def limit(self, view: AlgoView, *, is_final: bool) -> Limit | None:
        """Return what was not skipped, and what the share of the printed volume allows of it."""
        del is_final
        share, skipped_qty = self.manner.share, ZERO if self.slices is None else self.slices.skipped_qty
        limit = None if share is None else share.limit(view, share.ratio_max)
        if not skipped_qty or (limit is not None and limit.qty <= view.order_qty - skipped_qty):
            return limit
        return Limit(qty=max(ZERO, view.order_qty - skipped_qty), code=SKIPPED, text="what came too late was skipped")

    def outline(self, view: AlgoView) -> tuple[Piece, ...]:
        """Return every slice; none where it cannot be cut yet."""
        slices = self._cut_for(view)
        return () if isinstance(slices, Rest) else slices.outline(view, self.manner)

    @abstractmethod  # For the type checker: a Struct takes no ABCMeta beside its own metaclass.
    def cut(self, view: AlgoView) -> Slices | Rest:
        """Return the slices of a parent from its start to its end, or what is waited for first."""

    def ends_ns(self, view: AlgoView, begins_ns: int) -> int:
        """Return when it is over that began at `begins_ns`."""
        return view.expire_ns if self.duration_ns is None else min(view.expire_ns, begins_ns + self.duration_ns)

    def _cut_for(self, view: AlgoView) -> Slices | Rest:
        if self.slices is not None and self.slices.expire_ns == view.expire_ns:
            return self.slices
        slices = self.cut(view)
        return slices if self.slices is None or isinstance(slices, Rest) else slices.resumed(view, self.manner)


def intervals_n(span_ns: int, interval_ns: int) -> int:
    """Return how many whole intervals are in a span, at least one; one that is short by a moment counts as whole."""
    return max(1, (span_ns + min(SHORT_NS, interval_ns // SHORT_PART)) // interval_ns)
