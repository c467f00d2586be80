"""What a plan does where its tactic comes to its limits: soft checks, no quote, the last step, the deadline, a breach.

One value in the plan, chosen from urgency and preset when the parent starts. Its defaults do nothing but end: that is
how plans before it were meant.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

_S: Final = 1_000_000_000


class Ending(StrEnum):
    """What becomes of a rest: nothing more, a limit through the touch inside the collar, or a market order."""

    END = "end"
    CROSS = "cross"
    MARKET = "market"


class Conduct(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far a plan goes.

    `at_end` holds from `cross_lead_ns` before the last instant on, `after_tactic` where a tactic has no further step.
    Soft checks (`soft_spread_ratio` of the mid, one round lot displayed on our side) come before each new resting
    child; None: none are made. One that fails waits `soft_wait_ns`, then does what `on_soft` says (`end`: waits on).
    Without a usable quote `on_no_quote` follows after `quote_wait_ns` (None: it waits on). `hard_spread_ratio`: beyond
    it nothing is priced. `cancels_on_breach`: what cannot be had inside the collar ends instead of resting there.
    """

    at_end: Ending = Ending.END
    cross_lead_ns: int = 5 * _S
    after_tactic: Ending = Ending.END
    on_soft: Ending = Ending.END
    soft_wait_ns: int = 30 * _S
    soft_spread_ratio: Decimal | None = None
    hard_spread_ratio: Decimal | None = None
    on_no_quote: Ending = Ending.END
    quote_wait_ns: int | None = None
    cancels_on_breach: bool = False
