"""What a parent may be of the printed volume, and schedules that follow it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.base import AlgoView, MarketView
from execd.algos.fitting import displayed_qty
from execd.algos.schedules import Pov
from execd.algos.schedules.base import Limit, Piece
from execd.algos.schedules.volume import Share, Tally
from execd.core.instrument import Instrument
from execd.core.rules import S
from tests.unit.algos.views import seen
from tests.world import START_NS, quote

TEN_PERCENT = Pov(rate=Decimal("0.1"), interval_ns=30 * S, share=Share(ratio_max=Decimal("0.2")))


def _printed(volume: int | str, since_ns: int = START_NS, *, qty: int = 1_000, at_s: float = 0) -> AlgoView:
    return seen(qty, at_s=at_s, market=MarketView(volume=Decimal(volume), volume_since_ns=since_ns))


def _limit(schedule: Pov, view: AlgoView, *, is_final: bool = False) -> Limit:
    return schedule.piece(view, None)[0].limit(view, is_final=is_final)


def test_what_is_due_follows_the_volume_in_round_lots() -> None:
    """10% of what was printed since the start; the next lot is due at 4,000 more than at the start."""
    schedule, piece = TEN_PERCENT.piece(_printed(5_000), None)
    limit = schedule.limit(_printed(8_500, at_s=20), is_final=False)

    assert isinstance(piece, Piece)
    assert (Decimal(300), Decimal(9_000)) == (limit.qty, limit.volume_at)
    assert "10% of 3500 printed" == limit.text


def test_an_order_of_less_than_a_lot_is_due_as_a_whole() -> None:
    """30 shares are due once 300 were printed."""
    limits = [_limit(TEN_PERCENT, _printed(0, qty=30))]
    schedule, _ = TEN_PERCENT.piece(_printed(0, qty=30), None)
    limits.append(schedule.limit(_printed(300, qty=30), is_final=False))

    assert [Decimal(0), Decimal(30)] == [limit.qty for limit in limits]
    assert Decimal(300) == limits[0].volume_at


def test_the_end_may_go_up_to_the_hard_cap() -> None:
    """A plan that crosses in the end takes at most 20%, and says what that leaves over."""
    schedule, _ = TEN_PERCENT.piece(_printed(0), None)
    limit = schedule.limit(_printed(3_000), is_final=True)

    assert ("participation_cap", Decimal(600)) == (limit.code, limit.qty)


def test_a_rate_above_its_cap_is_held_at_the_cap() -> None:
    """The cap binds, whatever the rate."""
    eager = replace(TEN_PERCENT, rate=Decimal("0.2"), share=Share(ratio_max=Decimal("0.05")))
    schedule, _ = eager.piece(_printed(0), None)

    assert Decimal(100) == schedule.limit(_printed(3_000), is_final=False).qty


@given(
    counts=st.lists(st.lists(st.integers(0, 500), max_size=6), min_size=1, max_size=6),
    renews=st.lists(st.booleans(), min_size=40, max_size=40),
    begun=st.integers(0, 1_000),
)
def test_a_count_that_begins_anew_loses_only_what_nobody_saw(
    counts: list[list[int]], renews: list[bool], begun: int
) -> None:
    """The market counts anew after each gap: the sum is never more than was printed, and never falls."""
    tally = Tally.of(_printed(begun))
    printed, least, step, volume = 0, Decimal(0), 0, begun
    for n, prints in enumerate(counts):
        volume = begun if n == 0 else 0
        for qty in prints:
            volume += qty
            printed += qty
            view = _printed(volume, START_NS + n)
            total = tally.volume(view)
            assert least <= total <= printed
            if renews[step % 40]:
                tally = tally.renewed(view)
                assert total == tally.volume(view)
                least = total
            step += 1
    if len(counts) == 1:
        assert Decimal(printed) == tally.volume(_printed(volume))


def test_a_gap_is_counted_as_zero_and_said() -> None:
    """After a gap the count of before is kept, and the text says how often something was not seen."""
    tally = Tally.of(_printed(500)).renewed(_printed(2_500))
    after_gap = _printed(100, START_NS + 60 * S)

    assert Decimal(2_100) == tally.volume(after_gap)
    assert "2100 printed (unseen 1 times, counted as zero then)" == tally.told(after_gap)
    assert tally.told(after_gap) == tally.renewed(after_gap).told(after_gap)


def test_a_count_that_fell_is_another_count() -> None:
    """A market that shows less than before counts anew, whatever it says of its begin."""
    tally = Tally.of(_printed(500))

    assert Decimal(40) == tally.volume(_printed(40))


def test_a_count_that_begins_with_its_first_print_has_no_gap() -> None:
    """Before the first print of a day the market counts from nothing."""
    tally = Tally.of(_printed(0, 0))

    assert "700 printed" == tally.told(_printed(700, START_NS + S))


def test_a_partial_feed_counts_as_its_scale_says_or_not_at_all() -> None:
    """Nobody said how much of the market it is: nothing may be derived, and that is the reason."""
    scaled = MarketView(volume=Decimal(1_000), volume_scale=Decimal(4))
    schedule = replace(TEN_PERCENT, share=replace(TEN_PERCENT.share, tally=Tally(since_ns=0, base_qty=Decimal(0))))
    told = schedule.limit(seen(10_000, market=scaled), is_final=False)
    untold = schedule.limit(seen(10_000, cum=7, market=replace(scaled, volume_scale=None)), is_final=False)

    assert (Decimal(400), Decimal(1_250)) == (told.qty, told.volume_at)
    assert ("partial_coverage", Decimal(7), None) == (untold.code, untold.qty, untold.volume_at)


def test_a_try_that_begins_far_behind_is_crossed_for() -> None:
    """More than `tracking` of what is due is not filled."""
    schedule, before = replace(TEN_PERCENT, tracking_ratio=Decimal("0.2")).piece(_printed(0), None)
    assert isinstance(before, Piece)
    _, behind = schedule.piece(_printed(5_000, at_s=31), before)
    _, near = schedule.piece(replace(_printed(5_000, at_s=31), cum_qty=Decimal(400)), before)

    assert isinstance(behind, Piece)
    assert isinstance(near, Piece)
    assert (True, False) == (behind.is_late, near.is_late)


def test_a_child_is_at_most_a_part_of_the_smaller_side_and_at_least_a_lot() -> None:
    """Liquidity-aware: ≤ 10% of min(bid size, ask size), at least one lot; of a partial feed as its scale says."""
    deep = MarketView(quote=quote("X", "10.00", "10.02", size=9_000, ask_size=3_000))
    thin = MarketView(quote=quote("X", "10.00", "10.02", size=9_000, ask_size=300))
    partial = replace(deep, volume_scale=Decimal(2))
    unknown = replace(partial, volume_scale=None)
    views = [seen(market=market, instrument=Instrument(symbol="X")) for market in (deep, thin, partial, unknown)]

    assert [300, 100, 600, 100] == [displayed_qty(Decimal("0.1"), view, None) for view in views]
    assert Decimal(50) == displayed_qty(Decimal("0.1"), views[0], Decimal(50))
    assert displayed_qty(None, views[0], None) is None
