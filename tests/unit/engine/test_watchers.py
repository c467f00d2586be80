"""Conditional wakes: a quote costs those who wait for it, and skipping it costs nobody."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core.market import one_print
from execd.core.wake import Wake
from execd.engine.watchers import Watchers
from tests.world import quote

PRICES = st.integers(9_990, 10_010).map(lambda cents: Decimal(cents) / 100)
MAYBE = st.none() | PRICES
WAKES = st.builds(
    Wake,
    bid_below=MAYBE,
    bid_above=MAYBE,
    ask_below=MAYBE,
    ask_above=MAYBE,
    print_at_or_below=MAYBE,
    print_at_or_above=MAYBE,
    volume_at=st.none() | st.integers(1, 500).map(Decimal),
    every_quote=st.booleans(),
)
CHANGES = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), WAKES), max_size=12)


@given(CHANGES, st.lists(st.tuples(PRICES, PRICES), max_size=10))
def test_a_quote_wakes_exactly_those_whose_condition_it_meets(
    changes: list[tuple[str, Wake]], shown: list[tuple[Decimal, Decimal]]
) -> None:
    """The kept extremes decide nothing by themselves: the answer is that of asking everybody."""
    watchers, waiting = Watchers(), {}
    for parent_id, wake in changes:
        watchers.put("S", parent_id, wake)
        waiting[parent_id] = wake
    for bid, ask in shown:
        seen = replace(quote("S", "1", "2"), bid_px=bid, ask_px=ask)
        expected = {parent_id for parent_id, wake in waiting.items() if wake.is_met_by_quote(seen)}

        assert expected == set(watchers.by_quote(seen))
        assert not expected or watchers.interest("S").is_met_by_quote(seen)


@given(CHANGES, st.lists(st.tuples(PRICES, st.integers(1, 200)), max_size=10))
def test_prints_wake_exactly_those_whose_condition_they_meet(
    changes: list[tuple[str, Wake]], shown: list[tuple[Decimal, int]]
) -> None:
    """By price, or by the symbol's volume."""
    watchers, waiting, volume = Watchers(), {}, Decimal(0)
    for parent_id, wake in changes:
        watchers.put("S", parent_id, wake)
        waiting[parent_id] = wake
    for px, qty in shown:
        prints = one_print(symbol="S", px=px, qty=Decimal(qty), exchange_ns=0)
        volume += qty
        expected = {parent_id for parent_id, wake in waiting.items() if wake.is_met_by_prints(prints, volume)}

        assert expected == set(watchers.by_prints(prints, volume))


def test_who_waits_for_nothing_is_forgotten() -> None:
    """A wake on time alone is no wake on the market."""
    watchers = Watchers()
    watchers.put("S", "a", Wake(every_quote=True))
    watchers.put("S", "a", Wake(at_ns=5))

    assert [] == watchers.by_quote(quote("S", "1", "2"))
