"""The plan of a parent whose bounds were amended: the new ones hold, and only they are told."""

from decimal import Decimal
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from execd.core.enums import Side, Urgency
from execd.core.orders import Plan
from execd.core.preset import Preset
from execd.policy.plan import Declined, no_looser, rebounded
from tests.unit.policy.scenes import MID, plan, planned, presets, scene
from tests.world import intent

BOUNDS: Final = st.fixed_dictionaries(
    {
        "max_slippage_bps": st.sampled_from([None, Decimal(5), Decimal(50)]),
        "price": st.sampled_from([None, Decimal("199.99"), Decimal("200.50")]),
    }
)


@given(
    chosen=presets(),
    urgency=st.sampled_from([Urgency.LOW, Urgency.NORMAL]),
    side=st.sampled_from(Side),
    qty=st.sampled_from([10, 100_000]),
    bounds=st.tuples(BOUNDS, BOUNDS, BOUNDS),
)
def test_an_amended_plan_is_the_one_of_an_order_that_asked_so_at_once(
    chosen: Preset, urgency: Urgency, side: Side, qty: int, bounds: tuple[dict[str, Any], ...]
) -> None:
    """However often limit and collar are amended: same work, same bounds, same reasons, none of them of before."""
    first, *later = bounds
    asked: dict[str, Any] = {"urgency": urgency, "side": side}
    made = planned(chosen, order_qty=qty, **asked, **first)
    if isinstance(made, Declined) or made.collar_px is None:
        return
    for changed in later:
        made = rebounded(made, intent("a", order_qty=Decimal(qty), **asked, **changed), scene(chosen))
    # A free order may be small enough for the market: an amended one is not planned anew.
    anew = planned(chosen, order_qty=qty, **asked, **later[-1])

    assert (isinstance(anew, Plan) and anew.collar_px is None) or anew == made


def test_a_plan_that_keeps_its_collar_tells_the_one_it_keeps() -> None:
    """A preset that allows more since is no reason to pay more, and none that the plan gives."""
    before = plan("balanced", max_slippage_bps=Decimal(5))
    kept = no_looser(plan("balanced"), before, Side.BUY)
    told = [reason for reason in kept.reasons if reason.startswith("collar")]

    assert (Decimal(5), before.collar_px) == (kept.collar_bps, kept.collar_px)
    assert ["collar 5 bps from arrival (the plan before, a new one would be looser): 200.11"] == told


def test_a_plan_that_is_tighter_needs_no_other_collar() -> None:
    """A collar on the better side holds as it is, for a sell as for a buy."""
    wide, tight = (plan("balanced", side=Side.SELL, max_slippage_bps=Decimal(bps)) for bps in (50, 5))

    assert tight == no_looser(tight, wide, Side.SELL)
    assert tight.collar_px == no_looser(wide, tight, Side.SELL).collar_px
    assert tight.collar_px is not None
    assert tight.collar_px < MID
