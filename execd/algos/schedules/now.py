"""Everything at once.

The schedule of whoever does not cut an order over time. What a try leaves
over is judged and planned afresh by the worker, not given back to a curve.
"""

import msgspec

from execd.algos.base import AlgoView
from execd.algos.schedules.base import Limit, Piece


class Now(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """All of it, from the start, in one piece."""

    replans: bool = True

    def piece(self, view: AlgoView, before: Piece | None) -> tuple["Now", Piece]:
        """Return the one piece; its goal follows an amended quantity, its end an amended deadline."""
        del before
        whole = Piece(
            n=0, goal_qty=view.order_qty, began_ns=view.started_ns, end_ns=view.last_ns, is_last=True, text="all of it"
        )
        return self, whole

    def last_ns(self, view: AlgoView) -> int:
        """Return the last instant of the parent."""
        return view.last_ns

    def limit(self, view: AlgoView, *, is_final: bool) -> Limit | None:
        """Return nothing: it has no share of anything to keep to."""
        del view, is_final
        return None

    def outline(self, view: AlgoView) -> tuple[Piece, ...]:
        """Return the one piece."""
        return (self.piece(view, None)[1],)
