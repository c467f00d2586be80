"""The journal's file: whose it is, which version, and how it is made, checked and led to the present.

Synchronous and shared by both journals over SQLite. A file that is not ours,
newer than this program, damaged, or behind its high-water mark is refused
before anything writes to it. A new file is made under another name and
renamed, so a journal is whole or absent.

One process holds at most one writing connection, opened after the other is
closed: the WAL-reset corruption of SQLite before 3.51.3 needs two.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.ids import NS_PER_S, epoch_of
from execd.errors import JournalCorrupt, JournalError, JournalForeign, JournalLost, JournalNewer
from execd.journal import sql
from execd.journal.chain import Chain
from execd.journal.files import (
    BUSY_S,
    CORRUPT_HELP,
    as_journal_error,
    as_place_error,
    beside,
    copy,
    has_wal,
    reading,
    sync,
    with_companions,
)
from execd.journal.marks import (
    DOUBTED,
    Mark,
    ReduceOnly,
    high_file,
    hold_back,
    read_mark,
    read_reduce_only,
    write_mark,
    write_reduce_only,
)
from execd.journal.write import transaction

APPLICATION_ID: Final = int.from_bytes(b"exec", "big")
SQLITE_OLDEST: Final = (3, 37, 0)
"""The first with STRICT tables."""
MEMORY: Final = ":memory:"
_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_LEN: Final = 100
_LOST_HELP: Final = "restore a backup (execd journal restore FILE), or accept the loss (execd journal rebuild --yes)"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal says of itself: who made it when, and its last record (zeros where it has none).

    `epochs` are those before `epoch`: a restored or rebuilt journal has a new one.
    """

    epoch: str
    epochs: tuple[str, ...] = ()
    created_ns: int
    is_backup: bool = False
    seq: int = 0
    last_ns: int = 0
    sum: int = 0


def ensure(path: Path, *, created_ns: int, steps: Sequence[sql.Migration] | None = None) -> None:
    """Make `path` a journal of the current version: create it, or check and migrate it.

    Raises JournalForeign (the file is untouched) or JournalError. `steps` are the migrations, by default all.
    """
    if sqlite3.sqlite_version_info < SQLITE_OLDEST:
        raise JournalError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
    steps = sql.migrations() if steps is None else steps
    if path.is_symlink():
        # The write-ahead file lies beside what the link leads to; everything that looks for it here would miss it.
        raise JournalForeign(
            f"{path} is a link and was left untouched: name the directory it leads into by --state-dir"
        )
    try:
        if not path.exists() or path.stat().st_size == 0:
            _make(path, created_ns=created_ns)
        else:
            check(path, newest=1 + len(steps))
        was_older = _migrate(path, steps)
        _adopt(path, now_ns=created_ns)
        _mark_anew(path, now_ns=created_ns, was_older=was_older)
    except sqlite3.Error as error:
        raise as_journal_error(error, path) from error
    except OSError as error:
        raise as_place_error(error, f"the journal {path} cannot be opened") from error


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


def prepare(connection: sqlite3.Connection) -> Head:
    """Set up a connection that will write, and return what the journal says of itself."""
    require_wal(connection.execute(sql.query("use_wal")).fetchone()[0])
    connection.executescript(sql.query("settings"))
    return head(connection)


def head(connection: sqlite3.Connection) -> Head:
    """Return what an open journal of the current version says of itself."""
    return head_of(
        connection.execute(sql.query("read_meta")).fetchall(), connection.execute(sql.query("read_last")).fetchall()
    )


def head_of(meta: Iterable[Sequence[object]], last: Sequence[Sequence[object]]) -> Head:
    """Return the head from the rows of `read_meta` and `read_last`."""
    told = {str(key): str(value) for key, value in meta}
    if not {"epoch", "created_ns"} <= told.keys():
        raise JournalCorrupt(f"the journal does not say which epoch it is of; {CORRUPT_HELP}")
    seq, last_ns, total = (int(str(cell)) for cell in (last[0] if last else (0, 0, 0)))
    return Head(
        epoch=told["epoch"],
        epochs=tuple(told.get("epochs", "").split()),
        created_ns=int(told["created_ns"]),
        is_backup="is_backup" in told,
        seq=seq,
        last_ns=last_ns,
        sum=total,
    )


def begin_epoch(connection: sqlite3.Connection, *, now_ns: int, before: Sequence[str] | None = None) -> str:
    """Give a journal a new epoch, and keep the old one known; the caller's transaction.

    What was sent under the old one after the records that are left must not be sent again under the same id.
    `before` are the old ones, by default those that the journal names.
    """
    told = head(connection)
    known = (*told.epochs, told.epoch) if before is None else before
    while (epoch := epoch_of(now_ns)) in known:
        now_ns += NS_PER_S
    connection.execute(sql.query("change_meta"), ("epoch", epoch))
    connection.execute(sql.query("change_meta"), ("epochs", " ".join(known)))
    connection.execute("DELETE FROM meta WHERE key = 'is_backup'")
    return epoch


def check(path: Path, *, newest: int, is_live: bool = False) -> None:
    """Raise JournalForeign where `path` cannot be trusted; nothing changes. `is_live`: a daemon may be writing it."""
    if not path.exists():
        raise JournalError(f"there is no journal at {path}")
    if not path.is_file():
        raise JournalForeign(f"{path} is not a file; it was left untouched: move it away, or name another --state-dir")
    with path.open("rb") as file:
        header = file.read(_HEADER_LEN)
    if len(header) < _HEADER_LEN or not header.startswith(_MAGIC) or _number(header, 68) != APPLICATION_ID:
        raise JournalForeign(
            f"{path} is not a journal of execd; it was left untouched: move it away, or name another --state-dir"
        )
    _refuse_newer(path, _number(header, 60), newest)
    # Closing the last writer would fold the write-ahead file in, and that is a change. So: for reading alone.
    with reading(path, is_live=is_live) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        _refuse_newer(path, version, newest)
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise JournalCorrupt(f"the journal {path} is corrupt ({verdict}); it was left untouched: {CORRUPT_HELP}")
        if version == sql.version():
            _refuse_lost(path, connection)


def _refuse_newer(path: Path, version: int, newest: int) -> None:
    if version > newest:
        raise JournalNewer(f"the journal {path} has version {version}, this execd knows {newest}; run the newer execd")


def _refuse_lost(path: Path, connection: sqlite3.Connection) -> None:
    mark, found = read_mark(path), head(connection)
    if mark is None or found.is_backup:
        return  # A backup is behind, and says so: `_adopt` lets it begin a new epoch.
    if found.seq < mark.seq:
        raise JournalLost(
            f"the journal {path} ends at record {found.seq}, but {mark.seq} were committed: its write-ahead file was "
            f"deleted, or an older copy was put in its place. Put back what is missing, {_LOST_HELP}"
        )
    stored = connection.execute(sql.query("read_sum"), (mark.seq,)).fetchone()
    if stored is not None and stored[0] != mark.sum:
        raise JournalLost(
            f"record {mark.seq} of {path} is not the one that was committed: another journal was put in its place. "
            f"Put the right one back, {_LOST_HELP}"
        )


def _make(path: Path, *, created_ns: int) -> None:
    if has_wal(path):
        # SQLite would read the old tail into the new file.
        wal = beside(path, "-wal")
        raise JournalLost(f"{path.name} is missing but {wal.name} is there: restore the journal, or move both away")
    mark = read_mark(path)
    if mark is not None and mark.seq > 0:
        raise JournalLost(f"{path} is missing, but {mark.seq} records were committed to it: put it back, {_LOST_HELP}")
    fresh = beside(path, ".new")
    for leftover in with_companions(fresh):
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        connection.executescript(sql.query("settings"))
        fill_new(connection, created_ns=created_ns)
        require_wal(*connection.execute(sql.query("use_wal")).fetchone())
    fresh.replace(path)
    sync(path.parent)


def _migrate(path: Path, steps: Sequence[sql.Migration]) -> bool:
    """Lead a journal to the present; whether it was of an earlier version."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as connection:
        connection.executescript(sql.query("settings"))
        # Taking the write lock once tells a read-only disk and a second writer before the day begins.
        connection.executescript("BEGIN IMMEDIATE; ROLLBACK;")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        due = [step for step in steps if step.version > version]
        if due:
            # Whoever has to go back to the version before needs the file of it.
            copy(connection, beside(path, f".v{version}.bak"), lambda _: None)
        for step in due:
            connection.create_function("chain", 5, Chain().add)
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{step.script}\nPRAGMA user_version = {step.version};\n"
                f"UPDATE meta SET value = '{step.version}' WHERE key = 'schema';\nCOMMIT;"
            )
    return bool(due)


def _adopt(path: Path, *, now_ns: int) -> None:
    """Make a backup that was put in the place of the journal a journal again: a new epoch, and no new risk."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as connection:
        found = head(connection)
        if not found.is_backup:
            return
        reason = f"the journal was restored from a backup that ends at record {found.seq}"
        told = read_reduce_only(path.parent) or ReduceOnly(now_ns=now_ns, reason=reason)
        write_reduce_only(path.parent, replace(told, now_ns=now_ns, reason=reason))
        connection.executescript(sql.query("settings"))
        with transaction(connection):
            epoch = begin_epoch(connection, now_ns=now_ns)
        write_mark(path, Mark(epoch=epoch, seq=found.seq, sum=found.sum), is_synced=True)


def _mark_anew(path: Path, *, now_ns: int, was_older: bool) -> None:
    """Write the mark of a journal that has none that can be read; where it should have one, doubt the journal.

    It has one from its making on, and each is on the disk before it takes its name: no crash takes it away.
    """
    if read_mark(path) is not None:
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as connection:
        found = head(connection)
    mark = high_file(path)
    if mark.exists() or (found.seq and not was_older):
        word = "cannot be read" if mark.exists() else "is missing"
        doubt(
            path,
            f"{mark}, which says how far the journal had come, {word}, so nobody knows whether the {found.seq} "
            "records of the journal are all that were committed",
            now_ns=now_ns,
        )
    else:
        write_mark(path, Mark(epoch=found.epoch, seq=found.seq, sum=found.sum), is_synced=True)


def doubt(path: Path, reason: str, *, now_ns: int) -> None:
    """Go on with a journal that may have lost its last records: in a new epoch, and without new risk.

    A request that it has forgotten had the id that the next one of that intent would get.
    """
    hold_back(path.parent, now_ns=now_ns, cause=DOUBTED, reason=reason)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)) as connection:
        connection.executescript(sql.query("settings"))
        found = head(connection)
        with transaction(connection):
            epoch = begin_epoch(connection, now_ns=now_ns)
    write_mark(path, Mark(epoch=epoch, seq=found.seq, sum=found.sum), is_synced=True)


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4], "big")
