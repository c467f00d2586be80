"""Intents and quotes that benchmarks share, as the engine takes them.

Every intent here rests: an offset far below the middle, for an hour. What else a benchmark asks for is its own.
"""

from decimal import Decimal
from typing import Final

from execd.core.enums import QuoteSource, Side
from execd.core.events import ParentReceived
from execd.core.market import Quote
from execd.core.orders import AlgoSpec, ParentOrder

HOUR_NS: Final = 3_600_000_000_000
RESTING: Final = AlgoSpec(name="offset", parameters={"bps": "-50", "ttl_ns": HOUR_NS})
SIZE: Final = Decimal(300)
CENT: Final = Decimal("0.01")


def quote(symbol: str, now_ns: int, cents: int = 10_000) -> Quote:
    """Return a quote of two cents around `cents`."""
    return Quote(
        symbol=symbol,
        bid_px=(cents - 1) * CENT,
        bid_size=SIZE,
        ask_px=(cents + 1) * CENT,
        ask_size=SIZE,
        exchange_ns=now_ns,
        received_ns=now_ns,
        source=QuoteSource.STREAM,
    )


def resting(parent_id: str, symbol: str, now_ns: int, side: Side = Side.BUY) -> ParentReceived:
    """Return an intent whose order rests until it is dropped."""
    order = ParentOrder(
        parent_id=parent_id,
        account="sim",
        symbol=symbol,
        side=side,
        order_qty=Decimal(100),
        max_slippage_bps=Decimal(100),
        algo=RESTING,
        effective_ns=now_ns,
        start_by_ns=now_ns + HOUR_NS,
        expire_ns=now_ns + HOUR_NS,
    )
    return ParentReceived(now_ns=now_ns, parent=order, content_hash="0" * 32)
