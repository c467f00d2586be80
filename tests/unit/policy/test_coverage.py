"""Plans on a feed that sees a part of the market."""

from decimal import Decimal

import pytest

from execd.algos.base import MarketView
from execd.core.orders import AlgoSpec
from tests.unit.policy.scenes import QUOTE, declined, plan

BLIND = MarketView(quote=QUOTE, volume_scale=None)
SCALED = MarketView(quote=QUOTE, volume_scale=Decimal(4))
NAMED = [
    AlgoSpec(name="pov"),
    AlgoSpec(name="twap", parameters={"participation_max": "0.1"}),
    AlgoSpec(name="is", parameters={"displayed_max": "0.1"}),
]


@pytest.mark.parametrize("algo", NAMED, ids=lambda algo: algo.name)
def test_what_needs_the_volume_of_the_market_is_refused_where_nobody_knows_it(algo: AlgoSpec) -> None:
    """POV and displayed-size rules are refused on partial coverage unless scaled by configuration."""
    assert "partial_coverage" == declined("balanced", market=BLIND, algo=algo).code
    assert algo.name == plan("balanced", market=SCALED, algo=algo).algo


def test_a_schedule_that_needs_no_volume_is_worked_on_any_feed() -> None:
    """Even slices follow the clock."""
    assert "twap" == plan("balanced", market=BLIND, algo=AlgoSpec(name="twap")).algo


def test_a_cap_of_the_preset_is_left_out_and_said() -> None:
    """A large order is cut all the same: its preset's share of the volume cannot be kept to, and the plan says so."""
    blind = plan("balanced", order_qty=1_000, market=BLIND)
    told = [reason for reason in blind.reasons if reason.startswith("participation_max left out")]

    assert ("twap", True) == (blind.algo, "participation_max" not in blind.parameters)
    assert 1 == len(told)
    assert "0.1" == plan("balanced", order_qty=1_000, market=SCALED).parameters["participation_max"]
