"""How the journal of a daemon is opened: disk, SQLite, old records, and why a start takes no new risk."""

import sqlite3
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from execd import opening
from execd.config.settings import Settings
from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.projection import Rows
from execd.core.records import Halted, ParentsRetired
from execd.errors import JournalUnsafe
from execd.journal import disk
from execd.journal.disk import Mount
from execd.journal.marks import ReduceOnly, write_reduce_only
from execd.runtime.clock import SystemClock
from execd.runtime.paths import StatePaths
from tests.properties.stories import START_NS
from tests.unit.journal.files import told

DAY_NS = 86_400 * 10**9


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    """Return a state directory."""
    structlog.reset_defaults()
    return StatePaths(tmp_path)


async def opened(paths: StatePaths, settings: Settings | None = None) -> list[str]:
    """Open and close the journal; return what the log says."""
    with capture_logs() as logs:
        journal = await opening.open_journal(settings or Settings(), paths, now_ns=START_NS)
        await journal.close()
    return [str(line["event"]) for line in logs]


async def test_a_sqlite_that_two_writers_could_corrupt_is_told(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault B17. We write with one connection, so it is no refusal; whoever brings another has been told."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    before = await opened(paths)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))

    assert (True, False) == ("sqlite_version" in before, "sqlite_version" in await opened(paths))


async def test_a_network_disk_is_refused_before_anything_is_made(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault B16. Nothing is written to it, unless the operator takes the risk."""
    monkeypatch.setattr(disk, "mount_of", lambda folder, _mounts: Mount(folder, "nfs4"))
    with pytest.raises(JournalUnsafe, match="nfs4"):
        await opened(paths)
    left = list(paths.root.iterdir())
    journal = Settings().journal.model_copy(update={"unsafe_filesystem": True})
    logs = await opened(paths, Settings().model_copy(update={"journal": journal}))

    assert ([], True) == (left, "journal_filesystem" in logs)


async def test_old_records_move_at_the_start(paths: StatePaths) -> None:
    """The book is the same, and what cannot be moved is a warning and no refusal."""
    told(paths.journal, steps_n=1_200)
    await everybody_left(paths)
    (paths.root / "archive").write_text("in the way")
    before, refused = await loaded(paths)
    (paths.root / "archive").unlink()
    after, moved = await loaded(paths)

    assert (["archive_failed"], ["archived"]) == (refused, moved)
    assert before.positions == after.positions


async def everybody_left(paths: StatePaths) -> None:
    """Let every parent leave memory, keep a checkpoint of that, and go on."""
    journal = await opening.open_journal(Settings(), paths, now_ns=START_NS)
    book = await journal.load()
    for record in (
        ParentsRetired(now_ns=journal.last_ns, parent_ids=tuple(book.parents)),
        Halted(now_ns=journal.last_ns, account="", cause="operator", text="asked"),
    ):
        book.apply(record)
        await journal.commit(Batch(now_ns=record.now_ns, records=(record,), rows=Rows()))
        if isinstance(record, ParentsRetired):
            await journal.checkpoint(book)
    await journal.close()


async def loaded(paths: StatePaths) -> tuple[Book, list[str]]:
    """Start 40 days later: return the book, and what the log says of it."""
    journal = await opening.open_journal(Settings(), paths, now_ns=START_NS)
    with capture_logs() as logs:
        book = await opening.load(journal, Settings(), now_ns=START_NS + 40 * DAY_NS)
    await journal.close()
    return book, [str(line["event"]) for line in logs]


def test_a_restored_journal_is_trouble_once(paths: StatePaths) -> None:
    """The start after a restore takes no new risk; once the engine has journaled that, the file is gone."""
    clock = SystemClock(floor_ns=0)
    none = opening.restored(paths, clock)
    write_reduce_only(paths.root, ReduceOnly(now_ns=1, reason="the journal was restored from a backup"))
    trouble = opening.restored(paths, clock)
    opening.forget_restored(paths)

    assert (None, None) == (none, opening.restored(paths, clock))
    assert trouble is not None
    assert ("journal_restored", True) == (trouble.cause, trouble.is_halting)
    assert "execd resume --halt" in trouble.text


def test_the_ballast_lies_in_the_state_directory(paths: StatePaths) -> None:
    """It must be on the disk of the journal, or its release gives the journal nothing."""
    assert paths.root == opening.ballast_of(Settings(), paths).path.parent
