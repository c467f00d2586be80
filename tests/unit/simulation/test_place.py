"""The disk that the simulation itself runs on: where it fails, no law is blamed."""

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest

from execd.core.book import Book
from execd.errors import JournalFull
from execd.journal.perils import MortalJournal, NoPlace, disk_full, disk_trouble
from execd.simulation import machine
from execd.simulation.trial import Asked, play
from tests.properties.stories import START_NS, batches


def of_sqlite(code: int) -> sqlite3.Error:
    """Return what SQLite raises with a code."""
    error = sqlite3.OperationalError("said")
    error.sqlite_errorcode = code
    return error


def caused(error: Exception) -> Exception:
    """Return an error that comes from another one."""
    ours = JournalFull("ours")
    ours.__cause__ = error
    return ours


TROUBLES = [
    (of_sqlite(sqlite3.SQLITE_FULL), "said"),
    (of_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE), "said"),
    (of_sqlite(sqlite3.SQLITE_READONLY), "said"),
    (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    (OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
    (of_sqlite(sqlite3.SQLITE_CORRUPT), None),
    (of_sqlite(sqlite3.SQLITE_IOERR_SHORT_READ), None),
    (of_sqlite(sqlite3.SQLITE_CONSTRAINT), None),
    (FileNotFoundError(errno.ENOENT, "No such file"), None),
    (disk_full(), None),
]


@pytest.mark.parametrize("wrapped", [lambda error: error, caused])
@pytest.mark.parametrize("error, told", TROUBLES)
def test_only_the_real_disk_is_a_trouble_of_the_place(
    error: Exception, told: str | None, wrapped: Callable[[Exception], Exception]
) -> None:
    """What was played, and what wrong content causes, stays what it is: the daemon's to handle, or a law's."""
    assert told == disk_trouble(wrapped(error))


def test_a_real_disk_without_room_is_not_taken_for_the_played_one(tmp_path: Path) -> None:
    """The journal would wait for room in virtual time, for ever."""

    def no_room(statement: str, *, is_done: bool) -> None:
        if statement == "COMMIT" and not is_done:
            raise of_sqlite(sqlite3.SQLITE_FULL)

    journal = MortalJournal(tmp_path / "journal.db", created_ns=START_NS, peril=no_room)
    first, *_ = batches(Book(), list(range(60)))
    with pytest.raises(NoPlace, match="said"):
        journal.commit(first)
    journal.abandon()

    assert 0 == journal.seq


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_session_whose_disk_fails_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """No `Inv8` where only the machine below has no room."""

    class Full:
        def __init__(self, *_: object, **__: object) -> None:
            raise OSError(code, "the disk said no")

    monkeypatch.setattr(machine, "Life", Full)

    with pytest.raises(NoPlace, match="the disk said no"):
        play(Asked(seed=1, minutes=1), tmp_path)


def test_a_folder_that_vanishes_is_no_verdict(tmp_path: Path) -> None:
    """Somebody who clears up temporary folders breaks no law."""
    folder = tmp_path / "session"
    folder.mkdir()

    with pytest.raises(NoPlace, match="removed"):
        play(Asked(seed=1, minutes=1), folder, lambda _: rmtree(folder, ignore_errors=True))
