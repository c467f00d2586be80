"""One look at one name in the inbox, without following, waiting or guessing.

A file is opened once, relative to the directory, and everything is asked of that descriptor: what is read is what was
checked. Which names are looked at, and when, is in `watch`.
"""

import errno
import os
import stat
from collections.abc import Collection, Generator
from typing import Final

import msgspec

from execd.errors import IntentError
from execd.intake.rows import LIST_BYTES_MAX

_PART_BYTES: Final = 256 * 1024
_NOT_ITS_FAULT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN, errno.ESTALE})
"""What says nothing about the file: it is looked at again with the next listing."""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What tells one file from the next under the same name, and grown from ungrown."""

    device: int
    inode: int
    size: int
    mtime_ns: int


class ReadyFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file. `name` is opaque: it may hold anything but a slash, and belongs in no log as it is."""

    name: str
    body: bytes
    mtime_ns: int
    identity: Identity


def identity_of(status: os.stat_result) -> Identity:
    """Return the identity of a file."""
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def read(name: str, *, folder: int, owners: Collection[int]) -> Generator[None, None, ReadyFile | None]:
    """Return the file `name` of the directory descriptor `folder`, in steps; None where it is not there, or not yet.

    Raises IntentError for what may never be read.
    """
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        _refuse_unfit(status, owners)
        # O_NONBLOCK: a FIFO that took the name since would otherwise wait for a writer for ever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(name, flags, dir_fd=folder)
        try:
            return (yield from _read_open(name, file, owners))
        finally:
            os.close(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in _NOT_ITS_FAULT:
            return None
        if error.errno == errno.ELOOP:
            raise IntentError("not_a_file", "only regular files are taken; this is a link") from None
        text = f"the daemon cannot read the file ({error.strerror}); give its user or group the right"
        raise IntentError("unreadable", text) from None


def _read_open(name: str, file: int, owners: Collection[int]) -> Generator[None, None, ReadyFile | None]:
    before = os.fstat(file)
    _refuse_unfit(before, owners)
    parts: list[bytes] = []
    read_n = 0
    while read_n <= before.st_size and (part := os.read(file, _PART_BYTES)):
        parts.append(part)
        read_n += len(part)
        if read_n > _PART_BYTES:
            yield
    after = os.fstat(file)
    if identity_of(after) != identity_of(before) or read_n != before.st_size:
        return None
    return ReadyFile(name=name, body=b"".join(parts), mtime_ns=after.st_mtime_ns, identity=identity_of(after))


def _refuse_unfit(status: os.stat_result, owners: Collection[int]) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise IntentError("not_a_file", "only regular files are taken; this is a link, a pipe or a device")
    if status.st_nlink > 1:
        raise IntentError("not_a_file", "the file has a second name (a hard link), through which it could change")
    if status.st_uid not in owners:
        text = f"user {status.st_uid} may not drop files here; add it to inbox.owners"
        raise IntentError("wrong_owner", text)
    if status.st_size > LIST_BYTES_MAX:
        raise IntentError("too_large", f"{status.st_size} bytes; a file has at most {LIST_BYTES_MAX}")
