"""What a plan means to have done by when, if nothing stands in its way.

The schedule's own function is asked from instant to instant, with everything filled that it asked for; nothing is
recorded, and the market stands still. What follows the volume of others has no such times, and says so by stopping.
A schedule of a new kind needs nothing here.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import Algo, AlgoView
from execd.algos.schedules.base import Piece, Rest, Scheduled
from execd.algos.worker import Worker

PIECES_MAX: Final = 500
"""Nobody reads more rows; a day of minutes has 390."""
ASKED_MAX: Final = 4 * PIECES_MAX
"""Rests between pieces count, too: so often a schedule is asked at most."""


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
    schedule: Scheduled = algo.schedule
    before: Piece | None = None
    found: list[Planned] = []
    for _ in range(ASKED_MAX):
        if view.now_ns >= view.last_ns or view.cum_qty >= view.order_qty or len(found) >= PIECES_MAX:
            break
        schedule, piece = schedule.piece(view, before)
        match piece:
            case Piece():
                goal_qty = min(view.instrument.floor_qty(piece.goal_qty), view.order_qty)
                if goal_qty > view.cum_qty:
                    found.append(_planned(view, piece, goal_qty))
                before, next_ns = piece, piece.end_ns
                view = replace(view, cum_qty=max(goal_qty, view.cum_qty))
                if piece.is_last:
                    break
            case Rest():
                next_ns = piece.wake.at_ns or view.last_ns
        if next_ns <= view.now_ns:
            break
        view = replace(view, now_ns=next_ns)
    return tuple(found)


def _planned(view: AlgoView, piece: Piece, goal_qty: Decimal) -> Planned:
    due_ns = max(piece.began_ns, view.started_ns)
    return Planned(n=piece.n, due_ns=due_ns, qty=goal_qty - view.cum_qty, cum_qty=goal_qty, text=piece.text)
