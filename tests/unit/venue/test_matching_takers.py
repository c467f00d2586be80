"""What an order that may trade at once gets, rule by rule.

Each row of a table is one rule: what the venue is told, and the trades (order, quantity, price, did it rest).
"""

from decimal import Decimal

import pytest

from execd.core.enums import OrdType, QueueRule, TimeInForce
from execd.core.reports import Accepted, Canceled, CancelRejected, Expired, Rejected, Replaced, ReplaceRejected, Trade
from execd.venue.commission import Commission
from tests.unit.venue.market import Row, change, fills, halt, new, play, pull, quote, venue

Q = quote("10.00", 300, "10.02", 200)
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
STOP, STOP_LIMIT = OrdType.STOP, OrdType.STOP_LIMIT
Fill = tuple[str, str, str, bool]

TAKERS: dict[str, tuple[list[Row], list[Fill]]] = {
    "a market buy takes the ask": ([Q, new("a", "buy", 150)], [("a", "150", "10.02", False)]),
    "a market sell takes the bid": ([Q, new("a", "sell", 150)], [("a", "150", "10.00", False)]),
    "a short sale takes the bid": ([Q, new("a", "sell_short", 150)], [("a", "150", "10.00", False)]),
    "a limit at the touch takes it": ([Q, new("a", "buy", 200, "10.02")], [("a", "200", "10.02", False)]),
    "a limit through the touch gets the touch": ([Q, new("a", "buy", 200, "10.09")], [("a", "200", "10.02", False)]),
    "a limit behind the touch takes nothing": ([Q, new("a", "buy", 200, "10.01")], []),
    "a larger buy walks one tick per displayed size": (
        [Q, new("a", "buy", 500)],
        [("a", "200", "10.02", False), ("a", "200", "10.03", False), ("a", "100", "10.04", False)],
    ),
    "a larger sell walks down": (
        [Q, new("a", "sell", 700)],
        [("a", "300", "10.00", False), ("a", "300", "9.99", False), ("a", "100", "9.98", False)],
    ),
    "a walk stops at the limit": (
        [Q, new("a", "buy", 900, "10.03")],
        [("a", "200", "10.02", False), ("a", "200", "10.03", False)],
    ),
    "below one dollar a walk goes by the finer tick": (
        [quote("0.9990", 100, "0.9999", 100), new("a", "buy", 300)],
        [("a", "100", "0.9999", False), ("a", "100", "1.0000", False), ("a", "100", "1.0100", False)],
    ),
    "from one dollar down a walk goes by the finer tick": (
        [quote("1.00", 100, "1.02", 100), new("a", "sell", 200)],
        [("a", "100", "1.00", False), ("a", "100", "0.9999", False)],
    ),
    "two orders cannot take the same shares": (
        [Q, new("a", "buy", 150), new("b", "buy", 150)],
        [("a", "150", "10.02", False), ("b", "50", "10.02", False), ("b", "100", "10.03", False)],
    ),
    "the same row again brings nothing back": (
        [Q, new("a", "buy", 200), Q, new("b", "buy", 200, "10.02")],
        [("a", "200", "10.02", False)],
    ),
    "the other side changing brings nothing back": (
        [Q, new("a", "buy", 200), quote("9.99", 100, "10.02", 200), new("b", "buy", 200, "10.02")],
        [("a", "200", "10.02", False)],
    ),
    "a new size of the side is new liquidity": (
        [Q, new("a", "buy", 200), quote("10.00", 300, "10.02", 100), new("b", "buy", 200, "10.02")],
        [("a", "200", "10.02", False), ("b", "100", "10.02", False)],
    ),
    "IOC takes what is there": (
        [Q, new("a", "buy", 500, "10.02", time_in_force=IOC), ("10.02", 500)],
        [("a", "200", "10.02", False)],
    ),
    "FOK fills wholly": (
        [Q, new("a", "buy", 400, "10.03", time_in_force=FOK)],
        [("a", "200", "10.02", False), ("a", "200", "10.03", False)],
    ),
    "FOK fills not at all rather than partly": ([Q, new("a", "buy", 401, "10.03", time_in_force=FOK)], []),
    "FOK does not count what we used": (
        [Q, new("a", "buy", 1), new("b", "buy", 200, "10.02", time_in_force=FOK)],
        [("a", "1", "10.02", False)],
    ),
    "own opposite orders never meet": ([Q, new("a", "buy", 100, "10.01"), new("b", "sell", 100, "10.01")], []),
    "a taker does not trade on a locked quote, and takes from the next usable one": (
        [quote("10.01", 100, "10.01", 100), new("a", "buy", 100, "10.05"), ("10.01", 100), Q],
        [("a", "100", "10.02", False)],
    ),
    "a taker does not trade on a crossed quote": (
        [quote("10.03", 100, "10.01", 100), new("a", "buy", 100, "10.05"), quote("10.04", 100, "10.01", 100)],
        [],
    ),
    "with nothing displayed an order rests and is hit at its price": (
        [quote("10.00", 100, "0", 0), new("a", "buy", 100, "10.05"), quote("10.00", 100, "10.02", 100)],
        [("a", "100", "10.05", True)],
    ),
    "a buy stop takes once a print reaches it": (
        [Q, new("a", "buy", 100, ord_type=STOP, stop_px=Decimal("10.05")), ("10.04", 100), ("10.05", 100)],
        [("a", "100", "10.02", False)],
    ),
    "a sell stop takes once a print falls to it": (
        [Q, new("a", "sell", 100, ord_type=STOP, stop_px=Decimal("9.95")), ("9.96", 100), ("9.90", 100)],
        [("a", "100", "10.00", False)],
    ),
    "a stop is not triggered by quotes": (
        [Q, new("a", "buy", 100, ord_type=STOP, stop_px=Decimal("10.05")), quote("10.06", 100, "10.07", 100)],
        [],
    ),
    "a stop-limit becomes a limit": (
        [Q, new("a", "buy", 300, "10.02", ord_type=STOP_LIMIT, stop_px=Decimal("10.02")), ("10.02", 1), ("10.01", 50)],
        [("a", "200", "10.02", False), ("a", "50", "10.02", True)],
    ),
    "a stop triggered on a locked quote takes from the next usable one": (
        [
            Q,
            new("a", "sell", 100, ord_type=STOP, stop_px=Decimal("10.00")),
            quote("10.00", 100, "10.00", 100),
            ("10.00", 100),
            quote("9.98", 100, "9.99", 100),
        ],
        [("a", "100", "9.98", False)],
    ),
    "a halt stops trading": (
        [Q, new("a", "buy", 100, "10.01"), halt(is_halted=True), quote("10.00", 1, "10.01", 200), ("10.00", 99)],
        [],
    ),
    "a halt triggers no stop": (
        [Q, new("a", "buy", 100, ord_type=STOP, stop_px=Decimal("10.05")), halt(is_halted=True), ("10.06", 100)],
        [],
    ),
    "what came in a halt takes when it ends": (
        [Q, halt(is_halted=True), new("a", "buy", 100, "10.02"), halt(is_halted=False)],
        [("a", "100", "10.02", False)],
    ),
}


@pytest.mark.parametrize("rule", TAKERS)
@pytest.mark.parametrize("queue", QueueRule)
def test_takers(rule: str, queue: QueueRule) -> None:
    """A marketable part takes displayed size at the touch, then a tick further per displayed size, up to its limit."""
    rows, expected = TAKERS[rule]

    assert expected == fills(play(venue(queue), rows))


TAKEN: dict[str, tuple[list[Row], list[Fill]]] = {
    "a new size of the side brings what is more than was taken": (
        [Q, new("a", "buy", 150), quote("10.00", 300, "10.02", 160), new("b", "buy", 200, "10.02")],
        [("a", "150", "10.02", False), ("b", "10", "10.02", False)],
    ),
    "a smaller size of the side brings nothing": (
        [Q, new("a", "buy", 200), quote("10.00", 300, "10.02", 100), new("b", "buy", 200, "10.02")],
        [("a", "200", "10.02", False)],
    ),
    "nor does it fill wholly or not at all": (
        [Q, new("a", "buy", 200), quote("10.00", 300, "10.02", 201), new("b", "buy", 2, "10.02", time_in_force=FOK)],
        [("a", "200", "10.02", False)],
    ),
    "a new price brings its own": (
        [Q, new("a", "buy", 200), quote("10.00", 300, "10.03", 100), Q, new("b", "buy", 200, "10.02")],
        [("a", "200", "10.02", False), ("b", "200", "10.02", False)],
    ),
}


@pytest.mark.parametrize("queue", list(QueueRule))
@pytest.mark.parametrize("rule", TAKEN)
def test_what_is_taken_may_be_asked_to_be_gone_while_its_price_stands(rule: str, queue: QueueRule) -> None:
    """The measure of execution quality looks so how much of a low cost hangs on what comes back."""
    rows, expected = TAKEN[rule]

    assert expected == fills(play(venue(queue, taken_stays=True), rows))


REFUSED: dict[str, tuple[list[Row], str]] = {
    "the same ClOrdID twice": ([Q, new("a", "buy", 1, "9.00"), new("a", "buy", 1, "9.00")], "duplicate_cl_ord_id"),
    "market without a quote": ([new("a", "buy", 1)], "no_quote"),
    "market on a locked quote": ([quote("10.00", 1, "10.00", 1), new("a", "buy", 1)], "no_quote"),
    "market on a side that is not there": ([quote("10.00", 1, "0", 0), new("a", "buy", 1)], "no_quote"),
    "market in a halt": ([Q, halt(is_halted=True), new("a", "buy", 1)], "halted"),
    "a limit without a price": ([Q, new("a", "buy", 1, ord_type=OrdType.LIMIT)], "invalid_price"),
    "a price between ticks": ([Q, new("a", "buy", 1, "10.005")], "invalid_price"),
    "a price of zero": ([Q, new("a", "buy", 1, "0")], "invalid_price"),
    "a stop without a stop price": ([Q, new("a", "buy", 1, ord_type=STOP)], "invalid_price"),
    "no quantity": ([Q, new("a", "buy", 0)], "invalid_qty"),
    "part of a share": ([Q, new("a", "buy", 1, order_qty=Decimal("1.5"))], "invalid_qty"),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_refusals(rule: str) -> None:
    """What the venue cannot take is rejected with a stable code and leaves no order behind."""
    rows, expected = REFUSED[rule]
    matching = venue()
    *_, last = play(matching, rows)

    assert isinstance(last, Rejected)
    assert expected == last.code
    assert [] == matching.end_day(99)[1:]


def test_a_market_order_larger_than_the_market_ends() -> None:
    """The walk has a named number of ticks; what is left is canceled and says why."""
    rows: list[Row] = [quote("1.10", 1, "1.12", 1), new("a", "sell", 1_000)]
    *trades, last = play(venue(), rows)[1:]

    assert 501 == len(trades)
    assert isinstance(last, Canceled)
    assert "the displayed market is used up" == last.text


def test_a_trade_says_where_it_stands_in_its_order() -> None:
    """Reports carry OrderID, a running ExecID, the cumulative interval and the instant of the venue."""
    report = play(venue(), [Q, new("a", "buy", 250, "10.03")])[2]
    expected = Trade(
        cl_ord_id="a",
        transact_ns=1,
        order_id="S-a",
        exec_id="S-a.2",
        last_qty=Decimal(50),
        last_px=Decimal("10.03"),
        cum_before=Decimal(200),
        cum_after=Decimal(250),
        is_passive=False,
    )

    assert expected == report


def test_the_minimum_commission_is_charged_once_an_order() -> None:
    """The first fill pays the minimum; a later one only what the sum of all is above it."""
    matching = venue(commission=Commission(per_share=Decimal("0.01"), minimum=Decimal("2.50")))
    reports = play(matching, [Q, new("a", "buy", 500, "10.04")])
    charged = [report.commission for report in reports if isinstance(report, Trade)]

    assert [Decimal("2.50"), Decimal("1.50"), Decimal("1.00")] == charged


def test_cancel_ends_an_order_and_a_second_one_is_too_late() -> None:
    """A cancel of a live order is answered by Canceled, of another by CancelRejected with a code."""
    rows: list[Row] = [Q, new("a", "buy", 1, "9.00"), pull("c1", "a"), pull("c2", "a"), pull("c3", "z")]
    _, done, late, unknown = play(venue(), rows)

    assert Canceled(cl_ord_id="c1", transact_ns=2, order_id="S-a", orig_cl_ord_id="a", cum_qty=Decimal(0)) == done
    assert ("too_late", "canceled") == (getattr(late, "code", ""), getattr(late, "text", ""))
    assert CancelRejected(cl_ord_id="c3", transact_ns=4, orig_cl_ord_id="z", code="unknown_order") == unknown


def test_a_stranger_can_neither_cancel_nor_find_an_order() -> None:
    """An order of another account is unknown."""
    matching = venue()
    *_, report = play(matching, [Q, new("a", "buy", 1, "9.00"), pull("c", "a", account="other")])

    assert isinstance(report, CancelRejected)
    assert "unknown_order" == report.code
    assert matching.find("other", "a") is None


REPLACES: dict[str, tuple[list[Row], str]] = {
    "below CumQty": ([Q, new("a", "buy", 300, "10.02"), change("r", "a", 199, "10.02")], "below_cum_qty"),
    "an unknown order": ([Q, change("r", "a", 199, "10.02")], "unknown_order"),
    "an order that is full": ([Q, new("a", "buy", 100, "10.02"), change("r", "a", 200, "10.02")], "too_late"),
    "a ClOrdID that was used": ([Q, new("a", "buy", 1, "9.00"), change("a", "a", 2, "9.00")], "duplicate_cl_ord_id"),
    "a price between ticks": ([Q, new("a", "buy", 1, "9.00"), change("r", "a", 1, "9.005")], "invalid_price"),
    "no quantity": ([Q, new("a", "buy", 1, "9.00"), change("r", "a", 0, "9.00")], "invalid_qty"),
}


@pytest.mark.parametrize("rule", REPLACES)
def test_refused_replaces(rule: str) -> None:
    """A replace that cannot be is rejected with a stable code; the old terms stand."""
    rows, expected = REPLACES[rule]
    *_, last = play(venue(), rows)

    assert isinstance(last, ReplaceRejected)
    assert expected == last.code


def test_a_replace_to_a_marketable_price_is_replaced_and_then_trades() -> None:
    """Replaced comes before the trades it makes, which carry the new ClOrdID."""
    matching = venue()
    *_, replaced, trade = play(matching, [Q, new("a", "buy", 200, "10.00"), change("r", "a", 150, "10.02")])

    assert isinstance(replaced, Replaced)
    assert (Decimal(150), Decimal("10.02"), "a") == (replaced.order_qty, replaced.price, replaced.orig_cl_ord_id)
    assert [("r", "150", "10.02", False)] == fills([trade])


def test_a_replace_to_what_is_filled_ends_the_order() -> None:
    """A total that equals CumQty leaves nothing to trade."""
    matching = venue()
    play(matching, [Q, new("a", "buy", 300, "10.02"), change("r", "a", 200, "10.02")])
    seen = matching.find("acc", "r")

    assert seen is not None
    assert (Decimal(200), False) == (seen.cum_qty, seen.is_live)


def test_the_day_ends_for_day_orders_only() -> None:
    """DAY orders and stops expire; good-till-canceled ones stay."""
    matching = venue()
    stop = new("c", "sell", 1, ord_type=STOP, stop_px=Decimal("9.00"))
    play(matching, [Q, new("a", "buy", 1, "9.00"), new("b", "buy", 1, "9.00", time_in_force=TimeInForce.GTC), stop])

    assert [
        Expired(cl_ord_id="a", transact_ns=9, order_id="S-a", cum_qty=Decimal(0)),
        Expired(cl_ord_id="c", transact_ns=9, order_id="S-c", cum_qty=Decimal(0)),
    ] == matching.end_day(9)
    assert [] == matching.end_day(10)


def test_an_accepted_order_can_be_found_by_every_id_of_its_chain() -> None:
    """A lookup by any ClOrdID gives the cumulative state."""
    matching = venue()
    reports = play(matching, [Q, new("a", "buy", 300, "10.02"), change("r", "a", 400)])
    seen = [matching.find("acc", cl_ord_id) for cl_ord_id in ("a", "r")]

    assert Accepted(cl_ord_id="a", transact_ns=1, order_id="S-a") == reports[0]
    assert [(Decimal(200), Decimal("10.02"), Decimal(400), True)] * 2 == [
        (one.cum_qty, one.avg_px, one.order_qty, one.is_live) for one in seen if one is not None
    ]
