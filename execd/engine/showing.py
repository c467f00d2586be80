"""What becomes of what is known of markets beside quotes and prints: halts, gaps, past days, a feed's answers.

It changes what algorithms see, and wakes those who waited for just that; it never changes an order.
"""

from typing import Final, assert_never

from execd.core.events import HaltReceived
from execd.core.shown import MarketPassed, ReferenceReceived, Shown, SymbolsSeen
from execd.engine.desk import Desk

CAUSE: Final = "snapshot"


def on_shown(desk: Desk, event: HaltReceived | Shown) -> None:
    """Take what was shown."""
    match event:
        case HaltReceived(halt=halt):
            if halt.symbol not in desk.muted:
                desk.markets.on_halt(halt)
                desk.wake(desk.open_in(halt.symbol), "halt")
        case MarketPassed(passed=passed):
            if passed.symbol not in desk.muted:
                desk.markets.on_passed(passed)
        case SymbolsSeen():
            _on_seen(desk, event)
        case ReferenceReceived(days=days):
            desk.markets.on_days(days)
        case _:
            assert_never(event)


def on_gap(desk: Desk, now_ns: int) -> None:
    """Distrust what the stream said; wake those who wait for an amount of volume, for it is counted anew."""
    desk.markets.on_gap(now_ns)
    for symbol in desk.watchers.symbols():
        desk.wake(desk.watchers.for_volume(symbol), "gap")


def _on_seen(desk: Desk, event: SymbolsSeen) -> None:
    for seen in event.seen:
        if seen.symbol in desk.muted or not desk.markets.on_seen(seen):
            continue
        # A quote that is fresh again wakes like a new one, and those who would take any.
        quote = desk.markets.symbols[seen.symbol].quote
        if quote is not None:
            desk.wake(desk.watchers.by_quote(quote), CAUSE)
