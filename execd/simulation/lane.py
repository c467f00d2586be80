"""One symbol's way through its tapes: where it stands, what was not told yet, and the next row that matters.

A lane gives out each row at most once, in order: prints before quotes of one instant. Rows passed over are not lost:
`take` returns the latest quote and the summed prints since it was asked last. Who is told what is `replay`'s
business.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from execd.core.market import Passed, Prints, Quote
from execd.core.wake import NEVER, Wake
from execd.simulation.agenda import PRINT, QUOTE
from execd.simulation.bounds import EVERYTHING, NOTHING, WINDOW_FIRST, WINDOW_LAST, Bounds, bounds_of
from execd.simulation.sampler import Sampler
from execd.simulation.segments import Segment
from execd.venue.matching import Interest

END_AFTER_NS: Final = 1
"""A tape is over one nanosecond after its last row."""
Hit = tuple[int, int]


@dataclass(slots=True)
class Counts:
    """What a lane has read so far."""

    rows: int = 0
    quotes: int = 0
    prints: int = 0


class Lane:
    """A cursor over the segments of one symbol."""

    def __init__(self, symbol: str, segments: Iterator[Segment]) -> None:
        """Read the first segment."""
        self.symbol = symbol
        self.counts = Counts()
        self.bounds = NOTHING
        self._watched = (Interest(), NEVER)
        self.last_ns = 0
        self.skips = True
        self._segments = segments
        self._volume_before = 0
        self._untold_quote: Quote | None = None
        self._untold_prints: Prints | None = None
        self._segment = self._next_segment()
        self.first_ns = None if self._segment is None else self._segment.first_ns
        self._sampler = Sampler(symbol, self.first_ns or 0)
        self._quote_at = self._print_at = 0
        self._quotes_clear = self._prints_clear = 0
        self._quote_hit: int | None = None
        self._print_hit: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether no row is left."""
        return self._segment is None

    @property
    def end_ns(self) -> int:
        """The instant at which the tape is over; known once `is_over`."""
        return self.last_ns + END_AFTER_NS

    def watch(self, interest: Interest, wake: Wake) -> None:
        """Look for rows that concern the venue or a waiting parent from here on."""
        if (interest, wake) == self._watched:
            return  # Mostly so: what was found already stands.
        self._watched = (interest, wake)
        self._look_for(bounds_of(interest, wake))

    def watch_everything(self) -> None:
        """Pass over no row from here on: whoever is told everything takes his own samples."""
        self.skips = False
        self._look_for(EVERYTHING)

    def next_hit(self, limit_ns: int) -> Hit | None:
        """Return instant and rank of the next row that matters; None where there is none until `limit_ns`.

        May also return a later one, for what was found once is kept.
        """
        while (segment := self._segment) is not None:
            quote_at, print_at = self._find_quote(segment, limit_ns), self._find_print(segment, limit_ns)
            quote_ns = None if quote_at is None else int(segment.quote_ns[quote_at])
            print_ns = None if print_at is None else int(segment.print_ns[print_at])
            if print_ns is not None and (quote_ns is None or print_ns <= quote_ns):
                return print_ns, PRINT
            if quote_ns is not None:
                return quote_ns, QUOTE
            if limit_ns <= segment.last_ns:
                return None
            self._leave()
        return None

    def go_to_quote(self) -> None:
        """Pass everything up to the quote that `next_hit` found, it included."""
        segment, at = self._segment, self._quote_hit
        if segment is None or at is None:
            raise AssertionError(self.symbol)
        ts_ns = segment.quote_ns[at]
        self._pass(segment, at + 1, int(segment.print_ns.searchsorted(ts_ns, "right")))

    def go_to_print(self) -> Prints:
        """Pass everything before the print that `next_hit` found; return that print."""
        segment, at = self._segment, self._print_hit
        if segment is None or at is None:
            raise AssertionError(self.symbol)
        ts_ns = segment.print_ns[at]
        self._pass(segment, int(segment.quote_ns.searchsorted(ts_ns, "left")), at)
        self._print_at = at + 1
        self._print_hit = None
        self._prints_clear = at + 1
        return segment.prints(at, at + 1)

    def go_to(self, now_ns: int) -> None:
        """Pass every row up to `now_ns`, those of that instant included."""
        while (segment := self._segment) is not None and now_ns > segment.last_ns:
            self._leave()
        if segment is not None and now_ns >= segment.first_ns:
            quotes_n = int(segment.quote_ns.searchsorted(now_ns, "right"))
            self._pass(segment, quotes_n, int(segment.print_ns.searchsorted(now_ns, "right")))

    def samples(self, now_ns: int) -> Passed | None:
        """Return what stood up to `now_ns` and was not told; every row before that must have been passed."""
        if not self.skips:
            return None
        self._sampler.through(self._segment, now_ns)
        return self._sampler.take()

    def take(self) -> tuple[Prints | None, Quote | None]:
        """Return summed prints and latest quote of the rows passed since the last call."""
        taken = self._untold_prints, self._untold_quote
        self._untold_prints = self._untold_quote = None
        return taken

    def drain(self) -> None:
        """Read the rest of the tapes, so that a fault in it is found and `counts` are of the whole."""
        while self._segment is not None:
            self._segment = self._next_segment()

    def _look_for(self, bounds: Bounds) -> None:
        if bounds != self.bounds:
            self.bounds = bounds
            self._forget_hits()

    def _find_quote(self, segment: Segment, limit_ns: int) -> int | None:
        bounds = self.bounds
        if self._quote_hit is not None or not bounds.has_quotes:
            return self._quote_hit
        start, rows = self._quotes_clear, len(segment.quote_ns)
        if bounds.any_quote:
            self._quote_hit = start if start < rows else None
            return self._quote_hit
        window = WINDOW_FIRST
        while start < rows and segment.quote_ns[start] <= limit_ns:
            stop = min(rows, start + window)
            found = bounds.first_quote(segment, start, stop)
            if found < stop:
                self._quote_hit = found
                break
            start, window = stop, min(window * 2, WINDOW_LAST)
        self._quotes_clear = start
        return self._quote_hit

    def _find_print(self, segment: Segment, limit_ns: int) -> int | None:
        bounds = self.bounds
        if self._print_hit is not None or not bounds.has_prints:
            return self._print_hit
        start, rows = self._prints_clear, len(segment.print_ns)
        if bounds.any_print:
            self._print_hit = start if start < rows else None
            return self._print_hit
        by_volume = rows
        if bounds.volume_least is not None:
            least = bounds.volume_least - self._volume_before
            by_volume = max(self._print_at, int(segment.volume.searchsorted(least, "left")))
        window = WINDOW_FIRST
        while start < rows and segment.print_ns[start] <= limit_ns:
            stop = min(rows, start + window)
            found = min(bounds.first_print(segment, start, stop), by_volume)
            if found < stop:
                self._print_hit = found
                break
            start, window = stop, min(window * 2, WINDOW_LAST)
        self._prints_clear = start
        return self._print_hit

    def _pass(self, segment: Segment, quotes_n: int, prints_n: int) -> None:
        """Move the cursors to `quotes_n` and `prints_n`, never back, and keep what was passed as untold."""
        if quotes_n > self._quote_at:
            self._untold_quote = segment.quote(quotes_n - 1)
            self._quote_at = quotes_n
            self._quotes_clear = max(self._quotes_clear, quotes_n)
            if self._quote_hit is not None and self._quote_hit < quotes_n:
                self._quote_hit = None
        if prints_n > self._print_at:
            passed = segment.prints(self._print_at, prints_n)
            before = self._untold_prints
            self._untold_prints = passed if before is None else before.plus(passed)
            self._print_at = prints_n
            self._prints_clear = max(self._prints_clear, prints_n)
            if self._print_hit is not None and self._print_hit < prints_n:
                self._print_hit = None

    def _leave(self) -> None:
        """Pass the rest of the segment and go to the next."""
        segment = self._segment
        if segment is None:
            return
        self._pass(segment, len(segment.quote_ns), len(segment.print_ns))
        self._sampler.leave(segment)
        self._volume_before += int(segment.volume[-1]) if len(segment.volume) else 0
        self._segment = self._next_segment()
        self._quote_at = self._print_at = 0
        self._forget_hits()

    def _next_segment(self) -> Segment | None:
        segment = next(self._segments, None)
        if segment is not None:
            self.last_ns = segment.last_ns
            self.counts.rows += segment.rows
            self.counts.quotes += len(segment.quote_ns)
            self.counts.prints += len(segment.print_ns)
        return segment

    def _forget_hits(self) -> None:
        self._quotes_clear, self._prints_clear = self._quote_at, self._print_at
        self._quote_hit = self._print_hit = None
