"""Averages with bootstrap intervals, of pairs in days.

A resample draws, for each symbol, as many of its days with replacement as there are, and in each drawn day as many
pairs as it has. The same resamples serve every experiment, so the difference of two is one of paired values. It
knows nothing of markets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
RESAMPLES_N: Final = 1_000
COVERS: Final = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and the interval that holds it in COVERS of all resamples; NaN where nothing was measured."""

    mean: float
    low: float
    high: float

    def text(self, places: int) -> str:
        """Return it as a table shows it; zero has no sign."""
        mean, low, high = (round(part, places) + 0.0 for part in (self.mean, self.low, self.high))
        return "–" if np.isnan(mean) else f"{mean:.{places}f} [{low:.{places}f}, {high:.{places}f}]"


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """How often each pair is in each resample: [resample, pair]."""

    counts: Floats

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]], *, seed: int, resamples_n: int = RESAMPLES_N) -> "Resamples":
        """Return resamples of pairs; `groups` has for each symbol the number of pairs of each of its days."""
        generator = np.random.default_rng(seed)
        counts = np.zeros((resamples_n, sum(map(sum, groups))))
        rows = np.arange(resamples_n)
        begin = 0
        for days in groups:
            starts = begin + np.concatenate(([0], np.cumsum(days)))
            for drawn in generator.integers(len(days), size=(len(days), resamples_n)):
                for day, pairs_n in enumerate(days):
                    those = rows[drawn == day]
                    times = generator.multinomial(pairs_n, np.full(pairs_n, 1.0 / pairs_n), size=len(those))
                    counts[those, starts[day] : starts[day + 1]] += times
            begin = int(starts[-1])
        return cls(counts)

    def mean(self, values: Floats, among: Flags | None = None) -> Estimate:
        """Return the mean of those `among` the pairs that have a value (NaN: none)."""
        counted = ~np.isnan(values) if among is None else ~np.isnan(values) & among
        if not counted.any():
            return Estimate(np.nan, np.nan, np.nan)
        weights = self.counts[:, counted]
        totals = weights.sum(axis=1)
        means = (weights @ values[counted])[totals > 0] / totals[totals > 0]
        low, high = np.quantile(means, [(1 - COVERS) / 2, (1 + COVERS) / 2])
        return Estimate(float(values[counted].mean()), float(low), float(high))
