"""Ends of ports that tests hold in their own hands: a clock that is set, a broker that does what the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import msgspec

from execd.core.enums import OrdType, Side
from execd.core.events import Event, StreamGap
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import Accepted, ExecReport, OrderSnapshot, Rejected
from execd.core.snapshot import AccountSnapshot
from execd.errors import NotSent, RateLimited, Refused, Unauthorized, Unknown
from execd.ports import BrokerLimits

NOW_NS = 1_700_000_000_000_000_000
S = 1_000_000_000


class SetClock:
    """A clock that stands where it was put."""

    def __init__(self, now_ns: int = NOW_NS) -> None:
        self.ns = now_ns

    def now_ns(self) -> int:
        """Return where it stands."""
        return self.ns


class Sink:
    """Where events are posted to."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()

    def post(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)
        self._more.set()

    async def first(self) -> Event:
        """Return the first event that is posted; fail after a second."""
        async with asyncio.timeout(1):
            while not self.events:
                self._more.clear()
                await self._more.wait()
        return self.events[0]


UNTIL_NS = NOW_NS + 30 * S
FAILURES: dict[str, Callable[[], Exception]] = {
    "REFUSE": lambda: Refused("not today"),
    "UNSENT": lambda: NotSent("connection refused"),
    "LIMIT": lambda: RateLimited("429", until_ns=UNTIL_NS),
    "LOCKED": lambda: Unauthorized("401 key revoked"),
    "DOUBT": lambda: Unknown("connection reset"),
    "ERROR": lambda: Unknown("HTTP 500, X-Request-ID 7c1f"),
    "GATEWAY": lambda: Unknown("HTTP 504"),
    "RESET": lambda: ConnectionResetError(104, "reset by peer"),
    "SHORT": lambda: asyncio.IncompleteReadError(b"{", 10),
    "HTML": lambda: json.JSONDecodeError("no JSON", "<html>", 0),
    "SHAPE": lambda: msgspec.ValidationError("expected `str`, got `null`"),
}
"""What a call ends in, by the symbol of its request."""


class ScriptedBroker:
    """A broker that answers by the symbol: those of FAILURES, HANG, and anything else is accepted."""

    def __init__(self) -> None:
        self.account = "sim"
        self.identity = "scripted"
        self.limits = BrokerLimits(lookups_are_final=True)
        self.calls: list[str] = []
        self.finds_fail_n = 0
        self.find_as = "DOUBT"
        self.snapshots_fail_n = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def start(self) -> None:
        """Be there."""

    async def take_up(self) -> None:
        """Begin."""

    async def close(self) -> None:
        """Be gone."""

    async def submit(self, request: NewOrder) -> Accepted | Rejected | None:
        """Act on a new order."""
        await self._act(f"new {request.cl_ord_id}", request.symbol)
        return Accepted(cl_ord_id=request.cl_ord_id, transact_ns=NOW_NS, order_id="o")

    async def cancel(self, request: CancelRequest, order_id: str) -> None:
        """Act on a cancel."""
        await self._act(f"cancel {request.orig_cl_ord_id}", request.symbol)

    async def replace(self, request: ReplaceRequest, order_id: str) -> None:
        """Act on a replace."""
        await self._act(f"replace {request.orig_cl_ord_id}", request.symbol)

    async def find(self, cl_ord_id: str) -> OrderSnapshot | None:
        """Fail so often, then know nothing."""
        self.calls.append(f"find {cl_ord_id}")
        if self.finds_fail_n:
            self.finds_fail_n -= 1
            error = FAILURES[self.find_as]()
            raise error
        return None

    async def snapshot(self, since_ns: int) -> AccountSnapshot:
        """Fail so often, then hold nothing."""
        self.calls.append(f"snapshot {since_ns}")
        if self.snapshots_fail_n:
            self.snapshots_fail_n -= 1
            raise Unknown("no answer")
        return AccountSnapshot(
            account="sim", since_ns=since_ns, asked_ns=0, read_ns=0, orders=(), trades=(), positions={}
        )

    def hang_up(self, text: str) -> None:
        """Note it."""
        self.calls.append(f"hang up: {text}")

    async def reports(self) -> AsyncIterator[ExecReport | StreamGap]:
        """Tell of three orders and end."""
        for n in range(3):
            yield Accepted(cl_ord_id=f"r-{n}", transact_ns=NOW_NS, order_id="o")

    async def _act(self, call: str, symbol: str) -> None:
        self.calls.append(call)
        await self.gate.wait()
        if symbol in FAILURES:
            error = FAILURES[symbol]()
            raise error
        if symbol == "HANG":
            await asyncio.Event().wait()


def new_order(cl_ord_id: str = "e-p-1", symbol: str = "AAPL", send_by_ns: int = NOW_NS + S) -> NewOrder:
    """Return a request for a new order."""
    return NewOrder(
        cl_ord_id=cl_ord_id,
        parent_id="p",
        account="sim",
        symbol=symbol,
        side=Side.BUY,
        order_qty=Decimal(10),
        ord_type=OrdType.LIMIT,
        price=Decimal(100),
        send_by_ns=send_by_ns,
    )


def cancel_of(orig_cl_ord_id: str, symbol: str = "AAPL") -> CancelRequest:
    """Return a request to cancel."""
    return CancelRequest(
        cl_ord_id=f"{orig_cl_ord_id}c",
        orig_cl_ord_id=orig_cl_ord_id,
        parent_id="p",
        account="sim",
        symbol=symbol,
        side=Side.BUY,
    )


def replace_of(orig_cl_ord_id: str, symbol: str = "AAPL", send_by_ns: int = NOW_NS + S) -> ReplaceRequest:
    """Return a request to change an order."""
    return ReplaceRequest(
        cl_ord_id=f"{orig_cl_ord_id}r",
        orig_cl_ord_id=orig_cl_ord_id,
        parent_id="p",
        account="sim",
        symbol=symbol,
        side=Side.BUY,
        order_qty=Decimal(5),
        price=Decimal(99),
        send_by_ns=send_by_ns,
    )
