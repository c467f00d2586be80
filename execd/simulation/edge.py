"""Between a released effect and the broker: what becomes of a call, as `runtime/sender` lives through it.

Every call begins at once, ends answered, refused or unknown, and is told to
the process that made it; bytes that have left arrive whoever dies meanwhile.
Nothing is sent twice here. A new way to fail is a case in `_send` and a row in
`faults`.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from msgspec.structs import replace

from execd.core.enums import Outcome
from execd.core.events import (
    Cancel,
    Event,
    LookedUp,
    LookupFailed,
    Query,
    RateLimitHit,
    Replace,
    ReportReceived,
    RequestFailed,
    Submit,
    TakeSnapshot,
    TroubleReported,
)
from execd.core.orders import Request
from execd.core.reading import SnapshotFailed, SnapshotReceived
from execd.core.rules import MS, S
from execd.simulation import books
from execd.simulation.faults import Faults
from execd.simulation.front import Front

CALL_NS_MAX: Final = 10 * S
"""As `runtime/sender.CALL_S_MAX`."""
READ_PAUSES_NS: Final = (S, 2 * S, 4 * S)
"""As `runtime/reconciler.PAUSES_S`; a question about one order is asked again by the engine."""
LAG_NS: Final = 3 * S
"""A broker's list may be so far behind its own orders."""
AWAY_NS: Final = 10 * MS
READ_NS: Final = 50 * MS
"""So long a reading of an account takes."""
PARTS: Final = ("orders", "trades", "positions")
_ALL_FATES: Final = (
    "refused",
    "rate_limited",
    "hang",
    "reset",
    "accept_timeout",
    "error_after_accept",
    "late_accept",
)


class Ways(Protocol):
    """What the edge needs of the world."""

    @property
    def now_ns(self) -> int:
        """The true time."""

    @property
    def life_n(self) -> int:
        """Which process lives."""

    @property
    def process_ns(self) -> int:
        """The time of the process."""

    def later(self, at_ns: int, act: Callable[[], None]) -> None:
        """Do something at an instant."""

    def post(self, event: Event) -> None:
        """Give the process an event, stamped with its own time."""

    def left(self, request: Request) -> None:
        """Be told that the bytes of a request leave."""

    def taken(self, front: Front, request: Request) -> None:
        """Be told that a broker is about to take a request."""


class Edge:
    """Calls to every broker."""

    def __init__(self, ways: Ways, fronts: Mapping[str, Front], faults: Faults) -> None:
        """`away` has the brokers that answer nobody, and until when."""
        self.away: dict[str, int] = {}
        self.locked: dict[str, int] = {}
        """Accounts that their broker lets do nothing, and until when."""
        self.is_told: dict[str, bool] = {}
        self.on_way: dict[str, Request] = {}
        """Requests whose bytes have left and that may still arrive."""
        self._ways = ways
        self._fronts = fronts
        self._faults = faults

    def release(self, call: Submit | Cancel | Replace | Query | TakeSnapshot) -> None:
        """Take a call that the journal knows of."""
        match call:
            case Query():
                self._ask(call, lambda: self._found(call), self._unfound(call))
            case TakeSnapshot():
                self._ask(call, lambda: self._shown(call), self._unshown(call))
            case _:
                self._send(call)

    def is_away(self, account: str) -> bool:
        """Whether a broker is gone for a while."""
        return self.away.get(account, 0) > self._ways.now_ns

    def _send(self, call: Submit | Cancel | Replace) -> None:
        request, faults = call.request, self._faults
        now_ns = self._ways.now_ns
        if self.is_away(request.account):
            self._fail(request, Outcome.NOT_SENT, "connection refused", now_ns + AWAY_NS)
            return
        if self.locked.get(request.account, 0) > now_ns:
            self._lock_out(request)
            return
        self.is_told[request.account] = False
        if isinstance(call, Submit) and faults.strikes("rejected"):
            self._fail(request, Outcome.REFUSED, "403: not allowed", now_ns + AWAY_NS)
            return
        # A broker whose word is final has no such orders.
        is_hideable = isinstance(call, Submit) and self._fronts[request.account].scene.model != "proving"
        fate = faults.first_of(*_ALL_FATES, *(("order_hidden",) if is_hideable else ()))
        if fate == "refused":
            self._fail(request, Outcome.NOT_SENT, "connection refused", now_ns + AWAY_NS)
            return
        self._ways.left(request)
        if fate == "rate_limited":
            self._limit(request)
            return
        arrives_ns = now_ns + faults.draws.between(5 * MS, 150 * MS, "call")
        match fate:
            case "hang":
                self._fail(request, Outcome.UNKNOWN, "no answer within 10 s", now_ns + CALL_NS_MAX)
            case "reset":
                self._fail(request, Outcome.UNKNOWN, "connection reset", arrives_ns)
            case "accept_timeout":
                self._arrive(request, arrives_ns)
                self._fail(request, Outcome.UNKNOWN, "no answer within 10 s", now_ns + CALL_NS_MAX)
            case "error_after_accept":
                self._arrive(request, arrives_ns)
                self._fail(request, Outcome.UNKNOWN, "502: bad gateway", arrives_ns + 5 * MS)
            case "late_accept":
                self._arrive(request, now_ns + faults.draws.between(S, 60 * S, "late_accept"))
                self._fail(request, Outcome.UNKNOWN, "no answer within 10 s", now_ns + CALL_NS_MAX)
            case "order_hidden":
                self._arrive(request, arrives_ns, hides_ns=faults.draws.between(20 * S, 400 * S, "order_hidden"))
                self._fail(request, Outcome.UNKNOWN, "no answer within 10 s", now_ns + CALL_NS_MAX)
            case _:
                self._arrive(request, arrives_ns, is_answered=True)

    def _limit(self, request: Request) -> None:
        """Answer 429, with or without a word on how long."""
        ways, draws = self._ways, self._faults.draws
        pause_ns = draws.pick((0, 0, 2 * S, 30 * S), "rate_limited_ns")
        until_ns = ways.process_ns + pause_ns if pause_ns else 0
        told = RateLimitHit(now_ns=0, account=request.account, until_ns=until_ns, text="429: too many requests")
        self._tell(told, ways.life_n, ways.now_ns + 2 * AWAY_NS)
        self._fail(request, Outcome.RATE_LIMITED, "429: too many requests", ways.now_ns + 2 * AWAY_NS)

    def _lock_out(self, request: Request) -> None:
        """Answer 401: the account is told of once until it is let in again, as the sender does."""
        ways, account = self._ways, request.account
        if not self.is_told.get(account):
            self.is_told[account] = True
            trouble = TroubleReported(now_ns=0, cause="unauthorized", text="401: look at its keys", account=account)
            self._tell(trouble, ways.life_n, ways.now_ns + AWAY_NS)
        self._fail(request, Outcome.REFUSED, "401: unauthorized", ways.now_ns + AWAY_NS)

    def _arrive(self, request: Request, at_ns: int, *, is_answered: bool = False, hides_ns: int = 0) -> None:
        life_n = self._ways.life_n
        front = self._fronts[request.account]
        self.on_way[request.cl_ord_id] = request

        def arrive() -> None:
            now_ns = self._ways.now_ns
            self.on_way.pop(request.cl_ord_id, None)
            is_taken = not self.is_away(request.account) and request.cl_ord_id not in front.dead
            if is_taken:
                self._ways.taken(front, request)
                answer = front.take(request, now_ns, hides_ns=hides_ns)
                if is_answered and answer is not None:
                    told = ReportReceived(now_ns=now_ns, account=request.account, report=answer)
                    self._tell(told, life_n, now_ns + 5 * MS)
            elif is_answered:
                self._fail(request, Outcome.UNKNOWN, "connection reset", now_ns, life_n=life_n)

        self._ways.later(at_ns, arrive)

    def _ask(self, call: Query | TakeSnapshot, answer: Callable[[], Event], failure: Event, tried_n: int = 0) -> None:
        """Ask; where nobody answers, again a little later, and at last say that nobody could be asked."""
        ways, life_n = self._ways, self._ways.life_n

        def ask() -> None:
            if life_n != ways.life_n:
                return
            if not self.is_away(call.account) and not self._faults.strikes("read_fails"):
                ways.post(answer())
            elif isinstance(call, TakeSnapshot) and tried_n < len(READ_PAUSES_NS):
                again_ns = ways.now_ns + READ_PAUSES_NS[tried_n]
                ways.later(again_ns, lambda: self._ask(call, answer, failure, tried_n + 1))
            else:
                ways.post(failure)

        ways.later(ways.now_ns + self._faults.draws.between(5 * MS, 150 * MS, "read"), ask)

    def _found(self, query: Query) -> Event:
        front, now_ns = self._fronts[query.account], self._ways.now_ns
        if front.scene.model == "proving":
            self._disown(front, query.cl_ord_id)
        seen = books.find(front, query.cl_ord_id, now_ns, lag_ns=self._lag_ns(front))
        return LookedUp(now_ns=now_ns, account=query.account, cl_ord_id=query.cl_ord_id, seen=seen)

    def _unfound(self, query: Query) -> Event:
        return LookupFailed(now_ns=0, account=query.account, cl_ord_id=query.cl_ord_id, text="unreadable")

    def _shown(self, asked: TakeSnapshot) -> Event:
        """Return what an account holds; a part of it may not be readable, and an order list is behind at times."""
        front, now_ns = self._fronts[asked.account], self._ways.now_ns
        seen = books.snapshot(front, asked.since_ns, now_ns, lag_ns=self._lag_ns(front))
        part = self._faults.strikes("part_unread") and self._faults.draws.pick(PARTS, "part")
        if part:
            seen = replace(seen, **{part: None})
        if self._faults.strikes("empty_list"):
            # Well formed, in good health, and wrong.
            is_of_positions = bool(self._faults.draws.below(2, "empty_list_of"))
            seen = replace(seen, positions={}) if is_of_positions else replace(seen, orders=())
        here_ns = self._ways.process_ns
        seen = replace(seen, asked_ns=here_ns - READ_NS, read_ns=here_ns)
        return SnapshotReceived(now_ns=now_ns, snapshot=seen, ref=asked.ref, is_dry=asked.is_dry)

    def _unshown(self, asked: TakeSnapshot) -> Event:
        return SnapshotFailed(now_ns=0, account=asked.account, text="unreadable", ref=asked.ref)

    def _lag_ns(self, front: Front) -> int:
        return LAG_NS if front.scene.model != "proving" and self._faults.strikes("read_lags") else 0

    def _disown(self, front: Front, cl_ord_id: str) -> None:
        """Let what is on its way about an order never arrive: its broker is about to say what there is."""
        asked = front.by_id.get(cl_ord_id, [None])[-1]
        for request in self.on_way.values():
            about = getattr(request, "orig_cl_ord_id", request.cl_ord_id)
            if request.account == front.account and (
                about == cl_ord_id or (asked is not None and asked in front.by_id.get(about, ()))
            ):
                front.disown(request.cl_ord_id)

    def _fail(self, request: Request, outcome: Outcome, text: str, at_ns: int, *, life_n: int | None = None) -> None:
        failed = RequestFailed(
            now_ns=at_ns, account=request.account, cl_ord_id=request.cl_ord_id, outcome=outcome, text=text
        )
        self._tell(failed, self._ways.life_n if life_n is None else life_n, at_ns)

    def _tell(self, event: Event, life_n: int, at_ns: int) -> None:
        ways = self._ways
        ways.later(at_ns, lambda: ways.post(event) if life_n == ways.life_n else None)
