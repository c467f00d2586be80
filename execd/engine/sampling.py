"""The means of one symbol's day: what stood at each whole second and minute, whoever told it.

The engine takes its samples when something new is told or asked; a runner that passes over quotes and prints tells
what stood meanwhile (`MarketPassed`). Both come to the same, because the sample of an instant is what stood just before
it, and each instant is sampled once, in order. Law: passing over rows changes nothing.
"""

from decimal import Decimal
from typing import Final

from execd.core.market import Passed, Quote
from execd.core.session_table import SessionWindow
from execd.core.spread import NOT_SEEN, SECOND_NS, units_of
from execd.core.volatility import CLOSES_N, MINUTE_NS, volatility_factor

NO_SPREAD: Final = -1
"""Stands in a run of spreads where no quote could price."""


class Samples:
    """What was sampled of one symbol, up to `second` and `minute` (counted from 1970)."""

    __slots__ = ("_factor", "_factor_of", "_norm", "closes", "minute", "second", "spread")

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.second = 0
        self.minute = 0
        self.spread = NOT_SEEN
        self.closes: tuple[Decimal, ...] = ()
        self._factor: Decimal | None = None
        self._factor_of: tuple[int, int] | None = None
        self._norm: tuple[Decimal, ...] = ()

    def stood(self, quote: Quote | None, to_ns: int) -> None:
        """Sample a quote that stood until `to_ns`; None where none could price."""
        second = to_ns // SECOND_NS
        seconds_n = second - self.second
        if seconds_n <= 0:
            return
        if quote is not None:
            self.spread = self.spread.after(units_of(quote.spread), seconds_n)
        self.second = second

    def closed(self, last_px: Decimal | None, to_ns: int) -> None:
        """Sample a last price that stood until `to_ns`; None before the first print."""
        minute = to_ns // MINUTE_NS
        minutes_n = minute - self.minute
        if minutes_n <= 0:
            return
        if last_px is not None:
            self.closes = (self.closes + (last_px,) * min(minutes_n, CLOSES_N))[-CLOSES_N:]
        self.minute = minute

    def passed(self, passed: Passed) -> None:
        """Take samples that somebody else took; those of instants that were sampled already do not count again."""
        second = passed.from_second - 1
        for units, seconds_n in passed.spreads:
            fresh_n = min(seconds_n, second + seconds_n - self.second)
            second += seconds_n
            if fresh_n > 0:
                if units != NO_SPREAD:
                    self.spread = self.spread.after(units, fresh_n)
                self.second = second
        minute = passed.from_minute - 1
        for last_px, minutes_n in passed.closes:
            minute += minutes_n
            self.closed(last_px, minute * MINUTE_NS)

    @property
    def spread_px(self) -> Decimal | None:
        """The mean spread in currency units; None before the first second."""
        return self.spread.px

    def volatility_factor(self, norm: tuple[Decimal, ...], hours: SessionWindow | None) -> Decimal | None:
        """Return the last half hour's volatility against the usual; worked out once a minute."""
        if hours is None or not norm:
            return None
        of = (self.minute, hours.open_ns)
        if of != self._factor_of or norm is not self._norm:
            self._factor = volatility_factor(self.closes, norm, hours, self.minute * MINUTE_NS)
            self._factor_of, self._norm = of, norm
        return self._factor
