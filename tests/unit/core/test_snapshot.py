"""What a reading of an account says of itself: which parts it has, and of which symbols it is not sure."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.reports import OrderSnapshot
from execd.core.snapshot import AccountSnapshot, changed_between

ORDER = OrderSnapshot(
    cl_ord_id="a",
    order_id="1",
    symbol="AAPL",
    order_qty=Decimal(100),
    cum_qty=Decimal(0),
    avg_px=Decimal(0),
    is_live=True,
    transact_ns=1,
)
OTHER = replace(ORDER, cl_ord_id="", order_id="2", symbol="IBM")


def test_a_part_that_was_not_read_is_not_an_empty_part() -> None:
    """Nothing was read is no answer; an empty list is one. Fault C20."""
    whole = AccountSnapshot(account="sim", since_ns=0, asked_ns=0, read_ns=0, orders=(), trades=(), positions={})

    assert [True, False] == [one.is_whole for one in (whole, replace(whole, positions=None))]


def test_symbols_are_unsteady_where_an_order_came_went_or_changed() -> None:
    """Between two lists of an account; the same lists in another order are the same."""
    filled = replace(ORDER, cum_qty=Decimal(5))

    assert () == changed_between((ORDER, OTHER), (OTHER, ORDER))
    assert ("AAPL",) == changed_between((ORDER, OTHER), (OTHER, filled))
    assert ("AAPL", "IBM") == changed_between((OTHER,), (ORDER,))
