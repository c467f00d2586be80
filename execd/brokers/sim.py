"""The simulated broker: the ports over a venue that lives in this process.

It translates and nothing else. One `SimBroker` serves one account; feeds and
brokers share one `SimVenue`, which whoever made it also closes. What the
market shows comes from `venue.source`, how it is played in `venue.sim_venue`.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote, SymbolSeen
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import Accepted, ExecReport, OrderSnapshot, Rejected
from execd.core.snapshot import AccountSnapshot
from execd.ports import BrokerLimits, FeedLimits
from execd.venue.sim_venue import SimVenue
from execd.venue.source import GeneratorSource

__all__ = ["IN_PROCESS", "GeneratorSource", "SimBroker", "SimFeed", "SimVenue"]
WHOLE: Final = FeedLimits()
LIMITS: Final = BrokerLimits(has_unique_client_ids=True, lookups_are_final=True)
IN_PROCESS: Final = "in-process"
"""The identity of every account of such a venue: it has no memory but the journal, so any journal is its own."""


class SimBroker:
    """One account at the simulated venue (`ports.Broker`)."""

    def __init__(self, venue: SimVenue, account: str) -> None:
        self.account = account
        self.identity = IN_PROCESS
        self.limits = LIMITS
        self._venue = venue
        self._mailbox = venue.attach_account(account)

    async def start(self) -> None:
        """Open the venue, if nobody has."""
        await self._venue.start()

    async def take_up(self) -> None:
        """Do nothing: the venue has been given what the journal remembers."""

    async def submit(self, request: NewOrder) -> Accepted | Rejected | None:
        """Send a new order; the answer comes by `reports`. Raises Refused."""
        self._venue.send(request)
        return None

    async def cancel(self, request: CancelRequest, order_id: str) -> None:
        """Send a cancel. Raises Refused."""
        self._venue.send(request)

    async def replace(self, request: ReplaceRequest, order_id: str) -> None:
        """Send a replace. Raises Refused."""
        self._venue.send(request)

    def reports(self) -> AsyncIterator[ExecReport | StreamGap]:
        """Yield reports as they come, for ever."""
        return self._mailbox.items()

    def hang_up(self, text: str) -> None:
        """Do nothing: there is no connection, and nothing gets lost."""

    async def find(self, cl_ord_id: str) -> OrderSnapshot | None:
        """Return what the venue knows of an order; None proves that it never arrived. Raises Unknown."""
        return await self._venue.find(self.account, cl_ord_id)

    async def snapshot(self, since_ns: int) -> AccountSnapshot:
        """Return what the venue has of the account, all at one instant. Raises Unknown."""
        return await self._venue.snapshot(self.account, since_ns)

    async def close(self) -> None:
        """Leave; the venue and its resting orders stay."""


class SimFeed:
    """What the simulated venue shows of the symbols that were asked for (`ports.Feed`)."""

    def __init__(self, venue: SimVenue, limits: FeedLimits = WHOLE) -> None:
        self.limits = limits
        self._venue = venue
        self._symbols: dict[str, None] = {}
        self._mailbox = venue.attach_feed(self._symbols)

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Ask for more symbols; each begins with its standing quote."""
        for symbol in symbols:
            if symbol not in self._symbols:
                self._venue.subscribe(symbol, self._mailbox)
                self._symbols[symbol] = None

    def ticks(self) -> AsyncIterator[Quote | Prints | Halt | StreamAlive | StreamGap]:
        """Yield what the market shows, for ever."""
        return self._mailbox.items()

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Return what the venue shows of these symbols now."""
        return self._venue.look(symbols)

    def hang_up(self, text: str) -> None:
        """Do nothing: there is no connection, and nothing gets lost."""

    async def close(self) -> None:
        """Hear nothing more."""
        self._venue.detach_feed(self._mailbox)
