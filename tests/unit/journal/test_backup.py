"""A journal carried away and brought back, and one that somebody carried back by hand."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from execd.errors import JournalError, JournalForeign, JournalNewer
from execd.journal.backup import backup, restore
from execd.journal.files import beside
from execd.journal.marks import read_mark, read_reduce_only
from execd.journal.sync import SyncJournal
from execd.journal.verify import verify
from tests.properties.stories import START_NS
from tests.unit.journal.files import altered, content, last_seq, meta, told

NOW_NS = START_NS + 86_400 * 10**9


def test_a_backup_is_one_whole_file_and_says_that_it_is_one(tmp_path: Path) -> None:
    """What is committed is in it, whatever lies in the write-ahead file."""
    path, copy = tmp_path / "s" / "journal.db", tmp_path / "copy.db"
    told(path)
    before = content(path.parent)
    made = backup(path, copy, is_live=False, now_ns=NOW_NS)

    assert before == content(path.parent)
    assert [copy.name] == sorted(file.name for file in tmp_path.iterdir() if file.is_file())
    assert ((), last_seq(path), "is_backup" in meta(copy)) == (verify(copy, is_live=False).problems, made.records, True)


def test_a_backup_beside_a_writer_has_all_that_was_committed(tmp_path: Path) -> None:
    """Fault B10. The write-ahead file of a running daemon is part of the journal; a copied file would miss it."""
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    told(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        altered_seq = last_seq(path)
        writer.execute("UPDATE meta SET value = 'in the tail' WHERE key = 'schema'")
        wal_bytes = beside(path, "-wal").stat().st_size
        made = backup(path, copy, is_live=True, now_ns=NOW_NS)

    assert (altered_seq, True, "in the tail") == (made.records, wal_bytes > 0, meta(copy)["schema"])


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    """The older backup may be the only one."""
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    told(path)
    copy.write_bytes(b"dear")
    with pytest.raises(JournalError, match="exists already"):
        backup(path, copy, is_live=False, now_ns=NOW_NS)

    assert b"dear" == copy.read_bytes()


def test_a_restored_journal_has_a_new_epoch_knows_the_old_ones_and_takes_no_new_risk(tmp_path: Path) -> None:
    """Fault B9. Ids that were sent after the backup cannot come again; what was there is moved aside, not deleted."""
    path, copy = tmp_path / "s" / "journal.db", tmp_path / "copy.db"
    told(path, steps_n=60)
    backup(path, copy, is_live=False, now_ns=NOW_NS)
    shutil.rmtree(path.parent)
    told(path)
    replaced = content(path.parent)
    made = restore(path, copy, now_ns=NOW_NS)
    with SyncJournal(path, created_ns=NOW_NS + 1) as journal:
        epochs = (journal.epoch, journal.epochs)
        loaded = journal.load()

    assert (made.epoch, (meta(copy)["epoch"],)) == epochs
    assert made.epoch != meta(copy)["epoch"]
    assert loaded.parents
    told_why = read_reduce_only(path.parent)
    assert told_why is not None
    assert "restored from a backup" in told_why.reason
    assert replaced == content(Path(made.moved_to))
    assert () == verify(path, is_live=False).problems
    mark = read_mark(path)
    assert (made.epoch, made.records) == (mark and mark.epoch, mark and mark.seq)


def test_restoring_twice_in_one_second_makes_two_epochs(tmp_path: Path) -> None:
    """An epoch stands for one line of decisions; the second restore begins another."""
    path, copy = tmp_path / "s" / "journal.db", tmp_path / "copy.db"
    told(path, steps_n=60)
    backup(path, copy, is_live=False, now_ns=NOW_NS)
    first = restore(path, copy, now_ns=NOW_NS)
    second = restore(path, copy, now_ns=NOW_NS)
    with SyncJournal(path, created_ns=NOW_NS) as journal:
        epochs = journal.epochs

    assert first.epoch != second.epoch
    assert {meta(copy)["epoch"], first.epoch} == set(epochs)


def test_a_backup_copied_into_place_by_hand_is_as_good_as_restored(tmp_path: Path) -> None:
    """Fault B9. It says that it is a backup, so the first start begins a new epoch without new risk."""
    path, copy = tmp_path / "s" / "journal.db", tmp_path / "copy.db"
    told(path, steps_n=60)
    backup(path, copy, is_live=False, now_ns=NOW_NS)
    before = meta(copy)["epoch"]
    shutil.copy(copy, path)
    with SyncJournal(path, created_ns=NOW_NS) as journal:
        epochs = (journal.epoch != before, journal.epochs)
    with SyncJournal(path, created_ns=NOW_NS + 10**12) as journal:
        again = (journal.epoch != before, journal.epochs)

    assert (True, (before,)) == epochs == again
    assert read_reduce_only(path.parent) is not None
    assert "is_backup" not in meta(path)


def garbage(path: Path) -> None:
    """Write something else."""
    path.write_bytes(b"no journal" * 100)


def newer(path: Path) -> None:
    """Make it a backup of a version to come."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("harm,kind", [(garbage, JournalForeign), (newer, JournalNewer)])
def test_what_cannot_be_restored_changes_nothing(tmp_path: Path, harm: object, kind: type[Exception]) -> None:
    """The journal that is there stays there."""
    assert callable(harm)
    path, copy = tmp_path / "s" / "journal.db", tmp_path / "copy.db"
    told(path)
    backup(path, copy, is_live=False, now_ns=NOW_NS)
    harm(copy)
    before = content(path.parent)
    with pytest.raises(kind):
        restore(path, copy, now_ns=NOW_NS)

    assert before == content(path.parent)


def test_a_backup_whose_archives_are_not_there_is_not_restored(tmp_path: Path) -> None:
    """It would end at the first question about an old intent."""
    path, copy = tmp_path / "s" / "journal.db", tmp_path / "copy.db"
    told(path)
    backup(path, copy, is_live=False, now_ns=NOW_NS)
    altered(copy, "INSERT INTO archives (to_seq, from_seq, from_ns, to_ns, sum, file) VALUES (5, 1, 0, 0, 0, 'a.db')")
    before = content(path.parent)
    with pytest.raises(JournalError, match="put it back"):
        restore(path, copy, now_ns=NOW_NS)

    assert before == content(path.parent)
