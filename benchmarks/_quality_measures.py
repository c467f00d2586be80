"""What it cost: from what was filled to figures by pair. Costs are positive when worse for us.

What is unfilled at the deadline is charged the cross. Nothing here is part of what a run is, so a new measure works on
runs that are kept: it is a line in `measures` and a name in MEASURES.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks._quality import LATENCY_MS, Floats, Worked
from benchmarks._quality_days import Day
from benchmarks._quality_trials import Pair
from execd.core.rules import MS

BPS: Final = 10_000
MEASURES: Final = (
    "cost_bps",
    "cost_spreads",
    "vwap_bps",
    "off_vwap_bps",
    "off_arrival_bps",
    "filled",
    "passive",
    "better_bps",
    "better_spreads",
    "orders",
)


def measures(day: Day, pairs: Sequence[Pair], found: Worked, *, latency_ms: int = LATENCY_MS) -> dict[str, Floats]:
    """Return each of MEASURES by pair, the mean of its two sides; NaN where there is no benchmark.

    Half-spreads are those of the day: the mean over the arrivals of its pairs. A pair's own would count most where
    it was narrowest.
    """
    part = day.segment
    arrivals = [day.usable_at(pair.arrival_ns) for pair in pairs]
    mid = (part.bid[arrivals] + part.ask[arrivals])[:, None] / 2.0
    half = float((part.ask[arrivals] - part.bid[arrivals]).mean()) / 2.0
    qty = np.array([pair.qty for pair in pairs], dtype=np.float64)[:, None]
    sign = np.array([[1.0, -1.0]])
    avg = (found.notional + _charged(day, pairs, found)) / qty
    market = _taken(day, pairs, [pair.arrival_ns + latency_ms * MS for pair in pairs]) / qty
    vwap = np.array([day.vwap(pair.arrival_ns, pair.deadline_ns) or np.nan for pair in pairs])[:, None]
    cost, better = sign * (avg - mid), sign * (market - avg)
    off_vwap = sign * (avg - vwap) / vwap * BPS
    by_side = {
        "cost_bps": cost / mid * BPS,
        "cost_spreads": cost / half,
        "vwap_bps": off_vwap,
        "off_vwap_bps": np.abs(off_vwap),
        "off_arrival_bps": np.abs(cost / mid * BPS),
        "filled": found.filled / qty,
        "passive": found.passive / qty,
        "better_bps": better / mid * BPS,
        "better_spreads": better / half,
        "orders": found.orders,
    }
    return {name: by_side[name].mean(axis=1) for name in MEASURES}


def _charged(day: Day, pairs: Sequence[Pair], found: Worked) -> Floats:
    """Return what the unfilled rest costs: taken as by a market order that acts at the deadline."""
    missing = [[pair.qty - int(qty) for qty in row] for pair, row in zip(pairs, found.filled, strict=True)]
    return _taken(day, pairs, [pair.deadline_ns for pair in pairs], missing)


def _taken(
    day: Day, pairs: Sequence[Pair], at_ns: Sequence[int], qtys: Sequence[Sequence[int]] | None = None
) -> Floats:
    """Return the notional of market orders of both sides that act at these instants."""
    rows = []
    for n, pair in enumerate(pairs):
        at = day.usable_at(at_ns[n])
        both = (pair.qty, pair.qty) if qtys is None else qtys[n]
        sides = zip((True, False), both, strict=True)
        rows.append([float(day.taken(at, is_buy=is_buy, qty=qty)) if qty else 0.0 for is_buy, qty in sides])
    return np.array(rows)
