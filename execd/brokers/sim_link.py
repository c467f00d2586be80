"""One connection to the venue's process, as its clients hold it.

It numbers requests and brings their answers back, counts reports, and notices
silence. A request that was surely not written is NotSent, one that was written
and not answered when the connection ended is Unknown. It never connects again
and never asks twice: who owns it begins a new one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, assert_never

from execd.core.market import SymbolSeen
from execd.core.orders import Request
from execd.core.reports import ExecReport, OrderSnapshot
from execd.core.snapshot import AccountSnapshot
from execd.errors import BrokerError, NotSent, RateLimited, Refused, Unauthorized, Unknown, VenueError
from execd.venue.door import reachable
from execd.venue.line import Line, LineClosed
from execd.venue.snapshot import joined
from execd.venue.wire import (
    Adopt,
    Alive,
    Answer,
    Ask,
    ClearFaults,
    Do,
    Failed,
    Find,
    Found,
    FromClient,
    Goodbye,
    Hello,
    Look,
    Looked,
    NotTaken,
    Report,
    SetFault,
    Skip,
    Stop,
    Survey,
    Surveyed,
    Taken,
    Tick,
    Ticks,
    Want,
    Welcome,
    from_venue,
)

SILENT_S_MAX: Final = 5.0
"""The venue says once a second that it is there; one that has not for so long is as good as gone."""
LOOK_S: Final = 1.0
MISSING_S_MAX: Final = 2.0
"""A report that others have overtaken may come late; then the connection is not to be trusted."""
WELCOME_S_MAX: Final = 10.0
WAITING_MAX: Final = 100_000
"""Reports or ticks that wait for the daemon; one that is further behind begins anew."""


class LinkLost(BrokerError):
    """The connection to the venue is over; what was said meanwhile can be asked for."""


class NobodyThereError(LinkLost):
    """No venue listens there."""


class Link:
    """One connection. Use `connect`; `welcome` is what the venue answered."""

    def __init__(self) -> None:
        self.welcome: Welcome | None = None
        self.lost = ""
        self.seq = 0
        self._missing: dict[int, float] = {}
        self._greeted: asyncio.Future[Welcome] = asyncio.get_running_loop().create_future()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._rid = 0
        self._pages: dict[int, list[AccountSnapshot]] = {}
        self._reports: deque[ExecReport | tuple[asyncio.Future[Any], object]] = deque()
        self._ticks: deque[Tick] = deque()
        self._grows = asyncio.Event()
        self._heard_s = asyncio.get_running_loop().time()
        self._line = Line(self._on_frame, self._on_lost)
        self._looking: asyncio.TimerHandle | None = None

    @classmethod
    async def connect(cls, path: Path, hello: Hello) -> "Link":
        """Return a link that was welcomed. Raises LinkLost where nobody is there, VenueError where we are refused."""
        link = cls()
        loop = asyncio.get_running_loop()
        try:
            with reachable(path) as name:
                await loop.create_unix_connection(lambda: link._line, name)
        except OSError as error:
            raise NobodyThereError(f"no venue answers at {path}: {error.strerror or error}") from error
        link._look()
        try:
            link._line.send(hello)
            async with asyncio.timeout(WELCOME_S_MAX):
                await link._greeted
        except (TimeoutError, LineClosed) as error:
            link.close()
            raise LinkLost(f"the venue at {path} did not answer within {WELCOME_S_MAX:g} s") from error
        except BaseException:  # Whatever it was, the connection must not stay open.
            link.close()
            raise
        return link

    def close(self) -> None:
        """End the connection."""
        self._greeted.cancel()
        self._line.cut("we closed it")

    def hang_up(self, text: str) -> None:
        """End the connection, because it is not to be believed; what it brought is still read."""
        self._line.cut(f"we hung up: {text}")

    @property
    def is_over(self) -> bool:
        """Whether it is lost, and everything it brought has been read."""
        return bool(self.lost) and not self._reports and not self._ticks

    async def do(self, request: Request) -> None:
        """Send a request, and return once it is on its way there. Raises NotSent, Refused, or Unknown."""
        await self._ask(lambda rid: Do(rid=rid, request=request))

    async def find(self, cl_ord_id: str) -> OrderSnapshot | None:
        """Return what the ledger holds of an order. Raises Unknown."""
        try:
            seen: OrderSnapshot | None = await self._ask(lambda rid: Find(rid=rid, cl_ord_id=cl_ord_id))
        except Refused as error:
            raise Unknown(str(error)) from error
        return seen

    async def survey(self, since_ns: int) -> AccountSnapshot:
        """Return what the account holds at one instant. Raises Unknown."""
        parts: list[AccountSnapshot] = []
        try:
            await self._ask(lambda rid: self._gathering(rid, since_ns, parts))
        except Refused as error:
            raise Unknown(str(error)) from error
        finally:
            self._pages = {rid: some for rid, some in self._pages.items() if some is not parts}
        return joined(parts)

    def _gathering(self, rid: int, since_ns: int, parts: list[AccountSnapshot]) -> Survey:
        self._pages[rid] = parts
        return Survey(rid=rid, since_ns=since_ns)

    async def adopt(self, make: Callable[[int], Adopt]) -> None:
        """Tell a venue without a ledger what is remembered. Raises Refused, or Unknown."""
        await self._ask(make)

    async def command(self, make: Callable[[int], SetFault | ClearFaults | Stop]) -> None:
        """Follow an operator's word. Raises Refused with the reason, or Unknown."""
        await self._ask(make)

    async def rows(self, make: Callable[[int], Ask]) -> bytes:
        """Return the answer to a question of people, as JSON. Raises Refused, or Unknown."""
        answer: bytes = await self._ask(make)
        return answer

    async def look(self, symbols: tuple[str, ...]) -> tuple[SymbolSeen, ...]:
        """Return what some symbols show now. Raises BrokerError."""
        seen: tuple[SymbolSeen, ...] = await self._ask(lambda rid: Look(rid=rid, symbols=symbols))
        return seen

    def want(self, symbols: tuple[str, ...]) -> None:
        """Ask for more symbols. Raises LinkLost."""
        try:
            self._line.send(Want(symbols=symbols))
        except LineClosed as error:
            raise LinkLost(str(error)) from error

    async def reports(self) -> AsyncIterator[ExecReport]:
        """Yield reports as they come; a second listener goes on where the first one stopped. Raises LinkLost."""
        while True:
            while self._reports:
                item = self._reports.popleft()
                if isinstance(item, tuple):
                    _answer(*item)
                else:
                    yield item
            await self._more()

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield what the market shows. Raises LinkLost."""
        while True:
            while self._ticks:
                yield self._ticks.popleft()
            await self._more()

    async def _more(self) -> None:
        if self.lost:
            raise LinkLost(self.lost)
        self._grows.clear()
        await self._grows.wait()

    async def _ask(self, make: Callable[[int], FromClient]) -> Any:  # noqa: ANN401  # Each question has its own answer.
        self._rid += 1
        rid = self._rid
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[rid] = answer
        try:
            self._line.send(make(rid))
            return await answer
        except LineClosed as error:
            raise NotSent(f"not sent: {error}") from error
        finally:
            self._asked.pop(rid, None)

    def _on_frame(self, body: bytes) -> None:
        message = from_venue(body)
        self._heard_s = asyncio.get_running_loop().time()
        match message:
            case Report(seq=seq, report=report):
                self._count(seq)
                self._reports.append(report)
                self._has_grown(len(self._reports))
            case Skip(seq=seq):
                self._count(seq)
            case Ticks(ticks=ticks):
                self._ticks.extend(ticks)
                self._has_grown(len(self._ticks))
            case Alive(seq=seq):
                if seq > self.seq:
                    self._line.cut(f"report {seq} was not told, {self.seq} was the last")
            case Taken(rid=rid):
                _answer(self._asked.get(rid), None)
            case NotTaken():
                _fail(self._asked.get(message.rid), _refused(message))
            case Failed(rid=rid, text=text):
                _fail(self._asked.get(rid), Unknown(text))
            case Found(rid=rid, seen=seen):
                self._on_found(self._asked.get(rid), seen)
            case Looked(rid=rid, seen=shown):
                _answer(self._asked.get(rid), shown)
            case Surveyed(rid=rid, part=part, is_last=is_last):
                self._pages.get(rid, []).append(part)
                if is_last:
                    self._on_found(self._asked.get(rid), None)
            case Answer(rid=rid, rows=rows):
                _answer(self._asked.get(rid), bytes(rows))
            case Welcome(seq=seq):
                # At once: the first reports may stand in the same bytes.
                self.welcome, self.seq = message, seq
                _answer(self._greeted, message)
            case Goodbye(code=code, text=text):
                _fail(self._greeted, VenueError(text) if code == "version" else LinkLost(text))
                self._line.cut(text)
            case _:
                assert_never(message)

    def _on_found(self, asked: "asyncio.Future[Any] | None", seen: object) -> None:
        # The answer rests on the reports before it: whoever hears of it has heard those.
        if asked is not None and self._reports:
            self._reports.append((asked, seen))
        else:
            _answer(asked, seen)

    def _count(self, seq: int) -> None:
        """Take note of a report's number: in turn, again, overtaken, or overtaking."""
        now_s = self._heard_s
        self._missing.pop(seq, None)
        for number in range(self.seq + 1, min(seq, self.seq + 1 + WAITING_MAX)):
            self._missing[number] = now_s
        self.seq = max(self.seq, seq)

    def _has_grown(self, waiting_n: int) -> None:
        self._grows.set()
        if waiting_n > WAITING_MAX:
            # What is here is still read; what would have come is told again to the next connection.
            self._line.cut(f"more than {WAITING_MAX} messages of the venue wait for execd")

    def _look(self) -> None:
        """Look whether the venue is still there, and every number with it."""
        now_s = asyncio.get_running_loop().time()
        if self.lost:
            return
        if now_s - self._heard_s > SILENT_S_MAX:
            self._line.cut(f"the venue has said nothing for {SILENT_S_MAX:g} s")
        elif self._missing and now_s - min(self._missing.values()) > MISSING_S_MAX:
            self._line.cut(f"report {min(self._missing)} was not told")
        self._looking = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    @property
    def heard_seq(self) -> int:
        """The number up to which no report is missing; what came after it should be told again."""
        return min(self._missing, default=self.seq + 1) - 1

    def _on_lost(self, why: str) -> None:
        self.lost = why or "the connection is over"
        if self._looking is not None:
            self._looking.cancel()
        _fail(self._greeted, LinkLost(self.lost))
        waiting = [item[0] for item in self._reports if isinstance(item, tuple)]
        for asked in [*self._asked.values(), *waiting]:
            _fail(asked, Unknown(f"the connection to the venue ended: {self.lost}"))
        self._grows.set()


def _refused(message: NotTaken) -> Refused:
    match message.code:
        case "rate_limited":
            return RateLimited(message.text, until_ns=message.until_ns)
        case "unauthorized":
            return Unauthorized(message.text)
        case "":
            return Refused(message.text)
        case _:
            assert_never(message.code)


def _answer(asked: "asyncio.Future[Any] | None", answer: object) -> None:
    if asked is not None and not asked.done():
        asked.set_result(answer)


def _fail(asked: "asyncio.Future[Any] | None", error: BaseException) -> None:
    if asked is not None and not asked.done():
        asked.set_exception(error)
