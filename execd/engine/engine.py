"""The one writer.

`Engine.handle(event)` folds one event into the book and returns the effects
that follow. It is synchronous and pure but for its own state; whoever drives
it (daemon, simulator, replay) commits `take_records()` before any effect
leaves. Which module does what: `receiving` and `starting` (intents),
`stepping` (algorithms), `ending`, `facts` (what brokers say), `commanding`
(operators), `halting`, `kill`, `pausing`, `flattening`, `restraint`, `memory`, `desk` (the state).
"""

from typing import assert_never

from execd.core.book import Book
from execd.core.events import (
    Answered,
    ClockJumped,
    CommandReceived,
    DocumentReceived,
    Effect,
    Event,
    HaltReceived,
    IdsLost,
    ListReceived,
    ListWorked,
    LookedUp,
    LookupFailed,
    ParentReceived,
    ParentWoken,
    PollDue,
    PrintsReceived,
    QuoteReceived,
    RateLimitHit,
    RecallAnswered,
    Recovered,
    Replace,
    ReportReceived,
    RequestFailed,
    RulesChanged,
    StopRequested,
    StreamAlive,
    StreamGap,
    Submit,
    TimerFired,
    TroubleReported,
)
from execd.core.reading import Reading, ReadingAsked, ReadingWorked, SnapshotFailed, SnapshotReceived
from execd.core.records import Record
from execd.core.rules import Rules
from execd.core.shown import MarketPassed, ReferenceReceived, Shown, SymbolsSeen
from execd.engine import (
    asking,
    doubt,
    expecting,
    facts,
    flattening,
    halting,
    hearing,
    kill,
    late,
    listing,
    memory,
    readings,
    reconciling,
    recovery,
    restraint,
    showing,
)
from execd.engine.commanding import on_command, on_document
from execd.engine.desk import Desk
from execd.engine.ending import FLATTENS
from execd.engine.receiving import open_second_leg, receive, refuse_lost
from execd.engine.staying_out import pull
from execd.engine.stepping import step_parked
from execd.engine.touching import touch


class Engine:
    """All decisions of one daemon."""

    def __init__(self, rules: Rules, epoch: str, book: Book | None = None, *, epochs: tuple[str, ...] = ()) -> None:
        """Begin with the book of a journal, whose `epoch` marks our ClOrdIDs; `epochs` are those before it."""
        self.desk = Desk(rules, epoch, book if book is not None else Book())
        self.desk.epochs = (epoch, *epochs)

    @property
    def book(self) -> Book:
        """Parents, orders and positions; for reading."""
        return self.desk.book

    def barred(self, effect: Submit | Replace) -> str:
        """Return why a request that was decided may not leave after all; empty where it may. The last look."""
        return restraint.barred(self.desk, effect.request)

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; return what should follow once its records are durable."""
        desk = self.desk
        desk.subject, desk.comparing.now_ns = "", event.now_ns
        match event:
            case QuoteReceived():
                if event.quote.symbol not in desk.muted and desk.markets.on_quote(event.quote):
                    desk.wake(desk.watchers.by_quote(event.quote), "quote")
            case PrintsReceived():
                if event.prints.symbol not in desk.muted:
                    volume = desk.markets.on_prints(event.prints)
                    late.on_prints(desk, event.prints, event.now_ns)
                    desk.wake(desk.watchers.by_prints(event.prints, volume), "print")
            case ReportReceived():
                facts.on_report(desk, event)
            case TimerFired():
                self._on_timer(event)
            case ParentWoken():
                self._on_woken(event)
            case ParentReceived():
                receive(desk, event)
            case _:
                self._rarely(event)
        while desk.ended_targets:
            open_second_leg(desk, desk.parent(desk.ended_targets.pop()), event.now_ns)
        if desk.lines.questions:
            asking.let_go(desk, event.now_ns)
        return desk.take_effects()

    def _rarely(
        self,
        event: ListReceived
        | ListWorked
        | DocumentReceived
        | CommandReceived
        | HaltReceived
        | Shown
        | StreamAlive
        | StreamGap
        | Answered
        | Reading
        | IdsLost
        | PollDue
        | TroubleReported
        | ClockJumped
        | RulesChanged
        | Recovered
        | StopRequested,
    ) -> None:
        """Take an event of a kind that comes seldom."""
        desk = self.desk
        match event:
            case ListReceived():
                listing.receive_list(desk, event)
            case ListWorked():
                listing.go_on(desk, event.now_ns)
            case DocumentReceived():
                on_document(desk, event)
            case CommandReceived():
                on_command(desk, event)
            case HaltReceived() | MarketPassed() | SymbolsSeen() | ReferenceReceived():
                showing.on_shown(desk, event)
            case StreamAlive():
                self._on_alive(event)
            case StreamGap():
                self._on_gap(event)
            case RequestFailed() | LookedUp() | LookupFailed() | RecallAnswered() | RateLimitHit():
                facts.on_answer(desk, event)
            case SnapshotReceived() | SnapshotFailed() | ReadingWorked() | ReadingAsked():
                reconciling.on_reading(desk, event)
            case IdsLost():
                refuse_lost(desk, event)
            case PollDue():
                hearing.on_poll(desk, event)
            case TroubleReported():
                halting.on_trouble(desk, event)
            case ClockJumped():
                halting.on_clock(desk, event)
            case RulesChanged():
                desk.change_rules(event.rules)
            case Recovered():
                listing.drop_staged(desk, event.now_ns)
                recovery.take_up(desk, event.now_ns)
                readings.begin(desk, event.now_ns)
            case StopRequested():
                self._on_stop(event)
            case _:
                assert_never(event)

    def take_records(self) -> tuple[Record, ...]:
        """Return the records made since the last call."""
        return self.desk.take_records()

    def next_woken(self, now_ns: int) -> ParentWoken | None:
        """Take out the parent whose turn it is; None where nobody was woken."""
        woken = self.desk.woken
        if not woken:
            return None
        parent_id, cause = woken.popitem(last=False)
        return ParentWoken(now_ns=now_ns, parent_id=parent_id, cause=cause)

    def _on_timer(self, event: TimerFired) -> None:
        desk, key = self.desk, event.key
        due_ns = desk.timers.get(key)
        if due_ns is None or event.now_ns < due_ns:
            return  # It was moved since.
        del desk.timers[key]
        if key.startswith("@token:"):
            step_parked(desk, key.removeprefix("@token:"), event.now_ns)
        elif key.startswith(doubt.TIMER):
            doubt.on_timer(desk, key.removeprefix(doubt.TIMER), event.now_ns)
        elif key.startswith(expecting.TIMER):
            late.on_timer(desk, key.removeprefix(expecting.TIMER), event.now_ns)
        elif key.startswith(asking.AGAIN):
            asking.on_again(desk, key.removeprefix(asking.AGAIN))
        elif key.startswith(readings.TIMER):
            reconciling.on_timer(desk, key.removeprefix(readings.TIMER), event.now_ns)
        elif key == memory.TIMER:
            memory.retire(desk, event.now_ns)
        elif key == kill.TIMER:
            kill.watch(desk, event.now_ns)
        elif key.startswith(FLATTENS):
            flattening.on_timer(desk, key.removeprefix(FLATTENS), event.now_ns)
        elif key in desk.open_parents:
            touch(desk, key, event.now_ns, "timer")

    def _on_woken(self, event: ParentWoken) -> None:
        desk = self.desk
        if event.parent_id not in desk.open_parents:
            return
        if desk.pulls_at_stop:
            desk.subject = event.parent_id
            pull(desk, desk.parent(event.parent_id), event.now_ns, "operator: stopping")
        else:
            touch(desk, event.parent_id, event.now_ns, event.cause)

    def _on_stop(self, event: StopRequested) -> None:
        desk = self.desk
        desk.is_stopping = True
        if event.policy == "cancel":
            desk.pulls_at_stop = True
            desk.wake(desk.open_parents, "stop")

    def _on_alive(self, event: StreamAlive) -> None:
        markets = self.desk.markets
        silence_ns = event.now_ns - markets.alive_ns
        markets.on_alive(event.now_ns)
        if silence_ns > self.desk.rules.execution.quote_age_resting_ns_max:
            # Standing quotes are fresh again without having been sent again.
            for symbol in self.desk.watchers.symbols():
                self.desk.wake(self.desk.watchers.for_quotes(symbol), "stream")

    def _on_gap(self, event: StreamGap) -> None:
        desk = self.desk
        if event.stream == "quotes":
            showing.on_gap(desk, event.now_ns)
        else:
            hearing.begin(desk, (event.account,), event.now_ns)
            # What was reported meanwhile is lost to us: the broker is asked for every order that it may be about.
            for order in desk.all_live(event.account):
                desk.ask_about(order)
            readings.ask(desk, event.account, event.now_ns)
        text = f"the {event.stream} stream of {event.account} had a gap: {event.text}"
        desk.alert("stream_gap", text)
