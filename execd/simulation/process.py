"""One life of the daemon in virtual time: the real cycle, engine and journal SQL, driven as `runtime/pump` drives them.

Decide, commit, act. A commit may be slow, may find the disk full, and may be
the last thing that this process does; then `Killed` is raised, and what is
left on the disk is all that the next life gets. It judges nothing: it tells
its watcher of every commit and every effect.
"""

from heapq import heappop, heappush
from pathlib import Path
from typing import Final, Protocol

import msgspec

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import Effect, Event, Recall, RecallAnswered, SetTimer, Subscribe, TimerFired, TroubleReported
from execd.core.rules import MS, Rules, S
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.errors import JournalFull
from execd.journal.perils import MortalJournal, disk_full
from execd.simulation.faults import Faults

SLOW_COMMIT_NS: Final = S
"""As `runtime/pump.SLOW_COMMIT_S`."""
FULL_RETRY_NS: Final = S
BALLAST_COMMITS: Final = 40
"""So many commits fit into the room that is kept for a full disk."""
TURNS_MAX: Final = 20_000
"""More turns than that at one instant: something never comes to rest."""


class Watcher(Protocol):
    """What a life tells the world, and asks of it."""

    @property
    def now_ns(self) -> int:
        """The true time."""

    def pass_until(self, at_ns: int) -> None:
        """Let the rest of the world go on while this process waits for its disk."""

    def statement(self, statement: str, *, is_done: bool) -> None:
        """Be told of a statement of a commit; may raise Killed."""

    def committed(self, life: "Life", batch: Batch) -> None:
        """Be told that a batch is durable."""

    def act(self, life: "Life", effect: Effect) -> None:
        """Carry out an effect."""

    def effect_due(self) -> None:
        """Be told that the next effect is about to be carried out; may raise Killed."""


class Disk:
    """The disk of the machine: full until some instant, with room kept for that day."""

    def __init__(self) -> None:
        """Begin with room."""
        self.full_until_ns = 0
        self.ballast_n = -1
        """Commits that still fit; below zero nothing was needed yet."""

    def has_room(self, now_ns: int) -> bool:
        """Whether a commit finds room now; the kept room is used up."""
        if now_ns >= self.full_until_ns:
            self.ballast_n = -1
            return True
        if self.ballast_n > 0:
            self.ballast_n -= 1
            return True
        return False

    def make_room(self) -> bool:
        """Give back the room that was kept; whether there was any."""
        if self.ballast_n >= 0:
            return False
        self.ballast_n = BALLAST_COMMITS
        return True


class Life:
    """A process from its start to its end."""

    def __init__(self, path: Path, rules: Rules, watcher: Watcher, faults: Faults, disk: Disk, *, wall_ns: int) -> None:
        """Open the journal at `path` and fold it, as a start does. Raises JournalForeign, JournalError."""
        self.journal = MortalJournal(path, created_ns=wall_ns, peril=self._peril)
        book = self.journal.load()
        self.offset_ns = max(wall_ns, self.journal.last_ns) - watcher.now_ns
        """What its clock is ahead of the true time; the wall at its start, monotonic since."""
        self.cycle = Cycle(Engine(rules, self.journal.epoch, book, epochs=self.journal.epochs))
        self.symbols: dict[str, None] = {}
        self._watcher = watcher
        self._faults = faults
        self._disk = disk
        self._is_busy = False
        self._timers: dict[str, int] = {}
        self._due: list[tuple[int, str]] = []

    @property
    def book(self) -> Book:
        """What it believes."""
        return self.cycle.engine.book

    @property
    def now_ns(self) -> int:
        """Its own time."""
        return self._watcher.now_ns + self.offset_ns

    @property
    def is_busy(self) -> bool:
        """Whether it waits for its disk."""
        return self._is_busy

    @property
    def next_timer_ns(self) -> int | None:
        """The true instant of its next timer; None where it waits for none."""
        while self._due and self._timers.get(self._due[0][1]) != self._due[0][0]:
            heappop(self._due)
        return self._due[0][0] - self.offset_ns if self._due else None

    def fire(self) -> None:
        """Let the next timer fire, if it is due."""
        at_ns = self.next_timer_ns
        if at_ns is None or at_ns > self._watcher.now_ns:
            return
        _, key = heappop(self._due)
        del self._timers[key]
        self.take(TimerFired(now_ns=self.now_ns, key=key))

    def take(self, *events: Event) -> None:
        """Give it events; unless it is waiting for its disk it handles them now."""
        for event in events:
            self.cycle.push(msgspec.structs.replace(event, now_ns=self.now_ns))
        if not self._is_busy:
            self.run()

    def run(self) -> None:
        """Turn until nothing is left to do. Raises Killed, and whatever the engine could not digest."""
        for _ in range(TURNS_MAX):
            if not self.cycle.has_work():
                return
            self._turn()
        message = f"{TURNS_MAX} turns at one instant: the engine does not come to rest"
        raise AssertionError(message)

    def _turn(self) -> None:
        batch = self.cycle.turn(self.now_ns)
        if batch.records:
            self._commit(batch)
            self._watcher.committed(self, batch)
        effects = self.cycle.committed(batch, self.now_ns)
        for effect in effects:
            self._watcher.effect_due()
            self._release(effect)
        if self.cycle.poison is not None:
            raise self.cycle.poison

    def _commit(self, batch: Batch) -> None:
        """Commit, in the time that the disk takes; a full one is waited for."""
        delay_ns = 0
        if self._faults.strikes("disk_slow"):
            most_ns = 300 * MS if self._faults.draws.below(5, "disk_slow_ns") else 5 * S
            delay_ns = self._faults.draws.between(10 * MS, most_ns, "disk_slow_ns")
            self._wait(delay_ns)
        is_told = False
        while True:
            try:
                self.journal.commit(batch)
            except JournalFull as error:
                has_room = self._disk.make_room()
                if not is_told:
                    is_told = True
                    self._trouble("journal_full", f"{error}: make room, then execd resume --halt")
                if not has_room:
                    self._wait(FULL_RETRY_NS)
            else:
                break
        if delay_ns > SLOW_COMMIT_NS:
            self._trouble("journal_slow", f"a commit took {delay_ns / S:.1f} s")

    def _wait(self, for_ns: int) -> None:
        self._is_busy = True
        try:
            self._watcher.pass_until(self._watcher.now_ns + for_ns)
        finally:
            self._is_busy = False

    def _trouble(self, cause: str, text: str) -> None:
        self.cycle.push(TroubleReported(now_ns=self.now_ns, cause=cause, text=text))

    def _peril(self, statement: str, *, is_done: bool) -> None:
        if statement == "COMMIT" and not is_done and not self._disk.has_room(self._watcher.now_ns):
            raise disk_full()
        self._watcher.statement(statement, is_done=is_done)

    def _release(self, effect: Effect) -> None:
        match effect:
            case SetTimer(key=key, at_ns=at_ns):
                if self._timers.get(key) != at_ns:
                    self._timers[key] = at_ns
                    heappush(self._due, (at_ns, key))
            case Subscribe(symbols=symbols):
                self.symbols.update(dict.fromkeys(symbols))
            case Recall():
                self._recall(effect)
            case _:
                pass  # Brokers, people and the outbox are the world's.
        self._watcher.act(self, effect)

    def _recall(self, effect: Recall) -> None:
        found = self.journal.recall(effect.cl_ord_id)
        parent, orders = (None, ()) if found is None else found
        answer = RecallAnswered(
            now_ns=self.now_ns, cl_ord_id=effect.cl_ord_id, account=effect.account, parent=parent, orders=orders
        )
        self.cycle.push(answer)
