"""The one writer.

`Engine.handle(event)` folds one event into the book and returns the effects
that follow. It is synchronous and pure but for its own state; whoever drives
it (daemon, simulator, replay) commits `take_records()` before any effect
leaves. Which module does what: `starting` (intents), `stepping` (algorithms),
`ending`, `facts` (what brokers say), `desk` (the state).
"""

from typing import assert_never

from execd.core.book import Book
from execd.core.enums import ParentStatus
from execd.core.events import (
    CancelParent,
    CommandReceived,
    Effect,
    Event,
    HaltReceived,
    LookedUp,
    ParentReceived,
    PrintsReceived,
    QuoteReceived,
    Recovered,
    ReportReceived,
    RequestFailed,
    StopRequested,
    StreamAlive,
    StreamGap,
    TimerFired,
)
from execd.core.records import Commanded, Record
from execd.core.rules import Rules
from execd.engine import facts, recovery
from execd.engine.desk import Desk
from execd.engine.ending import stop_parent
from execd.engine.starting import receive, try_start
from execd.engine.stepping import pull_live, step_parent, step_parked


class Engine:
    """All decisions of one daemon."""

    def __init__(self, rules: Rules, epoch: str, book: Book | None = None) -> None:
        """Begin with the book of a journal, whose `epoch` marks our ClOrdIDs."""
        self.desk = Desk(rules, epoch, book if book is not None else Book())

    @property
    def book(self) -> Book:
        """Parents, orders and positions; for reading."""
        return self.desk.book

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; return what should follow once its records are durable."""
        desk = self.desk
        match event:
            case QuoteReceived():
                desk.markets.on_quote(event.quote)
                self._wake(desk.watchers.by_quote(event.quote), event.now_ns, "quote")
            case PrintsReceived():
                volume = desk.markets.on_prints(event.prints)
                self._wake(desk.watchers.by_prints(event.prints, volume), event.now_ns, "print")
            case ReportReceived():
                facts.on_report(desk, event)
            case TimerFired():
                self._on_timer(event)
            case ParentReceived():
                receive(desk, event)
            case CommandReceived():
                self._on_command(event)
            case HaltReceived():
                desk.markets.on_halt(event.halt)
                self._wake(desk.open_in(event.halt.symbol), event.now_ns, "halt")
            case StreamAlive():
                self._on_alive(event)
            case StreamGap():
                self._on_gap(event)
            case RequestFailed():
                facts.on_failure(desk, event)
            case LookedUp():
                facts.on_lookup(desk, event)
            case Recovered():
                recovery.take_up(desk, event.now_ns)
            case StopRequested():
                desk.is_stopping = True
            case _:
                assert_never(event)
        return desk.take_effects()

    def take_records(self) -> tuple[Record, ...]:
        """Return the records made since the last call."""
        return self.desk.take_records()

    def _wake(self, parent_ids: list[str], now_ns: int, cause: str) -> None:
        for parent_id in parent_ids:
            self._touch(parent_id, now_ns, cause)

    def _touch(self, parent_id: str, now_ns: int, cause: str) -> None:
        """Give a parent its turn, whatever it is at."""
        parent = self.desk.parent(parent_id)
        if parent.status is ParentStatus.QUEUED and parent.stopping is None:
            if not self.desk.is_stopping:
                try_start(self.desk, parent_id, now_ns)
        else:
            step_parent(self.desk, parent_id, now_ns, cause)

    def _on_timer(self, event: TimerFired) -> None:
        desk, key = self.desk, event.key
        due_ns = desk.timers.get(key)
        if due_ns is None or event.now_ns < due_ns:
            return  # It was moved since.
        del desk.timers[key]
        if key.startswith("@token:"):
            step_parked(desk, key.removeprefix("@token:"), event.now_ns)
        elif key in desk.open_parents:
            self._touch(key, event.now_ns, "timer")

    def _on_command(self, event: CommandReceived) -> None:
        desk, command = self.desk, event.command
        match command:
            case CancelParent(parent_id=parent_id):
                parent = desk.book.parents.get(parent_id)
                if parent is None:
                    desk.reply(event.ref, "not_found", f"no intent has the id {parent_id}")
                elif parent.status.is_terminal:
                    desk.reply(event.ref, "already_ended", f"{parent_id} is {parent.status}", parent_id=parent_id)
                else:
                    desk.record(Commanded(now_ns=event.now_ns, uid=event.uid, command=command))
                    reason = f"canceled: {command.reason}" if command.reason else "canceled"
                    stop_parent(desk, parent_id, ParentStatus.CANCELED, reason, event.now_ns)
                    desk.reply(event.ref, "accepted", is_ok=True, parent_id=parent_id)
                    pull_live(desk, desk.parent(parent_id), event.now_ns)
            case _:
                assert_never(command)

    def _on_alive(self, event: StreamAlive) -> None:
        markets = self.desk.markets
        silence_ns = event.now_ns - markets.alive_ns
        markets.on_alive(event.now_ns)
        if silence_ns > self.desk.rules.execution.quote_age_resting_ns_max:
            # Standing quotes are fresh again without having been sent again.
            for symbol in self.desk.watchers.symbols():
                self._wake(self.desk.watchers.for_quotes(symbol), event.now_ns, "stream")

    def _on_gap(self, event: StreamGap) -> None:
        desk = self.desk
        if event.stream == "quotes":
            desk.markets.on_gap()
        else:
            # What was reported meanwhile is lost to us: the broker is asked for every order that it may be about.
            for order in desk.all_live(event.account):
                desk.ask_about(order)
        text = f"the {event.stream} stream of {event.account} had a gap: {event.text}"
        desk.alert("stream_gap", text)
