"""Everything at once.

The schedule of whoever does not cut an order over time. What its child leaves
over is re-planned by the worker, not given back to a curve.
"""

from decimal import Decimal

import msgspec

from execd.algos.base import AlgoView


class Now(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """All of it, from the start. What a child leaves over is re-planned, not given back."""

    replans: bool = True

    def done_by(self, view: AlgoView) -> Decimal:
        """Return the quantity that should be filled or working at `view.now_ns`."""
        return view.order_qty

    def next_ns(self, view: AlgoView) -> int | None:
        """Return when `done_by` will next be larger; None where it will not."""
        del view
        return None
