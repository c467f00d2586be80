"""Bounds in integers pass over exactly the rows that concern nobody."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.wake import Wake
from execd.simulation.bounds import NOTHING, Bounds, bounds_of
from execd.simulation.segments import Segment, read_segments
from execd.venue.matching import Interest
from tests.unit.simulation.small import quote, tape, trade

PRICES = st.integers(99_980, 100_020)
# A wake need not lie on the grid of the tape.
LIMITS = st.none() | st.integers(999_800, 1_000_200).map(lambda units: Decimal(units).scaleb(-5))
INTERESTS = st.builds(
    Interest,
    ask_at_or_below=LIMITS,
    bid_at_or_above=LIMITS,
    bid_at_or_below=LIMITS,
    ask_at_or_above=LIMITS,
    print_at_or_below=LIMITS,
    print_at_or_above=LIMITS,
)
WAKES = st.builds(
    Wake,
    bid_below=LIMITS,
    bid_above=LIMITS,
    ask_below=LIMITS,
    ask_above=LIMITS,
    print_at_or_below=LIMITS,
    print_at_or_above=LIMITS,
)


@given(prices=st.lists(st.tuples(PRICES, PRICES), min_size=1, max_size=20), interest=INTERESTS, wake=WAKES)
def test_the_first_quote_found_is_the_first_that_matters(
    tmp_path_factory: pytest.TempPathFactory, prices: list[tuple[int, int]], interest: Interest, wake: Wake
) -> None:
    """A quote is passed over when neither the venue's interest nor any wake is met by it."""
    rows = [quote(at, _text(bid), _text(ask)) for at, (bid, ask) in enumerate(prices)]
    segment = _segment(tmp_path_factory, rows)
    quotes = [segment.quote(at) for at in range(len(rows))]
    matters = [interest.has_quote(one.bid_px, one.ask_px) or wake.is_met_by_quote(one) for one in quotes]
    bounds = bounds_of(interest, wake)
    expected = matters.index(True) if True in matters else len(rows)

    assert expected == bounds.first_quote(segment, 0, len(rows))


@given(prices=st.lists(PRICES, min_size=1, max_size=20), interest=INTERESTS, wake=WAKES)
def test_the_first_print_found_is_the_first_that_matters(
    tmp_path_factory: pytest.TempPathFactory, prices: list[int], interest: Interest, wake: Wake
) -> None:
    """A print is passed over when neither the venue's interest nor any wake is met by it."""
    segment = _segment(tmp_path_factory, [trade(at, _text(px)) for at, px in enumerate(prices)])
    prints = [segment.prints(at, at + 1) for at in range(len(prices))]
    matters = [interest.has_print(one.last_px) or wake.is_met_by_prints(one, Decimal(0)) for one in prints]
    expected = matters.index(True) if True in matters else len(prices)

    assert expected == bounds_of(interest, wake).first_print(segment, 0, len(prices))


def test_nobody_waits_for_nothing() -> None:
    """A symbol without orders and without waiting parents is passed over wholesale."""
    assert bounds_of(Interest(), Wake(at_ns=5)) is NOTHING


def test_a_wish_for_any_row_is_kept() -> None:
    """Who waits for any quote, any print or a volume gets them."""
    bounds = bounds_of(Interest(any_print=True), Wake(every_quote=True, volume_at=Decimal("100.5")))

    assert bounds == Bounds(any_quote=True, any_print=True, volume_least=101)


def _text(units: int) -> str:
    return str(Decimal(units).scaleb(-4))


def _segment(factory: pytest.TempPathFactory, rows: list[str]) -> Segment:
    # The rows of the last instant are a segment of their own.
    return next(read_segments([tape(factory.mktemp("tape"), "ABC", [*rows, quote(9_999, "1", "2")])], "ABC"))
