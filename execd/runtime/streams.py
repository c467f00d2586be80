"""The tasks `listener.quotes` and `listener.reports`: what streams say becomes events.

They are edges: when a stream ends, fails or is not to be believed, the
supervisor starts them again, and before that announces a gap, because what was
said meanwhile is lost. Quotes go through the conflating buffer, everything
else straight to the pump. When a stream is stale says `staleness` (quotes) or
the engine (`DoubtStream`: what it found by asking the stream had not told).
"""

import asyncio
from collections.abc import Callable
from typing import Final, assert_never

from execd.core.events import HaltReceived, ReportReceived, StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote
from execd.errors import BrokerError
from execd.ports import Broker, Clock, Feed
from execd.runtime.arrivals import Arrivals
from execd.runtime.pump import REPORTS_MAX, Pump
from execd.runtime.staleness import Staleness
from execd.runtime.supervisor import together

TICKS_PER_BREATH: Final = 256
"""A stream that is never empty still lets the other tasks run after so many ticks."""
LOOK_S: Final = 1.0
SLEPT_S: Final = 5.0
"""A look that comes so late was late itself: the machine or the process stood still, not the stream."""


class StreamEndedError(BrokerError):
    """A stream that should never end has ended."""


class QuoteListener:
    """Subscriptions and ticks of the feed."""

    def __init__(self, *, feed: Feed, pump: Pump, clock: Clock, is_open: Callable[[], bool] = lambda: True) -> None:
        """Begin with no symbol. `is_open`: whether what is subscribed is expected to tick."""
        self.symbols: dict[str, None] = {}
        self.staleness = Staleness()
        self._feed = feed
        self._pump = pump
        self._clock = clock
        self._is_open = is_open
        self._wanted = asyncio.Event()

    def subscribe(self, symbols: tuple[str, ...]) -> None:
        """Want these symbols too; the task asks the feed for them."""
        self.symbols.update(dict.fromkeys(symbols))
        self._wanted.set()

    def announce(self, text: str) -> None:
        """Say that nothing the quotes said is fresh any more."""
        self._pump.market.forget()
        self._pump.post(StreamGap(now_ns=self._clock.now_ns(), account="", stream="quotes", text=text))

    async def run(self) -> None:
        """Listen until the stream ends, fails or is stale."""
        await together(self._ask(), self._listen(), self._doubt())

    async def _ask(self) -> None:
        asked: dict[str, None] = {}
        while True:
            self._wanted.clear()
            fresh = [symbol for symbol in self.symbols if symbol not in asked]
            if fresh:
                await self._feed.subscribe(fresh)
                asked.update(dict.fromkeys(fresh))
                for symbol in fresh:
                    self.staleness.ask(symbol, _now_s())
            await self._wanted.wait()

    async def _listen(self) -> None:
        n = 0
        async for tick in self._feed.ticks():
            self._take(tick)
            n += 1
            if n % TICKS_PER_BREATH == 0:
                await asyncio.sleep(0)
        raise StreamEndedError("the quote stream ended")

    async def _doubt(self) -> None:
        """Look whether the stream is to be believed; hang up where it is not."""
        self.staleness.begin(_now_s(), tuple(self.symbols))
        while True:
            due_s = _now_s() + LOOK_S
            await asyncio.sleep(LOOK_S)
            if _now_s() - due_s > SLEPT_S:
                self.staleness.begin(_now_s(), tuple(self.symbols))
            elif problem := self.staleness.problem(_now_s(), is_open=self._is_open()):
                self._feed.hang_up(problem)
                raise StreamEndedError(f"stale: {problem}")

    def _take(self, tick: Quote | Prints | Halt | StreamAlive | StreamGap) -> None:
        match tick:
            case Quote():
                self.staleness.tick(tick.symbol, _now_s())
                self._pump.market.add_quote(tick)
                self._pump.nudge()
            case Prints():
                self.staleness.tick(tick.symbol, _now_s())
                self._pump.market.add_prints(tick)
                self._pump.nudge()
            case Halt():
                self.staleness.tick(tick.symbol, _now_s(), is_halted=tick.is_halted)
                self._pump.post(HaltReceived(now_ns=self._clock.now_ns(), halt=tick))
            case StreamAlive():
                self.staleness.alive(_now_s())
                self._pump.post(StreamAlive(now_ns=self._clock.now_ns()))
            case StreamGap(text=text):
                self.announce(text)
            case _:
                assert_never(tick)


class ReportListener:
    """Execution reports of one account."""

    def __init__(
        self, *, broker: Broker, pump: Pump, clock: Clock, arrivals: Arrivals | None = None, is_heard: bool = True
    ) -> None:
        """Listen to `broker`. `arrivals` holds back what is early; not `is_heard`: the account is polled instead."""
        self._broker = broker
        self._pump = pump
        self._clock = clock
        self._hear = pump.post if arrivals is None else arrivals.hear
        self._is_heard = is_heard
        self._doubted = asyncio.Event()
        self._doubt_text = ""

    def announce(self, text: str) -> None:
        """Say that reports may have been missed: what is open must be asked about."""
        self._pump.post(
            StreamGap(now_ns=self._clock.now_ns(), account=self._broker.account, stream="reports", text=text)
        )

    def doubt(self, text: str) -> None:
        """Hang up and begin anew: the stream has not told what it should have; one that is not heard need not."""
        if not self._is_heard:
            return
        self._doubt_text = text
        self._doubted.set()

    async def run(self) -> None:
        """Listen until the stream ends, fails, is doubted, or says more than the engine can take in."""
        self._doubted.clear()
        await together(self._listen(), self._end_where_doubted())

    async def _end_where_doubted(self) -> None:
        await self._doubted.wait()
        self._broker.hang_up(self._doubt_text)
        raise StreamEndedError(f"stale: {self._doubt_text}")

    async def _listen(self) -> None:
        n = 0
        async for report in self._broker.reports():
            n += 1
            if n % TICKS_PER_BREATH == 0:
                await asyncio.sleep(0)
            if isinstance(report, StreamGap):
                self.announce(report.text)
            elif self._is_heard:
                self._hear(ReportReceived(now_ns=self._clock.now_ns(), account=self._broker.account, report=report))
            if self._pump.waiting_n >= REPORTS_MAX:
                raise StreamEndedError(f"{REPORTS_MAX} events wait for the engine")
        raise StreamEndedError("the report stream ended")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
