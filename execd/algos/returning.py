"""What follows an order that was to trade at once or not at all, and came back with nothing.

It is no time-out of its tactic, and the market has not changed because it was asked: so it is asked again after pauses
that grow, or as soon as a touch that was out of reach has come into it. Nothing is placed or priced here.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from execd.algos.base import AlgoView, Waiting, usable_quote, was_immediate
from execd.algos.tactics.base import Over, Wanted, Work
from execd.algos.tactics.pricing import touch_px
from execd.core.codec import plain
from execd.core.order import Order
from execd.core.rules import S
from execd.core.wake import Wake

if TYPE_CHECKING:
    from execd.algos.worker import Worker

PAUSES_NS: Final = (1 * S, 2 * S, 4 * S, 8 * S)
GOT_NOTHING: Final = "got_nothing"


def pause_ns(n: int) -> int:
    """Return the pause after the `n`-th failure in a row: 1, 2, 4 s, then 8 s each time."""
    return PAUSES_NS[min(n, len(PAUSES_NS)) - 1]


def came_back(worker: "Worker", view: AlgoView, child: Order) -> "Worker":
    """Return the worker after a child that the venue ended by itself with something left: not asked again at once."""
    if not was_immediate(child) or child.cum_qty:
        return replace(worker, again_ns=view.now_ns + view.execution.retry_ns, misses_n=0)
    n = worker.misses_n + 1
    is_beyond = not _reaches(view, child.price)
    return replace(worker, again_ns=view.now_ns + pause_ns(n), misses_n=n, was_beyond=is_beyond)


def wait_of(worker: "Worker", view: AlgoView, wanted: Wanted) -> tuple[Wake, Waiting] | None:
    """Return the wait of a worker whose last child came back; None where it is time to ask again, or to go on."""
    child = view.last_child
    if child is None or isinstance(wanted, Over):
        return None
    early_ns = worker.again_ns - pause_ns(worker.misses_n) + view.execution.retry_ns
    is_early = view.now_ns < early_ns
    if worker.was_beyond and not is_early and isinstance(wanted, Work) and _reaches(view, wanted.price):
        return None
    at_ns = early_ns if worker.was_beyond and is_early else worker.again_ns
    if wanted.wake.at_ns is not None and wanted.wake.at_ns > view.now_ns:
        at_ns = min(at_ns, wanted.wake.at_ns)
    text = _text(worker, view, child)
    return Wake(at_ns=at_ns, every_quote=worker.was_beyond), Waiting(code=GOT_NOTHING, text=text)


def _text(worker: "Worker", view: AlgoView, child: Order) -> str:
    at = "" if child.price is None else f" at {plain(child.price)}"
    quote = view.market.quote
    touch = "" if quote is None else f", touch {plain(touch_px(quote, is_buy=view.parent.side.is_buy))}"
    sooner = ", or once the touch is in reach" if worker.was_beyond else ""
    times = f"{worker.misses_n} in a row"
    asked = f"{child.first.time_in_force} {plain(child.first.order_qty)}{at} came back unfilled ({times}){touch}"
    return f"{asked}; tried again {pause_ns(worker.misses_n) // S} s later{sooner}"


def _reaches(view: AlgoView, price: Decimal | None) -> bool:
    """Whether an order at `price` (None: a market order) meets the touch as it is seen now."""
    quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
    if price is None or isinstance(quote, Waiting):
        return price is None
    return (touch_px(quote, is_buy=view.parent.side.is_buy) - price) * view.parent.side.sign <= 0
