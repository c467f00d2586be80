"""Which experiments there are: whatever the table of algorithms and the shipped presets have becomes one by itself.

How each is worked is `_quality_trials`. A run is known by what it does and not by its label, so this may change freely.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from benchmarks._quality_trials import Experiment
from execd.config.presets import shipped_names
from execd.core.enums import Urgency
from execd.core.schedule_terms import ALGO_TERMS, SCHEDULE_TERMS

MARKET: Final = "market"
TACTICS: Final = ("anchor", "marketable", "adaptive_join")
"""Every schedule is tried with each of these."""
INTERVAL: Final = "20s"
"""Between two slices: their defaults are made for orders that live longer than ours."""
_AS_ASKED: Final = "passthrough"


def experiments() -> list[Experiment]:
    """Return everything that is measured: a market order, each algorithm, each schedule x tactic, each preset."""
    schedules = [one.name for one in SCHEDULE_TERMS]
    names = [name for name in ALGO_TERMS if name not in {*schedules, _AS_ASKED}]
    tried = [Experiment(MARKET, {"order_type": "market"})]
    tried += [Experiment(name, {"algo": {"name": name}}) for name in names]
    tried += [
        Experiment(f"{schedule} {tactic}", {"algo": {"name": schedule, "tactic": tactic, "interval": INTERVAL}})
        for schedule in schedules
        for tactic in TACTICS
        if tactic in names
    ]
    ways = [("balanced", urgency) for urgency in Urgency]
    ways += [(name, Urgency.NORMAL) for name in shipped_names() if name != "balanced"]
    # Protection is for positions that are kept; a preset that has it wants it declined by name.
    return tried + [Experiment(f"{name}: {how}", {"urgency": how, "protect": "none"}, name) for name, how in ways]


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
