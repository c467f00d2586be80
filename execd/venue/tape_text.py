"""The text of a tape, turned into columns of integers.

One call parses one run of whole lines with numpy; no Python loop runs over
rows. It knows the column order and nothing of what the rows mean. Prices
become integers of 1/10,000 of a currency unit. A fault is told by its row.
A new column is a name in COLUMNS and a line in `parse_lines`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

COLUMNS: Final = ("ts_ns", "type", "bid", "bid_size", "ask", "ask_size", "price", "size", "exch", "cond", "elig")
HEADER: Final = ",".join(COLUMNS).encode()
PX_PLACES: Final = 4
COND_LEN_MAX: Final = 8
"""Condition codes are compared as one 64-bit word."""
_COMMAS: Final = len(COLUMNS) - 1
_TS_LEN_MAX: Final = 19
NUMBER_LEN_MAX: Final = 13
"""13 digits and four places still fit an int64."""
_ZERO: Final = ord("0")
_BITS_BYTE: Final = np.uint64(8)
_TEN: Final = 10

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The rows of some lines. `cond` is the text of the condition, left-aligned in a word; zero for quotes."""

    ts_ns: Ints
    is_quote: Flags
    bid: Ints
    bid_size: Ints
    ask: Ints
    ask_size: Ints
    px: Ints
    size: Ints
    cond: npt.NDArray[np.uint64]
    is_eligible: Flags


class BadRow(Exception):
    """A row cannot be read; `row` counts from 0 within the lines given."""

    def __init__(self, row: int, what: str) -> None:
        super().__init__(what)
        self.row = row
        self.what = what


def parse_lines(text: bytes) -> Columns:
    """Return the columns of `text`, whole lines that all end in a newline. Raises BadRow."""
    # The padding lets a look at a field's n-th byte pass the end of the last line.
    buffer = np.frombuffer(text + bytes(_TS_LEN_MAX), dtype=np.uint8)
    ends = np.flatnonzero(buffer == ord("\n"))
    starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
    commas = _commas(buffer, starts, ends)
    is_quote = _kinds(buffer, commas)
    quotes, trades = np.flatnonzero(is_quote), np.flatnonzero(~is_quote)
    n = len(ends)

    def column(name: str, rows: Ints, *, places: int = 0, may_be_empty: bool = False) -> Ints:
        at = COLUMNS.index(name)
        values = np.zeros(n, dtype=np.int64)
        values[rows] = _numbers(
            _Field(name, buffer, commas[rows, at - 1] + 1, commas[rows, at], rows), places, may_be_empty=may_be_empty
        )
        return values

    return Columns(
        ts_ns=_instants(buffer, starts, commas[:, 0]),
        is_quote=is_quote,
        # A side that is not there is written as nothing; it counts as price and size zero.
        bid=column("bid", quotes, places=PX_PLACES, may_be_empty=True),
        bid_size=column("bid_size", quotes, may_be_empty=True),
        ask=column("ask", quotes, places=PX_PLACES, may_be_empty=True),
        ask_size=column("ask_size", quotes, may_be_empty=True),
        px=column("price", trades, places=PX_PLACES),
        size=column("size", trades),
        cond=_words(buffer, commas, trades, n),
        is_eligible=_eligible(buffer, commas, ends, trades),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """One column of some rows: bytes [start, stop) of `buffer` hold it in row `rows[i]`."""

    name: str
    buffer: Bytes
    start: Ints
    stop: Ints
    rows: Ints

    def refuse(self, bad: Flags, why: str) -> None:
        """Raise BadRow for the first bad row, if there is one."""
        if bad.any():
            at = int(np.argmax(bad))
            text = self.buffer[self.start[at] : self.stop[at]].tobytes()
            raise BadRow(int(self.rows[at]), f"{self.name} {text.decode('latin-1')!r} {why}")


def _commas(buffer: Bytes, starts: Ints, ends: Ints) -> Ints:
    found = np.flatnonzero(buffer == ord(","))
    if len(found) == _COMMAS * len(ends):
        commas = found.reshape(-1, _COMMAS)
        if bool(((commas[:, 0] >= starts) & (commas[:, -1] < ends)).all()):
            return commas
    counts = np.searchsorted(found, ends) - np.searchsorted(found, starts)
    row = int(np.argmax(counts != _COMMAS))
    raise BadRow(row, f"{int(counts[row]) + 1} fields, {len(COLUMNS)} expected")


def _kinds(buffer: Bytes, commas: Ints) -> Flags:
    kind = buffer[commas[:, 0] + 1]
    is_quote = kind == ord("Q")
    bad = (commas[:, 1] - commas[:, 0] != 2) | ~(is_quote | (kind == ord("T")))  # noqa: PLR2004  # One letter between.
    _Field("type", buffer, commas[:, 0] + 1, commas[:, 1], np.arange(len(commas))).refuse(bad, "is neither Q nor T")
    return np.asarray(is_quote, dtype=np.bool_)


def _instants(buffer: Bytes, start: Ints, stop: Ints) -> Ints:
    field = _Field("ts_ns", buffer, start, stop, np.arange(len(start)))
    length = stop - start
    if not bool((length == _TS_LEN_MAX).all()):
        return _numbers(field, 0, may_be_empty=False, len_max=_TS_LEN_MAX)
    values = np.zeros(len(start), dtype=np.int64)
    bad = np.zeros(len(start), dtype=np.bool_)
    for place in range(_TS_LEN_MAX):
        digit = buffer[start + place] - _ZERO  # Unsigned: what is below "0" wraps above 9.
        bad |= digit >= _TEN
        values *= _TEN
        values += digit
    field.refuse(bad, "is not a number")
    return values


def _numbers(field: _Field, places: int, *, may_be_empty: bool, len_max: int = NUMBER_LEN_MAX) -> Ints:
    """Return the numbers of a field times 10**places; at most `places` digits may follow the point."""
    length = field.stop - field.start
    values = np.zeros(len(length), dtype=np.int64)
    if not len(length):
        return values
    if not may_be_empty:
        field.refuse(length == 0, "is empty")
    field.refuse(length > len_max, f"is longer than {len_max} characters")
    point = np.zeros(len(length), dtype=np.bool_)
    decimals = np.zeros(len(length), dtype=np.int64)
    bad = np.zeros(len(length), dtype=np.bool_)
    for place in range(int(length.max())):
        inside = length > place
        byte = field.buffer[field.start + place]
        digit = byte - _ZERO
        is_digit = inside & (digit < _TEN)
        values = np.where(is_digit, values * _TEN + digit, values)
        decimals += point & is_digit
        is_point = inside & (byte == ord("."))
        bad |= inside & ~is_digit & (~is_point | point)
        point |= is_point
    field.refuse(bad | (point & (places == 0)) | (point & (length == 1)), "is not a number")
    field.refuse(decimals > places, f"has more than {places} decimals")
    return np.asarray(values * _TEN ** (places - decimals), dtype=np.int64) if places else values


def _words(buffer: Bytes, commas: Ints, rows: Ints, n: int) -> npt.NDArray[np.uint64]:
    at = COLUMNS.index("cond")
    start, stop = commas[rows, at - 1] + 1, commas[rows, at]
    length = stop - start
    _Field("cond", buffer, start, stop, rows).refuse(length > COND_LEN_MAX, f"has more than {COND_LEN_MAX} characters")
    word = np.zeros(len(rows), dtype=np.uint64)
    for place in range(COND_LEN_MAX):
        byte = np.where(length > place, buffer[start + place], 0).astype(np.uint64)
        word = (word << _BITS_BYTE) | byte
    words = np.zeros(n, dtype=np.uint64)
    words[rows] = word
    return words


def _eligible(buffer: Bytes, commas: Ints, ends: Ints, rows: Ints) -> Flags:
    start, stop = commas[rows, -1] + 1, ends[rows]
    byte = buffer[start]
    bad = (stop - start != 1) | ~((byte == ord("0")) | (byte == ord("1")))
    _Field("elig", buffer, start, stop, rows).refuse(bad, "is neither 0 nor 1")
    flags = np.zeros(len(ends), dtype=np.bool_)
    flags[rows] = byte == ord("1")
    return flags
