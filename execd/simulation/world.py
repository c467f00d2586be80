"""A seeded world in virtual time: brokers, a market, people, and one daemon that dies and starts again.

Two phases. In the first everything that the seed has drawn may strike; then
comes a calm (`calm`) in which nothing does, and all of it must converge. Time
goes from one happening to the next; nothing sleeps. The daemon is `machine`
and `process`, brokers are `front`, what strikes is in `ordeals`, what must
hold in `invariants`.
"""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Final

from execd.core.codec import encode_text
from execd.core.commands import Command
from execd.core.enums import QueueRule
from execd.core.events import (
    Alert,
    Cancel,
    CommandReceived,
    Effect,
    Event,
    HaltReceived,
    PrintsReceived,
    Query,
    QuoteReceived,
    Recall,
    Replace,
    Reply,
    SetTimer,
    StreamAlive,
    StreamGap,
    Submit,
    TakeSnapshot,
    WriteReport,
)
from execd.core.market import Halt, Prints, Quote
from execd.core.orders import CancelRequest, NewOrder, Request
from execd.core.reports import ExecReport
from execd.core.rules import S
from execd.journal.perils import Killed
from execd.simulation import calm, people
from execd.simulation.at_rest import Broken
from execd.simulation.edge import Edge
from execd.simulation.faults import Faults
from execd.simulation.front import Front
from execd.simulation.inbox import Inbox
from execd.simulation.invariants import Laws
from execd.simulation.machine import LIVES_MAX, Doom, Machine
from execd.simulation.ordeals import ORDEALS, nibble
from execd.simulation.process import Life
from execd.simulation.promises import Promises
from execd.simulation.promptness import EVERY_NS, Promptness
from execd.simulation.scene import START_NS, Ordeal, Scene
from execd.simulation.stream import Stream
from execd.venue.commission import Commission
from execd.venue.generator import Generator
from execd.venue.matching import Matching

ALIVE_NS: Final = 2 * S
ROUND_NS: Final = 180 * S
"""So often somebody looks after the daemon while faults strike ..."""
CALM_ROUND_NS: Final = 30 * S
"""... and in the calm."""
HAPPENINGS_MAX: Final = 2_000_000
SHOWN_MAX: Final = 40
DULL: Final = (SetTimer, WriteReport)
"""Effects that say nothing to who reads the latest that happened."""
Act = Callable[[], None]


class World:
    """Everything that a seed plays."""

    def __init__(self, scene: Scene, faults: Faults, folder: Path, trace: Callable[[str], None] | None = None) -> None:
        """Play in `folder`, which is empty; `trace` hears of everything, a line each."""
        self.scene = scene
        self.faults = faults
        self.now_ns = START_NS
        self.latest: deque[tuple[int, str, Any]] = deque(maxlen=SHOWN_MAX)
        self.matching = Matching(
            queue=QueueRule.PESSIMISTIC,
            commission=Commission(per_share=Decimal("0.005"), minimum=Decimal(1)),
            instrument=scene.rules.instrument,
        )
        self.streams = {one.name: Stream(one.name, self, faults, is_numbered=one.is_numbered) for one in scene.accounts}
        self.fronts = {one.name: Front(one, self.matching, self._teller(one.name)) for one in scene.accounts}
        self.edge = Edge(self, self.fronts, faults)
        self.laws = Laws(scene.rules, self.fronts, self.edge.on_way)
        self.promises = Promises(self)
        self.promptness = Promptness()
        self.inbox = Inbox(tuple(self.fronts))
        self.machine = Machine(self, folder)
        self.is_judged = False
        """Whether all is at rest and compared: nobody commands anything any more."""
        self._trace = trace
        self._heap: list[tuple[int, int, Act]] = []
        self._put_n = 0
        self._quotes_down_n = 0
        self._silent_ns: dict[str, int] = {}
        self._ticks = Generator(scene.specs, scene.seed, START_NS).ticks()
        self._tick = next(self._ticks)

    @property
    def life(self) -> Life | None:
        """The process, while there is one."""
        return self.machine.life

    @property
    def life_n(self) -> int:
        """Which process it is."""
        return self.machine.life_n

    @property
    def process_ns(self) -> int:
        """The time of the process, the true time where there is none."""
        return self.now_ns if self.life is None else self.life.now_ns

    # What happens, in its order.

    def run(self) -> None:
        """Play both phases. Raises Broken where a law does not hold."""
        for dropped in self.scene.files:
            self.later(dropped.at_ns, partial(self.inbox.drop, self, dropped))
        for ordeal in self.scene.ordeals:
            self.later(ordeal.at_ns, partial(self._strike, ordeal))
        self.later(START_NS, self.machine.start)
        self.later(START_NS + ALIVE_NS, self._alive)
        self.later(START_NS + ROUND_NS, self._round)
        self.later(START_NS + EVERY_NS, self._look)
        self.play_until(self.scene.end_ns)
        self._calm_down()
        calm.converge(self)
        calm.judge(self)

    def later(self, at_ns: int, act: Act) -> None:
        """Do something at an instant."""
        self._put_n += 1
        heappush(self._heap, (max(at_ns, self.now_ns), self._put_n, act))

    def pass_until(self, at_ns: int) -> None:
        """Let everything but the process happen until an instant."""
        for _ in range(HAPPENINGS_MAX):
            if not self._step(at_ns):
                self.now_ns = at_ns
                return

    def play_until(self, at_ns: int, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Let everything happen until an instant, or until something is so; say whether it is."""
        for _ in range(HAPPENINGS_MAX):
            if is_over():
                return True
            try:
                if not self._step(at_ns):
                    self.now_ns = max(self.now_ns, at_ns)
                    return False
            except Killed:
                self.machine.bury()
        raise Broken("Inv11", f"more than {HAPPENINGS_MAX} happenings: something never comes to rest")

    def _step(self, until_ns: int) -> bool:
        """Let the next thing happen, if it is not later than `until_ns`."""
        timer_ns = self.machine.next_timer_ns
        heap_ns = self._heap[0][0] if self._heap else until_ns + 1
        tick_ns = instant_of(self._tick)
        next_ns = min(heap_ns, tick_ns) if timer_ns is None else min(heap_ns, tick_ns, timer_ns)
        if next_ns > until_ns:
            return False
        self.now_ns = max(self.now_ns, next_ns)
        if tick_ns == next_ns:
            tick, self._tick = self._tick, next(self._ticks)
            self.show(tick)
        elif heap_ns == next_ns:
            heappop(self._heap)[2]()
        elif self.life is not None:
            self.life.fire()
        return True

    # The market.

    def show(self, tick: Quote | Prints | Halt) -> None:
        """Let the market show something: to the venue first, then to the daemon."""
        now_ns = self.now_ns
        if now_ns < self._silent_ns.get(tick.symbol, 0) and not isinstance(tick, Halt):
            return
        match tick:
            case Quote():
                self._hear(self.matching.on_quote(tick, now_ns))
                event: Event = QuoteReceived(now_ns=now_ns, quote=tick)
            case Prints():
                self._hear(self.matching.on_print(tick.symbol, tick.last_px, tick.volume, now_ns))
                event = PrintsReceived(now_ns=now_ns, prints=tick)
            case Halt():
                self._hear(self.matching.on_halt(tick, now_ns))
                event = HaltReceived(now_ns=now_ns, halt=tick)
        life = self.life
        if life is None or self._quotes_down_n or self.machine.is_asleep or tick.symbol not in life.symbols:
            return
        # What nobody waits for is not shown: a quiet hour then costs next to nothing.
        if life.cycle.engine.desk.open_parents or isinstance(tick, Halt):
            life.take(event)

    def _hear(self, reports: list[ExecReport]) -> None:
        for report in reports:
            account = self.matching.account_of(report.cl_ord_id)
            if account is not None:
                self.fronts[account].hear((report,), self.now_ns)

    def _teller(self, account: str) -> Callable[[ExecReport, int], None]:
        return self.streams[account].say

    def _alive(self) -> None:
        self.later(self.now_ns + ALIVE_NS, self._alive)
        life = self.life
        if life is None or self._quotes_down_n or self.machine.is_asleep or not life.symbols or life.is_busy:
            return
        if life.cycle.engine.desk.open_parents:
            life.take(StreamAlive(now_ns=0))

    def cut_quotes(self, for_ns: int) -> None:
        """End the stream of quotes for a while."""
        self._quotes_down_n += 1

        def back() -> None:
            self._quotes_down_n -= 1
            self.post(StreamGap(now_ns=0, account="", stream="quotes", text="the connection broke"))

        self.later(self.now_ns + for_ns, back)

    def silence(self, symbol: str, until_ns: int) -> None:
        """Let the market show nothing of a symbol for a while."""
        self._silent_ns[symbol] = until_ns

    # The daemon.

    def post(self, event: Event) -> None:
        """Give the daemon an event; nobody is there to take it while it is down."""
        if self.life is not None and not self.machine.is_asleep:
            self.note("in", event)
            self.promises.owe(event)
        life = self.machine.take(event)
        if life is not None and self.life is life and not life.is_busy:
            self.laws.owes_nothing(life.book)

    def command(self, command: Command) -> None:
        """Let somebody command something."""
        self.post(CommandReceived(now_ns=0, command=command, uid=1000, pid=7, ref="people"))

    def act(self, effect: Effect) -> None:
        """Carry out an effect that the process has released."""
        self.note("out", effect)
        match effect:
            case Submit() | Cancel() | Replace() | Query() | TakeSnapshot():
                if isinstance(effect, Query):
                    self.promptness.asked(effect, self.process_ns)
                self.edge.release(effect)
            case Reply():
                self.inbox.answered(effect)
            case Alert():
                self.laws.alerted(effect)
            case Recall():
                # Whose order it is nobody says: what comes back into memory moves there.
                self.promises.moved(*self.fronts)
            case _:
                pass  # Timers, subscriptions and questions to the journal are the process's own; reports nobody reads.

    def left(self, request: Request) -> None:
        """Judge that bytes leave."""
        self.laws.left(request, self.process_ns, None if self.life is None else self.life.book)

    def taken(self, front: Front, request: Request) -> None:
        """Judge that a broker takes a request."""
        self.laws.taken(front, request)
        if isinstance(request, NewOrder | CancelRequest) and self.faults.strikes("nibbled"):
            nibble(self, front, request)

    # What strikes, who looks, and the calm.

    def _strike(self, ordeal: Ordeal) -> None:
        name, faults = ordeal.name, self.faults
        if faults.is_calm:
            return
        if name == "operator":
            faults.count(name)
            self.command(people.whim(self))
            return
        is_death = name.startswith("kill")
        if is_death and self.life_n >= LIVES_MAX:
            return
        self.note("strikes", name)
        # A death is counted when it comes.
        if ORDEALS[name](self) and not is_death:
            faults.count(name)

    def _look(self) -> None:
        self.later(self.now_ns + EVERY_NS, self._look)
        self.promptness.look(self)

    def _round(self) -> None:
        self.later(self.now_ns + (CALM_ROUND_NS if self.faults.is_calm else ROUND_NS), self._round)
        if self.is_judged:
            return
        for command in people.round_of(self):
            self.command(command)

    def _calm_down(self) -> None:
        self.faults.is_calm = True
        self.machine.doom = Doom()
        self.machine.disk.full_until_ns = 0
        self._silent_ns.clear()
        self.edge.away.clear()
        self.edge.locked.clear()
        self.note("calm", f"life {self.life_n}")

    def note(self, kind: str, what: Any) -> None:  # noqa: ANN401  # Events, effects and words alike.
        """Keep what happened for whoever reads of a failure, and tell the trace."""
        if not isinstance(what, DULL):
            self.latest.append((self.now_ns, kind, what))
        if self._trace is not None:
            self._trace(line_of(self.now_ns, kind, what))


def line_of(now_ns: int, kind: str, what: Any) -> str:  # noqa: ANN401  # The same.
    """Return one line of a trace."""
    told = what if isinstance(what, str) else encode_text(what)
    return f"{(now_ns - START_NS) / S:12.6f} {kind:8} {told}"


def instant_of(tick: Quote | Prints | Halt) -> int:
    """Return when the market showed it."""
    return tick.to_ns if isinstance(tick, Prints) else tick.exchange_ns
