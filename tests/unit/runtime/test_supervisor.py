"""Edges come back, the spine does not."""

import asyncio

import pytest

from execd.runtime import backoff as room
from execd.runtime import supervisor as supervisor_room
from execd.runtime.supervisor import Supervisor, together


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


class Heard:
    """A watch that notes what it hears."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.was_well = asyncio.Event()

    def failed(self, failed_n: int, text: str) -> None:
        """Note a failure."""
        self.told.append(f"failed {failed_n}: {text}")

    def well(self) -> None:
        """Note that it lives."""
        self.told.append("well")
        self.was_well.set()


async def test_a_watch_hears_of_each_failure_in_a_row_and_of_a_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever polls while a stream is down hears when that begins and when it ends."""
    monkeypatch.setattr(room, "PAUSE_S_MIN", 0.0)
    monkeypatch.setattr(supervisor_room, "LIVES_S", 0.0)
    watch, lives_n = Heard(), 0

    async def edge() -> None:
        nonlocal lives_n
        lives_n += 1
        if lives_n == 3:
            await asyncio.Event().wait()
        raise ConnectionError("cut")

    async with Supervisor() as supervisor:
        supervisor.edge("listener", edge, lambda _: None, watch)
        async with asyncio.timeout(1):
            await watch.was_well.wait()
        failed_n = supervisor.states["listener"].failed_n
        await supervisor.stop()

    assert (["failed 1: ConnectionError: cut", "failed 2: ConnectionError: cut", "well"], 2) == (watch.told, failed_n)


async def test_an_edge_that_fails_in_the_moment_of_its_stop_is_stopped() -> None:
    """What runs together is cancelled as one, also where a part of it dies of something in that very moment."""
    began, waits = list[str](), asyncio.Event()

    async def fails() -> None:
        waits.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("cut")

    async def edge() -> None:
        began.append("begin")
        await together(fails(), asyncio.sleep(3_600))

    async with Supervisor() as supervisor:
        supervisor.edge("listener", edge, lambda _: None)
        await waits.wait()
        async with asyncio.timeout(1):
            await supervisor.stop("listener")

    assert ["begin"] == began


async def test_what_runs_together_ends_with_the_first_and_dies_of_its_error() -> None:
    """The others are ended, and have ended, before the error is told."""
    story: list[str] = []

    async def stays() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            story.append("ended")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ConnectionError("cut")

    with pytest.raises(ConnectionError, match="cut"):
        await together(stays(), fails())

    assert ["ended"] == story


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
