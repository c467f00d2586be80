"""A ClOrdID that was used: refused by the venue as a rule, taken again where it is told to be such a broker."""

from execd.core.enums import QueueRule
from execd.core.instrument import Instrument
from execd.core.reports import USED_ID, Accepted, Rejected
from execd.venue.commission import Commission
from execd.venue.matching import Matching
from tests.unit.brokers.scripts import new, shown


def venue(*, takes_ids_again: bool) -> Matching:
    """Return a venue that shows a market and has one order."""
    made = Matching(
        queue=QueueRule.PESSIMISTIC,
        commission=Commission(),
        instrument=lambda symbol: Instrument(symbol=symbol),
        takes_ids_again=takes_ids_again,
    )
    made.on_quote(shown(), 1)
    made.submit(new("a"), 2)
    return made


def test_a_used_id_is_refused() -> None:
    """One ClOrdID is one order, for ever."""
    one = venue(takes_ids_again=False)

    (report,) = one.submit(new("a"), 3)

    assert isinstance(report, Rejected)
    assert USED_ID == report.code
    assert ["S-a"] == [order.order_id for order in one.everything()]


def test_a_broker_that_takes_an_id_again_has_two_orders() -> None:
    """Where ids are free the second order is an order, with an OrderID of its own, and both can trade."""
    one = venue(takes_ids_again=True)

    (report,) = one.submit(new("a"), 3)
    trades = one.on_print("ABC", shown().bid_px - 1, 2 * new("a").order_qty, 4)

    assert isinstance(report, Accepted)
    assert "S-a~1" == report.order_id
    assert ["S-a", "S-a~1"] == sorted(trade.order_id for trade in trades)
    assert [] == one.live()
