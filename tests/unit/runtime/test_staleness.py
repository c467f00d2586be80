"""Whether a quote stream that is up is to be believed."""

from hypothesis import given
from hypothesis import strategies as st

from execd.runtime.staleness import FIRST_S_MAX, SILENT_S_MAX, STOPPED_GAPS, STOPPED_S_MIN, TICKS_MIN, Staleness


def _ticking(gap_s: float, ticks_n: int = 100, symbol: str = "AAPL") -> tuple[Staleness, float]:
    """Return a stream whose symbol ticked regularly, and the instant of its last tick."""
    one, now_s = Staleness(), 0.0
    one.begin(now_s, (symbol,))
    for _ in range(ticks_n):
        now_s += gap_s
        one.tick(symbol, now_s)
    return one, now_s


def _problem(one: Staleness, now_s: float, *, is_open: bool = True) -> str:
    """Return what is wrong while signs of life go on."""
    one.alive(now_s)
    return one.problem(now_s, is_open=is_open)


def test_a_stream_without_a_sign_of_life_is_stale() -> None:
    """Fault D7: a half-open connection says nothing, not even that it is there; closed markets make no difference."""
    one = Staleness()
    one.begin(0.0, ())

    assert "" == one.problem(SILENT_S_MAX, is_open=False)
    assert "said nothing" in one.problem(SILENT_S_MAX + 0.1, is_open=False)


@given(st.lists(st.floats(0.1, SILENT_S_MAX - 0.01), max_size=50))
def test_signs_of_life_are_enough_for_a_stream_that_nobody_expects_anything_of(gaps_s: list[float]) -> None:
    """Without a symbol, or with the market closed, quiet is no suspicion."""
    one, now_s = Staleness(), 0.0
    one.begin(0.0, ("AAPL",))
    for gap_s in gaps_s:
        now_s += gap_s
        assert "" == one.problem(now_s, is_open=False)
        one.alive(now_s)


def test_a_symbol_that_was_asked_for_and_shows_nothing_is_a_lost_subscription_once() -> None:
    """The stream is begun anew for it; where that did not help, the symbol is quiet and the stream is believed."""
    one = Staleness()
    one.begin(0.0, ("AAPL",))
    one.ask("NEW", 5.0)
    one.tick("AAPL", 1.0)
    early = _problem(one, 5.0 + FIRST_S_MAX)
    late = _problem(one, 5.1 + FIRST_S_MAX)
    one.begin(20.0, ("AAPL", "NEW"))
    one.tick("AAPL", 21.0)

    assert ("", True) == (early, late.startswith("NEW was asked for"))
    assert "" == _problem(one, 60.0)


def test_a_brisk_symbol_that_stops_is_a_stream_that_forgot_it() -> None:
    """Ticks every second for a while, then none for fifty: it is begun anew, once."""
    one, last_s = _ticking(1.0)
    before = _problem(one, last_s + STOPPED_GAPS - 1)
    after = _problem(one, last_s + STOPPED_GAPS + 2)
    again = _problem(one, last_s + STOPPED_GAPS + 20)

    assert ("", True, "") == (before, after.startswith("AAPL ticked every 1 s"), again)


@given(gap_s=st.floats(0.01, 60), ticks_n=st.integers(0, 200), silent=st.floats(0, 0.99))
def test_a_symbol_may_be_as_quiet_as_it_is(gap_s: float, ticks_n: int, silent: float) -> None:
    """Nobody is suspected before half a minute and fifty of its own gaps, nor who was seldom heard."""
    one, last_s = _ticking(gap_s, max(1, ticks_n))
    longest_s = max(STOPPED_S_MIN, STOPPED_GAPS * gap_s) if ticks_n >= TICKS_MIN else 10_000

    assert "" == _problem(one, last_s + silent * longest_s)


def test_a_halted_symbol_and_a_closed_market_are_not_expected_to_tick() -> None:
    """A halt explains silence; so does the night."""
    halted, last_s = _ticking(0.1)
    halted.tick("AAPL", last_s, is_halted=True)
    asleep, _ = _ticking(0.1)

    assert "" == _problem(halted, last_s + 3_600)
    assert "" == _problem(asleep, last_s + 3_600, is_open=False)
