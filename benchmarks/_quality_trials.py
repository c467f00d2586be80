"""What is tried: experiments by label, and the parents that each of them has to work.

An experiment is a label and the fields of an intent that say how; whatever the registry gains becomes an experiment
by itself. Parents are drawn by day and seed alone, so every experiment works the same ones: each is issued as a buy
and as its mirror sell, so that a drift of the price cancels. A new kind of parent is a size here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from benchmarks._quality_days import FIRST, LAST, Day
from execd.algos.registry import ENTRIES
from execd.core import chance
from execd.core.rules import S
from execd.core.schedule_terms import ALGO_TERMS

HORIZONS_S: Final = (120, 600)
SIZES: Final = ("100 shares", "1 x displayed", "5 x displayed", "1% of 10 minutes")
MARKET: Final = "market"
SCHEDULES: Final = ("twap", "vwap", "pov", "is")
TACTICS: Final = ("anchor", "marketable", "adaptive_join")
"""Every schedule is tried with each of these."""
_AS_ASKED: Final = "passthrough"


@dataclass(frozen=True)
class Experiment:
    """How every parent of a run is to be worked: fields of an intent beside id, symbol, side, qty and times."""

    label: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """One parent: a buy and a sell of `qty` from `arrival_ns` on, each to be done `horizon_s` later."""

    arrival_ns: int
    horizon_s: int
    size: int
    qty: int

    @property
    def deadline_ns(self) -> int:
        """The last instant at which a fill may happen."""
        return self.arrival_ns + self.horizon_s * S


def experiments() -> list[Experiment]:
    """Return everything that is measured: a market order, each algorithm, each schedule x tactic, each urgency."""
    names = [name for name in ENTRIES if ALGO_TERMS[name].is_public and name != _AS_ASKED]
    tried = [Experiment(MARKET, {"order_type": "market"})]
    tried += [Experiment(name, {"algo": {"name": name}}) for name in names if name not in SCHEDULES]
    tried += [
        Experiment(f"{schedule} {tactic}", {"algo": {"name": schedule, "tactic": tactic}})
        for schedule in names
        if schedule in SCHEDULES
        for tactic in TACTICS
        if tactic in names
    ]
    return tried + [Experiment(f"urgency {name}", {"urgency": name}) for name in ("low", "normal", "high")]


def chosen(known: Sequence[Experiment], patterns: Sequence[str]) -> list[Experiment]:
    """Return the experiments whose label fits one of the patterns (`twap*`); all where there is none.

    Raises ValueError for a pattern that fits nothing.
    """
    if not patterns:
        return list(known)
    for pattern in patterns:
        if not any(fnmatchcase(one.label, pattern) for one in known):
            labels = ", ".join(one.label for one in known)
            raise ValueError(f"no experiment is called {pattern!r}; there are: {labels}")
    return [one for one in known if any(fnmatchcase(one.label, pattern) for pattern in patterns)]


def pairs_of(day: Day, pairs_n: int, seed: int) -> list[Pair]:
    """Return the parents of a day: sizes and horizons in equal shares, arrivals anywhere between FIRST and LAST."""
    begins_ns, ends_ns = day.at(FIRST), day.at(LAST)
    qtys = (100, day.shown_qty, 5 * day.shown_qty, day.ten_minute_qty // 100)
    found = []
    for n in range(pairs_n):
        size, horizon = n % len(SIZES), n // len(SIZES) % len(HORIZONS_S)
        found.append(
            Pair(
                arrival_ns=begins_ns + chance.below(ends_ns - begins_ns, seed, day.name, n),
                horizon_s=HORIZONS_S[horizon],
                size=size,
                qty=max(1, qtys[size]),
            )
        )
    return found


def intents_of(day: Day, pairs: Sequence[Pair], experiment: Experiment) -> list[dict[str, Any]]:
    """Return the documents of both sides of each pair, buys and sells in turn."""
    return [
        {
            "id": f"p{n}-{side}",
            "symbol": day.symbol,
            "side": side,
            "qty": pair.qty,
            "not_before": _text(pair.arrival_ns),
            "deadline": _text(pair.deadline_ns),
            **experiment.fields,
        }
        for n, pair in enumerate(pairs)
        for side in ("buy", "sell")
    ]


def _text(at_ns: int) -> str:
    seconds, ns = divmod(at_ns, S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"
