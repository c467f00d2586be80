"""Which rows of a tape a venue has to be told.

Most rows can change no order of ours: with numpy they are passed over a
window at a time. It decides by prices alone, as `Interest` says; whoever
skips must still tell the venue the latest quote before each request.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import numpy as np

from execd.venue.matching_book import Interest
from execd.venue.tape import UNITS_PER_ONE, TapeChunk
from execd.venue.tape_text import Flags

FIRST_WINDOW: Final = 64
LAST_WINDOW: Final = 8_192
"""The window grows from the first to the last size: a near row is found at once, a far one at numpy's speed."""


def next_row(chunk: TapeChunk, interest: Interest, start: int, stop: int | None = None) -> int:
    """Return the first row in [start, stop) that can change an order; `stop` (None: the end) where there is none."""
    end = len(chunk) if stop is None else min(stop, len(chunk))
    if interest == _NOTHING:
        return end
    if interest.any_quote and start < end and chunk.is_quote[start]:
        return start
    window = FIRST_WINDOW
    while start < end:
        upto = min(end, start + window)
        rows = matters(chunk, interest, start, upto)
        first = int(rows.argmax())
        if rows[first]:
            return start + first
        start = upto
        window = min(window * 4, LAST_WINDOW)
    return end


def matters(chunk: TapeChunk, interest: Interest, start: int, stop: int) -> Flags:
    """Return which of the rows [start, stop) can change an order: quotes, and prints of the continuous market."""
    part = slice(start, stop)
    bid, ask, px = chunk.bid[part], chunk.ask[part], chunk.px[part]
    quotes = np.full(stop - start, fill_value=interest.any_quote)
    prints = np.full(stop - start, fill_value=interest.any_print)
    if interest.ask_at_or_below is not None:
        quotes |= ask <= _floor(interest.ask_at_or_below)
    if interest.ask_at_or_above is not None:
        quotes |= ask >= _ceiling(interest.ask_at_or_above)
    if interest.bid_at_or_above is not None:
        quotes |= bid >= _ceiling(interest.bid_at_or_above)
    if interest.bid_at_or_below is not None:
        quotes |= bid <= _floor(interest.bid_at_or_below)
    if interest.print_at_or_below is not None:
        prints |= px <= _floor(interest.print_at_or_below)
    if interest.print_at_or_above is not None:
        prints |= px >= _ceiling(interest.print_at_or_above)
    return np.asarray((quotes & chunk.is_quote[part]) | (prints & chunk.counts[part]), dtype=np.bool_)


_NOTHING: Final = Interest()


def _floor(px: Decimal) -> int:
    return int((px * UNITS_PER_ONE).to_integral_value(ROUND_FLOOR))


def _ceiling(px: Decimal) -> int:
    return int((px * UNITS_PER_ONE).to_integral_value(ROUND_CEILING))
