"""Journals for tests: one with a long story in it, and what may be done to a file."""

import sqlite3
from contextlib import closing
from pathlib import Path

from execd.core.book import Book
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS, batches

STEPS_N = 120


def told(path: Path, *, steps_n: int = STEPS_N, checkpoint_at: int | None = None) -> Book:
    """Make a journal with a story in it, closed, and return its book."""
    book = Book()
    path.parent.mkdir(parents=True, exist_ok=True)
    with SyncJournal(path, created_ns=START_NS) as journal:
        for place, batch in enumerate(batches(book, list(range(steps_n)), is_wide=True)):
            journal.commit(batch)
            if place == checkpoint_at:
                journal.checkpoint(book)
    return book


def altered(path: Path, *statements: str) -> None:
    """Run statements on a journal as somebody who means harm would: its triggers are gone first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def last_seq(path: Path) -> int:
    """Return the place of the last record in the file itself."""
    with closing(sqlite3.connect(path)) as connection:
        (seq,) = connection.execute("SELECT max(seq) FROM records").fetchone()
    return int(seq)


def meta(path: Path) -> dict[str, str]:
    """Return what a journal says of itself."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, byte by byte; the shared memory of SQLite is no content."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith("-shm") and file.name != "lock"
    }
