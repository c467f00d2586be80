"""How a database file is opened, copied and replaced without harm to what is in it.

Nothing here knows the journal's tables. A reader never writes and never
checkpoints: the WAL-reset corruption of SQLite before 3.51.3 needs two
connections that do, so a reader beside the daemon's one writer is safe.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from execd.errors import JournalCorrupt, JournalError, JournalFull, JournalUnsafe

BUSY_S: Final = 1.0
"""Somebody who reads the file may be in the way for a moment; one who stays is an error."""
_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_NOT_OURS: Final = (errno.EROFS, errno.EACCES, errno.EPERM)
_NOT_WRITABLE: Final = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_PRIMARY_CODE: Final = 0xFF


def beside(path: Path, suffix: str) -> Path:
    """Return the file that belongs to `path` under the same name with `suffix`."""
    return path.with_name(path.name + suffix)


def with_companions(path: Path) -> tuple[Path, ...]:
    """Return a database file and every file that SQLite may keep beside it."""
    return (path, *(beside(path, suffix) for suffix in ("-journal", "-wal", "-shm")))


def has_wal(path: Path) -> bool:
    """Whether a write-ahead file with something in it lies beside `path`."""
    wal = beside(path, "-wal")
    return wal.exists() and wal.stat().st_size > 0


@contextmanager
def reading(path: Path, *, is_live: bool = False) -> Iterator[sqlite3.Connection]:
    """Open `path` for reading alone; not a byte of it, or of what lies beside it, is changed.

    `is_live`: a daemon may be writing. Without one, and without a write-ahead file, the file is immutable, which does
    not even make a companion.
    """
    access = "mode=ro" if is_live or has_wal(path) else "mode=ro&immutable=1"
    address = f"file:{quote(str(path))}?{access}"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
        with closing(connection):
            yield connection
    except sqlite3.Error as error:
        raise as_journal_error(error, path) from error


def copy(source: sqlite3.Connection, target: Path, finish: Callable[[sqlite3.Connection], None]) -> None:
    """Make `target` a copy of what `source` sees now, in one file, whole or not at all; `finish` may still change it.

    The copy is taken in one step, so what is committed meanwhile is in it or not, never in half.
    """
    fresh = beside(target, ".new")
    for leftover in with_companions(fresh):
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh, isolation_level=None)) as made:
        source.backup(made)
        # One file, so that whoever carries it away has all of it.
        made.execute("PRAGMA journal_mode = DELETE").fetchall()
        finish(made)
    fresh.chmod(0o600)
    sync(fresh)
    fresh.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's names, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def as_journal_error(error: sqlite3.Error, path: Path | str) -> JournalError:
    """Return the error of ours that says what SQLite met."""
    extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    code = extended & _PRIMARY_CODE
    # On a full disk the index of the write-ahead file cannot grow, and SQLite calls that an error of the disk.
    if code == sqlite3.SQLITE_FULL or extended == sqlite3.SQLITE_IOERR_SHMSIZE:
        return JournalFull(f"no space is left for the journal {path}")
    if code in _CORRUPT:
        return JournalCorrupt(f"the journal {path} is corrupt ({error}); {CORRUPT_HELP}")
    if code in _NOT_WRITABLE:
        return JournalUnsafe(f"the journal {path} cannot be opened and written ({error}): {_place_help()}")
    return JournalError(f"the journal {path} failed: {error}")


def as_place_error(error: OSError, text: str) -> JournalError:
    """Return the error of ours for a file of the state directory that could not be had; `text` says which and what."""
    if error.errno in _FULL:
        return JournalFull(f"{text}: no space is left on the disk; make room")
    if error.errno in _NOT_OURS:
        return JournalUnsafe(f"{text} ({error.strerror}): {_place_help()}")
    return JournalError(f"{text}: {error.strerror}")


def _place_help() -> str:
    return f"let user {os.geteuid()} write there, or name another directory with --state-dir"


CORRUPT_HELP: Final = (
    "restore a backup (execd journal restore FILE), or keep what can be read (execd journal rebuild --yes)"
)
