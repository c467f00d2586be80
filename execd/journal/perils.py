"""A journal whose process may die, whose disk may be full, and whose power may go, at any statement.

`MortalJournal` is the ordinary one, with somebody who is asked before and
after each statement of a commit. `read_files`, `torn` and `write_files` are a
disk that was photographed: what a crash leaves of it is a mixture, sector by
sector, of the picture before a commit and the one after. Nothing is drawn and
nothing decided here: whoever simulates says when and how. Where the real disk
below fails, that is nobody's fault in the simulation, and `NoPlace`.
"""

import errno
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from execd.journal.files import with_companions
from execd.journal.marks import high_file
from execd.journal.sync import SyncJournal

SECTOR: Final = 512
WAL_HEADER: Final = 32
_FULL_SYNC: Final = 2
_PRIMARY_CODE: Final = 0xFF
_DISK_CODES: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
_CONTENT_CODES: Final = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS)
"""Errors of reading that wrong content may cause: those are the journal's."""
_DISK_ERRNOS: Final = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
)
Files = Mapping[str, bytes]
"""The content of a journal's files by the end of their names, empty for the journal itself."""


class Peril(Protocol):
    """Somebody who is asked before and after each statement."""

    def __call__(self, statement: str, *, is_done: bool) -> None:
        """Go on, or raise `Killed`, or what `disk_full` returns."""


class Killed(BaseException):  # Not an error of anybody: the process is gone from here on.
    """The process died; nothing that it does from here on reaches the disk."""


class NoPlace(BaseException):  # Past everybody who would take it for an error of the journal.
    """The real disk below does not carry the simulated one: no room, no rights, or no folder any more."""


class _Pretended(sqlite3.OperationalError):
    """An error that the simulated disk raises, and not the real one."""


def disk_full() -> sqlite3.OperationalError:
    """Return what SQLite raises where the disk has no room."""
    error = _Pretended("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def disk_trouble(error: BaseException) -> str | None:
    """Return what the real disk said, if that is what an error comes from."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, OSError) and one.errno in _DISK_ERRNOS:
            return one.strerror
        if isinstance(one, sqlite3.Error) and not isinstance(one, _Pretended):
            code = getattr(one, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            if code & _PRIMARY_CODE in _DISK_CODES and code not in _CONTENT_CODES:
                return str(one)
        one = one.__cause__ or one.__context__
    return None


class _Watched:
    """A connection as a commit sees it, with a peril around each statement."""

    def __init__(self, connection: sqlite3.Connection, peril: Peril) -> None:
        self._connection = connection
        self._peril = peril
        self._is_dead = False

    @property
    def in_transaction(self) -> bool:
        return not self._is_dead and self._connection.in_transaction

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Any:  # noqa: ANN401  # As `write.Database`.
        return self._run(statement, lambda: self._connection.execute(statement, parameters))

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any:  # noqa: ANN401  # The same.
        return self._run(statement, lambda: self._connection.executemany(statement, rows))

    def _run(self, statement: str, act: Callable[[], object]) -> object:
        if self._is_dead:
            raise Killed
        try:
            self._peril(statement, is_done=False)
            done = act()
            self._peril(statement, is_done=True)
        except Killed:
            self._is_dead = True
            raise
        except sqlite3.Error as error:
            # A played trouble is the daemon's to handle; a real one must not be taken for it.
            if (text := disk_trouble(error)) is None:
                raise
            self._is_dead = True
            raise NoPlace(text) from error
        return done


class MortalJournal(SyncJournal):
    """A `SyncJournal` in a file, that asks `peril` around each statement of a commit."""

    def __init__(self, path: Path, *, created_ns: int, peril: Peril) -> None:
        super().__init__(path, created_ns=created_ns)
        self.file = path
        self._database = _Watched(self._connection, peril)

    @property
    def keeps_commits(self) -> bool:
        """Whether a commit that has returned survives a loss of power: what SQLite was told of syncing."""
        (level,) = self._connection.execute("PRAGMA synchronous").fetchone()
        return int(level) >= _FULL_SYNC

    @property
    def sum(self) -> int:
        """What stands for all records so far."""
        return self._chain.sum

    def abandon(self) -> None:
        """Let go of the file as a dead process does: no mark is written. Read the files before."""
        self._poison = "its process is dead"
        self._connection.close()


def read_files(path: Path) -> Files:
    """Return what lies on the disk of a journal; the index of the write-ahead file is memory, and not there."""
    named = [one for one in with_companions(path) if not one.name.endswith("-shm")]
    found = {one.name.removeprefix(path.name): one.read_bytes() for one in named if one.exists()}
    mark = high_file(path)
    return {**found, mark.name: mark.read_bytes()} if mark.exists() else found


def write_files(path: Path, files: Files) -> None:
    """Put such files where a journal is looked for; its folder is made, in one that is there."""
    path.parent.mkdir()
    for name, content in files.items():
        (high_file(path) if name == high_file(path).name else path.with_name(path.name + name)).write_bytes(content)


def torn(before: Files, after: Files, pick: Callable[[int], int]) -> Files:
    """Return what a loss of power during one commit leaves; `pick(n)` draws from [0, n) for each sector.

    SQLite syncs the write-ahead file before it folds it into the database, and its header before its frames: so the
    database only differs where the write-ahead file is whole, and a new header is there before what follows it.
    """
    left = dict(after)
    if before.get("") != after.get(""):
        left[""] = _mixed(before.get("", b""), after.get("", b""), pick)
        return left
    wal, new_wal = before.get("-wal", b""), after.get("-wal", b"")
    if wal != new_wal:
        mixed = _mixed(wal, new_wal, pick)
        left["-wal"] = new_wal[:WAL_HEADER] + mixed[WAL_HEADER:]
    return left


def _mixed(before: bytes, after: bytes, pick: Callable[[int], int]) -> bytes:
    kept = bytearray(after)
    for at in range(0, max(len(before), len(after)), SECTOR):
        old, new = before[at : at + SECTOR], after[at : at + SECTOR]
        if old != new and pick(2):
            # What was never written is nothing, or zeros where something behind it was.
            kept[at : at + len(new)] = old.ljust(len(new), b"\0")[: len(new)]
    return bytes(kept)
