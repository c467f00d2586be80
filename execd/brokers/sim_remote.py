"""The simulated broker over a venue in a process of its own: the ports over its socket.

It translates and nothing else. When a connection ends, `reports` and `ticks`
raise, whoever supervises them begins again, and so does the connection; what
was reported meanwhile is told again, and a gap is announced first. What became
of a request is never guessed: not written is NotSent, not answered is Unknown.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from msgspec.structs import replace

from execd.brokers.sim import LIMITS, WHOLE
from execd.brokers.sim_link import Link, LinkLost
from execd.brokers.sim_process import VenueProcess
from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote, SymbolSeen
from execd.core.order import Order
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.reports import Accepted, ExecReport, OrderSnapshot, Rejected
from execd.core.snapshot import AccountSnapshot
from execd.errors import BrokerError, BrokerSilent, NotSent, Unknown
from execd.ports import Clock, FeedLimits
from execd.venue.wire import VERSION, Adopt, Hello

ADOPT_ORDERS: Final = 100
"""Orders in one frame."""
SNAPSHOT_S_MAX: Final = 3.0
"""An answer that takes longer says nothing of now."""
_NS_PER_S: Final = 1_000_000_000


class OtherAccountError(BrokerError):
    """The venue came back with another account of the same name; nothing is asked of it, and nothing sent to it."""


class SimRemoteBroker:
    """One account at a venue in another process (`ports.Broker`)."""

    def __init__(
        self, venue: VenueProcess, account: str, *, since_ns: int, remembered: Callable[[], Iterable[Order]]
    ) -> None:
        """Ask for reports from `since_ns` on at the start; `remembered` is for a venue without a ledger."""
        self.account = account
        self.identity = ""
        self.limits = LIMITS
        self._venue = venue
        self._since_ns = since_ns
        self._remembered = remembered
        self._link: Link | None = None
        self._gap = ""

    async def start(self) -> None:
        """Find the venue or start it, and connect. Raises VenueError, or BrokerSilent."""
        if self._link is None:
            try:
                self._link = await self._connect()
            except LinkLost as error:
                raise BrokerSilent(f"{error}; {self._venue.help_with_silence()}") from error
            self.identity = identity_of(self._link)

    async def take_up(self) -> None:
        """Let an account that is new there begin, with what is remembered of it. Raises Refused, or Unknown."""
        link = self._link
        if link is not None and link.welcome is not None and link.welcome.is_new:
            await self._adopt(link)

    async def submit(self, request: NewOrder) -> Accepted | Rejected | None:
        """Send a new order; the answer comes by `reports`. Raises NotSent, Refused, or Unknown."""
        await self._do(request)
        return None

    async def cancel(self, request: CancelRequest, order_id: str) -> None:
        """Send a cancel. Raises NotSent, Refused, or Unknown."""
        await self._do(request)

    async def replace(self, request: ReplaceRequest, order_id: str) -> None:
        """Send a replace. Raises NotSent, Refused, or Unknown."""
        await self._do(request)

    async def reports(self) -> AsyncIterator[ExecReport | StreamGap]:
        """Yield reports as they come. Raises LinkLost; called again, it connects again and begins with a gap.

        Raises OtherAccountError where the venue that answers then has another account of that name.
        """
        if self._link is None or self._link.is_over:
            link = await self._connect()
            if self.identity not in {"", identity_of(link)}:
                link.close()
                raise OtherAccountError(
                    f"the venue answers for another account {self.account} ({identity_of(link)}) than before "
                    f"({self.identity}): its ledger is not the one it had; stop execd, and put that ledger back"
                )
            self._link = link
            self._gap = self._gap or "connected again"
        link = self._link
        assert link is not None
        if self._gap:
            # Now that the venue answers: what was asked while it did not has ended as unknown.
            text, self._gap = self._gap, ""
            yield StreamGap(now_ns=0, account=self.account, stream="reports", text=text)
        async for report in link.reports():
            yield report

    def hang_up(self, text: str) -> None:
        """End the connection; what was reported since is told again to the next one."""
        if self._link is not None:
            self._link.hang_up(text)

    async def find(self, cl_ord_id: str) -> OrderSnapshot | None:
        """Return what the ledger holds of an order; None proves that it never arrived. Raises Unknown."""
        if self._link is None or self._link.lost:
            raise Unknown("the simulated venue is not connected")
        return await self._link.find(cl_ord_id)

    async def snapshot(self, since_ns: int) -> AccountSnapshot:
        """Return what the venue has of the account, all at one instant. Raises Unknown."""
        if self._link is None or self._link.lost:
            raise Unknown("the simulated venue is not connected")
        return await self._link.survey(since_ns)

    async def close(self) -> None:
        """Leave; the venue and its resting orders stay."""
        if self._link is not None:
            self._link.close()

    async def _do(self, request: Request) -> None:
        if self._link is None or self._link.lost:
            raise NotSent("the simulated venue is not connected")
        await self._link.do(request)

    async def _connect(self) -> Link:
        since_seq = None if self._link is None else self._link.heard_seq
        hello = Hello(
            version=VERSION,
            kind="trade",
            account=self.account,
            pid=os.getpid(),
            since_seq=since_seq,
            since_ns=self._since_ns,
        )
        link = await self._venue.connect(hello)
        if link.welcome is not None and link.welcome.is_gap:
            self._gap = "the venue does not remember everything since we were there"
        return link

    async def _adopt(self, link: Link) -> None:
        orders = tuple(self._remembered())
        parts = [orders[at : at + ADOPT_ORDERS] for at in range(0, len(orders), ADOPT_ORDERS)] or [()]
        for n, part in enumerate(parts, start=1):
            await link.adopt(partial(_adopt, part, n == len(parts)))


class SimRemoteFeed:
    """What a venue in another process shows of the symbols that were asked for (`ports.Feed`)."""

    def __init__(self, venue: VenueProcess, clock: Clock, limits: FeedLimits = WHOLE) -> None:
        self.limits = limits
        self._venue = venue
        self._clock = clock
        self._symbols: dict[str, None] = {}
        self._link: Link | None = None
        self._asking: Link | None = None

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Ask for more symbols; each begins with its standing quote. Raises LinkLost."""
        fresh = tuple(symbol for symbol in symbols if symbol not in self._symbols)
        self._symbols.update(dict.fromkeys(fresh))
        if fresh and self._link is not None and not self._link.lost:
            self._link.want(fresh)

    async def ticks(self) -> AsyncIterator[Quote | Prints | Halt | StreamAlive | StreamGap]:
        """Yield what the market shows, received now. Raises LinkLost; called again, it connects again."""
        if self._link is None or self._link.is_over:
            link = await self._venue.connect(Hello(version=VERSION, kind="feed", pid=os.getpid()))
            self._link = link
            if self._symbols:
                link.want(tuple(self._symbols))
        link = self._link
        async for tick in link.ticks():
            # The instant of arrival is ours, and not that of the other process.
            yield replace(tick, received_ns=self._clock.now_ns()) if isinstance(tick, Quote) else tick

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Return what the venue shows of these symbols now, over a connection of its own. Raises BrokerError."""
        if self._asking is None or self._asking.lost:
            self._asking = await self._venue.connect(Hello(version=VERSION, kind="ask", pid=os.getpid()))
        try:
            async with asyncio.timeout(SNAPSHOT_S_MAX):
                return await self._asking.look(tuple(symbols))
        except TimeoutError:
            text = f"it did not say within {SNAPSHOT_S_MAX:g} s what the market shows"
            self._asking.hang_up(text)
            self._asking = None
            raise LinkLost(text) from None

    def hang_up(self, text: str) -> None:
        """End the connection; the next one asks for every symbol again."""
        if self._link is not None:
            self._link.hang_up(text)

    async def close(self) -> None:
        """Hear nothing more."""
        for link in (self._link, self._asking):
            if link is not None:
                link.close()


def identity_of(link: Link) -> str:
    """Return which account a venue welcomed us to: when it began there tells it from a later one of the same name."""
    since_ns = 0 if link.welcome is None else link.welcome.since_ns
    return f"begun {datetime.fromtimestamp(since_ns // _NS_PER_S, UTC):%Y-%m-%dT%H:%M:%S}.{since_ns % _NS_PER_S:09}Z"


def _adopt(orders: tuple[Order, ...], is_last: bool, rid: int) -> Adopt:  # noqa: FBT001  # Bound by position.
    return Adopt(rid=rid, orders=orders, is_last=is_last)


__all__ = ["LinkLost", "OtherAccountError", "SimRemoteBroker", "SimRemoteFeed"]
