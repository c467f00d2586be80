"""The file KILL and the signal: what they say, and that each is latched once and never lost."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from execd.core.commands import KillTrading
from execd.core.events import CommandReceived, Event, Reply, TroubleReported
from execd.core.scopes import KillLevel
from execd.runtime.clock import SystemClock
from execd.runtime.kill_file import ASIDE_MAX, KillFile, read_note, write_note
from execd.runtime.paths import StatePaths
from execd.runtime.replies import Replies


class Hall:
    """A state directory, the task over it, and an engine that answers at once or when it is told to."""

    def __init__(self, root: Path, *, answers: bool = True) -> None:
        self.paths = StatePaths(root)
        self.events: list[Event] = []
        self.answers = answers
        self.replies = Replies()
        self.file = self.life()

    def life(self) -> KillFile:
        """Begin a life of the daemon."""
        one = KillFile(self.paths, post=self.post, clock=SystemClock(), default=lambda: KillLevel.CANCEL_ALL)
        one.replies = self.replies
        return one

    def post(self, event: Event) -> None:
        """Take what is posted."""
        self.events.append(event)
        if self.answers and isinstance(event, CommandReceived):
            self.replies.deliver(Reply(ref=event.ref, is_ok=True, code="accepted"))

    @property
    def commands(self) -> list[KillTrading]:
        """Return the kills that were asked for."""
        return [one.command for one in self.events if isinstance(one, CommandReceived)]  # type: ignore[misc]


@pytest.mark.parametrize(
    "text, level, reason",
    [
        ("", None, ""),
        ("\n", None, ""),
        ("flatten\n", KillLevel.FLATTEN, ""),
        ("HALT_NEW", KillLevel.HALT_NEW, ""),
        ("cancel_all strategy went\nmad\n", KillLevel.CANCEL_ALL, "strategy went mad"),
        ("everything", None, "everything"),
        ("flat\x1b[31m", None, "flat�"),
        ("\x00" * 600, None, ""),
        ("x" * 600, None, "x" * 200),
    ],
)
def test_a_file_names_a_level_and_a_reason_or_the_default(
    tmp_path: Path, text: str, level: KillLevel | None, reason: str
) -> None:
    """Content that is no level kills at the default one; what is shown of it is printable and short."""
    path = tmp_path / "KILL"
    path.write_text(text)
    note = read_note(path)

    assert note is not None
    assert (level, reason.replace("�", "[31m")) == (note.level, note.reason)


def test_whatever_lies_under_the_name_kills(tmp_path: Path) -> None:
    """A directory, a pipe, a dangling link, an unreadable file: none is followed, none is waited for."""
    names = ["directory", "pipe", "link", "locked"]
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "locked").write_text("halt_new")
    (tmp_path / "locked").chmod(0)
    levels = [note.level for name in names if (note := read_note(tmp_path / name)) is not None]

    assert 4 == len(levels)
    assert [None, None, None] == levels[:3]
    assert read_note(tmp_path / "absent") is None


def test_a_file_is_latched_before_it_is_put_aside_and_only_once(tmp_path: Path) -> None:
    """It stays under its name until the engine has answered, which is after the commit."""

    async def scenario() -> tuple[bool, bool, int]:
        hall = Hall(tmp_path, answers=False)
        hall.paths.kill.write_text("flatten mad")
        looking = asyncio.create_task(hall.file.look())
        await asyncio.sleep(0)
        stays = hall.paths.kill.exists()
        event = hall.events[0]
        assert isinstance(event, CommandReceived)
        hall.replies.deliver(Reply(ref=event.ref, is_ok=True, code="accepted"))
        await looking
        await hall.file.look()
        assert [KillTrading(level=KillLevel.FLATTEN, by="file", reason="mad")] == hall.commands
        assert event.uid == os.getuid()
        return stays, hall.paths.killed.exists() and not hall.paths.kill.exists(), len(hall.commands)

    assert (True, True, 1) == asyncio.run(scenario())


def test_a_file_of_before_the_start_is_latched_by_the_start(tmp_path: Path) -> None:
    """Whoever kills while nobody runs is heard first."""
    hall = Hall(tmp_path)
    write_note(hall.paths, KillLevel.HALT_NEW, "from outside")
    hall.file.begin()

    assert [KillTrading(level=KillLevel.HALT_NEW, by="file", reason="from outside")] == hall.commands
    assert hall.file.is_there


def test_what_was_latched_by_an_earlier_life_kills_no_second_time(tmp_path: Path) -> None:
    """The renamed file is evidence, and nothing more; unkill takes it away."""

    async def scenario() -> int:
        hall = Hall(tmp_path)
        hall.paths.kill.write_text("")
        await hall.file.look()
        hall.file = hall.life()
        hall.file.begin()
        await hall.file.look()
        hall.file.forget()
        assert not hall.paths.killed.exists()
        return len(hall.commands)

    assert 1 == asyncio.run(scenario())


def test_a_slow_writer_is_heard_to_the_end(tmp_path: Path) -> None:
    """A shell truncates first and writes then: what comes after the rename counts, too."""

    async def scenario() -> list[KillLevel]:
        hall = Hall(tmp_path)
        with hall.paths.kill.open("w") as slow:
            await hall.file.look()
            slow.write("flatten\n")
        await hall.file.look()
        await hall.file.look()
        return [one.level for one in hall.commands]

    assert [KillLevel.CANCEL_ALL, KillLevel.FLATTEN] == asyncio.run(scenario())


def test_a_file_that_cannot_be_renamed_is_latched_and_told_once(tmp_path: Path) -> None:
    """Something else stands under every other name: the latch counts, and somebody is asked to remove the file."""

    async def scenario() -> tuple[int, int, bool]:
        hall = Hall(tmp_path)
        for name in ("KILL.latched", *(f"KILL.latched.{n}" for n in range(2, ASIDE_MAX + 1))):
            (tmp_path / name).mkdir()
            (tmp_path / name / "full").touch()
        hall.paths.kill.write_text("")
        for _ in range(3):
            await hall.file.look()
        told = [one for one in hall.events if isinstance(one, TroubleReported)]
        return len(hall.commands), len(told), told[0].is_halting

    assert (1, 1, False) == asyncio.run(scenario())


@pytest.mark.parametrize("first", ["file", "directory", "full directory"])
@pytest.mark.parametrize("second", ["file", "directory", "full directory"])
def test_what_was_put_aside_is_never_in_the_way_of_the_next(tmp_path: Path, first: str, second: str) -> None:
    """A directory called KILL kills, and so does what comes after it; each is put aside, and told of by nobody."""

    def put(path: Path, kind: str) -> None:
        if kind == "file":
            path.write_text("flatten")
            return
        path.mkdir()
        if kind == "full directory":
            (path / "full").touch()

    async def scenario() -> tuple[int, bool, bool]:
        hall = Hall(tmp_path)
        for kind in (first, second):
            put(hall.paths.kill, kind)
            for _ in range(3):
                await hall.file.look()
        return len(hall.commands), hall.file.is_there, len(hall.commands) == len(hall.events)

    assert (2, False, True) == asyncio.run(scenario())


def test_an_unkill_takes_away_what_was_put_aside_and_is_empty(tmp_path: Path) -> None:
    """Files and empty directories go; what somebody filled is theirs."""

    async def scenario() -> None:
        hall = Hall(tmp_path)
        hall.paths.kill.mkdir()
        (hall.paths.kill / "theirs").touch()
        await hall.file.look()
        hall.paths.kill.mkdir()
        await hall.file.look()
        hall.paths.kill.write_text("")
        await hall.file.look()
        hall.file.forget()

    asyncio.run(scenario())

    assert ["KILL.latched"] == [path.name for path in tmp_path.iterdir()]


def test_a_signal_is_the_same_as_an_empty_file(tmp_path: Path) -> None:
    """SIGUSR1 kills at the default level."""
    hall = Hall(tmp_path)
    hall.file.on_signal()

    assert [KillTrading(level=KillLevel.CANCEL_ALL, by="signal", reason="SIGUSR1")] == hall.commands


@pytest.mark.parametrize(
    "first, second, stays",
    [
        (KillLevel.FLATTEN, KillLevel.HALT_NEW, KillLevel.FLATTEN),
        (KillLevel.HALT_NEW, KillLevel.FLATTEN, KillLevel.FLATTEN),
        (KillLevel.FLATTEN, None, KillLevel.FLATTEN),
        (KillLevel.HALT_NEW, None, None),
    ],
)
def test_a_written_file_is_never_lowered(
    tmp_path: Path, first: KillLevel, second: KillLevel | None, stays: KillLevel | None
) -> None:
    """Two people kill while nobody runs: the higher level counts."""
    paths = StatePaths(tmp_path)
    write_note(paths, first, "one")
    write_note(paths, second, "two")
    note = read_note(paths.kill)

    assert note is not None
    assert stays == note.level
    assert stat.S_ISREG(paths.kill.lstat().st_mode)
