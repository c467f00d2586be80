"""What stood at whole seconds and minutes of a tape, for rows that are passed over.

The engine samples what it is told; of what is passed over it is told these samples (`core.market.Passed`), so that its
means are the same as if every row had been told. Each instant is sampled once, in order; what stood at it is the last
row before it. numpy looks a segment through once, when somebody first asks about it.
"""

from itertools import groupby
from typing import Final

import numpy as np

from execd.core.market import Passed
from execd.core.spread import SECOND_NS, UNITS_PER_ONE
from execd.core.volatility import MINUTE_NS
from execd.engine.sampling import NO_SPREAD
from execd.simulation.segments import Segment
from execd.venue.tape import UNITS_PER_ONE as TAPE_UNITS_PER_ONE
from execd.venue.tape import px_of
from execd.venue.tape_text import Ints

NOTHING: Final = NO_SPREAD
"""Stands for a spread that may not price, as the engine reads it, and for a price before the first print."""
_FINER: Final = UNITS_PER_ONE // TAPE_UNITS_PER_ONE


class _Grid:
    """What stood at the multiples of a step: what was sampled, and what one segment has ahead of that."""

    __slots__ = ("_ahead", "_next", "at", "sampled", "step_ns", "stood")

    def __init__(self, step_ns: int, first_ns: int) -> None:
        self.step_ns = step_ns
        self.at = first_ns // step_ns
        self.stood = NOTHING
        self.sampled: list[int] = []
        self._ahead: list[int] = []
        self._next = 0

    def look(self, rows_ns: Ints, values: Ints, last_ns: int) -> None:
        """Look a segment through, to its last row: what is ahead of `at`."""
        instants = np.arange(self.at + 1, last_ns // self.step_ns + 1, dtype=np.int64) * self.step_ns
        # In front of the first row stands what stood before the segment.
        stood = np.concatenate(([self.stood], values))
        self._ahead = stood[rows_ns.searchsorted(instants, "left")].tolist()
        self._next = 0
        self.stood = int(stood[-1])

    def through(self, to_ns: int) -> None:
        """Sample to an instant; what is not ahead is as it stands."""
        n = to_ns // self.step_ns - self.at
        if n > 0:
            # By a cursor: cutting the front off would move all that is ahead, a whole day where a segment is one.
            taken = self._ahead[self._next : self._next + n]
            self._next += n
            self.sampled += taken
            self.sampled += [self.stood] * (n - len(taken))
            self.at += n

    def take(self) -> tuple[tuple[int, int], ...]:
        """Return runs of (what stood, how many instants in a row)."""
        taken, self.sampled = self.sampled, []
        return tuple((value, len(list(group))) for value, group in groupby(taken))


class Sampler:
    """One symbol's samples that were not told yet."""

    def __init__(self, symbol: str, first_ns: int) -> None:
        """Begin with the tape; before its first row nothing stood."""
        self._symbol = symbol
        self._seconds, self._minutes = _Grid(SECOND_NS, first_ns), _Grid(MINUTE_NS, first_ns)
        self._segment: Segment | None = None

    def through(self, segment: Segment | None, to_ns: int) -> None:
        """Sample every instant up to `to_ns`; all rows before that are in this segment or in those that were left."""
        if segment is not self._segment:
            self._segment = segment
            if segment is not None:
                self._seconds.look(segment.quote_ns, _spreads(segment), segment.last_ns)
                self._minutes.look(segment.print_ns, segment.px, segment.last_ns)
        self._seconds.through(to_ns)
        self._minutes.through(to_ns)

    def leave(self, segment: Segment) -> None:
        """Sample to the end of a segment."""
        self.through(segment, segment.last_ns)

    def take(self) -> Passed | None:
        """Return the samples since the last call; None where there are none."""
        seconds, minutes = self._seconds, self._minutes
        if not seconds.sampled and not minutes.sampled:
            return None
        return Passed(
            symbol=self._symbol,
            from_second=seconds.at + 1 - len(seconds.sampled),
            from_minute=minutes.at + 1 - len(minutes.sampled),
            spreads=seconds.take(),
            closes=tuple((None if close == NOTHING else px_of(close), n) for close, n in minutes.take()),
        )


def _spreads(segment: Segment) -> Ints:
    """Return the spread of each quote in the engine's units; NOTHING where it may not price."""
    bid, ask = segment.bid, segment.ask
    prices = (bid > 0) & (bid < ask) & (segment.bid_size > 0) & (segment.ask_size > 0) & ~segment.has_jumped
    return np.where(prices, (ask - bid) * _FINER, NOTHING)
