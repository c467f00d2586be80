"""The closed sets of words, each spelled once.

Values are what users read and write in files, so they are stable: a word may
be added, never reused with another meaning.
"""

from enum import IntEnum, StrEnum


class Side(StrEnum):
    """What is asked of a position (FIX 54)."""

    BUY = "buy"
    SELL = "sell"
    SELL_SHORT = "sell_short"
    BUY_TO_COVER = "buy_to_cover"

    @property
    def sign(self) -> int:
        """+1 where the position grows, -1 where it shrinks."""
        return 1 if self is Side.BUY or self is Side.BUY_TO_COVER else -1

    @property
    def is_buy(self) -> bool:
        """Whether the order takes from the ask."""
        return self is Side.BUY or self is Side.BUY_TO_COVER


class OrdType(StrEnum):
    """How an order is priced (FIX 40)."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


class TimeInForce(StrEnum):
    """How long an order stays (FIX 59)."""

    DAY = "day"
    IOC = "ioc"
    FOK = "fok"
    GTC = "gtc"


class OrdStatus(StrEnum):
    """Where a broker order is in its life (FIX 39); always computed, never stored."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DONE_FOR_DAY = "done_for_day"
    SUSPENDED = "suspended"


class ParentStatus(StrEnum):
    """Where an intent is in its life, as its report says it."""

    RECEIVED = "received"
    REJECTED = "rejected"
    QUEUED = "queued"
    WORKING = "working"
    HELD = "held"
    FILLED = "filled"
    PARTIALLY_FILLED = "partially_filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def is_terminal(self) -> bool:
        """Whether no further order will be sent for this parent."""
        return self not in _OPEN_STATUSES


_OPEN_STATUSES = (ParentStatus.RECEIVED, ParentStatus.QUEUED, ParentStatus.WORKING, ParentStatus.HELD)


class Urgency(StrEnum):
    """How much a strategy will pay to be done soon."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Horizon(StrEnum):
    """Whether a position is flattened before the close."""

    INTRADAY = "intraday"
    SWING = "swing"


class AssetClass(StrEnum):
    """What an instrument is, as far as rules differ."""

    STK = "STK"
    ETF = "ETF"
    FUT = "FUT"
    FX_FUT = "FX_FUT"
    OTHER = "OTHER"


class QuoteSource(StrEnum):
    """Where a quote came from; it is written into plans and reports."""

    STREAM = "stream"
    SNAPSHOT = "snapshot"
    LAST_TRADE = "last_trade"
    TAPE = "tape"
    GENERATOR = "generator"


class Coverage(StrEnum):
    """How much of the market a feed sees."""

    CONSOLIDATED = "consolidated"
    PARTIAL = "partial"
    """One venue's quotes and prints, or a sample: volume and displayed sizes are a part of the whole."""


class Outcome(StrEnum):
    """How a request ended that was not answered by a report."""

    NOT_SENT = "not_sent"
    RATE_LIMITED = "rate_limited"
    """Surely not taken, because the account has asked too often (429); nobody judged the order."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NEVER_ARRIVED = "never_arrived"


class QueueRule(StrEnum):
    """What a resting order of ours may hope for at the simulated venue."""

    PESSIMISTIC = "pessimistic"
    OPTIMISTIC = "optimistic"


class RequestClass(IntEnum):
    """What a request to a broker is for, the most urgent first; numbers, because they are compared and never stored."""

    FLATTEN = 0
    CANCEL = 1
    PROTECTIVE = 2
    """An order, or a change of one, that closes a position."""
    REPLACE = 3
    NEW = 4
    READ = 5
    """A question: a lookup of one order, a page of a snapshot."""

    @property
    def is_urgent(self) -> bool:
        """Whether it takes from what is kept for cancels and flatten."""
        return self <= RequestClass.CANCEL

    @property
    def is_order(self) -> bool:
        """Whether it takes from the tokens of orders."""
        return RequestClass.PROTECTIVE <= self <= RequestClass.NEW
