"""The venue as its clients find it: a socket, its sessions, and what they share.

Reports go from the keeper to the one session of their account, switches to
the faults, questions of people to the ledger. It opens no file: the process
that it lives in is `process`.
"""

import asyncio
import os
import socket
from typing import Any, Final

from execd import __version__
from execd.core.orders import CancelRequest
from execd.core.reports import ExecReport
from execd.errors import Refused
from execd.ports import Clock
from execd.venue.faults import FAULTS, Fault, Faults
from execd.venue.keeper import Keeper
from execd.venue.ledger import ZERO
from execd.venue.ledger_file import Kept, LedgerFile
from execd.venue.session import Session
from execd.venue.sim_venue import SimVenue
from execd.venue.spec import VenueSpec
from execd.venue.telling import Silence
from execd.venue.wire import Ask

ALIVE_S: Final = 1.0
SESSIONS_MAX: Final = 256
NS_PER_S: Final = 1_000_000_000


class VenueHouse:
    """Everything that the sessions of one venue share."""

    def __init__(
        self,
        *,
        spec: VenueSpec,
        venue: SimVenue,
        file: LedgerFile,
        kept: Kept,
        clock: Clock,
        stopping: asyncio.Event,
    ) -> None:
        """Begin with what the ledger holds: live orders rest again, at the back of the queue.

        `stopping` is set when a client asks for the end.
        """
        self.spec = spec
        self.venue = venue
        self.clock = clock
        self.faults = Faults()
        self.silence = Silence()
        self.traders: dict[str, Session] = {}
        self.stopping = stopping
        self.keeper = Keeper(file, kept, self._tell)
        self._sessions: dict[Session, None] = {}
        self._began_ns = clock.now_ns()
        self._hung: dict[str, float] = {}
        for order in kept.orders:
            venue.matching.take_up(order)
        venue.keep_with(self.keeper.take)

    @property
    def clients_n(self) -> int:
        """How many connections there are, but for those of people who ask."""
        return sum(1 for one in self._sessions if one.hello is not None and one.hello.kind != "ask")

    async def serve(self, door: socket.socket) -> None:
        """Take connections, and say once a second that they are up; for ever."""
        server = await asyncio.get_running_loop().create_unix_server(self._open, sock=door)
        try:
            while True:
                await asyncio.sleep(ALIVE_S)
                for session in list(self._sessions):
                    session.alive()
        finally:
            server.close()
            for session in list(self._sessions):
                session.line.finish()

    def left(self, session: Session) -> None:
        """Forget a session that has ended."""
        self._sessions.pop(session, None)
        if self.traders.get(session.account) is session:
            del self.traders[session.account]

    def hung_s(self, account: str) -> float:
        """Return how much longer nothing is read or said there."""
        until_s = max(self._hung.get("", 0.0), self._hung.get(account, 0.0))
        return max(0.0, until_s - asyncio.get_running_loop().time())

    def switch(self, fault: Fault) -> str:
        """Begin a fault; hanging and cutting begin at once."""
        if fault.name not in FAULTS:
            return f"there is no fault {fault.name}"
        if wrong := fault.check():
            return wrong
        touched = [
            one
            for one in self._sessions
            if one.hello is not None and one.hello.kind != "ask" and fault.account in {"", one.account}
        ]
        match fault.name:
            case "hang":
                self._hung[fault.account] = asyncio.get_running_loop().time() + fault.seconds
                for session in touched:
                    session.hang(fault.seconds)
            case "disconnect":
                for session in touched:
                    session.line.cut("the venue was told to cut the connection")
            case "replay-reports":
                for session in touched:
                    session.replay()
            case _:
                self.faults.set(fault)
        return ""

    def stop(self, *, is_forced: bool) -> str:
        """End the venue; refused while somebody trades."""
        if self.traders and not is_forced:
            pids = ", ".join(str(one.hello.pid) for one in self.traders.values() if one.hello is not None)
            return f"the venue is in use (pid {pids}): stop execd first, or stop the venue with --force"
        self.stopping.set()
        return ""

    def withdraw(self, account: str, cl_ord_id: str) -> str:
        """Cancel a working order for people; the account's client hears of it as of any other cancel."""
        order = self.venue.matching.known(cl_ord_id)
        if order is None or order.account != account:
            return f"account {account} has no order {cl_ord_id}; see execd venue orders"
        if order.ended:
            return f"{cl_ord_id} works no more: {order.ended}"
        # Under the order's own id: no request of the client's stands behind it.
        name = order.cl_ord_id
        request = CancelRequest(
            cl_ord_id=name, orig_cl_ord_id=name, parent_id="", account=account, symbol=order.symbol, side=order.side
        )
        try:
            self.venue.send(request)
        except Refused as error:
            return str(error)
        return ""

    async def answer(self, question: Ask) -> list[dict[str, Any]]:
        """Return the rows that people asked for, after everything before is durable. Raises VenueError."""
        await self.keeper.settled()
        match question.what:
            case "status":
                return [self._status()]
            case "orders":
                return self._orders(question.account, question.limit)
            case "positions":
                return self._positions(question.account)
            case "executions":
                return await self._executions(question)

    def _open(self) -> asyncio.Protocol:
        session = Session(self)
        self._sessions[session] = None
        if len(self._sessions) > SESSIONS_MAX:
            oldest = next(iter(self._sessions))
            oldest.line.cut("there are too many connections")
        return session.line

    def _tell(self, account: str, seq: int, report: ExecReport) -> None:
        session = self.traders.get(account)
        if session is not None and session.stream is not None:
            session.stream.tell(seq, report)

    def _status(self) -> dict[str, Any]:
        now_ns = self.clock.now_ns()
        hung_s = max((self.hung_s(account) for account in self._hung), default=0.0)
        return {
            "version": __version__,
            "pid": os.getpid(),
            "uptime_s": round((now_ns - self._began_ns) / NS_PER_S, 1),
            "clients": [
                {"kind": one.hello.kind, "account": one.account, "pid": one.hello.pid}
                for one in self._sessions
                if one.hello is not None and one.hello.kind != "ask"
            ],
            "accounts": {account: self.keeper.seq_of(account) for account in self.keeper.accounts},
            "orders_working": len(self.venue.matching.live()),
            "requests_in_flight": self.venue.in_flight_n,
            "hung_s": round(hung_s, 1),
            "faults": self.faults.listed(now_ns),
            "spec": self.spec,
        }

    def _orders(self, account: str, limit: int) -> list[dict[str, Any]]:
        live = [order for order in self.venue.matching.live() if account in {"", order.account}]
        return [
            {
                "account": order.account,
                "cl_ord_id": order.cl_ord_id,
                "order_id": order.order_id,
                "symbol": order.symbol,
                "side": order.side,
                "ord_type": order.ord_type,
                "order_qty": order.order_qty,
                "cum_qty": order.cum_qty,
                "price": order.price,
                "stop_px": order.stop_px,
                "time_in_force": order.time_in_force,
            }
            for order in live[-limit:]
        ]

    def _positions(self, account: str) -> list[dict[str, Any]]:
        ledger = self.keeper.ledger
        return [
            {"account": name, "symbol": symbol, "qty": held.qty, "cash": held.cash, "commission": held.commission}
            for name in ledger.accounts()
            if account in {"", name}
            for symbol, held in ledger.holdings(name).items()
            if held.qty != ZERO or held.cash != ZERO
        ]

    async def _executions(self, question: Ask) -> list[dict[str, Any]]:
        account, since_ns, limit = question.account, question.since_ns, question.limit
        found = await self.keeper.read(lambda file: file.executions(account, since_ns, limit))
        return [
            {
                "account": one.account,
                "exec_id": one.trade.exec_id,
                "cl_ord_id": one.trade.cl_ord_id,
                "symbol": one.symbol,
                "side": one.side,
                "last_qty": one.trade.last_qty,
                "last_px": one.trade.last_px,
                "commission": one.trade.commission,
                "transact_ns": one.trade.transact_ns,
            }
            for one in found
        ]
