"""What property tests draw of schedules: parameters of every kind, with any tactic.

The algorithms of the registry are run with these; a new schedule draws its own parameters in `schedules`.
"""

from typing import Any

from hypothesis import strategies as st

from execd.core.rules import S
from execd.core.schedule_terms import ALGO_TERMS
from tests.world import START_NS

TACTICS = sorted(one.name for one in ALGO_TERMS.values() if one.is_tactic)


@st.composite
def schedules(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draw a schedule's parameters as a plan stores them, with any tactic."""
    given: dict[str, Any] = {
        "interval_ns": draw(st.sampled_from([1, 5, 20, 60])) * S,
        "tactic": {"name": draw(st.sampled_from(TACTICS))},
        "child_min": draw(st.sampled_from([None, "10", "100"])),
        "tracking": draw(st.sampled_from([None, "0", "0.1"])),
        "displayed_max": draw(st.sampled_from([None, "0.1", "1"])),
        "participation_max": draw(st.sampled_from(["0.05", "0.2"] if name == "pov" else [None, None, "0.1", "1"])),
    }
    if name != "pov":
        given["duration_ns"] = draw(st.sampled_from([None, None, 30 * S, 100 * S]))
        given["catch_up"] = draw(st.sampled_from(["spread", "skip"]))
        given["jitter"] = draw(st.sampled_from(["0", "0.5", "1"]))
    match name:
        case "twap":
            given["child_usd"] = draw(st.sampled_from([None, "5000", "50000"]))
        case "vwap":
            given["profile"] = draw(st.sampled_from([None, ["1", "0", "3"], ["0", "0", "1"]]))
            given["start_ns"] = START_NS + draw(st.sampled_from([0, 20])) * S
        case "is":
            given |= {"adv": "100000", "volatility": "0.05", "risk_aversion": draw(st.sampled_from(["0", "0.0001"]))}
        case _:
            pass  # It has none of its own.
    return {key: part for key, part in given.items() if part is not None}
