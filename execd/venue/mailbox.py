"""A bounded queue between the simulated venue and one listener.

It never blocks the writer. When the listener is too slow the queue is emptied
and says so with a gap, as a real stream does that was cut. It never drops
anything silently.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Generic, TypeVar

ITEMS_MAX: Final = 50_000
"""Half a minute of the busiest tape; a listener that is further behind is better off asking anew."""

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """One writer, one listener. `gap` is what a listener reads that missed something."""

    def __init__(self, gap: Item, items_max: int = ITEMS_MAX) -> None:
        self._gap = gap
        self._items_max = items_max
        self._items: deque[Item] = deque()
        self._error: BaseException | None = None
        self._fills = asyncio.Event()

    def put(self, item: Item) -> None:
        """Add an item; in the place of too many there is the gap alone."""
        if len(self._items) >= self._items_max:
            self._items.clear()
            self._items.append(self._gap)
        self._items.append(item)
        self._fills.set()

    def fail(self, error: BaseException) -> None:
        """Let the listener raise `error` once it has read what is here."""
        self._error = error
        self._fills.set()

    async def items(self) -> AsyncIterator[Item]:
        """Yield items as they come, for ever; a second listener goes on where the first one stopped."""
        while True:
            while self._items:
                yield self._items.popleft()
            await self._filled()

    async def batches(self, items_max: int) -> AsyncIterator[list[Item]]:
        """Yield what has come since, some items at a time, for ever."""
        while True:
            while self._items:
                yield [self._items.popleft() for _ in range(min(items_max, len(self._items)))]
            await self._filled()

    async def _filled(self) -> None:
        if self._error is not None:
            raise self._error
        self._fills.clear()
        await self._fills.wait()
