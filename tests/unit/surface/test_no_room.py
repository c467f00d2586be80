"""What is answered while the journal has no room: at once, and that nothing is done before there is some."""

import asyncio

import pytest

from execd.core.events import Reply
from execd.surface.answers import STATUS, Problem
from execd.surface.verbs import NO_ROOM, unless_full
from tests.unit.runtime.test_pump import Told, arrival, pumping

ACCEPTED = Reply(ref="command:1", is_ok=True, code="accepted")


async def test_a_command_hears_that_there_is_no_room_and_is_not_kept_waiting() -> None:
    """Fault B3. It is neither refused nor done: it is taken when there is room, and its asker is told so."""
    told = Told()
    told.has_ballast, told.refuses_n, told.full_retry_s = False, 1_000_000, 60.0
    answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    async with pumping(told) as pump:
        pump.post(arrival("a"))
        async with asyncio.timeout(1):
            with pytest.raises(Problem, match="make room") as refused:
                await unless_full(pump, answer)

    assert (NO_ROOM, 507, True) == (refused.value.code, STATUS[NO_ROOM], answer.cancelled())


async def test_an_answer_is_an_answer_where_there_is_room() -> None:
    """What the engine says is passed on as it is."""
    answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    async with pumping(Told()) as pump:
        asyncio.get_running_loop().call_soon(answer.set_result, ACCEPTED)
        async with asyncio.timeout(1):
            heard = await unless_full(pump, answer)

    assert ACCEPTED == heard
