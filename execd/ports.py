"""Every port: what the daemon needs from the outside, as Protocols.

Adapters translate and nothing else: they do not retry, decide or remember.
A broker call returns, raises `Refused` (surely not live), raises `Unknown`
(may be live), or is our bug.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.daily import BarSpan
from execd.core.enums import Coverage
from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Bar, Halt, Prints, Quote, SymbolSeen
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import Accepted, ExecReport, OrderSnapshot, Rejected
from execd.core.rules import FREE_IDS, PROVING, UNIQUE_IDS, Lookups
from execd.core.snapshot import AccountSnapshot


class BrokerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker can do. `lookups_are_final`: a healthy "no such order" proves that it never arrived.

    `has_unique_client_ids`: it takes an id once, so the same request may be written again while it is in doubt.
    `can_replace`: it changes a working order; else one is cancelled and another placed.
    """

    ord_types: tuple[str, ...] = ("market", "limit", "stop", "stop_limit")
    times_in_force: tuple[str, ...] = ("day", "ioc", "fok", "gtc")
    has_unique_client_ids: bool = False
    lookups_are_final: bool = False
    can_replace: bool = True

    @property
    def lookups(self) -> Lookups:
        """How it is asked about a request in doubt."""
        if self.lookups_are_final:
            return PROVING
        return UNIQUE_IDS if self.has_unique_client_ids else FREE_IDS


class Broker(Protocol):
    """One account at one broker.

    `identity` is which account that is, in the broker's own words: the same for ever, another for another account. It
    is known after `start`, and the journal is held to it before anything is asked or sent.
    """

    account: str
    identity: str
    limits: BrokerLimits

    async def start(self) -> None:
        """Connect, and learn `identity`; nothing changes at the broker."""

    async def take_up(self) -> None:
        """Begin to work on the account, now that it is known to be the right one; then requests can be made."""

    async def submit(self, request: NewOrder) -> Accepted | Rejected | None:
        """Send a new order; None when it was sent and the answer comes by `reports`."""

    async def cancel(self, request: CancelRequest, order_id: str) -> None:
        """Send a cancel; the answer comes by `reports`."""

    async def replace(self, request: ReplaceRequest, order_id: str) -> None:
        """Send a replace; the answer comes by `reports`."""

    def reports(self) -> AsyncIterator[ExecReport | StreamGap]:
        """Yield reports as they come, for ever."""

    def hang_up(self, text: str) -> None:
        """Give up the connection behind `reports`, for it has not told everything; called again, they begin anew."""

    async def find(self, cl_ord_id: str) -> OrderSnapshot | None:
        """Return what the broker knows of an order by its first ClOrdID; None for a healthy "no such order"."""

    async def snapshot(self, since_ns: int) -> AccountSnapshot:
        """Return what the account holds, and what changed there since `since_ns`.

        Orders are read, then trades, positions, and orders again, a bounded number of times where they changed between.
        Of what could be read only in part the rest is None. Raises Unknown where nothing could be read.
        """

    async def close(self) -> None:
        """Disconnect; resting orders stay."""


class FeedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed can do. `coverage`: whether its volume and sizes are those of the whole market."""

    coverage: Coverage = Coverage.CONSOLIDATED


class Feed(Protocol):
    """Market data of one source. Prints are summed and halts kept; quotes may be conflated by whoever reads."""

    limits: FeedLimits

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Ask for more symbols; asking again is harmless."""

    def ticks(self) -> AsyncIterator[Quote | Prints | Halt | StreamAlive | StreamGap]:
        """Yield what the market shows, for ever; StreamAlive at least every 5 s while the source is well."""

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Return what the market shows of these symbols now, by a way that does not depend on `ticks`.

        Quotes have the source `snapshot` and the exchange's own instant; `asked_ns` is left to who asks. A symbol that
        the source does not know is left out. Raises BrokerError where it does not answer.
        """

    def hang_up(self, text: str) -> None:
        """Give up the connection behind `ticks`, for it is stale; called again, they begin anew."""

    async def close(self) -> None:
        """Stop."""


class History(Protocol):
    """Past bars. A port of its own: they come from the process of reference data, whichever broker the feed is of."""

    async def bars(self, symbol: str, span: BarSpan, from_ns: int, to_ns: int) -> Sequence[Bar]:
        """Return the bars that lie in [from_ns, to_ns), begun and over, in order. Raises RefDataError."""


class Journal(Protocol):
    """The one durable memory. One writer; a commit is durable when it returns."""

    epoch: str

    async def load(self) -> Book:
        """Return the fold of everything committed."""

    async def commit(self, batch: Batch) -> None:
        """Make a batch durable, all or nothing. Raises JournalFull or JournalError."""

    async def close(self) -> None:
        """Close; must be called before the process ends."""


class Clock(Protocol):
    """The daemon's time: wall at start plus monotonic since, never stepping back."""

    def now_ns(self) -> int:
        """Return the instant, nanoseconds of UTC."""
