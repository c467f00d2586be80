"""The chained sum: whatever is altered, lost or put in between is found, at its place."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from execd.errors import JournalCorrupt
from execd.journal.chain import Chain, link
from execd.journal.sync import SyncJournal
from execd.journal.verify import verify
from tests.properties.stories import START_NS
from tests.unit.journal.files import altered, content, last_seq, told

HARMS = {
    "another qty in a body": "UPDATE records SET body = replace(body, '100', '900') WHERE seq = 4",
    "another subject": "UPDATE records SET subject = 'p9' WHERE seq = 7",
    "another instant": "UPDATE records SET now_ns = now_ns + 1 WHERE seq = 9",
    "another kind": "UPDATE records SET kind = 'Found' WHERE seq = 9",
    "another sum": "UPDATE records SET sum = sum + 1 WHERE seq = 9",
    "a missing row": "DELETE FROM records WHERE seq = 9",
    "two rows swapped": "UPDATE records SET seq = CASE seq WHEN 3 THEN -4 ELSE -3 END WHERE seq IN (3, 4)",
}


@pytest.mark.parametrize("statement", HARMS.values(), ids=list(HARMS))
def test_a_record_that_is_not_what_was_written_is_found(tmp_path: Path, statement: str) -> None:
    """Fault B15. A start that reads it refuses, and `verify` names the place; neither changes the file."""
    path = tmp_path / "journal.db"
    told(path)
    altered(path, statement, "UPDATE records SET seq = -seq WHERE seq < 0")
    before = content(tmp_path)
    verdict = verify(path, is_live=False)

    assert before == content(tmp_path)
    assert any("record" in problem for problem in verdict.problems), verdict
    with SyncJournal(path, created_ns=START_NS) as journal, pytest.raises(JournalCorrupt, match="record"):
        journal.load()


def test_a_row_of_the_book_that_is_not_what_the_records_say_is_found(tmp_path: Path) -> None:
    """Fault B15. A flipped bit in a fill's row: the records say otherwise."""
    path = tmp_path / "journal.db"
    told(path)
    altered(path, "UPDATE fills SET last_qty = '999'")
    verdict = verify(path, is_live=False)

    assert verdict.problems
    assert all(problem.startswith("fills ") for problem in verdict.problems)


def test_a_whole_journal_is_told_to_be_whole(tmp_path: Path) -> None:
    """With a checkpoint or without, and the counts are those of the file."""
    path = tmp_path / "journal.db"
    book = told(path, checkpoint_at=60)
    verdict = verify(path, is_live=False)

    assert ((), last_seq(path), 1) == (verdict.problems, verdict.records, len(verdict.checkpoints))
    assert len(book.parents) <= verdict.parents


def test_verify_works_beside_a_writer_and_changes_nothing(tmp_path: Path) -> None:
    """It reads a snapshot: what is committed meanwhile is not half in it."""
    path = tmp_path / "journal.db"
    told(path)
    with SyncJournal(path, created_ns=START_NS) as journal, closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM records").fetchall()
        verdict = verify(path, is_live=True)
        records = journal.seq

    assert ((), records) == (verdict.problems, verdict.records)


def test_the_sum_depends_on_all_that_went_before() -> None:
    """The same record after another is another sum."""
    one, other = Chain(), Chain()
    one.add(1, 0, "Waited", "p1", "a")
    other.add(1, 0, "Waited", "p1", "b")

    assert one.add(2, 0, "Waited", "p1", "c") != other.add(2, 0, "Waited", "p1", "c")
    assert link(0, 1, 2, "k", "s", "b") == link(0, 1, 2, "k", "s", "b")
