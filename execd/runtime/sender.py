"""The task `throttler`: writes to the brokers what the engine has released, and brings their answers back.

Which call begins next is `runtime/lane`'s. Each has a deadline and ends
answered, refused, limited or unknown, and that is what the engine is told;
nothing is ever sent twice here, not even a question: the engine counts what it
asks. What is released too late, or is objected to by then, is not sent at all,
nor is what is released once the task has ended: the engine may still be at work
then, and is told so. What of an answer cannot be read is no answer.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, assert_never

import msgspec

from execd.core.enums import Outcome
from execd.core.events import (
    Cancel,
    LookedUp,
    LookupFailed,
    Query,
    RateLimitHit,
    Replace,
    ReportReceived,
    RequestFailed,
    Submit,
    TroubleReported,
)
from execd.errors import NotSent, RateLimited, Refused, Unauthorized, Unknown
from execd.ports import Broker, Clock
from execd.runtime.arrivals import Arrivals
from execd.runtime.lane import Call, Lane
from execd.runtime.post import Post

CALL_S_MAX: Final = 10.0
"""A broker that has not answered by then may or may not have acted."""
UNREADABLE: Final = (OSError, EOFError, ValueError, msgspec.MsgspecError)
"""What an adapter may let through of a connection that broke, or of a body that is no answer: it proves nothing."""

OnCall = Callable[[str, str, str, float], None]
"""(account, op, outcome, seconds): told of every call that ended."""
Object = Callable[[Submit | Replace], str]
"""Why a request that adds risk may not leave after all; empty where it may."""


class Sender:
    """Effects to broker calls, answers to events."""

    def __init__(
        self,
        *,
        brokers: Mapping[str, Broker],
        post: Post,
        clock: Clock,
        on_call: OnCall,
        objection: Object = lambda _: "",
        arrivals: Arrivals | None = None,
    ) -> None:
        """`brokers` by account name; `objection` is asked last before a request that adds risk is written.

        `arrivals` holds back reports of an order until its sending is over.
        """
        self._lanes = {account: Lane(broker) for account, broker in brokers.items()}
        self._post = post
        self._clock = clock
        self._on_call = on_call
        self._objection = objection
        self._arrivals = arrivals if arrivals is not None else Arrivals(post)
        self._group: asyncio.TaskGroup | None = None
        self._is_over = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def in_flight(self) -> int:
        """How many calls wait or run, over all accounts."""
        return sum(lane.in_flight + lane.waiting for lane in self._lanes.values())

    def release(self, call: Call) -> None:
        """Take a call that the journal knows of."""
        lane = self._lanes[call.account if isinstance(call, Query) else call.request.account]
        if self._is_over:
            self._drop(lane, call)
            return
        lane.add(call)
        self._idle.clear()
        self._begin(lane)

    async def idle(self) -> None:
        """Return once no call waits or runs."""
        await self._idle.wait()

    async def run(self) -> None:
        """Send for ever. An exception that is no broker's answer is a bug and ends the process."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for lane in self._lanes.values():
                self._begin(lane)
            try:
                await asyncio.Event().wait()
            finally:
                # Before the calls that run are cancelled: what they end as makes the engine ask for more.
                self._end()

    def _end(self) -> None:
        """Begin nothing more, and tell what becomes of the calls that wait."""
        self._is_over, self._group = True, None
        for lane in self._lanes.values():
            for call in lane.clear():
                self._drop(lane, call)
        if self.in_flight == 0:
            self._idle.set()

    def _drop(self, lane: Lane, call: Call) -> None:
        """End a call that nobody will send. A question is forgotten: the next start asks about all that may be live."""
        if not isinstance(call, Query):
            self._fail(lane, call, Outcome.NOT_SENT, "execd stopped before it could be sent")

    def _begin(self, lane: Lane) -> None:
        if self._group is None:
            return
        while (call := lane.begin()) is not None:
            self._group.create_task(self._finish(lane, call))

    async def _finish(self, lane: Lane, call: Call) -> None:
        op = type(call).__name__.lower()
        began_s = time.perf_counter()
        try:
            outcome = await self._call(lane, call)
        finally:
            lane.end(call)
            if isinstance(call, Submit):
                # After the answer was told, whatever it was.
                self._arrivals.end(call.request.cl_ord_id)
            if self._is_over and self.in_flight == 0:
                self._idle.set()
        self._on_call(lane.broker.account, op, outcome, time.perf_counter() - began_s)
        self._begin(lane)
        if self.in_flight == 0:
            self._idle.set()

    async def _call(self, lane: Lane, call: Call) -> str:
        if isinstance(call, Submit | Replace) and (why_not := self._why_not(call)):
            self._fail(lane, call, Outcome.NOT_SENT, why_not)
            return str(Outcome.NOT_SENT)
        if isinstance(call, Submit):
            self._arrivals.begin(call.request.cl_ord_id)
        try:
            async with asyncio.timeout(CALL_S_MAX):
                await self._ask(lane.broker, call)
        except Refused as error:
            return self._refused(lane, call, error)
        except Unknown as error:
            self._fail(lane, call, Outcome.UNKNOWN, str(error))
            return str(Outcome.UNKNOWN)
        except TimeoutError:
            # Before the errors of a connection, of which Python counts it as one.
            self._fail(lane, call, Outcome.UNKNOWN, f"no answer within {CALL_S_MAX:g} s")
            return str(Outcome.UNKNOWN)
        except UNREADABLE as error:
            self._fail(lane, call, Outcome.UNKNOWN, f"no answer that can be read: {type(error).__name__}: {error}")
            return str(Outcome.UNKNOWN)
        except asyncio.CancelledError:
            self._fail(lane, call, Outcome.UNKNOWN, "execd stopped while the request was on its way")
            raise
        lane.is_unauthorized = False
        return "ok"

    def _why_not(self, call: Submit | Replace) -> str:
        """Return why a request may not be written now, though it was released; empty where it may."""
        if self._clock.now_ns() > call.request.send_by_ns:
            return "waited longer than send_by for a place in flight"
        return self._objection(call)

    async def _ask(self, broker: Broker, call: Call) -> None:
        match call:
            case Submit(request=request):
                answer = await broker.submit(request)
                if answer is not None:
                    self._post(ReportReceived(now_ns=self._clock.now_ns(), account=broker.account, report=answer))
            case Cancel(request=cancel, order_id=order_id):
                await broker.cancel(cancel, order_id)
            case Replace(request=change, order_id=order_id):
                await broker.replace(change, order_id)
            case Query(cl_ord_id=cl_ord_id):
                seen = await broker.find(cl_ord_id)
                now_ns = self._clock.now_ns()
                self._post(LookedUp(now_ns=now_ns, account=broker.account, cl_ord_id=cl_ord_id, seen=seen))
            case _:
                assert_never(call)

    def _refused(self, lane: Lane, call: Call, error: Refused) -> str:
        """Tell of a call that surely did nothing, and of what its broker said about the whole account."""
        now_ns, account = self._clock.now_ns(), lane.broker.account
        match error:
            case NotSent():
                outcome = Outcome.NOT_SENT
            case RateLimited(until_ns=until_ns):
                outcome = Outcome.RATE_LIMITED
                # First, so that whoever decides afresh meets the closed account.
                self._post(RateLimitHit(now_ns=now_ns, account=account, until_ns=until_ns, text=str(error)))
            case Unauthorized():
                outcome = Outcome.REFUSED
                self._tell_unauthorized(lane, str(error))
            case _:
                outcome = Outcome.REFUSED
        self._fail(lane, call, outcome, str(error))
        return "unauthorized" if isinstance(error, Unauthorized) else str(outcome)

    def _tell_unauthorized(self, lane: Lane, text: str) -> None:
        """Halt the account, once until it is let in again."""
        if lane.is_unauthorized:
            return
        lane.is_unauthorized = True
        account = lane.broker.account
        told = (
            f"the broker refuses the account {account} ({text}): look at its keys and at what the broker wrote, then "
            f"execd resume --halt --account {account} --cause unauthorized"
        )
        now_ns = self._clock.now_ns()
        self._post(TroubleReported(now_ns=now_ns, cause="unauthorized", text=told, account=account))

    def _fail(self, lane: Lane, call: Call, outcome: Outcome, text: str) -> None:
        now_ns, account = self._clock.now_ns(), lane.broker.account
        if isinstance(call, Query):
            self._post(LookupFailed(now_ns=now_ns, account=account, cl_ord_id=call.cl_ord_id, text=text))
            return
        cl_ord_id = call.request.cl_ord_id
        self._post(RequestFailed(now_ns=now_ns, account=account, cl_ord_id=cl_ord_id, outcome=outcome, text=text))
