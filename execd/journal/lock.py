"""Holds a state directory against a second daemon.

The lock is the kernel's (flock): it ends with the process, however it ends,
so no file has to be cleaned up after a crash. The pid in the file is only
for people.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from execd.errors import JournalBusy
from execd.journal.files import as_place_error

LOCK_NAME: Final = "lock"
_PID_LEN_MAX: Final = 32


class StateLock:
    """The state directory is ours until `release`, or until the process ends."""

    def __init__(self, state_dir: Path) -> None:
        """Take the lock at once.

        Raises JournalBusy where another process holds it; where none can be had JournalFull, JournalUnsafe or, for what
        nobody foresaw, JournalError.
        """
        self.path = state_dir / LOCK_NAME
        try:
            self._handle: int | None = _open_locked(self.path)
        except BlockingIOError as error:
            raise JournalBusy(
                f"another execd (pid {_holder(self.path)}) holds {state_dir}: "
                "stop that one, or choose another directory with --state-dir"
            ) from error
        except OSError as error:
            raise as_place_error(error, f"{self.path} cannot be locked") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the directory go; the file stays, for removing it would race with the next owner."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _open_locked(path: Path) -> int:
    # A child must not inherit it: the lock would outlive us.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The kernel holds the lock whatever the file says; a disk without room for a number must not keep us out.
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    except BaseException:  # Whatever it was, the handle must not leak.
        os.close(handle)
        raise
    return handle


def _holder(path: Path) -> str:
    with path.open("rb") as file:
        told = file.read(_PID_LEN_MAX).strip()
    return told.decode("ascii", "replace") or "unknown"
