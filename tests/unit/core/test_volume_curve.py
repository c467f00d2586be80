"""The part of a day that is traded by an instant: its laws, and numbers worked out by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.session_table import SessionWindow
from execd.core.usual import normalised
from execd.core.volume_curve import VolumeCurve

FULL = SessionWindow(open_ns=1_000, close_ns=5_000)
PROFILES = (
    st.lists(st.integers(0, 10**6), min_size=1, max_size=80)
    .filter(any)
    .map(lambda weights: normalised([Decimal(weight) for weight in weights]))
)
SESSIONS = st.tuples(st.integers(0, 10**18), st.integers(1, 10**14)).map(
    lambda drawn: SessionWindow(open_ns=drawn[0], close_ns=drawn[0] + drawn[1])
)


def test_a_curve_is_even_within_each_part() -> None:
    """Half, a quarter, nothing, a quarter: after one and a half parts five eighths are traded."""
    curve = VolumeCurve.of([Decimal("0.5"), Decimal("0.25"), Decimal(0), Decimal("0.25")])

    assert [0, "0.25", "0.5", "0.625", "0.75", "0.75", "0.875", 1] == [
        _plain(curve.share_at(FULL, at_ns)) for at_ns in (1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 4_500, 5_000)
    ]


def _plain(share: Decimal) -> int | str:
    return int(share) if share in (0, 1) else str(share.normalize())


def test_a_half_day_has_the_same_shape_between_its_own_open_and_close() -> None:
    """The profile is scaled to the real hours."""
    curve = VolumeCurve.of([Decimal("0.6"), Decimal("0.4")])
    half = SessionWindow(open_ns=1_000, close_ns=3_000)

    assert curve.share_at(FULL, 3_000) == curve.share_at(half, 2_000) == Decimal("0.6")


def test_without_a_profile_a_day_is_even() -> None:
    """Nobody knows better."""
    assert Decimal("0.25") == VolumeCurve.of(()).share_at(FULL, 2_000)


@given(PROFILES, SESSIONS, st.lists(st.integers(-10, 10**14), min_size=2, max_size=10))
def test_a_curve_rises_from_zero_to_exactly_one(
    profile: tuple[Decimal, ...], session: SessionWindow, after_ns: list[int]
) -> None:
    """Never less later than earlier; nothing before the open, everything from the close on."""
    curve = VolumeCurve.of(profile)
    shares = [curve.share_at(session, session.open_ns + ns) for ns in sorted(after_ns)]

    assert shares == sorted(shares)
    assert curve.share_at(session, session.open_ns) == 0
    assert curve.share_at(session, session.close_ns) == 1


@given(PROFILES, SESSIONS, st.integers(1, 10**9))
def test_a_part_of_the_day_is_reached_at_the_first_instant_at_which_it_is_traded(
    profile: tuple[Decimal, ...], session: SessionWindow, billionths: int
) -> None:
    """At that instant it is traded, and one nanosecond before it is not."""
    curve, share = VolumeCurve.of(profile), Decimal(billionths) / 10**9
    at_ns = curve.reached_at(session, share)

    assert curve.share_at(session, at_ns) >= share
    assert at_ns == session.open_ns or curve.share_at(session, at_ns - 1) < share
    assert session.open_ns <= at_ns <= session.close_ns


def test_weights_that_have_no_sum_are_no_profile() -> None:
    """A profile that sums to nothing, or has a negative part, is refused and never divided by."""
    for weights in ([Decimal(0)], [Decimal(2), Decimal(-1)]):
        with pytest.raises(ValueError, match="weights of zero or more"):
            normalised(weights)
