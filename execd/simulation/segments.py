"""Tapes cut for a replay: quotes and continuous prints of one symbol, side by side, as they stream from disk.

All rows of one instant are in one segment, so "prints before quotes at the same instant" holds whatever their order
in the file. Nothing is looked for here (`lane` does) and the whole day is never in memory. Several files of one
symbol follow each other in time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from execd.core.enums import QuoteSource
from execd.core.market import Prints, Quote
from execd.errors import TapeError
from execd.venue.tape import CHUNK_ROWS, TapeChunk, px_of, qty_of, read_tape
from execd.venue.tape_text import Flags, Ints

PX_PLACES: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Quotes and eligible prints of the continuous market in [first row, `last_ns`]; `rows` counts all rows read.

    Prices are in 1/10,000 of a currency unit, sizes in shares. `volume` and `notional` are running sums over the
    prints of this segment, the first print included at its own place.
    """

    symbol: str
    first_ns: int
    last_ns: int
    rows: int
    quote_ns: Ints
    bid: Ints
    bid_size: Ints
    ask: Ints
    ask_size: Ints
    has_jumped: Flags
    print_ns: Ints
    px: Ints
    size: Ints
    volume: Ints
    notional: Ints

    def quote(self, at: int) -> Quote:
        """Return a quote as the core knows it, received when it was shown."""
        ts_ns = int(self.quote_ns[at])
        return Quote(
            symbol=self.symbol,
            bid_px=px_of(int(self.bid[at])),
            bid_size=qty_of(int(self.bid_size[at])),
            ask_px=px_of(int(self.ask[at])),
            ask_size=qty_of(int(self.ask_size[at])),
            exchange_ns=ts_ns,
            received_ns=ts_ns,
            source=QuoteSource.TAPE,
            has_jumped=bool(self.has_jumped[at]),
        )

    def prints(self, start: int, stop: int) -> Prints:
        """Return the prints [start, stop) summed; there must be at least one."""
        if stop - start == 1:
            px = px_of(int(self.px[start]))
            qty = qty_of(int(self.size[start]))
            ts_ns = int(self.print_ns[start])
            return Prints(
                symbol=self.symbol,
                last_px=px,
                high_px=px,
                low_px=px,
                volume=qty,
                notional=px * qty,
                count=1,
                from_ns=ts_ns,
                to_ns=ts_ns,
            )
        part = self.px[start:stop]
        notional = int(self.notional[stop - 1]) - (int(self.notional[start - 1]) if start else 0)
        return Prints(
            symbol=self.symbol,
            last_px=px_of(int(part[-1])),
            high_px=px_of(int(part.max())),
            low_px=px_of(int(part.min())),
            volume=Decimal(int(self.volume[stop - 1]) - (int(self.volume[start - 1]) if start else 0)),
            notional=Decimal(notional).scaleb(-PX_PLACES),
            count=stop - start,
            from_ns=int(self.print_ns[start]),
            to_ns=int(self.print_ns[stop - 1]),
        )


def read_segments(paths: Sequence[Path], symbol: str, *, chunk_rows: int = CHUNK_ROWS) -> Iterator[Segment]:
    """Yield the segments of a symbol's tapes, one file after the other. Raises TapeError."""
    last_ns = 0
    for path in paths:
        for segment in _whole_instants(
            _Cut.of(chunk) for chunk in read_tape(path, symbol=symbol, chunk_rows=chunk_rows)
        ):
            if segment.first_ns < last_ns:
                raise TapeError(f"{path}: begins before the tape of {symbol} that was given before it ends")
            yield segment
            last_ns = segment.last_ns


def first_row_ns(path: Path, symbol: str) -> int | None:
    """Return the instant of a tape's first row; None where it has none. Raises TapeError."""
    chunk = next(read_tape(path, symbol=symbol, chunk_rows=1), None)
    return None if chunk is None else int(chunk.ts_ns[0])


def first_regular_ns(path: Path, symbol: str) -> int | None:
    """Return the instant of a tape's first eligible print, else of its first row; None where it has no row."""
    first_ns: int | None = None
    for chunk in read_tape(path, symbol=symbol):
        if first_ns is None:
            first_ns = int(chunk.ts_ns[0])
        regular = np.flatnonzero(chunk.counts | chunk.is_auction)
        if len(regular):
            return int(chunk.ts_ns[regular[0]])
    return first_ns


_QUOTE_COLUMNS: Final = ("ts_ns", "bid", "bid_size", "ask", "ask_size", "has_jumped")
_PRINT_COLUMNS: Final = ("ts_ns", "px", "size")


@dataclass(slots=True, eq=False)
class _Cut:
    """Quote and print columns of some rows; (first_ns, last_ns) are of all of them, counting ones or not."""

    symbol: str
    first_ns: int
    last_ns: int
    rows: int
    quotes: list[Ints]
    prints: list[Ints]

    @classmethod
    def of(cls, chunk: TapeChunk) -> "_Cut":
        quotes, prints = np.flatnonzero(chunk.is_quote), np.flatnonzero(chunk.counts)
        return cls(
            symbol=chunk.symbol,
            first_ns=int(chunk.ts_ns[0]),
            last_ns=int(chunk.ts_ns[-1]),
            rows=len(chunk),
            quotes=[getattr(chunk, name)[quotes] for name in _QUOTE_COLUMNS],
            prints=[getattr(chunk, name)[prints] for name in _PRINT_COLUMNS],
        )

    def split(self) -> tuple["_Cut | None", "_Cut"]:
        """Return the rows before the last instant (None where there are none) and those of the last instant."""
        quotes_n = int(np.searchsorted(self.quotes[0], self.last_ns))
        prints_n = int(np.searchsorted(self.prints[0], self.last_ns))
        rest_n = len(self.quotes[0]) - quotes_n + len(self.prints[0]) - prints_n
        rest = _Cut(
            symbol=self.symbol,
            first_ns=self.last_ns,
            last_ns=self.last_ns,
            rows=rest_n,
            quotes=[column[quotes_n:] for column in self.quotes],
            prints=[column[prints_n:] for column in self.prints],
        )
        if self.first_ns == self.last_ns:
            rest.rows = self.rows
            return None, rest
        head = _Cut(
            symbol=self.symbol,
            first_ns=self.first_ns,
            last_ns=self.last_ns - 1,
            rows=self.rows - rest_n,
            quotes=[column[:quotes_n] for column in self.quotes],
            prints=[column[:prints_n] for column in self.prints],
        )
        return head, rest

    def before(self, later: "_Cut") -> "_Cut":
        """Return these rows and then `later`."""
        return _Cut(
            symbol=self.symbol,
            first_ns=self.first_ns,
            last_ns=later.last_ns,
            rows=self.rows + later.rows,
            quotes=[np.concatenate(pair) for pair in zip(self.quotes, later.quotes, strict=True)],
            prints=[np.concatenate(pair) for pair in zip(self.prints, later.prints, strict=True)],
        )

    def segment(self) -> Segment:
        """Return the columns under their names, with running sums."""
        quote_ns, bid, bid_size, ask, ask_size, has_jumped = self.quotes
        print_ns, px, size = self.prints
        return Segment(
            symbol=self.symbol,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
            rows=self.rows,
            quote_ns=quote_ns,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            has_jumped=has_jumped.astype(np.bool_),
            print_ns=print_ns,
            px=px,
            size=size,
            volume=np.cumsum(size),
            notional=np.cumsum(px * size),
        )


def _whole_instants(cuts: Iterator[_Cut]) -> Iterator[Segment]:
    """Yield segments such that no instant is in two of them: the rows of the last one wait for what follows."""
    held: _Cut | None = None
    for cut in cuts:
        head, held = (cut if held is None else held.before(cut)).split()
        if head is not None:
            yield head.segment()
    if held is not None:
        yield held.segment()
