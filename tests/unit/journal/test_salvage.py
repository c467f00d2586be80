"""A damaged journal, rebuilt from what can be read of it: what is kept, what is lost, and that it is told."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from execd.core.checkpoint import SECTIONS
from execd.errors import JournalCorrupt, JournalError, JournalNewer
from execd.journal.marks import read_reduce_only
from execd.journal.salvage import rebuild
from execd.journal.sync import SyncJournal
from execd.journal.verify import verify
from tests.properties.stories import START_NS
from tests.unit.journal.files import altered, content, last_seq, meta, told
from tests.unit.journal.test_migrations import old_file

NOW_NS = START_NS + 86_400 * 10**9


def records(path: Path) -> list[tuple[object, ...]]:
    """Return the rows of the table `records`."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM records ORDER BY seq").fetchall()


@pytest.mark.parametrize(
    "statement,kept",
    [
        ("DELETE FROM records WHERE seq = 50", 49),
        ("UPDATE records SET body = replace(body, 'p', 'q') WHERE seq = 50", 49),
        ("UPDATE records SET sum = 0 WHERE seq = 1", 0),
        ("DELETE FROM records WHERE seq > 50", 50),
        ("UPDATE positions SET qty = '1000000'", None),
    ],
)
def test_everything_up_to_the_first_break_is_kept(tmp_path: Path, statement: str, kept: int | None) -> None:
    """Fault B7. The new journal is whole, of a new epoch, takes no new risk; the old one is there byte by byte."""
    path = tmp_path / "journal.db"
    told(path)
    all_of_them = last_seq(path)
    altered(path, statement)
    before, old_records, old_epoch = content(tmp_path), records(path), meta(path)["epoch"]
    made = rebuild(path, now_ns=NOW_NS)
    expected = all_of_them if kept is None else kept
    with SyncJournal(path, created_ns=NOW_NS) as journal:
        journal.load()
        epochs = journal.epochs

    assert (expected, all_of_them) == (made.records, made.committed)
    assert old_records[:expected] == records(path)
    assert ((), (old_epoch,)) == (verify(path, is_live=False).problems, epochs)
    assert before == content(Path(made.moved_to))
    told_why = read_reduce_only(tmp_path)
    assert told_why is not None
    assert "rebuilt" in told_why.reason


def test_pages_that_cannot_be_read_end_what_is_kept(tmp_path: Path) -> None:
    """Fault B7. A torn file gives what is before the tear."""
    path = tmp_path / "journal.db"
    told(path)
    all_of_them = last_seq(path)
    half = path.read_bytes()[: path.stat().st_size * 2 // 3 // 4096 * 4096]
    path.write_bytes(half)
    with pytest.raises(JournalCorrupt, match="execd journal rebuild"):
        SyncJournal(path, created_ns=NOW_NS)
    made = rebuild(path, now_ns=NOW_NS)

    assert 0 <= made.records < all_of_them
    assert made.stopped_by
    assert () == verify(path, is_live=False).problems


def test_a_file_that_is_no_database_any_more_gives_an_empty_journal_that_knows_the_epoch(tmp_path: Path) -> None:
    """Nothing can be read, but the mark beside it tells which ids were sent and how much is lost."""
    path = tmp_path / "journal.db"
    told(path)
    all_of_them, epoch = last_seq(path), meta(path)["epoch"]
    path.write_bytes(b"\x00" * 50_000)
    made = rebuild(path, now_ns=NOW_NS)
    with SyncJournal(path, created_ns=NOW_NS) as journal:
        epochs = journal.epochs

    assert (0, all_of_them, (epoch,)) == (made.records, made.committed, epochs)


def test_a_record_that_cannot_be_folded_ends_what_is_kept(tmp_path: Path) -> None:
    """The chain is whole, but the story is not: a record speaks of a parent that never was."""
    path = tmp_path / "journal.db"
    told(path, steps_n=30)
    kept = last_seq(path)
    body = '{"type":"Waited","now_ns":1,"parent_id":"never","code":"x","text":"y"}'
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (total,) = connection.execute("SELECT sum FROM records WHERE seq = ?", (kept,)).fetchone()
        from execd.journal.chain import link  # noqa: PLC0415  # Only here.

        row = (kept + 1, 1, "Waited", "never", body, link(total, kept + 1, 1, "Waited", "never", body))
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", row)
    made = rebuild(path, now_ns=NOW_NS)

    assert (kept, "'never'") == (made.records, made.stopped_by)
    assert () == verify(path, is_live=False).problems


def test_a_damaged_file_of_an_earlier_version_is_rebuilt_as_one_of_this(tmp_path: Path) -> None:
    """It has no chain, so a place without a gap and a record that folds are believed."""
    path = old_file(tmp_path / "journal.db", 1)
    kept = last_seq(path)
    altered(path, "DELETE FROM parents")
    made = rebuild(path, now_ns=NOW_NS)

    assert (kept, ()) == (made.records, verify(path, is_live=False).problems)


def test_a_file_of_a_newer_execd_is_not_rebuilt(tmp_path: Path) -> None:
    """What this program cannot read is not damaged."""
    path = tmp_path / "journal.db"
    told(path)
    altered(path, "PRAGMA user_version = 99")
    before = content(tmp_path)
    with pytest.raises(JournalNewer, match="newer"):
        rebuild(path, now_ns=NOW_NS)

    assert before == content(tmp_path)


def test_where_there_is_no_journal_there_is_nothing_to_rebuild(tmp_path: Path) -> None:
    """An empty directory is no damage."""
    with pytest.raises(JournalError, match="no journal"):
        rebuild(tmp_path / "journal.db", now_ns=NOW_NS)

    assert [] == list(tmp_path.iterdir())


def test_a_rebuilt_journal_goes_on(tmp_path: Path) -> None:
    """The book is that of the records kept, and the next commit follows the last of them."""
    path = tmp_path / "journal.db"
    book = told(path)
    altered(path, "UPDATE parents SET status = 'dreaming'")
    rebuild(path, now_ns=NOW_NS)
    with SyncJournal(path, created_ns=NOW_NS) as journal:
        loaded = journal.load()

    assert [getattr(book, name) for name in SECTIONS] == [getattr(loaded, name) for name in SECTIONS]
