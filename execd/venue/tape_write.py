"""Writes a tape, so that anybody can record a market and replay it.

Same columns as `tape` reads; what is written and read again is the same rows.
It never reorders and never rounds: a price off the 1/10,000 grid, or time
that goes back, is a TapeError before anything is written.
"""

import gzip
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from execd.core.codec import plain
from execd.core.market import Quote
from execd.errors import TapeError
from execd.venue.tape_text import HEADER, NUMBER_LEN_MAX, PX_PLACES

AUCTION_CODE: Final = "O"
COMPRESSION: Final = 6
BUFFER_ROWS: Final = 4_096
"""Rows kept before they are compressed in one go."""


class TapeWriter:
    """One symbol's tape, open for writing; use it in a `with`, or close it."""

    def __init__(self, path: Path | str) -> None:
        """Begin a tape at `path`, replacing what is there. Gzip, and the same rows always give the same bytes."""
        self._path = Path(path)
        self._raw = self._path.open("wb")
        # No name and no time in the gzip header: they would make equal tapes differ.
        self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=self._raw, mtime=0)
        self._rows: list[str] = [HEADER.decode() + "\n"]
        self._last_ns = 0

    def quote(self, quote: Quote) -> None:
        """Write a quote at its exchange_ns. Raises TapeError."""
        bid, ask = self._px(quote.bid_px), self._px(quote.ask_px)
        bid_size, ask_size = self._size(quote.bid_size), self._size(quote.ask_size)
        self._write(quote.exchange_ns, f"Q,{bid},{bid_size},{ask},{ask_size},,,,,")

    def trade(
        self, ts_ns: int, px: Decimal, size: Decimal, *, is_eligible: bool = True, is_auction: bool = False
    ) -> None:
        """Write a print; `is_eligible` as the tape's `elig`. Raises TapeError."""
        cond = AUCTION_CODE if is_auction else ""
        self._write(ts_ns, f"T,,,,,{self._px(px)},{self._size(size)},,{cond},{int(is_eligible)}")

    def close(self) -> None:
        """Write what is left; the tape is whole only after this."""
        if not self._raw.closed:
            self._flush()
            self._file.close()
            self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, ts_ns: int, rest: str) -> None:
        if ts_ns < self._last_ns:
            raise TapeError(f"{self._path}: ts_ns {ts_ns} is earlier than the row before it")
        self._last_ns = ts_ns
        self._rows.append(f"{ts_ns},{rest}\n")
        if len(self._rows) >= BUFFER_ROWS:
            self._flush()

    def _flush(self) -> None:
        self._file.write("".join(self._rows).encode())
        self._rows.clear()

    def _px(self, px: Decimal) -> str:
        if px < 0 or px != round(px, PX_PLACES):
            raise TapeError(f"{self._path}: price {px} has more than {PX_PLACES} decimals or is below zero")
        return self._short(plain(px))

    def _size(self, size: Decimal) -> str:
        if size < 0 or size != size.to_integral_value():
            raise TapeError(f"{self._path}: size {size} is not a whole number of shares")
        return self._short(str(int(size)))

    def _short(self, text: str) -> str:
        if len(text) > NUMBER_LEN_MAX:
            raise TapeError(f"{self._path}: {text} is longer than {NUMBER_LEN_MAX} characters")
        return text
