"""The task `throttler`: writes to the brokers what the engine has released, and brings their answers back.

Calls of one account begin in the order in which they were released, except
that cancels overtake (never the order that they cancel). Each has a deadline.
A call ends answered, refused or unknown, and that is what the engine is told;
nothing is ever sent twice here. What is released too late is not sent at all,
nor is what is released once the task has ended: the engine may still be at work
then, and is told so.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, assert_never

from execd.core.enums import Outcome
from execd.core.events import Cancel, LookedUp, LookupFailed, Query, Replace, ReportReceived, RequestFailed, Submit
from execd.errors import BrokerError, NotSent, Refused, Unknown
from execd.ports import Broker, Clock
from execd.runtime.post import Post

CALL_S_MAX: Final = 10.0
"""A broker that has not answered by then may or may not have acted."""
READ_PAUSES_S: Final = (1.0, 2.0, 4.0)
"""A question may be asked again, after so long each time; a request never."""
IN_FLIGHT_MAX: Final = 64
"""Calls of one account at a time; more would only wait in the broker's own queue, where a cancel cannot overtake."""

Call = Submit | Cancel | Replace | Query
OnCall = Callable[[str, str, str, float], None]
"""(account, op, outcome, seconds): told of every call that ended."""


class Lane:
    """The calls of one account that wait or run."""

    def __init__(self, broker: Broker) -> None:
        """Begin with nothing to send."""
        self.broker = broker
        self.urgent: deque[Call] = deque()
        self.ordinary: deque[Call] = deque()
        self.in_flight = 0

    def add(self, call: Call) -> None:
        """Queue a call; a cancel goes ahead of all but the order it cancels."""
        if isinstance(call, Cancel) and not self._waits(call.request.orig_cl_ord_id):
            self.urgent.append(call)
        else:
            self.ordinary.append(call)

    def next(self) -> Call | None:
        """Take the next call that may begin; None where none waits or enough are running."""
        if self.in_flight >= IN_FLIGHT_MAX:
            return None
        if self.urgent:
            return self.urgent.popleft()
        return self.ordinary.popleft() if self.ordinary else None

    def _waits(self, cl_ord_id: str) -> bool:
        return any(not isinstance(call, Query) and call.request.cl_ord_id == cl_ord_id for call in self.ordinary)


class Sender:
    """Effects to broker calls, answers to events."""

    def __init__(self, *, brokers: Mapping[str, Broker], post: Post, clock: Clock, on_call: OnCall) -> None:
        """`brokers` by account name."""
        self._lanes = {account: Lane(broker) for account, broker in brokers.items()}
        self._post = post
        self._clock = clock
        self._on_call = on_call
        self._group: asyncio.TaskGroup | None = None
        self._is_over = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def in_flight(self) -> int:
        """How many calls wait or run, over all accounts."""
        return sum(lane.in_flight + len(lane.urgent) + len(lane.ordinary) for lane in self._lanes.values())

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
        """Send for ever. An exception that is neither Refused nor Unknown is a bug and ends the process."""
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
            waiting = (*lane.urgent, *lane.ordinary)
            lane.urgent.clear()
            lane.ordinary.clear()
            for call in waiting:
                self._drop(lane, call)
        if self.in_flight == 0:
            self._idle.set()

    def _drop(self, lane: Lane, call: Call) -> None:
        """End a call that nobody will send. A question is forgotten: the next start asks about all that may be live."""
        if not isinstance(call, Query):
            self._fail(lane.broker, call, Outcome.NOT_SENT, "execd stopped before it could be sent")

    def _begin(self, lane: Lane) -> None:
        if self._group is None:
            return
        while (call := lane.next()) is not None:
            lane.in_flight += 1
            self._group.create_task(self._finish(lane, call))

    async def _finish(self, lane: Lane, call: Call) -> None:
        op = type(call).__name__.lower()
        began_s = time.perf_counter()
        try:
            outcome = await self._call(lane.broker, call)
        finally:
            lane.in_flight -= 1
            if self._is_over and self.in_flight == 0:
                self._idle.set()
        self._on_call(lane.broker.account, op, outcome, time.perf_counter() - began_s)
        self._begin(lane)
        if self.in_flight == 0:
            self._idle.set()

    async def _call(self, broker: Broker, call: Call) -> str:
        if not isinstance(call, Query | Cancel) and self._clock.now_ns() > call.request.send_by_ns:
            self._fail(broker, call, Outcome.NOT_SENT, "waited longer than send_by for a place in flight")
            return "not_sent"
        try:
            if isinstance(call, Query):
                await self._look_up(broker, call)
            else:
                async with asyncio.timeout(CALL_S_MAX):
                    await self._send(broker, call)
        except Refused as error:
            outcome = Outcome.NOT_SENT if isinstance(error, NotSent) else Outcome.REFUSED
            self._fail(broker, call, outcome, str(error))
            return str(outcome)
        except Unknown as error:
            self._fail(broker, call, Outcome.UNKNOWN, str(error))
            return "unknown"
        except TimeoutError:
            self._fail(broker, call, Outcome.UNKNOWN, f"no answer within {CALL_S_MAX:g} s")
            return "unknown"
        except asyncio.CancelledError:
            self._fail(broker, call, Outcome.UNKNOWN, "execd stopped while the request was on its way")
            raise
        return "ok"

    async def _send(self, broker: Broker, call: Submit | Cancel | Replace) -> None:
        match call:
            case Submit(request=request):
                answer = await broker.submit(request)
                if answer is not None:
                    self._post(ReportReceived(now_ns=self._clock.now_ns(), account=broker.account, report=answer))
            case Cancel(request=cancel, order_id=order_id):
                await broker.cancel(cancel, order_id)
            case Replace(request=change, order_id=order_id):
                await broker.replace(change, order_id)
            case _:
                assert_never(call)

    async def _look_up(self, broker: Broker, call: Query) -> None:
        for pause_s in (*READ_PAUSES_S, None):
            try:
                async with asyncio.timeout(CALL_S_MAX):
                    seen = await broker.find(call.cl_ord_id)
            except (BrokerError, TimeoutError):
                if pause_s is None:
                    raise
                await asyncio.sleep(pause_s)
                continue
            now_ns = self._clock.now_ns()
            self._post(LookedUp(now_ns=now_ns, account=broker.account, cl_ord_id=call.cl_ord_id, seen=seen))
            return

    def _fail(self, broker: Broker, call: Call, outcome: Outcome, text: str) -> None:
        now_ns, account = self._clock.now_ns(), broker.account
        if isinstance(call, Query):
            self._post(LookupFailed(now_ns=now_ns, account=account, cl_ord_id=call.cl_ord_id, text=text))
            return
        cl_ord_id = call.request.cl_ord_id
        self._post(RequestFailed(now_ns=now_ns, account=account, cl_ord_id=cl_ord_id, outcome=outcome, text=text))
