"""What the charts of docs/algorithms.md show: for each algorithm one parent on one recorded day.

Whatever the registry gains is drawn by itself, a tactic as TACTIC, a schedule as SCHEDULE. A row in `OWN` gives an
algorithm a scene of its own, in which more of it can be seen. Nothing here knows a price: where an intent needs one it
is said in ticks from the quote that stands when the parent arrives.
"""

from dataclasses import dataclass, field, replace
from datetime import time
from typing import Any, Final

from execd.algos.registry import ENTRIES
from execd.core.schedule_terms import SCHEDULE_TERMS

SCHEDULES: Final = frozenset(terms.name for terms in SCHEDULE_TERMS)


@dataclass(frozen=True)
class Scene:
    """One parent: on which tape, when (New York), what, and how long it may take.

    `parameters` are the algorithm's, `fields` the intent's beside. `limit_ticks`: its limit is so many ticks from its
    own side's touch at the arrival, toward the middle. `others` are the same parent with other parameters, by label:
    only their targets are drawn.
    """

    tape: str
    clock: time
    side: str
    qty: int
    horizon_s: int
    label: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    limit_ticks: int | None = None
    others: tuple[tuple[str, dict[str, Any]], ...] = ()


TACTIC: Final = Scene(tape="ibm_20131008", clock=time(13, 54), side="buy", qty=400, horizon_s=120)
SCHEDULE: Final = Scene(
    tape="ibm_20131008",
    clock=time(13, 45),
    side="sell",
    qty=2_400,
    horizon_s=2_400,
    parameters={"tactic": "anchor", "interval": "240s"},
)
NEAR: Final = {"max_slippage_bps": "4"}
"""A collar that the picture has room for; the preset's is far above it."""
OWN: Final[dict[str, Scene]] = {
    "offset": replace(TACTIC, clock=time(12, 17), qty=1_500, parameters={"bps": "1"}),
    "adaptive_offset": replace(TACTIC, clock=time(11, 30), side="sell", qty=2_500, parameters={"bps": "1"}),
    "marketable": replace(TACTIC, clock=time(14, 52), side="sell", qty=1_500, fields=NEAR),
    "sweep": replace(TACTIC, clock=time(12, 22), qty=2_500, fields={"max_slippage_bps": "5"}),
    "progressive": replace(TACTIC, clock=time(14, 39)),
    "iceberg": replace(TACTIC, clock=time(14, 54), qty=600, parameters={"display": "100"}),
    "sniper": replace(TACTIC, clock=time(10, 26), parameters={"spread_bps": "1.2"}),
    "passthrough": replace(TACTIC, clock=time(14, 17), qty=500, limit_ticks=0, fields={"order_type": "limit"}),
    "vwap": replace(
        SCHEDULE,
        tape="ibm_20131010",
        clock=time(15, 15),
        side="buy",
        label="by a given profile",
        parameters={**SCHEDULE.parameters, "profile": ["1.0", "1.0", "1.1", "1.3", "1.6", "2.0", "2.6", "3.2"]},
    ),
    "pov": replace(
        SCHEDULE,
        tape="ibm_20131010",
        clock=time(12, 35),
        qty=12_000,
        horizon_s=1_500,
        parameters={"tactic": "anchor", "rate": "0.10"},
        label="10% of the volume",
    ),
    "is": replace(
        SCHEDULE,
        tape="ibm_20131010",
        clock=time(11, 30),
        side="buy",
        parameters={**SCHEDULE.parameters, "interval": "120s", "risk_aversion": "0.0003"},
        label="λ = 0.0003 / USD",
        others=(
            ("λ = 0", {"risk_aversion": "0"}),
            ("λ = 0.0001 / USD", {"risk_aversion": "0.0001"}),
            ("λ = 0.001 / USD", {"risk_aversion": "0.001"}),
        ),
    ),
}


def scene_of(name: str) -> Scene:
    """Return the scene of an algorithm."""
    if name in OWN:
        return OWN[name]
    return SCHEDULE if name in SCHEDULES else TACTIC


def scenes() -> dict[str, Scene]:
    """Return every algorithm's scene, by name. Raises ValueError where one belongs to an unknown algorithm."""
    lost = sorted(set(OWN) - set(ENTRIES))
    if lost:
        raise ValueError(f"there is a scene, but no algorithm: {', '.join(lost)}; take it out of OWN")
    return {name: scene_of(name) for name in ENTRIES}
