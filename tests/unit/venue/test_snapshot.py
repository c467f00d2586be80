"""What the venue shows of an account, as values: pages and what is put together of them, and what it has forgotten."""

from decimal import Decimal

import pytest

from execd.core.enums import QueueRule, Side
from execd.core.instrument import Instrument
from execd.core.reports import OrderSnapshot, Trade
from execd.core.snapshot import AccountSnapshot, TradeSeen
from execd.venue.commission import Commission
from execd.venue.ledger import EXECUTIONS_MAX, Execution, Ledger
from execd.venue.matching import Matching
from execd.venue.snapshot import PAGE_ROWS, joined, pages, snapshot_of


def order(n: int) -> OrderSnapshot:
    """Return the `n`-th order."""
    one = Decimal(1)
    return OrderSnapshot(
        cl_ord_id=f"c{n}",
        order_id=f"o{n}",
        symbol="AAPL",
        order_qty=one,
        cum_qty=one,
        avg_px=one,
        is_live=False,
        transact_ns=n,
    )


def trade(n: int) -> Trade:
    """Return the `n`-th execution."""
    return Trade(cl_ord_id=f"c{n}", transact_ns=n, exec_id=f"x{n}", last_qty=Decimal(1), last_px=Decimal(1))


@pytest.mark.parametrize("orders_n, trades_n", [(0, 0), (1, 0), (0, PAGE_ROWS + 1), (2 * PAGE_ROWS + 1, 3)])
def test_pages_put_together_are_the_whole(orders_n: int, trades_n: int) -> None:
    """Whatever there is more of, and where there is nothing; no page has more rows than it may."""
    whole = AccountSnapshot(
        account="sim",
        since_ns=1,
        asked_ns=2,
        read_ns=3,
        orders=tuple(map(order, range(orders_n))),
        trades=tuple(TradeSeen(symbol="AAPL", side=Side.BUY, trade=trade(n)) for n in range(trades_n)),
        positions={"AAPL": Decimal(trades_n)},
    )
    parts = list(pages(whole))

    assert whole == joined(parts)
    assert all(len(part.orders or ()) <= PAGE_ROWS and len(part.trades or ()) <= PAGE_ROWS for part in parts)


def test_a_venue_that_has_forgotten_says_from_when_on_it_knows() -> None:
    """Nobody may conclude that an older trade never happened. Fault C18."""
    ledger = Ledger()
    executions = (
        Execution(account="sim", symbol="AAPL", side=Side.BUY, trade=trade(n)) for n in range(EXECUTIONS_MAX + 5)
    )
    ledger.seed({}, executions)
    matching = Matching(
        queue=QueueRule.PESSIMISTIC, commission=Commission(), instrument=lambda symbol: Instrument(symbol=symbol)
    )
    seen = snapshot_of(matching, ledger, "sim", since_ns=0, now_ns=9)

    assert (6, EXECUTIONS_MAX) == (seen.since_ns, len(seen.trades or ()))
