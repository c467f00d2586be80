"""The task `inbox`: files become intents, and move on once the journal has them.

The kernel's notice of a renamed file is only a wake-up; a full scan at least
each second is the truth. Each file is parsed, posted, and moved to accepted/
or rejected/ after the engine's reply, so a crash in between finds it again and
the same id trades nothing twice. A bad file never stops another one. Which
files count, and how they are moved, is the adapter's (`intake/watch.py`).
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import structlog

from execd.core.events import ParentReceived, Reply
from execd.core.orders import ParentOrder
from execd.errors import IntentError
from execd.ports import Clock
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies

IN_FLIGHT_MAX: Final = 64
"""Files between their reading and their moving; a flood of files waits on disk, not in memory."""
STOPPING: Final = "stopping"
"""The engine's answer while it stops: the file stays where it is, for the next start."""

log = structlog.get_logger("execd.inbox")


class Parsed(Protocol):
    """A valid intent."""

    @property
    def parent(self) -> ParentOrder:
        """What is asked."""

    @property
    def content_hash(self) -> str:
        """What says "the same content"."""


class InboxFile(Protocol):
    """A file that is complete and ours to read."""

    @property
    def name(self) -> str:
        """Its name in the inbox; somebody else's text, so never logged."""

    @property
    def body(self) -> bytes:
        """Its bytes."""

    @property
    def mtime_ns(self) -> int:
        """When it was last written."""


File = TypeVar("File", bound=InboxFile)
Parse = Callable[[str, bytes, int], Parsed]
"""(name, body, mtime_ns) to an intent; raises IntentError."""


class RefusedFile(Protocol):
    """A file that was refused without being read."""

    @property
    def error(self) -> IntentError:
        """Why."""


class Inbox(Protocol[File]):
    """The directory. One caller at a time; each call touches a bounded number of small files."""

    def scan(self, now_ns: int, *, moved_in: Iterable[str] = ()) -> Sequence[File]:
        """Return whole files, oldest first; `now_ns` is the wall clock, `moved_in` names what was renamed in."""

    @property
    def has_more(self) -> bool:
        """Whether another scan at once would find more."""

    def take_refused(self) -> Sequence[RefusedFile]:
        """Return what was refused at the door since the last call."""

    def accept(self, file: File) -> None:
        """Move a file to accepted/; a move that fails is tried again by a later scan."""

    def reject(self, file: File, error: IntentError) -> None:
        """Move a file to rejected/ with the error beside it."""

    def close(self) -> None:
        """Give back what is open."""


class InboxTask(Generic[File]):
    """Takes files for as long as it runs."""

    def __init__(
        self,
        *,
        open_inbox: Callable[[], Inbox[File]],
        folder: Path,
        parse: Parse,
        pump: Pump,
        replies: Replies,
        clock: Clock,
        scan_s: float,
        on_refused: Callable[[IntentError], None],
    ) -> None:
        """`folder` is watched; `on_refused` is told of files that never reach the engine."""
        self._open_inbox = open_inbox
        self._folder = folder
        self._parse = parse
        self._pump = pump
        self._replies = replies
        self._clock = clock
        self._scan_s = scan_s
        self._on_refused = on_refused
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()
        self._arrived: dict[str, None] = {}
        self._in_flight_n = 0
        self._to_move: list[tuple[File, IntentError | None]] = []
        # The inbox knows what it has handed out; scanning and moving at once would tear that.
        self._one_caller = asyncio.Lock()
        self._has_to_move = asyncio.Event()

    def counts(self) -> dict[str, int]:
        """Return how many files are between reading and moving."""
        return {"in_flight": self._in_flight_n}

    def announce(self, text: str) -> None:
        """Begin anew: what was in flight is found again on disk."""
        log.warning("inbox_restarts", text=text)

    async def run(self) -> None:
        """Watch, scan and move, for ever."""
        inbox = self._open_inbox()
        self._in_flight_n = 0
        self._to_move.clear()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch())
                group.create_task(self._move(inbox))
                group.create_task(self._scan(inbox))
        finally:
            inbox.close()

    async def _watch(self) -> None:
        try:
            from asyncinotify import Inotify, Mask  # noqa: PLC0415  # Linux only; elsewhere the scan is enough.
        except ImportError:
            return
        try:
            inotify = Inotify()
            inotify.add_watch(self._folder, Mask.MOVED_TO | Mask.CLOSE_WRITE)
        except OSError as error:
            log.warning("inbox_watch_unavailable", errno=error.errno)
            return
        with inotify:
            async for event in inotify:
                if event.mask & Mask.MOVED_TO and event.name is not None:
                    self._arrived[str(event.name)] = None
                self._wake.set()

    async def _scan(self, inbox: Inbox[File]) -> None:
        while True:
            self._wake.clear()
            arrived, self._arrived = tuple(self._arrived), {}
            async with self._one_caller:
                files = inbox.scan(time.time_ns(), moved_in=arrived)
                refused = inbox.take_refused()
            for at_the_door in refused:
                self._refuse(at_the_door.error)
            for file in files:
                self._take(file)
                # One breath a file: parsing takes a millisecond, and a quote should not wait for ten of them.
                await asyncio.sleep(0)
            while self._in_flight_n >= IN_FLIGHT_MAX:
                self._moved.clear()
                await self._moved.wait()
            if not inbox.has_more:
                await self._next()

    async def _next(self) -> None:
        alarm = asyncio.get_running_loop().call_later(self._scan_s, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    def _take(self, file: File) -> None:
        self._in_flight_n += 1
        try:
            parsed = self._parse(file.name, file.body, file.mtime_ns)
        except IntentError as error:
            self._refuse(error)
            self._finish(file, error)
            return
        ref = self._replies.expect("inbox", lambda reply: self._answered(file, reply))
        now_ns = self._clock.now_ns()
        event = ParentReceived(now_ns=now_ns, parent=parsed.parent, content_hash=parsed.content_hash, ref=ref)
        self._pump.post(event)

    def _answered(self, file: File, reply: Reply) -> None:
        if reply.code != STOPPING:
            self._finish(file, None if reply.is_ok else IntentError(reply.code, reply.text or reply.code))

    def _refuse(self, error: IntentError) -> None:
        log.warning("file_refused", code=error.code, field=error.field, line=error.line)
        self._on_refused(error)

    def _finish(self, file: File, error: IntentError | None) -> None:
        self._to_move.append((file, error))
        self._has_to_move.set()

    async def _move(self, inbox: Inbox[File]) -> None:
        while True:
            await self._has_to_move.wait()
            self._has_to_move.clear()
            batch, self._to_move = self._to_move, []
            async with self._one_caller:
                await asyncio.to_thread(_move_all, inbox, batch)
            # Answers to files of before a restart of this task are moved too, and were not counted again.
            self._in_flight_n = max(0, self._in_flight_n - len(batch))
            self._moved.set()


def _move_all(inbox: Inbox[File], batch: Sequence[tuple[File, IntentError | None]]) -> None:
    for file, error in batch:
        if error is None:
            inbox.accept(file)
        else:
            inbox.reject(file, error)
