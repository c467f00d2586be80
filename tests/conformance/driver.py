"""What the suite needs of a broker: the one protocol that a new adapter has to serve.

A new adapter joins with one class: a `Driver` that opens a venue which speaks
the broker's own protocol in this loop, hands out the adapter under test, lets
the venue do what `Wrong` names, and tells the venue's truth. What it cannot do
it leaves out of `can`, and the cases that need it are not collected for it.
Then it is a line in `matrix.py`; no case is written or changed.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from execd.core.book import Book
from execd.core.market import Halt, Prints, Quote
from execd.core.orders import NewOrder
from execd.core.rules import Lookups
from execd.ports import Broker, Feed
from tests.conformance.loop import LoopClock

Tick = Quote | Prints | Halt
SYMBOL = "ABC"
ACCOUNT = "sim"


class Wrong(StrEnum):
    """What a venue may do wrong. Each is done to the next request, question or report; `count` says to how many."""

    # A request was taken, and then:
    NO_ANSWER = "taken, and never answered"
    SILENCE = "taken, never answered by any report: only asking shows it"
    ERROR_AFTER = "taken, and answered by an error that says nothing (HTTP 5xx)"
    RESET_AFTER = "taken, and the connection cut in place of the answer"
    GARBAGE_AFTER = "taken, and answered by what nobody can read"
    LATE = "taken `seconds` later; until then it is neither answered nor shown"
    # A request was not taken, and:
    LOST = "nobody is told"
    ERROR_BEFORE = "it is answered by an error that says nothing (HTTP 5xx)"
    RESET_BEFORE = "the connection is cut"
    REFUSED = "it is refused before it was read"
    RATE_LIMITED = "it is refused for there were too many (HTTP 429)"
    DENIED = "it is refused for the account may do nothing (HTTP 401)"
    REJECTED = "it is rejected with `code`"
    HANG = "nothing is read and nothing said for `seconds`, on connections that stay open"
    # A question is answered wrongly:
    FIND_NONE = "no such order, in good health, whatever is there"
    FIND_ERROR = "by an error"
    FIND_STALE = "as the order was at its acceptance"
    FIND_OTHER = "with an order of another quantity, under its id"
    FIND_LOST = "never"
    SUMS_ONLY = "with sums, and without the single trades"
    # A reading of the account goes wrong:
    READ_ERROR = "it is answered by an error"
    READ_LOST = "it is never answered"
    READ_CUT = "its lists of orders and trades end halfway, and nothing says so"
    READ_STALE = "it shows what the last one before it did"
    READ_GARBAGE = "an order in it makes no sense"
    POSITIONS_EMPTY = "it shows no position"
    POSITIONS_UNREAD = "its positions could not be read"
    POSITIONS_OFF = "it shows one share more of each position than there is"
    # A report is told wrongly:
    MUTE = "a report is never told, and nothing shows that it was"
    DROP = "a report is not told"
    DELAY = "reports come `seconds` later"
    DUPLICATE = "a report is told twice"
    REORDER = "two reports change places"
    REPLAY = "everything that was ever told is told again, now"
    GARBAGE = "what nobody can read comes in the place of a report"
    STRANGE = "an event of a kind that nobody knows comes before a report"
    CUT = "every connection is cut, now"
    # What others do at the broker:
    BY_HAND = "somebody places an order beside us"
    WITHDRAW = "the desk takes an order of ours out of the market"
    BUST = "a trade is busted"
    CORRECT = "a trade is corrected"
    OVERFILL = "an order trades more than it asked for"


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """One order as the venue has it; `cl_ord_ids` are all of its chain."""

    order_id: str
    cl_ord_ids: tuple[str, ...]
    order_qty: Decimal
    price: Decimal | None
    cum_qty: Decimal
    is_live: bool


class Execution(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One trade that stands; `cl_ord_id` is any of its order's."""

    exec_id: str
    cl_ord_id: str
    last_qty: Decimal
    last_px: Decimal


class Driver(Protocol):
    """A venue, and the adapter that is tried against it. `forgets_ended`: after a restart it tells of live orders only.

    `lookups` is what the engine is told of this broker's answers.
    """

    name: str
    can: frozenset[Wrong]
    lookups: Lookups
    forgets_ended: bool

    async def open(self, folder: Path, clock: LoopClock, market: Sequence[tuple[float, Tick]], ends_s: float) -> None:
        """Open the venue; `market` is what it shows and when, `ends_s` when its day ends (0: never)."""

    def meet(self, book: Book) -> tuple[Broker, Feed]:
        """Return the adapter for a daemon that begins with `book`."""

    async def part(self, broker: Broker, feed: Feed) -> None:
        """Let the connections of a daemon end that was killed."""

    async def close(self) -> None:
        """Close the venue."""

    def wrong(self, what: Wrong, *, count: int = 1, seconds: float = 1.0, code: str = "") -> None:
        """Let something go wrong from now on, `count` times."""

    def calm(self) -> None:
        """Let everything go right from now on."""

    def by_hand(self, request: NewOrder) -> None:
        """Place an order beside the adapter, on the same account."""

    def withdraw(self, cl_ord_id: str) -> None:
        """Take an order out of the market, as the broker's desk does."""

    def bust(self, exec_id: str) -> None:
        """Let a trade never have happened."""

    def correct(self, exec_id: str, px: Decimal) -> None:
        """Let a trade have happened at `px`."""

    def overfill(self, cl_ord_id: str, qty: Decimal) -> None:
        """Let an order trade `qty` more than it asked for."""

    async def orders(self) -> list[Truth]:
        """Return every order of the account."""

    async def executions(self) -> list[Execution]:
        """Return every trade of the account that stands."""

    async def position(self) -> Decimal:
        """Return what the account holds of the symbol."""
