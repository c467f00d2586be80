"""The task `recaller`: fetches from the journal the parents of orders that left memory.

One question at a time, in the order in which they came; the answer is an event.
It never decides what an answer means, and a question it cannot read an answer
to ends the process like any failing journal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from execd.core.events import Recall, RecallAnswered
from execd.core.order import Order
from execd.core.parents import Parent
from execd.ports import Clock
from execd.runtime.post import Post

WAITING_MAX: Final = 10_000
"""More orders than ever leave memory at a time; one that is dropped is asked about again at the next start."""

Remember = Callable[[str], Awaitable[tuple[Parent, tuple[Order, ...]] | None]]
log = structlog.get_logger("execd.recaller")


class Recaller:
    """Asks the journal whose an order is."""

    def __init__(self, *, remember: Remember, post: Post, clock: Clock) -> None:
        """`remember` is the journal's `recall`."""
        self._remember = remember
        self._post = post
        self._clock = clock
        self._asked: asyncio.Queue[Recall] = asyncio.Queue(WAITING_MAX)

    def recall(self, effect: Recall) -> None:
        """Ask about an order."""
        try:
            self._asked.put_nowait(effect)
        except asyncio.QueueFull:
            log.warning("recall_dropped", cl_ord_id=effect.cl_ord_id, waiting_max=WAITING_MAX)

    async def run(self) -> None:
        """Answer, for ever."""
        while True:
            effect = await self._asked.get()
            found = await self._remember(effect.cl_ord_id)
            parent, orders = (None, ()) if found is None else found
            now_ns = self._clock.now_ns()
            answer = RecallAnswered(
                now_ns=now_ns, cl_ord_id=effect.cl_ord_id, account=effect.account, parent=parent, orders=orders
            )
            self._post(answer)
