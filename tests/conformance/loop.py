"""An event loop whose time is a number: it jumps to the next timer when no socket has anything to say.

Venue and daemon live in this one loop and thread, so what one writes to a
loopback socket the other can read at once, and the same case takes the same
steps each time. Work that is given to a thread is done on the spot: it takes
no time. A loop that waits for nothing, or that turns without time passing, is
a failure and says so.
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar, cast

NS_PER_S: Final = 1_000_000_000
START_NS: Final = 1_700_000_000 * NS_PER_S
"""The instant at which every case begins."""
STILL_MAX: Final = 100_000
"""So many turns without time passing: somebody spins."""
LASTS_S_MAX: Final = 3_600
"""No case lasts so long: somebody waits for what never comes, while others tick."""
Result = TypeVar("Result")
Call = Callable[..., Result]


class StandsStillError(AssertionError):
    """The loop waits for nothing that could come, or turns and turns at one instant."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Real sockets, virtual time."""

    def __init__(self) -> None:
        selector = selectors.DefaultSelector()
        super().__init__(selector)
        self.at_ns = 0
        self._still_n = 0
        self._look = selector.select
        vars(selector)["select"] = self._select

    def time(self) -> float:
        """Return the seconds since the loop was made."""
        return self.at_ns / NS_PER_S

    def run_in_executor(self, executor: object, func: Call[Result], *args: object) -> "asyncio.Future[Result]":
        """Do it here and now: a thread would need real time, of which there is none."""
        del executor
        done: asyncio.Future[Result] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # Whatever a thread raises, its future raises.
            done.set_exception(error)
        return done

    def _select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        heard = self._look(0)
        self._still_n += 1
        if self._still_n > STILL_MAX:
            raise StandsStillError(f"{STILL_MAX} turns at {self.time():.9f} s: something spins")
        if heard or timeout == 0:
            return heard
        if self.at_ns > LASTS_S_MAX * NS_PER_S:
            raise StandsStillError(f"the case lasts longer than {LASTS_S_MAX} s: somebody waits for what never comes")
        if timeout is None:
            raise StandsStillError("nothing is scheduled and no socket speaks: the case would wait for ever")
        self.at_ns += max(1, math.ceil(timeout * NS_PER_S))
        self._still_n = 0
        return heard


class LoopClock:
    """The time of the loop as an instant (`ports.Clock`); daemon and venue share it."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        """Return the instant, nanoseconds of UTC."""
        return START_NS + self._loop.at_ns


def run(main: Callable[[LoopClock], Coroutine[Any, Any, Result]]) -> Result:
    """Run a case in a loop of its own, which is closed after it."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = cast("VirtualLoop", runner.get_loop())
        return runner.run(main(LoopClock(loop)))
