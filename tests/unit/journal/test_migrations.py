"""Every earlier version of the file is led to the present: what it held is held, linked, and shaped as a new file's."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from execd.core.projection import TABLES
from execd.errors import JournalError
from execd.journal import sql, store
from execd.journal.fold import mismatches
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS

KEPT = Path(__file__).parent
VERSIONS = list(range(1, sql.version()))


def old_file(path: Path, version: int) -> Path:
    """Make the journal that execd of an earlier version left."""
    folder = KEPT / f"v{version}"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {store.APPLICATION_ID}; PRAGMA user_version = {version};"
            f"{(folder / 'schema.sql').read_text()} {(folder / 'content.sql').read_text()} COMMIT;"
        )
    return path


def shape(path: Path) -> list[tuple[str, str, str]]:
    """Return what a database is made of, comments and blanks left out."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY 1, 2").fetchall()
    return [(kind, name, _plain(text)) for kind, name, text in found]


def _plain(text: str) -> str:
    lines = (line.split("--")[0] for line in text.splitlines())
    return " ".join(" ".join(lines).replace('"', "").split())


def records(path: Path) -> list[tuple[int, str]]:
    """Return places and bodies as they are in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT seq, body FROM records ORDER BY seq").fetchall()


@pytest.mark.parametrize("version", VERSIONS)
def test_an_earlier_file_folds_to_the_rows_it_has(tmp_path: Path, version: int) -> None:
    """Fault B11. Records stay as they were, their chain holds, and a fold of them gives the rows that were there."""
    path = old_file(tmp_path / "journal.db", version)
    before = records(path)
    with SyncJournal(path, created_ns=START_NS) as journal:
        found = mismatches(journal.load(), {table: journal.read_rows(table) for table in TABLES})

    assert (before, []) == (records(path), found)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_earlier_file_gets_the_shape_of_a_new_one(tmp_path: Path, version: int) -> None:
    """What the steps make and what schema.sql makes are the same tables, keys and triggers."""
    old, new = old_file(tmp_path / "journal.db", version), tmp_path / "new.db"
    store.ensure(old, created_ns=START_NS)
    store.ensure(new, created_ns=START_NS)

    assert shape(new) == shape(old)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_file_of_before_is_kept(tmp_path: Path, version: int) -> None:
    """Whoever goes back to the version before finds its file beside the new one."""
    path = old_file(tmp_path / "journal.db", version)
    before = (shape(path), records(path))
    store.ensure(path, created_ns=START_NS)
    kept = tmp_path / f"journal.db.v{version}.bak"

    assert before == (shape(kept), records(kept))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migration_that_ends_half_way_leaves_the_file_as_it_was_and_runs_again(tmp_path: Path, version: int) -> None:
    """Fault B12. All steps to the next version are one transaction."""
    path = old_file(tmp_path / "journal.db", version)
    before = (shape(path), records(path))
    steps = sql.migrations()
    broken = sql.Migration(version + 1, f"{steps[version - 1].script}\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(JournalError, match="nowhere"):
        store.ensure(path, created_ns=START_NS, steps=(*steps[: version - 1], broken))
    after = (shape(path), records(path))
    store.ensure(path, created_ns=START_NS)

    assert before == after
    assert shape(path) == shape(_new(tmp_path))


def _new(folder: Path) -> Path:
    path = folder / "new.db"
    store.ensure(path, created_ns=START_NS)
    return path


def test_an_earlier_file_with_a_gap_is_left_as_it_was(tmp_path: Path) -> None:
    """A chain over a missing record would say that all is well."""
    path = old_file(tmp_path / "journal.db", 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER records_stay")
        connection.execute("DELETE FROM records WHERE seq = 7")
    before = records(path)
    with pytest.raises(JournalError):
        store.ensure(path, created_ns=START_NS)

    assert before == records(path)
