"""What a resting order gets, rule by rule and by both queue rules.

Each row of a table is one rule: what the venue is told, and the trades by the pessimistic and the optimistic rule.
"""

from decimal import Decimal

import pytest

from execd.core import folding
from execd.core.enums import OrdType, QueueRule
from execd.core.order import Order
from execd.core.orders import NewOrder
from execd.core.reports import Trade
from execd.venue.matching import Interest
from tests.unit.venue.market import Row, change, fills, new, play, pull, quote, venue

Q = quote("10.00", 300, "10.02", 200)
BUY = new("a", "buy", 100, "10.00")
Fill = tuple[str, str, str, bool]

RESTING: dict[str, tuple[list[Row], list[Fill], list[Fill]]] = {
    "a print at our price trades those ahead first": (
        [Q, BUY, ("10.00", 350)],
        [("a", "50", "10.00", True)],
        [("a", "100", "10.00", True)],
    ),
    "the queue ahead shrinks print by print": (
        [Q, BUY, ("10.00", 200), ("10.00", 100), ("10.00", 30)],
        [("a", "30", "10.00", True)],
        [("a", "100", "10.00", True)],
    ),
    "the queue ahead does not shrink with the displayed size": (
        [Q, BUY, quote("10.00", 1, "10.02", 200), ("10.00", 300)],
        [],
        [("a", "100", "10.00", True)],
    ),
    "a print above our price gives a buy nothing": ([Q, BUY, ("10.01", 999)], [], []),
    "a print through our price fills at our price, up to its size": (
        [Q, BUY, ("9.99", 60)],
        [("a", "60", "10.00", True)],
        [("a", "60", "10.00", True)],
    ),
    "improving the side there is nobody ahead": (
        [Q, new("a", "buy", 100, "10.01"), ("10.01", 60)],
        [("a", "60", "10.01", True)],
        [("a", "60", "10.01", True)],
    ),
    "behind the best price the queue is unknown": (
        [Q, new("a", "buy", 100, "9.99"), ("9.99", 999)],
        [],
        [("a", "100", "9.99", True)],
    ),
    "once displayed, all that is shown at our price is ahead": (
        [Q, new("a", "buy", 100, "9.99"), quote("9.99", 50, "10.02", 200), ("9.99", 80)],
        [("a", "30", "9.99", True)],
        [("a", "80", "9.99", True)],
    ),
    "once the side has fallen behind us there is nobody ahead": (
        [Q, new("a", "buy", 100, "9.99"), quote("9.98", 50, "10.02", 200), ("9.99", 80)],
        [("a", "80", "9.99", True)],
        [("a", "80", "9.99", True)],
    ),
    "an ask that reaches us fills at our price, up to its size": (
        [Q, BUY, quote("9.98", 300, "9.99", 60)],
        [("a", "60", "10.00", True)],
        [("a", "60", "10.00", True)],
    ),
    "a standing ask fills once": (
        [Q, BUY, quote("9.98", 300, "9.99", 60), quote("9.97", 300, "9.99", 60)],
        [("a", "60", "10.00", True)],
        [("a", "60", "10.00", True)],
    ),
    "a locked ask reaches us too": (
        [Q, BUY, quote("10.00", 300, "10.00", 60)],
        [("a", "60", "10.00", True)],
        [("a", "60", "10.00", True)],
    ),
    "a bid of zero or a size of zero reaches nobody": (
        [Q, BUY, quote("10.00", 300, "0", 0), quote("10.00", 300, "9.00", 0)],
        [],
        [],
    ),
    "sells mirror buys": (
        [Q, new("a", "sell", 100, "10.02"), ("10.02", 250), ("10.03", 20), quote("10.03", 10, "10.04", 10)],
        [("a", "50", "10.02", True), ("a", "20", "10.02", True), ("a", "10", "10.02", True)],
        [("a", "100", "10.02", True)],
    ),
    "a later order of ours has at least as much ahead, and a print is shared": (
        [Q, BUY, quote("10.00", 10, "10.02", 200), new("b", "buy", 100, "10.00"), ("10.00", 350), ("10.00", 100)],
        [("a", "50", "10.00", True), ("a", "50", "10.00", True), ("b", "50", "10.00", True)],
        [("a", "100", "10.00", True), ("b", "100", "10.00", True)],
    ),
    "a later order of ours keeps what was ahead of an earlier one that left": (
        [Q, BUY, quote("10.00", 10, "10.02", 200), new("b", "buy", 100, "10.00"), pull("c", "a"), ("10.00", 320)],
        [("b", "20", "10.00", True)],
        [("b", "100", "10.00", True)],
    ),
    "the better price of ours comes first": (
        [Q, BUY, new("b", "buy", 100, "10.01"), ("9.99", 150)],
        [("b", "100", "10.01", True), ("a", "50", "10.00", True)],
        [("b", "100", "10.01", True), ("a", "50", "10.00", True)],
    ),
    "a quote that reaches two orders is shared": (
        [Q, BUY, new("b", "buy", 100, "10.00"), quote("9.98", 100, "9.99", 150)],
        [("a", "100", "10.00", True), ("b", "50", "10.00", True)],
        [("a", "100", "10.00", True), ("b", "50", "10.00", True)],
    ),
    "less quantity keeps the place": (
        [Q, BUY, ("10.00", 300), change("r", "a", 60), ("10.00", 100)],
        [("r", "60", "10.00", True)],
        [("a", "100", "10.00", True)],
    ),
    "more quantity loses the place": (
        [Q, BUY, ("10.00", 300), change("r", "a", 160), ("10.00", 310)],
        [("r", "10", "10.00", True)],
        [("a", "100", "10.00", True)],
    ),
    "another price loses the place": (
        [Q, BUY, ("10.00", 300), change("r", "a", 100, "9.99"), change("s", "r", 100, "10.00"), ("10.00", 310)],
        [("s", "10", "10.00", True)],
        [("a", "100", "10.00", True)],
    ),
    "what is canceled does not trade": ([Q, BUY, pull("c", "a"), ("9.00", 999)], [], []),
}


@pytest.mark.parametrize("rule", RESTING)
def test_resting_orders(rule: str) -> None:
    """Pessimistic: back of the displayed queue, which only prints at our price shrink. Optimistic: nobody ahead."""
    rows, pessimistic, optimistic = RESTING[rule]
    actual = {queue: fills(play(venue(queue), rows)) for queue in QueueRule}

    assert {QueueRule.PESSIMISTIC: pessimistic, QueueRule.OPTIMISTIC: optimistic} == actual


def test_an_auction_print_does_not_meet_the_continuous_book() -> None:
    """Neither resting orders nor stops see it."""
    matching = venue()
    play(matching, [Q, BUY, new("b", "sell", 100, ord_type=OrdType.STOP, stop_px=Decimal("9.95"))])

    assert [] == matching.on_print("ABC", Decimal("9.00"), Decimal(9_999), 9, is_auction=True)


@pytest.mark.parametrize("isolates", [False, True])
def test_accounts_share_the_market_unless_they_are_isolated(*, isolates: bool) -> None:
    """Isolated, each account meets the same displayed and printed shares as if it were alone."""
    matching = venue(isolates_accounts=isolates)
    mine, other = new("a", "buy", 200, "10.02"), new("b", "buy", 200, "10.02", account="other")
    expected = ["200", "200"] if isolates else ["200"]

    assert expected == [qty for _, qty, _, _ in fills(play(matching, [Q, mine, other]))]


def _remembered(*facts: NewOrder | Trade) -> Order:
    first, *trades = facts
    assert isinstance(first, NewOrder)
    order = folding.begin(first, 0)
    for trade in trades:
        assert isinstance(trade, Trade)
        order = folding.apply(order, trade)
    return order


def test_a_restored_order_goes_on_at_the_back_of_the_queue() -> None:
    """CumQty and the count of executions go on; nothing is reported; the queue is what is displayed now."""
    fill = Trade(
        cl_ord_id="a", transact_ns=1, order_id="S-a", exec_id="S-a.1", last_qty=Decimal(40), last_px=Decimal("10.00")
    )
    matching = venue()
    play(matching, [Q])
    matching.restore(_remembered(BUY, fill), 5)
    reports = play(matching, [("10.00", 320), ("9.99", 100)])

    assert [("S-a.2", "20"), ("S-a.3", "40")] == [
        (report.exec_id, str(report.last_qty)) for report in reports if isinstance(report, Trade)
    ]


def test_an_order_without_an_answer_never_arrived() -> None:
    """What was only sent is not taken up: the venue that might have had it is gone."""
    matching = venue()
    matching.restore(_remembered(BUY), 5)

    assert matching.find("acc", "a") is None


INTERESTS: dict[str, tuple[list[Row], Interest]] = {
    "nothing without orders": ([Q], Interest()),
    "a seen buy: asks and prints that reach it": (
        [Q, BUY],
        Interest(ask_at_or_below=Decimal("10.00"), print_at_or_below=Decimal("10.00")),
    ),
    "an unseen buy: also bids that show its queue": (
        [Q, new("a", "buy", 1, "9.99")],
        Interest(ask_at_or_below=Decimal("9.99"), bid_at_or_below=Decimal("9.99"), print_at_or_below=Decimal("9.99")),
    ),
    "a seen sell: bids and prints that reach it": (
        [Q, new("a", "sell", 1, "10.02")],
        Interest(bid_at_or_above=Decimal("10.02"), print_at_or_above=Decimal("10.02")),
    ),
    "a stop: prints that trigger it, and every quote, for it takes from the one that stands then": (
        [Q, new("a", "buy", 1, ord_type=OrdType.STOP, stop_px=Decimal("10.05"))],
        Interest(print_at_or_above=Decimal("10.05"), any_quote=True),
    ),
    "what we used of a quote: every quote, until its side changes": ([Q, new("a", "buy", 1)], Interest(any_quote=True)),
    "nothing after the order has ended": ([Q, BUY, pull("c", "a")], Interest()),
}


@pytest.mark.parametrize("rule", INTERESTS)
def test_interest(rule: str) -> None:
    """A row outside the interest cannot change any order; without orders no row can."""
    rows, expected = INTERESTS[rule]
    matching = venue()
    play(matching, rows)

    assert expected == matching.interest("ABC")
