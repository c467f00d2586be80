"""Who waits for which answer.

An intent or a command carries a `ref`; the engine's `Reply` names it again,
after the commit. A reply that nobody waits for (its asker has gone, or the
daemon was restarted) is dropped: the journal has the answer.
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

from execd.core.events import Reply

WAITING_MAX: Final = 10_000
"""As many as a full inbox may hold; beyond it an asker is told to come back."""


class Replies:
    """Open questions by their ref."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[str, Callable[[Reply], None]] = {}
        self._numbers = count(1)

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def expect(self, prefix: str, answer: Callable[[Reply], None]) -> str:
        """Return a fresh ref; `answer` is called once with its reply. Raises OverflowError when too many wait."""
        if len(self._waiting) >= WAITING_MAX:
            raise OverflowError(f"{WAITING_MAX} questions wait for an answer")
        ref = f"{prefix}:{next(self._numbers)}"
        self._waiting[ref] = answer
        return ref

    def future(self, prefix: str) -> tuple[str, asyncio.Future[Reply]]:
        """Return a fresh ref and the future of its reply; cancelling the future forgets the ref."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        ref = self.expect(prefix, lambda reply: None if future.done() else future.set_result(reply))
        future.add_done_callback(lambda _: self._waiting.pop(ref, None))
        return ref, future

    def deliver(self, reply: Reply) -> None:
        """Give a reply to whoever asked."""
        answer = self._waiting.pop(reply.ref, None)
        if answer is not None:
            answer(reply)
