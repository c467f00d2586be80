"""Where a pegged price stands, when it follows, and that it follows others and never itself."""

from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.tactics import Anchor, Iceberg, renewed
from execd.algos.tactics.base import Keep, Over, Wanted, Work
from execd.algos.tactics.pegging import Peg, PegAt
from execd.core.enums import Side
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.rules import S
from tests.unit.algos.one_child import asked, child_at, view_at
from tests.world import START_NS, quote

ROOMY: Final = quote("X", "100.00", "100.10")
TIGHT: Final = quote("X", "100.00", "100.01")
PLACED: Final = [
    ("a buy inside by a tick", Peg(), Side.BUY, ROOMY, "100.01"),
    ("a sell inside by a tick", Peg(), Side.SELL, ROOMY, "100.09"),
    ("a buy joins at one tick", Peg(), Side.BUY, TIGHT, "100.00"),
    ("a sell joins at one tick", Peg(), Side.SELL, TIGHT, "100.01"),
    ("at the middle", Peg(at=PegAt.MID), Side.BUY, ROOMY, "100.05"),
    ("at the middle, a tie goes toward passive", Peg(at=PegAt.MID), Side.BUY, TIGHT, "100.00"),
    ("at the middle, a sell", Peg(at=PegAt.MID), Side.SELL, TIGHT, "100.01"),
    ("primary is the touch", Peg(at=PegAt.PRIMARY), Side.BUY, ROOMY, "100.00"),
    ("primary before it", Peg(at=PegAt.PRIMARY, offset_ticks=3), Side.BUY, ROOMY, "100.03"),
    ("primary behind it", Peg(at=PegAt.PRIMARY, offset_ticks=-3), Side.SELL, ROOMY, "100.13"),
    ("primary never crosses", Peg(at=PegAt.PRIMARY, offset_ticks=50), Side.BUY, ROOMY, "100.09"),
    ("size-aware: 100 ahead of 100 is little", Peg(join_ratio=Decimal(1)), Side.BUY, ROOMY, "100.00"),
    ("size-aware: 100 ahead of 100 is much", Peg(join_ratio=Decimal("0.99")), Side.BUY, ROOMY, "100.01"),
    ("below a dollar the tick is 0.0001", Peg(), Side.BUY, quote("X", "0.5000", "0.5010"), "0.5001"),
]


@pytest.mark.parametrize("peg, side, shown, price", [row[1:] for row in PLACED], ids=[row[0] for row in PLACED])
def test_a_peg_stands_where_it_says(peg: Peg, side: Side, shown: Quote, price: str) -> None:
    """SPEC 6.5: inside by a tick, joining at one; mid-peg, primary peg with offset, size-aware."""
    wanted = asked(Anchor(peg=peg), view_at(shown, side))

    assert isinstance(wanted, Work)
    assert Decimal(price) == wanted.price


def test_nothing_is_joined_for_sizes_of_an_unknown_part_of_the_market() -> None:
    """Displayed sizes of a partial feed say nothing unless somebody said how much they count."""
    partial = {"volume_scale": None}
    wanted = asked(Anchor(peg=Peg(join_ratio=Decimal(9))), view_at(ROOMY, market=partial))

    assert isinstance(wanted, Work)
    assert Decimal("100.01") == wanted.price


def _placed(shown: Quote, side: Side = Side.BUY, **fields: Any) -> tuple[Anchor, Order]:  # noqa: ANN401  # Anchor checks them.
    wanted = asked(Anchor(**fields), view_at(shown, side))
    assert isinstance(wanted, Work)
    assert isinstance(wanted.tactic, Anchor)
    return wanted.tactic, child_at(wanted.price, side)


def _then(anchor: Anchor, child: Order, shown: Quote, elapsed_s: int = 2) -> Wanted:
    return asked(anchor, view_at(shown, child.first.side, child=child), elapsed_s=elapsed_s)


MOVES: Final = [
    ("a reference that moved 0.10% is not followed", "99.90", "100.00", None, 0),
    ("one that moved further is, and counts", "99.89", "99.99", "99.90", 1),
    ("outbid by a tick is followed, and does not count", "100.02", "100.10", "100.03", 0),
    ("outbid by more than 0.10% counts", "100.11", "100.20", "100.12", 1),
    ("others at our price are no reason to move", "100.01", "100.10", None, 0),
    ("a far touch that moves is none either", "100.00", "100.30", None, 0),
]


@pytest.mark.parametrize("bid, ask, price, counted_n", [row[1:] for row in MOVES], ids=[row[0] for row in MOVES])
def test_an_anchor_follows_for_two_reasons(bid: str, ask: str, price: str | None, counted_n: int) -> None:
    """SPEC 6.5: a move of more than 0.10% counts against the cap, being outbid does not."""
    anchor, child = _placed(ROOMY)
    wanted = _then(anchor, child, quote("X", bid, ask))

    if price is None:
        assert isinstance(wanted, Keep)
        return
    assert isinstance(wanted, Work)
    assert isinstance(wanted.tactic, Anchor)
    assert (Decimal(price), counted_n) == (wanted.price, wanted.tactic.repegs_n)


def test_an_anchor_moves_once_a_second_at_most() -> None:
    """SPEC 6.5: outbid is answered once a second; until then it waits for the clock, not for quotes."""
    anchor, child = _placed(ROOMY)
    young = replace(child, tried_ns=START_NS + 1 * S + 1)
    wanted = _then(anchor, young, quote("X", "100.05", "100.10"))

    assert isinstance(wanted, Keep)
    assert START_NS + 2 * S + 1 == wanted.wake.at_ns
    assert not wanted.wake.waits_for_quotes


def test_small_steps_count_once_they_have_gone_as_far_as_one_that_counts() -> None:
    """An anchor that is led up tick by tick runs out of re-pegs, as one that is led up at once."""
    anchor, child = _placed(ROOMY)
    counts: list[int] = []
    for n in range(1, 25):
        wanted = _then(anchor, child, quote("X", f"{100 + n * 0.02:.2f}", f"{100.1 + n * 0.02:.2f}"))
        assert isinstance(wanted, Work)
        assert isinstance(wanted.tactic, Anchor)
        anchor, child = wanted.tactic, child_at(wanted.price)
        counts.append(anchor.repegs_n)

    assert [0] * 5 + [1] * 6 + [2] * 6 + [3] * 6 + [4] == counts


def test_after_its_last_repeg_an_anchor_is_over_for_good() -> None:
    """SPEC 6.5: after five the plan decides; nothing is planned afresh."""
    anchor, child = _placed(ROOMY, repegs_n=5)

    assert Over(reason="re-pegged 5 times", is_final=True) == _then(anchor, child, quote("X", "99.00", "99.10"))


def test_an_anchor_that_the_feed_shows_stays_where_it_is() -> None:
    """Our own order as the best bid is no reason to go before it, however often one looks."""
    anchor, child = _placed(ROOMY, peg=Peg(move_bps=Decimal("0.01")))

    assert isinstance(_then(anchor, child, quote("X", "100.01", "100.10")), Keep)
    assert isinstance(_then(anchor, child, quote("X", "100.01", "100.10"), elapsed_s=400), Keep)


def test_what_hides_behind_us_is_told_by_the_far_touch() -> None:
    """Where the market falls away under our bid, the ask that comes down takes the bid with it."""
    anchor, child = _placed(ROOMY)
    cheap, low = _placed(quote("X", "10.00", "10.20"))
    then = _then(cheap, low, quote("X", "10.01", "10.15"))

    assert isinstance(_then(anchor, child, quote("X", "100.01", "100.02")), Keep)
    assert isinstance(then, Work)
    assert Decimal("9.96") == then.price


@pytest.mark.parametrize("ended_s, price", [(1, "100.01"), (3, "100.02")])
def test_a_child_that_has_just_ended_is_not_gone_before(ended_s: int, price: str) -> None:
    """A feed may show for a second what is gone: it is joined, not improved on; later it is somebody else."""
    gone = replace(child_at("100.01"), tried_ns=START_NS, last_ns=START_NS, acked_ns=START_NS)
    view = replace(view_at(quote("X", "100.01", "100.10")), last_child=gone, children_n=1)
    wanted = asked(Anchor(), view, begun_ns=START_NS + ended_s * S - 1)

    assert isinstance(wanted, Work)
    assert Decimal(price) == wanted.price


@pytest.mark.parametrize("tactic", [Anchor(), Iceberg()])
def test_a_new_try_knows_what_others_showed_and_counts_anew(tactic: Anchor | Iceberg) -> None:
    """The child of the try before may still be out; its re-pegs are not this one's."""
    first = asked(tactic, view_at(ROOMY))
    assert isinstance(first, Work)
    assert isinstance(first.tactic, Anchor | Iceberg)
    before = replace(first.tactic, repegs_n=3) if isinstance(first.tactic, Anchor) else first.tactic
    begun = renewed(tactic, before)

    assert replace(tactic, peg=replace(tactic.peg, shown=before.peg.shown)) == begun


def test_a_child_that_is_not_where_it_was_put_is_asked_for_again() -> None:
    """A replace that the broker refused leaves the old price; the worker takes it out where it cannot be changed."""
    anchor, _ = _placed(ROOMY)
    wanted = _then(anchor, child_at("99.50"), ROOMY)

    assert isinstance(wanted, Work)
    assert (Decimal("100.01"), 0) == (wanted.price, wanted.tactic.repegs_n if isinstance(wanted.tactic, Anchor) else 9)


def test_a_bound_that_holds_the_price_costs_no_repeg() -> None:
    """A move that limit or collar do not let it follow is remembered and not counted."""
    anchor, child = _placed(ROOMY)
    view = view_at(quote("X", "100.50", "100.60"), child=child, limit="100.01")
    wanted = asked(anchor, view, elapsed_s=2)

    assert isinstance(wanted, Keep)
    assert isinstance(wanted.tactic, Anchor)
    assert 0 == wanted.tactic.repegs_n


PEGS: Final = [
    Peg(),
    Peg(move_bps=Decimal(2)),
    Peg(at=PegAt.MID, move_bps=Decimal(2)),
    Peg(at=PegAt.PRIMARY, move_bps=Decimal(2)),
    Peg(at=PegAt.PRIMARY, offset_ticks=3, move_bps=Decimal(2)),
    Peg(at=PegAt.PRIMARY, offset_ticks=-3, move_bps=Decimal(2)),
    Peg(at=PegAt.PRIMARY, offset_ticks=-3, move_bps=Decimal(5)),
]


@given(
    peg=st.sampled_from(PEGS),
    side=st.sampled_from([Side.BUY, Side.SELL]),
    limit=st.none() | st.integers(-3, 3),
    path=st.lists(st.tuples(st.integers(-4, 4), st.integers(1, 7)), min_size=3, max_size=8),
    base=st.sampled_from([200, 10_000]),
)
@example(peg=PEGS[1], side=Side.BUY, limit=None, path=[(0, 7), (1, 6), (1, 1)], base=10_000)
@example(peg=PEGS[-1], side=Side.SELL, limit=None, path=[(0, 7), (9, 1)], base=10_000)
@example(peg=PEGS[-1], side=Side.BUY, limit=None, path=[(0, 7), (-3, 1)], base=10_000)
def test_a_quote_that_wakes_nobody_would_have_changed_nothing(
    peg: Peg, side: Side, limit: int | None, path: list[tuple[int, int]], base: int
) -> None:
    """A pegged child waits by conditions: asking at a quote that does not meet them answers that all stays as it is."""
    quotes = [quote("X", f"{(base + at) / 100:.2f}", f"{(base + at + width) / 100:.2f}") for at, width in path]
    bound = None if limit is None else f"{(base + limit) / 100:.2f}"
    first = asked(Anchor(peg=peg), view_at(quotes[0], side, limit=bound))
    assert isinstance(first, Work)
    tactic, child, wake = first.tactic, child_at(first.price, side), None
    for shown in quotes:
        wanted = asked(tactic, view_at(shown, side, child=child, limit=bound), elapsed_s=2)
        if wake is not None and not wake.is_met_by_quote(shown):
            assert isinstance(wanted, Keep), f"{shown} was not waited for, yet {wanted}"
            assert wanted.tactic == tactic
            continue
        if isinstance(wanted, Work):
            child = child_at(wanted.price, side)
            tactic, wake = wanted.tactic, None
        if isinstance(wanted, Keep):
            tactic, wake = wanted.tactic, wanted.wake
            again = asked(tactic, view_at(shown, side, child=child, limit=bound), elapsed_s=2)
            assert isinstance(again, Keep)
            assert wake.every_quote or not wake.is_met_by_quote(shown), "waiting would cost a step at each quote"
