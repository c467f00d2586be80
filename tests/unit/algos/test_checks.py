"""What stands before a child that would rest: spread, displayed size and age, each with its numbers."""

from decimal import Decimal

import pytest

from execd.algos.base import MarketView
from execd.algos.checks import soft_problem
from execd.core.conduct import Conduct
from execd.core.market import Quote
from execd.core.orders import Plan
from tests.unit.algos.views import seen
from tests.world import quote

PLAN = Plan(algo="anchor", conduct=Conduct(soft_spread_ratio=Decimal("0.0025")))


def shown(bid_size: int) -> Quote:
    """Return a narrow market that shows so much on the side that a buy would join."""
    return quote("X", "199.99", "200.01", size=bid_size, ask_size=1)


@pytest.mark.parametrize(
    "size, scale, expected",
    [
        (100, Decimal(1), ""),
        (99, Decimal(1), "soft_size: 99 displayed, at least 100 to join"),
        (50, Decimal(5), ""),
        (19, Decimal(5), "soft_size: 95 displayed, at least 100 to join"),
        (20, Decimal(5), ""),
        # Nobody said how much of the market is seen: too little of an unknown part says nothing.
        (1, None, ""),
    ],
)
def test_displayed_size_counts_scaled_where_the_feed_sees_a_part(
    size: int, scale: Decimal | None, expected: str
) -> None:
    """A round lot on the side that is joined (SPEC 5), of the market and not of the feed."""
    market = MarketView(quote=shown(size), volume_scale=scale)
    problem = soft_problem(seen(100, market=market, plan=PLAN))

    assert expected == ("" if problem is None else f"{problem.code}: {problem.text}")
