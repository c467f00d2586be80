"""Which files the inbox hands out, which it leaves alone or refuses, and where they end.

Real directories and descriptors; the time is told.
"""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from execd.errors import ConfigError, IntentError
from execd.intake.doorway import ReadyFile
from execd.intake.rows import LIST_BYTES_MAX
from execd.intake.watch import BATCH_MAX, InboxScan

S = 1_000_000_000
NOW_NS = 1_772_461_800 * S
LONG_AGO_NS = NOW_NS - 100 * S


class Desk:
    """A state directory with an inbox that is being watched."""

    def __init__(self, root: Path) -> None:
        self.inbox = root / "inbox"
        self.accepted = root / "accepted"
        self.rejected = root / "rejected"
        self.scanner = InboxScan(inbox=self.inbox, accepted=self.accepted, rejected=self.rejected)
        self.refused: list[tuple[str, str]] = []

    def drop(self, name: str, body: bytes = b"{}", *, mtime_ns: int = LONG_AGO_NS) -> Path:
        """Put a file into the inbox that was last written at `mtime_ns`."""
        path = self.inbox / name
        path.write_bytes(body)
        os.utime(path, ns=(mtime_ns, mtime_ns))
        return path

    def names(self, now_ns: int = NOW_NS, *, moved_in: tuple[str, ...] = ()) -> list[str]:
        """Scan, put away what was refused at the door, and return the names handed out."""
        names = [file.name for file in self.scanner.scan(now_ns, moved_in=moved_in)]
        for file, error in self.scanner.take_refused():
            self.refused.append((file.name, error.code))
            self.scanner.reject(file, error)
        return names


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a fresh inbox."""
    return Desk(tmp_path)


def reason(desk: Desk, name: str) -> dict[str, object]:
    """Return what is written beside a rejected file."""
    found: dict[str, object] = json.loads((desk.rejected / f"{name}.error.json").read_text())
    return found


def test_a_whole_file_is_handed_out_once_with_its_bytes_and_time(desk: Desk) -> None:
    """Fault A3: a file is handed out until it is answered only once, whoever saw it."""
    desk.drop("a.json", b"{1}")
    first = desk.scanner.scan(NOW_NS)
    again = desk.scanner.scan(NOW_NS, moved_in=["a.json"])

    assert ([("a.json", b"{1}", LONG_AGO_NS)], []) == ([(f.name, f.body, f.mtime_ns) for f in first], again)


def test_hidden_temporary_and_nested_names_are_left_alone(desk: Desk) -> None:
    """A leading dot, .tmp and directories belong to the producer."""
    desk.drop(".a.json")
    desk.drop("a.json.tmp")
    (desk.inbox / "staging").mkdir()

    assert [] == desk.names(
        moved_in=(
            ".a.json",
            "a.json.tmp",
            "staging",
            "../a",
            "gone.json",
        )
    )
    assert [".a.json", "a.json.tmp", "staging"] == sorted(path.name for path in desk.inbox.iterdir())


def test_the_oldest_come_first_in_bounded_batches(desk: Desk) -> None:
    """Fault A8: many files are taken in batches, oldest first, and none is forgotten."""
    for n in range(BATCH_MAX + 10):
        desk.drop(f"{n:03}.json", mtime_ns=LONG_AGO_NS - n * S)
    first, second, third = desk.names(), desk.names(), desk.names()

    assert (BATCH_MAX, 10, 0) == (len(first), len(second), len(third))
    assert sorted(first + second, reverse=True) == first + second


def test_a_young_file_waits_until_it_has_stood_still(desk: Desk) -> None:
    """Fault A1: half a YAML file can be valid, so a file that was not renamed in must settle."""
    desk.drop("a.yaml", mtime_ns=NOW_NS)

    assert ([], ["a.yaml"]) == (desk.names(NOW_NS + S // 10), desk.names(NOW_NS + S))


def test_a_file_that_was_renamed_in_does_not_wait(desk: Desk) -> None:
    """What the kernel saw renamed in is whole."""
    desk.drop("a.yaml", mtime_ns=NOW_NS)

    assert ["a.yaml"] == desk.names(NOW_NS, moved_in=("a.yaml",))


def test_renamed_files_do_not_keep_the_others_waiting(desk: Desk) -> None:
    """Where files are renamed in one after another, the directory is still listed each second."""
    desk.names(NOW_NS)
    desk.drop("b.yaml")
    taken = []
    for n in range(3):
        desk.drop(f"a{n}.yaml", mtime_ns=NOW_NS)
        taken.append(desk.names(NOW_NS + n * S // 2, moved_in=(f"a{n}.yaml",)))

    assert taken == [["a0.yaml"], ["a1.yaml"], ["a2.yaml", "b.yaml"]]


def test_a_growing_file_waits(desk: Desk) -> None:
    """Size or time changed since the last look: it is still being written."""
    desk.drop("a.yaml", b"a", mtime_ns=NOW_NS)
    desk.names(NOW_NS)
    desk.drop("a.yaml", b"ab", mtime_ns=NOW_NS + S)

    assert ([], ["a.yaml"]) == (desk.names(NOW_NS + 2 * S), desk.names(NOW_NS + 3 * S))


def test_a_file_stamped_by_a_clock_ahead_is_taken_when_it_stands_still(desk: Desk) -> None:
    """Two looks that see the same file are as good as an old file."""
    desk.drop("a.yaml", mtime_ns=NOW_NS + 60 * S)

    assert ([], ["a.yaml"]) == (desk.names(NOW_NS), desk.names(NOW_NS + S))


@pytest.mark.parametrize("body", [b"", b"\0\0\0"])
def test_an_empty_file_is_waited_for_and_then_refused(desk: Desk, body: bytes) -> None:
    """Fault A2: a name may be seen before its content; after 5 s it will not come."""
    desk.drop("a.json", body, mtime_ns=NOW_NS)
    early = desk.names(NOW_NS + 4 * S)
    late = desk.names(NOW_NS + 6 * S)

    assert ([], [], "empty_file") == (early, late, reason(desk, "a.json")["code"])


def _symlink(path: Path) -> None:
    (path.parent.parent / "secret").write_bytes(b"{}")
    path.symlink_to(path.parent.parent / "secret")


def _hard_link(path: Path) -> None:
    (path.parent.parent / "other").write_bytes(b"{}")
    path.hardlink_to(path.parent.parent / "other")


def _too_large(path: Path) -> None:
    path.write_bytes(b" " * (LIST_BYTES_MAX + 1))


@pytest.mark.parametrize(
    "make, code",
    [(_symlink, "not_a_file"), (os.mkfifo, "not_a_file"), (_hard_link, "not_a_file"), (_too_large, "too_large")],
)
def test_what_may_not_be_read_is_quarantined_by_name(desk: Desk, make: Callable[[Path], None], code: str) -> None:
    """Faults A9 and A10: links, pipes and huge files are refused without being followed, waited for or read."""
    make(desk.inbox / "a.json")
    handed_out = desk.names(NOW_NS, moved_in=("a.json",))

    assert ([], [("a.json", code)], code) == (handed_out, desk.refused, reason(desk, "a.json")["code"])
    assert os.path.lexists(desk.rejected / "a.json")


def test_a_foreign_owner_is_refused(tmp_path: Path) -> None:
    """Only the owners that the configuration names may submit."""
    desk = Desk(tmp_path)
    owners = [os.geteuid() + 1]
    desk.scanner = InboxScan(inbox=desk.inbox, accepted=desk.accepted, rejected=desk.rejected, owners=owners)
    desk.drop("a.json")

    assert ([], "wrong_owner") == (desk.names(), reason(desk, "a.json")["code"])


def test_an_inbox_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    """Fault I16: whoever may drop a file may trade."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox").chmod(0o777)

    with pytest.raises(ConfigError, match="chmod o-w"):
        Desk(tmp_path)


def test_an_accepted_file_moves_and_a_taken_name_gets_a_number(desk: Desk) -> None:
    """Nothing in accepted/ is overwritten."""
    for body in (b"1", b"2", b"3"):
        desk.drop("a.json", body)
        [file] = desk.scanner.scan(NOW_NS)
        desk.scanner.accept(file)
    kept = {path.name: path.read_bytes() for path in desk.accepted.iterdir()}

    assert {"a.json": b"1", "a.json.1": b"2", "a.json.2": b"3"} == kept


def test_a_rejected_file_lies_beside_its_reason(desk: Desk) -> None:
    """Code, message, field and line are written next to the file, under its name."""
    desk.drop("a.json")
    [file] = desk.scanner.scan(NOW_NS)
    desk.scanner.reject(file, IntentError("bad_number", "no", field="qty", line=4))

    assert {"code": "bad_number", "message": "no", "field": "qty", "line": 4} == reason(desk, "a.json")
    assert ["a.json", "a.json.error.json"] == sorted(path.name for path in desk.rejected.iterdir())


@pytest.mark.parametrize("name", ["a\nb.json", "\udcff.json", "é" * 124 + ".json", "-rf.json", "a b.json"])
def test_a_name_is_opaque(desk: Desk, name: str) -> None:
    """Fault A11: newlines, bytes that are no text, and the longest names are moved like any other."""
    desk.drop(name)
    [file] = desk.scanner.scan(NOW_NS)
    desk.scanner.reject(file, IntentError("syntax", "no"))

    assert ([], 2) == (list(desk.inbox.iterdir()), len(list(desk.rejected.iterdir())))


def test_a_file_that_took_the_name_meanwhile_is_not_moved_unread(desk: Desk) -> None:
    """Fault A17: a producer that renames over a file in work has made a new file, which is handed out in its turn."""
    desk.drop("a.json", b"old")
    [file] = desk.scanner.scan(NOW_NS)
    desk.drop("b", b"new!").rename(desk.inbox / "a.json")
    desk.scanner.accept(file)
    handed_out = [later.body for later in desk.scanner.scan(NOW_NS)]

    assert ([b"new!"], []) == (handed_out, list(desk.accepted.iterdir()))


def test_a_move_that_fails_is_tried_again_and_trades_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault A18: EXDEV and ENOSPC leave the file where it is; it is not handed out again."""
    desk.drop("a.json")
    [file] = desk.scanner.scan(NOW_NS)
    with monkeypatch.context() as patch:

        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "no space")

        patch.setattr(os, "rename", full)
        desk.scanner.accept(file)
        meanwhile = desk.names()
    desk.scanner.move_again()

    assert ([], ["a.json"]) == (meanwhile, [path.name for path in desk.accepted.iterdir()])


def test_a_file_is_found_again_after_a_restart(desk: Desk, tmp_path: Path) -> None:
    """Fault A6: what was handed out and not answered when the daemon died is handed out by the next one."""
    desk.drop("a.json")
    desk.names()

    assert ["a.json"] == Desk(tmp_path).names()


def test_an_inbox_that_vanished_is_told_and_found_when_it_is_back(desk: Desk) -> None:
    """Fault A16: an unmounted inbox is an OSError for the caller, not an empty inbox."""
    desk.inbox.rmdir()
    with pytest.raises(FileNotFoundError):
        desk.scanner.scan(NOW_NS)
    desk.inbox.mkdir(mode=0o750)
    desk.drop("a.json")

    assert ["a.json"] == desk.names()


def test_a_file_taken_back_by_its_owner_is_forgotten(desk: Desk) -> None:
    """A producer may remove a file at any time; its answer stands."""
    path = desk.drop("a.json")
    [file] = desk.scanner.scan(NOW_NS)
    path.unlink()
    desk.scanner.accept(file)
    desk.drop("a.json")

    assert isinstance(file, ReadyFile)
    assert ["a.json"] == desk.names()
