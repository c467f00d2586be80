"""A world in which almost everything goes a little wrong, as drawn: for laws that must hold all the same.

Timers that fire late, reports told twice, requests that the venue refuses, deaths, a plan whose conduct is another than
the policy gives, and a feed that shows our own orders as a part of the touch, as that of a real market does.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from itertools import count

import msgspec
from msgspec.structs import replace

from execd.core.conduct import Conduct
from execd.core.events import Cancel, Effect, QuoteReceived, Replace, SetTimer, Submit
from execd.core.market import Halt, Prints, Quote
from execd.core.orders import ParentOrder
from execd.core.records import ParentStarted
from execd.core.reports import CancelRejected, ExecReport, Rejected, ReplaceRejected
from execd.core.rules import MS, Rules
from tests.world import World

FEED_NS = 40 * MS
"""So long after a change of ours the feed shows it."""


class Mishaps(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong: the numbers of the timers, requests and reports that it happens to, counted from 0.

    A timer of `late_timers` fires `late_ns` after its time; a report of `doubled` is told again after `doubled_ns`.
    """

    late_timers: tuple[int, ...] = ()
    late_ns: int = 0
    refused: tuple[int, ...] = ()
    doubled: tuple[int, ...] = ()
    doubled_ns: int = 0
    shows_us: bool = False


class Unruly(World):
    """A world with mishaps."""

    def __init__(self, rules: Rules, mishaps: Mishaps, *, latency_ns: int) -> None:
        """Begin; the market is the tests' to write, as in any world."""
        # A timer that is late leaves a step undone, which is then no step too many.
        super().__init__(rules, latency_ns=latency_ns, steps_more=not mishaps.late_timers)
        self._mishaps = mishaps
        self._timers, self._requests, self._reports = count(), count(), count()
        self._tape: dict[str, Quote] = {}

    def begin(self, parent: ParentOrder, first: Quote, conduct: Conduct | None) -> None:
        """Let a parent start at `first`; with `conduct` as if the policy had planned it so."""
        self.drop(parent)
        self.show(first)
        if conduct is None:
            return
        started = next((n for n, one in enumerate(self.records) if isinstance(one, ParentStarted)), None)
        if started is None:
            return
        record = self.records[started]
        assert isinstance(record, ParentStarted)
        # Nothing of what followed was committed: this life begins with the plan.
        self.records[started] = replace(record, plan=replace(record.plan, conduct=conduct))
        self.submitted.clear()
        self.crash(keep=started + 1)
        self.show(first)

    def crash(self, *, keep: int | None = None) -> None:
        """Lose the process. The new one takes its first steps a little later than it could, so none is too many."""
        self.steps_more = False
        super().crash(keep=keep)

    def show(self, tick: Quote | Prints | Halt) -> None:
        """Let the market show something; where the feed shows us, too, the engine hears of both together."""
        if not isinstance(tick, Quote) or not self._mishaps.shows_us:
            super().show(tick)
            return
        self._tape[tick.symbol] = replace(tick, exchange_ns=self.now_ns, received_ns=self.now_ns)
        reports = self.venue.on_quote(self._tape[tick.symbol], self.now_ns)
        self._tell_of_both(tick.symbol)
        self._report(reports)

    def _tell_of_both(self, symbol: str) -> None:
        tape = self._tape.get(symbol)
        if tape is None:
            return
        both = replace(tape, exchange_ns=self.now_ns, received_ns=self.now_ns)
        for order in self.venue.live():
            if order.price is None or order.symbol != symbol:
                continue
            if order.is_buy and order.price >= both.bid_px and order.price < both.ask_px:
                others_size = both.bid_size if order.price == both.bid_px else Decimal(0)
                both = replace(both, bid_px=order.price, bid_size=others_size + order.leaves_qty)
            elif not order.is_buy and order.price <= both.ask_px and order.price > both.bid_px:
                others_size = both.ask_size if order.price == both.ask_px else Decimal(0)
                both = replace(both, ask_px=order.price, ask_size=others_size + order.leaves_qty)
        self.tell(QuoteReceived(now_ns=self.now_ns, quote=both))

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case SetTimer(at_ns=at_ns) if next(self._timers) in self._mishaps.late_timers:
                super()._carry_out(replace(effect, at_ns=max(at_ns, self.now_ns) + self._mishaps.late_ns))
            case Submit() | Replace() | Cancel() if next(self._requests) in self._mishaps.refused:
                refusal = _refusal(effect, self.now_ns)
                self._later(lambda: self._report([refusal]))
            case _:
                super()._carry_out(effect)

    def _report(self, reports: Iterable[ExecReport]) -> None:
        told = list(reports)
        super()._report(told)
        for report in told:
            if next(self._reports) in self._mishaps.doubled:
                self._push(self.now_ns + self._mishaps.doubled_ns, partial(self._hear, report))
        if told and self._mishaps.shows_us:
            for symbol in self._tape:
                self._push(self.now_ns + FEED_NS, partial(self._tell_of_both, symbol))


def _refusal(effect: Submit | Replace | Cancel, now_ns: int) -> ExecReport:
    """Return what a venue says that does not like a request."""
    match effect:
        case Submit(request=new):
            return Rejected(cl_ord_id=new.cl_ord_id, transact_ns=now_ns, code="no", text="not today")
        case Replace(request=change):
            return ReplaceRejected(
                cl_ord_id=change.cl_ord_id,
                transact_ns=now_ns,
                orig_cl_ord_id=change.orig_cl_ord_id,
                order_id="",
                code="no",
                text="too late to change",
            )
        case Cancel(request=cancel):
            return CancelRejected(
                cl_ord_id=cancel.cl_ord_id,
                transact_ns=now_ns,
                orig_cl_ord_id=cancel.orig_cl_ord_id,
                order_id="",
                code="no",
                text="not now",
            )
