"""Laws of the matching engine, on drawn tapes and drawn requests.

The tapes are worse than a market: quotes cross, lock, vanish and come back, prints fall anywhere.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from execd.core import folding
from execd.core.enums import OrdStatus, OrdType, QueueRule, TimeInForce
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import ExecReport, ReplaceRejected, Trade
from execd.venue.matching import Matching
from tests.unit.venue.market import Row, change, halt, new, play, pull, quote, tell, venue

PRICES = [f"10.0{cent}" for cent in range(5)]
SIZES = st.sampled_from([0, 100, 100, 100, 200])
ROWS_MIN, ROWS_MAX = 12, 40
IDS = [f"o{n}" for n in range(6)]
# A ClOrdID is the venue's, not the account's: two accounts never share one.
ACCOUNT_OF = {name: ("acc", "other")[n % 2] for n, name in enumerate(IDS)}

OPENING = quote(PRICES[1], 100, PRICES[3], 100)
wild_quotes = st.builds(quote, st.sampled_from(["0", *PRICES]), SIZES, st.sampled_from(["0", *PRICES]), SIZES)
tame_quotes = st.builds(quote, st.sampled_from(PRICES[:2]), SIZES, st.sampled_from(PRICES[2:]), SIZES)
quotes = st.one_of(st.just(OPENING), tame_quotes, tame_quotes, wild_quotes)
prints = st.tuples(st.sampled_from(PRICES), st.sampled_from([1, 50, 100, 250]))


@st.composite
def requests(draw: st.DrawFn, *, has_whole: bool = True) -> Row:
    """Draw a new order, a replace or a cancel; what it refers to may not be there."""
    kind = draw(st.sampled_from(["new", "new", "new", "replace", "cancel"]))
    name, qty, px = draw(st.sampled_from(IDS)), draw(st.integers(1, 6)) * 50, draw(st.sampled_from(PRICES))
    account = ACCOUNT_OF[name]
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


halts = st.sampled_from([True, False, False, False]).map(lambda is_halted: halt(is_halted=is_halted))


def tapes(*, has_whole: bool = True) -> st.SearchStrategy[list[Row]]:
    """Draw what a venue is told, in order."""
    asked = requests(has_whole=has_whole)
    often = st.one_of(quotes, prints, asked)
    rows = st.lists(st.one_of(often, often, often, often, halts), min_size=ROWS_MIN, max_size=ROWS_MAX)
    return rows.map(lambda rest: [OPENING, *rest])


def cum_qtys(matching: Matching) -> dict[str, Decimal]:
    """Return CumQty of each order that the venue knows."""
    found = {name: matching.find(account, name) for name, account in ACCOUNT_OF.items()}
    return {name: seen.cum_qty for name, seen in found.items() if seen is not None}


def was_refused_for_fills(reports: Sequence[ExecReport]) -> bool:
    """Whether a replace came too late for what had been filled by then."""
    codes = [report.code for report in reports if isinstance(report, ReplaceRejected)]
    return "below_cum_qty" in codes or "too_late" in codes


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
    orders: dict[str, Order] = {}
    chain: dict[str, str] = {}
    for now_ns, row in enumerate(rows):
        if isinstance(row, NewOrder) and row.cl_ord_id not in orders:
            orders[row.cl_ord_id] = folding.begin(row, now_ns)
            chain[row.cl_ord_id] = row.cl_ord_id
        elif isinstance(row, ReplaceRequest | CancelRequest) and row.cl_ord_id not in chain:
            key = chain.get(row.orig_cl_ord_id)
            if key is not None and orders[key].first.account == row.account:
                orders[key] = folding.add_request(orders[key], row, now_ns)
                chain[row.cl_ord_id] = key
        elif isinstance(row, NewOrder | ReplaceRequest | CancelRequest):
            continue
        for report in tell(matching, row, now_ns):
            if report.cl_ord_id in chain:
                key = chain[report.cl_ord_id]
                orders[key] = folding.apply(orders[key], report)
    for key, order in orders.items():
        seen = matching.find(order.first.account, key)
        told = (order.cum_qty, order.order_qty, not order.is_done)
        expected = None if order.ord_status is OrdStatus.REJECTED else told

        assert expected == (None if seen is None else (seen.cum_qty, seen.order_qty, seen.is_live))
        assert order.cum_qty <= order.order_qty


class Standing:
    """One displayed side, and what trades took of its touch since it last changed."""

    def __init__(self) -> None:
        self.shown = (Decimal(0), Decimal(0))
        self.used = Decimal(0)

    def show(self, px: Decimal, size: Decimal) -> None:
        """Take the next row of this side."""
        if (px, size) != self.shown:
            self.shown, self.used = (px, size), Decimal(0)


@given(rows=tapes(), rule=st.sampled_from(QueueRule))
def test_no_share_of_the_tape_is_used_twice(rows: list[Row], rule: QueueRule) -> None:
    """A print fills no more resting shares than it printed; the touch of a standing side no more than it shows."""
    matching = venue(rule)
    ask, bid = Standing(), Standing()
    for now_ns, row in enumerate(rows):
        if isinstance(row, Quote):
            ask.show(row.ask_px, row.ask_size)
            bid.show(row.bid_px, row.bid_size)
        printed = Decimal(0)
        for report in tell(matching, row, now_ns):
            if isinstance(report, Trade):
                side = ask if matching.order_of(report.cl_ord_id).is_buy else bid
                is_by_print = isinstance(row, tuple) and report.is_passive
                printed += report.last_qty if is_by_print else 0
                is_at_touch = report.is_passive or report.last_px == side.shown[0]
                side.used += report.last_qty if is_at_touch and not is_by_print else 0

        assert printed <= (row[1] if isinstance(row, tuple) else 0)
        assert ask.used <= ask.shown[1]
        assert bid.used <= bid.shown[1]


@given(rows=tapes(), rule=st.sampled_from(QueueRule))
def test_no_trade_is_beyond_the_limit(rows: list[Row], rule: QueueRule) -> None:
    """A trade of an order with a limit is at that limit, as it was at that instant, or better."""
    matching = venue(rule)
    for now_ns, row in enumerate(rows):
        for report in tell(matching, row, now_ns):
            if isinstance(report, Trade):
                order = matching.order_of(report.cl_ord_id)
                worst = order.price if order.price is not None else report.last_px

                assert report.last_px <= worst if order.is_buy else report.last_px >= worst


@given(rows=tapes(), rule=st.sampled_from(QueueRule), isolates=st.booleans())
def test_the_same_rows_give_the_same_reports(rows: list[Row], rule: QueueRule, *, isolates: bool) -> None:
    """The engine has no clock, no chance and no memory outside itself."""
    first, second = venue(rule, isolates_accounts=isolates), venue(rule, isolates_accounts=isolates)

    assert play(first, rows) == play(second, rows)


@given(rows=tapes(), rule=st.sampled_from(QueueRule))
def test_an_isolated_account_meets_the_market_as_if_alone(rows: list[Row], rule: QueueRule) -> None:
    """With isolated accounts, leaving out all requests of others changes nothing for an account."""
    together, alone = venue(rule, isolates_accounts=True), venue(rule, isolates_accounts=True)
    kept = [row for row in rows if getattr(row, "account", "acc") == "acc"]
    actual = [trade for trade in _trades(play(together, rows)) if ACCOUNT_OF[trade[0]] == "acc"]

    assert _trades(play(alone, kept)) == actual


def _trades(reports: Sequence[ExecReport]) -> list[tuple[str, str, Decimal, Decimal]]:
    """Return trades as (first ClOrdID, ExecID, quantity, price)."""
    return [
        (report.order_id[2:], report.exec_id, report.last_qty, report.last_px)
        for report in reports
        if isinstance(report, Trade)
    ]
