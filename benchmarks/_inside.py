"""`execd run` in this process, between a broker and a feed of the benchmark's own.

Everything is the real thing (inbox, pump, engine, journal, sender, timers, surface) but the two ends: `Double` takes
requests, acknowledges them, and writes down when; `Told` and `Frames` are
feeds. `Probe` tells from outside how long the loop keeps people waiting.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, Self
from unittest import mock

from msgspec.structs import replace

from benchmarks._daemon import environment
from execd.app import Daemon
from execd.cli.main import main
from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Quote, SymbolSeen
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import Accepted, Canceled, ExecReport, OrderSnapshot, Rejected, Replaced
from execd.core.snapshot import AccountSnapshot
from execd.markets import Market
from execd.ports import BrokerLimits, FeedLimits
from execd.venue.line import Line
from execd.venue.mailbox import Mailbox
from execd.venue.wire import Tick, Ticks, from_venue

ACCOUNT: Final = "sim"
ALIVE_S: Final = 0.5
REST_S_MAX: Final = 60
PROBE_S: Final = 0.002
PROBE: Final = """
import os, sys, time
try:
    while True:
        os.write(1, time.monotonic_ns().to_bytes(8, "little"))
        time.sleep(float(sys.argv[1]))
except OSError:
    pass
"""
LAG_TARGET_MS: Final = 10.0


class Double:
    """A broker that acknowledges at once and lets everything rest (`ports.Broker`)."""

    def __init__(self) -> None:
        self.account = ACCOUNT
        self.identity = "double"
        self.limits = BrokerLimits(lookups_are_final=True)
        self.handed_ns: dict[str, int] = {}
        self.latest: dict[str, NewOrder] = {}
        """The newest order of each parent."""
        self.came = asyncio.Event()
        self._mailbox: Mailbox[ExecReport | StreamGap] = Mailbox(
            StreamGap(now_ns=0, account=ACCOUNT, stream="reports", text="too many")
        )

    async def rests(self, orders_n: int) -> None:
        """Return once the orders of so many parents have come, and a moment more for what follows them."""
        async with asyncio.timeout(REST_S_MAX):
            while len(self.latest) < orders_n:
                self.came.clear()
                await self.came.wait()
        await asyncio.sleep(2)

    async def start(self) -> None:
        """Be there."""

    async def take_up(self) -> None:
        """Be ready."""

    async def submit(self, request: NewOrder) -> Accepted | Rejected | None:
        """Take an order; it rests."""
        self.handed_ns[request.cl_ord_id] = time.perf_counter_ns()
        self.latest[request.parent_id] = request
        self.came.set()
        now_ns = time.time_ns()
        self.say(Accepted(cl_ord_id=request.cl_ord_id, order_id=f"D-{request.cl_ord_id}", transact_ns=now_ns))
        return None

    async def cancel(self, request: CancelRequest, order_id: str) -> None:
        """Cancel at once."""
        self.handed_ns[request.cl_ord_id] = time.perf_counter_ns()
        self.say(Canceled(cl_ord_id=request.cl_ord_id, order_id=order_id, transact_ns=time.time_ns()))

    async def replace(self, request: ReplaceRequest, order_id: str) -> None:
        """Replace at once."""
        self.handed_ns[request.cl_ord_id] = time.perf_counter_ns()
        self.say(
            Replaced(
                cl_ord_id=request.cl_ord_id,
                orig_cl_ord_id=request.orig_cl_ord_id,
                order_id=order_id,
                transact_ns=time.time_ns(),
                order_qty=request.order_qty,
                price=request.price,
            )
        )

    def say(self, report: ExecReport) -> None:
        """Report something."""
        self._mailbox.put(report)

    def drop(self, request: NewOrder) -> int:
        """Cancel an order that nobody asked to cancel; return the instant."""
        said_ns = time.perf_counter_ns()
        canceled = Canceled(cl_ord_id=request.cl_ord_id, order_id=f"D-{request.cl_ord_id}", transact_ns=time.time_ns())
        self.say(canceled)
        return said_ns

    def reports(self) -> AsyncIterator[ExecReport | StreamGap]:
        """Yield reports as they come."""
        return self._mailbox.items()

    async def find(self, cl_ord_id: str) -> OrderSnapshot | None:
        """Know of nothing."""
        return None

    async def snapshot(self, since_ns: int) -> AccountSnapshot:
        """Say that the newest order of each parent rests, and that nothing was traded."""
        orders = tuple(
            OrderSnapshot(
                cl_ord_id=one.cl_ord_id,
                order_id=f"D-{one.cl_ord_id}",
                symbol=one.symbol,
                order_qty=one.order_qty,
                cum_qty=Decimal(0),
                avg_px=Decimal(0),
                is_live=True,
                transact_ns=since_ns,
            )
            for one in self.latest.values()
        )
        return AccountSnapshot(
            account=ACCOUNT, since_ns=since_ns, asked_ns=0, read_ns=0, orders=orders, trades=(), positions={}
        )

    def hang_up(self, text: str) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Leave."""


class Told:
    """A feed that says what it is told to say, and once in a while that it is alive (`ports.Feed`)."""

    limits = FeedLimits()

    def __init__(self) -> None:
        self._mailbox: Mailbox[Tick] = Mailbox(StreamGap(now_ns=0, account="", stream="quotes", text="too many"))

    def say(self, quotes: Iterable[Quote]) -> None:
        """Say these quotes."""
        for quote in quotes:
            self._mailbox.put(quote)

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Hear everything anyway."""

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield what is said."""
        lives = asyncio.create_task(self._live())
        try:
            async for tick in self._mailbox.items():
                yield tick
        finally:
            lives.cancel()

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Know nothing but what is said."""
        return ()

    def hang_up(self, text: str) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Hear nothing more."""

    async def _live(self) -> None:
        while True:
            self._mailbox.put(StreamAlive(now_ns=time.time_ns()))
            await asyncio.sleep(ALIVE_S)


class Frames:
    """A feed that reads frames of ticks from sockets (`ports.Feed`), decoded and stamped as from the remote venue."""

    limits = FeedLimits()

    def __init__(self) -> None:
        self.began = asyncio.Event()
        """Set when the first frame of a socket has come."""
        self.heard_n = 0
        self.first_s = 0.0
        self.last_s = 0.0
        self._ticks: list[Tick] = []
        self._grows = asyncio.Event()

    async def hear(self, end: socket.socket) -> asyncio.Event:
        """Listen to a socket, too; the event is set when the other side has ended it."""
        is_over = asyncio.Event()
        line = Line(self._on_frame, lambda _why: is_over.set())
        self.heard_n = 0
        self.began.clear()
        await asyncio.get_running_loop().create_unix_connection(lambda: line, sock=end)
        return is_over

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Hear everything anyway."""

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield what comes."""
        while True:
            self._grows.clear()
            ticks, self._ticks = self._ticks, []
            for tick in ticks:
                yield replace(tick, received_ns=time.time_ns()) if isinstance(tick, Quote) else tick
            if not self._ticks:
                await self._grows.wait()

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Know nothing but what is said."""
        return ()

    def hang_up(self, text: str) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Hear nothing more."""

    def _on_frame(self, body: bytes) -> None:
        message = from_venue(body)
        assert isinstance(message, Ticks)
        self.last_s = time.perf_counter()
        self.first_s = self.first_s if self.heard_n else self.last_s
        self.began.set()
        self.heard_n += len(message.ticks)
        self._ticks.extend(message.ticks)
        self._grows.set()


class Probe:
    """How long a byte from outside waits until the loop takes it, in milliseconds; one every other millisecond.

    `turn_ms` is the CPU time of what the loop had to do next each time: on a busy machine the lag is also the time in
    which somebody else had the processor, and this is what is ours.
    """

    def __init__(self) -> None:
        self.lag_ms: list[float] = []
        self.turn_ms: list[float] = []
        self._ours, theirs = socket.socketpair()
        self._ours.settimeout(0)
        self._process = subprocess.Popen([sys.executable, "-c", PROBE, str(PROBE_S)], stdout=theirs.fileno())
        theirs.close()

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._ours, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        self._ours.close()
        self._process.wait()

    def _take(self) -> None:
        told = self._ours.recv(1 << 16)
        now_ns = time.monotonic_ns()
        for at in range(0, len(told), 8):
            self.lag_ms.append((now_ns - int.from_bytes(told[at : at + 8], "little")) / 1e6)
        asyncio.get_running_loop().call_soon(self._turned, time.thread_time_ns())

    def _turned(self, begun_ns: int) -> None:
        self.turn_ms.append((time.thread_time_ns() - begun_ns) / 1e6)


def run_inside(
    root: Path,
    broker: Double,
    feed: Told | Frames,
    play: Callable[[Daemon], Coroutine[None, None, None]],
    more: Mapping[str, str] | None = None,
) -> None:
    """Run `execd run` between `broker` and `feed` until `play` has ended; its log goes beside `root`."""
    failed: list[BaseException] = []
    played: list[asyncio.Task[None]] = []

    def on_end(task: asyncio.Task[None]) -> None:
        if (error := task.exception()) is not None:
            failed.append(error)
        os.kill(os.getpid(), signal.SIGTERM)

    def on_ready(*parts: object) -> None:
        daemon = next(part for part in parts if isinstance(part, Daemon))
        task = asyncio.get_running_loop().create_task(play(daemon))
        task.add_done_callback(on_end)
        played.append(task)

    market = Market(brokers={ACCOUNT: broker}, feed=feed)
    log = root.with_name(f"{root.name}.log")
    with (
        mock.patch("execd.app.open_market", return_value=market),
        mock.patch("execd.cli.run._greet", on_ready),
        mock.patch.dict(os.environ, environment(more or {}), clear=True),
        errors_into(log),
    ):
        code = main(["run", "--state-dir", str(root)])
    if failed:
        raise failed[0]
    if code:
        raise SystemExit(f"the daemon ended with {code}:\n{log.read_text()[-2_000:]}")


@contextmanager
def errors_into(path: Path) -> Iterator[None]:
    """Let standard error, where the log goes, be a file."""
    kept = os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def writer(arguments: list[str]) -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    """Start a program of ours that writes frames to its standard output; return our end and the process."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen([sys.executable, *arguments], stdout=theirs.fileno())
    theirs.close()
    return ours, process
