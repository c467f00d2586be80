"""A part of what is traded: as much as a rate of the printed volume, and never more than its hard cap.

The volume decides when something is due, the clock only when a try begins anew. A plan that crosses in the end may go
up to the hard cap; what that leaves over is reported.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import AlgoView
from execd.algos.schedules.base import Limit, Piece
from execd.algos.schedules.volume import Share
from execd.core.codec import plain

HUNDRED: Final = Decimal(100)


class Pov(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """CumQty follows `rate` times the volume printed since the start, ours included.

    A try lasts `interval_ns`. More than `tracking_ratio` of what is due behind at its begin (None: whatever is) is
    crossed for. `share` has the hard cap and the count.
    """

    rate: Decimal
    interval_ns: int
    share: Share
    tracking_ratio: Decimal | None = None
    replans: bool = False

    def piece(self, view: AlgoView, before: Piece | None) -> tuple["Pov", Piece]:
        """Return the try in hand; its goal is all, and `limit` holds it back."""
        n = max(0, view.now_ns - view.started_ns) // self.interval_ns
        began_ns = view.started_ns + n * self.interval_ns
        end_ns = min(began_ns + self.interval_ns, view.last_ns)
        piece = Piece(
            n=n,
            goal_qty=view.order_qty,
            began_ns=began_ns,
            end_ns=end_ns,
            is_last=end_ns >= view.last_ns,
            text=f"pov {plain(self.rate * HUNDRED)}%",
        )
        if before is not None and before.n >= n:
            return self, replace(piece, is_late=before.is_late)
        schedule = replace(self, share=self.share.renewed(view))
        due_qty = schedule.limit(view, is_final=False).qty
        is_late = self.tracking_ratio is not None and due_qty - view.cum_qty > self.tracking_ratio * due_qty
        return schedule, replace(piece, is_late=is_late)

    def last_ns(self, view: AlgoView) -> int:
        """Return the last instant of the parent."""
        return view.last_ns

    def limit(self, view: AlgoView, *, is_final: bool) -> Limit:
        """Return what the rate of the volume so far allows, at the end the hard cap."""
        ratio_max = self.share.ratio_max
        return self.share.limit(view, ratio_max if is_final else min(self.rate, ratio_max))

    def outline(self, view: AlgoView) -> tuple[Piece, ...]:
        """Return none: the market decides."""
        del view
        return ()
