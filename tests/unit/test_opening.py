"""How the journal of a daemon is opened: disk, SQLite, old records, and why a start takes no new risk."""

import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from execd import opening
from execd.config.settings import Settings
from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.events import TroubleReported
from execd.core.projection import Rows
from execd.core.records import Halted, ParentsRetired
from execd.errors import JournalFull, JournalLost, JournalUnsafe
from execd.journal import disk
from execd.journal.disk import Mount
from execd.journal.marks import ReduceOnly, read_reduce_only, write_reduce_only
from execd.journal.remains import used_in
from execd.runtime.clock import SystemClock
from execd.runtime.paths import StatePaths
from tests.properties.stories import START_NS
from tests.unit.journal.files import content, meta, told

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


@pytest.mark.parametrize(
    "owner, mode, us, expected",
    [
        (1000, 0o750, 1000, ""),
        (0, 0o2770, 1000, ""),
        (0, 0o750, 0, ""),
        (1001, 0o750, 1000, "belongs to user 1001 and not to us, user 1000"),
        (1001, 0o750, 0, "give it away with chown -R 0"),
        (1000, 0o777, 1000, "chmod o-w"),
    ],
)
def test_a_state_directory_is_ours_alone(owner: int, mode: int, us: int, expected: str) -> None:
    """Fault I16: somebody else's directory is refused, by root too, and one that everybody may write."""
    status = os.stat_result((stat.S_IFDIR | mode, 0, 0, 1, owner, owner, 0, 0, 0, 0))

    assert (bool(expected), True) == (bool(told := opening.not_ours(status, us=us)), expected in told)


def test_a_directory_that_is_not_ours_is_left_as_it_is(paths: StatePaths) -> None:
    """Fault I16. Neither a folder nor the lock is made in it; the next step is told."""
    paths.root.chmod(0o777)
    with pytest.raises(JournalUnsafe, match=r"chmod o-w it, or name another with --state-dir"):
        opening.take(paths)

    assert [] == list(paths.root.iterdir())


async def test_a_start_on_a_full_disk_gives_the_ballast_back(paths: StatePaths) -> None:
    """Fault B3. Orders may rest at a broker: the kept room is for a start too, and too little of it is said."""
    ballast = opening.ballast_of(Settings(), paths)
    await opened(paths)
    ballast.ensure()
    before = paths.journal.read_bytes()
    with no_file_grows(), pytest.raises(JournalFull, match="no space is left"):
        await opened(paths)

    assert (False, before) == (ballast.is_there, paths.journal.read_bytes())


@contextmanager
def no_file_grows() -> Iterator[None]:
    """Let no file of this process grow beyond a few bytes, as on a full disk; opening one goes on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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
    (trouble,) = opening.restored(paths, clock)
    opening.forget_restored(paths)

    assert ((), ()) == (none, opening.restored(paths, clock))
    assert isinstance(trouble, TroubleReported)
    assert ("journal_restored", True) == (trouble.cause, trouble.is_halting)
    assert "execd resume --halt" in trouble.text


@pytest.mark.parametrize(
    "trace",
    ["accepted/a.json", "outbox/a.json", "archive/journal-1-9.db", "starts.json", "alerts.json", "journal.high"],
)
@pytest.mark.parametrize("body", [None, b""])
async def test_a_state_directory_that_had_a_journal_is_no_first_start(
    paths: StatePaths, trace: str, body: bytes | None
) -> None:
    """Faults B8, B9. A deleted journal is refused untouched, and what shows that there was one is named."""
    if body is not None:
        paths.journal.write_bytes(body)
    (paths.root / trace).parent.mkdir(exist_ok=True)
    (paths.root / trace).write_text("{}")
    before = content(paths.root)
    with pytest.raises(JournalLost, match="is missing, but this state directory is no new one") as raised:
        await opened(paths)

    assert before == content(paths.root)
    assert "journal rebuild --yes" in str(raised.value)


@pytest.mark.parametrize(
    "trace, is_refused", [("accepted/a.json", True), ("outbox/a.json", True), ("starts.json", False)]
)
async def test_a_journal_without_a_record_fits_only_where_nothing_was_taken(
    paths: StatePaths, *, trace: str, is_refused: bool
) -> None:
    """Fault B8. A daemon that was asked for nothing leaves such a one; one that took a file does not."""
    await opened(paths)
    (paths.root / trace).parent.mkdir(exist_ok=True)
    (paths.root / trace).write_text("{}")
    if not is_refused:
        await opened(paths)
        return
    with pytest.raises(JournalLost, match="has no record"):
        await opened(paths)
    write_reduce_only(paths.root, ReduceOnly(now_ns=1, reason="begun anew"))

    assert not [one for one in await opened(paths) if one != "sqlite_version"]


async def test_a_journal_that_lost_what_was_accepted_goes_on_in_another_epoch(paths: StatePaths) -> None:
    """Fault B8. Only after an unclean end, only of a file of this epoch of which nothing is known, and only once."""
    told(paths.journal)
    (known,) = used_in(paths.journal)[:1]
    paths.accepted.mkdir()
    (paths.accepted / "known.csv").write_text(f"id,symbol\nnever-taken,AAPL\n{known},AAPL\n")
    paths.starts.write_text('{"is_running":true}')
    await opened(paths)
    whole = read_reduce_only(paths.root)
    (paths.accepted / "lost.json").write_text('{"id": "lost-1"}')
    paths.starts.write_text('{"is_running":false}')
    await opened(paths)
    clean, before = read_reduce_only(paths.root), meta(paths.journal)["epoch"]
    paths.starts.write_text('{"is_running":true}')
    await opened(paths)
    found = read_reduce_only(paths.root)
    epoch = meta(paths.journal)["epoch"]
    await opened(paths)

    assert (None, None, True) == (whole, clean, before != epoch)
    assert found is not None
    assert "1 ids were taken that it does not know (lost-1)" in found.reason
    assert epoch == meta(paths.journal)["epoch"]


def test_the_ballast_lies_in_the_state_directory(paths: StatePaths) -> None:
    """It must be on the disk of the journal, or its release gives the journal nothing."""
    assert paths.root == opening.ballast_of(Settings(), paths).path.parent
