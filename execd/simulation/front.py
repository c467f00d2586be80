"""A broker before the matching engine: its ids, its answers, its mistakes, and the truth about one account.

It takes requests under the ids of its model (unique, free, or proving), keeps
every order and fill that there ever was, and tells reports on. What it holds
is what invariants compare the daemon with; nothing of the daemon is read here.
A mistake that a broker can make is a method, called by `ordeals`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, assert_never

from msgspec.structs import replace

from execd.core.enums import OrdType, Side
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.reports import (
    USED_ID,
    Accepted,
    Canceled,
    ExecReport,
    Expired,
    OrderSnapshot,
    Rejected,
    Suspended,
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
        self._matching = matching
        self._tell = tell
        self._numbers = 0
        self._hands = 0

    @property
    def account(self) -> str:
        """The account's name."""
        return self.scene.name

    def working(self, placed: Placed) -> Working | None:
        """Return an order as the matching engine has it."""
        return self._matching.known(placed.name) if placed.name else None

    def live(self) -> list[Placed]:
        """Return the orders that can still trade."""
        return [self.placed[one.cl_ord_ids[0]] for one in self._matching.live() if one.account == self.account]

    def positions(self) -> dict[str, Decimal]:
        """Return what the account holds, by symbol."""
        held: dict[str, Decimal] = {}
        for fill in self.fills.values():
            symbol = fill.placed.request.symbol
            held[symbol] = held.get(symbol, ZERO) + fill.signed_qty
        return held

    def take(self, request: Request, now_ns: int) -> Accepted | Rejected | None:
        """Take a request; return what the call itself answers, where it answers."""
        if request.cl_ord_id in self.dead:
            return None
        match request:
            case NewOrder():
                return self._submit(request, now_ns)
            case CancelRequest():
                orig = self._named(request.orig_cl_ord_id)
                self.hear(self._matching.cancel(replace(request, orig_cl_ord_id=orig), now_ns), now_ns)
            case ReplaceRequest():
                orig = self._named(request.orig_cl_ord_id)
                reports = self._matching.replace(replace(request, orig_cl_ord_id=orig), now_ns)
                known = self.by_id.get(request.orig_cl_ord_id)
                if known:
                    self.by_id.setdefault(request.cl_ord_id, known[-1:])
                self.hear(reports, now_ns)
            case _:
                assert_never(request)
        return None

    def hear(self, reports: Iterable[ExecReport], now_ns: int) -> list[ExecReport]:
        """Book what the matching engine says, and tell it on as the client knows it."""
        told = [self._told(report) for report in reports]
        for report in told:
            self._tell(report, now_ns)
        return told

    def find(self, cl_ord_id: str, now_ns: int, *, lag_ns: int = 0) -> OrderSnapshot | None:
        """Return what the broker says of an order; what is younger than `lag_ns` it may not know yet."""
        known = self.by_id.get(cl_ord_id)
        placed = known[-1] if known else None
        if placed is None or placed.taken_ns > now_ns - lag_ns:
            return None
        working = self.working(placed)
        if working is None:
            return None
        counted = [fill.trade for fill in placed.fills if not fill.is_busted]
        cum_qty = sum((trade.last_qty for trade in counted), ZERO)
        paid = sum((trade.last_qty * trade.last_px for trade in counted), ZERO)
        changed_ns = max([working.last_ns, *(fill.trade.transact_ns for fill in placed.fills)])
        return OrderSnapshot(
            cl_ord_id=cl_ord_id,
            order_id=placed.order_id,
            symbol=working.symbol,
            order_qty=working.order_qty,
            cum_qty=cum_qty,
            avg_px=paid / cum_qty if cum_qty else ZERO,
            is_live=not working.ended,
            transact_ns=changed_ns,
            text=working.text,
            trades=tuple(counted) if self.scene.tells_trades else (),
        )

    def disown(self, cl_ord_id: str) -> None:
        """Never take a request again that is on its way (of a proving broker, that has said so)."""
        if cl_ord_id not in self.by_id:
            self.dead[cl_ord_id] = None

    # What a broker does that nobody asked for.

    def bust(self, fill: Fill, now_ns: int) -> None:
        """Take a fill back."""
        fill.is_busted = True
        trade = fill.trade
        self._tell(
            TradeCanceled(
                cl_ord_id=trade.cl_ord_id, transact_ns=now_ns, order_id=trade.order_id, exec_ref_id=trade.exec_id
            ),
            now_ns,
        )

    def correct(self, fill: Fill, qty: Decimal, px: Decimal, now_ns: int) -> None:
        """Put another fill in the place of one."""
        fill.is_busted = True
        trade = replace(fill.trade, exec_id=f"{fill.trade.exec_id}c", last_qty=qty, last_px=px, transact_ns=now_ns)
        self._book(fill.placed, trade)
        self._tell(
            TradeCorrected(
                cl_ord_id=trade.cl_ord_id,
                transact_ns=now_ns,
                order_id=trade.order_id,
                exec_ref_id=fill.trade.exec_id,
                trade=trade,
            ),
            now_ns,
        )

    def overfill(self, placed: Placed, qty: Decimal, now_ns: int) -> None:
        """Fill an order that is full already."""
        last = placed.fills[-1].trade
        places = {} if last.cum_after is None else {"cum_before": last.cum_after, "cum_after": last.cum_after + qty}
        trade = replace(
            last, exec_id=f"{placed.order_id}.over{len(placed.fills)}", last_qty=qty, transact_ns=now_ns, **places
        )
        self._book(placed, trade)
        self._tell(trade, now_ns)

    def hand_trade(self, symbol: str, side: Side, qty: Decimal, px: Decimal, now_ns: int) -> None:
        """Let somebody trade by hand."""
        self._hands += 1
        name = f"hand-{self.account}-{self._hands}"
        request = NewOrder(
            cl_ord_id=name,
            parent_id="",
            account=self.account,
            symbol=symbol,
            side=side,
            order_qty=qty,
            ord_type=OrdType.MARKET,
            send_by_ns=now_ns,
        )
        placed = Placed(name="", order_id=f"H{name}", request=request, taken_ns=now_ns, is_ours=False)
        trade = Trade(
            cl_ord_id=name,
            transact_ns=now_ns,
            order_id=placed.order_id,
            exec_id=f"{name}.1",
            last_qty=qty,
            last_px=px,
        )
        self._book(placed, trade)
        self._tell(Accepted(cl_ord_id=name, transact_ns=now_ns, order_id=placed.order_id), now_ns)
        self._tell(trade, now_ns)

    def withdraw(self, placed: Placed, now_ns: int, *, is_told: bool) -> None:
        """Cancel an order unasked; `is_told` false: nobody hears of it."""
        request = CancelRequest(
            cl_ord_id=placed.name,
            orig_cl_ord_id=placed.name,
            parent_id="",
            account=self.account,
            symbol=placed.request.symbol,
            side=placed.request.side,
        )
        reports = self._matching.cancel(request, now_ns)
        if is_told:
            self.hear(reports, now_ns)

    def say_nothing(self, placed: Placed, now_ns: int) -> None:
        """Report a status that means nothing."""
        self._tell(
            Suspended(
                cl_ord_id=placed.request.cl_ord_id, transact_ns=now_ns, order_id=placed.order_id, text="calculated"
            ),
            now_ns,
        )

    def _submit(self, request: NewOrder, now_ns: int) -> Accepted | Rejected | None:
        known = self.by_id.get(request.cl_ord_id, [])
        if known and self.scene.model != "free":
            used = Rejected(cl_ord_id=request.cl_ord_id, transact_ns=now_ns, code=USED_ID, text="id must be unique")
            self._tell(used, now_ns)
            return used if self.scene.answers else None
        name = f"{request.cl_ord_id}{TWIN}{len(known) + 1}" if known else request.cl_ord_id
        reports = self._matching.submit(replace(request, cl_ord_id=name), now_ns)
        if isinstance(reports[0], Accepted):
            placed = Placed(name=name, order_id=self._number(), request=request, taken_ns=now_ns)
            self.placed[name] = placed
            self.by_id.setdefault(request.cl_ord_id, []).append(placed)
        first = self.hear(reports, now_ns)[0]
        return first if self.scene.answers and isinstance(first, Accepted | Rejected) else None

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
        working = self._matching.known(report.cl_ord_id)
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
        self._book(placed, trade)
        return trade

    def _book(self, placed: Placed, trade: Trade) -> None:
        fill = Fill(placed, trade)
        placed.fills.append(fill)
        self.fills[trade.exec_id] = fill


def _plain(cl_ord_id: str) -> str:
    return cl_ord_id.partition(TWIN)[0]
