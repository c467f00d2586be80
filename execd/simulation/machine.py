"""The machine that a simulated daemon runs on: its clock, its disk, and the lives and deaths of the process.

It is what a life tells of its commits and effects. A death leaves what the
disk holds; the next life must find everything that was acknowledged, and
nothing that is not a fold of it (Inv8). When a death comes is said by
`ordeals`, through `Doom`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import (
    ClockJumped,
    Effect,
    Event,
    Recovered,
    StreamGap,
    TroubleReported,
)
from execd.core.rules import S
from execd.errors import JournalError
from execd.journal.perils import Files, Killed, read_files, torn, write_files
from execd.simulation.at_rest import Broken, same_book
from execd.simulation.ordeals import fall_silent
from execd.simulation.process import Disk, Life

if TYPE_CHECKING:
    from execd.simulation.world import World

LIVES_MAX: Final = 16
DOWN_S: Final = (1, 20)
SKEW_ALERT_NS: Final = 2 * S
"""As `runtime/clock_watch.ClockLimits`."""
SKEW_HALT_NS: Final = 30 * S
SECTORS_MAX: Final = 64
JOURNAL: Final = "journal.db"


@dataclass(slots=True)
class Doom:
    """How the process is going to die, if it is: after so many statements, or effects, from now on."""

    statements_n: int = 0
    effects_n: int = 0
    photo: Files | None = None


class Machine:
    """One machine, and at most one process at a time on it."""

    def __init__(self, world: "World", folder: Path) -> None:
        """Keep journals in `folder`, one for each life."""
        self.life: Life | None = None
        self.life_n = 0
        self.disk = Disk()
        self.doom = Doom()
        self.shadow = Book()
        """The fold of everything that was acknowledged, made by nobody's engine."""
        self.acked_seq = 0
        self._world = world
        self._folder = folder
        self._wreck: Files | None = None
        self._wall_offset_ns = 0
        self._is_wall_left = False
        self._heard_ns: int | None = None
        self._held: list[Event] | None = None
        self._is_skewed = False
        """Whether this life has told of a wall that is far off."""

    # What a life asks and tells (`process.Watcher`).

    @property
    def now_ns(self) -> int:
        """The true time."""
        return self._world.now_ns

    def pass_until(self, at_ns: int) -> None:
        """Let everything but the process happen until an instant."""
        self._world.pass_until(at_ns)

    def act(self, life: Life, effect: Effect) -> None:
        """Let the world carry out an effect."""
        del life
        self._world.act(effect)

    def committed(self, life: Life, batch: Batch) -> None:
        """Note that a batch is durable, and judge what it says."""
        for record in batch.records:
            self.shadow.apply(record)
        self.shadow.take_touched()
        self.acked_seq = life.journal.seq
        self._heard_ns = self.now_ns
        self._world.promises.learned(batch)
        self._world.laws.committed(life.book, batch)

    def effect_due(self) -> None:
        """Die before the next effect, if that is to be."""
        if self.doom.effects_n:
            self.doom.effects_n -= 1
            if not self.doom.effects_n:
                self._world.faults.count("kill_effect")
                self.die()

    def statement(self, statement: str, *, is_done: bool) -> None:
        """Die at a statement of a commit, if that is to be; inside a COMMIT something of it may reach the disk."""
        doom, life = self.doom, self.life
        if life is None:
            return
        if doom.photo is not None:
            photo, doom.photo = doom.photo, None
            self.die(torn(photo, read_files(life.journal.file), self._sectors()))
        if not doom.statements_n:
            return
        doom.statements_n -= 1
        if doom.statements_n:
            return
        self._world.faults.count("kill_statement")
        if statement == "COMMIT" and not is_done:
            doom.photo = read_files(life.journal.file)
            return
        self.die()

    # Events in, lives and deaths.

    @property
    def is_asleep(self) -> bool:
        """Whether the machine sleeps: what is said to it waits."""
        return self._held is not None

    @property
    def next_timer_ns(self) -> int | None:
        """When the process has something to do of itself; None while it has not, or cannot."""
        life = self.life
        return None if life is None or life.is_busy or self.is_asleep else life.next_timer_ns

    def take(self, event: Event) -> Life | None:
        """Give the process an event; return the process that took it, None where nobody did now."""
        life = self.life
        if life is None:
            return None
        if self._held is not None:
            self._held.append(event)
            return None
        life.take(event)
        return life

    def kill(self) -> bool:
        """Kill the process between two batches; false where it is down or waits for its disk."""
        if self.life is None or self.life.is_busy:
            return False
        self._world.faults.count("kill_now")
        self.die()
        return True

    def die(self, files: Files | None = None) -> None:
        """End the process here; raises Killed. What its disk holds is all that stays."""
        life = self.life
        if life is None:
            return
        found = dict(read_files(life.journal.file) if files is None else files)
        if self._world.faults.strikes("power_loss") and not life.journal.keeps_commits:
            found["-wal"] = b""
        self._wreck = found
        raise Killed

    def bury(self) -> None:
        """Clear away a process that died; another one starts a little later."""
        world = self._world
        life, self.life = self.life, None
        self.doom = Doom()
        self._held = None
        world.laws.owed.clear()
        world.note("dies", f"life {self.life_n}")
        if life is not None:
            fall_silent(world, life)
            life.journal.abandon()
            for file in sorted(life.journal.file.parent.iterdir()):
                file.unlink()
        self.life_n += 1
        for stream in world.streams.values():
            stream.hang_up()
        down_ns = world.faults.draws.between(DOWN_S[0] * S, DOWN_S[1] * S, "down")
        world.later(self.now_ns + down_ns, self.start)

    def start(self) -> None:
        """Begin a life with what lies on the disk, as `app` starts: fold, compare, listen, recover, inbox last."""
        world = self._world
        path = self._folder / f"life{self.life_n}" / JOURNAL
        if self._wreck is None:
            path.parent.mkdir()
        else:
            write_files(path, self._wreck)
        wall_ns = self.now_ns + self._wall_offset_ns
        try:
            life = Life(path, world.scene.rules, self, world.faults, self.disk, wall_ns=wall_ns)
        except JournalError as error:
            raise Broken("Inv8", f"the journal cannot be opened after a crash: {error}") from error
        world.note("starts", f"life {self.life_n} at record {life.journal.seq}")
        self._compare(life)
        self.life, self._is_skewed = life, False
        for stream in world.streams.values():
            stream.listen(since_ns=self._heard_ns)
        world.post(Recovered(now_ns=0))
        self._look_at_clock(0)
        world.inbox.begin(world)

    def _compare(self, life: Life) -> None:
        if life.journal.seq < self.acked_seq:
            raise Broken("Inv8", f"{self.acked_seq - life.journal.seq} records that were acknowledged are gone")
        for stored in life.journal.records(after_seq=self.acked_seq):
            self.shadow.apply(stored.record)
            self._world.laws.remember(stored.record)
        self.shadow.take_touched()
        self.acked_seq = life.journal.seq
        self._world.laws.misled.wake(life.book)
        same_book(self.shadow, life.book, "after a restart")

    def _sectors(self) -> Callable[[int], int]:
        """Return what becomes of sectors: any of them is lost without power, else only the last ones."""
        draws = self._world.faults.draws
        if self._world.faults.strikes("power_loss"):
            return lambda n: draws.below(n, "sectors")
        written = iter(range(draws.between(0, SECTORS_MAX, "sectors")))
        return lambda _: int(next(written, None) is None)

    # Its clock.

    def leave_wall(self) -> None:
        """Let the wall clock stay as it is from now on."""
        self._is_wall_left = True

    def set_wall(self, jump_ns: int, *, back_in_ns: int) -> None:
        """Set the wall clock, and right again after a while."""
        self._wall_offset_ns += jump_ns
        self._look_at_clock(jump_ns)

        def back() -> None:
            if self._is_wall_left:
                return
            self._wall_offset_ns -= jump_ns
            self._look_at_clock(-jump_ns)

        self._world.later(self.now_ns + back_in_ns, back)

    def sleep(self, for_ns: int) -> bool:
        """Let the machine sleep; false where there is no process that would notice."""
        world, life, life_n = self._world, self.life, self.life_n
        if life is None or life.is_busy or self.is_asleep:
            return False
        self._held = []
        life.offset_ns -= for_ns

        def wake() -> None:
            if life_n != self.life_n or self._held is None:
                return
            held, self._held = self._held, None
            for account in world.fronts:
                world.post(StreamGap(now_ns=0, account=account, stream="reports", text="the machine slept"))
            world.post(StreamGap(now_ns=0, account="", stream="quotes", text="the machine slept"))
            world.post(ClockJumped(now_ns=0, jump_ns=for_ns, skew_ns=for_ns, is_suspend=True))
            self._look_at_clock(0)
            for event in held:
                world.post(event)

        world.later(self.now_ns + for_ns, wake)
        return True

    def _look_at_clock(self, stepped_ns: int) -> None:
        """Tell the daemon what `runtime/clock_watch` would, of a wall that differs from its own time."""
        life, world = self.life, self._world
        if life is None:
            return
        skew_ns = self._wall_offset_ns - life.offset_ns
        if abs(stepped_ns) > SKEW_ALERT_NS:
            world.post(ClockJumped(now_ns=0, jump_ns=stepped_ns, skew_ns=skew_ns))
        if abs(skew_ns) > SKEW_HALT_NS and not self._is_skewed:
            self._is_skewed = True
            world.post(TroubleReported(now_ns=0, cause="clock_skew", text=f"the wall is {skew_ns / S:+.1f} s away"))
        elif abs(skew_ns) <= SKEW_ALERT_NS and self._is_skewed:
            self._is_skewed = False
            world.post(TroubleReported(now_ns=0, cause="clock_skew", text="right again", is_over=True))
