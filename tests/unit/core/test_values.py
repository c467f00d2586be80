"""Rounding, identifiers, chance and sessions: small arithmetic that everything leans on."""

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core import chance
from execd.core.codec import plain
from execd.core.ids import CL_ORD_ID_LEN_MAX, NS_PER_S, cl_ord_id, epoch_ns, epoch_of, parent_key
from execd.core.instrument import Instrument, clip
from execd.core.market import is_jump
from execd.core.rules import S
from execd.core.session import AlwaysOpen, SimpleHours
from tests.world import quote

STOCK: Final = Instrument(symbol="AAPL")
PRICES: Final = st.decimals(min_value="0.0001", max_value="99999", places=6)


@given(st.integers(0, 2**35 - 1))
def test_an_epoch_tells_the_second_in_which_it_began(began_s: int) -> None:
    """What lies in the state directory since then is of this epoch."""
    assert began_s * NS_PER_S == epoch_ns(epoch_of(began_s * NS_PER_S))


@pytest.mark.parametrize("epoch", ["", "a-b", "ILO"])
def test_what_is_no_epoch_began_at_no_time(epoch: str) -> None:
    """Reading it never fails: zero is before every file."""
    assert 0 == epoch_ns(epoch)


@pytest.mark.parametrize(
    "px, is_buy, nearest, passive",
    [
        ("200.114", True, "200.11", "200.11"),
        ("200.116", True, "200.12", "200.11"),
        ("200.115", True, "200.11", "200.11"),
        ("200.115", False, "200.12", "200.12"),
        ("200.111", False, "200.11", "200.12"),
        ("0.99995", True, "0.9999", "0.9999"),
        ("0.12345", False, "0.1235", "0.1235"),
        ("1.004", True, "1.00", "1.00"),
    ],
)
def test_prices_go_to_the_nearest_tick_and_bounds_toward_passive(
    px: str, *, is_buy: bool, nearest: str, passive: str
) -> None:
    """SPEC 6: ties toward passive; below 1.00 the tick is 0.0001."""
    assert Decimal(nearest) == STOCK.nearest(Decimal(px), is_buy=is_buy)
    assert Decimal(passive) == STOCK.passive(Decimal(px), is_buy=is_buy)


@given(PRICES, st.booleans())
def test_a_rounded_price_is_within_half_a_tick_and_a_bound_never_passed(px: Decimal, is_buy: bool) -> None:  # noqa: FBT001
    """What is rounded stays near; what bounds stays on its side."""
    tick = STOCK.tick_at(px)
    bound = STOCK.passive(px, is_buy=is_buy)

    assert abs(STOCK.nearest(px, is_buy=is_buy) - px) <= tick / 2
    assert bound <= px if is_buy else bound >= px
    assert abs(bound - px) < tick


def test_the_tightest_bound_counts_and_none_bounds_nothing() -> None:
    """Limit and collar: a buy takes the lower, a sell the higher."""
    bounds = (Decimal(10), None, Decimal(9))

    assert [Decimal(9), Decimal(10)] == [clip(Decimal(at), bounds, is_buy=buy) for at, buy in ((11, True), (8, False))]


@given(st.text(min_size=1, max_size=64), st.integers(0, 2**31), st.integers(1, 99_999))
def test_a_cl_ord_id_fits_every_broker_and_is_the_same_for_ever(intent_id: str, second: int, n: int) -> None:
    """At most 30 ASCII characters; the same parent, journal and count give the same id."""
    made = cl_ord_id(epoch_of(second * S), parent_key("sim", intent_id), n)

    assert made == cl_ord_id(epoch_of(second * S + 1), parent_key("sim", intent_id), n)
    assert made.isascii()
    assert len(made) <= CL_ORD_ID_LEN_MAX


def test_parents_of_different_accounts_and_legs_have_different_keys() -> None:
    """(account, id, leg) is the name; joining the words does not mix them up."""
    keys = [parent_key("a", "bc"), parent_key("ab", "c"), parent_key("a", "bc", 1)]

    assert 3 == len(set(keys))


@given(st.integers(), st.lists(st.text() | st.integers(), max_size=4))
def test_chance_is_a_function_of_seed_and_key(seed: int, key: list[str | int]) -> None:
    """The same question has the same answer; it lies in [0, 1)."""
    assert chance.unit(seed, *key) == chance.unit(seed, *key)
    assert 0 <= chance.unit(seed, *key) < 1
    assert 0 <= chance.below(7, seed, *key) < 7


def test_chance_is_spread_and_knows_text_from_number() -> None:
    """A thousand draws fill ten bins; "1" and 1 are different keys."""
    bins = [0] * 10
    for n in range(1000):
        bins[chance.below(10, 42, "bin", n)] += 1

    assert min(bins) > 70
    assert chance.draw(1, "1") != chance.draw(1, 1)


@pytest.mark.parametrize(
    "text, told", [("1E+2", "100"), ("1.500", "1.5"), ("-0.0", "0"), ("0.000000001", "0.000000001")]
)
def test_decimals_are_written_as_people_write_them(text: str, told: str) -> None:
    """No exponent, no needless zeros, no minus zero."""
    assert told == plain(Decimal(text))


def test_a_jump_is_more_than_ten_percent_within_a_second() -> None:
    """Exactly 10%, or a second later, is none."""
    before = quote("A", "99.99", "100.01")

    assert [False, True, False] == [
        is_jump(before, quote("A", "109.99", "110.01", at_s=0.5)),
        is_jump(before, quote("A", "110.00", "110.02", at_s=0.5)),
        is_jump(before, quote("A", "110.00", "110.02", at_s=1)),
    ]


@pytest.mark.parametrize(
    "utc_s, is_open, opens_in_h",
    [
        (1_700_055_000, False, 1.0),  # Wednesday 2023-11-15, 08:30 in New York.
        (1_700_058_600, True, 0.0),  # 09:30:00 exactly is open.
        (1_700_081_999, True, -6.49),  # 15:59:59.
        (1_700_082_000, False, 17.5),  # 16:00:00 exactly is closed.
        (1_700_254_800, False, 65.5),  # Friday 16:00: the next session is Monday's.
    ],
)
def test_simple_hours_open_and_close_to_the_second(utc_s: int, opens_in_h: float, *, is_open: bool) -> None:
    """09:30 to 16:00 New York, Monday to Friday; [open, close)."""
    session = SimpleHours()
    window = session.window(utc_s * S)

    assert is_open == session.is_open(utc_s * S)
    assert window.close_ns - window.open_ns == int(6.5 * 3600) * S
    assert abs(window.open_ns - utc_s * S - opens_in_h * 3600 * S) < 60 * S


def test_hours_follow_the_clocks_of_the_exchange() -> None:
    """2024-03-08 (winter) opens 14:30 UTC, 2024-03-11 (summer) 13:30 UTC; the weekend between is skipped."""
    friday_close_ns = 1_709_931_600 * S

    assert 1_710_163_800 * S == SimpleHours().window(friday_close_ns).open_ns


def test_an_always_open_market_has_no_close() -> None:
    """The simulated venue's default."""
    assert AlwaysOpen().is_open(0)
    assert AlwaysOpen().window(0) is None
