"""The language between the worker and a tactic: what a tactic is asked, and what it may want.

A tactic looks at one child of one piece of work and says at what price it should rest now. It counts nothing that
the worker counts (children, cancels, replaces), sends nothing and ends nothing. `ask` answers the same to the same
view, and answers that its own answer asked for nothing more once it is carried out.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec

from execd.algos.base import AlgoView, Waiting
from execd.algos.schedules.base import Piece
from execd.core.enums import OrdType, TimeInForce
from execd.core.order import Order
from execd.core.wake import Wake

if TYPE_CHECKING:
    from execd.algos.tactics import Tactic


class Job(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is to be done now: of `piece` `qty` is missing, `child` is out (None: nothing is).

    `begun_ns` is when the first child of this try was asked for; before that it is now. A try ends with `Over`.
    """

    piece: Piece
    qty: Decimal
    begun_ns: int
    child: Order | None = None


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One child should be out at `price` (on the grid; None: a market order). `tactic` is the state that goes with it.

    `qty_max` bounds the child where less than all that is missing should be shown; `is_shown`: its text says how much.
    """

    tactic: "Tactic"
    price: Decimal | None
    text: str
    wake: Wake
    ord_type: OrdType = OrdType.LIMIT
    qty_max: Decimal | None = None
    is_shown: bool = False
    time_in_force: TimeInForce | None = None


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """What is out stays at its price; only said with a child.

    `shows_less`: it is smaller than what is missing, and should stay so.
    """

    tactic: "Tactic"
    wake: Wake
    shows_less: bool = False


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing new is placed now, and why. A child that is out stays, or is taken out with `is_out`."""

    tactic: "Tactic"
    waiting: Waiting
    wake: Wake
    is_out: bool = False


class Over(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The tactic has done what it can in this try; what follows is the worker's and the plan's to say.

    `is_final`: another try would not be another chance, so nothing is planned afresh.
    """

    reason: str
    is_final: bool = False


Wanted = Work | Keep | Idle | Over


class Tactical(Protocol):
    """What every tactic is."""

    @property
    def is_exit(self) -> bool:
        """Whether it gets out of something: neither the 80% rule nor the limit on re-planning ends it."""

    @property
    def is_resting(self) -> bool:
        """Whether it means to stand in the book: then the plan's soft checks come before each new child."""

    def ask(self, view: AlgoView, job: Job) -> Wanted:
        """Return what should be out now."""
