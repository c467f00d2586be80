"""Room that is kept for the worst day: a file of blocks that belong to nobody.

When the journal meets a full disk, the ballast is given back, so that cancels
and reducing orders can still be journaled. The blocks are really there: a
file with holes would give nothing back. Nothing here decides when.
"""

import os
from pathlib import Path
from typing import Final

from execd.journal.files import beside

NAME: Final = "ballast"
MIB: Final = 1 << 20
_CHUNK: Final = bytes(MIB)


class Ballast:
    """The file `path`, `mib` MiB of it; with 0 there is none."""

    def __init__(self, path: Path, mib: int) -> None:
        """Nothing is made yet."""
        self.path = path
        self._bytes = mib * MIB

    @property
    def is_there(self) -> bool:
        """Whether there is something to give back."""
        return self._allocated() > 0

    def ensure(self) -> bool:
        """Make the file as large as it should be; say whether it is. A disk without room for it is no error."""
        if self._allocated() >= self._bytes > 0:
            return True
        self.path.unlink(missing_ok=True)
        if not self._bytes:
            return True
        fresh = beside(self.path, ".new")
        try:
            self._fill(fresh)
        except OSError:
            fresh.unlink(missing_ok=True)
            return False
        fresh.replace(self.path)
        return True

    def release(self) -> bool:
        """Give the blocks back; say whether there were any."""
        had = self.is_there
        self.path.unlink(missing_ok=True)
        return had

    def _allocated(self) -> int:
        try:
            # What the disk has set aside, in units of 512 bytes, and not how long the file says it is.
            return self.path.stat().st_blocks * 512
        except FileNotFoundError:
            return 0

    def _fill(self, path: Path) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(handle, 0, self._bytes)
            else:  # macOS has no such call.
                for _ in range(self._bytes // MIB):
                    os.write(handle, _CHUNK)
            os.fsync(handle)
        finally:
            os.close(handle)
