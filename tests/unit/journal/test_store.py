"""The journal's file: made whole, refused untouched, migrated in one transaction."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from execd.core.book import Book
from execd.core.ids import epoch_of
from execd.core.projection import TABLES
from execd.errors import JournalError, JournalForeign
from execd.journal import sql, store
from execd.journal.files import beside
from execd.journal.fold import KEY_CELLS
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS, batches
from tests.unit.journal.files import content


def journal_file(folder: Path, *, steps_n: int = 40) -> Path:
    """Return a journal with a story in it."""
    path = folder / "journal.db"
    with SyncJournal(path, created_ns=START_NS) as journal:
        for batch in batches(Book(), list(range(steps_n)), is_wide=True):
            journal.commit(batch)
    return path


def patched(path: Path, offset: int, body: bytes) -> None:
    """Overwrite bytes of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(body)


def test_a_sqlite_that_cannot_hold_a_journal_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault B17. A library without STRICT tables would make another file than the one that is meant."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.36.0")

    with pytest.raises(JournalError, match=r"3\.36\.0 is too old: 3\.37"):
        store.ensure(tmp_path / "journal.db", created_ns=START_NS)
    assert [] == list(tmp_path.iterdir())


def not_a_database(path: Path) -> None:
    """Put something else in the place of the journal."""
    path.write_bytes(b"dear diary, " * 1_000)


def another_database(path: Path) -> None:
    """Put a database of somebody else in the place of the journal."""
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE albums (title TEXT)")


def newer(path: Path) -> None:
    """Make the journal one of a version to come."""
    patched(path, 60, (99).to_bytes(4, "big"))


def newer_in_its_write_ahead_file(path: Path) -> None:
    """Leave the version to come only in the write-ahead file, as a crash of a newer program does."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA user_version = 99")
    main, wal = path.read_bytes(), beside(path, "-wal").read_bytes()
    connection.close()
    path.write_bytes(main)
    beside(path, "-wal").write_bytes(wal)


def torn(path: Path) -> None:
    """Cut the file in a page."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def shorter_than_a_header(path: Path) -> None:
    """Leave ten bytes."""
    path.write_bytes(path.read_bytes()[:10])


def corrupt(path: Path) -> None:
    """Overwrite a page."""
    patched(path, 2 * 4096, b"\xff" * 4096)


@pytest.mark.parametrize(
    "harm,word",
    [
        (not_a_database, "not a journal"),
        (another_database, "not a journal"),
        (newer, "version 99"),
        (newer_in_its_write_ahead_file, "version 99"),
        (torn, "corrupt"),
        (shorter_than_a_header, "not a journal"),
        (corrupt, "corrupt"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_untouched(
    tmp_path: Path, harm: Callable[[Path], None], word: str
) -> None:
    """Faults B7, B11. Foreign, newer, torn or corrupt: JournalForeign, and not a byte of it (or beside it) changes."""
    path = journal_file(tmp_path)
    harm(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(JournalForeign, match=word):
        SyncJournal(path, created_ns=START_NS)

    assert before == {file.name: file.read_bytes() for file in tmp_path.iterdir() if not file.name.endswith("-shm")}


@pytest.mark.parametrize("seq", [1, 7])
def test_a_missing_record_is_found_on_loading(tmp_path: Path, seq: int) -> None:
    """A gap in the records means that somebody was at the file: nothing is folded over it."""
    path = journal_file(tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER records_stay")
        connection.execute("DELETE FROM records WHERE seq = ?", (seq,))
    with (
        SyncJournal(path, created_ns=START_NS) as journal,
        pytest.raises(JournalForeign, match=f"record {seq} of the journal is missing"),
    ):
        journal.load()


def test_an_unreadable_record_is_found_on_loading(tmp_path: Path) -> None:
    """A kind of record that this program does not know is not skipped."""
    path = journal_file(tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER records_never_change")
        connection.execute("""UPDATE records SET body = '{"type":"Dreamt","now_ns":1}' WHERE seq = 3""")
    with SyncJournal(path, created_ns=START_NS) as journal, pytest.raises(JournalForeign, match="record 3"):
        journal.load()


@pytest.mark.parametrize("statement", ["UPDATE records SET body = ''", "DELETE FROM records"])
def test_records_are_append_only(tmp_path: Path, statement: str) -> None:
    """The file itself refuses to change or lose a record."""
    path = journal_file(tmp_path)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="record"):
        connection.execute(statement)


@pytest.mark.parametrize("seq", [0, 1, 40, 42, 1_000])
def test_records_are_dense(tmp_path: Path, seq: int) -> None:
    """A number that is not the next one is refused by the file itself."""
    path = tmp_path / "journal.db"
    with SyncJournal(path, created_ns=START_NS):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO records VALUES (?, 0, 'Waited', 'p1', '{}', 0)", [(place,) for place in range(1, 41)]
        )
        with pytest.raises(sqlite3.IntegrityError, match="sequence"):
            connection.execute("INSERT INTO records VALUES (?, 0, 'Waited', 'p1', '{}', 0)", (seq,))


def test_the_epoch_is_of_the_creation_and_stays(tmp_path: Path) -> None:
    """A journal keeps the epoch of the instant of its creation; opening it later does not change it."""
    path = journal_file(tmp_path)
    with SyncJournal(path, created_ns=START_NS + 10**12) as journal:
        actual = (journal.epoch, journal.created_ns)

    assert (epoch_of(START_NS), START_NS) == actual


def test_a_start_that_was_killed_while_making_the_file_is_made_again(tmp_path: Path) -> None:
    """What a killed creation leaves is an empty file or one under another name; both give way."""
    path = tmp_path / "journal.db"
    path.touch()
    beside(path, ".new").write_bytes(b"half of it")
    beside(path, ".new-journal").write_bytes(b"and the rest")
    with SyncJournal(path, created_ns=START_NS):
        pass

    assert ["journal.db", "journal.high"] == sorted(file.name for file in tmp_path.iterdir())


def test_a_write_ahead_file_without_its_journal_is_refused(tmp_path: Path) -> None:
    """SQLite would read the old tail into the new file, so somebody has to say what is meant."""
    path = tmp_path / "journal.db"
    wal = beside(path, "-wal")
    wal.write_bytes(b"a tail")
    with pytest.raises(JournalForeign, match="missing"):
        SyncJournal(path, created_ns=START_NS)

    assert (False, b"a tail") == (path.exists(), wal.read_bytes())


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_in_the_place_of_the_journal_is_refused(tmp_path: Path, *, is_there: bool) -> None:
    """Its write-ahead file would lie elsewhere; a link that leads nowhere is an unmounted disk, not a first start."""
    elsewhere = tmp_path / "elsewhere.db"
    if is_there:
        store.ensure(elsewhere, created_ns=START_NS)
    (tmp_path / "journal.db").symlink_to(elsewhere)
    before = content(tmp_path)
    with pytest.raises(JournalForeign, match=r"is a link.*--state-dir"):
        store.ensure(tmp_path / "journal.db", created_ns=START_NS)

    assert (before, True) == (content(tmp_path), (tmp_path / "journal.db").is_symlink())


def test_a_folder_in_the_place_of_the_journal_is_refused(tmp_path: Path) -> None:
    """Whatever it is, it is not ours; the next step is told."""
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalForeign, match=r"not a file.*--state-dir"):
        store.ensure(tmp_path / "journal.db", created_ns=START_NS)


def test_a_directory_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    """The message names the path."""
    with pytest.raises(JournalError, match="absent"):
        SyncJournal(tmp_path / "absent" / "journal.db", created_ns=START_NS)


NEXT = sql.version() + 1
STEPS = (
    *sql.migrations(),
    sql.Migration(NEXT, "ALTER TABLE parents ADD COLUMN color TEXT;"),
    sql.Migration(NEXT + 1, "CREATE TABLE hues (hue TEXT) STRICT; INSERT INTO hues VALUES ('red');"),
)


def columns(path: Path) -> tuple[int, list[str]]:
    """Return the version of a journal and the tables and columns that the steps would add."""
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        found = connection.execute(
            "SELECT name FROM pragma_table_info('parents') WHERE name = 'color' "
            "UNION ALL SELECT name FROM sqlite_schema WHERE name = 'hues'"
        ).fetchall()
    return version, [name for (name,) in found]


def test_an_older_file_is_led_to_the_newest_version(tmp_path: Path) -> None:
    """Each step is applied once, in order, and the version is written with it."""
    path = journal_file(tmp_path)
    store.ensure(path, created_ns=START_NS, steps=STEPS[:-1])
    store.ensure(path, created_ns=START_NS, steps=STEPS)
    store.ensure(path, created_ns=START_NS, steps=STEPS)

    assert (NEXT + 1, ["color", "hues"]) == columns(path)


def test_a_step_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    """A migration is one transaction: the good step stays, the bad one leaves no trace."""
    path = journal_file(tmp_path)
    bad = sql.Migration(NEXT + 1, "CREATE TABLE hues (hue TEXT) STRICT; INSERT INTO nowhere VALUES (1);")
    with pytest.raises(JournalError, match="nowhere"):
        store.ensure(path, created_ns=START_NS, steps=(*STEPS[:-1], bad))

    assert (NEXT, ["color"]) == columns(path)


def test_tables_and_rows_have_the_same_shape(tmp_path: Path) -> None:
    """What core/projection.py gives is what schema.sql holds: as many cells, and the same key."""
    path = journal_file(tmp_path, steps_n=600)
    with SyncJournal(path, created_ns=START_NS) as journal:
        widths = {table: {len(row) for row in journal.read_rows(table)} for table in TABLES}
    with closing(sqlite3.connect(path)) as connection:
        shapes = {
            table: connection.execute("SELECT count(*), sum(pk > 0) FROM pragma_table_info(?)", (table,)).fetchone()
            for table in TABLES
        }

    assert dict(KEY_CELLS) == {table: keys for table, (_, keys) in shapes.items()}
    assert widths == {table: {cells} for table, (cells, _) in shapes.items()}


def test_migrations_are_numbered_without_a_gap() -> None:
    """The version of the file is the number of the last step."""
    assert [step.version for step in sql.migrations()] == list(range(2, sql.version() + 1))
