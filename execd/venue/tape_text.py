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
    """The rows of some lines. `cond` is the text of a trade's condition in one word, one for each of `trades`."""

    ts_ns: Ints
    is_quote: Flags
    bid: Ints
    bid_size: Ints
    ask: Ints
    ask_size: Ints
    px: Ints
    size: Ints
    trades: Ints
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
    marks = _marks(buffer)
    n = marks.shape[1]
    starts = np.concatenate((np.zeros(1, dtype=np.int64), marks[_COMMAS][:-1] + 1))
    is_quote = _kinds(buffer, marks)
    quotes, trades = np.flatnonzero(is_quote), np.flatnonzero(~is_quote)

    def column(name: str, rows: Ints, *, places: int = 0, may_be_empty: bool = False) -> Ints:
        at = COLUMNS.index(name)
        values = np.zeros(n, dtype=np.int64)
        values[rows] = _numbers(
            _Field(name, buffer, marks[at - 1][rows] + 1, marks[at][rows], rows), places, may_be_empty=may_be_empty
        )
        return values

    return Columns(
        ts_ns=_instants(buffer, starts, marks[0]),
        is_quote=is_quote,
        # A side that is not there is written as nothing; it counts as price and size zero.
        bid=column("bid", quotes, places=PX_PLACES, may_be_empty=True),
        bid_size=column("bid_size", quotes, may_be_empty=True),
        ask=column("ask", quotes, places=PX_PLACES, may_be_empty=True),
        ask_size=column("ask_size", quotes, may_be_empty=True),
        px=column("price", trades, places=PX_PLACES),
        size=column("size", trades),
        trades=trades,
        cond=_words(buffer, marks, trades),
        is_eligible=_eligible(buffer, marks, trades),
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


def _marks(buffer: Bytes) -> Ints:
    """Return where each field ends: one row of the result per column of the tape, the last one of newlines."""
    found = np.flatnonzero((buffer == ord(",")) | (buffer == ord("\n")))
    if len(found) % len(COLUMNS) == 0:
        marks = np.ascontiguousarray(found.reshape(-1, len(COLUMNS)).T)
        # As many newlines as rows, each in the last place: then no comma is in it, and no newline before it.
        ends = buffer[marks[_COMMAS]] == ord("\n")
        if bool(ends.all()) and int(np.count_nonzero(buffer == ord("\n"))) == len(ends):
            return marks
    commas, ends_at = np.flatnonzero(buffer == ord(",")), np.flatnonzero(buffer == ord("\n"))
    counts = np.diff(np.searchsorted(commas, ends_at), prepend=0)
    row = int(np.argmax(counts != _COMMAS))
    raise BadRow(row, f"{int(counts[row]) + 1} fields, {len(COLUMNS)} expected")


def _kinds(buffer: Bytes, marks: Ints) -> Flags:
    kind = buffer[marks[0] + 1]
    is_quote = kind == ord("Q")
    bad = (marks[1] - marks[0] != 2) | ~(is_quote | (kind == ord("T")))  # noqa: PLR2004  # One letter between.
    _Field("type", buffer, marks[0] + 1, marks[1], np.arange(marks.shape[1])).refuse(bad, "is neither Q nor T")
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
    if not len(length):
        return length
    if not may_be_empty:
        field.refuse(length == 0, "is empty")
    field.refuse(length > len_max, f"is longer than {len_max} characters")
    if not places:
        values, bad = _whole(field.buffer, field.stop, length)
    elif bool(((length > 2) & (field.buffer[field.stop - 3] == ord("."))).all()):  # noqa: PLR2004  # "." and cents.
        # Nearly every tape has two decimals in every price: then no row needs to look for its point.
        units, bad_units = _whole(field.buffer, field.stop - 3, length - 3)
        cents, bad_cents = _whole(field.buffer, field.stop, np.full_like(length, 2))
        values, bad = (units * 100 + cents) * 10 ** (places - 2), bad_units | bad_cents
    else:
        return _decimals(field, places, length)
    field.refuse(bad, "is not a number")
    return values


def _whole(buffer: Bytes, stop: Ints, length: Ints) -> tuple[Ints, Flags]:
    """Return the numbers whose `length` digits end before `stop`, and where other characters are among them."""
    values = np.zeros(len(length), dtype=np.int64)
    bad = np.zeros(len(length), dtype=np.bool_)
    shortest = int(length.min())
    for place in range(int(length.max())):
        digit = buffer[stop - 1 - place] - _ZERO  # Unsigned: what is below "0" wraps above 9.
        if place >= shortest:
            digit[length <= place] = 0
        bad |= digit >= _TEN
        values += digit * np.int64(_TEN**place)
    return values, bad


def _decimals(field: _Field, places: int, length: Ints) -> Ints:
    """Return numbers with a point anywhere, or none, times 10**places."""
    values = np.zeros(len(length), dtype=np.int64)
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
    field.refuse(bad | (point & (length == 1)), "is not a number")
    field.refuse(decimals > places, f"has more than {places} decimals")
    return np.asarray(values * _TEN ** (places - decimals), dtype=np.int64)


def _words(buffer: Bytes, marks: Ints, rows: Ints) -> npt.NDArray[np.uint64]:
    at = COLUMNS.index("cond")
    start, stop = marks[at - 1][rows] + 1, marks[at][rows]
    length = stop - start
    _Field("cond", buffer, start, stop, rows).refuse(length > COND_LEN_MAX, f"has more than {COND_LEN_MAX} characters")
    words = np.zeros(len(rows), dtype=np.uint64)
    for place in range(COND_LEN_MAX):
        byte = np.where(length > place, buffer[start + place], 0).astype(np.uint64)
        words = (words << _BITS_BYTE) | byte
    return words


def _eligible(buffer: Bytes, marks: Ints, rows: Ints) -> Flags:
    start, stop = marks[_COMMAS - 1][rows] + 1, marks[_COMMAS][rows]
    byte = buffer[start]
    bad = (stop - start != 1) | ~((byte == ord("0")) | (byte == ord("1")))
    _Field("elig", buffer, start, stop, rows).refuse(bad, "is neither 0 nor 1")
    flags = np.zeros(marks.shape[1], dtype=np.bool_)
    flags[rows] = byte == ord("1")
    return flags
