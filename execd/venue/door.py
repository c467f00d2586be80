"""The venue's door: its directory, its lock, and its socket file.

The lock is the kernel's, so it ends with the process; the socket file of a
dead venue is removed only by who holds the lock. Paths that are too long for
the kernel are reached through the open directory. Nothing is said here.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from execd.errors import VenueBusy, VenueError

SOCKET_NAME: Final = "venue.sock"
LEDGER_NAME: Final = "ledger.db"
LOG_NAME: Final = "venue.log"
LOCK_NAME: Final = "venue.lock"
SOCKET_PATH_MAX: Final = 100
"""The kernel takes 108 bytes (104 on macOS) for the path of a unix socket."""
BACKLOG: Final = 64
_PID_LEN_MAX: Final = 32


class VenueLock:
    """The directory is ours until `release`, or until the process ends."""

    def __init__(self, folder: Path) -> None:
        """Take it at once. Raises VenueBusy where another venue holds it, VenueError where none can be."""
        self.path = folder / LOCK_NAME
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise VenueError(f"{folder} cannot be used by the simulated venue: {error.strerror}") from error
        self._handle: int | None = handle
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise VenueBusy(f"a simulated venue (pid {holder(folder)}) holds {folder} already") from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the directory go; the file stays, for removing it would race with the next owner."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def holder(folder: Path) -> str:
    """Return the pid that the lock file names, for people."""
    try:
        told = (folder / LOCK_NAME).read_bytes()[:_PID_LEN_MAX].strip()
    except OSError:
        return "unknown"
    return told.decode("ascii", "replace") or "unknown"


def listen(folder: Path) -> socket.socket:
    """Return a listening socket that only our user may open; what a dead venue left is removed. Raises VenueError."""
    path = folder / SOCKET_NAME
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        with reachable(path) as name:
            door.bind(name)
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        raise VenueError(f"the venue's socket {path} cannot be made: {error.strerror or error}") from error
    finally:
        os.umask(mask)
    return door


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Yield a name of a socket file that is short enough for the kernel."""
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
