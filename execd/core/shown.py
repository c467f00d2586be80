"""What is known of markets beside the stream: past days, answers of a feed that was asked, and what was passed over.

Events like those of `core/events`, of which they are a part. They change what the engine knows of a market and never an
order.
"""

import msgspec

from execd.core.daily import DailyValues
from execd.core.market import Passed, SymbolSeen


class MarketPassed(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A symbol showed quotes and prints that are told summed up: what stood at the instants that means are made of."""

    now_ns: int
    passed: Passed


class ReferenceReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What is known of the past days of some symbols; it stands until it is told again."""

    now_ns: int
    days: tuple[DailyValues, ...]


class SymbolsSeen(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What the feed showed of some symbols when it was asked, at an instant between the question and `now_ns`."""

    now_ns: int
    seen: tuple[SymbolSeen, ...]


Shown = MarketPassed | ReferenceReceived | SymbolsSeen
