"""What the market shows: quotes, prints, bars, halts.

Prices are currency units a share, sizes are shares, instants nanoseconds of
UTC. A quote may be crossed or one-sided here; `is_priceable` says whether it
may price an order.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core.enums import QuoteSource

JUMP_RATIO: Final = Decimal("0.10")
JUMP_WINDOW_NS: Final = 1_000_000_000
_TWO: Final = Decimal(2)
_ZERO: Final = Decimal(0)


class Quote(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Top of book of one symbol. `has_jumped`: its mid left the quote before it by > 10% in < 1 s."""

    symbol: str
    bid_px: Decimal
    bid_size: Decimal
    ask_px: Decimal
    ask_size: Decimal
    exchange_ns: int
    received_ns: int
    source: QuoteSource = QuoteSource.STREAM
    has_jumped: bool = False

    @property
    def mid_px(self) -> Decimal:
        """The middle of bid and ask."""
        return (self.bid_px + self.ask_px) / _TWO

    @property
    def spread(self) -> Decimal:
        """Ask less bid, in currency units; negative when crossed."""
        return self.ask_px - self.bid_px

    @property
    def is_priceable(self) -> bool:
        """Whether an order may be priced from it: two-sided, above zero, neither locked nor crossed, no jump."""
        return (
            not self.has_jumped
            and _ZERO < self.bid_px < self.ask_px
            and self.bid_size > _ZERO
            and self.ask_size > _ZERO
        )


class Prints(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """One print, or several of one symbol summed; only prints that count for volume are in it."""

    symbol: str
    last_px: Decimal
    high_px: Decimal
    low_px: Decimal
    volume: Decimal
    notional: Decimal
    count: int
    from_ns: int
    to_ns: int

    def plus(self, later: "Prints") -> "Prints":
        """Return both as one; `later` must be of the same symbol and not be earlier."""
        return Prints(
            symbol=self.symbol,
            last_px=later.last_px,
            high_px=max(self.high_px, later.high_px),
            low_px=min(self.low_px, later.low_px),
            volume=self.volume + later.volume,
            notional=self.notional + later.notional,
            count=self.count + later.count,
            from_ns=self.from_ns,
            to_ns=later.to_ns,
        )


def one_print(*, symbol: str, px: Decimal, qty: Decimal, exchange_ns: int) -> Prints:
    """Return a single print as the sum of one."""
    return Prints(
        symbol=symbol,
        last_px=px,
        high_px=px,
        low_px=px,
        volume=qty,
        notional=px * qty,
        count=1,
        from_ns=exchange_ns,
        to_ns=exchange_ns,
    )


class Bar(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Open, high, low, close and volume of [start_ns, end_ns)."""

    symbol: str
    start_ns: int
    end_ns: int
    open_px: Decimal
    high_px: Decimal
    low_px: Decimal
    close_px: Decimal
    volume: Decimal


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What was known of a market beside its quote when somebody decided; None was not known.

    `as_of_date` is the day up to which past days were known, and `adv_qty` what they said.
    """

    last_px: Decimal | None = None
    volume: Decimal = _ZERO
    spread_ewma: Decimal | None = None
    volatility_factor: Decimal | None = None
    adv_qty: Decimal | None = None
    as_of_date: str = ""


class SymbolSeen(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """What a feed showed of a symbol when it was asked: quote, last print, previous close; None is not known.

    `last_ns` is the instant of the last print, `asked_ns` that of the question, by the clock of who asked.
    """

    symbol: str
    asked_ns: int = 0
    quote: Quote | None = None
    last_px: Decimal | None = None
    last_ns: int = 0
    prev_close_px: Decimal | None = None


class Passed(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """What stood at whole seconds and minutes (of UTC, just before them) that nobody was told of one by one.

    The n-th second begins n seconds after 1970. `spreads` are runs of (millionths of a currency unit, seconds), the
    spread -1 where no quote stood that may price; `closes` are runs of (last price, minutes), None before the first.
    """

    symbol: str
    from_second: int
    spreads: tuple[tuple[int, int], ...]
    from_minute: int
    closes: tuple[tuple[Decimal | None, int], ...]


class Halt(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Trading in a symbol stopped (`is_halted`) or went on."""

    symbol: str
    is_halted: bool
    reason: str
    exchange_ns: int


def is_jump(before: Quote | None, after: Quote) -> bool:
    """Whether `after` left `before` by more than 10% of the mid in less than a second.

    Asked at the edge for every raw quote, before quotes are conflated.
    """
    if before is None or after.exchange_ns - before.exchange_ns >= JUMP_WINDOW_NS:
        return False
    was_px = before.mid_px
    return was_px > _ZERO and abs(after.mid_px - was_px) > was_px * JUMP_RATIO
