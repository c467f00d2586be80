"""A recorded day of one symbol, read as it streams from disk.

`read_tape` yields chunks of columns (numpy), never the whole day; a row
becomes a core value only where somebody asks for it. It reads gzip or plain
CSV of the columns in `tape_text.COLUMNS`, checks the header and that time
never goes back, and never repairs: what it cannot read is a TapeError with
file and line. How a trade's condition tells an auction is `is_auction_code`.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np
import numpy.typing as npt

from execd.core.enums import QuoteSource
from execd.core.market import JUMP_WINDOW_NS, Prints, Quote, one_print
from execd.errors import TapeError
from execd.venue.tape_text import HEADER, BadRow, Columns, Flags, Ints, parse_lines

CHUNK_ROWS: Final = 32_768
"""About 2 MB of text and 3 MB of columns: large enough for numpy, small beside the 200 MB of a replay."""
BLOCK_BYTES: Final = 1 << 20
LINE_BYTES_MAX: Final = 512
"""A longer line is not a tape; without a limit a file without newlines would be read into memory whole."""
UNITS_PER_ONE: Final = 10_000
_GZIP_MAGIC: Final = b"\x1f\x8b"
_AUCTION_BITS: Final = 0xC0
_AUCTION_LETTERS: Final = "O6"
_JUMP_DIVISOR: Final = 10
_CACHE: Final = 65_536


@lru_cache(maxsize=_CACHE)
def px_of(units: int) -> Decimal:
    """Return a price of 1/10,000 units as a Decimal with two places, or four where two do not do."""
    cents, rest = divmod(units, 100)
    return Decimal(units).scaleb(-4) if rest else Decimal(cents).scaleb(-2)


@lru_cache(maxsize=_CACHE)
def qty_of(size: int) -> Decimal:
    """Return a number of shares as a Decimal."""
    return Decimal(size)


@dataclass(frozen=True, slots=True, eq=False)
class TapeChunk:
    """Some rows of one symbol in the order of the file; arrays of one length.

    Prices are in 1/10,000 of a currency unit, sizes in shares; a quote row has px = size = 0 and a trade row zero
    quote columns. `counts`: an eligible print of the continuous market; `is_auction`: an eligible print of an auction
    (volume of the day = both). `has_jumped` as `core.market.is_jump` says it of quotes. `first_line`: the line of
    row 0 in the file, which is line 2 for the first chunk.
    """

    symbol: str
    ts_ns: Ints
    is_quote: Flags
    bid: Ints
    bid_size: Ints
    ask: Ints
    ask_size: Ints
    px: Ints
    size: Ints
    counts: Flags
    is_auction: Flags
    has_jumped: Flags
    first_line: int

    def __len__(self) -> int:
        return len(self.ts_ns)

    @property
    def source_line(self) -> Ints:
        """The line of each row in its file, counted from 1."""
        return np.arange(self.first_line, self.first_line + len(self), dtype=np.int64)

    def quote(self, row: int, at_ns: int | None = None) -> Quote:
        """Return a quote row as a Quote, seen at `at_ns` (None: the tape's own instant)."""
        ns = int(self.ts_ns[row]) if at_ns is None else at_ns
        return Quote(
            symbol=self.symbol,
            bid_px=px_of(int(self.bid[row])),
            bid_size=qty_of(int(self.bid_size[row])),
            ask_px=px_of(int(self.ask[row])),
            ask_size=qty_of(int(self.ask_size[row])),
            exchange_ns=ns,
            received_ns=ns,
            source=QuoteSource.TAPE,
            has_jumped=bool(self.has_jumped[row]),
        )

    def prints(self, row: int, at_ns: int | None = None) -> Prints:
        """Return a trade row as Prints of one."""
        ns = int(self.ts_ns[row]) if at_ns is None else at_ns
        return one_print(
            symbol=self.symbol, px=px_of(int(self.px[row])), qty=qty_of(int(self.size[row])), exchange_ns=ns
        )


def read_tape(path: Path | str, *, symbol: str | None = None, chunk_rows: int = CHUNK_ROWS) -> Iterator[TapeChunk]:
    """Yield the rows of a tape in chunks of at most `chunk_rows`.

    `symbol`: None takes the file's name up to the first "_" or ".", in capitals. Raises TapeError.
    """
    path = Path(path)
    name = symbol if symbol is not None else symbol_of(path)
    line = 1
    before = _Before()
    for text in _runs_of_lines(path, chunk_rows):
        try:
            columns = parse_lines(text)
        except BadRow as bad:
            raise TapeError(f"{path}:{line + 1 + bad.row}: {bad.what}") from bad
        _check_time(path, line, columns.ts_ns, before.ts_ns)
        chunk = _chunk(name, columns, line + 1, before)
        before = before.after(chunk)
        line += len(chunk)
        yield chunk


def symbol_of(path: Path) -> str:
    """Return the symbol that a tape's file name says."""
    return path.name.split("_", maxsplit=1)[0].split(".", maxsplit=1)[0].upper()


def is_auction_code(cond: str) -> bool:
    """Whether a trade condition names an opening or closing auction.

    Two spellings are known: hexadecimal flags (0x40 open, 0x80 close) and the tape's letters (O open, 6 close). One
    character is a letter, for a flag of one digit is below 0x40.
    """
    if len(cond) > 1:
        try:
            return bool(int(cond, 16) & _AUCTION_BITS)
        except ValueError:
            pass  # Letters: looked at below.
    return any(letter in _AUCTION_LETTERS for letter in cond)


@dataclass(frozen=True, slots=True)
class _Before:
    """What the next chunk has to know of the rows before it: the last instant and the last quote."""

    ts_ns: int = 0
    quote_ns: int | None = None
    mid_twice: int = 0

    def after(self, chunk: TapeChunk) -> "_Before":
        rows = np.flatnonzero(chunk.is_quote)
        if not len(rows):
            return _Before(int(chunk.ts_ns[-1]), self.quote_ns, self.mid_twice)
        last = int(rows[-1])
        return _Before(int(chunk.ts_ns[-1]), int(chunk.ts_ns[last]), int(chunk.bid[last] + chunk.ask[last]))


def _chunk(symbol: str, columns: Columns, first_line: int, before: _Before) -> TapeChunk:
    codes, which = np.unique(columns.cond, return_inverse=True)
    auction_codes = np.array([is_auction_code(_cond_text(int(code))) for code in codes], dtype=np.bool_)
    is_auction = np.zeros_like(columns.is_eligible)
    is_auction[columns.trades] = columns.is_eligible[columns.trades] & auction_codes[which]
    return TapeChunk(
        symbol=symbol,
        ts_ns=columns.ts_ns,
        is_quote=columns.is_quote,
        bid=columns.bid,
        bid_size=columns.bid_size,
        ask=columns.ask,
        ask_size=columns.ask_size,
        px=columns.px,
        size=columns.size,
        counts=columns.is_eligible & ~is_auction,
        is_auction=is_auction,
        has_jumped=_jumps(columns, before),
        first_line=first_line,
    )


def _cond_text(word: int) -> str:
    return word.to_bytes(8, "big").rstrip(b"\0").decode("latin-1")


def _jumps(columns: Columns, before: _Before) -> Flags:
    """Return where a quote's mid left that of the quote before it by more than a tenth in less than a second."""
    flags = np.zeros(len(columns.ts_ns), dtype=np.bool_)
    rows = np.flatnonzero(columns.is_quote)
    if not len(rows):
        return flags
    mid_twice = columns.bid[rows] + columns.ask[rows]
    ts_ns = columns.ts_ns[rows]
    # Without a quote before, the first is compared with itself.
    first_mid, first_ns = (mid_twice[0], ts_ns[0]) if before.quote_ns is None else (before.mid_twice, before.quote_ns)
    was = np.concatenate((np.array([first_mid], dtype=np.int64), mid_twice[:-1]))
    was_ns = np.concatenate((np.array([first_ns], dtype=np.int64), ts_ns[:-1]))
    is_far = np.abs(mid_twice - was) * _JUMP_DIVISOR > was
    flags[rows] = is_far & (was > 0) & (ts_ns - was_ns < JUMP_WINDOW_NS)
    return flags


def _check_time(path: Path, line: int, ts_ns: npt.NDArray[np.int64], before_ns: int) -> None:
    steps = np.diff(ts_ns, prepend=before_ns)
    if bool((steps < 0).any()):
        row = int(np.argmax(steps < 0))
        raise TapeError(f"{path}:{line + 1 + row}: ts_ns {int(ts_ns[row])} is earlier than the row before it")


def _runs_of_lines(path: Path, rows: int) -> Iterator[bytes]:
    """Yield runs of at most `rows` whole lines after the header, each line ended by a newline."""
    try:
        with _open(path) as file:
            if file.readline(LINE_BYTES_MAX).rstrip(b"\r\n") != HEADER:
                raise TapeError(f"{path}:1: the header is not {HEADER.decode()}")
            rest = b""
            while block := file.read(BLOCK_BYTES):
                text = rest + block.replace(b"\r", b"")
                end = text.rfind(b"\n") + 1
                rest = text[end:]
                if len(rest) > LINE_BYTES_MAX:
                    raise TapeError(f"{path}: a line is longer than {LINE_BYTES_MAX} bytes")
                yield from _cut(text[:end], rows)
            if rest:
                yield rest + b"\n"
    except (OSError, EOFError, zlib.error) as error:
        raise TapeError(f"{path}: {error}") from error


def _cut(text: bytes, rows: int) -> Iterator[bytes]:
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")) + 1
    start = 0
    for end in [*ends[rows - 1 :: rows].tolist(), len(text)]:
        if end > start:
            yield text[start:end]
        start = end


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as probe:
        is_gzip = probe.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    return cast("BinaryIO", gzip.open(path, "rb")) if is_gzip else path.open("rb")
