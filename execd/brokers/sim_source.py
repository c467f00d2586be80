"""What the simulated venue shows, as ticks with the time since its beginning.

A source knows no clock: it says what comes after how long, and the venue
waits. A tape begins with its first regular print; of what was before that,
the last quote opens it. Another source is a class with these two methods.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from execd.core.market import Halt, Prints, Quote
from execd.errors import TapeError
from execd.venue.generator import Generator
from execd.venue.tape import read_tape, symbol_of

Tick = Quote | Prints | Halt
Timed = tuple[int, Tick]
CHUNK_ROWS: Final = 4_096
"""Small: rows are parsed inside the daemon's loop, about 4 ms at a time."""


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


class TapeSource:
    """Recorded days, one symbol each, all beginning together."""

    def __init__(self, paths: Sequence[Path], *, chunk_rows: int = CHUNK_ROWS) -> None:
        """Look for the beginning of each tape. Raises TapeError, also for two tapes of one symbol."""
        symbols = [symbol_of(path) for path in paths]
        for path, symbol in zip(paths, symbols, strict=True):
            if symbols.count(symbol) > 1:
                raise TapeError(f"{path}: there is more than one tape of {symbol}")
        self._chunk_rows = chunk_rows
        self._origins = [(path, _first_regular_ns(path, chunk_rows)) for path in paths]
        self._merged = merge(*(self._rows(path, origin_ns) for path, origin_ns in self._origins), key=_when)

    def ticks(self) -> Iterator[Timed]:
        """Yield quotes and continuous prints; ends with the last tape. Raises TapeError."""
        yield from self._merged

    def ensure(self, symbol: str) -> Quote | None:
        """Return None: a tape shows what is on it and nothing else."""
        return None

    def _rows(self, path: Path, origin_ns: int) -> Iterator[Timed]:
        opening: Quote | None = None
        for chunk in read_tape(path, chunk_rows=self._chunk_rows):
            for row in np.flatnonzero(chunk.is_quote | chunk.counts).tolist():
                since_ns = int(chunk.ts_ns[row]) - origin_ns
                if since_ns < 0:
                    opening = chunk.quote(row) if chunk.is_quote[row] else opening
                    continue
                if opening is not None:
                    yield 0, opening
                    opening = None
                yield since_ns, chunk.quote(row) if chunk.is_quote[row] else chunk.prints(row)


def _when(timed: Timed) -> int:
    return timed[0]


def _first_regular_ns(path: Path, chunk_rows: int) -> int:
    first_ns: int | None = None
    for chunk in read_tape(path, chunk_rows=chunk_rows):
        first_ns = int(chunk.ts_ns[0]) if first_ns is None else first_ns
        regular = np.flatnonzero(chunk.counts | chunk.is_auction)
        if len(regular):
            return int(chunk.ts_ns[regular[0]])
    if first_ns is None:
        raise TapeError(f"{path}: there is no row on it")
    return first_ns
