"""The journal of the daemon: what a commit promises when it is cancelled, refused, or the disk is full."""

import asyncio
import contextlib
import errno
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.latching import Killed, ScopePaused, ScopeResumed, Unkilled
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.projection import TABLES, Rows
from execd.core.reconciled import AccountMet, ExternalSeen
from execd.core.records import Adopted, Halted, HaltLifted, ParentsRetired, PoisonSetAside, Record, Waited
from execd.errors import JournalError, JournalForeign, JournalFull
from execd.journal.fold import mismatches
from execd.journal.memory import MemoryJournal
from execd.journal.records import stored, subject_of
from execd.journal.sqlite import SqliteJournal
from execd.journal.store import MEMORY
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS, batches

STEPS_N = 60


def story() -> list[Batch]:
    """Return the batches of one story."""
    return list(batches(Book(), list(range(STEPS_N))))


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    """Open an empty journal, and close it afterwards."""
    opened = await SqliteJournal.open(tmp_path / "journal.db", created_ns=START_NS)
    yield opened
    await opened.close()


async def seqs(journal: SqliteJournal) -> list[int]:
    """Return the places of all records."""
    return [record.seq async for record in journal.records()]


async def is_consistent(journal: SqliteJournal) -> bool:
    """Whether the rows are those of the fold."""
    return not mismatches(await journal.load(), {table: await journal.read_rows(table) for table in TABLES})


@pytest.mark.parametrize("turns_n", [0, 1, 2, 3])
async def test_a_cancelled_commit_is_wholly_there_or_not_and_the_journal_goes_on(
    journal: SqliteJournal, turns_n: int
) -> None:
    """Whoever cancels a commit gets control back only when its fate is settled; the next commit is in order."""
    for number, batch in enumerate(story()):
        committing = asyncio.ensure_future(journal.commit(batch))
        if number % 2:
            for _ in range(turns_n):
                await asyncio.sleep(0)
            committing.cancel()
        before = journal.last_ns
        with contextlib.suppress(asyncio.CancelledError):
            await committing
        # A commit that was cancelled before it had begun was never made: its records are still to be told.
        if before == journal.last_ns != batch.now_ns:
            await journal.commit(batch)

    expected = sum(len(batch.records) for batch in story())

    assert list(range(1, expected + 1)) == await seqs(journal)
    assert await is_consistent(journal)


async def test_a_commit_cancelled_many_times_is_still_settled(journal: SqliteJournal) -> None:
    """Impatience does not change the outcome: the record is there when the cancelled call has returned."""
    committing = asyncio.ensure_future(journal.commit(story()[0]))
    await asyncio.sleep(0)
    while not committing.done():
        committing.cancel()
        await asyncio.sleep(0)

    assert committing.cancelled()
    assert len(story()[0].records) == len(await seqs(journal))


async def test_commits_that_are_asked_for_together_are_written_in_order(journal: SqliteJournal) -> None:
    """Two tasks on one connection do not share a transaction."""
    await asyncio.gather(*(journal.commit(batch) for batch in story()))

    assert await is_consistent(journal)
    assert story()[-1].now_ns == journal.last_ns


async def test_a_close_that_cannot_write_its_mark_still_ends_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault B3: on a full disk the mark cannot be written; a connection left open would keep the process for ever."""
    known = set(threading.enumerate())
    journal = await SqliteJournal.open(tmp_path / "journal.db", created_ns=START_NS)
    (thread,) = [one for one in set(threading.enumerate()) - known if not one.name.startswith("asyncio_")]

    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("execd.journal.sqlite.write_mark", no_room)
    await journal.close()
    await asyncio.to_thread(thread.join, 5)

    assert not thread.is_alive()


async def test_a_full_disk_is_no_death(journal: SqliteJournal) -> None:
    """Fault B3. JournalFull writes nothing; with room again the same batch goes in."""
    first, second, *_ = story()
    await journal.commit(first)
    await _limit_pages(journal, 1)
    large = Batch(
        now_ns=first.now_ns,
        records=tuple(
            Waited(now_ns=first.now_ns, parent_id="p1", code="no_tokens", text="x" * 5_000) for _ in range(20)
        ),
        rows=Rows(),
    )
    with pytest.raises(JournalFull, match="no space"):
        await journal.commit(large)
    told = await seqs(journal)
    await _limit_pages(journal, 1_000_000)
    await journal.commit(second)

    assert list(range(1, len(first.records) + 1)) == told
    assert len(first.records) + len(second.records) == len(await seqs(journal))
    assert await is_consistent(journal)


async def _limit_pages(journal: SqliteJournal, pages: int) -> None:
    # A file system of our own would need rights; SQLite answers both with the same code.
    await journal._connection.execute_fetchall(f"PRAGMA max_page_count = {pages}")  # noqa: SLF001


async def test_a_commit_that_fails_poisons_the_journal(journal: SqliteJournal, tmp_path: Path) -> None:
    """Fault B4. After an error that is not a full disk nothing is tried again: who knows what the disk holds."""
    first, second, third, *_ = story()
    await journal.commit(first)
    # Somebody else writes the next number: ours is out of sequence.
    with closing(sqlite3.connect(tmp_path / "journal.db")) as other, other:
        other.execute("INSERT INTO records VALUES (?, 0, 'Waited', 'p1', '{}', 0)", (len(first.records) + 1,))
    with pytest.raises(JournalError, match="out of sequence"):
        await journal.commit(second)
    with pytest.raises(JournalError, match="takes no more"):
        await journal.commit(third)

    assert len(first.records) + 1 == len(await _read_seqs(tmp_path / "journal.db"))


async def _read_seqs(path: Path) -> list[tuple[int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT seq FROM records").fetchall()


async def test_another_writer_is_an_error_and_not_a_wait_for_ever(journal: SqliteJournal, tmp_path: Path) -> None:
    """Fault B5. A lock that is held longer than a second ends the daemon, whose lock file says there is no other."""
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked"):
            await journal.commit(story()[0])


async def test_an_empty_batch_writes_nothing(journal: SqliteJournal) -> None:
    """The pump may commit what a turn made without asking whether it made anything."""
    await journal.commit(Batch(now_ns=START_NS, records=(), rows=Rows()))

    assert ([], 0) == (await seqs(journal), journal.last_ns)


async def test_the_file_keeps_a_commit_through_a_power_cut(journal: SqliteJournal) -> None:
    """Write-ahead file, synced at each commit: the settings that make a commit durable."""
    settings = [
        (await journal._connection.execute_fetchall(f"PRAGMA {name}"))  # noqa: SLF001  # What SQLite says it does.
        for name in ("journal_mode", "synchronous", "fullfsync", "mmap_size")
    ]

    assert ["wal", 2, 1, 0] == [next(iter(rows))[0] for rows in settings]


async def test_a_closed_journal_leaves_no_thread_and_takes_no_more(tmp_path: Path) -> None:
    """The thread of an open connection would keep the process from ending; closing twice is harmless."""
    before = threading.active_count()
    opened = await SqliteJournal.open(tmp_path / "journal.db", created_ns=START_NS)
    await opened.close()
    await opened.close()
    with pytest.raises(JournalError, match="closed"):
        await opened.commit(story()[0])

    # `to_thread` keeps its own worker; the connection's is gone.
    names = [thread.name for thread in threading.enumerate()]
    assert threading.active_count() - before == sum(name.startswith("asyncio_") for name in names)


@pytest.mark.parametrize("table", ["records", "sqlite_schema", "parents; DROP TABLE parents"])
async def test_only_the_tables_of_the_book_can_be_read_as_rows(journal: SqliteJournal, table: str) -> None:
    """A name is not spliced into a statement."""
    with pytest.raises(KeyError):
        await journal.read_rows(table)


async def test_the_epoch_and_the_last_instant_survive_a_restart(tmp_path: Path) -> None:
    """The clock must never fall below the last journaled instant, so the journal tells it."""
    path = tmp_path / "journal.db"
    first = await SqliteJournal.open(path, created_ns=START_NS)
    for batch in story():
        await first.commit(batch)
    await first.close()
    second = await SqliteJournal.open(path, created_ns=START_NS * 2)
    await second.close()

    assert (first.epoch, START_NS, story()[-1].now_ns) == (second.epoch, second.created_ns, second.last_ns)


async def test_a_refused_file_leaves_no_thread(tmp_path: Path) -> None:
    """A start that fails must be able to end."""
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a journal" * 100)
    with pytest.raises(JournalForeign):
        await SqliteJournal.open(path, created_ns=START_NS)

    assert [] == [thread.name for thread in threading.enumerate() if "worker" in thread.name]


async def test_the_twin_in_memory_is_full_when_it_is_told_to_be() -> None:
    """A world without a disk can still have a full one."""
    first, second, *_ = story()
    twin = MemoryJournal(created_ns=START_NS, room=len(first.records))
    await twin.commit(first)
    with pytest.raises(JournalFull):
        await twin.commit(second)
    twin.room = None
    await twin.commit(second)
    await twin.close()
    with pytest.raises(JournalError, match="closed"):
        await twin.commit(second)

    assert second.now_ns == twin.last_ns


def test_the_synchronous_journal_fails_like_the_other() -> None:
    """Full is no death; anything else is; closed takes no more."""
    first, second, *_ = story()
    with SyncJournal(MEMORY, created_ns=START_NS) as journal:
        journal.commit(first)
        journal.commit(Batch(now_ns=START_NS, records=(), rows=Rows()))
        with pytest.raises(KeyError):
            journal.read_rows("records")
    with pytest.raises(JournalError, match="closed"):
        journal.commit(second)


OF_NOBODY = (
    Halted,
    HaltLifted,
    Killed,
    Unkilled,
    ScopePaused,
    ScopeResumed,
    Adopted,
    AccountMet,
    ExternalSeen,
    ParentsRetired,
    PoisonSetAside,
    ListStaged,
    ListAccepted,
    ListDropped,
)
"""Records that are about no parent, or about many."""


@pytest.mark.parametrize("kind", get_args(Record), ids=lambda kind: str(kind.__name__))
def test_every_kind_of_record_has_a_subject(kind: Any) -> None:  # noqa: ANN401  # Any of the classes of a union.
    """Records are found by what they speak of; the story of these tests holds each kind."""
    told = [record for batch in batches(Book(), list(range(600)), is_wide=True) for record in batch.records]

    assert all(subject_of(record) or kind in OF_NOBODY for record in told if isinstance(record, kind))
    assert any(isinstance(record, kind) for record in told)


@pytest.mark.parametrize("body", ["", "{", '{"type":"Dreamt"}', '{"type":"Waited","now_ns":"soon"}'])
def test_a_body_that_cannot_be_read_names_its_place(body: str) -> None:
    """The message says which record, so that somebody can look at it."""
    with pytest.raises(JournalForeign, match="record 12 "):
        stored(12, body)


async def test_a_write_ahead_file_that_a_reader_kept_is_cut_again(journal: SqliteJournal, tmp_path: Path) -> None:
    """Fault B13. While a reader holds a snapshot the file grows and says so; then it is folded in and cut."""
    # As if it had grown for hours.
    await journal._connection.execute_fetchall("PRAGMA journal_size_limit = 20000")  # noqa: SLF001
    await journal._connection.execute_fetchall("PRAGMA wal_autocheckpoint = 4")  # noqa: SLF001
    told = story()
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM records").fetchall()
        for batch in told[:-2]:
            await journal.commit(batch)
        held = journal.wal_bytes()
    for batch in told[-2:]:
        await journal.commit(batch)

    assert held > 500_000
    assert journal.wal_bytes() < held


async def test_a_directory_that_was_taken_away_gets_no_mark_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies under the old name may be another daemon's; its `journal.high` is not ours to write."""
    monkeypatch.setattr("execd.journal.sqlite.MARK_EVERY_S", 0.0)
    root = tmp_path / "state"
    root.mkdir()
    journal = await SqliteJournal.open(root / "journal.db", created_ns=START_NS)
    root.rename(tmp_path / "away")
    root.mkdir()
    (root / "journal.db").write_bytes(b"another daemon's")
    try:
        for batch in story()[:5]:
            await journal.commit(batch)
    finally:
        await journal.close()

    assert ["journal.db"] == [one.name for one in root.iterdir()]
