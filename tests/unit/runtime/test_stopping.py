"""Who asked for the end, and what the heartbeat proves."""

import asyncio

import pytest

from execd.core.batch import Batch
from execd.core.commands import Operated
from execd.core.events import CommandReceived
from execd.core.order import Order
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.journal.memory import MemoryJournal
from execd.runtime import watchdog as room
from execd.runtime.pump import Pump
from execd.runtime.stopping import ORDERS_LEFT, Ended, StopWish, alert_of
from execd.runtime.supervisor import said
from execd.runtime.watchdog import Heartbeat
from tests.unit.runtime.ports import NOW_NS, SetClock, new_order
from tests.world import RULES


def test_the_first_to_ask_is_heard_and_a_second_signal_means_at_once() -> None:
    """A command does not hurry a stop, and does not change its policy; a signal after it does hurry it."""
    wish = StopWish()
    wish.ask("asked by user 7", "cancel")
    wish.ask("asked by user 8", "leave")
    is_hurried = wish.hurry.is_set()
    wish.signal()

    assert ("asked by user 7", "cancel", False, True) == (wish.reason, wish.policy, is_hurried, wish.hurry.is_set())


def test_a_first_signal_is_a_wish_like_any_other() -> None:
    """It leaves the policy to the configuration."""
    wish = StopWish()
    wish.signal()

    assert (True, False, "signal", None) == (wish.asked.is_set(), wish.hurry.is_set(), wish.reason, wish.policy)


async def test_who_asked_for_the_end_hears_how_it_came_out() -> None:
    """`execd stop --cancel` must not say `stopped` and nothing else where orders are still at the broker. Fault G2."""
    wish = StopWish()
    waiting = asyncio.create_task(wish.ended())
    await asyncio.sleep(0)
    was_told = waiting.done()
    wish.tell(Ended(ORDERS_LEFT, "one is left"))

    assert (False, (ORDERS_LEFT, "one is left")) == (was_told, await waiting)


def test_orders_that_stay_are_named_up_to_a_number() -> None:
    """Whose they are, what they may still trade, whether that is in doubt: a person must find them at the broker."""
    left = [Order(requests=(new_order(f"e-p-{n}"),), sent_ns=NOW_NS) for n in range(22)]
    one, many = alert_of(left[:1]), alert_of(left)

    expected = "stopped, but 1 order is still at the broker: buy 10 AAPL (p, e-p-0); the next start takes them up"
    assert (expected, "critical", ORDERS_LEFT) == (one.text, one.severity, one.code)
    assert ("22 orders are" in many.text, " and 2 more;" in many.text, "e-p-20" in many.text) == (True, True, False)


class StuckJournal(MemoryJournal):
    """A disk that does not answer."""

    async def commit(self, batch: Batch) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()


@pytest.mark.parametrize("is_stuck", [False, True])
async def test_a_commit_that_never_returns_stops_the_heart(is_stuck: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001  # The case.
    """Fault B14, G7: no beat while a commit hangs, so the watchdog ends the process; a commit that ends beats on."""
    monkeypatch.setattr(room, "BEAT_S_MAX", 0.01)
    beats: list[float] = []
    enough = asyncio.Event()

    def beat() -> None:
        beats.append(asyncio.get_running_loop().time())
        if len(beats) >= 5:
            enough.set()

    journal = StuckJournal(created_ns=NOW_NS) if is_stuck else MemoryJournal(created_ns=NOW_NS)
    pump = Pump(cycle=Cycle(Engine(RULES, "0000000")), journal=journal, clock=SetClock())
    heartbeat = Heartbeat(pump=pump, period_s=0.01, on_beat=beat)
    tasks = [asyncio.create_task(pump.run(lambda _: None, lambda: None, ())), asyncio.create_task(heartbeat.run())]
    pump.post(CommandReceived(now_ns=NOW_NS, command=Operated(verb="try"), uid=0))
    try:
        async with asyncio.timeout(0.3):
            await enough.wait()
    except TimeoutError:
        pass  # So it should be where the disk is stuck.
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    # One for the turn that began, none after it.
    assert (is_stuck, heartbeat.is_fresh()) == (len(beats) <= 2, not is_stuck)


SAID = [
    (ValueError("bad"), "ValueError: bad"),
    (ValueError(), "ValueError"),
    (ExceptionGroup("g", [ExceptionGroup("h", [OSError(5, "I/O error")])]), "OSError: [Errno 5] I/O error"),
    (ExceptionGroup("g", [ValueError("a"), KeyError("b")]), "ValueError: a; KeyError: 'b'"),
]


@pytest.mark.parametrize("error, expected", SAID)
def test_an_error_is_told_in_a_line_and_a_group_of_one_as_that_one(error: Exception, expected: str) -> None:
    """An operator reads what went wrong, not how our tasks are grouped."""
    assert expected == said(error)
