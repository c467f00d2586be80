"""The task that reads accounts: one at a time, tried again, told as failed, and never silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from execd.core.effects import TakeSnapshot
from execd.core.reading import SnapshotFailed, SnapshotReceived
from execd.runtime.reconciler import WAITING_MAX, Reconciler
from tests.unit.runtime.ports import NOW_NS, ScriptedBroker, SetClock, Sink


@asynccontextmanager
async def reading(broker: ScriptedBroker) -> AsyncIterator[tuple[Reconciler, Sink]]:
    """Run the task over one account."""
    posted = Sink()
    task = Reconciler(brokers={"sim": broker}, post=posted.post, clock=SetClock(), pauses_s=(0.0, 0.0, 0.0))
    running = asyncio.create_task(task.run())
    try:
        async with asyncio.timeout(5):
            yield task, posted
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_reading_carries_our_instants_and_who_asked() -> None:
    """The broker's clock is its own affair; the ref and whether it is dry come back."""
    async with reading(ScriptedBroker()) as (task, posted):
        task.take(TakeSnapshot(account="sim", since_ns=5, ref="me", is_dry=True))
        await task.met()
        (event,) = posted.events

    assert isinstance(event, SnapshotReceived)
    assert ("me", True, NOW_NS, NOW_NS, 5) == (
        event.ref,
        event.is_dry,
        event.snapshot.asked_ns,
        event.snapshot.read_ns,
        event.snapshot.since_ns,
    )


@pytest.mark.parametrize("fails_n, kind", [(3, SnapshotReceived), (4, SnapshotFailed)])
async def test_a_reading_that_fails_is_tried_four_times(fails_n: int, kind: type[object]) -> None:
    """Then it is told as failed, and never as an account that holds nothing. Fault C20."""
    broker = ScriptedBroker()
    broker.snapshots_fail_n = fails_n
    async with reading(broker) as (task, posted):
        task.take(TakeSnapshot(account="sim", since_ns=5))
        await task.met()

    assert ([kind], 4) == ([type(event) for event in posted.events], len(broker.calls))


async def test_more_readings_than_may_wait_are_told_as_failed() -> None:
    """Whoever asked gets an answer; the same wish twice waits once."""
    broker, posted = ScriptedBroker(), Sink()
    task = Reconciler(brokers={"sim": broker}, post=posted.post, clock=SetClock())
    for n in range(WAITING_MAX + 1):
        task.take(TakeSnapshot(account="sim", since_ns=n, ref="me"))
    task.take(TakeSnapshot(account="sim", since_ns=0, ref="me"))

    assert [SnapshotFailed] == [type(event) for event in posted.events]


async def test_what_a_task_died_with_is_told_as_failed() -> None:
    """The engine waits for no answer that never comes."""
    posted = Sink()
    task = Reconciler(brokers={"sim": ScriptedBroker()}, post=posted.post, clock=SetClock())
    task.take(TakeSnapshot(account="sim", since_ns=1))
    task.announce("ValueError: a defect")

    assert [("sim", "ValueError: a defect")] == [
        (event.account, event.text) for event in posted.events if isinstance(event, SnapshotFailed)
    ]
