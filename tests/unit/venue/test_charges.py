"""Commission, latency and the ledger: each a small promise with numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.enums import Side
from execd.core.reports import Trade
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.ledger import Execution, Holding, Ledger

amounts = st.decimals(0, 100, places=4)


@pytest.mark.parametrize(
    "commission, expected",
    [
        (Commission(), "0"),
        (Commission(rate_bps=Decimal(1)), "0.3333"),
        (Commission(per_share=Decimal("0.0035")), "0.3500"),
        (Commission(rate_bps=Decimal(1), per_share=Decimal("0.0035")), "0.6833"),
        (Commission(per_share=Decimal("0.000001")), "0.0001"),
        (Commission(per_share=Decimal("0.0000005")), "0.0001"),
        (Commission(per_share=Decimal("0.0000004")), "0.0000"),
        (Commission(minimum=Decimal(1)), "0"),
    ],
)
def test_commission_of_a_fill_of_100_at_33_33(commission: Commission, expected: str) -> None:
    """Rate on the notional plus so much a share, rounded half up to 0.0001; the minimum is of the order."""
    assert Decimal(expected) == commission.of(Decimal(100), Decimal("33.33"))


@given(earned=st.lists(amounts, min_size=1, max_size=9), minimum=amounts)
def test_an_order_pays_its_fills_or_the_minimum_and_never_gets_money_back(
    earned: list[Decimal], minimum: Decimal
) -> None:
    """Over its life an order pays max(minimum, sum); no fill is charged less than nothing."""
    commission = Commission(minimum=minimum)
    paid = [Decimal(0)]
    for n in range(1, len(earned) + 1):
        paid.append(commission.due(earned=sum(earned[:n], Decimal(0)), paid=sum(paid, Decimal(0))))

    assert max(minimum, sum(earned, Decimal(0))) == sum(paid, Decimal(0))
    assert min(paid) >= 0


@given(
    base_ns=st.integers(0, 10**9), jitter_ns=st.integers(0, 10**9), seed=st.integers(), cl_ord_id=st.text(max_size=30)
)
def test_latency_is_within_its_bounds_and_the_same_each_time(
    base_ns: int, jitter_ns: int, seed: int, cl_ord_id: str
) -> None:
    """A request acts between base and base + jitter later; the same one always after the same time."""
    latency = Latency(base_ns=base_ns, jitter_ns=jitter_ns, seed=seed)
    acts_ns = latency.acts_at(cl_ord_id, 1_000)

    assert 1_000 + base_ns <= acts_ns <= 1_000 + base_ns + jitter_ns
    assert acts_ns == latency.acts_at(cl_ord_id, 1_000)


def test_jitter_differs_by_request_and_by_seed() -> None:
    """Two requests, or two seeds, do not travel alike."""
    latency, other = (Latency(jitter_ns=10**9, seed=seed) for seed in (1, 2))

    assert 3 == len({latency.acts_at("a", 0), latency.acts_at("b", 0), other.acts_at("a", 0)})


def _execution(account: str, side: Side, qty: int, px: str, transact_ns: int) -> Execution:
    trade = Trade(
        cl_ord_id="a",
        transact_ns=transact_ns,
        exec_id=f"x.{transact_ns}",
        last_qty=Decimal(qty),
        last_px=Decimal(px),
        commission=Decimal("0.10"),
    )
    return Execution(account=account, symbol="ABC", side=side, trade=trade)


def test_the_ledger_sums_what_it_is_told() -> None:
    """Bought less sold, cash the other way round, commissions added; per account."""
    ledger = Ledger()
    ledger.record(_execution("acc", Side.BUY, 100, "10.00", 1))
    ledger.record(_execution("acc", Side.SELL, 30, "11.00", 2))
    ledger.record(_execution("other", Side.SELL_SHORT, 5, "11.00", 3))

    assert {"ABC": Holding(qty=Decimal(70), cash=Decimal(-670), commission=Decimal("0.20"))} == ledger.holdings("acc")
    assert {"ABC": Holding(qty=Decimal(-5), cash=Decimal(55), commission=Decimal("0.10"))} == ledger.holdings("other")
    assert {} == ledger.holdings("nobody")


def test_executions_can_be_asked_since_an_instant() -> None:
    """At or after it, of one account, earliest first."""
    ledger = Ledger()
    for transact_ns in (1, 2, 3):
        ledger.record(_execution("acc", Side.BUY, 1, "1.00", transact_ns))
    ledger.record(_execution("other", Side.BUY, 1, "1.00", 4))

    assert [2, 3] == [execution.trade.transact_ns for execution in ledger.executions("acc", since_ns=2)]
