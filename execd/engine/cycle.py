"""Decide, commit, act: the one turn that every runner drives.

    cycle.push(event) ...           whenever something happened
    batch = cycle.turn(now_ns)      decide: at most 64 events, by priority
    journal.commit(batch)           the runner makes it durable (if it has records)
    cycle.committed(batch, now_ns)  act: the effects that may leave now

A runner only moves bytes and may not reorder. Daemon, simulator and replay
are such runners; there is no flag that tells them apart.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, assert_never

from execd.core.batch import Batch
from execd.core.book import Book, Touched
from execd.core.commands import CancelParent, FlattenScope, KillTrading
from execd.core.enums import Outcome
from execd.core.events import (
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
from execd.core.projection import Rows, rows_of
from execd.core.reading import ReadingAsked, ReadingWorked, SnapshotFailed, SnapshotReceived
from execd.core.shown import MarketPassed, ReferenceReceived, SymbolsSeen
from execd.engine.engine import Engine
from execd.engine.poison import poisoned

EVENTS_MAX: Final = 64
"""Events of one batch: enough to share a commit, few enough to answer soon."""
LIST_STEPS_MAX: Final = 32
"""Steps of long lists in one batch: each is 64 rows to judge or to write down, or one that becomes an intent."""
READING_STEPS_MAX: Final = 2
"""Steps of readings of accounts in one batch: each compares 50 things; what differs costs as much as a report."""
WOKEN_MAX: Final = 64
"""Parents that have their turn in one batch because something woke them; a quote may wake thousands."""

_FIRST, _FACTS, _CLOCK, _COMMANDS, _INTENTS, _MARKET = range(6)
_RANKS: Final = 6


class Cycle:
    """The queues before an engine, and the effects behind it."""

    def __init__(self, engine: Engine, project: Callable[[Book, Touched], Rows] = rows_of) -> None:
        """`project` makes the rows of a batch; a runner that keeps none passes its own."""
        self.engine = engine
        self._project = project
        self._queues: tuple[deque[Event], ...] = tuple(deque() for _ in range(_RANKS))
        self._effects: list[Effect] = []
        self._is_committing = False
        self.poison: Exception | None = None
        """What the engine could not digest; whoever drives commits, releases and then raises it."""

    def push(self, event: Event) -> None:
        """Queue an event behind those of its rank."""
        self._queues[_rank_of(event)].append(event)

    def has_work(self) -> bool:
        """Whether `turn` would handle anything."""
        desk = self.engine.desk
        return any(self._queues) or bool(desk.woken) or desk.has_list_work or bool(desk.comparing.works)

    def turn(self, now_ns: int) -> Batch:
        """Handle waiting events; return the batch to commit. `committed` must follow before the next turn."""
        if self._is_committing:
            message = "turn() before committed(): effects would leave before their records"
            raise AssertionError(message)
        self._is_committing = True
        left, woken_left = EVENTS_MAX, WOKEN_MAX
        for queue in self._queues:
            while queue and left and self.poison is None:
                self._handle(queue.popleft(), now_ns)
                left -= 1
                woken_left = self._go_on(woken_left, now_ns)
        self._go_on(woken_left, now_ns)
        self._work_lists(now_ns)
        self._work_readings(now_ns)
        records = self.engine.take_records()
        is_whole = self.poison is None and bool(records)
        # What an event changed before it failed is in the book; the next start writes all rows anew.
        rows = self._project(self.engine.book, self.engine.book.take_touched()) if is_whole else Rows()
        return Batch(now_ns=now_ns, records=records, rows=rows)

    def _go_on(self, woken_left: int, now_ns: int) -> int:
        """Give at most `woken_left` of those who were woken their turn; return how many more may have it now."""
        while woken_left and self.poison is None:
            woken = self.engine.next_woken(now_ns)
            if woken is None:
                break
            self._handle(woken, now_ns)
            woken_left -= 1
        return woken_left

    def _work_lists(self, now_ns: int) -> None:
        """Do a bounded part of what long lists still need."""
        for _ in range(LIST_STEPS_MAX):
            if self.poison is not None or not self.engine.desk.has_list_work:
                return
            self._handle(ListWorked(now_ns=now_ns), now_ns)

    def _work_readings(self, now_ns: int) -> None:
        """Do a bounded part of what readings of accounts still need."""
        for _ in range(READING_STEPS_MAX):
            if self.poison is not None or not self.engine.desk.comparing.works:
                return
            self._handle(ReadingWorked(now_ns=now_ns), now_ns)

    def _handle(self, event: Event, now_ns: int) -> None:
        """Let the engine take an event; one that it cannot digest becomes a record in the place of its own."""
        engine = self.engine
        mark = engine.desk.mark()
        try:
            self._effects.extend(engine.handle(event))
        except Exception as error:  # noqa: BLE001  # Whatever it is, it is ours, and the process ends of it.
            engine.desk.cut(mark)
            engine.desk.keep(poisoned(engine.desk, event, error, now_ns))
            self.poison = error

    def committed(self, batch: Batch, now_ns: int) -> list[Effect]:
        """Return the effects of a durable batch that may leave; what is too late or killed comes back as not sent."""
        del batch
        self._is_committing = False
        effects, self._effects = self._effects, []
        return [effect for effect in effects if self._may_leave(effect, now_ns)]

    def _may_leave(self, effect: Effect, now_ns: int) -> bool:
        if not isinstance(effect, Submit | Replace):
            return True
        request = effect.request
        text = "the daemon is stopping" if self.engine.desk.is_stopping else self.engine.barred(effect)
        if not text and now_ns > request.send_by_ns:
            text = f"it had to leave by {request.send_by_ns}"
        if not text:
            return True
        self.push(
            RequestFailed(
                now_ns=now_ns,
                account=request.account,
                cl_ord_id=request.cl_ord_id,
                outcome=Outcome.NOT_SENT,
                text=text,
            )
        )
        return False


def _rank_of(event: Event) -> int:
    match event:
        case QuoteReceived() | PrintsReceived() | StreamAlive() | MarketPassed() | SymbolsSeen():
            return _MARKET  # Asked first, for they are nearly all.
        case (
            StopRequested()
            | CommandReceived(command=KillTrading() | FlattenScope())
            | DocumentReceived(command=FlattenScope())
        ):
            return _FIRST
        case (
            StreamGap()
            | ReportReceived()
            | RequestFailed()
            | LookedUp()
            | LookupFailed()
            | SnapshotReceived()
            | SnapshotFailed()
            | ReadingWorked()
            | ReadingAsked()
            | RecallAnswered()
            | RateLimitHit()
            | ReferenceReceived()
            | Recovered()
            | IdsLost()
        ):
            return _FACTS
        case PollDue() | TroubleReported() | ClockJumped() | HaltReceived() | TimerFired() | ParentWoken():
            return _CLOCK
        case CommandReceived() | RulesChanged() | DocumentReceived(command=CancelParent()):
            return _COMMANDS
        case ParentReceived() | ListReceived() | ListWorked() | DocumentReceived():
            return _INTENTS
        case _:
            assert_never(event)
