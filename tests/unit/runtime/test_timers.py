"""Wakes by key: the last word on a key counts, and what is due comes in order."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from execd.core.events import TimerFired
from execd.runtime.timers import STALE_MAX, Scheduler, Timers
from tests.unit.runtime.ports import NOW_NS, S, SetClock, Sink

KEYS = st.sampled_from("abcdef")
SETS = st.lists(st.tuples(KEYS, st.integers(0, 20)), max_size=200)


@given(sets=SETS, now_ns=st.integers(0, 25))
def test_the_last_word_on_a_key_counts(sets: list[tuple[str, int]], now_ns: int) -> None:
    """What is due is what a dictionary of the last settings says, earliest first; the rest still waits."""
    timers = Timers()
    for key, at_ns in sets:
        timers.set(key, at_ns)
    last = dict(sets)
    due = timers.pop_due(now_ns)

    expected = sorted(key for key, at_ns in last.items() if at_ns <= now_ns)
    assert (expected, sorted(due, key=last.__getitem__), len(last) - len(due)) == (sorted(due), due, len(timers))


@given(at_ns=st.lists(st.integers(0, 1_000_000), min_size=100, max_size=150))
def test_a_key_that_is_set_again_and_again_takes_no_more_room(at_ns: list[int]) -> None:
    """The heap is bounded by the keys that wait, not by how often they were set."""
    timers = Timers()
    for one_ns in at_ns:
        timers.set("key", one_ns)

    assert len(timers._heap) <= 2 + STALE_MAX  # noqa: SLF001  # The room it takes is the subject.


async def test_a_timer_that_is_past_fires_at_once() -> None:
    """A wake in the past is due now."""
    sink = Sink()
    scheduler = Scheduler(post=sink.post, clock=SetClock())
    running = asyncio.create_task(scheduler.run())
    await asyncio.sleep(0)
    scheduler.set("late", NOW_NS - S)
    fired = await sink.first()
    running.cancel()

    assert fired == TimerFired(now_ns=NOW_NS, key="late")
