"""The task `reconciler`: reads what the accounts hold at their brokers, when the engine asks for it.

One reading of an account at a time; what is asked for meanwhile waits, and the
same twice is once. A reading that fails is tried again after 1, 2 and 4 s, and
then told as failed: it proves nothing. What a reading means is the engine's.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from msgspec.structs import replace

from execd.core.events import RateLimitHit, TakeSnapshot
from execd.core.reading import SnapshotFailed, SnapshotReceived
from execd.core.snapshot import AccountSnapshot
from execd.errors import BrokerError, RateLimited
from execd.ports import Broker, Clock
from execd.runtime.post import Post

READ_S_MAX: Final = 20.0
"""A reading that takes longer is given up; ten thousand orders take a second."""
PAUSES_S: Final = (1.0, 2.0, 4.0)
WAITING_MAX: Final = 8
"""Readings that wait for one account: the engine's own, and those that operators ask for."""

log = structlog.get_logger("execd.reconciler")


class Reconciler:
    """`TakeSnapshot` in, `SnapshotReceived` or `SnapshotFailed` out."""

    def __init__(
        self, *, brokers: Mapping[str, Broker], post: Post, clock: Clock, pauses_s: Sequence[float] = PAUSES_S
    ) -> None:
        """`brokers` by account name; a reading that fails is tried again after each of `pauses_s`."""
        self._pauses_s = (*pauses_s, None)
        self._met = asyncio.Event()
        self._brokers = brokers
        self._post = post
        self._clock = clock
        self._waiting: dict[str, dict[TakeSnapshot, None]] = {account: {} for account in brokers}
        self._grows = {account: asyncio.Event() for account in brokers}
        self._read_now: dict[str, TakeSnapshot] = {}
        self._unread = dict.fromkeys(brokers)

    def take(self, effect: TakeSnapshot) -> None:
        """Read an account soon; one reading more than may wait is told as failed."""
        waiting = self._waiting[effect.account]
        if len(waiting) >= WAITING_MAX and effect not in waiting:
            self._fail(effect, f"{WAITING_MAX} readings of {effect.account} wait already")
            return
        waiting[effect] = None
        self._grows[effect.account].set()

    async def met(self) -> None:
        """Return once each account was read, or could not be."""
        await self._met.wait()

    def announce(self, text: str) -> None:
        """Tell that what was asked for was not read: the task died of something, and begins anew."""
        lost = [*self._read_now.values(), *(effect for waiting in self._waiting.values() for effect in waiting)]
        self._read_now.clear()
        for waiting in self._waiting.values():
            waiting.clear()
        for effect in lost:
            self._fail(effect, text)

    async def run(self) -> None:
        """Read, for ever."""
        async with asyncio.TaskGroup() as group:
            for account, broker in self._brokers.items():
                group.create_task(self._serve(account, broker))

    async def _serve(self, account: str, broker: Broker) -> None:
        waiting, grows = self._waiting[account], self._grows[account]
        while True:
            await grows.wait()
            grows.clear()
            while waiting:
                effect = self._read_now[account] = next(iter(waiting))
                # The same asked for from now on is another: what it is about may happen behind this one.
                del waiting[effect]
                await self._read(effect, broker)
                del self._read_now[account]
                self._unread.pop(account, None)
                if not self._unread:
                    self._met.set()

    async def _read(self, effect: TakeSnapshot, broker: Broker) -> None:
        for pause_s in self._pauses_s:
            asked_ns = self._clock.now_ns()
            try:
                async with asyncio.timeout(READ_S_MAX):
                    snapshot = await broker.snapshot(effect.since_ns)
            except (BrokerError, TimeoutError) as error:
                self._tell_limit(effect.account, error)
                text = str(error) or f"nothing was told within {READ_S_MAX:g} s"
                log.warning("snapshot_failed", account=effect.account, error=text, pause_s=pause_s)
                if pause_s is None:
                    self._fail(effect, text)
                    return
                await asyncio.sleep(pause_s)
            else:
                self._tell(effect, snapshot, asked_ns)
                return

    def _tell_limit(self, account: str, error: Exception) -> None:
        """Let the account wait where its broker said that it asks too often."""
        if isinstance(error, RateLimited):
            now_ns = self._clock.now_ns()
            self._post(RateLimitHit(now_ns=now_ns, account=account, until_ns=error.until_ns, text=str(error)))

    def _tell(self, effect: TakeSnapshot, snapshot: AccountSnapshot, asked_ns: int) -> None:
        now_ns = self._clock.now_ns()
        # The instants are those of whoever compares: the broker's clock may differ from ours.
        seen = replace(snapshot, asked_ns=asked_ns, read_ns=now_ns)
        self._post(SnapshotReceived(now_ns=now_ns, snapshot=seen, ref=effect.ref, is_dry=effect.is_dry))

    def _fail(self, effect: TakeSnapshot, text: str) -> None:
        now_ns = self._clock.now_ns()
        self._post(SnapshotFailed(now_ns=now_ns, account=effect.account, text=text, ref=effect.ref))
