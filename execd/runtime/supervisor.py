"""All tasks of the daemon, under one TaskGroup.

*Spine* tasks never restart: their exception ends the process, and recovery is
the ordinary start. *Edges* are started again with a growing, jittered pause
(`backoff`); before that they announce what may have been missed. A new task is one line in
`app.py`; its name is what status, logs and metrics call it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final, Literal, Protocol, Self

import structlog

from execd.runtime.backoff import Backoff

HEALTHY_S: Final = 60.0
"""An edge that lived so long begins again with the shortest pause."""
LIVES_S: Final = 5.0
"""An edge that lives so long has begun well, whatever comes after."""
SAID_MAX: Final = 5
"""Errors of a group that are told."""

Run = Callable[[], Awaitable[None]]
Announce = Callable[[str], None]
log = structlog.get_logger("execd.supervisor")


class Watch(Protocol):
    """Somebody who wants to know how an edge fares."""

    def failed(self, failed_n: int, text: str) -> None:
        """Hear that it ended, for the `failed_n`-th time in a row."""

    def well(self) -> None:
        """Hear that it has lived for a while."""


class TaskState:
    """What is known of one task, for status and metrics."""

    def __init__(self, name: str, kind: Literal["spine", "edge"]) -> None:
        """Begin as not begun."""
        self.name: Final = name
        self.kind: Final = kind
        self.is_up = False
        self.restarts_n = 0
        self.failed_n = 0
        """How often it has failed in a row; one that lives for a minute begins anew."""
        self.error = ""


class Supervisor:
    """Starts, restarts and stops tasks by name."""

    def __init__(self) -> None:
        """Begin with no task."""
        self.states: dict[str, TaskState] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        """Open the group; tasks may be started."""
        await self._group.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Wait for all tasks; raise the group of what a spine task died of."""
        await self._group.__aexit__(kind, error, None)

    def spine(self, name: str, run: Run) -> None:
        """Start a task without which there is no daemon."""
        state = self._state(name, "spine")
        self._tasks[name] = self._group.create_task(self._once(state, run), name=name)

    def edge(self, name: str, run: Run, announce: Announce, watch: Watch | None = None) -> None:
        """Start a task that may fail and come back; `announce` is called before each new beginning."""
        state = self._state(name, "edge")
        self._tasks[name] = self._group.create_task(self._again(state, run, announce, watch), name=name)

    async def stop(self, *names: str) -> None:
        """Cancel the named tasks (all where none is named) and wait until they have ended."""
        wanted = [self._tasks[name] for name in names or tuple(self._tasks) if name in self._tasks]
        for task in wanted:
            task.cancel()
        await asyncio.gather(*wanted, return_exceptions=True)

    def _state(self, name: str, kind: Literal["spine", "edge"]) -> TaskState:
        return self.states.setdefault(name, TaskState(name, kind))

    async def _once(self, state: TaskState, run: Run) -> None:
        state.is_up = True
        try:
            await run()
        finally:
            state.is_up = False

    async def _again(self, state: TaskState, run: Run, announce: Announce, watch: Watch | None) -> None:
        loop, backoff, failed_n = asyncio.get_running_loop(), Backoff(state.name), 0
        while True:
            began_s = loop.time()
            backoff.begun(began_s)
            lives = loop.call_later(LIVES_S, watch.well) if watch is not None else None
            try:
                await self._once(state, run)
                state.error = "ended"
            except Exception as error:  # noqa: BLE001  # An edge comes back from whatever it died of; that is its kind.
                state.error = said(error)
            finally:
                if lives is not None:
                    lives.cancel()
            ended_s = loop.time()
            failed_n = state.failed_n = 0 if ended_s - began_s > HEALTHY_S else failed_n + 1
            pause_s = backoff.pause_s(failed_n, ended_s)
            state.restarts_n += 1
            log.warning("task_restarts", task=state.name, error=state.error, pause_s=round(pause_s, 3))
            announce(state.error)
            if watch is not None:
                watch.failed(max(1, failed_n), state.error)
            await asyncio.sleep(pause_s)


async def within(seconds: float, waiting: Awaitable[None], event: str) -> None:
    """Wait, but not longer; what did not end in time is told under the name `event`."""
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        log.warning(event, seconds=seconds)


async def first_of(one: Awaitable[object], other: Awaitable[object]) -> None:
    """Wait until one of two has ended; what has not ended by then is cancelled."""
    waiting = (asyncio.ensure_future(one), asyncio.ensure_future(other))
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def together(*runs: Coroutine[None, None, None]) -> None:
    """Run all until one ends, end the others, and raise what the first one died of.

    For edges in the place of a TaskGroup: one that is cancelled in the moment in which a child fails tells of the
    failure alone, and its edge would begin again instead of being stopped.
    """
    tasks = [asyncio.ensure_future(run) for run in runs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


def said(error: BaseException) -> str:
    """Return what an error says, in a line; a group of one is that one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(said(one) for one in error.exceptions[:SAID_MAX])
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
