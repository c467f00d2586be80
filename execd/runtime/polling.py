"""Asking instead of listening: while an account's report stream is down, or not wanted at all.

`StreamWatch` tells once when a stream fails again and again and once when it
is well again; meanwhile its account is polled. What to ask is the engine's, who
has a token for each question; here is only the beat.
"""

import asyncio
from typing import Final

from execd.core.events import PollDue, TroubleReported
from execd.ports import Clock
from execd.runtime.post import Post

POLL_S: Final = 5.0


class StreamWatch:
    """How a stream fares (`supervisor.Watch`). `account` is empty for quotes."""

    def __init__(self, *, stream: str, account: str, alert_after: int, post: Post, clock: Clock) -> None:
        """Tell after `alert_after` failures in a row."""
        self.is_down = False
        self._name = f"the {stream} stream of {account}" if account else f"the {stream} stream"
        self._account = account
        self._alert_after = alert_after
        self._post = post
        self._clock = clock

    def failed(self, failed_n: int, text: str) -> None:
        """Hear that it ended, for the `failed_n`-th time in a row."""
        if failed_n >= self._alert_after and not self.is_down:
            self.is_down = True
            self._tell(f"{self._name} has failed {failed_n} times in a row, it is tried on: {text}")

    def well(self) -> None:
        """Hear that it has lived for a while."""
        if self.is_down:
            self.is_down = False
            self._tell(f"{self._name} is up again", is_over=True)

    def _tell(self, text: str, *, is_over: bool = False) -> None:
        self._post(
            TroubleReported(
                now_ns=self._clock.now_ns(),
                cause="stream_down",
                text=text,
                account=self._account,
                is_over=is_over,
                is_halting=False,
            )
        )


class Poller:
    """The task `poller`: a beat for every account whose reports are not heard."""

    def __init__(self, *, watches: dict[str, StreamWatch], is_always: bool, post: Post, clock: Clock) -> None:
        """`watches` by account; `is_always`: reports are never listened to."""
        self._watches = watches
        self._is_always = is_always
        self._post = post
        self._clock = clock

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that are polled now."""
        return tuple(name for name, watch in self._watches.items() if self._is_always or watch.is_down)

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            await asyncio.sleep(POLL_S)
            for account in self.accounts:
                self._post(PollDue(now_ns=self._clock.now_ns(), account=account))
