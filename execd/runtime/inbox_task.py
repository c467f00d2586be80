"""The task `inbox`: files become intents, and move on once the journal has them.

The kernel's notice of a renamed file is only a wake-up; a full scan at least
each second is the truth. Each file is parsed, posted, and moved to accepted/
or rejected/ after the engine's reply, so a crash in between finds it again and
the same id trades nothing twice. A bad file never stops another one, and an
inbox that has gone is told, waited for and taken up again. Which files count,
and how they are moved, is the adapter's (`intake/watch.py`).
"""

import asyncio
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import structlog

from execd.core.events import TroubleReported
from execd.errors import ConfigError, IntentError
from execd.ports import Clock
from execd.runtime.pump import Pump
from execd.runtime.slices import in_slices
from execd.runtime.taking import STOPPING, Answer, Parsed, Taker

IN_FLIGHT_MAX: Final = 64
"""Orders between their reading and their moving, but for one list; a flood of files waits on disk, not in memory."""
GONE: Final = "inbox_gone"

log = structlog.get_logger("execd.inbox")


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


class Inbox(Protocol[File]):
    """The directory. One caller at a time; every step touches a bounded number of bytes and names."""

    def scan_steps(self, now_ns: int, *, moved_in: Iterable[str] = ()) -> Generator[None, None, Sequence[File]]:
        """Return whole files, oldest first; `now_ns` is the wall clock, `moved_in` names what was renamed in.

        Raises OSError where the directory cannot be used.
        """

    @property
    def has_more(self) -> bool:
        """Whether another scan at once would find more."""

    @property
    def opened_n(self) -> int:
        """How often the directory was opened; another number means another directory under the name."""

    def take_refused(self) -> Sequence[tuple[File, IntentError]]:
        """Return what was refused at the door since the last call; it waits to be rejected."""

    def accept(self, file: File, error: IntentError | None = None) -> None:
        """Move a file to accepted/; `error`: the rows of it that were refused, told in rejected/."""

    def reject(self, file: File, error: IntentError) -> None:
        """Move a file to rejected/ with the error beside it."""

    def move_again(self) -> None:
        """Try some moves again that failed."""

    @property
    def has_unmoved(self) -> bool:
        """Whether moves have failed."""

    def close(self) -> None:
        """Give back what is open."""


_Answered = tuple[File, IntentError | None, bool, int]
"""A file, what is to be told of it, whether it was taken, and how many orders it held."""


class InboxTask(Generic[File]):
    """Takes files for as long as it runs."""

    def __init__(
        self,
        *,
        open_inbox: Callable[[], Inbox[File]],
        folder: Path,
        taker: Taker,
        pump: Pump,
        clock: Clock,
        scan_s: float,
        on_refused: Callable[[IntentError], None],
    ) -> None:
        """`folder` is watched; `on_refused` is told of files and rows that never reach the engine."""
        self._open_inbox = open_inbox
        self._folder = folder
        self._taker = taker
        self._pump = pump
        self._clock = clock
        self._scan_s = scan_s
        self._on_refused = on_refused
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()
        self._arrived: dict[str, None] = {}
        self._in_flight_n = 0
        self._life_n = 0
        self._is_gone = False
        self._to_move: list[_Answered[File]] = []
        # The inbox knows what it has handed out; scanning and moving at once would tear that.
        self._one_caller = asyncio.Lock()
        self._has_to_move = asyncio.Event()

    def counts(self) -> dict[str, int]:
        """Return how many orders are between reading and moving."""
        return {"in_flight": self._in_flight_n}

    def announce(self, text: str) -> None:
        """Begin anew: what was in flight is found again on disk."""
        log.warning("inbox_restarts", text=text)

    async def run(self) -> None:
        """Watch, scan and move, for ever."""
        self._life_n += 1
        self._in_flight_n = 0
        self._to_move.clear()
        inbox = await self._opened()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._move(inbox))
                group.create_task(self._scan(inbox))
                group.create_task(self._watch(inbox))
        except BaseExceptionGroup as many:
            # Whoever restarts us shows why in a line; a group of one says nothing more than the one.
            raise many.exceptions[0] from None
        finally:
            inbox.close()

    async def _opened(self) -> Inbox[File]:
        while True:
            try:
                return self._open_inbox()
            except (OSError, ConfigError) as error:
                self._gone(error)
                await asyncio.sleep(self._scan_s)

    def _gone(self, error: OSError | ConfigError) -> None:
        """Tell once that the inbox cannot be used: nobody can hand in an order, not even one that takes risk away."""
        if not self._is_gone:
            self._is_gone = True
            why = error.strerror if isinstance(error, OSError) else str(error)
            text = (
                f"the inbox cannot be used ({why}): no file is taken and no new risk is begun;"
                " open orders go on, and execd cancel works; put it back or mend its rights"
            )
            log.error("inbox_gone", why=why)
            self._pump.post(TroubleReported(now_ns=self._clock.now_ns(), cause=GONE, text=text))

    def _back(self) -> None:
        if self._is_gone:
            self._is_gone = False
            log.warning("inbox_back")
            text = "the inbox can be used again"
            self._pump.post(TroubleReported(now_ns=self._clock.now_ns(), cause=GONE, text=text, is_over=True))

    async def _watch(self, inbox: Inbox[File]) -> None:
        try:
            from asyncinotify import Inotify, Mask  # noqa: PLC0415  # Linux only; elsewhere the scan is enough.
        except ImportError:
            return
        while True:
            opened_n = inbox.opened_n
            with suppress(OSError), Inotify() as inotify:
                inotify.add_watch(self._folder, Mask.MOVED_TO | Mask.CLOSE_WRITE | Mask.MOVE_SELF | Mask.DELETE_SELF)
                async for event in inotify:
                    if event.mask & Mask.MOVED_TO and event.name is not None:
                        self._arrived[str(event.name)] = None
                    self._wake.set()
                    if event.mask & (Mask.MOVE_SELF | Mask.IGNORED | Mask.UNMOUNT) or inbox.opened_n != opened_n:
                        break
            # Without a watch the scan alone finds files; the directory may have been put back meanwhile.
            await asyncio.sleep(self._scan_s)

    async def _scan(self, inbox: Inbox[File]) -> None:
        while True:
            self._wake.clear()
            arrived, self._arrived = tuple(self._arrived), {}
            try:
                async with self._one_caller:
                    files = await in_slices(inbox.scan_steps(time.time_ns(), moved_in=arrived))
                    refused = inbox.take_refused()
            except OSError as error:
                self._gone(error)
                await self._next()
                continue
            self._back()
            for file, fault in refused:
                await self._refuse(file, fault)
            await self._take(files)
            if inbox.has_unmoved:
                self._has_to_move.set()
            if not inbox.has_more:
                await self._next()

    async def _next(self) -> None:
        alarm = asyncio.get_running_loop().call_later(self._scan_s, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    async def _take(self, files: Sequence[File]) -> None:
        """Read files in their order and post them, so many together that the journal is asked once."""
        waiting: list[tuple[File, Parsed]] = []
        rows_n = 0
        for file in files:
            try:
                parsed = await self._taker.parse(file.name, file.body, file.mtime_ns)
            except IntentError as error:
                await self._refuse(file, error)
                continue
            finally:
                # One breath a file: parsing takes a fraction of a millisecond, and a quote should not wait for ten.
                await asyncio.sleep(0)
            waiting.append((file, parsed))
            rows_n += len(parsed.ids)
            if rows_n >= IN_FLIGHT_MAX:
                await self._post(waiting)
                waiting, rows_n = [], 0
        await self._post(waiting)

    async def _post(self, waiting: Sequence[tuple[File, Parsed]]) -> None:
        if not waiting:
            return
        await self._room()
        known = await self._taker.known([parsed for _, parsed in waiting])
        for file, parsed in waiting:
            self._in_flight_n += len(parsed.ids)
            self._taker.post(parsed, known, self._then(file, parsed))

    def _then(self, file: File, parsed: Parsed) -> Callable[[Answer], None]:
        life_n, rows_n = self._life_n, len(parsed.ids)

        def answered(answer: Answer) -> None:
            # After a restart of this task the file is found again on disk, with an id that is known by then.
            if life_n == self._life_n and answer.code != STOPPING:
                for row in parsed.refused if answer.is_ok else ():
                    self._on_refused(IntentError(row.code, row.message, field=row.field, line=row.line))
                self._finish(file, answer.error, is_taken=answer.is_ok, rows_n=rows_n)

        return answered

    async def _room(self) -> None:
        while self._in_flight_n >= IN_FLIGHT_MAX:
            self._moved.clear()
            await self._moved.wait()

    async def _refuse(self, file: File, error: IntentError) -> None:
        await self._room()
        log.warning("file_refused", code=error.code, field=error.field, line=error.line, rows_n=len(error.rows))
        self._on_refused(error)
        self._in_flight_n += 1
        self._finish(file, error, is_taken=False, rows_n=1)

    def _finish(self, file: File, error: IntentError | None, *, is_taken: bool, rows_n: int) -> None:
        self._to_move.append((file, error, is_taken, rows_n))
        self._has_to_move.set()

    async def _move(self, inbox: Inbox[File]) -> None:
        while True:
            await self._has_to_move.wait()
            self._has_to_move.clear()
            batch, self._to_move = self._to_move, []
            async with self._one_caller:
                # A rename takes microseconds, while a thread would wait for the interpreter at each of its calls. What
                # is written is synced, and a disk in trouble is slow: that is a thread's work.
                await in_slices(_move_taken(inbox, batch))
                if inbox.has_unmoved or any(error is not None for _, error, _, _ in batch):
                    await asyncio.to_thread(_move_rest, inbox, batch)
            self._in_flight_n -= sum(rows_n for _, _, _, rows_n in batch)
            self._moved.set()


def _move_taken(inbox: Inbox[File], batch: Sequence[_Answered[File]]) -> Generator[None, None, None]:
    for file, error, _, _ in batch:
        if error is None:
            inbox.accept(file)
            yield


def _move_rest(inbox: Inbox[File], batch: Sequence[_Answered[File]]) -> None:
    for file, error, is_taken, _ in batch:
        if error is not None and is_taken:
            inbox.accept(file, error)
        elif error is not None:
            inbox.reject(file, error)
    inbox.move_again()
