"""Schedules that follow the clock: how a parent is cut, when, and what becomes of what was left over."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.algos.schedules import Shortfall, Twap, Vwap
from execd.algos.schedules.base import Piece, Rest
from execd.algos.schedules.curve import part_of, stretched, volume_weights
from execd.algos.schedules.sliced import Sliced, intervals_n
from execd.algos.schedules.slices import CatchUp, Manner
from execd.algos.schedules.volume import Share
from execd.algos.scheduling import SCHEDULES
from execd.core.conduct import Conduct, Ending
from execd.core.daily import DailyValues
from execd.core.orders import Plan
from execd.core.rules import S
from execd.core.schedule_terms import VWAP
from execd.core.session_table import SessionWindow
from tests.unit.algos.views import seen
from tests.world import START_NS

MINUTE: int = 60 * S
EVEN = Twap(interval_ns=MINUTE)


def _filled(schedule: Sliced, qty: int | str, *, step_s: int = 1, span_s: int = 1_800, **fields: Any) -> list[int]:  # noqa: ANN401  # AlgoView checks them.
    """Return the quantity of each piece of a parent whose pieces are filled as soon as they are due."""
    before: Piece | None = None
    done, found = Decimal(0), []
    for at_s in range(0, span_s, step_s):
        schedule, piece = schedule.piece(seen(qty, at_s=at_s, span_s=span_s, cum=done, **fields), before)
        if isinstance(piece, Piece):
            if before is None or piece.n != before.n:
                found.append(int(piece.goal_qty - done))
            before, done = piece, piece.goal_qty
    return found


def test_a_notional_is_cut_into_children_of_a_notional() -> None:
    """SPEC 6.6: 50,000 USD by 5,000 is ten children of 5,000."""
    pieces = _filled(Twap(interval_ns=120 * S, child_notional=Decimal(5_000)), 250, span_s=3_600)

    assert [25] * 10 == pieces


def test_children_grow_where_the_time_is_short_and_the_interval_stays() -> None:
    """SPEC 6.6: n is at most ⌊time to deadline/interval⌋."""
    pieces = _filled(Twap(interval_ns=120 * S, child_notional=Decimal(5_000)), 250, span_s=600)

    assert [50] * 5 == pieces


def test_a_hundred_shares_in_half_an_hour_are_thirty_slices_of_three_or_four() -> None:
    """SPEC 6.6."""
    pieces = _filled(EVEN, 100)

    assert (30, 100) == (len(pieces), sum(pieces))
    assert {3, 4} == set(pieces)


def test_five_shares_in_thirty_slices_are_five_of_one() -> None:
    """SPEC 6.6; the first of them is due at once."""
    pieces = _filled(EVEN, 5)

    assert [1, 0, 0, 0, 0, 0] * 5 == pieces


def test_an_order_for_less_than_an_interval_is_one_slice() -> None:
    """SPEC 6.6: n ≥ 1."""
    assert [100] == _filled(EVEN, 100, span_s=45)


@given(
    qty=st.integers(1, 100_000),
    interval_s=st.integers(1, 300),
    span_s=st.integers(1, 3_600),
    jitter=st.sampled_from(["0", "0.3", "1"]),
)
def test_an_even_cut_never_leaves_the_line_by_more_than_a_child(
    qty: int, interval_s: int, span_s: int, jitter: str
) -> None:
    """TWAP tracking ≤ one child, and its slices sum exactly, each in its own interval."""
    manner = Manner(jitter_ratio=Decimal(jitter))
    view = seen(qty, span_s=span_s)
    pieces = Twap(interval_ns=interval_s * S, manner=manner).outline(view)
    n = intervals_n(span_s * S, interval_s * S)
    # What is due too near to the end is in the slice before it.
    child_qty = -(-qty // n) * (n - len(pieces) + 1)
    begun_qty = Decimal(0)
    for piece in pieces:
        line_qty = Decimal(qty) * piece.n / n
        assert begun_qty - line_qty < 1, "a share too early"
        assert piece.goal_qty - line_qty <= child_qty + 1
        assert 0 <= piece.began_ns - START_NS - piece.n * interval_s * S < interval_s * S
        begun_qty = piece.goal_qty

    assert (START_NS, Decimal(qty)) == (pieces[0].began_ns, pieces[-1].goal_qty)
    assert [piece.end_ns for piece in pieces[:-1]] == [piece.began_ns for piece in pieces[1:]]


@given(
    qty=st.integers(1, 10_000),
    fills=st.lists(st.integers(0, 100), max_size=40),
    catch_up=st.sampled_from(CatchUp),
)
def test_what_is_left_over_is_spread_or_skipped_and_nothing_is_bought_twice(
    qty: int, fills: list[int], catch_up: CatchUp
) -> None:
    """Whatever is filled of each slice: `spread` still ends at the whole order, `skip` at what it did not skip."""
    schedule: Sliced = Twap(interval_ns=MINUTE, manner=Manner(catch_up=catch_up))
    done, skipped = Decimal(0), Decimal(0)
    before: Piece | None = None
    for at_s, filled_percent in zip(range(0, 1_800, 60), [*fills, *[100] * 30], strict=False):
        schedule, piece = schedule.piece(seen(qty, at_s=at_s, cum=done), before)
        assert isinstance(piece, Piece)
        assert done <= piece.goal_qty + skipped
        assert piece.goal_qty <= qty
        part_qty = max(Decimal(0), piece.goal_qty - done)
        filled_qty = part_qty * filled_percent // 100
        # Being behind by less than the least child is not being behind.
        skipped += part_qty - filled_qty if catch_up is CatchUp.SKIP and at_s < 1_740 else 0
        done += filled_qty
        before = piece
    last_is_whole = len(fills) < 30 or fills[29] == 100

    assert not last_is_whole or done + skipped == qty


def test_a_slice_that_came_too_late_is_skipped_and_said() -> None:
    """`skip`: after ten minutes without a fill only the due slice is worked, and the end says what was left out."""
    schedule: Sliced = Twap(interval_ns=MINUTE, manner=Manner(catch_up=CatchUp.SKIP))
    schedule, _ = schedule.piece(seen(300), None)
    late = seen(300, at_s=600)
    schedule, piece = schedule.piece(late, Piece(n=0, goal_qty=Decimal(10), began_ns=0, end_ns=0))
    limit = schedule.limit(late, is_final=True)

    assert isinstance(piece, Piece)
    assert (10, Decimal(10)) == (piece.n, piece.goal_qty)
    assert limit is not None
    assert ("skipped", Decimal(200)) == (limit.code, limit.qty)


def test_being_behind_by_less_than_the_least_child_is_not_being_behind() -> None:
    """Slices of 3 shares collect until a child of 10 can be sent."""
    schedule: Sliced = Twap(interval_ns=MINUTE, manner=Manner(child_min_qty=Decimal(10)))
    before: Piece | None = None
    goals = []
    for at_s in range(0, 240, 60):
        schedule, piece = schedule.piece(seen(90, at_s=at_s), before)
        assert isinstance(piece, Piece)
        before = piece
        goals.append(int(piece.goal_qty))

    assert [3, 6, 9, 12] == goals


def test_an_amended_deadline_has_the_rest_cut_anew() -> None:
    """Half of the time is gone with half of the order; half of the rest of the time is taken away."""
    schedule, _ = EVEN.piece(seen(300), None)
    schedule, before = schedule.piece(seen(300, at_s=899, cum=150), None)
    assert isinstance(before, Piece)
    pieces = []
    done = Decimal(150)
    for at_s in range(900, 1_350, 60):
        schedule, piece = schedule.piece(seen(300, at_s=at_s, cum=done, span_s=1_350), before)
        assert isinstance(piece, Piece)
        pieces.append(int(piece.goal_qty - done))
        before, done = piece, piece.goal_qty

    assert [22, 21, 22, 21, 22, 21, 21] == pieces[:7]
    assert Decimal(300) == done


def test_a_plan_that_crosses_in_the_end_is_over_with_its_last_child() -> None:
    """By notional: ten slices of two minutes, whatever the deadline; one that never crosses waits for that."""
    schedule = Twap(interval_ns=120 * S, child_notional=Decimal(5_000))
    crossing = seen(250, span_s=7_200, plan=Plan(algo="t", conduct=Conduct(at_end=Ending.CROSS)))
    patient = seen(250, span_s=7_200)
    ends = [schedule.piece(view, None)[0].last_ns(view) for view in (crossing, patient)]

    assert [START_NS + 1_200 * S, patient.last_ns] == ends


def test_a_window_that_has_not_begun_is_waited_for() -> None:
    """A VWAP from in a minute on says so, and is asked again then."""
    _, rest = Vwap(interval_ns=MINUTE, start_ns=START_NS + MINUTE).piece(seen(), None)

    assert isinstance(rest, Rest)
    assert (START_NS + MINUTE, "before_window") == (rest.wake.at_ns, rest.waiting.code if rest.waiting else "")


PROFILES = st.lists(st.decimals(0, 10**6, places=6), min_size=1, max_size=80)


@given(qty=st.integers(1, 10**6), profile=PROFILES, n=st.integers(1, 200))
def test_a_curve_by_any_profile_sums_exactly(qty: int, profile: list[Decimal], n: int) -> None:
    """No share is lost or made up, and no slice is negative."""
    schedule = Vwap(interval_ns=1_800 * S // n, profile=tuple(profile))
    goals = [piece.goal_qty for piece in schedule.outline(seen(qty))]

    assert Decimal(qty) == goals[-1]
    assert sorted(goals) == goals


def test_what_no_step_can_hold_is_in_the_last_part() -> None:
    """2.5 shares in whole ones: nothing is lost, and where no weight is left all of it is due."""
    parts = [part_of(Decimal("2.5"), done=done, whole=2, step=Decimal(1)) for done in (0, 1, 2)]

    assert [Decimal(0), Decimal(1), Decimal("2.5")] == parts
    assert Decimal("2.5") == part_of(Decimal("2.5"), done=0, whole=0, step=Decimal(1))


def test_ten_thousand_random_profiles_sum_exactly() -> None:
    """The allocation of a VWAP is exact for 10,000 random profiles: drawn here from a plain congruence."""
    state, wrong = 1, []
    for _ in range(10_000):
        state = (state * 6_364_136_223_846_793_005 + 1) % 2**64
        weights = [(state >> shift) % 1_000 for shift in range(0, 60, 4)]
        qty, whole = Decimal(state % 99_991 + 1), sum(weights)
        done = [part_of(qty, done=sum(weights[: k + 1]), whole=whole, step=Decimal(1)) for k in range(len(weights))]
        if done[-1] != qty or sorted(done) != done:
            wrong.append((qty, weights))

    assert [] == wrong


HALF_DAY = SessionWindow(open_ns=START_NS, close_ns=START_NS + 12_600 * S)
FULL_DAY = SessionWindow(open_ns=START_NS, close_ns=START_NS + 23_400 * S)
U_SHAPE = (Decimal("0.4"), Decimal("0.1"), Decimal("0.2"), Decimal("0.3"))


@pytest.mark.parametrize("hours", [FULL_DAY, HALF_DAY], ids=["full day", "half day"])
def test_a_learned_profile_is_stretched_over_the_real_session(hours: SessionWindow) -> None:
    """The first quarter of any session has what the first quarter of a usual one has."""
    day = DailyValues(symbol="X", profile=U_SHAPE, profile_source="bars 2013-10-04")
    span_s = (hours.close_ns - hours.open_ns) // S
    view = seen(1_000, span_s=span_s, market=MarketView(day=day, hours=hours))
    pieces = Vwap(interval_ns=span_s // 4 * S).outline(view)

    assert [400, 500, 700, 1_000] == [int(piece.goal_qty) for piece in pieces]
    assert "vwap by the profile of bars 2013-10-04: slice 1 of 4" == pieces[0].text


LEARNED = DailyValues(
    symbol="X",
    profile=(Decimal(1), Decimal(0)),
    profile_days_n=20,
    other_profiles={"5 median": (Decimal("0.5"), Decimal("0.5")), "20 mean": (Decimal(0), Decimal(1))},
    profile_source="bars 2013-10-04",
)


@pytest.mark.parametrize(
    "asked, goals, text",
    [
        ({}, [400, 400], "vwap by the profile of bars 2013-10-04"),
        ({"days": 5}, [200, 400], "vwap by the profile (5 days) of bars 2013-10-04"),
        ({"statistic": "mean"}, [0, 400], "vwap by the profile (mean) of bars 2013-10-04"),
        ({"days": 20, "statistic": "median"}, [400, 400], "vwap by the profile (20 days, median) of bars 2013-10-04"),
        ({"days": 5, "statistic": "mean"}, [200, 400], "vwap, even: no volume profile (5 days, mean) of this window"),
    ],
)
def test_the_learned_profile_is_the_one_that_is_asked_for(
    asked: dict[str, object], goals: list[int], text: str
) -> None:
    """`days` and `statistic`: what is left out is as in the first of them; one nobody learned is not guessed."""
    span_s = (FULL_DAY.close_ns - FULL_DAY.open_ns) // S
    view = seen(400, span_s=span_s, market=MarketView(day=LEARNED, hours=FULL_DAY))
    made = SCHEDULES["vwap"]({**VWAP.defaults(), "interval_ns": span_s // 2 * S, **asked})
    pieces = made.outline(view)

    assert goals == [int(piece.goal_qty) for piece in pieces]
    assert pieces[0].text.startswith(text)


def test_half_of_a_bucket_has_half_of_its_volume() -> None:
    """A window that cuts a bucket takes its part of it; outside of the session nothing is traded."""
    hours = SessionWindow(open_ns=0, close_ns=400)

    assert (200_000_000, 250_000_000, 50_000_000) == volume_weights(U_SHAPE, hours, [-50, 50, 150, 200])
    assert (0,) == volume_weights(U_SHAPE, hours, [400, 500])
    assert (500_000_000, 500_000_000) == stretched((Decimal(3), Decimal(3), Decimal(6)), [0, 20, 30])


def test_without_a_profile_the_slices_are_even_and_say_so() -> None:
    """What nobody knows is not guessed."""
    pieces = Vwap(interval_ns=600 * S).outline(seen(90))

    assert [30, 60, 90] == [int(piece.goal_qty) for piece in pieces]
    assert pieces[0].text.startswith("vwap, even: no volume profile")


def test_a_slice_that_begins_far_behind_is_crossed_for() -> None:
    """More than `tracking` of the order behind at the begin of a slice; the mark stays for that slice."""
    schedule: Sliced = Twap(interval_ns=MINUTE, manner=Manner(tracking_ratio=Decimal("0.05")))
    schedule, first = schedule.piece(seen(300), None)
    schedule, near = schedule.piece(seen(300, at_s=60), first if isinstance(first, Piece) else None)
    assert isinstance(near, Piece)
    schedule, far = schedule.piece(seen(300, at_s=180), near)
    assert isinstance(far, Piece)
    _, same = schedule.piece(seen(300, at_s=181, cum=30), far)

    assert isinstance(same, Piece)
    assert (False, True, True) == (near.is_late, far.is_late, same.is_late)


def test_risk_averse_slices_are_larger_early() -> None:
    """The published trajectory in slices: a day each of five, 50 USD, 30% a year, five million a day."""
    hours = SessionWindow(open_ns=START_NS, close_ns=START_NS + 600 * S)
    market = MarketView(hours=hours, spread_ewma=Decimal("0.125"))
    schedule = Shortfall(
        interval_ns=600 * S,
        volatility_ratio=Decimal("0.00475"),
        adv_qty=Decimal(5_000_000),
        risk_aversion=Decimal("0.000001"),
    )
    pieces = schedule.outline(seen(1_000_000, span_s=3_000, market=market))

    assert [458_045, 710_146, 852_103, 937_859, 1_000_000] == [int(piece.goal_qty) for piece in pieces]


def test_without_a_usual_volume_the_slices_are_even_and_say_so() -> None:
    """No ADV: no trajectory is made up."""
    pieces = Shortfall(interval_ns=600 * S).outline(seen(90))

    assert [30, 60, 90] == [int(piece.goal_qty) for piece in pieces]
    assert "is, even: the usual volume is not known: slice 1 of 3" == pieces[0].text


@given(
    st.integers(600, 23_400),
    st.integers(1, 3_600),
    st.decimals("0.001", "0.05", places=3),
    st.decimals("0.01", "10", places=2),
)
@example(3_600, 1_800, Decimal("0.05"), Decimal("0.01"))
def test_whatever_impact_may_be_asked_for_is_cut_in_any_session(
    hours_s: int, interval_s: int, temporary: Decimal, permanent: Decimal
) -> None:
    """In a short session a long slice may leave no best trajectory; then the slices are even, and all is worked."""
    hours = SessionWindow(open_ns=START_NS, close_ns=START_NS + hours_s * S)
    day = DailyValues(symbol="X", adv_qty=Decimal(1_000_000), atr_px=Decimal(2))
    schedule = Shortfall(interval_ns=interval_s * S, temporary_ratio=temporary, permanent_ratio=permanent)
    pieces = schedule.outline(seen(1_000, span_s=hours_s, market=MarketView(day=day, hours=hours)))

    assert Decimal(1_000) == pieces[-1].goal_qty


def test_a_slice_with_more_lasting_than_passing_impact_is_even_and_says_so() -> None:
    """Slices of half a session of an hour, with the largest temporary and the least permanent part."""
    hours = SessionWindow(open_ns=START_NS, close_ns=START_NS + 3_600 * S)
    day = DailyValues(symbol="X", adv_qty=Decimal(1_000_000), atr_px=Decimal(2))
    schedule = Shortfall(interval_ns=1_800 * S, temporary_ratio=Decimal("0.05"), permanent_ratio=Decimal("0.01"))
    pieces = schedule.outline(seen(90, span_s=3_600, market=MarketView(day=day, hours=hours)))

    assert [45, 90] == [int(piece.goal_qty) for piece in pieces]
    assert pieces[0].text.startswith("is, even: in slices of this length the permanent impact outweighs")


def test_what_was_learnt_stays_when_the_market_is_another() -> None:
    """A profile of the next day, or a restart without any, changes nothing of a parent that runs."""
    day = DailyValues(symbol="X", profile=U_SHAPE, profile_source="bars")
    schedule, piece = Vwap(interval_ns=5_850 * S).piece(
        seen(1_000, span_s=23_400, market=MarketView(day=day, hours=FULL_DAY)), None
    )
    assert isinstance(piece, Piece)
    _, later = schedule.piece(seen(1_000, at_s=5_900, span_s=23_400, cum=400), piece)

    assert isinstance(later, Piece)
    assert (1, Decimal(500)) == (later.n, later.goal_qty)


def test_a_share_of_the_volume_holds_any_curve_back() -> None:
    """10% of 3,000 printed since the start is 300, however much is due; more is possible at 4,000."""
    market = MarketView(volume=Decimal(50_000), volume_since_ns=START_NS)
    schedule: Sliced = Twap(interval_ns=MINUTE, manner=Manner(share=Share(ratio_max=Decimal("0.1"))))
    schedule, _ = schedule.piece(seen(3_000, market=market), None)
    limit = schedule.limit(seen(3_000, at_s=600, market=replace(market, volume=Decimal(53_099))), is_final=False)

    assert limit is not None
    assert (Decimal(300), Decimal(54_000)) == (limit.qty, limit.volume_at)
    assert "10% of 3099 printed" == limit.text
