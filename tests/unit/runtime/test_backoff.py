"""How long an edge waits before it begins again."""

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from execd.runtime.backoff import (
    BEGINNINGS_PER_H_MAX,
    BEGINNINGS_PER_MIN_MAX,
    PAUSE_S_MAX,
    PAUSE_S_MIN,
    Backoff,
    pause_after,
)


@given(failed_n=st.integers(0, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_a_pause_grows_to_its_cap_and_never_vanishes(failed_n: int, draw: float) -> None:
    """However often an edge failed, its pause lies between half the shortest and the longest."""
    assert PAUSE_S_MIN / 2 <= pause_after(failed_n, draw) <= PAUSE_S_MAX


def _beginnings(name: str, lives_s: list[float]) -> list[float]:
    """Return when an edge begins that lives so long each time, and fails."""
    backoff, now_s, began_s = Backoff(name), 0.0, []
    for n, life_s in enumerate(lives_s, start=1):
        backoff.begun(now_s)
        began_s.append(now_s)
        now_s += life_s
        now_s += backoff.pause_s(n, now_s)
    return began_s


@given(st.lists(st.floats(0, 5), max_size=200))
def test_nobody_logs_in_more_often_than_ten_times_a_minute_and_sixty_an_hour(lives_s: list[float]) -> None:
    """However an edge fails, a broker sees no more of its beginnings in any minute and any hour."""
    began_s = _beginnings("listener.reports", lives_s)

    for window_s, most_n in ((60.0, BEGINNINGS_PER_MIN_MAX), (3_600.0, BEGINNINGS_PER_H_MAX)):
        # A hair less than the window: sums of floats may fall short of it.
        within = [bisect_left(began_s, at_s + window_s - 1e-6) - n for n, at_s in enumerate(began_s)]
        assert max(within, default=0) <= most_n


def test_the_same_failures_wait_the_same_again_and_others_not() -> None:
    """The jitter is a draw: told again it is the same, and two streams do not knock together."""
    lives_s = [0.0] * 8

    assert _beginnings("listener.reports.a", lives_s) == _beginnings("listener.reports.a", lives_s)
    assert _beginnings("listener.reports.a", lives_s) != _beginnings("listener.reports.b", lives_s)
