"""What the machine has left for us: disk space and open files.

`raise_files_limit` is called once at the start. The task `resources` looks
every few seconds and tells the engine when the state directory's disk or the
files that we may open run low, and when there is enough again. When hardly one
can be opened any more it gives the reserve back, so that this can still be
told; where there is room it has the ballast made anew.
"""

import asyncio
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from execd.core.events import TroubleReported
from execd.ports import Clock
from execd.runtime.paths import StatePaths
from execd.runtime.post import Post
from execd.runtime.reserve import Reserve

LOOK_S: Final = 5.0
FILES_WANTED: Final = 65_536
"""More than anything here opens; the hard limit is respected."""
FILES_SHARE_MAX: Final = 0.8
"""Above this share of the files we may open there is an alert: the next connection may be the last."""
FILES_SHARE_SPENT: Final = 0.95
"""From this share on the reserve is given back: what is left may not be enough to tell anybody."""
ENOUGH_FACTOR: Final = 1.1
"""A disk is well again with a tenth more than the minimum: near the bound nothing flaps."""
MIB: Final = 1 << 20
WAL_BYTES_MAX: Final = 256 * MIB
"""The write-ahead file is folded in at every few MiB; above this, a reader has kept it from that for long."""
_OPEN_FILES: Final = Path("/proc/self/fd")

log = structlog.get_logger("execd.resources")


class ResourceWatch:
    """Looks, and tells the engine."""

    def __init__(
        self,
        *,
        folder: Path,
        disk_free_mib_min: int,
        clock: Clock,
        post: Post,
        free_mib: Callable[[Path], float] | None = None,
        files_share: Callable[[], float] | None = None,
        on_room: Callable[[], object] = lambda: None,
        wal_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        """Watch the disk of `folder` and the journal in it; `on_room` is called in a thread while there is enough room.

        `wal_bytes` is the size of the journal's write-ahead file. The reserve is taken at once.
        """
        self.reserve = Reserve()
        self.reserve.take()
        self.free_mib = 0.0
        self.files_share = 0.0
        self._folder = folder
        self._free_mib_min = disk_free_mib_min
        self._clock = clock
        self._post = post
        self._read_free_mib = free_mib or free_mib_of
        self._read_files_share = files_share or files_share_now
        self._on_room = on_room
        self._wal_bytes = wal_bytes
        self._journal = StatePaths(folder).journal
        self._journal_id = _id_of(self._journal)
        self._is_journal_gone = False
        self._is_wal_large = False
        self._is_disk_low = False
        self._are_files_low = False

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once; in a thread, for a disk that hangs must not hold up the loop."""
        try:
            self.free_mib = await asyncio.to_thread(self._read_free_mib, self._folder)
        except OSError as error:
            # A disk that cannot even be asked is one that cannot be written.
            log.warning("disk_unreadable", errno=error.errno)
            self.free_mib = 0.0
        self._tell_disk()
        if not self._is_disk_low:
            await asyncio.to_thread(self._on_room)
        self.files_share = self._read_files_share()
        self._mind_reserve()
        self._tell_files()
        self._tell_wal()
        self._tell_gone(await asyncio.to_thread(_id_of, self._journal))

    def _tell_disk(self) -> None:
        least_mib = self._free_mib_min * (ENOUGH_FACTOR if self._is_disk_low else 1.0)
        is_low = self.free_mib < least_mib
        if is_low != self._is_disk_low:
            self._is_disk_low = is_low
            text = f"{self.free_mib:.0f} MiB are free on the disk of {self._folder}"
            if is_low:
                text += f", at least {self._free_mib_min} are wanted: make room; reducing orders and cancels go on"
            self._trouble("disk_low", text, is_over=not is_low, is_halting=True)

    def close(self) -> None:
        """Give the reserve back."""
        self.reserve.give()

    def _mind_reserve(self) -> None:
        if self.files_share >= FILES_SHARE_SPENT:
            # Before anything is told: the page for it needs files.
            if given_n := self.reserve.give():
                log.error("files_spent", share=round(self.files_share, 2), reserve_n=given_n)
        elif self.files_share <= FILES_SHARE_MAX:
            self.reserve.take()

    def _tell_files(self) -> None:
        are_low = self.files_share > FILES_SHARE_MAX
        if are_low != self._are_files_low:
            self._are_files_low = are_low
            text = f"{self.files_share:.0%} of the files that execd may open are open"
            if are_low:
                text += ": raise LimitNOFILE, and look for who holds connections"
            self._trouble("files_low", text, is_over=not are_low, is_halting=False)

    def _tell_wal(self) -> None:
        size = self._wal_bytes()
        is_large = size > WAL_BYTES_MAX
        if is_large != self._is_wal_large:
            self._is_wal_large = is_large
            text = f"the journal's write-ahead file has {size / MIB:.0f} MiB"
            if is_large:
                text += ": somebody holds journal.db open and keeps it from being folded in; end that reader"
            self._trouble("wal_large", text, is_over=not is_large, is_halting=False)

    def _tell_gone(self, journal_id: tuple[int, int] | None) -> None:
        """Tell when the journal that we write is not the file of its name any more: nobody could read it after us."""
        is_gone = journal_id != self._journal_id
        if is_gone != self._is_journal_gone:
            self._is_journal_gone = is_gone
            text = f"{self._journal} is the file that execd writes"
            if is_gone:
                text = (
                    f"{self._journal} was removed or replaced under execd, which writes a file without a name: save it"
                    f" before execd ends (/proc/{os.getpid()}/fd), and put the state directory back"
                )
            self._trouble("journal_gone", text, is_over=not is_gone, is_halting=True)

    def _trouble(self, cause: str, text: str, *, is_over: bool, is_halting: bool) -> None:
        now_ns = self._clock.now_ns()
        self._post(TroubleReported(now_ns=now_ns, cause=cause, text=text, is_over=is_over, is_halting=is_halting))


def _id_of(file: Path) -> tuple[int, int] | None:
    """Return which file a name stands for: its device and inode; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def raise_files_limit() -> int:
    """Let us open as many files as the hard limit allows, at most `FILES_WANTED`; return how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        # A sandbox may forbid it (systemd's @resources does): then the limit of the unit stands.
        return soft
    return wanted


def free_mib_of(folder: Path) -> float:
    """Return the space that an ordinary user may still take on the disk of a folder. Raises OSError."""
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize / MIB


def files_share_now() -> float:
    """Return which share of the files we may open is open; zero where the system does not tell."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        open_n = sum(1 for _ in _OPEN_FILES.iterdir())
    except OSError:
        # Nothing is left even to look: that is the answer, where there is a /proc at all.
        return 1.0 if _OPEN_FILES.parent.exists() else 0.0
    return open_n / soft if soft > 0 else 0.0
