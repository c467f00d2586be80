"""The tasks `listener.quotes` and `listener.reports`: what streams say becomes events.

They are edges: when a stream ends or fails the supervisor starts them again,
and before that announces a gap, because what was said meanwhile is lost.
Quotes go through the conflating buffer, everything else straight to the pump.
"""

import asyncio
from typing import Final, assert_never

from execd.core.events import HaltReceived, ReportReceived, StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote
from execd.errors import BrokerError
from execd.ports import Broker, Clock, Feed
from execd.runtime.pump import REPORTS_MAX, Pump

TICKS_PER_BREATH: Final = 256
"""A stream that is never empty still lets the other tasks run after so many ticks."""


class StreamEndedError(BrokerError):
    """A stream that should never end has ended."""


class QuoteListener:
    """Subscriptions and ticks of the feed."""

    def __init__(self, *, feed: Feed, pump: Pump, clock: Clock) -> None:
        """Begin with no symbol."""
        self.symbols: dict[str, None] = {}
        self._feed = feed
        self._pump = pump
        self._clock = clock
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
        """Listen until the stream ends or fails."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask())
                group.create_task(self._listen())
        except* BrokerError as errors:
            raise StreamEndedError("; ".join(str(error) for error in errors.exceptions)) from errors

    async def _ask(self) -> None:
        asked: dict[str, None] = {}
        while True:
            self._wanted.clear()
            fresh = [symbol for symbol in self.symbols if symbol not in asked]
            if fresh:
                await self._feed.subscribe(fresh)
                asked.update(dict.fromkeys(fresh))
            await self._wanted.wait()

    async def _listen(self) -> None:
        n = 0
        async for tick in self._feed.ticks():
            self._take(tick)
            n += 1
            if n % TICKS_PER_BREATH == 0:
                await asyncio.sleep(0)
        raise StreamEndedError("the quote stream ended")

    def _take(self, tick: Quote | Prints | Halt | StreamAlive | StreamGap) -> None:
        match tick:
            case Quote():
                self._pump.market.add_quote(tick)
                self._pump.nudge()
            case Prints():
                self._pump.market.add_prints(tick)
                self._pump.nudge()
            case Halt():
                self._pump.post(HaltReceived(now_ns=self._clock.now_ns(), halt=tick))
            case StreamAlive():
                self._pump.post(StreamAlive(now_ns=self._clock.now_ns()))
            case StreamGap(text=text):
                self.announce(text)
            case _:
                assert_never(tick)


class ReportListener:
    """Execution reports of one account."""

    def __init__(self, *, broker: Broker, pump: Pump, clock: Clock) -> None:
        """Listen to `broker`."""
        self._broker = broker
        self._pump = pump
        self._clock = clock

    def announce(self, text: str) -> None:
        """Say that reports may have been missed: what is open must be asked about."""
        self._pump.post(
            StreamGap(now_ns=self._clock.now_ns(), account=self._broker.account, stream="reports", text=text)
        )

    async def run(self) -> None:
        """Listen until the stream ends, fails, or says more than the engine can take in."""
        n = 0
        async for report in self._broker.reports():
            n += 1
            if n % TICKS_PER_BREATH == 0:
                await asyncio.sleep(0)
            if isinstance(report, StreamGap):
                self.announce(report.text)
            else:
                self._pump.post(
                    ReportReceived(now_ns=self._clock.now_ns(), account=self._broker.account, report=report)
                )
            if self._pump.waiting_n >= REPORTS_MAX:
                raise StreamEndedError(f"{REPORTS_MAX} events wait for the engine")
        raise StreamEndedError("the report stream ended")
