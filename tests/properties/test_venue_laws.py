"""Laws of the matching engine, on drawn tapes and drawn requests.

The tapes are worse than a market: quotes cross, lock, vanish and come back, prints fall anywhere.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from execd.core import order as order_facts
from execd.core.enums import OrdStatus, OrdType, QueueRule, TimeInForce
from execd.core.market import Quote
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import ExecReport, ReplaceRejected, Trade
from execd.venue.matching import Matching
from tests.unit.venue.market import Row, change, halt, new, play, pull, quote, tell, venue

PRICES = [f"10.0{cent}" for cent in range(8)]
SIZES = st.sampled_from([0, 100, 100, 200, 300])
ROWS_MAX = 40
IDS = [f"o{n}" for n in range(6)]

quotes = st.builds(quote, st.sampled_from(["0", *PRICES]), SIZES, st.sampled_from(["0", *PRICES]), SIZES)
prints = st.tuples(st.sampled_from(PRICES), st.sampled_from([1, 50, 100, 250]))
accounts = st.sampled_from(["acc", "other"])


@st.composite
def requests(draw: st.DrawFn, *, has_whole: bool = True) -> Row:
    """Draw a new order, a replace or a cancel; what it refers to may not be there."""
    kind = draw(st.sampled_from(["new", "new", "new", "replace", "cancel"]))
    name, qty, px = draw(st.sampled_from(IDS)), draw(st.integers(1, 6)) * 50, draw(st.sampled_from(PRICES))
    account = draw(accounts)
    if kind == "cancel":
        return pull(f"c-{name}", name, account)
    if kind == "replace":
        return change(f"r-{name}", name, qty, px, account=account)
    ord_type = draw(st.sampled_from([OrdType.LIMIT, OrdType.LIMIT, OrdType.LIMIT, *OrdType]))
    lives = [TimeInForce.DAY, TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC]
    other: dict[str, Any] = {
        "ord_type": ord_type,
        "time_in_force": draw(st.sampled_from([*lives, TimeInForce.FOK] if has_whole else lives)),
        "stop_px": Decimal(draw(st.sampled_from(PRICES))),
        "account": account,
    }
    return new(name, draw(st.sampled_from(["buy", "sell"])), qty, px, **other)


halts = st.booleans().map(lambda is_halted: halt(is_halted=is_halted))


def tapes(*, has_whole: bool = True) -> st.SearchStrategy[list[Row]]:
    """Draw what a venue is told, in order."""
    asked = requests(has_whole=has_whole)
    return st.lists(st.one_of(quotes, quotes, prints, prints, asked, asked, halts), max_size=ROWS_MAX)


def cum_qtys(matching: Matching) -> dict[str, Decimal]:
    """Return CumQty of each order that the venue knows."""
    found = {(name, account): matching.find(account, name) for name in IDS for account in ("acc", "other")}
    return {name: seen.cum_qty for (name, _), seen in found.items() if seen is not None}


def was_refused_for_fills(reports: Sequence[ExecReport]) -> bool:
    """Whether a replace came too late for what had been filled by then."""
    return any(isinstance(report, ReplaceRejected) and report.code in {"below_cum_qty", "too_late"} for report in reports)


@given(rows=tapes(has_whole=False), isolates=st.booleans())
def test_an_optimistic_queue_never_fills_less_at_any_instant(rows: list[Row], *, isolates: bool) -> None:
    """For one list of requests CumQty optimistic >= pessimistic, per order, after every row.

    Two requests are left out, because they are another request where more was filled: a replace that comes too late
    for it, and fill-or-kill, which a better queue may let have what another order then misses.
    """
    hopeful = venue(QueueRule.OPTIMISTIC, isolates_accounts=isolates)
    fearful = venue(QueueRule.PESSIMISTIC, isolates_accounts=isolates)
    for now_ns, row in enumerate(rows):
        assume(not was_refused_for_fills(tell(hopeful, row, now_ns)))
        tell(fearful, row, now_ns)
        more, less = cum_qtys(hopeful), cum_qtys(fearful)

        assert [] == [name for name, qty in less.items() if more[name] < qty]


@given(rows=tapes(), rule=st.sampled_from(QueueRule), isolates=st.booleans())
def test_rows_without_interest_change_nothing(rows: list[Row], rule: QueueRule, *, isolates: bool) -> None:
    """Telling only interesting rows, and the latest quote before each request, gives the same reports."""
    told_all, told_some = venue(rule, isolates_accounts=isolates), venue(rule, isolates_accounts=isolates)
    latest: Quote | None = None
    for now_ns, row in enumerate(rows):
        interest = told_some.interest("ABC")
        actual: list[ExecReport] = []
        match row:
            case Quote():
                latest = row
                if interest.has_quote(row.bid_px, row.ask_px):
                    actual = tell(told_some, row, now_ns)
            case (str(px), _):
                if interest.has_print(Decimal(px)):
                    actual = tell(told_some, row, now_ns)
            case _:
                quoted = tell(told_some, latest, now_ns) if latest is not None else []
                actual = [*quoted, *tell(told_some, row, now_ns)]

        assert tell(told_all, row, now_ns) == actual


@given(rows=tapes(), rule=st.sampled_from(QueueRule), isolates=st.booleans())
def test_reports_fold_to_what_the_venue_knows(rows: list[Row], rule: QueueRule, *, isolates: bool) -> None:
    """Folding the venue's reports gives its own answer about each order, and no order trades beyond its terms."""
    matching = venue(rule, isolates_accounts=isolates)
    orders: dict[str, order_facts.Order] = {}
    chain: dict[str, str] = {}
    for now_ns, row in enumerate(rows):
        if isinstance(row, NewOrder) and row.cl_ord_id not in orders:
            orders[row.cl_ord_id] = order_facts.begin(row, now_ns)
            chain[row.cl_ord_id] = row.cl_ord_id
        elif isinstance(row, ReplaceRequest | CancelRequest) and row.cl_ord_id not in chain:
            key = chain.get(row.orig_cl_ord_id)
            if key is not None and orders[key].first.account == row.account:
                orders[key] = order_facts.add_request(orders[key], row)
                chain[row.cl_ord_id] = key
        elif isinstance(row, NewOrder | ReplaceRequest | CancelRequest):
            continue
        for report in tell(matching, row, now_ns):
            if report.cl_ord_id in chain:
                key = chain[report.cl_ord_id]
                orders[key] = order_facts.apply(orders[key], report)
    for key, order in orders.items():
        seen = matching.find(order.first.account, key)
        expected = None if order.ord_status is OrdStatus.REJECTED else (order.cum_qty, order.order_qty, not order.is_done)

        assert expected == (None if seen is None else (seen.cum_qty, seen.order_qty, seen.is_live))
        assert order.cum_qty <= order.order_qty


@given(rows=tapes(), rule=st.sampled_from(QueueRule))
@example(rows=[quote("10.00", 100, "10.02", 100), new("o1", "buy", 100, "10.01"), ("10.01", 50)], rule=QueueRule.PESSIMISTIC)
def test_no_volume_of_the_tape_is_used_twice(rows: list[Row], rule: QueueRule) -> None:
    """A print fills no more than it printed; a standing side of the quote no more than it shows per tick."""
    matching = venue(rule)
    for now_ns, row in enumerate(rows):
        filled = sum((report.last_qty for report in tell(matching, row, now_ns) if isinstance(report, Trade)), Decimal(0))
        has_stops = any(isinstance(other, NewOrder) and other.stop_px is not None for other in rows)
        if isinstance(row, tuple) and not has_stops:
            assert filled <= row[1]


@given(rows=tapes(), rule=st.sampled_from(QueueRule))
def test_no_trade_is_beyond_the_limit(rows: list[Row], rule: QueueRule) -> None:
    """A trade of an order with a limit is at the limit or better, at the terms of its instant."""
    matching = venue(rule)
    for report in play(matching, rows):
        if isinstance(report, Trade):
            names = [row for row in rows if isinstance(row, NewOrder | ReplaceRequest) and row.cl_ord_id == report.cl_ord_id]
            asked = names[0]
            first = next(row for row in rows if isinstance(row, NewOrder) and row.cl_ord_id == report.order_id[2:])
            if asked.price is not None and first.ord_type in {OrdType.LIMIT, OrdType.STOP_LIMIT}:
                assert report.last_px <= asked.price if first.side.is_buy else report.last_px >= asked.price


@given(rows=tapes(), rule=st.sampled_from(QueueRule), isolates=st.booleans())
def test_the_same_rows_give_the_same_reports(rows: list[Row], rule: QueueRule, *, isolates: bool) -> None:
    """The engine has no clock, no chance and no memory outside itself."""
    first, second = venue(rule, isolates_accounts=isolates), venue(rule, isolates_accounts=isolates)

    assert play(first, rows) == play(second, rows)


@given(rows=tapes(), rule=st.sampled_from(QueueRule))
def test_an_isolated_account_meets_the_market_as_if_alone(rows: list[Row], rule: QueueRule) -> None:
    """With isolated accounts, leaving out all requests of others changes nothing for an account."""
    together, alone = venue(rule, isolates_accounts=True), venue(rule, isolates_accounts=True)
    # An id is the venue's, not the account's: two accounts here do not share one.
    mine = [row for row in rows if isinstance(row, NewOrder) and row.account == "acc"]
    others = [row for row in rows if isinstance(row, NewOrder) and row.account != "acc"]
    assume(not {row.cl_ord_id for row in mine} & {row.cl_ord_id for row in others})
    names = {row.cl_ord_id for row in mine}
    kept = [row for row in rows if not isinstance(row, NewOrder | ReplaceRequest | CancelRequest) or row.account == "acc"]
    reports = [report for report in play(together, rows) if report.order_id[2:] in names and isinstance(report, Trade)]
    expected = [(report.exec_id, report.last_qty, report.last_px) for report in play(alone, kept) if isinstance(report, Trade)]

    assert expected == [(report.exec_id, report.last_qty, report.last_px) for report in reports]
