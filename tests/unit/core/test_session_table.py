"""A table of sessions answers for any instant, and is closed where it knows nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.session import Session
from execd.core.session_table import ASK_AGAIN_NS, SessionTable, SessionWindow

Spans = list[tuple[int, int]]
SPANS = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=12)


def table_of(gaps: Spans) -> SessionTable:
    """Return a table whose n-th session begins a gap after the one before and lasts a length."""
    windows, at_ns = [], 0
    for gap_ns, length_ns in gaps:
        windows.append(SessionWindow(open_ns=at_ns + gap_ns, close_ns=at_ns + gap_ns + length_ns))
        at_ns += gap_ns + length_ns
    return SessionTable.of("XNYS", windows)


@given(SPANS, st.integers(0, 1_500))
def test_open_is_to_lie_in_a_session(gaps: Spans, now_ns: int) -> None:
    """`is_open` says what looking at every row would say."""
    table = table_of(gaps)
    rows = zip(table.opens_ns, table.closes_ns, strict=True)

    assert any(open_ns <= now_ns < close_ns for open_ns, close_ns in rows) == table.is_open(now_ns)


@given(SPANS, st.integers(0, 1_500))
def test_the_window_is_the_session_in_progress_or_the_next(gaps: Spans, now_ns: int) -> None:
    """A window ends after now; it has begun exactly when the market is open; past the end it is empty and a day off."""
    table = table_of(gaps)
    window = table.window(now_ns)
    is_known = now_ns < table.closes_ns[-1]

    assert (True, table.is_open(now_ns)) == (now_ns < window.close_ns, window.open_ns <= now_ns)
    assert is_known == (window.open_ns < window.close_ns)
    assert is_known or window.open_ns == now_ns + ASK_AGAIN_NS


@given(SPANS)
def test_what_is_saved_is_what_is_loaded(gaps: Spans) -> None:
    """A table survives being part of saved rules."""
    table = table_of(gaps)

    assert table == msgspec.json.decode(msgspec.json.encode(table), type=Session)


@pytest.mark.parametrize("spans", [[(5, 5)], [(5, 4)], [(1, 5), (4, 9)]])
def test_an_empty_or_overlapping_session_is_no_table(spans: Spans) -> None:
    """Two sessions at once would make the close of the day a matter of luck."""
    windows = [SessionWindow(open_ns=open_ns, close_ns=close_ns) for open_ns, close_ns in spans]

    with pytest.raises(ValueError, match="XNYS"):
        SessionTable.of("XNYS", windows)


@pytest.mark.parametrize("now_ns, is_covered", [(9, False), (10, True), (25, True), (39, True), (40, False)])
def test_a_table_says_which_instants_it_covers(now_ns: int, *, is_covered: bool) -> None:
    """Before the first session and after the last nothing is known. Fault F6."""
    table = table_of([(10, 10), (10, 10)])

    assert is_covered == table.covers(now_ns)
