"""Rests in front of its own side and is moved only so often: patient, but it does not chase.

A tick inside the spread (or where `peg` says), until the reference has gone further than `move_bps`, or somebody
stands before it. Going after somebody by small steps is no re-peg, yet the way that this makes is counted once it is
as long as one. After the last re-peg it is over: the plan ends there, or crosses.
"""

from decimal import Decimal

import msgspec

from execd.algos.base import AlgoView, Waiting
from execd.algos.tactics.base import Idle, Job, Keep, Over, Wanted, Work
from execd.algos.tactics.pegging import Peg, Pegged, Stays
from execd.core.wake import Wake


class Anchor(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Re-pegged `repegs_max` times; `repegs_n` counts, `counted_px` is the reference of the last one that counted."""

    peg: Peg = Peg()
    repegs_max: int = 5
    is_exit: bool = False
    is_resting: bool = True
    repegs_n: int = 0
    counted_px: Decimal | None = None

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return the child at the price that holds now."""
        asked = self.peg.ask(view, job)
        match asked:
            case Waiting():
                return Idle(tactic=self, waiting=asked, wake=Wake(every_quote=True))
            case Stays(peg=peg, wake=wake):
                return Keep(tactic=msgspec.structs.replace(self, peg=peg), wake=wake)
            case Pegged():
                return self._moved(job, asked)

    def anew(self, was: "Anchor") -> "Anchor":
        """Return the tactic at the begin of a try, which knows of the one before what others showed."""
        return msgspec.structs.replace(self, peg=self.peg.anew(was.peg))

    def _moved(self, job: Job, pegged: Pegged) -> Wanted:
        shown = pegged.peg.shown
        reference = pegged.price if shown is None else pegged.peg.reference(shown)
        counted_px = self.counted_px if self.counted_px is not None else reference
        counts = job.child is not None and (pegged.has_moved or self.peg.is_far(reference, counted_px))
        if counts and self.repegs_n >= self.repegs_max:
            return Over(reason=f"re-pegged {self.repegs_n} times", is_final=True)
        text = pegged.text
        if job.child is not None:
            text = f"re-peg {self.repegs_n + 1} of {self.repegs_max}, {text}" if counts else f"outbid, {text}"
        moved = msgspec.structs.replace(
            self,
            peg=pegged.peg,
            repegs_n=self.repegs_n + counts,
            counted_px=reference if counts else counted_px,
        )
        return Work(tactic=moved, price=pegged.price, text=text, wake=pegged.wake)
