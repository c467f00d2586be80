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
from execd.core.market import Quote
from execd.core.wake import Wake

if TYPE_CHECKING:
    from execd.algos.worker import Worker

HUNDRED: Final = Decimal(100)
SHOWN: Final = Decimal("0.001")
NO_QUOTE: Final = ("no_quote", "quote_unusable", "quote_stale")


def hard_problem(view: AlgoView) -> Waiting | None:
    """Return why nothing is priced now; None where it may be, or where there is no quote to say it of."""
    most = view.plan.conduct.hard_spread_ratio
    quote = view.market.quote
    if most is None or quote is None or not quote.is_priceable or quote.spread <= most * quote.mid_px:
        return None
    return Waiting(code="spread_too_wide", text=spread_text(quote, most))


def soft_problem(view: AlgoView) -> Waiting | None:
    """Return why nothing should rest now; None where it may."""
    conduct = view.plan.conduct
    if conduct.soft_spread_ratio is None:
        return None
    quote = usable_quote(view, view.execution.quote_age_resting_ns_max)
    if isinstance(quote, Waiting):
        return None if quote.code in {"halted", "no_quote", "quote_unusable"} else quote
    if quote.spread > conduct.soft_spread_ratio * quote.mid_px:
        text = f"{spread_text(quote, conduct.soft_spread_ratio)} for what rests"
        return Waiting(code="soft_spread", text=text)
    size = _joined_size(view, quote)
    # What a feed shows of an unknown part of the market is too little to say anything of.
    if size is not None and size < view.instrument.round_lot:
        return Waiting(code="soft_size", text=size_text(view, quote))
    return None


def spread_text(quote: Quote, ratio_max: Decimal) -> str:
    """Return the spread beside what it may be, as parts of the middle."""
    spread, most = (plain((ratio * HUNDRED).quantize(SHOWN)) for ratio in (quote.spread / quote.mid_px, ratio_max))
    return f"spread {spread}% of {plain(quote.mid_px)}, at most {most}%"


def size_text(view: AlgoView, quote: Quote) -> str:
    """Return what is displayed on the side that would be joined, as far as it is known, beside what is needed."""
    size = _joined_size(view, quote)
    told = "what is displayed is not known" if size is None else f"{plain(size)} displayed"
    return f"{told}, at least {plain(view.instrument.round_lot)} to join"


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


def _joined_size(view: AlgoView, quote: Quote) -> Decimal | None:
    return view.market.counted(near_size(quote, is_buy=view.parent.side.is_buy))
