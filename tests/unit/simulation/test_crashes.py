"""What a death leaves on a simulated disk, and that a death is one: `journal/perils`."""

from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.book import Book
from execd.errors import JournalFull
from execd.journal.perils import WAL_HEADER, Killed, MortalJournal, disk_full, read_files, torn, write_files
from tests.properties.stories import START_NS, batches

STORY = list(range(60))


class Reaper:
    """Kills at the n-th look, or says that the disk is full."""

    def __init__(self, n: int, *, is_full: bool = False) -> None:
        """`n` counts both sides of each statement from 0; below zero nothing happens."""
        self.left = n
        self.is_full = is_full
        self.seen: list[tuple[str, bool]] = []

    def __call__(self, statement: str, *, is_done: bool) -> None:
        """Look on."""
        self.seen.append((statement, is_done))
        if self.left == 0:
            self.left = -1
            raise disk_full() if self.is_full else Killed
        self.left -= 1


def looks_of_one_commit(folder: Path) -> int:
    """Return how many looks the second commit of the story takes."""
    reaper = Reaper(-1)
    journal = MortalJournal(folder / "counted" / "journal.db", created_ns=START_NS, peril=reaper)
    first, second, *_ = batches(Book(), STORY)
    journal.commit(first)
    reaper.seen.clear()
    journal.commit(second)
    journal.abandon()
    return len(reaper.seen)


def test_a_death_at_any_statement_leaves_all_of_a_commit_or_nothing(tmp_path: Path) -> None:
    """Fault B1: whatever statement is the last, the next start folds a whole number of commits."""
    (tmp_path / "counted").mkdir()
    found: list[int] = []
    for at in range(looks_of_one_commit(tmp_path)):
        place = tmp_path / f"life{at}"
        place.mkdir()
        reaper = Reaper(-1)
        journal = MortalJournal(place / "journal.db", created_ns=START_NS, peril=reaper)
        first, second, *_ = batches(Book(), STORY)
        journal.commit(first)
        reaper.left = at
        with pytest.raises(Killed):
            journal.commit(second)
        files = read_files(journal.file)
        journal.abandon()
        write_files(tmp_path / f"next{at}" / "journal.db", files)
        again = MortalJournal(tmp_path / f"next{at}" / "journal.db", created_ns=START_NS, peril=Reaper(-1))
        found.append(again.seq - len(first.records))
        again.abandon()

    assert ({0, len(second.records)}, True) == (set(found), found == sorted(found))


def test_a_full_disk_takes_nothing_and_a_later_commit_goes_well(tmp_path: Path) -> None:
    """Fault B3: a commit that found no room has written nothing, and the same one may be tried again."""
    reaper = Reaper(3, is_full=True)
    journal = MortalJournal(tmp_path / "journal.db", created_ns=START_NS, peril=reaper)
    first, *_ = batches(Book(), STORY)
    with pytest.raises(JournalFull):
        journal.commit(first)
    before = journal.seq
    journal.commit(first)
    after = journal.seq
    journal.abandon()

    assert (0, len(first.records)) == (before, after)


@given(picks=st.lists(st.integers(min_value=0, max_value=1), min_size=1, max_size=64))
def test_a_torn_file_is_old_or_new_in_each_sector(picks: list[int]) -> None:
    """Fault B2: no byte is invented, and a new header is there before what follows it."""
    before = {"": b"", "-wal": b"a" * 2_048}
    after = {"": b"", "-wal": b"b" * 3_000}
    drawn = cycle(picks)
    left = torn(before, after, lambda _: next(drawn))["-wal"]

    assert (b"b" * WAL_HEADER, 3_000, True) == (left[:WAL_HEADER], len(left), set(left) <= set(b"ab\0"))
