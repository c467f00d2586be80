"""A broker before the matching engine: its ids, its answers, its mistakes, and the truth about one account.

It takes requests under the ids of its model (unique, free, or proving), keeps
every order and fill that there ever was, and tells reports on. What it holds
is what invariants compare the daemon with; nothing of the daemon is read here.
What it shows when it is asked is in `books`, what it does wrong in `mischief`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, assert_never

from msgspec.structs import replace

from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.reports import (
    USED_ID,
    Accepted,
    Canceled,
    ExecReport,
    Expired,
    Rejected,
    Trade,
    TradeCanceled,
    TradeCorrected,
)
from execd.simulation.scene import AccountScene
from execd.venue.matching import Matching
from execd.venue.matching_orders import Working

ZERO: Final = Decimal(0)
TWIN: Final = "#"
"""Tells a second order under one ClOrdID from the first, at the matching engine and nowhere else."""


@dataclass(slots=True, eq=False)
class Fill:
    """One execution, as the broker's books have it."""

    placed: "Placed"
    trade: Trade
    is_busted: bool = False

    @property
    def signed_qty(self) -> Decimal:
        """What it did to the position."""
        return ZERO if self.is_busted else self.placed.request.side.sign * self.trade.last_qty


@dataclass(slots=True, eq=False)
class Placed:
    """One order that the broker took. `name` is its ClOrdID at the matching engine, empty where somebody else's."""

    name: str
    order_id: str
    request: NewOrder
    taken_ns: int
    is_ours: bool = True
    hidden_until_ns: int = 0
    """Until then nothing is told of it, and who asks is told that there is no such order."""
    fills: list[Fill] = field(default_factory=list)

    @property
    def cum_qty(self) -> Decimal:
        """What counts as filled."""
        return sum((fill.trade.last_qty for fill in self.fills if not fill.is_busted), ZERO)


class Front:
    """The broker of one account."""

    def __init__(self, scene: AccountScene, matching: Matching, tell: Callable[[ExecReport, int], None]) -> None:
        """`tell` hands a report to the stream."""
        self.scene = scene
        self.placed: dict[str, Placed] = {}
        self.by_id: dict[str, list[Placed]] = {}
        self.fills: dict[str, Fill] = {}
        self.dead: dict[str, None] = {}
        """Requests that a proving broker has said it does not have: it will never take them."""
        self.is_numbered_anew = False
        """Whether the next order gets a number that was given before."""
        self.matching = matching
        self.tell = tell
        self.undone: list[TradeCanceled | TradeCorrected] = []
        self.hands_n = 0
        self._numbers = 0

    @property
    def account(self) -> str:
        """The account's name."""
        return self.scene.name

    def working(self, placed: Placed) -> Working | None:
        """Return an order as the matching engine has it."""
        return self.matching.known(placed.name) if placed.name else None

    def live(self) -> list[Placed]:
        """Return the orders that can still trade."""
        return [self.placed[one.cl_ord_ids[0]] for one in self.matching.live() if one.account == self.account]

    def positions(self) -> dict[str, Decimal]:
        """Return what the account holds, by symbol."""
        held: dict[str, Decimal] = {}
        for fill in self.fills.values():
            symbol = fill.placed.request.symbol
            held[symbol] = held.get(symbol, ZERO) + fill.signed_qty
        return held

    def by_hand(self, symbol: str) -> Decimal:
        """Return what was traded in a symbol by others than us, signed."""
        ours = (fill.placed.is_ours or fill.placed.request.symbol != symbol for fill in self.fills.values())
        return sum((fill.signed_qty for fill, skips in zip(self.fills.values(), ours, strict=True) if not skips), ZERO)

    def take(self, request: Request, now_ns: int, *, hides_ns: int = 0) -> Accepted | Rejected | None:
        """Take a request; return what the call itself answers, where it answers. A new order may hide for a while."""
        if request.cl_ord_id in self.dead:
            return None
        match request:
            case NewOrder():
                return self._submit(request, now_ns, hides_ns)
            case CancelRequest():
                orig = self._named(request.orig_cl_ord_id)
                self.hear(self.matching.cancel(replace(request, orig_cl_ord_id=orig), now_ns), now_ns)
            case ReplaceRequest():
                orig = self._named(request.orig_cl_ord_id)
                reports = self.matching.replace(replace(request, orig_cl_ord_id=orig), now_ns)
                known = self.by_id.get(request.orig_cl_ord_id)
                if known:
                    self.by_id.setdefault(request.cl_ord_id, known[-1:])
                self.hear(reports, now_ns)
            case _:
                assert_never(request)
        return None

    def hear(self, reports: Iterable[ExecReport], now_ns: int) -> list[ExecReport]:
        """Book what the matching engine says, and tell it on as the client knows it; of what is hidden nothing."""
        told = [self._told(report) for report in reports]
        for report in told:
            known = self.by_id.get(report.cl_ord_id)
            if not known or known[-1].hidden_until_ns <= now_ns:
                self.tell(report, now_ns)
        return told

    def disown(self, cl_ord_id: str) -> None:
        """Never take a request again that is on its way (of a proving broker, that has said so)."""
        if cl_ord_id not in self.by_id:
            self.dead[cl_ord_id] = None

    def _submit(self, request: NewOrder, now_ns: int, hides_ns: int) -> Accepted | Rejected | None:
        known = self.by_id.get(request.cl_ord_id, [])
        if known and self.scene.model != "free":
            used = Rejected(cl_ord_id=request.cl_ord_id, transact_ns=now_ns, code=USED_ID, text="id must be unique")
            self.tell(used, now_ns)
            return used if self.scene.answers else None
        name = f"{request.cl_ord_id}{TWIN}{len(known) + 1}" if known else request.cl_ord_id
        reports = self.matching.submit(replace(request, cl_ord_id=name), now_ns)
        if isinstance(reports[0], Accepted):
            placed = Placed(name=name, order_id=self._number(), request=request, taken_ns=now_ns)
            placed.hidden_until_ns = now_ns + hides_ns if hides_ns else 0
            self.placed[name] = placed
            self.by_id.setdefault(request.cl_ord_id, []).append(placed)
        first = self.hear(reports, now_ns)[0]
        is_told = self.scene.answers and not hides_ns
        return first if is_told and isinstance(first, Accepted | Rejected) else None

    def _number(self) -> str:
        if self.is_numbered_anew:
            self.is_numbered_anew = False
            self._numbers = max(0, self._numbers - 3)
        self._numbers += 1
        return f"{self.account}-{self._numbers}"

    def _named(self, cl_ord_id: str) -> str:
        """Return the name at the matching engine of the order that a ClOrdID means: the last live one under it."""
        known = self.by_id.get(cl_ord_id, [])
        working = [one for one in (self.working(placed) for placed in known) if one is not None]
        alive = [one for one in working if not one.ended] or working
        return alive[-1].cl_ord_id if alive else cl_ord_id

    def _told(self, report: ExecReport) -> ExecReport:
        """Return a report in the client's terms; a fill is booked."""
        working = self.matching.known(report.cl_ord_id)
        placed = None if working is None else self.placed.get(working.cl_ord_ids[0])
        words: dict[str, str] = {"cl_ord_id": _plain(report.cl_ord_id)}
        if placed is not None and report.order_id:
            words["order_id"] = placed.order_id
        orig = getattr(report, "orig_cl_ord_id", "")
        if orig:
            words["orig_cl_ord_id"] = _plain(orig)
        if placed is not None and isinstance(report, Canceled | Expired):
            return replace(report, cum_qty=placed.cum_qty, **words)
        if placed is None or not isinstance(report, Trade):
            return replace(report, **words)
        # Numbers of orders may be given twice, names of executions never are.
        trade = replace(report, **words)
        if not self.scene.tells_intervals:
            trade = replace(trade, cum_before=None, cum_after=None)
        self.book(placed, trade)
        return trade

    def book(self, placed: Placed, trade: Trade) -> None:
        """Count a fill."""
        fill = Fill(placed, trade)
        placed.fills.append(fill)
        self.fills[trade.exec_id] = fill


def _plain(cl_ord_id: str) -> str:
    return cl_ord_id.partition(TWIN)[0]
