"""Every number of the shipped presets, against the table of the specification (SPEC 5).

The columns here are its columns, in its words and units; a cell of the table is a line. What the table leaves open is
marked, so that a change of it is a decision, too.
"""

import re
from decimal import Decimal
from typing import Any, Final

import pytest
from pydantic import BaseModel

from execd.algos.registry import ENTRIES
from execd.config.fields_preset import Never
from execd.config.plain import plain
from execd.config.presets import shipped, shipped_dir, shipped_names
from execd.config.strict_algo import tactic_of
from execd.core.rules import Execution
from execd.core.schedule_terms import ALGO_TERMS

S: Final = 1_000_000_000
NAMES: Final = ("balanced", "offset", "progressive", "swing", "scheduled", "cross_asset")
NONE: Final = "none"


def ways(*, low: str, normal: str, high: str = "marketable end cross cross 0 5") -> dict[str, str]:
    """Return the rows low, normal and high: tactic, after it, at the end, soft, its wait, the wait for a quote."""
    found: dict[str, str] = {}
    for urgency, text in (("low", low), ("normal", normal), ("high", high)):
        keys = ("tactic.name", "after_tactic", "at_end", "on_soft", "soft_wait_s", "quote_wait_s")
        found |= {f"{urgency}.{key}": word for key, word in zip(keys, text.split(), strict=True)}
    return found


def row(prefix: str, keys: str, *values: str) -> dict[str, str]:
    """Return some keys of a section."""
    return {f"{prefix}.{key}": value for key, value in zip(keys.split(), values, strict=True)}


CLASSES: Final = "bps stk_bps etf_bps fut_bps fx_fut_bps other_bps"
SLICES: Final = "enabled size_threshold_usd adv_fraction child_usd interval_s duration_s participation_max profile_days"
# No cross: it ends by itself and at its deadline, and waits on where a soft check fails.
REST: Final = "end end end 30 none"
SLICED: Final = row("slicing", SLICES, "true", "10000", "0.01", "5000", "120", NONE, "0.1", "20")
UNCUT: Final = row("slicing", SLICES, "false", NONE, NONE, NONE, "120", NONE, NONE, "20")
TABLE: Final[dict[str, dict[str, str]]] = {
    "balanced": {
        **ways(low=f"anchor {REST}", normal="adaptive_join cross cross cross 30 none"),
        "market_orders": "false",
        "small_order_market_usd": "500",
        **row("collar", CLASSES, "20", NONE, NONE, NONE, NONE, NONE),
        **SLICED,
        **row("gates", "first_min last_min", "5", "5"),
        "soft_spread_ratio": "0.0025",
        "protect": NONE,
        "eod_order": "market",
    },
    "offset": {
        **ways(low=f"adaptive_offset {REST}", normal="adaptive_offset end cross cross 30 none"),
        "market_orders": "false",
        "small_order_market_usd": "500",
        **row("collar", CLASSES, "20", NONE, NONE, NONE, NONE, NONE),
        **SLICED,
        **row("gates", "first_min last_min", "5", "5"),
        "soft_spread_ratio": NONE,
        "eod_order": "market",
        **row("protect", "stop_loss.method stop_loss.multiplier", "atr", "1.5"),
        **row("protect", "take_profit.risk_reward", "2"),
        **row("protect", "trailing.method trailing.multiplier", "atr", "3"),
    },
    "progressive": {
        **ways(low=f"progressive {REST}", normal="progressive market market cross 30 none"),
        "market_orders": "true",
        "small_order_market_usd": "0",
        **row("collar", CLASSES, "300", NONE, NONE, NONE, NONE, NONE),
        **UNCUT,
        **row("gates", "first_min last_min", "0", "0"),
        "soft_spread_ratio": NONE,
        "protect": NONE,
        "eod_order": "market",
    },
    "swing": {
        **ways(
            low=f"anchor {REST}",
            normal="anchor market market cross 30 none",
            high="anchor market market market 0 5",
        ),
        "market_orders": "true",
        "small_order_market_usd": "0",
        **row("collar", CLASSES, "300", NONE, NONE, NONE, NONE, NONE),
        **UNCUT,
        **row("gates", "first_min last_min", "5", "0"),
        "soft_spread_ratio": "0.0025",
        "protect": NONE,
        "eod_order": NONE,
    },
    "scheduled": {
        **ways(low=f"anchor {REST}", normal="marketable end cross cross 30 none"),
        "market_orders": "false",
        "small_order_market_usd": "0",
        **row("collar", CLASSES, "20", NONE, NONE, NONE, NONE, NONE),
        # Always; TWAP over 30 min by 60 s, or VWAP of 5 days.
        **row("slicing", SLICES, "true", "0", NONE, NONE, "60", "1800", NONE, "5"),
        **row("gates", "first_min last_min", "0", "0"),
        "soft_spread_ratio": NONE,
        "protect": NONE,
        "eod_order": "market",
    },
    "cross_asset": {
        **ways(low=f"marketable {REST}", normal="marketable end cross cross 30 none"),
        "market_orders": "false",
        "small_order_market_usd": "0",
        **row("collar", CLASSES, "10", "12", "10", "3", "2", "10"),
        **row("slicing", SLICES, "true", NONE, "0.01", NONE, "20", NONE, "0.1", "20"),
        **row("gates", "first_min last_min", "15", "10"),
        "soft_spread_ratio": NONE,
        "protect": NONE,
        "eod_order": "marketable",
        **row("basket", "trade_usd_min drift_ratio", "2500", "0.02"),
        **row("pair", "hedge", "true"),
    },
}
ALIKE: Final = {
    "cancel_on_breach": "false",
    "slicing.method": "twap",
    "cross_lead_s": "5",
    "hard_spread_ratio": "0.05",
    "basket.trade_usd_min": "0",
    "basket.drift_ratio": "0",
    "pair.legging_s_max": "60",
    "pair.legged_ratio": "0.3",
    "pair.hedge": "false",
}
"""What is the same in every column but where a column says otherwise."""
HIGH: Final = {"spread_fraction": "0.25", "ttl_ns": 60 * S, "interval_ns": 15 * S, "reprices": 6}
LADDER: Final = {
    "steps": ["0", "0.10", "0.20", "0.30"],
    "step_buy_ns": 15 * S,
    "step_sell_ns": 10 * S,
    "ttl_ns": 120 * S,
}
JOIN: Final = {
    "look_ns": S // 2,
    "ttl_ns": 600 * S,
    "take_first": "0.9",
    "take_last": "0.5",
    "improve_share": "0.4",
    "calm_ns": 25 * S,
    "show_ratio": "0.1",
    "queue_ratio": "0.5",
}
TACTICS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("balanced", "low"): {"repegs": 5},
    ("balanced", "normal"): JOIN,
    ("balanced", "high"): HIGH,
    ("offset", "low"): {"bps": "5", "ttl_ns": 60 * S},
    ("offset", "normal"): {"bps": "5", "ttl_ns": 60 * S},
    ("offset", "high"): HIGH,
    ("progressive", "low"): LADDER,
    ("progressive", "normal"): LADDER,
    ("progressive", "high"): HIGH,
    ("swing", "low"): {"repegs": 5},
    ("swing", "normal"): {"repegs": 5},
    ("swing", "high"): {"repegs": 5},
    ("scheduled", "low"): {"repegs": 5},
    ("scheduled", "normal"): HIGH,
    ("scheduled", "high"): HIGH,
    ("cross_asset", "low"): {**HIGH, "ttl_ns": 120 * S},
    ("cross_asset", "normal"): {**HIGH, "ttl_ns": 120 * S},
    ("cross_asset", "high"): HIGH,
}
"""The numbers of the tactics, as plans store them, defaults included."""


def leaves(value: object, above: str = "") -> dict[str, str]:
    """Return every value of a preset by its dotted key, as a file would spell it."""
    if isinstance(value, BaseModel):
        parts: dict[str, Any] = {name: getattr(value, name) for name in type(value).model_fields}
    elif isinstance(value, dict):
        parts = value
    else:
        text = str(plain(value))
        is_number = re.fullmatch(r"[0-9.]+", text)
        return {above: format(Decimal(text).normalize(), "f") if is_number else text.lower()}
    found: dict[str, str] = {}
    for name, part in parts.items():
        found |= leaves(part, f"{above}.{name}" if above else name)
    return found


def test_the_six_presets_are_shipped() -> None:
    """balanced, offset, progressive, swing, scheduled and cross_asset, one file each, and no other."""
    assert sorted(NAMES) == sorted(shipped_names())


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_preset_is_the_one_of_the_table(name: str) -> None:
    """No number of a file is another than that of the specification, and none is not held to it."""
    found = {
        key: value for key, value in leaves(shipped(name)).items() if ".tactic." not in key or key.endswith("name")
    }

    assert {**ALIKE, **TABLE[name]} == found


@pytest.mark.parametrize("name, urgency", TACTICS)
def test_the_numbers_of_a_tactic_are_those_of_the_table(name: str, urgency: str) -> None:
    """Steps, times, re-pegs and reprices, whether a file says them or leaves them to the algorithm's defaults."""
    written = getattr(shipped(name), urgency).tactic
    if written["name"] not in ENTRIES:
        return  # Held to the table from the day on which it is registered.
    whole = {**ALGO_TERMS[written["name"]].defaults(), **tactic_of(written, instants=str)}

    assert TACTICS[name, urgency] == {key: value for key, value in whole.items() if key in TACTICS[name, urgency]}


def test_what_every_column_has_beside_its_preset_is_the_default_of_execution() -> None:
    """Data of at most 30 s prices what is marketable; 80% filled is enough; three times is planned anew."""
    execution = Execution()

    assert (30 * S, 5 * S, Decimal("0.8"), 3) == (
        execution.quote_age_marketable_ns_max,
        execution.quote_age_resting_ns_max,
        execution.partial_accept_ratio,
        execution.replans_max,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_file_tells_what_it_is_and_has_no_line_too_long(name: str) -> None:
    """Somebody who opens it reads what it is for."""
    lines = (shipped_dir() / f"{name}.yaml").read_text(encoding="utf-8").splitlines()

    assert lines[0].startswith("# ")
    assert max(len(line) for line in lines) <= 120


def test_none_is_a_word() -> None:
    """An empty value would be read as a key that nobody wrote."""
    assert Never.NONE is shipped("balanced").slicing.duration_s
