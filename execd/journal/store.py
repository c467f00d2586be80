"""The journal's file: whose it is, which version, and how a connection to it is prepared.

Synchronous and shared by both journals over SQLite. A file that is not ours,
newer than this program, or corrupt is refused before anything writes to it.
A new file is made under another name and renamed, so a journal is whole or absent.

One process holds at most one connection, opened after the other is closed:
the WAL-reset corruption of SQLite before 3.51.3 needs two that write or checkpoint.
"""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from execd.core.ids import epoch_of
from execd.errors import JournalError, JournalForeign, JournalFull
from execd.journal import sql

APPLICATION_ID: Final = int.from_bytes(b"exec", "big")
SQLITE_OLDEST: Final = (3, 37, 0)
"""The first with STRICT tables."""
BUSY_S: Final = 1.0
"""Somebody who reads the file may be in the way for a moment; one who stays is an error."""
MEMORY: Final = ":memory:"
_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_LEN: Final = 100
_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE: Final = 0xFF


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal says of itself: who made it when, and its last record (zeros where it has none)."""

    epoch: str
    created_ns: int
    seq: int = 0
    last_ns: int = 0


def ensure(path: Path, *, created_ns: int, steps: Sequence[sql.Migration] | None = None) -> None:
    """Make `path` a journal of the current version: create it, or check and migrate it.

    Raises JournalForeign (the file is untouched) or JournalError. `steps` are the migrations, by default all.
    """
    if sqlite3.sqlite_version_info < SQLITE_OLDEST:
        raise JournalError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
    steps = sql.migrations() if steps is None else steps
    newest = 1 + len(steps)
    try:
        if not path.exists() or path.stat().st_size == 0:
            _make(path, created_ns=created_ns)
        else:
            _check(path, newest=newest)
        _migrate(path, steps)
    except sqlite3.Error as error:
        raise as_journal_error(error, path) from error
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be opened: {error.strerror}") from error


def require_wal(mode: object) -> None:
    """Raise JournalError unless SQLite answered `PRAGMA journal_mode = WAL` with what a journal needs."""
    if mode not in {"wal", "memory"}:
        raise JournalError(f"the journal cannot have a write-ahead file here (journal_mode {mode}): use a local disk")


def fill_new(connection: sqlite3.Connection, *, created_ns: int) -> None:
    """Make every table of an empty database, in one transaction."""
    connection.executescript(
        f"BEGIN;\nPRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {sql.version()};\n{sql.schema()}"
    )
    meta = {"epoch": epoch_of(created_ns), "created_ns": str(created_ns), "schema": str(sql.version())}
    connection.executemany(sql.query("write_meta"), meta.items())
    connection.execute("COMMIT")


def head_of(meta: Iterable[Sequence[object]], last: Sequence[Sequence[object]]) -> Head:
    """Return the head from the rows of `read_meta` and `read_last`."""
    told = {str(key): str(value) for key, value in meta}
    if not {"epoch", "created_ns"} <= told.keys():
        raise JournalForeign("the journal does not say which epoch it is of; restore a backup")
    seq, last_ns = (int(str(cell)) for cell in (last[0] if last else (0, 0)))
    return Head(epoch=told["epoch"], created_ns=int(told["created_ns"]), seq=seq, last_ns=last_ns)


def as_journal_error(error: sqlite3.Error, path: Path | str) -> JournalError:
    """Return the error of ours that says what SQLite met."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code == sqlite3.SQLITE_FULL:
        return JournalFull(f"no space is left for the journal {path}")
    if code in _CORRUPT:
        return JournalForeign(f"the journal {path} is corrupt ({error}); restore a backup")
    return JournalError(f"the journal {path} failed: {error}")


def _make(path: Path, *, created_ns: int) -> None:
    wal = beside(path, "-wal")
    if wal.exists() and wal.stat().st_size:
        # SQLite would read the old tail into the new file.
        raise JournalForeign(f"{path.name} is missing but {wal.name} is there: restore the journal, or move both away")
    fresh = beside(path, ".new")
    for leftover in (fresh, beside(fresh, "-journal"), beside(fresh, "-wal"), beside(fresh, "-shm")):
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        connection.executescript(sql.query("settings"))
        fill_new(connection, created_ns=created_ns)
        require_wal(*connection.execute(sql.query("use_wal")).fetchone())
    fresh.replace(path)
    _sync_folder(path.parent)


def _check(path: Path, *, newest: int) -> None:
    with path.open("rb") as file:
        header = file.read(_HEADER_LEN)
    if len(header) < _HEADER_LEN or not header.startswith(_MAGIC) or _number(header, 68) != APPLICATION_ID:
        raise JournalForeign(f"{path} is not a journal of execd; it was left untouched")
    _refuse_newer(path, _number(header, 60), newest)
    # Closing the last writer would fold the write-ahead file in, and that is a change. So: read-only, and where there
    # is no such file immutable, which does not even make one.
    wal = beside(path, "-wal")
    access = "mode=ro" if wal.exists() and wal.stat().st_size else "immutable=1"
    with closing(sqlite3.connect(f"file:{quote(str(path))}?{access}", uri=True, isolation_level=None)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        _refuse_newer(path, version, newest)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise JournalForeign(f"the journal {path} is corrupt ({verdict}); it was left untouched, restore a backup")


def _refuse_newer(path: Path, version: int, newest: int) -> None:
    if version > newest:
        raise JournalForeign(
            f"the journal {path} has version {version}, this execd knows {newest}; run the newer execd"
        )


def _migrate(path: Path, steps: Sequence[sql.Migration]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as connection:
        connection.executescript(sql.query("settings"))
        # Taking the write lock once tells a read-only disk and a second writer before the day begins.
        connection.executescript("BEGIN IMMEDIATE; ROLLBACK;")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for step in steps:
            if step.version > version:
                connection.executescript(
                    f"BEGIN IMMEDIATE;\n{step.script}\nPRAGMA user_version = {step.version};\n"
                    f"UPDATE meta SET value = '{step.version}' WHERE key = 'schema';\nCOMMIT;"
                )


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4], "big")


def beside(path: Path, suffix: str) -> Path:
    """Return the file that belongs to `path` under the same name with `suffix`."""
    return path.with_name(path.name + suffix)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
