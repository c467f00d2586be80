"""What one connection to the venue is told to do wrong with requests, questions and their answers.

The switches are in `faults`, those of reports in `telling`. Each method says
whether the fault was all that happens; none decides anything of its own. A new
one is a row in `faults.FAULTS`, a case here, and a row in docs/venue.md.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from execd.core.orders import Request
from execd.core.reports import OrderSnapshot
from execd.core.snapshot import AccountSnapshot, Unreadable
from execd.errors import Refused
from execd.venue.faults import Fault, FaultName, ns_of
from execd.venue.hosting import House
from execd.venue.line import Line
from execd.venue.matching_orders import ZERO
from execd.venue.wire import Do, Failed, Find, Found, FromVenue, NotTaken, Survey

TOLD: Final = "the venue was told to"
NO_MESSAGE: Final = b"<html>502 Bad Gateway</html>"


class Failing:
    """The faults of one connection. `account` is whose it is, empty before it has said so."""

    def __init__(self, house: House, line: Line, say: Callable[[FromVenue], None]) -> None:
        self.account = ""
        self._house = house
        self._line = line
        self._say = say
        self._shown: AccountSnapshot | None = None

    def before(self, message: Do) -> bool:
        """Lose a request, or refuse it, before it is taken; say whether it is taken no more."""
        rid = message.rid
        if self._hits("drop-request"):
            return True
        if self._hits("refuse-request"):
            self._say(NotTaken(rid=rid, text=f"{TOLD} refuse it"))
        elif limit := self._hits("limit-rate"):
            text = f"{TOLD} say that there were too many requests"
            until_ns = self._house.clock.now_ns() + ns_of(limit.seconds)
            self._say(NotTaken(rid=rid, text=text, code="rate_limited", until_ns=until_ns))
        elif self._hits("deny-request"):
            self._say(NotTaken(rid=rid, text=f"{TOLD} let the account do nothing", code="unauthorized"))
        elif self._hits("fail-request"):
            self._say(Failed(rid=rid, text=f"{TOLD} fail"))
        elif self._hits("cut-request"):
            self._line.cut(f"{TOLD} cut the connection")
        elif late := self._hits("late-request"):
            # By the house and not by this connection: it is taken also where who sent it has gone.
            asyncio.get_running_loop().call_later(late.seconds, self._take_late, message.request)
        else:
            return False
        return True

    def after(self, message: Do) -> bool:
        """Answer a request wrongly that was taken; say whether it has its answer."""
        if self._hits("disconnect-on-request"):
            self._line.cut(f"{TOLD} cut the connection")
        elif self._hits("drop-answer"):
            return True
        elif self._hits("fail-answer"):
            self._say(Failed(rid=message.rid, text=f"{TOLD} fail"))
        elif self._hits("garble-answer"):
            self._line.garble(NO_MESSAGE)
        else:
            return False
        return True

    def asked(self, message: Find | Survey) -> bool:
        """Answer a question, or the wish for a reading, wrongly, or not; say whether it is over with that."""
        return self._question(message) if isinstance(message, Find) else self._survey(message)

    def answer(self, seen: OrderSnapshot) -> OrderSnapshot:
        """Return what is said of an order that was asked about."""
        if self._hits("stale-find"):
            before_ns = min((trade.transact_ns for trade in seen.trades), default=seen.transact_ns) - 1
            return replace(seen, cum_qty=ZERO, avg_px=ZERO, is_live=True, trades=(), transact_ns=before_ns)
        if self._hits("other-find"):
            return replace(seen, order_qty=seen.order_qty + 1)
        return replace(seen, trades=()) if self._hits("sums-only") else seen

    def shown(self, snapshot: AccountSnapshot) -> AccountSnapshot:
        """Return what a reading shows of an account."""
        if self._hits("stale-survey"):
            old = self._shown or replace(snapshot, orders=(), trades=(), positions={})
            return replace(snapshot, orders=old.orders, trades=old.trades, positions=old.positions)
        self._shown = snapshot
        orders, trades, positions = snapshot.orders or (), snapshot.trades or (), snapshot.positions or {}
        if self._hits("cut-survey"):
            return replace(snapshot, orders=orders[: len(orders) // 2], trades=trades[: len(trades) // 2])
        if self._hits("garble-survey"):
            symbol, name = (orders[-1].symbol, orders[-1].order_id) if orders else ("", "")
            row = Unreadable(what="order", id=name, symbol=symbol, text=f"{TOLD} let it make none")
            return replace(snapshot, orders=orders[:-1], unreadable=(row,))
        if self._hits("empty-positions"):
            return replace(snapshot, positions={})
        if self._hits("unread-positions"):
            return replace(snapshot, positions=None)
        if self._hits("shift-positions"):
            return replace(snapshot, positions={symbol: qty + 1 for symbol, qty in positions.items()})
        return snapshot

    def _question(self, message: Find) -> bool:
        if self._hits("blind-find"):
            self._say(Found(rid=message.rid, seen=None))
        elif self._hits("fail-find"):
            self._say(Failed(rid=message.rid, text=f"{TOLD} fail"))
        else:
            return self._hits("drop-find") is not None
        return True

    def _survey(self, message: Survey) -> bool:
        if self._hits("fail-survey"):
            self._say(Failed(rid=message.rid, text=f"{TOLD} fail"))
            return True
        return self._hits("drop-survey") is not None

    def _take_late(self, request: Request) -> None:
        with suppress(Refused):  # The venue has closed meanwhile.
            self._house.venue.send(request)

    def _hits(self, name: FaultName) -> Fault | None:
        return self._house.faults.hit(name, self.account, self._house.clock.now_ns())
