"""One connection to the venue: what a client says, and what is done.

A trading client has one account, a feed its symbols, and people ask. An order
of a client that is gone and that had not been taken in never arrives; so what
a later client is told of it is final. The faults of requests are done here.
"""

import asyncio
import os
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final, assert_never

import msgspec
from msgspec.structs import replace

from execd.core.order import Order
from execd.core.orders import NewOrder
from execd.core.reports import Rejected
from execd.errors import Refused, Unknown, VenueError
from execd.venue.failing import Failing
from execd.venue.faults import Fault, FaultName, ns_of
from execd.venue.hosting import House
from execd.venue.lane import Lane
from execd.venue.ledger import Execution
from execd.venue.line import Line, LineClosed
from execd.venue.snapshot import pages
from execd.venue.telling import Stream
from execd.venue.wire import (
    VERSION,
    Adopt,
    Alive,
    Answer,
    Ask,
    ClearFaults,
    Do,
    Find,
    Found,
    FromVenue,
    Goodbye,
    Hello,
    Look,
    Looked,
    NotTaken,
    SetFault,
    Stop,
    Survey,
    Surveyed,
    Taken,
    Ticks,
    Want,
    Welcome,
    WireError,
    Withdraw,
    from_client,
)

IN_USE_S_MAX: Final = 2.0
"""An account's client that died is gone by then; one that is still there keeps the account."""
TICKS_A_FRAME: Final = 256
HELD_FRAMES_MAX: Final = 50_000
"""What a hanging venue keeps for one client; beyond it the connection is cut."""
ADOPTED_MAX: Final = 50_000


class Session:
    """One connection, from its first word to its end."""

    def __init__(self, house: House) -> None:
        self.line = Line(self._on_frame, self._on_lost)
        self.hello: Hello | None = None
        self.stream: Stream | None = None
        self.ended = asyncio.Event()
        self._house = house
        self._symbols: dict[str, None] = {}
        self._feed = house.venue.attach_feed(self._symbols)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lane = Lane()
        self._failing = Failing(house, self.line, self.say)
        self._hanging: asyncio.TimerHandle | None = None
        self._held: list[FromVenue] | None = None
        self._adopted: list[Order] = []
        self._may_adopt = False
        self._since_ns = 0

    @property
    def account(self) -> str:
        """The account it trades; empty for others."""
        return self.hello.account if self.hello is not None and self.hello.kind == "trade" else ""

    def alive(self) -> None:
        """Say that the connection is up."""
        if self._held is None and self.hello is not None and self.hello.kind != "ask":
            is_live = self.stream is not None and self.stream.live.is_set()
            now_ns = self._house.clock.now_ns()
            self.say(self.stream.alive() if self.stream is not None and is_live else Alive(now_ns=now_ns))

    def say(self, message: FromVenue) -> None:
        """Write a frame, now or when the venue hangs no more; nobody there is no error."""
        if self._held is not None:
            self._held.append(message)
            if len(self._held) > HELD_FRAMES_MAX:
                self.line.cut("too much waits for a venue that hangs")
            return
        try:
            self.line.send(message)
        except LineClosed:
            return

    def hang(self, seconds: float) -> None:
        """Read nothing and say nothing for so long."""
        self.line.stop_reading()
        self._held = self._held if self._held is not None else []
        if self._hanging is not None:
            self._hanging.cancel()
        self._hanging = asyncio.get_running_loop().call_later(seconds, self.go_on)

    def replay(self) -> None:
        """Tell every report again that is kept."""
        if self.stream is not None:
            self._begin(self.stream.replay(self._house.keeper))

    def go_on(self) -> None:
        """Say what was held back, and read again."""
        held, self._held = self._held or [], None
        for message in held:
            self.say(message)
        self.line.go_on_reading()

    def _on_frame(self, body: bytes) -> None:
        message = from_client(body)
        if self.hello is None:
            if not isinstance(message, Hello):
                raise WireError("the first word must be Hello")
            self._greet(message)
            return
        match message:
            case Hello():
                raise WireError("Hello is said once")
            case Do() | Find() | Survey() | Adopt():
                if self.stream is None:
                    raise WireError("only a client that was welcomed to an account may trade")
                self._in_turn(message)
            case Want(symbols=symbols):
                for symbol in symbols:
                    self._house.venue.subscribe(symbol, self._feed)
                    self._symbols[symbol] = None
            case Look(rid=rid, symbols=symbols):
                self.say(Looked(rid=rid, seen=tuple(self._house.venue.look(symbols))))
            case Ask():
                self._begin(self._answer(message))
            case Withdraw(rid=rid, account=account, cl_ord_id=cl_ord_id):
                self._follow(rid, self._house.withdraw(account, cl_ord_id))
            case SetFault(rid=rid, fault=fault, for_s=for_s):
                until_ns = self._house.clock.now_ns() + ns_of(for_s) if for_s > 0 else 0
                self._follow(rid, self._house.switch(replace(fault, until_ns=until_ns)))
            case ClearFaults(rid=rid, name=name):
                self._house.faults.clear(name)
                if not name:
                    self._house.silence.clear()
                self._follow(rid, "")
            case Stop(rid=rid, is_forced=is_forced):
                self._follow(rid, self._house.stop(is_forced=is_forced))
            case _:
                assert_never(message)

    def _follow(self, rid: int, wrong: str) -> None:
        self.say(NotTaken(rid=rid, text=wrong) if wrong else Taken(rid=rid))

    def _greet(self, hello: Hello) -> None:
        if hello.version != VERSION:
            text = f"the venue speaks version {VERSION}, the client {hello.version}: stop the older one of the two"
            self._dismiss("version", text)
            return
        self.hello = hello
        self._failing.account = self.account
        if hello.kind != "ask" and (hung_s := self._house.hung_s(hello.account)) > 0:
            self.hang(hung_s)
        match hello.kind:
            case "trade":
                self._begin(self._open_account(hello))
            case "feed":
                self.say(Welcome(version=VERSION, pid=os.getpid(), spec=self._house.spec))
                self._begin(self._show())
            case "ask":
                self.say(Welcome(version=VERSION, pid=os.getpid(), spec=self._house.spec))
            case _:
                assert_never(hello.kind)

    async def _open_account(self, hello: Hello) -> None:
        house, account = self._house, hello.account
        # What the client before this one had written is taken in, or gone, before anything is said here.
        while (earlier := house.traders.get(account)) is not None:
            try:
                async with asyncio.timeout(IN_USE_S_MAX):
                    await earlier.ended.wait()
            except TimeoutError:
                pid = earlier.hello.pid if earlier.hello is not None else 0
                self._dismiss("in_use", f"account {account} is traded by another client (pid {pid})")
                return
        if not self.line.is_open:
            return
        house.traders[account] = self
        keeper = house.keeper
        await keeper.settled()
        since_seq, first_seq = await keeper.read(
            lambda file: (
                hello.since_seq if hello.since_seq is not None else file.seq_before(account, hello.since_ns),
                file.first_seq(account),
            )
        )
        last_seq = keeper.seq_of(account)
        begin_seq = min(max(since_seq, first_seq - 1, 0), last_seq)
        self._may_adopt = account not in keeper.accounts
        self._since_ns = keeper.accounts.get(account) or house.clock.now_ns()
        self.stream = Stream(
            account,
            say=self.say,
            garble=self.line.garble,
            faults=house.faults,
            silence=house.silence,
            clock=house.clock,
        )
        self.say(
            Welcome(
                version=VERSION,
                pid=os.getpid(),
                spec=house.spec,
                seq=begin_seq,
                since_ns=self._since_ns,
                is_new=self._may_adopt,
                is_gap=begin_seq != since_seq,
            )
        )
        try:
            await self.stream.catch_up(keeper, begin_seq, self.line.drained)
        except TimeoutError:
            self.line.cut("missed reports were not read in time")

    def _dismiss(self, code: str, text: str) -> None:
        self.say(Goodbye(code=code, text=text))
        self.line.finish()

    def _in_turn(self, message: Do | Find | Survey | Adopt) -> None:
        """Take what was said, unless it is lost on its way; what is delayed holds up everything behind it."""
        delay_s = 0.0
        if isinstance(message, Do):
            if self._failing.before(message):
                return
            if delay := self._hits("delay-request"):
                delay_s = delay.seconds
        elif isinstance(message, Find | Survey) and self._failing.asked(message):
            return
        self._lane.add(partial(self._take, message), delay_s)

    def _take(self, message: Do | Find | Survey | Adopt) -> None:
        match message:
            case Do():
                self._do(message)
            case Find():
                self._begin(self._find(message))
            case Survey():
                self._begin(self._survey(message))
            case Adopt():
                self._adopt(message)
            case _:
                assert_never(message)

    def _do(self, message: Do) -> None:
        house, request = self._house, message.request
        if request.account != self.account:
            self._follow(message.rid, f"this connection trades {self.account}, not {request.account}")
            return
        if isinstance(request, NewOrder):
            if reject := self._hits("reject"):
                now_ns = house.clock.now_ns()
                text = "the venue was told to reject it"
                rejected = Rejected(cl_ord_id=request.cl_ord_id, transact_ns=now_ns, code=reject.code, text=text)
                house.keeper.take(self.account, rejected, None)
                self._follow(message.rid, "")
                return
            if self._hits("accept-then-silence"):
                house.silence.add(request.cl_ord_id)
        try:
            house.venue.send(request)
        except Refused as error:
            self._follow(message.rid, str(error))
            return
        if not self._failing.after(message):
            self._follow(message.rid, "")

    async def _find(self, message: Find) -> None:
        house = self._house
        try:
            seen = await house.venue.find(self.account, message.cl_ord_id)
            await house.keeper.settled()
            if seen is not None:
                order_id = seen.order_id
                trades = await house.keeper.read(lambda file: file.trades_of(order_id)) if seen.cum_qty else ()
                seen = self._failing.answer(replace(seen, trades=trades))
        except (Unknown, VenueError):
            return  # The venue ends, and the connection with it: who asked learns that he does not know.
        if self.stream is not None:
            # Whoever missed reports hears them first: the answer may rest on them.
            await self.stream.live.wait()
        self.say(Found(rid=message.rid, seen=seen))

    async def _survey(self, message: Survey) -> None:
        house = self._house
        try:
            snapshot = await house.venue.snapshot(self.account, message.since_ns, house.keeper.taken)
            await house.keeper.settled()
        except (Unknown, VenueError):
            return  # As with a question about one order.
        if self.stream is not None:
            await self.stream.live.wait()
        *others, last = pages(self._failing.shown(snapshot))
        for part in others:
            self.say(Surveyed(rid=message.rid, part=part, is_last=False))
            await self.line.drained()
        self.say(Surveyed(rid=message.rid, part=last, is_last=True))

    def _adopt(self, message: Adopt) -> None:
        house = self._house
        self._adopted.extend(message.orders)
        if not self._may_adopt or len(self._adopted) > ADOPTED_MAX:
            self._follow(message.rid, "only an account that is new here brings orders, and not too many")
            return
        if message.is_last:
            self._may_adopt = False
            now_ns = house.clock.now_ns()
            executions = []
            for order in self._adopted:
                first = order.first
                house.venue.matching.restore(order, now_ns)
                for trade in order.fills.counted:
                    executions.append(  # noqa: PERF401  # Two loops with a step between them.
                        Execution(account=self.account, symbol=first.symbol, side=first.side, trade=trade)
                    )
            known = [house.venue.matching.known(order.key) for order in self._adopted]
            working = [order for order in known if order is not None]
            house.keeper.begin(self.account, self._since_ns, working, executions)
            self._adopted.clear()
        self._begin(self._tell_durable(message.rid))

    async def _tell_durable(self, rid: int) -> None:
        # The client will hold the venue to it that this account is here.
        await self._house.keeper.settled()
        self._follow(rid, "")

    async def _show(self) -> None:
        async for ticks in self._feed.batches(TICKS_A_FRAME):
            self.say(Ticks(ticks=ticks))
            await asyncio.sleep(0)

    async def _answer(self, question: Ask) -> None:
        try:
            rows = await self._house.answer(question)
        except VenueError as error:
            self._follow(question.rid, str(error))
            return
        self.say(Answer(rid=question.rid, rows=msgspec.Raw(msgspec.json.encode(rows))))

    def _hits(self, name: FaultName) -> Fault | None:
        return self._house.faults.hit(name, self.account, self._house.clock.now_ns())

    def _begin(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.line.cut(f"{type(error).__name__}: {error}")

    def _on_lost(self, why: str) -> None:
        del why
        for task in self._tasks:
            task.cancel()
        # What had not been taken in never arrives: a later client is told so, and must be able to rely on it.
        self._lane.clear()
        if self._hanging is not None:
            self._hanging.cancel()
        if self.stream is not None:
            self.stream.close()
        self._house.venue.detach_feed(self._feed)
        self._house.left(self)
        self.ended.set()
