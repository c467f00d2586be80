"""Old records in files of their own: nothing is lost, whatever is asked and whenever it is killed."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from execd.core.book import Book
from execd.core.checkpoint import SECTIONS
from execd.errors import JournalCorrupt, JournalError
from execd.journal import retire
from execd.journal.salvage import rebuild
from execd.journal.sync import SyncJournal
from execd.journal.verify import verify
from tests.properties.stories import START_NS
from tests.unit.journal.files import altered, content, last_seq, told

DAY_NS: Final = 86_400 * 10**9
LATER_NS: Final = START_NS + 40 * DAY_NS
STEPS_N: Final = 1_200


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a journal whose parents have all left memory, with a checkpoint after that."""
    folder = tmp_path_factory.mktemp("kept")
    told(folder / "journal.db", steps_n=STEPS_N, checkpoint_at=STEPS_N - 20)
    return folder


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    """Return a copy of that journal."""
    shutil.copytree(kept, tmp_path / "s")
    return tmp_path / "s" / "journal.db"


def archived(path: Path, *, now_ns: int = LATER_NS, days: int = 30, in_memory: Book | None = None) -> str:
    """Archive what may go, and return the name of the file; empty where nothing went."""
    with SyncJournal(path, created_ns=START_NS) as journal:
        made = journal.archive(in_memory or Book(), now_ns=now_ns, days=days)
    return "" if made is None else made.file


def answers(path: Path) -> tuple[object, ...]:
    """Return all that a journal can be asked."""
    with SyncJournal(path, created_ns=START_NS) as journal:
        loaded = journal.load()
        parents = [str(row[0]) for row in journal.read_rows("parents")]
        requests = [str(row[0]) for row in journal.read_rows("orders")]
        return (
            [getattr(loaded, name) for name in SECTIONS],
            list(journal.records()),
            list(journal.records(after_seq=500)),
            [list(journal.records(parent_id=parent_id)) for parent_id in parents],
            [journal.recall(cl_ord_id) for cl_ord_id in requests],
            [journal.known(parent_id) for parent_id in parents],
        )


def test_what_is_archived_is_still_answered(path: Path) -> None:
    """Every question has the answer that it had before, and `verify` proves the whole."""
    before = answers(path)
    records_n = last_seq(path)
    name = archived(path)
    with closing(sqlite3.connect(path)) as connection:
        (left,) = connection.execute("SELECT count(*) FROM records").fetchone()

    assert before == answers(path)
    assert (path.parent / "archive" / name).is_file()
    assert left < records_n
    assert () == verify(path, is_live=False).problems


def test_a_second_archive_follows_the_first(path: Path) -> None:
    """Archives are a run from the first record on, without a gap."""
    before = answers(path)
    most_n, retire_most = 1_000, retire.MOST_N
    try:
        retire.MOST_N = most_n  # type: ignore[misc]  # Smaller steps, so that there are several.
        names = [archived(path), archived(path), archived(path)]
    finally:
        retire.MOST_N = retire_most  # type: ignore[misc]
    made = [name for name in names if name]

    assert len(made) > 1
    assert sorted(made) == made
    assert before == answers(path)
    assert () == verify(path, is_live=False).problems


@pytest.mark.parametrize(
    "now_ns,days", [(LATER_NS, 0), (LATER_NS, 60), (START_NS, 30)], ids=["never", "too young", "the same day"]
)
def test_what_is_not_old_enough_stays(path: Path, now_ns: int, days: int) -> None:
    """`archive_days: 0` is never."""
    before = content(path.parent)

    assert "" == archived(path, now_ns=now_ns, days=days)
    assert before.keys() == content(path.parent).keys()


def test_what_a_parent_in_memory_needs_stays(path: Path) -> None:
    """Its story is read whole from one file."""
    with SyncJournal(path, created_ns=START_NS) as journal:
        book = journal.load()
    assert book.parents

    assert "" == archived(path, in_memory=book)


def test_without_a_checkpoint_everything_stays(path: Path) -> None:
    """A start would have to read the archives for its book."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM checkpoints")

    assert "" == archived(path)


def test_a_kill_before_the_journal_lets_go_is_harmless(path: Path) -> None:
    """The file is there, the journal does not name it: it is made again."""
    before = answers(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER killed BEFORE DELETE ON records BEGIN SELECT raise(ABORT, 'killed here'); END"
        )
    with pytest.raises(sqlite3.IntegrityError, match="killed here"):
        archived(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER killed")
    half_way = answers(path)
    name = archived(path)

    assert before == half_way == answers(path)
    assert [name] == [file.name for file in (path.parent / "archive").iterdir()]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM records WHERE seq = (SELECT max(to_seq) + 1 FROM archives)",
        "DELETE FROM records",
        "UPDATE records SET body = ''",
        "DELETE FROM archives",
        "UPDATE archives SET to_seq = to_seq + 1",
        "INSERT INTO archives SELECT (SELECT max(seq) FROM records), max(to_seq) + 1, 0, 0, 0, 'x' FROM archives",
        "INSERT INTO archives (from_seq, to_seq, from_ns, to_ns, sum, file) VALUES (1, 5, 0, 0, 0, 'x')",
    ],
)
def test_the_file_itself_forbids_everything_else(path: Path, statement: str) -> None:
    """Only what an archive holds may go, and only with it."""
    archived(path)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


def test_an_archive_that_is_gone_is_told(path: Path) -> None:
    """The book is there all the same; what was asked of the archive is refused with its name."""
    name = archived(path)
    (path.parent / "archive" / name).unlink()
    with SyncJournal(path, created_ns=START_NS) as journal:
        journal.load()
        with pytest.raises(JournalCorrupt, match=name):
            list(journal.records())

    assert any(name in problem for problem in verify(path, is_live=False).problems)


def test_an_altered_archive_is_told(path: Path) -> None:
    """It is part of the chain."""
    name = archived(path)
    altered(path.parent / "archive" / name, "UPDATE records SET now_ns = now_ns + 1 WHERE seq = 40")

    assert any("record 40" in problem for problem in verify(path, is_live=False).problems)


def test_a_rebuild_takes_the_archives_in(path: Path) -> None:
    """The new journal has all records itself, and the archives go with the damaged one."""
    before = answers(path)[1]
    archived(path)
    altered(path, "UPDATE parents SET status = 'dreaming'")
    made = rebuild(path, now_ns=LATER_NS)
    with SyncJournal(path, created_ns=START_NS) as journal:
        after = list(journal.records())

    assert before == after
    assert (Path(made.moved_to) / "archive").is_dir()
    assert () == verify(path, is_live=False).problems


def test_a_full_disk_while_archiving_leaves_the_journal_as_it_was(path: Path) -> None:
    """The folder cannot be written: nothing has gone."""
    before = answers(path)
    (path.parent / "archive").write_text("a file in its place")
    with SyncJournal(path, created_ns=START_NS) as journal, pytest.raises((JournalError, OSError)):
        journal.archive(Book(), now_ns=LATER_NS, days=30)

    assert before == answers(path)
