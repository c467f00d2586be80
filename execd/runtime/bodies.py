"""Files that were made between two turns and are written in a thread.

A newer body of a file replaces one that still waits. A write that fails is
told and tried again, unless a newer body came meanwhile; it stops nobody. What
is due, and what is in it, is the business of whoever puts bodies here.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import msgspec
import structlog

RETRY_S: Final = 1.0

log = structlog.get_logger("execd.outbox")


class Store(Protocol):
    """Where files go; called in a thread."""

    def write(self, name: str, body: bytes, *, is_terminal: bool) -> object:
        """Replace a file as a whole. Raises OSError."""

    def path_of(self, name: str) -> Path:
        """Return where a file is, or will be."""


class Body(msgspec.Struct, frozen=True, gc=False):
    """What a file shall hold, and whether that is its last word."""

    content: bytes
    is_terminal: bool = False


class Bodies:
    """What was made and is not yet written, by the file's name."""

    def __init__(self, store: Store, *, event: str, is_more_due: Callable[[], bool]) -> None:
        """`event` names a failed write in the log; `is_more_due` says whether bodies are still to be made."""
        self._store = store
        self._event = event
        self._is_more_due = is_more_due
        self._waiting: dict[str, Body] = {}
        self._grows = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_written.set()

    def __len__(self) -> int:
        """How many files wait to be written."""
        return len(self._waiting)

    def put(self, name: str, content: bytes, *, is_terminal: bool = False) -> None:
        """Let a file be written soon."""
        self._waiting[name] = Body(content, is_terminal)
        self._all_written.clear()
        self._grows.set()

    def expect(self) -> None:
        """Note that something is due, so that `written` waits for it."""
        self._all_written.clear()

    async def written(self) -> None:
        """Return once everything that was due is written."""
        await self._all_written.wait()

    async def run(self) -> None:
        """Write what was made, for ever."""
        while True:
            await self._grows.wait()
            self._grows.clear()
            bodies, self._waiting = self._waiting, {}
            failed = await asyncio.to_thread(self._write_all, bodies)
            if failed:
                # What was made meanwhile is newer and stays.
                self._waiting = {**failed, **self._waiting}
                self._grows.set()
                await asyncio.sleep(RETRY_S)
            elif not (self._waiting or self._is_more_due()):
                self._all_written.set()

    def _write_all(self, bodies: dict[str, Body]) -> dict[str, Body]:
        failed: dict[str, Body] = {}
        for name, body in bodies.items():
            try:
                # Somebody may have removed the folder while we ran.
                self._store.path_of(name).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
                self._store.write(name, body.content, is_terminal=body.is_terminal)
            except OSError as error:
                log.warning(self._event, name=name, errno=error.errno, text=error.strerror)
                failed[name] = body
        return failed
