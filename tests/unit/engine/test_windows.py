"""The window that a schedule was given lies inside the session in which it would be worked, else it is refused."""

import pytest
from msgspec.structs import replace

from execd.core.orders import AlgoSpec
from execd.core.rules import S
from execd.core.session import SimpleHours
from execd.engine.risk import accept
from tests.world import RULES, intent

MONDAY_NS = 1_772_461_800 * S
"""2026-03-02 14:30 UTC, 09:30 in New York, where the session begins."""
HOUR_NS = 3_600 * S
RULED = replace(RULES, session=SimpleHours())


def code_of(*, deadline_ns: int | None = None, now_ns: int = MONDAY_NS, **window: int) -> tuple[str, str] | None:
    """Return code and field of the refusal of a schedule with this window; None where it is taken."""
    order = replace(
        intent("a"),
        effective_ns=now_ns,
        start_by_ns=now_ns + 24 * HOUR_NS,
        expire_ns=deadline_ns,
        algo=AlgoSpec(name="vwap", parameters=dict(window)),
    )
    refusal = accept(order, RULED, now_ns)
    return None if refusal is None else (refusal.code, refusal.field)


@pytest.mark.parametrize(
    "start_h, end_h, expected",
    [
        (0, 6, None),
        (1, 7, ("window_outside_session", "algo.end")),
        (-1, 6, ("window_outside_session", "algo.start")),
        (24, 25, ("window_outside_session", "algo.start")),
        (-2, -1, ("window_passed", "algo.end")),
    ],
)
def test_a_window_outside_the_session_is_refused(start_h: int, end_h: int, expected: tuple[str, str] | None) -> None:
    """Windows outside the session are refused when the file arrives, never when they would be worked."""
    window = {"start_ns": MONDAY_NS + start_h * HOUR_NS, "end_ns": MONDAY_NS + end_h * HOUR_NS}

    assert expected == code_of(**window)


def test_a_window_is_of_the_session_that_comes() -> None:
    """A file of the evening may name hours of the next day."""
    evening_ns, ten_ns = MONDAY_NS + 10 * HOUR_NS, MONDAY_NS + 24 * HOUR_NS + HOUR_NS // 2

    assert code_of(now_ns=evening_ns, start_ns=ten_ns, end_ns=ten_ns + HOUR_NS) is None


def test_a_deadline_before_the_window_is_refused() -> None:
    """Nothing could ever be done."""
    start_ns = MONDAY_NS + 2 * HOUR_NS

    assert ("window_passed", "algo.start") == code_of(deadline_ns=start_ns - S, start_ns=start_ns)


def test_the_refusal_of_a_window_tells_times_as_people_read_them() -> None:
    """New York times, no nanoseconds."""
    window = {"start_ns": MONDAY_NS - HOUR_NS, "end_ns": MONDAY_NS + HOUR_NS}
    order = replace(intent("a"), effective_ns=MONDAY_NS, start_by_ns=MONDAY_NS + HOUR_NS)
    refusal = accept(replace(order, algo=AlgoSpec(name="vwap", parameters=window)), RULED, MONDAY_NS)

    assert refusal is not None
    told = "the start at 2026-03-02 08:30:00 New York is outside the session of 2026-03-02 09:30:00 New York to"
    assert f"{told} 2026-03-02 16:00:00 New York" == refusal.text
