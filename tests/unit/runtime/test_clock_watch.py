"""Three clocks, compared: a wall that was set, a machine that slept, a process that was stopped."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.events import ClockJumped, TroubleReported
from execd.runtime.clock import SystemClock
from execd.runtime.clock_watch import ClockLimits, ClockWatch, Grade, Sample, Verdict, look
from tests.unit.runtime.ports import NOW_NS, S, SetClock, Sink

LIMITS = ClockLimits()
BEFORE = Sample(wall_ns=NOW_NS, boot_ns=100 * S, mono_ns=90 * S, ours_ns=NOW_NS)


def after(*, passed_s: float = 1, slept_s: float = 0, wall_stepped_s: float = 0) -> Sample:
    """Return the next look, when so much time has passed awake and asleep and the wall was set by so much."""
    awake_ns, all_ns = int(passed_s * S), int((passed_s + slept_s) * S)
    return Sample(
        wall_ns=BEFORE.wall_ns + all_ns + int(wall_stepped_s * S),
        boot_ns=BEFORE.boot_ns + all_ns,
        mono_ns=BEFORE.mono_ns + awake_ns,
        ours_ns=BEFORE.ours_ns + all_ns,
    )


LOOKS: list[tuple[str, Sample, Grade, int, int]] = [
    # what happened, the second look, grade, wall stepped (s), away (s)
    ("an ordinary second", after(), "well", 0, 0),
    ("a tardy loop", after(passed_s=5.9), "well", 0, 0),
    ("a wall set a little", after(wall_stepped_s=1.9), "well", 0, 0),
    ("a wall set forward", after(wall_stepped_s=3), "alert", 3, 0),
    ("a wall set back", after(wall_stepped_s=-3), "alert", -3, 0),
    ("an hour forward", after(wall_stepped_s=3_600), "halt", 3_600, 0),
    ("a day back", after(wall_stepped_s=-86_400), "halt", -86_400, 0),
    ("a short sleep", after(slept_s=4), "well", 0, 0),
    ("a sleep", after(slept_s=600), "well", 0, 600),
    ("a sleep with a wall that woke up wrong", after(slept_s=60, wall_stepped_s=45), "halt", 45, 60),
    ("a process that was stopped for a minute", after(passed_s=61), "well", 0, 60),
]


@pytest.mark.parametrize("second, grade, stepped_s, away_s", [row[1:] for row in LOOKS], ids=[row[0] for row in LOOKS])
def test_two_looks_say_what_happened(second: Sample, grade: Grade, stepped_s: int, away_s: int) -> None:
    """Fault F1: |skew| above 2 s alerts, above 30 s halts. Fault F2, G3: a sleep or a stop is seen as such."""
    verdict = look(BEFORE, second, LIMITS)

    expected = (grade, stepped_s * S, away_s * S)
    assert expected == (verdict.grade, verdict.stepped_ns, verdict.away_ns)


GRADES: list[tuple[Grade, float, Grade]] = [
    ("halt", 31, "halt"),
    ("halt", 29, "halt"),
    ("halt", 2.1, "halt"),
    ("halt", 2, "well"),
    ("alert", 29, "alert"),
    ("alert", 31, "halt"),
    ("alert", -1, "well"),
    ("well", -31, "halt"),
]


@pytest.mark.parametrize("grade, skew_s, expected", GRADES)
def test_a_halt_ends_only_where_not_even_an_alert_would_stand(grade: Grade, skew_s: float, expected: Grade) -> None:
    """Near the bound nothing flaps: what halted stays halted until the clocks agree."""
    second = after(wall_stepped_s=skew_s)

    assert expected == look(BEFORE, second, LIMITS, grade=grade).grade


@given(
    passed_s=st.floats(0, 1e6),
    slept_s=st.floats(0, 1e6),
    stepped_s=st.floats(-1e6, 1e6),
    grade=st.sampled_from(["well", "alert", "halt"]),
)
def test_the_grade_depends_only_on_the_skew(passed_s: float, slept_s: float, stepped_s: float, grade: Grade) -> None:
    """However time passed, more than 30 s apart is a halt and at most 2 s apart is well."""
    second = after(passed_s=passed_s, slept_s=slept_s, wall_stepped_s=stepped_s)
    verdict = look(BEFORE, second, LIMITS, grade=grade)
    apart_ns = abs(second.skew_ns)

    expected = "halt" if apart_ns > 30 * S else "well" if apart_ns <= 2 * S else verdict.grade
    assert (expected, second.skew_ns) == (verdict.grade, verdict.skew_ns)


def told(*verdicts: Verdict) -> list[str]:
    """Return in a word each what a watch tells of these verdicts, gaps included."""
    sink, story = Sink(), []

    watch = ClockWatch(clock=SetClock(), post=sink.post, on_away=lambda _: story.append("gap"))
    for verdict in verdicts:
        before = len(sink.events)
        watch.tell(verdict)
        for event in sink.events[before:]:
            assert isinstance(event, ClockJumped | TroubleReported)
            if isinstance(event, ClockJumped):
                story.append("suspend" if event.is_suspend else "jump")
            else:
                story.append(f"{event.cause} over" if event.is_over else event.cause)
    return story


def test_what_the_streams_said_is_stale_before_anybody_hears_of_the_sleep() -> None:
    """Fault F2: after a suspend the gap is announced first, then the jump; nothing is said twice."""
    story = told(Verdict(grade="well", skew_ns=0, slept_ns=600 * S), Verdict(grade="well", skew_ns=0))

    assert ["gap", "suspend"] == story


def test_a_skew_is_told_when_it_begins_and_when_it_ends() -> None:
    """Fault F1: one jump and one trouble at the beginning, one all-clear at the end, nothing between."""
    wrong = Verdict(grade="halt", skew_ns=40 * S)
    story = told(
        Verdict(grade="halt", skew_ns=40 * S, stepped_ns=40 * S), wrong, wrong, Verdict(grade="well", skew_ns=0)
    )

    assert ["jump", "clock_skew", "clock_skew over"] == story


def test_our_time_passes_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suspend of ten minutes is ten minutes later for deadlines too: the clock counts the time since boot."""
    boot = {"ns": 5 * S}
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _: boot["ns"])
    ours = SystemClock()
    first_ns = ours.now_ns()
    boot["ns"] += 600 * S

    assert ours.now_ns() - first_ns == 600 * S
