"""Shows a little of what is missing at a time, and again as much when that is filled.

It stands at its own side's touch (or where `peg` says) and follows it without a limit on how often. How much each
refill shows is drawn, so that the pieces do not give the whole away; the draw is the parent's for ever, so a replay
shows the same.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.algos.base import ONE, AlgoView, Waiting
from execd.algos.tactics.base import Idle, Job, Keep, Wanted, Work
from execd.algos.tactics.pegging import Peg, PegAt, Pegged, Stays
from execd.core.wake import Wake

TWO: Final = Decimal(2)


class Iceberg(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """`display_qty` (None: a round lot) is shown, each refill up to `jitter` of it more or less."""

    peg: Peg = Peg(at=PegAt.PRIMARY)
    display_qty: Decimal | None = None
    jitter: Decimal = Decimal("0.2")
    is_exit: bool = False
    is_resting: bool = True

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return the child that is shown now, at the price that holds now."""
        asked = self.peg.ask(view, job)
        match asked:
            case Waiting():
                return Idle(tactic=self, waiting=asked, wake=Wake(every_quote=True))
            case Stays(peg=peg, wake=wake):
                return Keep(tactic=msgspec.structs.replace(self, peg=peg), wake=wake, shows_less=True)
            case Pegged(peg=peg, price=price, text=text, wake=wake):
                qty = self._shown_qty(view)
                tactic = msgspec.structs.replace(self, peg=peg)
                return Work(tactic=tactic, price=price, text=text, wake=wake, qty_max=qty, is_shown=True)

    def anew(self, was: "Iceberg") -> "Iceberg":
        """Return the tactic at the begin of a try, which knows of the one before what others showed."""
        return msgspec.structs.replace(self, peg=self.peg.anew(was.peg))

    def _shown_qty(self, view: AlgoView) -> Decimal:
        """Return what the next refill shows; its draw is named by how many children there were."""
        shown = self.display_qty if self.display_qty is not None else view.instrument.round_lot
        drawn = ONE + self.jitter * (TWO * view.draw("iceberg", view.children_n) - ONE)
        return max(view.instrument.min_qty, view.instrument.floor_qty(shown * drawn))
