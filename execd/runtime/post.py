"""The two directions of the engine's door, as types.

`Post` takes an event to the one writer; `Observer` is told, after the commit,
what became of a turn (metrics and logs live on it). Neither can say no.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from execd.core.batch import Batch
from execd.core.events import Effect, Event

Post = Callable[[Event], None]


class Observer(Protocol):
    """Somebody who counts or tells what was decided; it must not raise and must not wait."""

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Take note of a batch that is durable and the effects it released; `commit_s` is 0 where none was needed."""
