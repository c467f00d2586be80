"""Recorded days as a source of the simulated venue.

A tape begins with its first regular print; of what was before that, the last
quote opens it. Rows are made into ticks as they are asked for. This file
brings numpy, so it is imported only where a tape is played.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from pathlib import Path
from typing import Final

import numpy as np

from execd.core.market import Quote
from execd.errors import TapeError
from execd.venue.source import Timed
from execd.venue.tape import read_tape, symbol_of

CHUNK_ROWS: Final = 4_096
"""Small: rows are parsed inside the daemon's loop, about 4 ms at a time."""


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
