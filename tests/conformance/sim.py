"""The simulated venue as the suite drives it: in the daemon's own process, and in one of its own.

Both have their market from a script. The one inside dies with the daemon and
goes on with what the journal remembers; the other one has its ledger and its
socket here, and its clients come over that.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from execd.brokers.sim import SimBroker, SimFeed
from execd.brokers.sim_link import Link
from execd.brokers.sim_process import VenueProcess
from execd.brokers.sim_remote import SimRemoteBroker, SimRemoteFeed
from execd.core.book import Book
from execd.core.market import Quote
from execd.core.orders import CancelRequest, NewOrder
from execd.core.rules import Lookups
from execd.markets import heard_ns
from execd.ports import Broker, Feed
from execd.venue.door import LEDGER_NAME, SOCKET_NAME, VenueLock, listen
from execd.venue.faults import Fault, FaultName
from execd.venue.hands import Hands
from execd.venue.house import VenueHouse
from execd.venue.latency import Latency
from execd.venue.ledger import Execution as Booked
from execd.venue.ledger_file import LedgerFile
from execd.venue.matching_orders import Working
from execd.venue.sim_venue import SimVenue
from execd.venue.source import Timed
from execd.venue.spec import VenueSpec
from execd.venue.wire import Hello
from tests.conformance.driver import ACCOUNT, SYMBOL, Execution, Tick, Truth, Wrong
from tests.conformance.loop import START_NS, LoopClock
from tests.conformance.stage import COMMISSION

S: Final = 1_000_000_000
LATENCY: Final = Latency(base_ns=5_000_000)
OPEN_END_NS: Final = 7 * 24 * 3_600 * S
ZERO: Final = Decimal(0)
INSIDE: Final = (Wrong.BY_HAND, Wrong.WITHDRAW, Wrong.BUST, Wrong.CORRECT, Wrong.OVERFILL)
"""What the venue inside can do: calls of a function are never lost, and never in doubt."""


class Written:
    """A market that is written down: ticks at instants, also for a venue that begins later (`venue.source.Source`)."""

    def __init__(self, clock: LoopClock, market: Sequence[tuple[float, Tick]], ends_s: float) -> None:
        self._clock = clock
        self._left = sorted(((START_NS + int(at_s * S), tick) for at_s, tick in market), key=lambda one: one[0])
        self._end_ns = START_NS + (int(ends_s * S) if ends_s else OPEN_END_NS)
        self._latest: Quote | None = None

    def ticks(self) -> Iterator[Timed]:
        """Yield what has not been shown yet; then stay open until the day ends."""
        begin_ns = self._clock.now_ns()
        while self._left:
            at_ns, tick = self._left.pop(0)
            if isinstance(tick, Quote):
                self._latest = tick
            yield max(0, at_ns - begin_ns), tick
        if begin_ns < self._end_ns and self._latest is not None:
            yield self._end_ns - begin_ns, self._latest

    def ensure(self, symbol: str) -> Quote | None:
        """Return the standing quote, for a venue that has just begun."""
        return self._latest if symbol == SYMBOL else None


class SimInside:
    """The venue in the daemon's process."""

    forgets_ended = True

    def __init__(self, name: str, lookups: Lookups, *, takes_ids_again: bool) -> None:
        self.name = name
        self.lookups = lookups
        self.can = frozenset(INSIDE)
        self._takes_ids_again = takes_ids_again
        self._venue: SimVenue | None = None

    @property
    def venue(self) -> SimVenue:
        """The venue that lives now."""
        assert self._venue is not None
        return self._venue

    async def open(self, folder: Path, clock: LoopClock, market: Sequence[tuple[float, Tick]], ends_s: float) -> None:
        """Write the market down; the venue itself begins with each daemon."""
        self._clock = clock
        self._source = Written(clock, market, ends_s)

    def meet(self, book: Book) -> tuple[Broker, Feed]:
        """Return the adapter over a venue that remembers what the book does."""
        self._venue = SimVenue(
            source=self._source,
            clock=self._clock,
            latency=LATENCY,
            commission=COMMISSION,
            takes_ids_again=self._takes_ids_again,
        )
        self._venue.restore(book.orders.values())
        return SimBroker(self._venue, ACCOUNT), SimFeed(self._venue)

    async def part(self, broker: Broker, feed: Feed) -> None:
        """Let the venue die with its daemon."""
        await feed.close()
        await broker.close()
        await self.venue.close()

    async def close(self) -> None:
        """Do nothing: the venue ended with the last daemon."""

    def wrong(self, what: Wrong, *, count: int = 1, seconds: float = 1.0, code: str = "") -> None:
        """Refuse: nothing goes wrong here."""
        raise AssertionError(what)

    def calm(self) -> None:
        """Do nothing: it always is."""

    def by_hand(self, request: NewOrder) -> None:
        """Place an order beside the adapter."""
        self.venue.send(request)

    def withdraw(self, cl_ord_id: str) -> None:
        """Take an order out of the market, under its own id: no request of ours stands behind it."""
        order = self.venue.matching.known(cl_ord_id)
        if order is not None and not order.ended:
            request = CancelRequest(
                cl_ord_id=cl_ord_id,
                orig_cl_ord_id=cl_ord_id,
                parent_id="",
                account=ACCOUNT,
                symbol=SYMBOL,
                side=order.side,
            )
            self.venue.send(request)

    def bust(self, exec_id: str) -> None:
        """Let a trade never have happened, unless the venue has died with its daemon."""
        self._hands().bust(ACCOUNT, exec_id)

    def correct(self, exec_id: str, px: Decimal) -> None:
        """Let a trade have happened at another price."""
        self._hands().correct(ACCOUNT, exec_id, px)

    def overfill(self, cl_ord_id: str, qty: Decimal) -> None:
        """Let an order trade more than it asked for."""
        self._hands().overfill(ACCOUNT, cl_ord_id, qty)

    def _hands(self) -> Hands:
        return Hands(self.venue, self.venue.ledger, self._clock)

    async def orders(self) -> list[Truth]:
        """Return every order that the venue remembers."""
        return [_truth(order) for order in self.venue.matching.everything()]

    async def executions(self) -> list[Execution]:
        """Return every trade of the account."""
        return [_execution(one) for one in self.venue.ledger.executions(ACCOUNT)]

    async def position(self) -> Decimal:
        """Return what the account holds."""
        held = self.venue.ledger.holdings(ACCOUNT).get(SYMBOL)
        return ZERO if held is None else held.qty


def _truth(order: Working) -> Truth:
    return Truth(
        order_id=order.order_id,
        cl_ord_ids=tuple(order.cl_ord_ids),
        order_qty=order.order_qty,
        price=order.price,
        cum_qty=order.cum_qty,
        is_live=not order.ended,
    )


def _execution(one: Booked) -> Execution:
    trade = one.trade
    return Execution(exec_id=trade.exec_id, cl_ord_id=trade.cl_ord_id, last_qty=trade.last_qty, last_px=trade.last_px)


class HereProcess(VenueProcess):
    """The way to a venue that is served in this loop: nothing is started."""

    async def connect(self, hello: Hello) -> Link:
        """Return a connection. Raises LinkLost."""
        return await Link.connect(self.folder / SOCKET_NAME, hello)


class SimProcess:
    """The venue with its socket and its ledger, as its own process has them."""

    forgets_ended = False

    def __init__(self, name: str, lookups: Lookups, *, takes_ids_again: bool) -> None:
        self.name = name
        self.lookups = lookups
        # An answer that proves is not told wrongly: that would be a broker of another model.
        self.can = frozenset(Wrong) - (PROOF if lookups.are_final else frozenset())
        self._spec = VenueSpec(symbols=(SYMBOL,))
        self._takes_ids_again = takes_ids_again
        self._house: VenueHouse | None = None

    @property
    def house(self) -> VenueHouse:
        """The venue."""
        assert self._house is not None
        return self._house

    async def open(self, folder: Path, clock: LoopClock, market: Sequence[tuple[float, Tick]], ends_s: float) -> None:
        """Open it: lock, ledger, market, socket."""
        self._folder, self._clock = folder, clock
        self._lock = VenueLock(folder)
        self._file = LedgerFile(folder / LEDGER_NAME)
        venue = SimVenue(
            source=Written(clock, market, ends_s),
            clock=clock,
            latency=LATENCY,
            commission=COMMISSION,
            takes_ids_again=self._takes_ids_again,
        )
        self._house = VenueHouse(
            spec=self._spec, venue=venue, file=self._file, kept=self._file.load(), clock=clock, stopping=asyncio.Event()
        )
        await venue.start()
        jobs = (self.house.keeper.run(), self.house.serve(listen(folder)))
        self._tasks = [asyncio.create_task(job, name="venue") for job in jobs]

    def meet(self, book: Book) -> tuple[Broker, Feed]:
        """Return the adapter over the socket."""
        process = HereProcess(self._folder, self._spec, lambda _: None)
        now_ns = self._clock.now_ns()
        broker = SimRemoteBroker(
            process, ACCOUNT, since_ns=heard_ns(book, ACCOUNT, now_ns), remembered=book.orders.values
        )
        return broker, SimRemoteFeed(process, self._clock)

    async def part(self, broker: Broker, feed: Feed) -> None:
        """Let the connections end, as the kernel does for a process that is gone."""
        await feed.close()
        await broker.close()
        await asyncio.sleep(0)

    async def close(self) -> None:
        """End everything that was opened."""
        await self.house.venue.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.house.keeper.close()
        self._file.close()
        self._lock.release()

    def wrong(self, what: Wrong, *, count: int = 1, seconds: float = 1.0, code: str = "") -> None:
        """Throw the venue's own switches."""
        names = FAULTS[what]
        for name in names:
            fault = Fault(name=name, count=count, seconds=seconds, code=code or "fault", account=ACCOUNT)
            assert not self.house.switch(fault)

    def calm(self) -> None:
        """Throw them all back."""
        self.house.faults.clear()
        self.house.silence.clear()

    def by_hand(self, request: NewOrder) -> None:
        """Place an order beside the adapter."""
        self.house.venue.send(request)

    def withdraw(self, cl_ord_id: str) -> None:
        """Take an order out of the market; one that is not there stays away."""
        self.house.withdraw(ACCOUNT, cl_ord_id)

    def bust(self, exec_id: str) -> None:
        """Let a trade never have happened."""
        assert not self._hands().bust(ACCOUNT, exec_id)

    def correct(self, exec_id: str, px: Decimal) -> None:
        """Let a trade have happened at another price."""
        assert not self._hands().correct(ACCOUNT, exec_id, px)

    def overfill(self, cl_ord_id: str, qty: Decimal) -> None:
        """Let an order trade more than it asked for."""
        assert not self._hands().overfill(ACCOUNT, cl_ord_id, qty)

    def _hands(self) -> Hands:
        return Hands(self.house.venue, self.house.keeper.taken, self._clock)

    async def orders(self) -> list[Truth]:
        """Return every order of the ledger."""
        return [_truth(order) for order in self.house.venue.matching.everything()]

    async def executions(self) -> list[Execution]:
        """Return every trade of the account."""
        await self.house.keeper.settled()
        return [_execution(one) for one in self.house.keeper.ledger.executions(ACCOUNT)]

    async def position(self) -> Decimal:
        """Return what the account holds."""
        held = self.house.keeper.ledger.holdings(ACCOUNT).get(SYMBOL)
        return ZERO if held is None else held.qty


PROOF: Final = frozenset({Wrong.LATE, Wrong.FIND_NONE, Wrong.FIND_STALE, Wrong.FIND_OTHER})
Make = Callable[[], SimInside | SimProcess]
FAULTS: Final[dict[Wrong, tuple[FaultName, ...]]] = {
    Wrong.NO_ANSWER: ("drop-answer",),
    Wrong.SILENCE: ("drop-answer", "accept-then-silence"),
    Wrong.ERROR_AFTER: ("fail-answer",),
    Wrong.GARBAGE_AFTER: ("garble-answer",),
    Wrong.LATE: ("late-request",),
    Wrong.ERROR_BEFORE: ("fail-request",),
    Wrong.RESET_BEFORE: ("cut-request",),
    Wrong.REFUSED: ("refuse-request",),
    Wrong.RATE_LIMITED: ("limit-rate",),
    Wrong.DENIED: ("deny-request",),
    Wrong.FIND_NONE: ("blind-find",),
    Wrong.FIND_ERROR: ("fail-find",),
    Wrong.FIND_STALE: ("stale-find",),
    Wrong.FIND_OTHER: ("other-find",),
    Wrong.FIND_LOST: ("drop-find",),
    Wrong.SUMS_ONLY: ("sums-only",),
    Wrong.REPLAY: ("replay-reports",),
    Wrong.GARBAGE: ("garble-report",),
    Wrong.STRANGE: ("strange-report",),
    Wrong.RESET_AFTER: ("disconnect-on-request",),
    Wrong.LOST: ("drop-request",),
    Wrong.REJECTED: ("reject",),
    Wrong.HANG: ("hang",),
    Wrong.DROP: ("drop-report",),
    Wrong.DELAY: ("delay-report",),
    Wrong.DUPLICATE: ("duplicate-report",),
    Wrong.REORDER: ("reorder-reports",),
    Wrong.CUT: ("disconnect",),
    Wrong.MUTE: ("mute-report",),
    Wrong.READ_ERROR: ("fail-survey",),
    Wrong.READ_LOST: ("drop-survey",),
    Wrong.READ_CUT: ("cut-survey",),
    Wrong.READ_STALE: ("stale-survey",),
    Wrong.READ_GARBAGE: ("garble-survey",),
    Wrong.POSITIONS_EMPTY: ("empty-positions",),
    Wrong.POSITIONS_UNREAD: ("unread-positions",),
    Wrong.POSITIONS_OFF: ("shift-positions",),
}
