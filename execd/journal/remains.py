"""Which ids a journal has used, for the day on which an older one takes its place.

A restored journal does not know what came after its backup. The journal that
it replaced does, as far as it can still be read: its intents, its documents,
and the ids that it refused in advance. Nothing here decides what becomes of
them, and nothing is changed.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from execd.errors import JournalError
from execd.journal import sql
from execd.journal.files import has_wal, reading

_USED: Final = ("read_used_parents", "read_used_documents", "read_used_tombstones")


def used_in(journal: Path) -> list[str]:
    """Return every id that a journal has used, oldest first; of a damaged one what can be read of it."""
    found: list[str] = []
    for name in _USED:
        # Each by itself: an older version has no documents, and a damaged page spoils one table, not all.
        with suppress(JournalError), reading(journal) as connection:
            found += _ids(connection, name)
    return list(dict.fromkeys(found))


def _ids(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    with suppress(sqlite3.Error):
        for (one,) in connection.execute(sql.query(name)):
            if one:
                yield str(one)


def unused(journal: Path, ids: Iterable[str]) -> list[str]:
    """Return those of `ids` that a whole journal does not know. Raises JournalError."""
    with reading(journal, is_live=True) as connection:
        asked = ((one, connection.execute(sql.query("read_is_used"), (one,)).fetchone()[0]) for one in ids)
        found = [one for one, is_used in asked if not is_used]
        if found:
            # A row of a list that has not had its turn is in no table yet.
            listed = dict.fromkeys(_ids(connection, "read_used_listed"))
            found = [one for one in found if one not in listed]
        return found


def is_empty(journal: Path) -> bool:
    """Whether there is no journal, or one without a record; one that cannot be read is not empty."""
    try:
        if journal.stat().st_size == 0:
            return not has_wal(journal)
        with reading(journal) as connection:
            return connection.execute(sql.query("read_last")).fetchone() is None
    except FileNotFoundError:
        return not has_wal(journal)
    except (OSError, sqlite3.Error, JournalError):
        return False  # Whoever opens it says what is wrong with it.
