"""The simulated venue in real time: one market, one matching engine, any number of accounts.

A task plays the source, another carries requests with their latency, a third
says that the stream is alive. What was on its way at `close` never arrives.
Inside the daemon its reports go to mailboxes, and resting orders are what
`restore` is told at the next start; in a process of its own they go to a
keeper, which has a ledger. It keeps time by the clock it is given.
"""

import asyncio
import heapq
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, assert_never

from msgspec.structs import replace

from execd.core.enums import QueueRule, QuoteSource
from execd.core.events import StreamAlive, StreamGap
from execd.core.instrument import Instrument
from execd.core.market import Halt, Prints, Quote, SymbolSeen
from execd.core.order import Order
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.reports import ExecReport, OrderSnapshot, Trade, TradeCanceled, TradeCorrected
from execd.core.snapshot import AccountSnapshot
from execd.errors import Refused, Unknown
from execd.ports import Clock
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.ledger import Execution, Ledger
from execd.venue.mailbox import Mailbox
from execd.venue.matching import Matching
from execd.venue.matching_orders import Working
from execd.venue.snapshot import snapshot_of
from execd.venue.source import Source, Tick, at_instant

ALIVE_S: Final = 1.0
TICKS_PER_BREATH: Final = 64
"""A source that is behind still lets the other tasks run after so many ticks."""
IN_FLIGHT_MAX: Final = 10_000
"""Requests on their way; more than any throttle lets out in a latency."""
LATE_NS_MAX: Final = 5_000_000_000
"""A source that is further behind stood still, as the machine did: it goes on from now."""
NS_PER_S: Final = 1_000_000_000
ONE: Final = Decimal(1)

Lookup = tuple[str, str, "asyncio.Future[OrderSnapshot | None]"]
Keep = Callable[[str, ExecReport, Working | None], None]
"""(account, report, the order it is about): takes a report, tells it once it is safe."""
FeedItem = Quote | Prints | Halt | StreamAlive | StreamGap


class SimVenue:
    """Start it, attach brokers and feeds, close it. `speed` multiplies the time of the source; it is above zero."""

    def __init__(
        self,
        *,
        source: Source,
        clock: Clock,
        queue: QueueRule = QueueRule.PESSIMISTIC,
        latency: Latency | None = None,
        commission: Commission | None = None,
        instrument: Callable[[str], Instrument] | None = None,
        speed: Decimal = ONE,
        takes_ids_again: bool = False,
    ) -> None:
        self.ledger = Ledger()
        self.matching = Matching(
            queue=queue,
            commission=commission if commission is not None else Commission(),
            instrument=instrument if instrument is not None else lambda symbol: Instrument(symbol=symbol),
            takes_ids_again=takes_ids_again,
        )
        self._source = source
        self._clock = clock
        self._latency = latency if latency is not None else Latency()
        self._speed = speed
        self._reports: dict[str, Mailbox[ExecReport | StreamGap]] = {}
        self._feeds: list[tuple[dict[str, None], Mailbox[FeedItem]]] = []
        self._last: dict[str, tuple[Decimal, int]] = {}
        self._in_flight: list[tuple[int, int, Request | Lookup]] = []
        self._last_acts_ns: dict[str, int] = {}
        self._sent_n = 0
        self._wakes = asyncio.Event()
        self._grows = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = False
        self._keep: Keep | None = None

    def keep_with(self, keep: Keep) -> None:
        """Hand every report to `keep`, and none to a mailbox or the ledger here."""
        self._keep = keep

    @property
    def in_flight_n(self) -> int:
        """How many requests and questions are on their way."""
        return len(self._in_flight)

    async def start(self) -> None:
        """Open the market; a venue that runs already stays as it is."""
        if not self._tasks:
            jobs = (self._play(), self._carry(), self._live())
            self._tasks = [asyncio.create_task(job, name="sim-venue") for job in jobs]
            for task in self._tasks:
                task.add_done_callback(self._on_task_done)

    async def watch(self) -> None:
        """Wait for the market's tasks, and raise what one of them died of: a broken tape, or a bug."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Stop; what is on its way never arrives, and questions end as Unknown."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, _, message in self._in_flight:
            if isinstance(message, tuple) and not message[2].done():
                message[2].set_exception(Unknown("the simulated venue was closed"))
        self._in_flight.clear()

    def restore(self, orders: Iterable[Order]) -> None:
        """Take up what the daemon remembers: fills into the ledger, live orders at the back of the queue."""
        for order in orders:
            first = order.first
            for trade in order.fills.counted:
                self.ledger.record(Execution(account=first.account, symbol=first.symbol, side=first.side, trade=trade))
            self.matching.restore(order, self._clock.now_ns())
            if not order.is_done:
                self._show(first.symbol)

    def attach_account(self, account: str) -> Mailbox[ExecReport | StreamGap]:
        """Return where the reports of an account arrive; the same each time."""
        if account not in self._reports:
            gap = StreamGap(now_ns=0, account=account, stream="reports", text="more reports than are kept")
            self._reports[account] = Mailbox(gap)
        return self._reports[account]

    def attach_feed(self, symbols: dict[str, None]) -> Mailbox[FeedItem]:
        """Return where ticks of `symbols` arrive; the caller adds to them."""
        gap = StreamGap(now_ns=0, account="", stream="quotes", text="more ticks than are kept")
        mailbox: Mailbox[FeedItem] = Mailbox(gap)
        self._feeds.append((symbols, mailbox))
        return mailbox

    def detach_feed(self, mailbox: Mailbox[FeedItem]) -> None:
        """Send nothing more there."""
        self._feeds = [feed for feed in self._feeds if feed[1] is not mailbox]

    def subscribe(self, symbol: str, mailbox: Mailbox[FeedItem]) -> None:
        """Show a symbol, beginning with its standing quote where there is one."""
        self._show(symbol)
        standing = self.matching.quote_now(symbol)
        if standing is not None:
            mailbox.put(standing)

    def look(self, symbols: Iterable[str]) -> list[SymbolSeen]:
        """Return what is shown of some symbols now; one that the source does not have has neither quote nor print."""
        seen: list[SymbolSeen] = []
        for symbol in symbols:
            self._show(symbol)
            quote = self.matching.quote_now(symbol)
            shown = None if quote is None else replace(quote, source=QuoteSource.SNAPSHOT)
            last_px, last_ns = self._last.get(symbol, (None, 0))
            seen.append(SymbolSeen(symbol=symbol, quote=shown, last_px=last_px, last_ns=last_ns))
        return seen

    def send(self, request: Request) -> None:
        """Put a request on its way. Raises Refused where the venue is not open or too much is on its way."""
        self._check_open()
        if isinstance(request, NewOrder):
            self._show(request.symbol)
        self._dispatch(request.account, request.cl_ord_id, request)

    async def find(self, account: str, cl_ord_id: str) -> OrderSnapshot | None:
        """Ask about an order behind everything sent before; so "no such order" is the whole truth. Raises Unknown."""
        try:
            self._check_open()
        except Refused as error:
            raise Unknown(str(error)) from error
        answer: asyncio.Future[OrderSnapshot | None] = asyncio.get_running_loop().create_future()
        self._dispatch(account, cl_ord_id, (account, cl_ord_id, answer))
        return await answer

    async def snapshot(self, account: str, since_ns: int, ledger: Ledger | None = None) -> AccountSnapshot:
        """Return what an account holds, behind everything sent before; by another ledger where one is kept elsewhere.

        Raises Unknown.
        """
        await self.find(account, "")
        books = ledger if ledger is not None else self.ledger
        return snapshot_of(self.matching, books, account, since_ns=since_ns, now_ns=self._clock.now_ns())

    def report(self, account: str, report: ExecReport) -> None:
        """Tell an account what the venue's desk did to an order of its own accord."""
        self._deliver(account, [report])

    def _check_open(self) -> None:
        if not self._tasks:
            raise Refused("the simulated venue is not open")
        if len(self._in_flight) >= IN_FLIGHT_MAX:
            raise Refused(f"{IN_FLIGHT_MAX} requests are on their way")

    def _dispatch(self, account: str, cl_ord_id: str, message: Request | Lookup) -> None:
        # First in, first out per account: jitter never lets a cancel arrive before its order.
        acts_ns = self._latency.acts_at(cl_ord_id, self._clock.now_ns())
        acts_ns = max(acts_ns, self._last_acts_ns.get(account, 0))
        self._last_acts_ns[account] = acts_ns
        self._sent_n += 1
        heapq.heappush(self._in_flight, (acts_ns, self._sent_n, message))
        self._wakes.set()

    async def _carry(self) -> None:
        """Let each request act at its instant."""
        while True:
            self._wakes.clear()
            now_ns = self._clock.now_ns()
            while self._in_flight and self._in_flight[0][0] <= now_ns:
                self._act(heapq.heappop(self._in_flight)[2], now_ns)
            delay_s = (self._in_flight[0][0] - now_ns) / NS_PER_S if self._in_flight else None
            await _first_of(self._wakes, delay_s)

    def _act(self, message: Request | Lookup, now_ns: int) -> None:
        match message:
            case NewOrder():
                self._deliver(message.account, self.matching.submit(message, now_ns))
            case CancelRequest():
                self._deliver(message.account, self.matching.cancel(message, now_ns))
            case ReplaceRequest():
                self._deliver(message.account, self.matching.replace(message, now_ns))
            case (account, cl_ord_id, answer):
                if not answer.done():
                    answer.set_result(self.matching.find(account, cl_ord_id))
            case _:
                assert_never(message)

    async def _play(self) -> None:
        """Show the source's ticks at their instants; the end of a source is the end of its day."""
        begin_ns = self._clock.now_ns()
        n = 0
        while not self._is_over:
            self._grows.clear()
            for since_ns, tick in self._source.ticks():
                at_ns = begin_ns + int(since_ns / self._speed)
                if (late_ns := self._clock.now_ns() - at_ns) > LATE_NS_MAX:
                    begin_ns, at_ns = begin_ns + late_ns, at_ns + late_ns
                await self._until(at_ns)
                self._tell(at_instant(tick, at_ns))
                n += 1
                if n % TICKS_PER_BREATH == 0:
                    await asyncio.sleep(0)
            if n:
                self._is_over = True
                self._deliver_all(self.matching.end_day(self._clock.now_ns()))
            else:
                await self._grows.wait()

    async def _until(self, at_ns: int) -> None:
        """Return at `at_ns`, at once where it is past; a sleep may end a little early, so look again."""
        while (ahead_ns := at_ns - self._clock.now_ns()) > 0:  # noqa: ASYNC110  # It waits for time, not for an event.
            await asyncio.sleep(ahead_ns / NS_PER_S)

    def _tell(self, tick: Tick) -> None:
        now_ns = self._clock.now_ns()
        match tick:
            case Quote():
                self._deliver_all(self.matching.on_quote(tick, now_ns))
            case Prints():
                self._last[tick.symbol] = (tick.last_px, tick.to_ns)
                self._deliver_all(self.matching.on_print(tick.symbol, tick.last_px, tick.volume, now_ns))
            case Halt():
                self._deliver_all(self.matching.on_halt(tick, now_ns))
            case _:
                assert_never(tick)
        for symbols, mailbox in self._feeds:
            if tick.symbol in symbols:
                mailbox.put(tick)

    async def _live(self) -> None:
        """Say once a second that quotes are as fresh as now, for as long as the market goes on."""
        while not self._is_over:
            for _, mailbox in self._feeds:
                mailbox.put(StreamAlive(now_ns=self._clock.now_ns()))
            await asyncio.sleep(ALIVE_S)

    def _show(self, symbol: str) -> None:
        """Let the source show a symbol."""
        quote = self._source.ensure(symbol)
        if quote is not None and self.matching.quote_now(symbol) is None:
            self._tell(at_instant(quote, self._clock.now_ns()))
        self._grows.set()

    def _deliver_all(self, reports: list[ExecReport]) -> None:
        for report in reports:
            account = self.matching.account_of(report.cl_ord_id)
            if account is not None:
                self._deliver(account, [report])

    def _deliver(self, account: str, reports: list[ExecReport]) -> None:
        if self._keep is not None:
            for report in reports:
                self._keep(account, report, self.matching.known(report.cl_ord_id))
            return
        mailbox = self.attach_account(account)
        for report in reports:
            if isinstance(report, TradeCanceled | TradeCorrected):
                self.ledger.undo(report.exec_ref_id)
            trade = report.trade if isinstance(report, TradeCorrected) else report
            if isinstance(trade, Trade):
                self._book(account, trade)
            mailbox.put(report)

    def _book(self, account: str, trade: Trade) -> None:
        order = self.matching.order_of(trade.cl_ord_id)
        self.ledger.record(Execution(account=account, symbol=order.symbol, side=order.side, trade=trade))

    def _on_task_done(self, task: "asyncio.Task[None]") -> None:
        """Hand an exception of a task, which is a bug or a broken tape, to everybody who listens."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            for reports in self._reports.values():
                reports.fail(error)
            for _, ticks in self._feeds:
                ticks.fail(error)


async def _first_of(event: asyncio.Event, delay_s: float | None) -> None:
    """Return when the event is set or the time is over; None waits for the event alone."""
    try:
        async with asyncio.timeout(delay_s):
            await event.wait()
    except TimeoutError:
        return
