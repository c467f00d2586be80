"""From urgency, size, liquidity and permissions to a plan: which branch is taken, with which bounds, and why."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.algos.registry import ENTRIES, make
from execd.config.presets import shipped
from execd.core.conduct import Ending
from execd.core.daily import DailyValues
from execd.core.enums import AssetClass, OrdType, Side, TimeInForce, Urgency
from execd.core.orders import AlgoSpec, Plan
from execd.core.preset import PLAIN, Preset, Slicing
from execd.core.rules import Execution, S
from execd.core.session import SimpleHours
from execd.policy.plan import Declined
from tests.unit.policy.scenes import MID, MIN_NS, NAMES, QUOTE, declined, plan, planned, preset, presets
from tests.world import START_NS

URGENCIES = tuple(Urgency)
MARKET = {"ord_type": OrdType.MARKET}
MONDAY_NS = 1_772_461_800 * S
"""2026-03-02 09:30 in New York, the open."""


def worked(made: Plan) -> str:
    """Return the tactic of a plan, or its only algorithm."""
    return str(made.parameters.get("tactic", {}).get("name", made.algo))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("urgency", URGENCIES)
def test_urgency_picks_the_tactic_of_the_preset(name: str, urgency: Urgency) -> None:
    """Each preset's low, normal and high, of an order that is neither small nor large."""
    chosen = preset(name, slicing=Slicing())
    made = plan(chosen, urgency=urgency, order_qty=10)

    assert (chosen.way(urgency).tactic["name"], chosen.way(urgency).conduct) == (made.algo, made.conduct)
    assert make(made) is not None
    assert f"preset {name}, urgency {urgency}" in made.reasons[0]


@pytest.mark.parametrize("name", NAMES)
def test_high_urgency_is_never_cut_over_time(name: str) -> None:
    """However large it is."""
    made = plan(name, urgency=Urgency.HIGH, order_qty=100_000)

    assert "tactic" not in made.parameters


@pytest.mark.parametrize("name", ["balanced", "offset", "scheduled", "cross_asset"])
def test_close_and_sweep_are_never_cut_over_time(name: str) -> None:
    """An exit finishes."""
    day = DailyValues(symbol="AAPL", as_of_date="2026-02-27", prev_close_px=MID, adv_qty=Decimal(100))
    market = MarketView(quote=QUOTE, day=day)
    for fields in ({"is_close": True}, {"algo": AlgoSpec(name="sweep")}):
        assert "sweep" == plan(name, order_qty=100_000, market=market, **fields).algo


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("urgency", URGENCIES)
@pytest.mark.parametrize("life", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_immediate_order_is_one_that_takes(name: str, urgency: Urgency, life: TimeInForce) -> None:
    """However large it is, it is not cut over time, and where the preset only rests it is worked as marketable."""
    made = plan(name, urgency=urgency, order_qty=100_000, time_in_force=life)

    assert made.algo in {"marketable", "adaptive_offset"}
    assert f"time_in_force {life}: never cut over time" in made.reasons


def cut(slicing: Slicing, *, qty: int = 100, adv: int | None = None) -> bool:
    """Whether an order of `qty` shares at 200.01 is meant to be cut, built or not."""
    day = DailyValues(
        symbol="AAPL",
        as_of_date="2026-02-27",
        prev_close_px=MID,
        adv_qty=None if adv is None else Decimal(adv),
        adv_source="bars 2026-02-27",
    )
    made = plan(preset("balanced", slicing=slicing), order_qty=qty, market=MarketView(quote=QUOTE, day=day))
    return made.algo == slicing.method or any("though cut over" in reason for reason in made.reasons)


@pytest.mark.parametrize(
    "slicing, adv, expected",
    [
        (Slicing(is_on=True, notional_min=100 * MID), None, False),
        (Slicing(is_on=True, notional_min=100 * MID - Decimal("0.01")), None, True),
        (Slicing(is_on=False, notional_min=Decimal(1)), None, False),
        (Slicing(is_on=True, notional_min=Decimal(0)), None, True),
        (Slicing(is_on=True, adv_fraction=Decimal("0.01")), 10_000, False),
        (Slicing(is_on=True, adv_fraction=Decimal("0.01")), 9_999, True),
        (Slicing(is_on=True, adv_fraction=Decimal("0.01")), None, False),
        (Slicing(is_on=True, notional_min=Decimal(50_000), adv_fraction=Decimal("0.01")), 9_999, True),
        (Slicing(is_on=True, notional_min=Decimal(10_000), adv_fraction=Decimal("0.01")), 10_000_000, True),
        (Slicing(is_on=True), 1, False),
    ],
)
def test_exactly_the_threshold_is_not_sliced(slicing: Slicing, adv: int | None, *, expected: bool) -> None:
    """Above either threshold an order is cut; at it, and where nobody knows a usual day's volume, it is not."""
    assert expected == cut(slicing, adv=adv)


@pytest.mark.parametrize(
    "changes, is_market",
    [
        ({}, True),
        ({"order_qty": 3}, False),
        ({"urgency": Urgency.LOW}, False),
        ({"urgency": Urgency.HIGH}, True),
        ({"price": Decimal(201)}, False),
        ({"max_slippage_bps": Decimal(5)}, False),
        ({"algo": AlgoSpec(name="offset")}, False),
        ({"now_ns": MONDAY_NS + 4 * MIN_NS, "session": SimpleHours()}, False),
        ({"now_ns": MONDAY_NS + 5 * MIN_NS, "session": SimpleHours()}, True),
        ({"now_ns": MONDAY_NS + 385 * MIN_NS, "session": SimpleHours()}, False),
        ({"now_ns": MONDAY_NS + 385 * MIN_NS - 1, "session": SimpleHours()}, True),
    ],
)
def test_a_small_order_goes_to_the_market_only_where_nothing_forbids_it(
    changes: dict[str, Any], *, is_market: bool
) -> None:
    """Up to 500 USD, without limit and collar of its own, not at low urgency, inside the gates."""
    made = plan("balanced", **{"order_qty": 2, **changes})

    assert is_market == (made.parameters == MARKET)
    assert is_market == ("a market order has no collar" in made.reasons)


@pytest.mark.parametrize(
    "name, changes, expected",
    [
        ("balanced", {"order_qty": 3}, "market_not_allowed"),
        ("balanced", {"order_qty": 2}, MARKET),
        ("balanced", {"order_qty": 2, "urgency": Urgency.LOW}, "market_not_allowed"),
        ("scheduled", {"order_qty": 1}, "market_not_allowed"),
        ("cross_asset", {"order_qty": 1}, "market_not_allowed"),
        ("progressive", {"order_qty": 1_000}, MARKET),
        ("swing", {"order_qty": 1_000, "urgency": Urgency.LOW}, MARKET),
    ],
)
def test_a_market_order_needs_permission(name: str, changes: dict[str, Any], expected: object) -> None:
    """`order_type: market` without permission is refused `market_not_allowed`; a small one has it."""
    made = planned(name, ord_type=OrdType.MARKET, **changes)

    assert expected == (made.code if isinstance(made, Declined) else made.parameters)


@pytest.mark.parametrize("urgency", URGENCIES)
@pytest.mark.parametrize("price, ord_type", [(None, OrdType.MARKET), (Decimal(200), OrdType.LIMIT)])
def test_the_switch_sends_one_order_as_asked(urgency: Urgency, price: Decimal | None, ord_type: OrdType) -> None:
    """`execution.enable_smart_execution: false`: limit with limit_price, else market; it is the permission."""
    made = plan("balanced", execution=Execution(is_smart=False), urgency=urgency, price=price, order_qty=1_000)

    assert ("passthrough", {"ord_type": ord_type}) == (made.algo, made.parameters)


@pytest.mark.parametrize("side, is_free", [(Side.BUY, False), (Side.SELL_SHORT, False), (Side.SELL, True)])
@pytest.mark.parametrize("is_smart", [True, False])
def test_a_preset_that_protects_refuses_what_it_cannot_protect(side: Side, *, is_free: bool, is_smart: bool) -> None:
    """A stop that is not built is never ignored: the intent must say `protect: none`. Exits need none."""
    protecting = replace(preset("offset"), protect={"stop_loss": {"method": "atr", "multiplier": "1.5"}})
    given: dict[str, Any] = {"side": side, "execution": Execution(is_smart=is_smart)}

    assert isinstance(planned(protecting, **given), Plan) == is_free
    assert isinstance(planned(protecting, is_unprotected=True, **given), Plan)


def test_the_offset_preset_protects() -> None:
    """Its orders are refused until somebody says that they need no stop."""
    assert "not_supported" == declined(shipped("offset").to_preset("offset")).code


@pytest.mark.parametrize(
    "name, asset_class, own_bps, bps, source",
    [
        ("balanced", AssetClass.STK, None, 20, "preset balanced"),
        ("balanced", AssetClass.FUT, None, 20, "preset balanced"),
        ("swing", AssetClass.ETF, None, 300, "preset swing"),
        ("cross_asset", AssetClass.STK, None, 12, "preset cross_asset, STK"),
        ("cross_asset", AssetClass.ETF, None, 10, "preset cross_asset, ETF"),
        ("cross_asset", AssetClass.FUT, None, 3, "preset cross_asset, FUT"),
        ("cross_asset", AssetClass.FX_FUT, None, 2, "preset cross_asset, FX_FUT"),
        ("cross_asset", AssetClass.OTHER, None, 10, "preset cross_asset"),
        ("cross_asset", AssetClass.FUT, 50, 50, "max_slippage_bps"),
    ],
)
def test_there_is_one_collar_and_it_says_who_set_it(
    name: str, asset_class: AssetClass, own_bps: int | None, bps: int, source: str
) -> None:
    """The intent's, else the cap of the asset class, else the preset's; from the arrival mid, rounded to passive."""
    own = None if own_bps is None else Decimal(own_bps)
    made = plan(name, asset_class=asset_class, max_slippage_bps=own)
    collar_px = (MID * (1 + Decimal(bps) / 10_000)).quantize(Decimal("0.01"), rounding="ROUND_FLOOR")

    assert (Decimal(bps), collar_px) == (made.collar_bps, made.collar_px)
    assert any(f"collar {bps} bps from arrival ({source}" in reason for reason in made.reasons)


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({"urgency": Urgency.HIGH, "max_slippage_bps": Decimal("0.4")}, "collar_excludes_touch"),
        ({"urgency": Urgency.HIGH, "max_slippage_bps": Decimal("0.5")}, None),
        ({"urgency": Urgency.HIGH, "max_slippage_bps": Decimal("0.4"), "side": Side.SELL}, None),
        ({"urgency": Urgency.NORMAL, "max_slippage_bps": Decimal("0.4")}, None),
        ({"algo": AlgoSpec(name="marketable"), "max_slippage_bps": Decimal(0)}, "collar_excludes_touch"),
        ({"algo": AlgoSpec(name="offset"), "max_slippage_bps": Decimal(0)}, None),
    ],
)
def test_who_wants_it_now_and_forbids_the_price_of_now_is_refused(fields: dict[str, Any], expected: str | None) -> None:
    """A collar inside the touch may be rested at, but not by `marketable` at any urgency; an exit may rest at it."""
    made = planned("balanced", **fields)

    assert expected == (made.code if isinstance(made, Declined) else None)


@pytest.mark.parametrize("name", [name for name in sorted(ENTRIES) if name != "passthrough"])
@pytest.mark.parametrize("urgency", URGENCIES)
def test_a_named_algorithm_crosses_inside_its_collar_and_never_by_the_market(name: str, urgency: Urgency) -> None:
    """Who names an algorithm gets no market order, not even under a preset that ends with one; low never crosses."""
    made = plan("swing", urgency=urgency, algo=AlgoSpec(name=name))
    endings = [made.conduct.at_end, made.conduct.after_tactic, made.conduct.on_soft, made.conduct.on_no_quote]

    assert Ending.MARKET not in endings
    assert urgency is not Urgency.LOW or Ending.CROSS not in endings


def test_the_operators_parameters_hold_where_the_intent_says_nothing() -> None:
    """`execution.offset_bps` is what `algo: {name: offset}` gets; what the intent says itself wins."""
    execution = Execution(own={"offset": {"bps": "7", "ttl_ns": 9 * S}})
    given = AlgoSpec(name="offset", parameters={"bps": "2"})

    assert {"bps": "7", "ttl_ns": 9 * S} == plan(PLAIN, execution=execution, algo=AlgoSpec(name="offset")).parameters
    assert {"bps": "2", "ttl_ns": 9 * S} == plan(PLAIN, execution=execution, algo=given).parameters


def test_what_crosses_of_the_operator_is_left_out_for_a_sniper() -> None:
    """An intent that says both is refused; the operator's tracking bound gives way, and the plan says so."""
    execution = Execution(own={"twap": {"tracking": "0.1"}})
    made = plan("balanced", execution=execution, algo=AlgoSpec(name="twap", parameters={"tactic": {"name": "sniper"}}))

    assert "tracking" not in made.parameters
    assert "tracking, which crosses, is left out" in made.reasons


def test_the_plan_names_where_liquidity_comes_from() -> None:
    """Size is told with its numbers and the source of the usual day's volume."""
    day = DailyValues(symbol="AAPL", adv_qty=Decimal(1_000), adv_source="instruments.yaml")
    known = plan("balanced", market=MarketView(quote=QUOTE, day=day)).reasons

    assert any("notional 2000.1, 1% of ADV 1000 (instruments.yaml)" in reason for reason in known)
    assert any("a usual day's volume is not known" in reason for reason in plan("balanced").reasons)


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_soft_checks_are_told_of_what_rests_and_of_nothing_else(name: str) -> None:
    """SPEC 5: they come before anchor, iceberg and adaptive_join; who never waits for them does not say so."""
    alone = plan("balanced", algo=AlgoSpec(name=name), price=Decimal(200))
    made = [alone]
    if "tactic" in alone.parameters:
        made = [
            plan("balanced", algo=AlgoSpec(name=name, parameters={"tactic": {"name": tactic}}))
            for tactic in ("anchor", "progressive")
        ]
    told = {worked(one): any("rests in spreads" in reason for reason in one.reasons) for one in made}

    assert {tactic: tactic in {"anchor", "iceberg", "adaptive_join"} for tactic in told} == told


def test_what_is_not_held_yet_is_said() -> None:
    """Gates and the smallest trade are carried until the parts that hold orders to them are built."""
    assert "not held yet: gates 15/10 min, smallest trade 2500, drift 0.02" in plan("cross_asset").reasons
    assert [] == [reason for reason in plan("progressive").reasons if "not held" in reason]


@given(
    chosen=presets(),
    urgency=st.sampled_from(URGENCIES),
    qty=st.integers(1, 100_000),
    side=st.sampled_from(Side),
    own_bps=st.sampled_from([None, Decimal(0), Decimal(1), Decimal(50)]),
    price=st.sampled_from([None, Decimal("199.99"), Decimal("200.50")]),
    time_in_force=st.sampled_from([TimeInForce.DAY, TimeInForce.IOC]),
)
def test_every_plan_is_bounded_explained_and_can_be_worked(
    chosen: Preset,
    urgency: Urgency,
    qty: int,
    side: Side,
    own_bps: Decimal | None,
    price: Decimal | None,
    time_in_force: TimeInForce,
) -> None:
    """Whatever is asked: a market order only without bounds of the intent's own, else a collar on the right side."""
    made = planned(
        chosen,
        order_qty=qty,
        urgency=urgency,
        side=side,
        max_slippage_bps=own_bps,
        price=price,
        time_in_force=time_in_force,
        now_ns=START_NS,
    )
    if isinstance(made, Declined):
        assert "collar_excludes_touch" == made.code
        return

    assert make(made) is not None
    assert made.reasons
    if made.parameters == MARKET:
        assert (None, None, None) == (price, own_bps, made.collar_px)
    else:
        assert made.collar_px is not None
        assert (made.collar_px - MID) * side.sign >= -Decimal("0.01")
        assert price == made.limit_px
