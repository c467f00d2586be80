"""Prices of the tactics, table by table, with the numbers of the specification."""

from decimal import Decimal
from typing import Final

import pytest
from msgspec.structs import replace

from execd.algos.base import AlgoView, MarketView
from execd.algos.registry import SWEEP
from execd.algos.tactics import Marketable, Offset, Tactic
from execd.algos.tactics.base import Idle, Over, Work
from execd.core.enums import Side
from execd.core.rules import S
from execd.core.session_table import SessionWindow
from tests.unit.algos.one_child import asked, view_at
from tests.world import START_NS, quote

WIDE = quote("X", "319.00", "325.68")
TIGHT = quote("X", "200.00", "200.01")
CHEAP = quote("X", "0.5000", "0.5004")


def _offset(bps: str) -> Offset:
    return Offset(bps=Decimal(bps), ttl_ns=60 * S)


MARKETABLE = Marketable(interval_ns=15 * S, reprices_max=6, ttl_ns=120 * S)
ROWS = [
    ("buy 5 bps beyond mid 322.34", _offset("5"), view_at(WIDE, Side.BUY), 0, "322.50"),
    ("sell 5 bps beyond mid", _offset("5"), view_at(WIDE, Side.SELL), 0, "322.18"),
    ("buy at mid: a tie goes toward passive", _offset("0"), view_at(TIGHT, Side.BUY), 0, "200.00"),
    ("sell at mid: a tie goes toward passive", _offset("0"), view_at(TIGHT, Side.SELL), 0, "200.01"),
    ("buy 5 bps of a tight market crosses", _offset("5"), view_at(TIGHT, Side.BUY), 0, "200.11"),
    ("a passive offset rests below mid", _offset("-5"), view_at(TIGHT, Side.BUY), 0, "199.90"),
    ("the limit bounds it", _offset("5"), view_at(WIDE, Side.BUY, limit="322.40"), 0, "322.40"),
    (
        "a limit between ticks is rounded toward passive",
        _offset("5"),
        view_at(WIDE, Side.BUY, limit="322.409"),
        0,
        "322.40",
    ),
    ("a sell limit between ticks too", _offset("5"), view_at(WIDE, Side.SELL, limit="322.201"), 0, "322.21"),
    ("the collar bounds it", _offset("5"), view_at(WIDE, Side.SELL, collar="322.30"), 0, "322.30"),
    ("below a dollar the tick is 0.0001", _offset("5"), view_at(CHEAP, Side.BUY), 0, "0.5005"),
    ("touch pays a quarter of the spread more", MARKETABLE, view_at(WIDE, Side.BUY), 0, "327.35"),
    ("touch of a sell", MARKETABLE, view_at(WIDE, Side.SELL), 0, "317.33"),
    ("touch inside the collar", MARKETABLE, view_at(WIDE, Side.BUY, collar="325.00"), 0, "325.00"),
    ("before its first reprice it stays", MARKETABLE, view_at(WIDE, Side.BUY, collar="335.68"), 14, "327.35"),
    ("its first reprice goes half the way", MARKETABLE, view_at(WIDE, Side.BUY, collar="335.68"), 15, "330.68"),
    ("its sixth goes all the way", MARKETABLE, view_at(WIDE, Side.BUY, collar="335.68"), 90, "335.68"),
    ("a collar that excludes the touch holds it", MARKETABLE, view_at(WIDE, Side.BUY, collar="324.00"), 15, "324.00"),
    ("the first sweep is a touch", SWEEP, view_at(WIDE, Side.BUY, collar="335.68"), 0, "327.35"),
    ("the second goes 0.6 of the way to the collar", SWEEP, view_at(WIDE, Side.BUY, collar="335.68"), 15, "331.68"),
    ("the fifth is at the collar", SWEEP, view_at(WIDE, Side.BUY, collar="335.68"), 75, "335.68"),
    ("and stays there", SWEEP, view_at(WIDE, Side.BUY, collar="335.68"), 900, "335.68"),
    ("a selling sweep", SWEEP, view_at(WIDE, Side.SELL, collar="309.00"), 15, "313.00"),
]


@pytest.mark.parametrize("tactic, view, elapsed_s, price", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_tactic_prices_as_specified(tactic: Tactic, view: AlgoView, elapsed_s: int, price: str) -> None:
    """SPEC 6, with the rounding and the bounds."""
    wanted = asked(tactic, view, elapsed_s)

    assert isinstance(wanted, Work)
    assert Decimal(price) == wanted.price


def test_what_rests_needs_a_fresher_quote_than_what_crosses() -> None:
    """Resting tactics need ≤ 5 s, marketable ones ≤ 30 s."""
    aged = replace(view_at(TIGHT, Side.BUY), market=MarketView(quote=TIGHT, quote_age_ns=6 * S))

    assert isinstance(asked(_offset("5"), aged), Work)
    idle = asked(_offset("-5"), aged)
    assert isinstance(idle, Idle)
    assert "quote_stale" == idle.waiting.code


OPEN: Final = SessionWindow(open_ns=START_NS - 3_600 * S, close_ns=START_NS + 3_600 * S)
KNOWN: Final = {"last_px": Decimal("200.00"), "hours": OPEN, "prev_close_px": Decimal("190.00")}
BLIND: Final = [
    ("the last print and the collar beyond it", Side.BUY, {"last_ns": START_NS - 30 * S}, "200.40"),
    ("a sell below it", Side.SELL, {"last_ns": START_NS - 30 * S}, "199.60"),
    ("an old print is no price, and newer than the close", Side.BUY, {"last_ns": START_NS - 31 * S}, None),
    ("the previous close while nothing was printed", Side.BUY, {"last_ns": OPEN.open_ns - 1}, "190.38"),
    ("no previous close where there is no session", Side.BUY, {"last_ns": 0, "hours": None}, None),
    ("nothing at all is known", Side.BUY, {"last_px": None, "prev_close_px": None}, None),
    ("nothing is priced in a halt", Side.BUY, {"last_ns": START_NS, "is_halted": True}, None),
]


@pytest.mark.parametrize("side, known, price", [row[1:] for row in BLIND], ids=[row[0] for row in BLIND])
def test_without_a_quote_it_is_priced_from_what_was_traded(
    side: Side, known: dict[str, object], price: str | None
) -> None:
    """SPEC 6.3: last or previous close ± collar if fresh, else nothing is priced."""
    blind = view_at(None, side, market={**KNOWN, **known})
    wanted = asked(MARKETABLE, replace(blind, plan=replace(blind.plan, collar_bps=Decimal(20))))

    assert price == (str(wanted.price) if isinstance(wanted, Work) else None)


def test_a_broken_market_has_no_stand_in() -> None:
    """A crossed quote says that something is wrong: no print and no close stands in for it."""
    crossed = quote("X", "200.10", "200.00")
    view = view_at(crossed, market={**KNOWN, "last_ns": START_NS})
    wanted = asked(MARKETABLE, replace(view, plan=replace(view.plan, collar_bps=Decimal(20))))

    assert isinstance(wanted, Idle)
    assert "quote_unusable" == wanted.waiting.code


def test_what_is_bounded_by_the_collar_is_so_without_a_quote_too() -> None:
    """The plan's collar was fixed at arrival; a print that ran away does not take it along."""
    view = view_at(None, collar="199.50", market={**KNOWN, "last_ns": START_NS})
    wanted = asked(MARKETABLE, replace(view, plan=replace(view.plan, collar_bps=Decimal(20))))

    assert isinstance(wanted, Work)
    assert Decimal("199.50") == wanted.price


def test_a_marketable_try_is_over_when_its_time_is_up() -> None:
    """SPEC 6.3: TTL 120 s, six reprices at most, 15 s apart."""
    view = view_at(WIDE, collar="335.68")
    steps = [asked(MARKETABLE, view, elapsed_s=s) for s in (0, 15, 89, 90, 119)]
    due = [step.wake.at_ns for step in steps if isinstance(step, Work)]

    assert [15, 30, 90, 120, 120] == [(at_ns - START_NS) // S for at_ns in due if at_ns is not None]
    assert isinstance(asked(MARKETABLE, view, elapsed_s=120), Over)
