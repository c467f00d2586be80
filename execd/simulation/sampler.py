"""What stood at whole seconds and minutes of a tape, for rows that are passed over.

The engine samples what it is told; of what is passed over it is told these samples (`core.market.Passed`), so that its
means are the same as if every row had been told. Runs of equal samples are one, and numpy finds them. Each instant is
sampled once, in order; what stood at it is the last row before it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from execd.core.market import Passed
from execd.core.spread import SECOND_NS, UNITS_PER_ONE
from execd.core.volatility import MINUTE_NS
from execd.simulation.segments import Segment
from execd.venue.tape import UNITS_PER_ONE as TAPE_UNITS_PER_ONE
from execd.venue.tape import px_of

NO_SPREAD: Final = -1
_FINER: Final = UNITS_PER_ONE // TAPE_UNITS_PER_ONE
Run = tuple[int, int]


class Sampler:
    """One symbol's samples that were not told yet. Prices are in 1/10,000 of a currency unit, as on the tape."""

    def __init__(self, symbol: str, first_ns: int) -> None:
        """Begin with the tape; before its first row nothing stood."""
        self._symbol = symbol
        self._second, self._minute = first_ns // SECOND_NS, first_ns // MINUTE_NS
        self._told_second, self._told_minute = self._second, self._minute
        self._spread, self._close = NO_SPREAD, NO_SPREAD
        self._spreads: list[Run] = []
        self._closes: list[Run] = []

    def through(self, segment: Segment | None, to_ns: int) -> None:
        """Sample every instant up to `to_ns`; all rows before that are in this segment or in those that were left."""
        second, minute = to_ns // SECOND_NS, to_ns // MINUTE_NS
        if second > self._second:
            grid = np.arange(self._second + 1, second + 1, dtype=np.int64) * SECOND_NS
            for at, seconds_n in _stood(None if segment is None else segment.quote_ns, grid):
                _add(self._spreads, self._spread if at < 0 or segment is None else _spread(segment, at), seconds_n)
            self._second = second
        if minute > self._minute:
            grid = np.arange(self._minute + 1, minute + 1, dtype=np.int64) * MINUTE_NS
            for at, minutes_n in _stood(None if segment is None else segment.print_ns, grid):
                _add(self._closes, self._close if at < 0 or segment is None else int(segment.px[at]), minutes_n)
            self._minute = minute

    def leave(self, segment: Segment) -> None:
        """Sample to the end of a segment, and remember what stands when it is over."""
        self.through(segment, segment.last_ns)
        if len(segment.quote_ns):
            self._spread = _spread(segment, len(segment.quote_ns) - 1)
        if len(segment.print_ns):
            self._close = int(segment.px[-1])

    def take(self) -> Passed | None:
        """Return the samples since the last call; None where there are none."""
        if not self._spreads and not self._closes:
            return None
        passed = Passed(
            symbol=self._symbol,
            from_second=self._told_second + 1,
            spreads=tuple(self._spreads),
            from_minute=self._told_minute + 1,
            closes=tuple((None if close == NO_SPREAD else px_of(close), n) for close, n in self._closes),
        )
        self._told_second, self._told_minute = self._second, self._minute
        self._spreads, self._closes = [], []
        return passed


def _stood(rows_ns: npt.NDArray[np.int64] | None, grid: npt.NDArray[np.int64]) -> list[Run]:
    """Return runs of (last row before an instant, how many instants of the grid in a row); -1 before the first row."""
    if rows_ns is None or not len(rows_ns):
        return [(-1, len(grid))]
    places = rows_ns.searchsorted(grid, "left") - 1
    starts = np.flatnonzero(np.diff(places, prepend=places[0] - 1))
    lengths = np.diff(starts, append=len(grid))
    return list(zip(places[starts].tolist(), lengths.tolist(), strict=True))


def _spread(segment: Segment, at: int) -> int:
    """Return the spread of a quote in the engine's units; NO_SPREAD where it may not price."""
    bid, ask = int(segment.bid[at]), int(segment.ask[at])
    if segment.has_jumped[at] or not 0 < bid < ask or segment.bid_size[at] <= 0 or segment.ask_size[at] <= 0:
        return NO_SPREAD
    return (ask - bid) * _FINER


def _add(runs: list[Run], value: int, n: int) -> None:
    if runs and runs[-1][0] == value:
        runs[-1] = (value, runs[-1][1] + n)
    else:
        runs.append((value, n))
