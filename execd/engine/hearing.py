"""Whether an account's report stream tells what it should, and what is asked while it does not.

An order that was found by asking, though its stream was up and had seconds to
tell of it, is proof that the stream is stale: it is begun anew. A gap that was
announced explains what happened before its end. Nothing is concluded from
silence alone: an account that does not trade has nothing to report.
"""

from collections.abc import Iterable
from typing import Final

from execd.core.doubting import unanswered
from execd.core.events import DoubtStream, LookedUp, PollDue
from execd.core.order import Order
from execd.core.rules import S
from execd.engine.desk import Desk

TOLD_NS_MAX: Final = 2 * S
"""A report that comes later than this after what it reports is late, as `engine/expecting` says of answers."""
DOUBT_EVERY_NS: Final = 30 * S
"""Between two beginnings of one stream for this reason: asking goes on meanwhile, so nothing is lost by waiting."""


def begin(desk: Desk, accounts: Iterable[str], now_ns: int) -> None:
    """Blame no stream for what happened before this instant: execd was not there, or the stream said so itself."""
    for account in accounts:
        desk.lines.heard_ns[account] = now_ns


def on_found(desk: Desk, before: Order, after: Order, event: LookedUp) -> None:
    """Doubt a stream that should have told what was found by asking."""
    if event.seen is None:
        return
    is_news = after.cum_qty > before.cum_qty or (bool(unanswered(before)) and not unanswered(after))
    heard_ns = max(desk.lines.heard_ns.get(event.account, 0), desk.lines.doubted_ns.get(event.account, 0))
    # The broker's instant where it is plausible, and never before we wrote the request.
    happened_ns = max(before.tried_ns, min(event.seen.transact_ns, event.now_ns))
    if not is_news or happened_ns <= heard_ns or event.now_ns - happened_ns < TOLD_NS_MAX:
        return
    if event.now_ns - desk.lines.doubted_ns.get(event.account, -DOUBT_EVERY_NS) < DOUBT_EVERY_NS:
        return
    desk.lines.doubted_ns[event.account] = event.now_ns
    text = f"{event.cl_ord_id} was found by asking, and the stream had not told of it"
    desk.effect(DoubtStream(account=event.account, text=text))


def on_poll(desk: Desk, event: PollDue) -> None:
    """Ask about every live order of an account whose stream is down, as far as there are tokens."""
    for order in desk.all_live(event.account):
        desk.ask_about(order)
