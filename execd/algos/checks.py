"""What stands before a new child: hard checks that never give way, soft ones that the plan waits for a while.

Hard: a spread beyond all reason. Soft, for what means to rest: a narrow spread, a round lot displayed on the side
that is joined (scaled where the feed sees a part of the market), a fresh quote. Which numbers hold is in the plan's
conduct; a waiting's text has them all.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from execd.algos.base import AlgoView, Waiting, usable_quote
from execd.algos.tactics.pricing import near_size, touch_px
from execd.core.codec import plain
from execd.core.conduct import Ending
from execd.core.wake import Wake

if TYPE_CHECKING:
    from execd.algos.worker import Worker

HUNDRED: Final = Decimal(100)
NO_QUOTE: Final = ("no_quote", "quote_unusable", "quote_stale")


def hard_problem(view: AlgoView) -> Waiting | None:
    """Return why nothing is priced now; None where it may be, or where there is no quote to say it of."""
    most = view.plan.conduct.hard_spread_ratio
    quote = view.market.quote
    if most is None or quote is None or not quote.is_priceable or quote.spread <= most * quote.mid_px:
        return None
    spread, limit = _percent(quote.spread / quote.mid_px), _percent(most)
    return Waiting(code="spread_too_wide", text=f"spread {spread}% of {plain(quote.mid_px)}, at most {limit}%")


def soft_problem(view: AlgoView) -> Waiting | None:
    """Return why nothing should rest now; None where it may."""
    conduct = view.plan.conduct
    if conduct.soft_spread_ratio is None:
        return None
    quote = usable_quote(view, view.execution.quote_age_resting_ns_max)
    if isinstance(quote, Waiting):
        return None if quote.code in {"halted", "no_quote", "quote_unusable"} else quote
    if quote.spread > conduct.soft_spread_ratio * quote.mid_px:
        spread, limit = _percent(quote.spread / quote.mid_px), _percent(conduct.soft_spread_ratio)
        return Waiting(code="soft_spread", text=f"spread {spread}%, at most {limit}% for what rests")
    size = view.market.counted(near_size(quote, is_buy=view.parent.side.is_buy))
    # What a feed shows of an unknown part of the market is too little to say anything of.
    if size is not None and size < view.instrument.round_lot:
        text = f"{plain(size)} displayed, at least {plain(view.instrument.round_lot)} to join"
        return Waiting(code="soft_size", text=text)
    return None


def softly(worker: "Worker", view: AlgoView) -> "tuple[Worker, Wake | None]":
    """Return the worker that waits for a soft check and its wake, or (None) the one that waits no longer."""
    conduct = view.plan.conduct
    due_ns = (worker.idle_ns or view.started_ns) + conduct.soft_wait_ns
    if conduct.on_soft is Ending.END:
        return worker, Wake(every_quote=True)
    if view.now_ns < due_ns:
        return worker, Wake(at_ns=due_ns, every_quote=True)
    return worker.crossing(conduct.on_soft, view.plan), None


def is_no_quote(waiting: Waiting) -> bool:
    """Whether a wait is for a quote that may price."""
    return waiting.code in NO_QUOTE


def quote_due_ns(view: AlgoView, since_ns: int) -> int | None:
    """Return until when a usable quote is waited for; None: to the end."""
    wait_ns = view.plan.conduct.quote_wait_ns
    return None if wait_ns is None else since_ns + wait_ns


def is_breached(view: AlgoView, *, is_last_step: bool) -> bool:
    """Whether the plan ends because the collar cannot be kept: on average, or at its last step by the touch."""
    collar, sign = view.plan.collar_px, view.parent.side.sign
    if not view.plan.conduct.cancels_on_breach or collar is None:
        return False
    if view.avg_px is not None and (view.avg_px - collar) * sign > 0:
        return True
    quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
    if not is_last_step or isinstance(quote, Waiting):
        return False
    return (touch_px(quote, is_buy=view.parent.side.is_buy) - collar) * sign > 0


def _percent(ratio: Decimal) -> str:
    return plain((ratio * HUNDRED).quantize(Decimal("0.001")))
