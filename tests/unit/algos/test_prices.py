"""Prices of the tactics, table by table, with the numbers of the specification."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.algos.base import AlgoView, MarketView, Waiting
from execd.algos.tactics import Offset, Sweep, Tactic, Touch
from execd.algos.tactics.pricing import Priced
from execd.core.enums import Side
from execd.core.instrument import Instrument
from execd.core.market import Quote
from execd.core.orders import Plan
from execd.core.rules import Execution, S
from execd.core.session import AlwaysOpen
from tests.world import START_NS, intent, quote

WIDE = quote("X", "319.00", "325.68")
TIGHT = quote("X", "200.00", "200.01")
CHEAP = quote("X", "0.5000", "0.5004")


def _view(shown: Quote, side: Side, *, limit: str | None = None, collar: str | None = None) -> AlgoView:
    return AlgoView(
        now_ns=START_NS,
        parent=intent("p", "X", side),
        plan=Plan(
            algo="t",
            limit_px=None if limit is None else Decimal(limit),
            collar_px=None if collar is None else Decimal(collar),
        ),
        order_qty=Decimal(100),
        cum_qty=Decimal(0),
        working_qty=Decimal(0),
        children=(),
        children_n=0,
        last_child=None,
        market=MarketView(quote=shown),
        session=AlwaysOpen(),
        instrument=Instrument(symbol="X"),
        execution=Execution(),
        started_ns=START_NS,
        expire_ns=START_NS + 60 * S,
    )


def _offset(bps: str) -> Offset:
    return Offset(bps=Decimal(bps), ttl_ns=60 * S)


TOUCH = Touch(spread_fraction=Decimal("0.25"), ttl_ns=60 * S)
SWEEP = Sweep(ttl_ns=15 * S)
ROWS = [
    ("buy 5 bps beyond mid 322.34", _offset("5"), _view(WIDE, Side.BUY), 0, "322.50"),
    ("sell 5 bps beyond mid", _offset("5"), _view(WIDE, Side.SELL), 0, "322.18"),
    ("buy at mid: a tie goes toward passive", _offset("0"), _view(TIGHT, Side.BUY), 0, "200.00"),
    ("sell at mid: a tie goes toward passive", _offset("0"), _view(TIGHT, Side.SELL), 0, "200.01"),
    ("buy 5 bps of a tight market crosses", _offset("5"), _view(TIGHT, Side.BUY), 0, "200.11"),
    ("a passive offset rests below mid", _offset("-5"), _view(TIGHT, Side.BUY), 0, "199.90"),
    ("the limit bounds it", _offset("5"), _view(WIDE, Side.BUY, limit="322.40"), 0, "322.40"),
    (
        "a limit between ticks is rounded toward passive",
        _offset("5"),
        _view(WIDE, Side.BUY, limit="322.409"),
        0,
        "322.40",
    ),
    ("a sell limit between ticks too", _offset("5"), _view(WIDE, Side.SELL, limit="322.201"), 0, "322.21"),
    ("the collar bounds it", _offset("5"), _view(WIDE, Side.SELL, collar="322.30"), 0, "322.30"),
    ("below a dollar the tick is 0.0001", _offset("5"), _view(CHEAP, Side.BUY), 0, "0.5005"),
    ("touch pays a quarter of the spread more", TOUCH, _view(WIDE, Side.BUY), 0, "327.35"),
    ("touch of a sell", TOUCH, _view(WIDE, Side.SELL), 0, "317.33"),
    ("touch inside the collar", TOUCH, _view(WIDE, Side.BUY, collar="325.00"), 0, "325.00"),
    ("the first sweep is a touch", SWEEP, _view(WIDE, Side.BUY, collar="335.68"), 0, "327.35"),
    ("the second goes 0.6 of the way to the collar", SWEEP, _view(WIDE, Side.BUY, collar="335.68"), 1, "331.68"),
    ("the fifth is at the collar", SWEEP, _view(WIDE, Side.BUY, collar="335.68"), 5, "335.68"),
    ("and stays there", SWEEP, _view(WIDE, Side.BUY, collar="335.68"), 9, "335.68"),
    ("a selling sweep", SWEEP, _view(WIDE, Side.SELL, collar="309.00"), 1, "313.00"),
]


@pytest.mark.parametrize("tactic, view, attempt, price", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_tactic_prices_as_specified(tactic: Tactic, view: AlgoView, attempt: int, price: str) -> None:
    """SPEC 6, with the rounding and the bounds."""
    priced = tactic.price(view, attempt)

    assert isinstance(priced, Priced)
    assert Decimal(price) == priced.price


def test_what_rests_needs_a_fresher_quote_than_what_crosses() -> None:
    """Resting tactics need ≤ 5 s, marketable ones ≤ 30 s."""
    aged = replace(_view(TIGHT, Side.BUY), market=MarketView(quote=TIGHT, quote_age_ns=6 * S))

    assert isinstance(_offset("5").price(aged, 0), Priced)
    waiting = _offset("-5").price(aged, 0)
    assert isinstance(waiting, Waiting)
    assert "quote_stale" == waiting.code
