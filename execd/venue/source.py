"""What the simulated venue shows, as ticks with the time since its beginning.

A source knows no clock: it says what comes after how long, and the venue
waits. Tapes are in `tape_source`, which brings numpy. Another source is a class
with these two methods.
"""

from collections.abc import Iterator
from typing import Protocol, assert_never

from msgspec.structs import replace

from execd.core.market import Halt, Prints, Quote
from execd.venue.generator import Generator

Tick = Quote | Prints | Halt
Timed = tuple[int, Tick]


class Source(Protocol):
    """Where ticks come from."""

    def ticks(self) -> Iterator[Timed]:
        """Yield (nanoseconds since the beginning, tick) in order; asked again, go on from there."""

    def ensure(self, symbol: str) -> Quote | None:
        """Show this symbol too, if that is possible; return its standing quote if the source has one at hand."""


class GeneratorSource:
    """A seeded generator; it makes a market for any symbol that is asked for."""

    def __init__(self, generator: Generator) -> None:
        """Begin at the present instant of `generator`, which has not been asked for ticks yet."""
        self._generator = generator
        self._begin_ns = generator.now_ns

    def ticks(self) -> Iterator[Timed]:
        """Yield what the generator makes; ends only while it has no symbol."""
        for tick in self._generator.ticks():
            yield self._generator.now_ns - self._begin_ns, tick

    def ensure(self, symbol: str) -> Quote | None:
        """Add the symbol if it is not there."""
        self._generator.ensure(symbol)
        return self._generator.at(symbol)


def at_instant(tick: Tick, at_ns: int) -> Tick:
    """Return a tick as it happens at `at_ns`."""
    match tick:
        case Quote():
            return replace(tick, exchange_ns=at_ns, received_ns=at_ns)
        case Prints():
            return replace(tick, from_ns=at_ns, to_ns=at_ns)
        case Halt():
            return replace(tick, exchange_ns=at_ns)
        case _:
            assert_never(tick)
