"""The process of the venue, as a daemon finds it or starts it.

One venue a directory: whoever comes first starts it, everybody else finds it.
It is started detached, so that it outlives the daemon, and started again when
it has died. It is never stopped here.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from execd.brokers.sim_link import Link, LinkLost, NobodyThereError
from execd.core.codec import encode
from execd.errors import VenueError
from execd.venue.door import LOG_NAME, SOCKET_NAME, holder
from execd.venue.spec import VenueSpec
from execd.venue.wire import Hello

START_S_MAX: Final = 20.0
"""A start takes half a second; a machine that compiles beside it may need much longer."""
LOOK_S: Final = 0.02
IDLE_EXIT_S: Final = 300.0
"""A venue that a daemon has started ends when nobody has been there, and no order has worked, for so long."""
LOG_BYTES_MAX: Final = 8 * 1024 * 1024
"""A longer log is put aside (one is kept) when the venue starts."""
REFUSED_EXIT: Final = 78
LAST_WORDS_BYTES: Final = 2_000
OURS_ALONE: Final = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"})
"""What the service manager told the daemon, and nobody else."""


class VenueProcess:
    """The venue of a directory. `on_difference` is told which properties of a found venue are not as `spec` says."""

    def __init__(
        self,
        folder: Path,
        spec: VenueSpec,
        on_difference: Callable[[list[str]], None],
        idle_exit_s: float = IDLE_EXIT_S,
    ) -> None:
        self.folder = folder
        self.was_started = False
        self._spec = spec
        self._on_difference = on_difference
        self._idle_exit_s = idle_exit_s
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = asyncio.Lock()
        self._has_compared = False

    def look(self) -> None:
        """Start the venue if surely none runs, without waiting for it: it wakes up while the daemon does."""
        if not (self.folder / SOCKET_NAME).exists():
            self._start()

    async def connect(self, hello: Hello) -> Link:
        """Return a connection; start the venue where none runs. Raises VenueError, or LinkLost."""
        until_s = time.monotonic() + START_S_MAX
        while True:
            try:
                link = await Link.connect(self.folder / SOCKET_NAME, hello)
            except NobodyThereError:
                async with self._turn:
                    self._look_after_child(is_late=time.monotonic() > until_s)
                await asyncio.sleep(LOOK_S)
            else:
                self._compare(link)
                return link

    def help_with_silence(self) -> str:
        """Return what a person may do about a venue that is there and does not answer."""
        pid = holder(self.folder)
        return (
            f"its process is {pid}, its log {self.folder / LOG_NAME}: if it is stopped, kill -CONT {pid}; else end it "
            f"(kill -KILL {pid}; its ledger keeps orders and positions). Then start again"
        )

    def _look_after_child(self, *, is_late: bool) -> None:
        child = self._child
        code = None if child is None else child.poll()
        if code == REFUSED_EXIT:
            self._child = None
            raise VenueError(f"the simulated venue cannot start: {self._last_words()}")
        if is_late:
            raise LinkLost(f"the simulated venue was not there within {START_S_MAX:g} s; see {self.folder / LOG_NAME}")
        if child is None or code is not None:
            self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "execd.cli", "venue", "sim", "--dir", str(self.folder), "--spec", "-"]
        command += ["--idle-exit-s", f"{self._idle_exit_s:g}"]
        environment = {name: value for name, value in os.environ.items() if name not in OURS_ALONE}
        log = self.folder / LOG_NAME
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
                log.replace(log.with_name(f"{LOG_NAME}.1"))
            with tempfile.TemporaryFile() as spec, log.open("ab") as words:
                spec.write(encode(self._spec))
                spec.seek(0)
                self._child = subprocess.Popen(  # noqa: S603  # Our own program, our own arguments.
                    command, stdin=spec, stdout=words, stderr=words, start_new_session=True, env=environment
                )
        except OSError as error:
            raise VenueError(f"the simulated venue cannot be started in {self.folder}: {error}") from error
        self.was_started = True

    def _last_words(self) -> str:
        log = self.folder / LOG_NAME
        try:
            lines = log.read_bytes()[-LAST_WORDS_BYTES:].decode("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else f"see {log}"

    def _compare(self, link: Link) -> None:
        if self._has_compared or link.welcome is None:
            return
        self._has_compared = True
        if names := self._spec.differences(link.welcome.spec):
            self._on_difference(names)
