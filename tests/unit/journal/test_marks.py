"""What shows that committed records are gone: the high-water mark beside the journal."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from execd.errors import JournalLost
from execd.journal import store
from execd.journal.files import beside
from execd.journal.marks import (
    DOUBTED,
    Mark,
    ReduceOnly,
    clear_reduce_only,
    high_file,
    hold_back,
    read_mark,
    read_reduce_only,
    write_mark,
    write_reduce_only,
)
from execd.journal.sqlite import SqliteJournal
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS
from tests.unit.journal.files import altered, content, last_seq, meta, told


def lost_tail(path: Path) -> None:
    """Lose the last records, as a deleted write-ahead file does."""
    altered(path, "DELETE FROM records WHERE seq > (SELECT max(seq) - 5 FROM records)")


def older_copy(path: Path) -> None:
    """Put yesterday's copy in the place of the journal."""
    path.unlink()
    told(path.with_name("old") / "journal.db", steps_n=40)
    shutil.copy(path.with_name("old") / "journal.db", path)
    shutil.rmtree(path.with_name("old"))


def missing(path: Path) -> None:
    """Delete the journal."""
    path.unlink()


def another(path: Path) -> None:
    """Put the journal of another daemon, longer than ours, in its place."""
    path.unlink()
    other = path.with_name("other") / "journal.db"
    told(other, steps_n=200)
    altered(other, "UPDATE records SET sum = sum + 1")
    shutil.copy(other, path)
    shutil.rmtree(other.parent)


@pytest.mark.parametrize(
    "harm,word", [(lost_tail, "ends at"), (older_copy, "ends at"), (missing, "is missing"), (another, "not the one")]
)
def test_a_journal_that_lost_committed_records_is_refused_untouched(
    tmp_path: Path, harm: Callable[[Path], None], word: str
) -> None:
    """Faults B8, B9. Trading on would use ids again that were sent already; the message says how to go on."""
    path = tmp_path / "journal.db"
    told(path)
    harm(path)
    before = content(tmp_path)
    with pytest.raises(JournalLost, match=word) as refused:
        SyncJournal(path, created_ns=START_NS)

    assert before == content(tmp_path)
    assert "execd journal restore" in str(refused.value)
    assert "execd journal rebuild" in str(refused.value)


def test_a_deleted_write_ahead_file_is_found(tmp_path: Path) -> None:
    """Fault B8. A killed daemon leaves commits in `journal.db-wal`; somebody who tidies up loses them."""
    path = tmp_path / "journal.db"
    told(path, steps_n=30)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()
        seq = last_seq(path) + 1
        row = (seq, START_NS, "Waited", "p1", "{}", 7)
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", row)
        killed = (path.read_bytes(), beside(path, "-wal").read_bytes())
    assert killed[1]
    path.write_bytes(killed[0])
    write_mark(path, Mark(epoch=meta(path)["epoch"], seq=seq, sum=7), is_synced=True)
    for leftover in ("-wal", "-shm"):
        beside(path, leftover).unlink(missing_ok=True)
    with pytest.raises(JournalLost, match="write-ahead file was deleted"):
        SyncJournal(path, created_ns=START_NS)


@pytest.mark.parametrize("body", [b"", b"\x00" * 40, b"{", None])
def test_a_mark_that_cannot_be_read_is_a_reason_to_doubt_the_journal(tmp_path: Path, body: bytes | None) -> None:
    """Fault B8. Who deletes a write-ahead file may empty the mark, too: a new epoch, no new risk, and a mark again."""
    path = tmp_path / "journal.db"
    told(path)
    before = meta(path)["epoch"]
    high_file(path).unlink()
    if body is not None:
        high_file(path).write_bytes(body)
    with SyncJournal(path, created_ns=START_NS) as journal:
        epoch, expected = journal.epoch, Mark(epoch=journal.epoch, seq=journal.seq, sum=last_sum(path))
    told_why = read_reduce_only(tmp_path)

    assert (expected, before) == (read_mark(path), meta(path)["epochs"])
    assert epoch != before
    assert told_why is not None
    assert (DOUBTED, True) == (told_why.cause, str(high_file(path)) in told_why.reason)


def test_a_new_journal_has_a_mark_from_its_making_on(tmp_path: Path) -> None:
    """So that one that is missing later says something; a start that died before it wrote one is well."""
    path = tmp_path / "journal.db"
    store.ensure(path, created_ns=START_NS)
    made = read_mark(path)
    high_file(path).unlink()
    store.ensure(path, created_ns=START_NS)

    assert (Mark(epoch=meta(path)["epoch"], seq=0, sum=0), None) == (made, read_reduce_only(tmp_path))
    assert made == read_mark(path)


def test_reasons_to_take_no_new_risk_add_up(tmp_path: Path) -> None:
    """The first cause is the halt's; the same reason is told once."""
    for reason in ("restored", "holds 36 AAPL", "holds 36 AAPL"):
        hold_back(tmp_path, now_ns=5, cause=reason.split()[0], reason=reason)

    assert ReduceOnly(now_ns=5, reason="restored; holds 36 AAPL", cause="restored") == read_reduce_only(tmp_path)


def last_sum(path: Path) -> int:
    """Return the sum of the last record."""
    with closing(sqlite3.connect(path)) as connection:
        (total,) = connection.execute("SELECT sum FROM records ORDER BY seq DESC LIMIT 1").fetchone()
    return int(total)


async def test_a_closed_journal_says_how_far_it_had_come(tmp_path: Path) -> None:
    """The mark of a clean stop is the last record."""
    path = tmp_path / "journal.db"
    told(path)
    write_mark(path, Mark(epoch=meta(path)["epoch"], seq=0, sum=0), is_synced=True)
    journal = await SqliteJournal.open(path, created_ns=START_NS)
    await journal.close()

    assert Mark(epoch=journal.epoch, seq=last_seq(path), sum=last_sum(path)) == read_mark(path)


def test_the_word_that_no_new_risk_is_taken_stays_until_it_is_heeded(tmp_path: Path) -> None:
    """Whatever it says: that it is there is enough."""
    expected = ReduceOnly(now_ns=5, reason="restored")
    write_reduce_only(tmp_path, expected)
    first = read_reduce_only(tmp_path)
    (tmp_path / "reduce-only.json").write_text("{")
    unreadable = read_reduce_only(tmp_path)
    clear_reduce_only(tmp_path)
    clear_reduce_only(tmp_path)

    assert (expected, True, None) == (first, unreadable is not None, read_reduce_only(tmp_path))
