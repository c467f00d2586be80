"""The two gates, one row of the table at a time."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.core.enums import OrdType, Side
from execd.core.folding import begin
from execd.core.instrument import Instrument
from execd.core.orders import NewOrder, ParentOrder
from execd.core.rules import Execution, S
from execd.engine import risk
from tests.world import LIMITS, RULES, START_NS, intent, quote

MARKET = MarketView(quote=quote("AAPL", "200.00", "200.02"), quote_age_ns=0)


def _request(side: Side = Side.BUY, qty: str = "100", price: str | None = "200.02", n: int = 1) -> NewOrder:
    return NewOrder(
        cl_ord_id=f"e-p-{n}",
        parent_id="p",
        account="sim",
        symbol="AAPL",
        side=side,
        order_qty=Decimal(qty),
        ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
        price=None if price is None else Decimal(price),
        send_by_ns=START_NS,
    )


def _context(request: NewOrder, **changes: object) -> risk.SendContext:
    plain = risk.SendContext(
        kind=risk.Kind.NEW,
        request=request,
        order_qty=Decimal(10_000_000),
        chain_cum_qty=Decimal(0),
        siblings=(),
        rival=None,
        open_orders_n=0,
        market=MARKET,
        instrument=Instrument(symbol="AAPL"),
        limits=LIMITS,
        execution=Execution(),
    )
    return replace(plain, **changes)


def _old(last_px: str, age_s: int) -> MarketView:
    """Return a market whose quote is too old, and whose last print is `age_s` old."""
    return replace(MARKET, quote_age_ns=31 * S, last_px=Decimal(last_px), last_ns=START_NS - age_s * S)


def _code(context: risk.SendContext) -> str | None:
    refusal = risk.send(context)
    return None if refusal is None else refusal.code


SENT = [
    ("an ordinary order", _context(_request()), None),
    ("exactly the most shares", _context(_request(qty="10000", price="20.00")), None),
    ("one share too many", _context(_request(qty="10001", price="20.00")), "max_order_qty"),
    ("exactly the most notional", _context(_request(qty="1250", price="200.00")), None),
    ("a cent of notional too much", _context(_request(qty="1250", price="200.01")), "max_order_notional"),
    ("a market order is valued at the far touch", _context(_request(qty="1250", price=None)), "max_order_notional"),
    ("exactly 3% beyond mid", _context(_request(price="206.0103")), None),
    ("more than 3% beyond mid", _context(_request(price="206.0104")), "price_collar"),
    ("a sell 3% below mid", _context(_request(side=Side.SELL, price="194.00")), "price_collar"),
    ("a resting buy far below costs nothing", _context(_request(price="100.00")), None),
    ("no quote at all", _context(_request(), market=MarketView()), "stale_reference"),
    ("a quote of 31 s", _context(_request(), market=replace(MARKET, quote_age_ns=31 * S)), "stale_reference"),
    (
        "an old quote and a print of 30 s ago",
        _context(_request(), now_ns=START_NS, market=_old(last_px="200.00", age_s=30)),
        None,
    ),
    (
        "an old quote and a print of 31 s ago",
        _context(_request(), now_ns=START_NS, market=_old(last_px="200.00", age_s=31)),
        "stale_reference",
    ),
    (
        "a market order is held against a quote and nothing else",
        _context(_request(price=None), now_ns=START_NS, market=_old(last_px="200.00", age_s=1)),
        "stale_reference",
    ),
    (
        "a price is held against the print where that is what is known",
        _context(_request(price="206.01"), now_ns=START_NS, market=_old(last_px="200.00", age_s=1)),
        "price_collar",
    ),
    ("no new risk while a halt binds", _context(_request(), halt="journal_full"), "halted"),
    ("a replace is new risk too", _context(_request(), halt="journal_full", kind=risk.Kind.REPLACE), "halted"),
    ("what reduces goes on", _context(_request(side=Side.SELL), halt="journal_full", is_reducing=True), None),
    ("a flatten goes on", _context(_request(), halt="journal_full", kind=risk.Kind.FLATTEN), None),
    ("no new risk on an account that is not known", _context(_request(), stale="not read"), "reconcile_stale"),
    ("what reduces needs no reading", _context(_request(side=Side.SELL), stale="not read", is_reducing=True), None),
    ("500 open orders", _context(_request(), open_orders_n=500), "max_open_orders"),
    ("a replace is not one more order", _context(_request(), open_orders_n=500, kind=risk.Kind.REPLACE), None),
    ("it meets our own sell", _context(_request(), rival=begin(_request(Side.SELL, n=2), 0)), "opposing_order"),
    (
        "our own sell stands above it",
        _context(_request(), rival=begin(_request(Side.SELL, price="200.03", n=2), 0)),
        None,
    ),
    (
        "our own market sell has no price",
        _context(_request(), rival=begin(_request(Side.SELL, price=None, n=2), 0)),
        "opposing_order",
    ),
    (
        "protection may stand opposite",
        _context(_request(), kind=risk.Kind.PROTECTIVE, rival=begin(_request(Side.SELL, n=2), 0)),
        None,
    ),
    (
        "children over the parent bind even a flatten",
        _context(_request(), kind=risk.Kind.FLATTEN, order_qty=Decimal(199), siblings=(begin(_request(n=2), 0),)),
        "children_over_parent",
    ),
    (
        "a flatten may be larger than a new order",
        _context(_request(qty="20000"), kind=risk.Kind.FLATTEN),
        None,
    ),
]


@pytest.mark.parametrize("context, code", [(row[1], row[2]) for row in SENT], ids=[row[0] for row in SENT])
def test_the_send_gate_answers_each_row(context: risk.SendContext, code: str | None) -> None:
    """SPEC 9: every refusal has a stable code; limits themselves are still allowed."""
    assert code == _code(context)


def test_every_row_of_the_table_is_met_by_an_example() -> None:
    """A row that no example refuses might as well not be there."""
    refused = {row[2] for row in SENT}

    assert {row.code for row in risk.ROWS} == refused - {None}


ACCEPTED = [
    ("an ordinary intent", intent("p"), None, ""),
    ("an account without limits", intent("p", account="other"), "no_limits", ""),
    ("too many shares", intent("p", order_qty=Decimal(10_001)), "max_order_qty", "qty"),
    ("a target of too many shares", intent("p", target_qty=Decimal(-10_001)), "max_order_qty", "target_qty"),
    ("too much notional", intent("p", notional=Decimal(250_001)), "max_order_notional", "notional"),
    ("yesterday's file", intent("p", start_by_ns=START_NS - 1), "stale_file", "valid_until"),
    ("a deadline before the start", intent("p", expire_ns=START_NS), "deadline_passed", "deadline"),
]


@pytest.mark.parametrize("parent, code, field", [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_the_accept_gate_answers_each_row(parent: ParentOrder, code: str | None, field: str) -> None:
    """An absent limit refuses; what can never be worked is refused at the door, with the field that says so."""
    refusal = risk.accept(parent, RULES, START_NS)

    assert (code, field) == ((None, "") if refusal is None else (refusal.code, refusal.field))
