"""Edges come back, the spine does not."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.runtime import supervisor as room
from execd.runtime.supervisor import PAUSE_S_MAX, PAUSE_S_MIN, Supervisor, pause_after


@given(failed_n=st.integers(0, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_a_pause_grows_to_its_cap_and_never_vanishes(failed_n: int, draw: float) -> None:
    """However often an edge failed, its pause lies between half the shortest and the longest."""
    assert PAUSE_S_MIN / 2 <= pause_after(failed_n, draw) <= PAUSE_S_MAX


async def test_an_edge_announces_before_it_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure the gap is told first, then the task starts anew."""
    monkeypatch.setattr(room, "PAUSE_S_MIN", 0.0)
    story: list[str] = []
    again = asyncio.Event()

    async def edge() -> None:
        story.append("begin")
        if len(story) > 1:
            again.set()
            await asyncio.Event().wait()
        raise ConnectionError("cut")

    async with Supervisor() as supervisor:
        supervisor.edge("listener", edge, lambda text: story.append(f"gap: {text}"))
        async with asyncio.timeout(1):
            await again.wait()
        state = supervisor.states["listener"]
        told = (state.is_up, state.restarts_n, state.error)
        await supervisor.stop()

    expected = ["begin", "gap: ConnectionError: cut", "begin"]
    assert (story, told) == (expected, (True, 1, "ConnectionError: cut"))


async def test_an_exception_of_the_spine_ends_everything() -> None:
    """What a spine task dies of comes out, and the other tasks are stopped with it."""
    stopped = asyncio.Event()

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    async def spine() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.RaisesGroup(ZeroDivisionError):
        async with Supervisor() as supervisor:
            supervisor.edge("other", other, lambda _: None)
            supervisor.spine("engine", spine)
            await asyncio.Event().wait()

    assert stopped.is_set()


async def test_a_stopped_task_is_down_and_the_others_go_on() -> None:
    """Tasks are stopped by name."""

    async def forever() -> None:
        await asyncio.Event().wait()

    async with Supervisor() as supervisor:
        for name in ("inbox", "engine"):
            supervisor.spine(name, forever)
        await asyncio.sleep(0)
        await supervisor.stop("inbox")
        up = {name: state.is_up for name, state in supervisor.states.items()}
        await supervisor.stop()

    assert up == {"inbox": False, "engine": True}
