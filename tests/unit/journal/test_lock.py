"""One daemon for one state directory."""

import errno
import fcntl
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from execd.errors import JournalBusy, JournalError, JournalFull, JournalUnsafe
from execd.journal.files import as_place_error
from execd.journal.lock import LOCK_NAME, StateLock

HOLD = """
import sys
from pathlib import Path
from execd.journal.lock import StateLock
held = StateLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_refused_and_told_whom_to_stop(tmp_path: Path) -> None:
    """Fault B6. JournalBusy names the pid, the directory and what to do; it is free again once the owner is dead."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()

        with pytest.raises(JournalBusy, match=rf"pid {holder.pid}\) holds .*--state-dir"):
            StateLock(tmp_path)
        holder.kill()
    with StateLock(tmp_path) as mine:
        assert f"{os.getpid()}\n" == mine.path.read_text()


@pytest.mark.parametrize(
    "number, expected, word",
    [
        (errno.EROFS, JournalUnsafe, "--state-dir"),
        (errno.EACCES, JournalUnsafe, f"let user {os.geteuid()} write there"),
        (errno.ENOSPC, JournalFull, "make room"),
        (errno.EDQUOT, JournalFull, "make room"),
        (errno.EIO, JournalError, "Input/output error"),
    ],
)
def test_a_file_that_cannot_be_had_says_what_to_do(number: int, expected: type[JournalError], word: str) -> None:
    """Faults B3, B16: read-only, somebody else's and full are three things, and each has its own next step."""
    told = as_place_error(OSError(number, os.strerror(number)), "the lock cannot be taken")

    assert expected is type(told)
    assert word in str(told)


def test_a_lock_needs_no_room(tmp_path: Path) -> None:
    """Fault B3. The pid in the file is for people; without a byte of room the directory is ours all the same."""
    (tmp_path / LOCK_NAME).write_text("")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        held = StateLock(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    with held, pytest.raises(JournalBusy, match="pid unknown"):
        StateLock(tmp_path)


def test_a_lock_is_free_after_release(tmp_path: Path) -> None:
    """Releasing lets the next owner in; releasing again changes nothing."""
    first = StateLock(tmp_path)
    first.release()
    first.release()
    with StateLock(tmp_path):
        pass


def test_a_child_process_does_not_inherit_the_lock(tmp_path: Path) -> None:
    """A child that outlives the daemon must not hold its directory."""
    with StateLock(tmp_path):
        handles = [int(entry.name) for entry in Path("/dev/fd").iterdir()]
        (held,) = (handle for handle in handles if _is_open_on(handle, tmp_path / LOCK_NAME))

        assert fcntl.FD_CLOEXEC == fcntl.fcntl(held, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_a_directory_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    """Not being able to lock is told apart from being locked out."""
    with pytest.raises(JournalError, match="cannot be locked") as raised:
        StateLock(tmp_path / "absent")

    assert not isinstance(raised.value, JournalBusy)


def _is_open_on(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:  # The handle by which the list itself was read is closed by now.
        return False
