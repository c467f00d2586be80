"""The task `kill_file`, and the two doors of the kill switch that need no program: a file, and a signal.

`<state>/KILL` kills at the level that it names (empty, or not to be read: the
default). It is looked at twice a second, and by the start before anything is
sent; it stays where it is until the journal has the latch, and is called
`KILL.latched` from then on (`KILL.latched.2` where a directory is in the way),
so nothing is lost by a crash and nothing latched a second time. SIGUSR1 is the
same as an empty file. What a level means is the engine's; this only reads,
posts and renames.
"""

import asyncio
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from execd.core.commands import KillTrading
from execd.core.events import CommandReceived, TroubleReported
from execd.core.scopes import KillLevel
from execd.ports import Clock
from execd.runtime.paths import StatePaths
from execd.runtime.post import Post
from execd.runtime.replies import Replies

LOOK_S: Final = 0.5
ASIDE_MAX: Final = 9
"""So many names are tried for a file that was latched."""
TEXT_BYTES_MAX: Final = 512
REASON_LEN_MAX: Final = 200
STAYS: Final = "kill_file_stays"
PRESENT: Final = "kill_file_present"
"""The refusal of an unkill while the file is there."""

log = structlog.get_logger("execd.kill")


class Note(NamedTuple):
    """What a kill file says. `level` None: the default; `mark` is another when it was written anew."""

    path: Path
    level: KillLevel | None
    reason: str
    uid: int | None
    mark: tuple[int, int, int]


def read_note(path: Path) -> Note | None:
    """Return what a kill file says; None where there is none. Whatever else lies under the name kills, too."""
    try:
        status = path.lstat()
    except OSError:
        return None
    words = _text(path).split()
    level = KillLevel(words[0].lower()) if words and words[0].lower() in set(KillLevel) else None
    reason = " ".join(words if level is None else words[1:])
    mark = (status.st_ino, status.st_mtime_ns, status.st_size)
    shown = "".join(sign for sign in reason if sign.isprintable())[:REASON_LEN_MAX]
    return Note(path, level, shown, status.st_uid, mark)


def write_note(paths: StatePaths, level: KillLevel | None, reason: str) -> None:
    """Put a kill file durably into a state directory; one that says more stays. Raises OSError."""
    before = read_note(paths.kill)
    if before is not None and (before.level or KillLevel.CANCEL_ALL).rank >= (level or KillLevel.CANCEL_ALL).rank:
        return
    fresh = paths.kill.with_name(f".{paths.kill.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(f"{level or ''} {reason}".strip() + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(paths.kill)
    folder = os.open(paths.root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class KillFile:
    """Watches the file, heeds the signal."""

    def __init__(self, paths: StatePaths, *, post: Post, clock: Clock, default: Callable[[], KillLevel]) -> None:
        """`default` is the level of a file that names none."""
        self.replies = Replies()
        """Who waits for the answer; the daemon's own, once it has them."""
        self._paths = paths
        self._post = post
        self._clock = clock
        self._default = default
        self._tried: tuple[int, int, int] | None = None
        self._latched: tuple[int, int, int] | None = None
        self._aside = paths.killed

    @property
    def is_there(self) -> bool:
        """Whether a file is there that would kill again."""
        return read_note(self._paths.kill) is not None

    def begin(self) -> None:
        """Latch what a file says that was put there while nobody ran; before anything else is decided."""
        note = read_note(self._paths.kill)
        if note is not None:
            self._post(self._command(note))

    def on_signal(self) -> None:
        """Kill at the default level; the kernel does not say whose signal it was."""
        command = KillTrading(level=self._default(), by="signal", reason="SIGUSR1")
        self._post(CommandReceived(now_ns=self._clock.now_ns(), command=command, uid=os.getuid()))

    def forget(self) -> None:
        """Take away what is left of a file that was latched: it was lifted since."""
        self._latched = None
        for path in self._aside_names():
            with suppress(OSError):  # It is only kept to be looked at, and latches nothing.
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)

    def announce(self, text: str) -> None:
        """Begin anew: the file is found again."""
        log.warning("kill_file_restarts", text=text)

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Latch what a file says, and put it aside once that is durable."""
        note = self._found()
        if note is None or note.mark == self._tried:
            return
        await self._latch(note)
        self._tried = note.mark
        if note.path == self._paths.kill:
            await self._put_aside(note)

    def _found(self) -> Note | None:
        note = read_note(self._paths.kill)
        if note is not None or self._latched is None:
            return note
        # Who writes slowly may have gone on after the file was renamed under his hand.
        late = read_note(self._aside)
        return None if late is None or late.mark == self._latched else late

    async def _latch(self, note: Note) -> None:
        ref, answer = self.replies.future("kill")
        self._post(self._command(note, ref))
        told = await answer
        log.critical("kill_file_read", level=str(note.level or self._default()), uid=note.uid, answer=told.text)

    async def _put_aside(self, note: Note) -> None:
        trouble = self._renamed(note.path)
        if trouble is not None:
            text = f"{note.path} is latched and cannot be renamed ({trouble.strerror}): remove it before execd unkill"
            now_ns = self._clock.now_ns()
            self._post(TroubleReported(now_ns=now_ns, cause=STAYS, text=text, is_halting=False, severity="warning"))
            return
        self._tried, self._latched = None, note.mark
        late = read_note(self._aside)
        if late is not None and late.mark != note.mark:
            self._latched = late.mark
            await self._latch(late)

    def _renamed(self, path: Path) -> OSError | None:
        """Give a file its other name, the first that can be had; return why none could."""
        trouble: OSError | None = None
        for aside in self._aside_names():
            try:
                path.replace(aside)
            except OSError as error:  # A directory stands under that name, or the file is one and a file stands there.
                trouble = trouble or error
                continue
            self._aside = aside
            return None
        return trouble

    def _aside_names(self) -> list[Path]:
        first = self._paths.killed
        return [first, *(first.with_name(f"{first.name}.{n}") for n in range(2, ASIDE_MAX + 1))]

    def _command(self, note: Note, ref: str = "") -> CommandReceived:
        command = KillTrading(level=note.level or self._default(), by="file", reason=note.reason)
        uid = os.getuid() if note.uid is None else note.uid
        return CommandReceived(now_ns=self._clock.now_ns(), command=command, uid=uid, ref=ref)


def _text(path: Path) -> str:
    """Return what a file holds; nothing where it is no plain file, or cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        return os.read(handle, TEXT_BYTES_MAX).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(handle)
