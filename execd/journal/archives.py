"""Old records in files of their own, which never change: how they are found and read.

`journal.db` names them in the table `archives`, from the first record on and
without a gap; the files lie in the folder `archive` beside it. An archive is
opened immutable, so it can be read by anybody at any time. Making one is the
work of `retire.py`.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from execd.errors import JournalCorrupt
from execd.journal import sql
from execd.journal.files import reading
from execd.journal.records import RecordRow

FOLDER: Final = "archive"
PAGE_ROWS: Final = 2_000
"""A page is read and folded at once: some tens of milliseconds, a few megabytes."""


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """A file of records `from_seq` to `to_seq`; `sum` is of the last one."""

    from_seq: int
    to_seq: int
    from_ns: int
    to_ns: int
    sum: int
    file: str


def listed(connection: sqlite3.Connection) -> tuple[Archive, ...]:
    """Return the archives that a journal names, the oldest first."""
    return tuple(
        Archive(from_seq=first, to_seq=last, from_ns=from_ns, to_ns=to_ns, sum=total, file=file)
        for first, last, from_ns, to_ns, total, file in connection.execute(sql.query("read_archives"))
    )


def file_of(journal: Path, archive: Archive) -> Path:
    """Return where an archive of `journal` lies. Raises JournalCorrupt where it does not."""
    path = journal.parent / FOLDER / archive.file
    if not path.is_file():
        raise JournalCorrupt(
            f"records {archive.from_seq} to {archive.to_seq} of {journal} are in {path}, which is gone: put it back"
        )
    return path


def archived_pages(
    journal: Path, archives: tuple[Archive, ...], name: str, after_seq: int, *parameters: str
) -> Iterator[list[RecordRow]]:
    """Yield pages of what the named query finds in archives; it takes (after_seq, limit, parameters)."""
    for archive in archives:
        if archive.to_seq > after_seq:
            with reading(file_of(journal, archive)) as connection:
                yield from pages(connection, name, after_seq, *parameters)


def pages(connection: sqlite3.Connection, name: str, after_seq: int, *parameters: str) -> Iterator[list[RecordRow]]:
    """Yield pages of what the named query finds in one file."""
    while page := page_of(connection, name, after_seq, *parameters):
        yield page
        after_seq = page[-1][0]


def page_of(connection: sqlite3.Connection, name: str, after_seq: int, *parameters: str) -> list[RecordRow]:
    """Return the next page of what the named query finds in one file; empty at its end."""
    return connection.execute(sql.query(name), (after_seq, PAGE_ROWS, *parameters)).fetchall()
