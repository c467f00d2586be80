"""The inbox against what a disk, a hostile producer or an administrator can do to it.

Real directories and descriptors; where the system must fail, its call is made to.
"""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from execd.errors import IntentError, RowFault
from execd.intake.doorway import read
from execd.intake.rows import LIST_BYTES_MAX
from execd.intake.watch import BATCH_MAX, LISTED_MAX, STEP_NAMES
from tests.unit.intake.test_watch import LONG_AGO_NS, NOW_NS, Desk, S, reason

Call = Callable[..., object]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a fresh inbox."""
    return Desk(tmp_path)


def failing(number: int) -> Call:
    """Return a call of the system that fails."""

    def call(*_: object, **__: object) -> object:
        raise OSError(number, os.strerror(number))

    return call


def read_now(desk: Desk, name: str) -> object:
    """Read one name of the inbox; return its body, None, or the code of its refusal."""
    folder = os.open(desk.inbox, os.O_RDONLY)
    try:
        steps = read(name, folder=folder, owners=[os.geteuid()])
        while True:
            next(steps)
    except StopIteration as end:
        return None if end.value is None else end.value.body
    except IntentError as error:
        return error.code
    finally:
        os.close(folder)


def test_a_socket_is_refused_without_being_opened(desk: Desk) -> None:
    """Fault A10: whatever is no regular file is quarantined by its name."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(desk.inbox / "a.json"))
        desk.names(moved_in=("a.json",))

    assert [("a.json", "not_a_file")] == desk.refused


def test_a_name_that_becomes_a_link_between_look_and_opening_is_not_followed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault I17: one open that follows no link, and every question is asked of what was opened."""
    desk.drop("a.json", b"harmless")
    (desk.inbox.parent / "secret").write_bytes(b"secret")
    really = os.open

    def swapped(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        (desk.inbox / "a.json").unlink()
        (desk.inbox / "a.json").symlink_to(desk.inbox.parent / "secret")
        return really(path, flags, mode, dir_fd=dir_fd)

    folder_is_open = read_now(desk, "nothing")
    monkeypatch.setattr("execd.intake.doorway.os.open", _only_in(swapped, really))

    assert (None, "not_a_file") == (folder_is_open, read_now(desk, "a.json"))


def test_a_name_that_becomes_a_pipe_between_look_and_opening_does_not_hold_us(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults A10 and I17: opening a pipe without a writer would wait for ever."""
    desk.drop("a.json", b"harmless")
    really = os.open

    def swapped(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        (desk.inbox / "a.json").unlink()
        os.mkfifo(desk.inbox / "a.json")
        return really(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr("execd.intake.doorway.os.open", _only_in(swapped, really))

    assert "not_a_file" == read_now(desk, "a.json")


def _only_in(swapped: Call, really: Call) -> Call:
    def call(path: object, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> object:
        # The directory itself is opened by its path.
        return (really if dir_fd is None else swapped)(path, flags, mode, dir_fd=dir_fd)

    return call


def test_a_file_that_grows_while_it_is_read_is_left_for_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults A1 and A17: what is taken is what stood there before and after the reading."""
    path = desk.drop("a.json", b"half")
    really = os.read

    def growing(file: int, size: int) -> bytes:
        part = really(file, size)
        with path.open("ab") as writer:
            writer.write(b"+")
        return part

    monkeypatch.setattr("execd.intake.doorway.os.read", growing)

    assert read_now(desk, "a.json") is None


def test_a_file_that_is_written_over_after_it_was_read_is_another_file(desk: Desk) -> None:
    """Fault A17: the bytes that were read once are what is traded; what came after is handed out in its turn."""
    path = desk.drop("a.json", b"first")
    [file] = desk.scanner.scan(NOW_NS)
    desk.drop("a.json", b"second", mtime_ns=LONG_AGO_NS + 1)
    desk.scanner.accept(file)
    [later] = desk.scanner.scan(NOW_NS)

    assert (b"first", b"second", True) == (file.body, later.body, path.exists())


@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EMFILE])
def test_whatever_keeps_a_file_from_moving_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Fault A18: the file stays, is not handed out again, and moves when that is possible again."""
    desk.drop("a.json")
    [file] = desk.scanner.scan(NOW_NS)
    with monkeypatch.context() as patch:
        patch.setattr("execd.intake.shelf.os.rename", failing(number))
        desk.scanner.accept(file)
        meanwhile = (desk.names(), desk.scanner.has_unmoved)
    desk.scanner.move_again()

    assert (([], True), False, True) == (
        meanwhile,
        desk.scanner.has_unmoved,
        (desk.accepted / "a.json").exists(),
    )


def test_a_refused_file_stays_until_its_reason_can_be_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault A18: a full disk never leaves a refused file without the reason beside it."""
    desk.drop("a.json")
    [file] = desk.scanner.scan(NOW_NS)
    with monkeypatch.context() as patch:
        patch.setattr("execd.intake.outbox.os.fsync", failing(errno.ENOSPC))
        desk.scanner.reject(file, IntentError("syntax", "no"))
        meanwhile = [path.name for path in desk.rejected.iterdir()]
    desk.scanner.move_again()

    assert ([], "syntax", True) == (meanwhile, reason(desk, "a.json")["code"], (desk.rejected / "a.json").exists())


def test_moves_that_fail_for_ever_hold_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault A18: a hundred files that cannot move are each tried again in turn, and new ones are handed out."""
    for n in range(100):
        desk.drop(f"{n:03}.json")
    with monkeypatch.context() as patch:
        patch.setattr("execd.intake.shelf.os.rename", failing(errno.EACCES))
        for _ in range(2):
            for file in desk.scanner.scan(NOW_NS):
                desk.scanner.accept(file)
        desk.drop("new.json")
        found = desk.names()
        desk.scanner.move_again()
    for _ in range(3):
        desk.scanner.move_again()

    assert (["new.json"], 100) == (found, len(list(desk.accepted.iterdir())))


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_file_that_cannot_be_read_is_refused_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A damaged block or a wrong mode is that file's fault; the files behind it are taken."""
    desk.drop("a.json", b"bad", mtime_ns=LONG_AGO_NS - S)
    desk.drop("b.json", b"good")
    really = os.read

    def damaged(file: int, size: int) -> bytes:
        if os.fstat(file).st_size == len(b"bad"):
            raise OSError(number, os.strerror(number))
        return really(file, size)

    monkeypatch.setattr("execd.intake.doorway.os.read", damaged)

    assert (["b.json"], [("a.json", "unreadable")]) == (desk.names(), desk.refused)


def test_running_out_of_descriptors_refuses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own want is no fault of a file: it is looked at again."""
    desk.drop("a.json")
    folder = desk.names(LONG_AGO_NS - 10 * S)
    with monkeypatch.context() as patch:
        patch.setattr("execd.intake.doorway.os.open", failing(errno.EMFILE))
        meanwhile = desk.names()

    assert ([], [], ["a.json"], []) == (folder, meanwhile, desk.names(), desk.refused)


def test_an_inbox_that_became_open_to_everybody_is_no_inbox(desk: Desk) -> None:
    """Fault I16: whoever may drop a file may trade."""
    desk.inbox.chmod(0o777)
    with pytest.raises(PermissionError, match="chmod o-w"):
        desk.names()
    desk.inbox.chmod(0o750)
    desk.drop("a.json")

    assert ["a.json"] == desk.names()


def test_a_name_means_nothing(desk: Desk) -> None:
    """Faults A11 and A14: order comes from the modification time, and from `supersedes`; a name is only told apart."""
    desk.drop("z;rm -rf.json", mtime_ns=LONG_AGO_NS - S)
    desk.drop("\u202eaaa.json")

    assert ["z;rm -rf.json", "\u202eaaa.json"] == desk.names()


def test_a_listing_stops_for_breath(desk: Desk) -> None:
    """Fault A8: no step looks at more than a few names, however many there are."""
    for n in range(4 * STEP_NAMES):
        desk.drop(f"{n:03}.json")
    steps = desk.scanner.scan_steps(NOW_NS)
    taken = sum(1 for _ in steps)

    assert taken >= 4 + BATCH_MAX


def test_the_oldest_of_more_files_than_a_listing_keeps_come_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault A8: what a listing has no room for waits, and is never older than what it keeps."""
    monkeypatch.setattr("execd.intake.watch.LISTED_MAX", 10)
    for n in range(45):
        desk.drop(f"{n:02}.json", mtime_ns=LONG_AGO_NS + (n * 7 % 45))
    oldest = sorted(range(45), key=lambda n: n * 7 % 45)
    found = desk.names() + desk.names()

    assert (10_000, [f"{n:02}.json" for n in oldest[:20]]) == (LISTED_MAX, found)


def test_a_batch_holds_no_more_bytes_than_one_list(desk: Desk) -> None:
    """Fault A9: 64 files of 8 MiB are not in memory at once."""
    for n in range(3):
        desk.drop(f"{n}.csv", b"x" * LIST_BYTES_MAX, mtime_ns=LONG_AGO_NS + n)

    assert [["0.csv"], ["1.csv"], ["2.csv"]] == [desk.names(), desk.names(), desk.names()]


def test_the_reason_of_a_list_names_its_rows(desk: Desk) -> None:
    """error.json of many orders has `rows`; where the good ones were taken the file itself lies in accepted/."""
    desk.drop("a.csv")
    [file] = desk.scanner.scan(NOW_NS)
    row = RowFault(2, 3, "a2", "bad_number", "no", "qty")
    desk.scanner.accept(file, IntentError("rows_refused", "1 of 2", field="qty", line=3, rows=(row,)))

    assert [row._asdict()] == reason(desk, "a.csv")["rows"]
    assert ["a.csv"] == [path.name for path in desk.accepted.iterdir()]
    assert ["a.csv.error.json"] == [path.name for path in desk.rejected.iterdir()]
