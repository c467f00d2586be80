"""A directory in which answered files end: accepted/ or rejected/.

Nothing here is overwritten: a name that is taken gets the file's time, then a count, behind it. Names are opaque and
used only relative to directory descriptors. It never reads a file, and never raises for what a disk or an
administrator may put right.
"""

import errno
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from execd.intake.doorway import Identity, identity_of
from execd.intake.outbox import write_whole

NAME_BYTES_MAX: Final = 255
TRIES_MAX: Final = 100
DISK_SAYS_LATER: Final = frozenset(
    {
        errno.EXDEV,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.ENOENT,
        errno.EMFILE,
        errno.ENFILE,
        errno.ESTALE,
    }
)
"""What a disk, a mount or an administrator may put right; nothing is lost meanwhile, for the journal knows the id."""
_REASON: Final = ".error.json"
_ROOM: Final = len(_REASON)


class Shelf:
    """One such directory. Where somebody takes it away it is made again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[str, str] = {}

    def put(self, name: str, identity: Identity, *, folder: int) -> bool:
        """Move `name` out of the directory descriptor `folder`; false where it has to be tried again.

        A name that now belongs to another file is left where it is: that file has not been answered.
        """
        try:
            is_there = identity_of(os.stat(name, dir_fd=folder, follow_symlinks=False)) == identity
        except FileNotFoundError:
            # Somebody took it away, which is their right; the answer stands.
            is_there = False
        try:
            if is_there:
                os.rename(name, self._folder / self._free_name(name, identity.mtime_ns), src_dir_fd=folder)
        except OSError as error:
            if error.errno in DISK_SAYS_LATER:
                self._make_again(error)
                return False
            raise
        self._names.pop(name, None)
        return True

    def explain(self, name: str, body: bytes, *, is_here: bool) -> bool:
        """Write the reason for a file beside where it is put; false where it has to be tried again.

        `is_here`: the file itself will be put here too, under the same name.
        """
        try:
            write_whole(self._folder / (self._free_name(name, 0) + _REASON), body, is_durable=True)
        except OSError as error:
            if error.errno in DISK_SAYS_LATER:
                self._make_again(error)
                return False
            raise
        if not is_here:
            self._names.pop(name, None)
        return True

    def _make_again(self, error: OSError) -> None:
        if error.errno == errno.ENOENT:
            # Where that fails too, the next try says so.
            with suppress(OSError):
                self._folder.mkdir(mode=0o750)

    def _free_name(self, name: str, mtime_ns: int) -> str:
        """Return the name that the file gets here, the same until it is put."""
        if name not in self._names:
            self._names[name] = self._choose(_fitting(name, ""), mtime_ns)
        return self._names[name]

    def _choose(self, base: str, mtime_ns: int) -> str:
        if self._is_free(base):
            return base
        for n in range(1, TRIES_MAX):
            tried = _fitting(base, f".{n}")
            if self._is_free(tried):
                return tried
        # A hundred of one name: the next gets a name nobody else has.
        taken = sum(1 for _ in self._folder.iterdir())
        return _fitting(base, f".{mtime_ns}.{taken}")

    def _is_free(self, name: str) -> bool:
        return not any(os.path.lexists(self._folder / taken) for taken in (name, name + _REASON))


def _fitting(name: str, suffix: str) -> str:
    """Return name and suffix, shortened by a hash where no file system would take them with a reason beside."""
    whole = os.fsencode(name + suffix)
    if len(whole) + _ROOM <= NAME_BYTES_MAX:
        return name + suffix
    mark = sha256(whole).hexdigest()[:16]
    room = NAME_BYTES_MAX - _ROOM - len(mark) - 1 - len(os.fsencode(suffix))
    return os.fsdecode(os.fsencode(name)[:room]) + "-" + mark + suffix
