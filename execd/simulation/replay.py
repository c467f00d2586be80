"""The replay: the daemon's own cycle in virtual time, over recorded tapes.

The `agenda` holds what will happen, the tapes are walked beside it by `lane`. Rows that can neither change an order nor
wake a parent are passed over; whoever has to act sees the latest quote and the summed prints first, so the result is
the same as if every row had been told (a law of the tests). It reads no clock and no file and writes none. A new
effect is a case in `_follow`.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, assert_never

from execd.core.batch import Batch
from execd.core.book import Book, Touched
from execd.core.commands import CancelParent
from execd.core.effects import TakeSnapshot
from execd.core.enums import ParentStatus
from execd.core.events import (
    Alert,
    Cancel,
    CommandReceived,
    DoubtStream,
    Effect,
    HaltReceived,
    LookedUp,
    ParentReceived,
    PrintsReceived,
    Query,
    QuoteReceived,
    Recall,
    Replace,
    Reply,
    ReportReceived,
    SetTimer,
    StreamAlive,
    Submit,
    Subscribe,
    TimerFired,
    WriteReport,
)
from execd.core.ids import epoch_of
from execd.core.market import Halt
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.projection import Rows, rows_of
from execd.core.reports import ExecReport
from execd.core.rules import Rules, S
from execd.core.shown import MarketPassed, ReferenceReceived
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.intake.parse import ParsedIntent
from execd.simulation.agenda import ARRIVAL, FACT, INTENT, PRINT, Agenda, Happening
from execd.simulation.bounds import NOTHING
from execd.simulation.lane import Lane
from execd.simulation.past_days import PastDays
from execd.venue.latency import Latency
from execd.venue.matching import Matching

ALIVE_NS: Final = 1 * S
"""A tape is a stream that is always up; a daemon's stream proves itself as often."""
STEPS_A_TOLD: Final = 2_048


class Commits(Protocol):
    """A journal, as far as a replay needs one."""

    epoch: str

    def commit(self, batch: Batch) -> None:
        """Keep a batch."""


class Replay:
    """One run. After `run`, `book` says what became of every intent and `alerts` counts what the engine warned of."""

    def __init__(
        self,
        *,
        rules: Rules,
        venue: Matching,
        latency: Latency,
        lanes: Sequence[Lane],
        journal: Commits | None = None,
        skips: bool = True,
        days: Sequence[PastDays] = (),
        tell: Callable[[int], None] | None = None,
    ) -> None:
        """`skips` false tells every row to everybody. `days` are what is known of the days before each tape.

        `tell` is called with the instant now and then.
        """
        self._lanes = {lane.symbol: lane for lane in lanes}
        self.first_ns = min((lane.first_ns for lane in lanes if lane.first_ns is not None), default=0)
        epoch = epoch_of(self.first_ns) if journal is None else journal.epoch
        self._cycle = Cycle(Engine(rules, epoch), _no_rows if journal is None else rows_of)
        self._venue = venue
        self._latency = latency
        self._journal = journal
        self._skips = skips
        self._days = days
        self._tell = tell
        self._agenda = Agenda()
        self._acts_ns: dict[str, int] = {}
        self._open: dict[str, dict[str, None]] = {}
        self._watched: dict[str, Lane] = {}
        self._over: dict[str, None] = {}
        self._alive_ns = -ALIVE_NS
        self.steps_n = 0
        self.alerts: dict[str, int] = {}

    @property
    def book(self) -> Book:
        """Parents, orders and positions."""
        return self._cycle.engine.book

    def run(self, intents: Sequence[ParsedIntent]) -> None:
        """Work every intent to its end; an intent arrives when it may start, not before its tape begins."""
        for past in self._days:
            event = ReferenceReceived(now_ns=past.from_ns, days=(past.values,))
            self._agenda.put(past.from_ns, FACT, past.values.symbol, event)
        for intent in intents:
            lane = self._lanes.get(intent.parent.symbol)
            begins_ns = self.first_ns if lane is None or lane.first_ns is None else lane.first_ns
            at_ns = max(intent.parent.effective_ns, begins_ns)
            arrives = ParentReceived(now_ns=at_ns, parent=intent.parent, content_hash=intent.content_hash)
            self._agenda.put(at_ns, INTENT, intent.parent.symbol, arrives)
        if not self._skips:
            for symbol, lane in self._lanes.items():
                lane.watch_everything()
                self._watched[symbol] = lane
        while self._step():
            self.steps_n += 1
            if self._tell is not None and self.steps_n % STEPS_A_TOLD == 0:
                self._tell(self._alive_ns)
        for lane in self._lanes.values():
            lane.drain()

    def _step(self) -> bool:
        """Do what comes next: a row of a tape, the end of one, or the first of the heap. False when nothing is left."""
        limit_ns = self._agenda.next_ns
        chosen: Lane | None = None
        chosen_ns, chosen_rank = limit_ns, ARRIVAL
        for lane in self._watched.values():
            hit = lane.next_hit(limit_ns)
            if hit is None:
                if not lane.is_over or lane.symbol in self._over:
                    continue
                hit = (lane.end_ns, PRINT)
            if hit < (chosen_ns, chosen_rank) or (
                chosen is not None and hit == (chosen_ns, chosen_rank) and lane.symbol < chosen.symbol
            ):
                chosen, (chosen_ns, chosen_rank) = lane, hit
        if chosen is not None:
            self._row(chosen, chosen_ns, chosen_rank)
            return True
        if not self._agenda:
            return False
        taken = self._agenda.take()
        if taken is not None:
            self._happen(*taken)
        return True

    def _row(self, lane: Lane, now_ns: int, rank: int) -> None:
        """Tell a row that matters, after what was passed over before it."""
        self._prove_life(now_ns)
        if lane.is_over:
            self._end_tape(lane)
        elif rank == PRINT:
            prints = lane.go_to_print()
            self._tell_market(lane, now_ns)
            reports = self._venue.on_print(lane.symbol, prints.last_px, prints.volume, now_ns)
            self._reported(lane.symbol, reports, now_ns)
            self._cycle.push(PrintsReceived(now_ns=now_ns, prints=prints))
            self._turn(now_ns)
        else:
            lane.go_to_quote()
            self._tell_market(lane, now_ns)
        self._watch(lane)

    def _happen(self, now_ns: int, symbol: str, happening: Happening) -> None:
        self._prove_life(now_ns)
        lanes = [self._lanes[symbol]] if symbol in self._lanes else []
        if isinstance(happening, TimerFired) and not symbol:
            lanes = list(self._watched.values())  # A token is due: any parked parent of the account may act.
        for lane in lanes:
            lane.go_to(now_ns)
            self._tell_market(lane, now_ns)
            if lane.is_over and lane.end_ns <= now_ns and lane.symbol not in self._over:
                self._end_tape(lane)
        if isinstance(happening, NewOrder | ReplaceRequest | CancelRequest):
            self._reported(symbol, self._arrive(happening, now_ns), now_ns)
        elif isinstance(happening, tuple):
            for event in happening:
                self._cycle.push(event)
            self._turn(now_ns)
        else:
            self._cycle.push(happening)
            self._turn(now_ns)
            if isinstance(happening, ParentReceived):
                self._opened(happening, now_ns)
        for lane in lanes:
            self._watch(lane)

    def _arrive(self, request: Request, now_ns: int) -> list[ExecReport]:
        match request:
            case NewOrder():
                return self._venue.submit(request, now_ns)
            case ReplaceRequest():
                return self._venue.replace(request, now_ns)
            case CancelRequest():
                return self._venue.cancel(request, now_ns)
            case _:
                assert_never(request)

    def _opened(self, event: ParentReceived, now_ns: int) -> None:
        parent_id, symbol = event.parent.parent_id, event.parent.symbol
        if self.book.parents[parent_id].status.is_terminal:
            return
        self._open.setdefault(symbol, {})[parent_id] = None
        if symbol in self._over or symbol not in self._lanes:
            self._cancel_unstarted(symbol, now_ns)

    def _end_tape(self, lane: Lane) -> None:
        """Stop trading in a symbol: after the last row nothing fills, and what has not started never will."""
        self._over[lane.symbol] = None
        now_ns = lane.end_ns
        self._tell_market(lane, now_ns)
        halt = Halt(symbol=lane.symbol, is_halted=True, reason="the tape is over", exchange_ns=now_ns)
        self._reported(lane.symbol, self._venue.on_halt(halt, now_ns), now_ns)
        self._cycle.push(HaltReceived(now_ns=now_ns, halt=halt))
        self._turn(now_ns)
        self._cancel_unstarted(lane.symbol, now_ns)

    def _cancel_unstarted(self, symbol: str, now_ns: int) -> None:
        for parent_id in list(self._open.get(symbol, ())):
            if self.book.parents[parent_id].status is ParentStatus.QUEUED:
                command = CancelParent(parent_id=parent_id, reason=f"no row of {symbol} is left")
                self._cycle.push(CommandReceived(now_ns=now_ns, command=command, uid=0))
                self._turn(now_ns)

    def _prove_life(self, now_ns: int) -> None:
        """Say that the stream is up; it is heard with the market that is told next."""
        if now_ns - self._alive_ns >= ALIVE_NS:
            self._alive_ns = now_ns
            self._cycle.push(StreamAlive(now_ns=now_ns))

    def _tell_market(self, lane: Lane, now_ns: int) -> None:
        """Tell the engine what was passed over, and the venue the quote that stands."""
        passed = lane.samples(now_ns)
        if passed is not None:
            self._cycle.push(MarketPassed(now_ns=now_ns, passed=passed))
        prints, quote = lane.take()
        if prints is not None:
            self._cycle.push(PrintsReceived(now_ns=now_ns, prints=prints))
        if quote is not None:
            self._reported(lane.symbol, self._venue.on_quote(quote, now_ns), now_ns)
            self._cycle.push(QuoteReceived(now_ns=now_ns, quote=quote))
        # Before anything else is pushed: what it means may depend on this market.
        self._turn(now_ns)

    def _reported(self, symbol: str, reports: list[ExecReport], now_ns: int) -> None:
        """Let the reports of one act of the venue be seen together, in their order."""
        told: list[ReportReceived] = []
        for report in reports:
            order = self.book.order_of(report.cl_ord_id)
            if order is None:
                raise AssertionError(report.cl_ord_id)
            told.append(ReportReceived(now_ns=now_ns, account=order.first.account, report=report))
        if told:
            self._agenda.put(now_ns, FACT, symbol, tuple(told))

    def _watch(self, lane: Lane) -> None:
        """Look for what the venue and the engine now wait for in a symbol."""
        if not self._skips:
            return
        symbol = lane.symbol
        lane.watch(self._venue.interest(symbol), self._cycle.engine.desk.watchers.interest(symbol))
        if lane.bounds is NOTHING and not self._open.get(symbol):
            self._watched.pop(symbol, None)
        else:
            self._watched[symbol] = lane

    def _turn(self, now_ns: int) -> None:
        cycle = self._cycle
        while cycle.has_work():
            batch = cycle.turn(now_ns)
            if self._journal is not None and batch.records:
                self._journal.commit(batch)
            for effect in cycle.committed(batch, now_ns):
                self._follow(effect, now_ns)
            if cycle.poison is not None:
                raise cycle.poison

    def _follow(self, effect: Effect, now_ns: int) -> None:
        match effect:
            case WriteReport():
                if effect.is_terminal:
                    self._closed(effect.parent_id)
            case SetTimer():
                parent = self.book.parents.get(effect.key)
                self._agenda.set_timer(effect, "" if parent is None else parent.order.symbol, now_ns)
            case Submit(request=request) | Cancel(request=request) | Replace(request=request):
                # One account's requests arrive in the order in which they left.
                least_ns = self._acts_ns.get(request.account, 0)
                acts_ns = max(least_ns, self._latency.acts_at(request.cl_ord_id, now_ns))
                self._acts_ns[request.account] = acts_ns
                self._agenda.put(acts_ns, ARRIVAL, request.symbol, request)
            case Query():
                seen = self._venue.find(effect.account, effect.cl_ord_id)
                answer = LookedUp(now_ns=now_ns, account=effect.account, cl_ord_id=effect.cl_ord_id, seen=seen)
                order = self.book.order_of(effect.cl_ord_id)
                self._agenda.put(now_ns, FACT, "" if order is None else order.first.symbol, answer)
            case Alert():
                self.alerts[effect.code] = self.alerts.get(effect.code, 0) + 1
            case Subscribe() | Reply() | Recall() | TakeSnapshot() | DoubtStream():
                # Every tape is read anyway, nobody waits for an answer, nothing leaves memory in a day, and no report
                # of the tapes' venue gets lost.
                pass
            case _:
                assert_never(effect)

    def _closed(self, parent_id: str) -> None:
        parent = self.book.parents[parent_id]
        self._agenda.drop_timer(parent_id)
        self._open.get(parent.order.symbol, {}).pop(parent_id, None)


def _no_rows(book: Book, touched: Touched) -> Rows:
    del book, touched
    return Rows()
