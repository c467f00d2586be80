"""What `adaptive_join` wants of each book: rests, improves, stands behind or takes, and how much it shows."""

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.tactics import AdaptiveJoin
from execd.algos.tactics.adaptive_join import Watched
from execd.algos.tactics.base import Idle, Keep, Over, Wanted, Work
from execd.core.conduct import Conduct, Ending
from execd.core.enums import Side
from execd.core.market import Quote
from execd.core.order import Order
from execd.core.orders import Plan
from execd.core.rules import MS, S
from tests.unit.algos.one_child import asked, child_at, view_at
from tests.world import START_NS, quote

FRESH: Final = AdaptiveJoin()
TIGHT: Final = quote("X", "100.00", "100.01", size=500, ask_size=500)
ROOMY: Final = quote("X", "100.00", "100.10", size=500, ask_size=500)


def _book(bid_size: int, ask_size: int, ask: str = "100.01") -> Quote:
    return quote("X", "100.00", ask, size=bid_size, ask_size=ask_size)


def _calm(tactic: AdaptiveJoin = FRESH, shown: Quote = TIGHT) -> AdaptiveJoin:
    """Return a tactic that has watched touches stand for a minute; its next look is due."""
    watched = Watched(since_ns=START_NS - 60 * S, at_ns=START_NS - 1 * S, bid_px=shown.bid_px, ask_px=shown.ask_px)
    return replace(tactic, watched=watched)


PLACED: Final = [
    ("wide: a buy improves by a tick", FRESH, Side.BUY, ROOMY, "100.01"),
    ("wide: a sell improves by a tick", FRESH, Side.SELL, ROOMY, "100.09"),
    ("wide: a buy joins where few bid", FRESH, Side.BUY, _book(200, 300, "100.10"), "100.00"),
    ("wide: a buy improves where a little more bid", FRESH, Side.BUY, _book(201, 300, "100.10"), "100.01"),
    ("wide: a sell joins where few offer", FRESH, Side.SELL, _book(300, 200, "100.10"), "100.10"),
    ("one tick, not watched: behind", FRESH, Side.BUY, TIGHT, "99.99"),
    ("one tick, not watched: a sell behind", FRESH, Side.SELL, TIGHT, "100.02"),
    ("one tick, calm: joins", _calm(), Side.BUY, TIGHT, "100.00"),
    ("one tick, calm: a sell joins", _calm(), Side.SELL, TIGHT, "100.01"),
    ("one tick, share 0.90: takes", FRESH, Side.BUY, _book(900, 100), "100.01"),
    ("one tick, share 0.90: a sell takes", FRESH, Side.SELL, _book(100, 900), "100.00"),
    ("one tick, share 0.89: does not", _calm(), Side.BUY, _book(890, 110), "100.00"),
    ("two ticks, share 0.90: never takes", _calm(), Side.BUY, _book(900, 100, "100.02"), "100.01"),
]


@pytest.mark.parametrize("tactic, side, shown, price", [row[1:] for row in PLACED], ids=[row[0] for row in PLACED])
def test_where_it_stands_by_what_the_book_shows(tactic: AdaptiveJoin, side: Side, shown: Quote, price: str) -> None:
    """SPEC 6.11: rests, improves or crosses from spread, imbalance, the queue's life and what is displayed."""
    wanted = asked(tactic, view_at(shown, side))

    assert isinstance(wanted, Work)
    assert Decimal(price) == wanted.price


SHARES: Final = [
    ("at the begin", 0, "0.9"),
    ("half way to the cross", 297, "0.7"),
    ("at the cross", 594, "0.5"),
    ("after it", 599, "0.5"),
]


@pytest.mark.parametrize("elapsed_s, least", [row[1:] for row in SHARES], ids=[row[0] for row in SHARES])
def test_it_takes_the_sooner_the_less_time_is_left(elapsed_s: int, least: str) -> None:
    """The share falls evenly from `take_first` to `take_last` until the plan begins to cross, here 6 s before 600 s."""
    plan = Plan(algo="t", conduct=Conduct(at_end=Ending.CROSS, cross_lead_ns=5500 * MS))
    now_ns = START_NS + elapsed_s * S
    kinds = []
    for bid_size in (int(Decimal(least) * 1000), int(Decimal(least) * 1000) - 1):
        view = replace(view_at(_book(bid_size, 1000 - bid_size), plan=plan), now_ns=now_ns)
        wanted = asked(FRESH, view, elapsed_s=elapsed_s)
        kinds.append(wanted.price if isinstance(wanted, Work) else None)

    assert [Decimal("100.01"), Decimal("99.99")] == kinds


def test_it_takes_no_more_than_the_touch_shows_and_never_beyond_it() -> None:
    """Crossing early is worth it at that price only: the limit is the touch."""
    wanted = asked(FRESH, view_at(_book(900, 40)))

    assert isinstance(wanted, Work)
    assert (Decimal("100.01"), Decimal(40)) == (wanted.price, wanted.qty_max)


def test_what_a_limit_keeps_from_the_touch_is_not_taken() -> None:
    """Below the touch there is nothing to take: it rests as usual."""
    wanted = asked(_calm(), view_at(_book(900, 100), limit="100.00"))

    assert isinstance(wanted, Work)
    assert Decimal("100.00") == wanted.price


SHOWN: Final = [
    ("a tenth", Decimal(5_000), 100, "500"),
    ("half of the queue", Decimal(5_000), 3_000, "1500"),
    ("a round lot", Decimal(300), 100, "100"),
]


@pytest.mark.parametrize("order_qty, bid_size, shown", [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_it_shows_a_part_and_more_where_a_refill_would_wait_long(order_qty: Decimal, bid_size: int, shown: str) -> None:
    """The most of a tenth of the order, half of the queue that is joined, and a round lot."""
    wanted = asked(FRESH, view_at(_book(bid_size, 3_000, "100.10"), order_qty=order_qty))

    assert isinstance(wanted, Work)
    assert Decimal(shown) == wanted.qty_max


def test_sizes_of_an_unknown_part_of_the_market_show_nothing_more() -> None:
    """Of a feed that sees a part nobody knows how long the queue is; a share of two sizes is still a share."""
    partial = {"volume_scale": None}
    wanted = asked(FRESH, view_at(_book(9_000, 9_000, "100.10"), market=partial))

    assert isinstance(wanted, Work)
    assert Decimal(100) == wanted.qty_max


def _out(tactic: AdaptiveJoin, shown: Quote, side: Side = Side.BUY) -> tuple[AdaptiveJoin, Order]:
    """Return the tactic and its child after it was first asked."""
    wanted = asked(tactic, view_at(shown, side))
    assert isinstance(wanted, Work)
    assert isinstance(wanted.tactic, AdaptiveJoin)
    return wanted.tactic, child_at(wanted.price, side)


def _later(tactic: AdaptiveJoin, child: Order, shown: Quote, after_ns: int) -> Wanted:
    view = view_at(shown, child.first.side, child=child)
    return asked(tactic, view, elapsed_ns=after_ns)


def test_nothing_is_changed_between_two_looks() -> None:
    """A market that runs away is followed at the next look: what happens in between wakes nobody."""
    tactic, child = _out(FRESH, ROOMY)
    wanted = _later(tactic, child, quote("X", "101.00", "101.10"), 499 * MS)

    assert isinstance(wanted, Keep)
    assert (tactic, START_NS + 500 * MS) == (wanted.tactic, wanted.wake.at_ns)


def test_it_follows_both_ways_but_only_once_a_second() -> None:
    """Re-pegs are at least a second apart; up and down alike."""
    tactic, child = _out(FRESH, ROOMY)
    up, down = quote("X", "100.05", "100.15"), quote("X", "99.95", "100.05")
    soon = _later(tactic, child, up, 600 * MS)
    prices = [
        wanted.price if isinstance(wanted, Work) else None
        for wanted in (_later(tactic, child, up, 1 * S), _later(tactic, child, down, 1 * S))
    ]

    assert isinstance(soon, Keep)
    assert [Decimal("100.06"), Decimal("99.96")] == prices


def test_a_try_that_has_a_time_ends_with_it_and_takes_more_readily_towards_it() -> None:
    """Ten seconds: at half of them it takes at 0.7, halfway from 0.9 to 0.5; then nothing more is wanted."""
    timed = replace(_calm(), ttl_ns=10 * S)
    tactic, child = _out(timed, TIGHT)
    found = [_later(tactic, child, _book(100 + others, 1_000 - others), 5 * S) for others in (690, 700)]

    assert [Keep, Work] == [type(one) for one in found]
    assert Over(reason="time is up") == _later(tactic, child, _book(790, 310), 10 * S)
    assert isinstance(_later(replace(tactic, ttl_ns=None), child, _book(790, 310), 10 * S), Keep)


def test_it_does_not_improve_on_itself() -> None:
    """A real feed shows our own order as the touch: it is ours alone as far as we know, and stays."""
    tactic, child = _out(FRESH, ROOMY)
    wanted = _later(tactic, child, quote("X", "100.01", "100.10", size=100, ask_size=100), 2 * S)

    assert isinstance(wanted, Keep)


def test_its_own_size_is_no_reason_to_take() -> None:
    """What we show at the touch is not counted as others who want the same."""
    tactic, child = _out(_calm(), TIGHT)
    big = replace(child, requests=(replace(child.first, order_qty=Decimal(5_000)),))
    wanted = _later(tactic, big, _book(5_100, 100), 2 * S)

    assert isinstance(wanted, Keep)


def test_a_touch_that_moves_often_is_not_joined_any_more() -> None:
    """70 s with two moves, and 10 s before them, are 26 s each; a third makes it 20 s."""
    watched = Watched(since_ns=START_NS - 69 * S, at_ns=START_NS - S, bid_px=Decimal(1), ask_px=Decimal(2), moves_n=1)
    prices = []
    for moves_n in (1, 2):
        wanted = asked(replace(FRESH, watched=replace(watched, moves_n=moves_n)), view_at(TIGHT))
        prices.append(wanted.price if isinstance(wanted, Work) else None)

    assert [Decimal("100.00"), Decimal("99.99")] == prices


def test_without_a_usable_quote_it_waits_and_leaves_what_is_out() -> None:
    """A locked market prices nothing; a child that rests stays, and the look that is due comes with the next quote."""
    locked = quote("X", "100.00", "100.00")
    tactic, child = _out(FRESH, ROOMY)
    wanted = [asked(FRESH, view_at(locked)), _later(tactic, child, locked, 2 * S)]

    assert [Idle, Keep] == [type(one) for one in wanted]
    assert [True, True] == [one.wake.every_quote for one in wanted if isinstance(one, Idle | Keep)]


books = st.builds(
    lambda bid, width, near, far: quote("X", f"{bid / 100:.2f}", f"{(bid + width) / 100:.2f}", size=near, ask_size=far),
    st.integers(9_990, 10_010),
    st.integers(1, 5),
    st.integers(1, 3_000),
    st.integers(1, 3_000),
)


@given(st.lists(books, min_size=2, max_size=12), st.sampled_from([Side.BUY, Side.SELL]))
def test_it_mirrors_itself_and_asks_for_nothing_twice(shown: list[Quote], side: Side) -> None:
    """A sell does on the mirrored book what a buy does on the book; asked again, it wants what it wanted."""
    prices: dict[int, list[Decimal]] = {}
    for sign in (1, -1):
        tactic, child = FRESH, None
        prices[sign] = []
        for n, one in enumerate(shown):
            book = one if sign == 1 else _mirrored(one)
            own = side if sign == 1 else _other(side)
            view = view_at(book, own, child=child, order_qty=Decimal(5_000))
            wanted = asked(tactic, view, elapsed_s=n)
            assert isinstance(wanted, Work | Keep)
            assert isinstance(wanted.tactic, AdaptiveJoin)
            tactic = wanted.tactic
            if isinstance(wanted, Work):
                assert wanted.price is not None
                child = child_at(wanted.price, own, sent_ns=START_NS + n * S)
                again = asked(tactic, replace(view, children=(child,)), elapsed_s=n)
                assert isinstance(again, Keep)
            prices[sign].append(child.price if child is not None and child.price is not None else Decimal(0))

    assert [Decimal(200) - price for price in prices[1]] == prices[-1]


def _mirrored(shown: Quote) -> Quote:
    return replace(
        shown,
        bid_px=Decimal(200) - shown.ask_px,
        ask_px=Decimal(200) - shown.bid_px,
        bid_size=shown.ask_size,
        ask_size=shown.bid_size,
    )


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY
