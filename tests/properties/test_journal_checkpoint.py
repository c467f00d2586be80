"""Laws of checkpoints: the whole book comes back, and a start from one is a start from the first record."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execd.core.book import Book
from execd.core.checkpoint import ITEMS_MAX, SECTIONS, parts, restored, snapshot
from execd.errors import JournalCorrupt
from execd.journal.memory import MemoryJournal
from execd.journal.sqlite import SqliteJournal
from execd.journal.store import MEMORY
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS, batches

SEEDS = st.lists(st.integers(min_value=0, max_value=2**40), min_size=1, max_size=30)
FEWER = settings(max_examples=max(20, settings().max_examples // 5))


def content(book: Book) -> dict[str, list[tuple[object, object]]]:
    """Return all that a book knows, with the order of its dictionaries."""
    return {section: list(getattr(book, section).items()) for section in SECTIONS}


def told(seeds: list[int]) -> Book:
    """Return the book after a story."""
    book = Book()
    for _ in batches(book, seeds, is_wide=True):
        pass
    return book


def test_every_dictionary_of_a_book_is_in_a_checkpoint() -> None:
    """What `Book` learns to keep is kept: a new attribute without a section would be lost at the next start."""
    kept = {name for name, value in vars(Book()).items() if isinstance(value, dict)}
    transient = {"touched", "_keeps_all"}

    assert set(SECTIONS) == kept
    assert set(vars(Book())) == kept | transient


@given(seeds=SEEDS)
def test_what_is_kept_of_a_book_is_what_comes_back(seeds: list[int]) -> None:
    """Every value, and the order of every dictionary."""
    book = told(seeds)

    assert content(book) == content(restored(parts(snapshot(book))))


def test_a_snapshot_does_not_see_what_happens_afterwards() -> None:
    """It is encoded in another thread while the engine goes on."""
    book = Book()
    stories = batches(book, list(range(60)), is_wide=True)
    for _ in range(30):
        next(stories)
    before, taken = content(book), snapshot(book)
    for _ in stories:
        pass

    assert before == content(restored(parts(taken)))


def test_a_part_is_small_however_large_the_book() -> None:
    """Encoding one part is what the loop may have to wait for."""
    book = told(list(range(200)))
    book.chains.update((f"id-{n}", "key") for n in range(10 * ITEMS_MAX))

    assert len(list(parts(snapshot(book)))) > 10


@FEWER
@given(seeds=SEEDS, drawn=st.data())
def test_a_start_from_a_checkpoint_is_a_start_from_the_first_record(seeds: list[int], drawn: st.DataObject) -> None:
    """Wherever checkpoints were made, in every journal."""
    places = drawn.draw(st.lists(st.integers(0, len(seeds) - 1), max_size=4))
    asyncio.run(_compare(seeds, places))


async def _compare(seeds: list[int], places: list[int]) -> None:
    book, twin = Book(), MemoryJournal(created_ns=START_NS)
    with SyncJournal(MEMORY, created_ns=START_NS) as journal:
        for place, batch in enumerate(batches(book, seeds, is_wide=True)):
            journal.commit(batch)
            await twin.commit(batch)
            if place in places:
                journal.checkpoint(book)
                await twin.checkpoint(book)

        assert content(book) == content(journal.load())
        assert content(book) == content(await twin.load())


async def test_a_checkpoint_is_of_the_moment_of_the_call(tmp_path: Path) -> None:
    """Commits go on while it is written, and the tail after it is folded at the next start."""
    book = Book()
    stories = list(batches(Book(), list(range(80)), is_wide=True))
    journal = await SqliteJournal.open(tmp_path / "journal.db", created_ns=START_NS)
    writing = None
    for place, batch in enumerate(stories):
        for record in batch.records:
            book.apply(record)
        await journal.commit(batch)
        if place == 40:
            writing = asyncio.create_task(journal.checkpoint(book))
    assert writing is not None
    await writing
    await journal.close()
    again = await SqliteJournal.open(tmp_path / "journal.db", created_ns=START_NS)
    loaded = await again.load()
    await again.close()

    assert content(book) == content(loaded)


def lost_part(connection: sqlite3.Connection) -> None:
    """Lose a part of the newest checkpoint."""
    connection.execute("DELETE FROM checkpoint_parts WHERE seq = (SELECT max(seq) FROM checkpoints) AND part = 1")


def flipped_part(connection: sqlite3.Connection) -> None:
    """Alter a byte of the newest checkpoint."""
    connection.execute(
        "UPDATE checkpoint_parts SET body = CAST(substr(body, 1, 20) || x'00' || substr(body, 22) AS BLOB) "
        "WHERE seq = (SELECT max(seq) FROM checkpoints) AND part = 0"
    )


def stale_part(connection: sqlite3.Connection) -> None:
    """Put a part of the older checkpoint, readable as it is, into the newest."""
    connection.execute(
        "UPDATE checkpoint_parts SET body = (SELECT body FROM checkpoint_parts AS old WHERE old.part = 0 "
        "AND old.seq = (SELECT min(seq) FROM checkpoints)) WHERE part = 0 AND seq = (SELECT max(seq) FROM checkpoints)"
    )


def unwritten_head(connection: sqlite3.Connection) -> None:
    """Leave the newest checkpoint as a kill in the middle of its writing does."""
    connection.execute("DELETE FROM checkpoints WHERE seq = (SELECT max(seq) FROM checkpoints)")


def no_checkpoint(connection: sqlite3.Connection) -> None:
    """Lose all of them."""
    connection.execute("DELETE FROM checkpoint_parts")


@pytest.mark.parametrize("harm", [lost_part, flipped_part, stale_part, unwritten_head, no_checkpoint])
def test_a_damaged_checkpoint_costs_time_and_nothing_else(
    tmp_path: Path, harm: Callable[[sqlite3.Connection], None]
) -> None:
    """An older one serves, or the records from the first."""
    path, book = tmp_path / "journal.db", Book()
    with SyncJournal(path, created_ns=START_NS) as journal:
        for place, batch in enumerate(batches(book, list(range(60)), is_wide=True)):
            journal.commit(batch)
            if place in {20, 40}:
                journal.checkpoint(book)
    with closing(sqlite3.connect(path)) as connection, connection:
        harm(connection)
    with SyncJournal(path, created_ns=START_NS) as journal:
        loaded = journal.load()

    assert content(book) == content(loaded)


def test_only_the_newest_two_are_kept(tmp_path: Path) -> None:
    """A checkpoint is as large as the book; the file must not grow with their number."""
    path, book = tmp_path / "journal.db", Book()
    with SyncJournal(path, created_ns=START_NS) as journal:
        for batch in batches(book, list(range(30)), is_wide=True):
            journal.commit(batch)
            journal.checkpoint(book)
        last = journal.seq
    with closing(sqlite3.connect(path)) as connection:
        heads = [seq for (seq,) in connection.execute("SELECT seq FROM checkpoints ORDER BY seq")]
        owners = [seq for (seq,) in connection.execute("SELECT DISTINCT seq FROM checkpoint_parts ORDER BY seq")]

    assert (2, last, heads) == (len(heads), heads[-1], owners)


def test_a_checkpoint_of_another_story_stops_the_start(tmp_path: Path) -> None:
    """Records were altered under it: neither can be trusted."""
    path, book = tmp_path / "journal.db", Book()
    with SyncJournal(path, created_ns=START_NS) as journal:
        for batch in batches(book, list(range(30)), is_wide=True):
            journal.commit(batch)
        journal.checkpoint(book)
        journal.commit(next(iter(batches(Book(), [7]))))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE checkpoints SET sum = sum + 1")
    with SyncJournal(path, created_ns=START_NS) as journal, pytest.raises(JournalCorrupt, match="checkpoint"):
        journal.load()
