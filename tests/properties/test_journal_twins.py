"""Three journals, one behaviour: the file, the same SQL run synchronously, and the twin in memory."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execd.core.book import Book
from execd.core.checkpoint import SECTIONS
from execd.core.projection import TABLES
from execd.journal.fold import mismatches
from execd.journal.memory import MemoryJournal
from execd.journal.records import Stored
from execd.journal.sqlite import SqliteJournal
from execd.journal.store import MEMORY
from execd.journal.sync import SyncJournal
from execd.ports import Journal
from tests.properties.stories import START_NS, batches

SEEDS = st.lists(st.integers(min_value=0, max_value=2**40), min_size=1, max_size=30)
# Each example makes a file and syncs each commit: a few tens tell as much.
FEWER = settings(max_examples=max(20, settings().max_examples // 5))


@FEWER
@given(seeds=SEEDS)
def test_the_three_journals_keep_the_same(tmp_path_factory: pytest.TempPathFactory, seeds: list[int]) -> None:
    """Book, rows and records are the same in all, before and after a restart, and rows are those of the fold."""
    asyncio.run(_compare(tmp_path_factory.mktemp("twins") / "journal.db", seeds))


async def _compare(path: Path, seeds: list[int]) -> None:
    book = Book()
    memory = MemoryJournal(created_ns=START_NS)
    file = await SqliteJournal.open(path, created_ns=START_NS)
    with SyncJournal(MEMORY, created_ns=START_NS) as sync:
        whole = Book(keeps_all=True)
        for batch in batches(book, seeds, is_wide=True):
            for record in batch.records:
                whole.apply(record)
            await file.commit(batch)
            await memory.commit(batch)
            sync.commit(batch)
        await file.close()
        file = await SqliteJournal.open(path, created_ns=START_NS + 10**12)
        try:
            rows = {table: await file.read_rows(table) for table in TABLES}

            assert [] == mismatches(whole, rows)
            assert rows == {table: sync.read_rows(table) for table in TABLES}
            assert rows == {table: await memory.read_rows(table) for table in TABLES}
            assert _content(book) == _content(await file.load())
            assert _content(book) == _content(sync.load())
            assert _content(book) == _content(await memory.load())
            assert (file.epoch, file.last_ns) == (sync.epoch, sync.last_ns) == (memory.epoch, memory.last_ns)
            for parent_id in (None, *whole.parents):
                told = [record async for record in file.records(parent_id=parent_id)]

                assert told == list(sync.records(parent_id=parent_id))
                assert told == [record async for record in memory.records(parent_id=parent_id)]
                assert told[1:] == await _after_first(file, parent_id)
        finally:
            await file.close()


async def _after_first(journal: SqliteJournal, parent_id: str | None) -> list[Stored]:
    first_seq = 0
    async for stored in journal.records(parent_id=parent_id):
        first_seq = stored.seq
        break
    return [stored async for stored in journal.records(after_seq=first_seq, parent_id=parent_id)]


def _content(book: Book) -> list[object]:
    return [getattr(book, section) for section in SECTIONS]


def journal_ports(file: SqliteJournal, memory: MemoryJournal) -> tuple[Journal, Journal]:
    """Show the type checker that both are journals."""
    return file, memory
