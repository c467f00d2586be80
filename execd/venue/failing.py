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
from execd.errors import Refused
from execd.venue.faults import Fault, FaultName, ns_of
from execd.venue.hosting import House
from execd.venue.line import Line
from execd.venue.matching_orders import ZERO
from execd.venue.wire import Do, Failed, Find, Found, FromVenue, NotTaken

TOLD: Final = "the venue was told to"
NO_MESSAGE: Final = b"<html>502 Bad Gateway</html>"


class Failing:
    """The faults of one connection. `account` is whose it is, empty before it has said so."""

    def __init__(self, house: House, line: Line, say: Callable[[FromVenue], None]) -> None:
        self.account = ""
        self._house = house
        self._line = line
        self._say = say

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

    def question(self, message: Find) -> bool:
        """Answer a question wrongly, or not; say whether it is over with that."""
        if self._hits("blind-find"):
            self._say(Found(rid=message.rid, seen=None))
        elif self._hits("fail-find"):
            self._say(Failed(rid=message.rid, text=f"{TOLD} fail"))
        else:
            return self._hits("drop-find") is not None
        return True

    def answer(self, seen: OrderSnapshot) -> OrderSnapshot:
        """Return what is said of an order that was asked about."""
        if self._hits("stale-find"):
            before_ns = min((trade.transact_ns for trade in seen.trades), default=seen.transact_ns) - 1
            return replace(seen, cum_qty=ZERO, avg_px=ZERO, is_live=True, trades=(), transact_ns=before_ns)
        return replace(seen, trades=()) if self._hits("sums-only") else seen

    def _take_late(self, request: Request) -> None:
        with suppress(Refused):  # The venue has closed meanwhile.
            self._house.venue.send(request)

    def _hits(self, name: FaultName) -> Fault | None:
        return self._house.faults.hit(name, self.account, self._house.clock.now_ns())
