"""What each tactic wants, step by step, with the numbers of the specification."""

from decimal import Decimal
from typing import Final

import pytest
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.algos.registry import tactic_of
from execd.algos.tactics import Iceberg, Progressive, Sniper, Tactic
from execd.algos.tactics.base import Idle, Keep, Over, Wanted, Work
from execd.core.enums import Side, TimeInForce
from execd.core.market import Quote
from execd.core.rules import S
from execd.core.wake import Wake
from tests.unit.algos.one_child import asked, child_at, view_at
from tests.world import START_NS, quote

WIDE: Final = quote("X", "319.00", "325.68")
STEPS: Final = Progressive(
    fractions=tuple(Decimal(f) for f in ("0", "0.10", "0.20", "0.30")),
    buy_step_ns=15 * S,
    sell_step_ns=10 * S,
    ttl_ns=120 * S,
)
SLOWED: Final = replace(STEPS, buy_aggression=Decimal("0.75"), sell_aggression=Decimal("0.85"))


def _ladder(tactic: Tactic, side: Side, shown: Quote, step_s: int) -> list[str | None]:
    """Return the prices of a tactic that is asked at each step, its child out since the first; None once it is over."""
    prices: list[str | None] = []
    child = None
    for n in range(6):
        wanted = asked(tactic, view_at(shown, side, child=child), elapsed_s=n * step_s)
        if isinstance(wanted, Over):
            return [*prices, None]
        assert isinstance(wanted, Work)
        tactic, child = wanted.tactic, child_at(wanted.price, side)
        prices.append(str(wanted.price))
    return prices


LADDERS: Final = [
    ("the check of the specification", STEPS, Side.BUY, WIDE, 15, ["322.34", "322.67", "323.01", "323.34"]),
    ("a sell comes down", STEPS, Side.SELL, WIDE, 10, ["322.34", "322.01", "321.67", "321.34"]),
    ("aggression of a buy", SLOWED, Side.BUY, WIDE, 15, ["322.34", "322.59", "322.84", "323.09"]),
    ("aggression of a sell", SLOWED, Side.SELL, WIDE, 10, ["322.34", "322.06", "321.77", "321.49"]),
    (
        "adaptive over 2%",
        replace(STEPS, is_adaptive=True),
        Side.BUY,
        WIDE,
        15,
        ["322.34", "322.84", "323.34", "323.84"],
    ),
    (
        "adaptive at 1%",
        replace(STEPS, is_adaptive=True),
        Side.BUY,
        quote("X", "99.50", "100.50"),
        15,
        ["100.00", "100.05", "100.10", "100.15"],
    ),
    (
        "adaptive under 0.5%",
        replace(STEPS, is_adaptive=True),
        Side.BUY,
        quote("X", "99.80", "100.20"),
        15,
        ["100.00", "100.01", "100.02", "100.03"],
    ),
]


@pytest.mark.parametrize(
    "tactic, side, shown, step_s, prices", [row[1:] for row in LADDERS], ids=[r[0] for r in LADDERS]
)
def test_the_ladder_goes_step_by_step_and_is_over(
    tactic: Tactic, side: Side, shown: Quote, step_s: int, prices: list[str]
) -> None:
    """SPEC 6.4: bid 319.00 ask 325.68 buy: 322.34, 322.67, 323.01, 323.34, then the plan crosses."""
    assert [*prices, None] == _ladder(tactic, side, shown, step_s)


def test_the_ladder_looks_at_the_middle_with_each_step_and_never_between() -> None:
    """SPEC 6.4: it re-mids on every step, and only then."""
    first = asked(STEPS, view_at(WIDE))
    assert isinstance(first, Work)
    moved = quote("X", "320.00", "326.68")
    between = asked(first.tactic, view_at(moved, child=child_at("322.34")), elapsed_s=14)
    then = asked(first.tactic, view_at(moved, child=child_at("322.34")), elapsed_s=15)

    assert isinstance(between, Keep)
    assert Wake(at_ns=START_NS + 15 * S) == between.wake
    assert isinstance(then, Work)
    assert Decimal("323.67") == then.price


def test_the_ladder_does_not_follow_itself() -> None:
    """A feed that shows our own bid as the best one has the same middle for us as before we came."""
    first = asked(STEPS, view_at(WIDE))
    assert isinstance(first, Work)
    with_us = quote("X", "322.34", "325.68")
    then = asked(first.tactic, view_at(with_us, child=child_at("322.34")), elapsed_s=15)

    assert isinstance(then, Work)
    assert Decimal("322.67") == then.price


def test_all_steps_together_last_no_longer_than_they_may() -> None:
    """SPEC 6.4: the whole thing is over after 120 s, however long a step is."""
    slow = replace(STEPS, buy_step_ns=50 * S)

    assert isinstance(asked(slow, view_at(WIDE, child=child_at("322.34")), elapsed_s=119), Work)
    assert isinstance(asked(slow, view_at(WIDE, child=child_at("322.34")), elapsed_s=120), Over)


@pytest.mark.parametrize("age_s, code", [(6, "quote_stale"), (0, "")])
def test_a_step_waits_for_a_fresh_quote(age_s: int, code: str) -> None:
    """What means to rest is priced from a quote of at most 5 s; until then the child stays where it is."""
    view = view_at(WIDE, child=child_at("322.34"))
    aged = replace(view, market=MarketView(quote=WIDE, quote_age_ns=age_s * S))
    wanted = asked(replace(STEPS, step_n=0), aged, elapsed_s=15)

    assert code == (wanted.waiting.code if isinstance(wanted, Idle) else "")


def _shown(wanted: Wanted) -> Decimal:
    assert isinstance(wanted, Work)
    assert wanted.qty_max is not None
    return wanted.qty_max


def test_an_iceberg_shows_a_drawn_part_at_the_touch() -> None:
    """Display 50, jitter 0.2: each refill shows 40 to 60 shares, its own for ever."""
    iceberg = Iceberg(display_qty=Decimal(50))
    view = view_at(quote("X", "100.00", "100.10"))
    shown = [_shown(asked(iceberg, replace(view, children_n=n))) for n in range(40)]

    assert all(Decimal(40) <= one <= Decimal(60) for one in shown)
    assert len(set(shown)) > 5
    assert shown == [_shown(asked(iceberg, replace(view, children_n=n))) for n in range(40)]
    first = asked(iceberg, view)
    assert isinstance(first, Work)
    assert Decimal("100.00") == first.price


def test_an_iceberg_shows_a_round_lot_where_nobody_says() -> None:
    """Without a display the round lot is shown, without jitter exactly."""
    plain = replace(Iceberg(), jitter=Decimal(0))

    assert Decimal(100) == _shown(asked(plain, view_at(WIDE)))


def test_an_iceberg_that_is_out_stays_small() -> None:
    """A child that shows a part is not grown to what is missing."""
    placed = asked(Iceberg(), view_at(WIDE))
    assert isinstance(placed, Work)
    kept = asked(placed.tactic, view_at(WIDE, child=child_at("319.00")), elapsed_s=5)

    assert isinstance(kept, Keep)
    assert kept.shows_less


NARROW: Final = quote("X", "100.00", "100.02", size=300)
SHOTS: Final = [
    ("narrow enough", {"spread_bps": "2"}, NARROW, None, "100.02"),
    ("too wide", {"spread_bps": "1.9"}, NARROW, None, None),
    ("enough is displayed", {"size": "300"}, NARROW, None, "100.02"),
    ("too little is displayed", {"size": "301"}, NARROW, None, None),
    ("cheap enough", {"price": "100.02"}, NARROW, None, "100.02"),
    ("as far as the price", {"price": "100.05"}, NARROW, None, "100.05"),
    ("too dear", {"price": "100.01"}, NARROW, None, None),
    ("as far as the collar", {}, NARROW, "100.09", "100.09"),
    ("a collar that excludes the touch", {}, NARROW, "100.01", None),
    ("all of it holds", {"spread_bps": "2", "size": "300", "price": "100.03"}, NARROW, "100.09", "100.03"),
    ("one of them does not", {"spread_bps": "2", "size": "400", "price": "100.03"}, NARROW, "100.09", None),
]


@pytest.mark.parametrize("given, shown, collar, price", [row[1:] for row in SHOTS], ids=[row[0] for row in SHOTS])
def test_a_sniper_shoots_when_everything_holds(
    given: dict[str, str], shown: Quote, collar: str | None, price: str | None
) -> None:
    """Spread, displayed size and price, each where it is given; then immediate or cancel as far as the bounds."""
    wanted = asked(tactic_of({"name": "sniper", **given}), view_at(shown, collar=collar))

    if price is None:
        assert isinstance(wanted, Idle)
        assert "not_wanted_yet" == wanted.waiting.code
        return
    assert isinstance(wanted, Work)
    assert (Decimal(price), TimeInForce.IOC) == (wanted.price, wanted.time_in_force)


def test_a_sniper_says_with_numbers_what_it_waits_for() -> None:
    """Whoever asks why nothing happens is told."""
    wanted = asked(tactic_of({"name": "sniper", "spread_bps": "1"}), view_at(NARROW))

    assert isinstance(wanted, Idle)
    assert "spread 0.02 of 100.01, at most 1 bps is wanted" == wanted.waiting.text
    assert Wake(bid_above=Decimal("100.00"), ask_below=Decimal("100.02")) == wanted.wake


def test_a_sniper_of_a_selling_parent_waits_for_a_better_bid() -> None:
    """Its price is a floor."""
    wanted = asked(Sniper(price=Decimal("100.05")), view_at(NARROW, Side.SELL))

    assert isinstance(wanted, Idle)
    assert Wake(bid_above=Decimal("100.04")) == wanted.wake


def test_a_sniper_counts_no_size_of_an_unknown_part_of_the_market() -> None:
    """A feed that sees a part of the market says nothing of displayed size unless somebody said how much it counts."""
    partial = {"volume_scale": None}

    assert isinstance(asked(Sniper(size_min=Decimal(1)), view_at(NARROW, market=partial)), Idle)
