"""What the daemon knows of itself: its state, and whether its loop keeps up.

Written by `app.py` and the task `health`, read by status, health checks and
metrics. It decides nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Literal

SAMPLE_S: Final = 0.25
"""How often the loop's lag is measured: four timers a second cost nothing."""

State = Literal["starting", "ready", "stopping"]


class Health:
    """The state of the process, as others may read it."""

    def __init__(self, *, started_ns: int, hindrance: Callable[[], str] = lambda: "") -> None:
        """Begin as starting. `hindrance` says what keeps a daemon that runs from working; empty where nothing does."""
        self.hindrance: Final = hindrance
        self.started_ns: Final = started_ns
        self.state: State = "starting"
        self.lags_s: list[float] = []
        self.lag_s_max = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether intents are taken and worked."""
        return self.state == "ready" and not self.hindrance()

    def take_lags(self) -> list[float]:
        """Return the lags measured since the last call, seconds."""
        lags, self.lags_s = self.lags_s, []
        return lags

    async def run(self) -> None:
        """Measure how late the loop wakes, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + SAMPLE_S
            await asyncio.sleep(SAMPLE_S)
            lag_s = max(0.0, loop.time() - due_s)
            self.lag_s_max = max(self.lag_s_max, lag_s)
            # As many as four minutes hold; nobody may be scraping.
            self.lags_s = [*self.lags_s[-1_000:], lag_s]
