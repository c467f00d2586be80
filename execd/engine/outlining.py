"""What a plan means to have done by when, if nothing stands in its way.

The schedule itself says how its pieces come where each is filled in time; nothing is recorded, and the market stands
still. What follows the volume of others has no such times: it has no pieces here.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.algos.base import Algo, AlgoView
from execd.algos.worker import Worker

PIECES_MAX: Final = 500
"""Nobody reads more rows; a day of minutes has 390."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One piece: from `due_ns` on `qty` more should be done, `cum_qty` in all."""

    n: int
    due_ns: int
    qty: Decimal
    cum_qty: Decimal
    text: str = ""


def outline(algo: Algo, view: AlgoView) -> tuple[Planned, ...]:
    """Return the pieces of a parent that starts at `view`, at most PIECES_MAX; one where nothing is cut over time."""
    if not isinstance(algo, Worker):
        return (Planned(n=0, due_ns=view.now_ns, qty=view.order_qty, cum_qty=view.order_qty),)
    found: list[Planned] = []
    done_qty, least_qty = view.cum_qty, max(algo.child_min_qty, view.instrument.min_qty)
    for piece in algo.schedule.outline(view)[:PIECES_MAX]:
        goal_qty = min(view.instrument.floor_qty(piece.goal_qty), view.order_qty)
        # What is less than the least child waits for the next piece; the last one takes whatever is left.
        if goal_qty - done_qty >= (view.instrument.min_qty if piece.is_last else least_qty):
            due_ns = max(piece.began_ns, view.started_ns)
            found.append(Planned(n=piece.n, due_ns=due_ns, qty=goal_qty - done_qty, cum_qty=goal_qty, text=piece.text))
            done_qty = goal_qty
    return tuple(found)
