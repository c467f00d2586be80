"""What `/metrics` answers: encoded in a thread, and once for all who ask at about the same time.

To encode is the dearest thing that a stranger can ask for; however many ask,
and however often, it costs no more than a few times a second. What the
figures mean is in `metrics` and `gauges`.
"""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

FRESH_S_MAX: Final = 0.2
"""A scraper comes every few seconds: figures of so little ago are as good."""
LAST_S_MAX: Final = 2.0
"""Given while the next one is being made; older figures are waited for."""
FORMATS_MAX: Final = 8
"""Formats and ways to escape names that somebody may ask for; their last answers are kept."""


class Scraped(NamedTuple):
    """An encoded answer, and when it was begun, by the loop's clock."""

    body: bytes
    content_type: str
    began_s: float


class Scrapes:
    """Encodes the metrics for whoever asks."""

    def __init__(self, registry: CollectorRegistry, read: Callable[[], None]) -> None:
        """`read` refreshes the gauges."""
        self._registry = registry
        self._read = read
        self._turn = asyncio.Lock()
        self._made: dict[str, Scraped] = {}

    async def answer(self, accept: str) -> Scraped:
        """Return the metrics in the format that is asked for, at most LAST_S_MAX old."""
        encoder, content_type = choose_encoder(accept)
        last = self._made.get(content_type)
        # While it is made anew the others take the last one: who waits holds a place at the door.
        if last is not None and (self._turn.locked() or self._is_fresh(last)) and self._age_s(last) <= LAST_S_MAX:
            return last
        async with self._turn:
            last = self._made.get(content_type)
            if last is None or not self._is_fresh(last):
                began_s = asyncio.get_running_loop().time()
                self._read()
                last = Scraped(await asyncio.to_thread(encoder, self._registry), content_type, began_s)
                if len(self._made) >= FORMATS_MAX:
                    self._made.clear()
                self._made[content_type] = last
            return last

    def _is_fresh(self, made: Scraped) -> bool:
        return self._age_s(made) <= FRESH_S_MAX

    def _age_s(self, made: Scraped) -> float:
        return asyncio.get_running_loop().time() - made.began_s
