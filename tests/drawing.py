"""What property tests draw of schedules and tactics: parameters of every kind.

The algorithms of the registry are run with these; a new schedule draws its own parameters in `schedules`.
"""

from typing import Any, Final

from hypothesis import strategies as st

from execd.core.rules import S
from execd.core.schedule_terms import ALGO_TERMS
from tests.world import START_NS

TACTICS = sorted(one.name for one in ALGO_TERMS.values() if one.is_tactic)

PARAMETERS: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    # Its usual half second between looks would be most of the time that the laws take.
    "adaptive_join": (
        {"take_first": "0.6", "take_last": "0.1", "improve_share": "0", "look_ns": 4 * S},
        {"calm_ns": 1 * S, "show_ratio": "0", "queue_ratio": "0", "look_ns": 1 * S},
        {"calm_ns": 5 * S, "show_ratio": "1", "look_ns": 10 * S},
        {"take_first": "0", "take_last": "1", "look_ns": 3 * S},
    ),
    "adaptive_offset": ({"bps": "0"}, {"day_factors": False}),
    "anchor": (
        {"peg": "mid"},
        {"peg": "primary", "offset_ticks": 2},
        {"peg": "primary", "offset_ticks": -3, "move_bps": "1"},
        {"move_bps": "1", "repegs": 1, "join_ratio": "0.5"},
    ),
    "iceberg": ({"display": "7"}, {"peg": "inside", "jitter": "0.9", "move_bps": "1"}, {"peg": "mid"}),
    "marketable": ({"interval_ns": 3 * S, "reprices": 2, "ttl_ns": 10 * S},),
    "offset": ({"bps": "-3"}, {"bps": "8", "ttl_ns": 7 * S}),
    "progressive": (
        {"adaptive_step": True, "aggression": True},
        {"steps": ["0.5", "0.9"], "step_buy_ns": 3 * S, "step_sell_ns": 2 * S},
    ),
    "sniper": ({"spread_bps": "2"}, {"size": "200", "spread_bps": "20"}, {"price": "200.01"}),
}
"""Of each tactic some parameters that are not its defaults."""


def tactics(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a tactic's parameters as a plan stores them; often its defaults."""
    return st.sampled_from(({}, *PARAMETERS.get(name, ())))


@st.composite
def schedules(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draw a schedule's parameters as a plan stores them, with any tactic."""
    tactic = draw(st.sampled_from(TACTICS))
    given: dict[str, Any] = {
        "interval_ns": draw(st.sampled_from([1, 5, 20, 60])) * S,
        "tactic": {"name": tactic, **draw(tactics(tactic))},
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
