"""Where sessions of `execd simulate` are played, by which processes, and how all of it ends.

One folder holds everything of a run, and is gone at its end, however that
comes. Processes at a time are children that end with us. What is asked and
told of a session is `simulate`; a session itself is `execd.simulation`.
"""

import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from execd.cli.exits import CliError, Exit

if TYPE_CHECKING:
    from concurrent.futures import Future

    from execd.simulation.trial import Asked, Verdict

STOPS: Final = (signal.SIGINT, signal.SIGTERM)
AHEAD_N: Final = 16
"""Sessions that may wait for each process: a long one does not let the others stand still."""
MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108  # A folder of its own is made there.


class Played(NamedTuple):
    """A verdict, and the CPU seconds that the process which found it has used so far."""

    verdict: "Verdict"
    pid: int
    cpu_s: float


class Cpu:
    """The CPU seconds of a run, those of its children included: each one tells its own with every verdict."""

    def __init__(self) -> None:
        """Begin now."""
        from time import process_time

        self._began_s = process_time()
        self._children_s: dict[int, float] = {}

    def add(self, played: Played) -> None:
        """Take note of what a process has used so far."""
        if played.pid != os.getpid():
            self._children_s[played.pid] = played.cpu_s

    @property
    def seconds(self) -> float:
        """What was used since the beginning."""
        from time import process_time

        return process_time() - self._began_s + sum(self._children_s.values())


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the first SIGINT or SIGTERM raise KeyboardInterrupt; later ones change nothing: the end is on its way."""
    owner_pid, is_told = os.getpid(), False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal is_told
        del number, frame
        # A child that has not begun yet has this handler too.
        if not is_told and os.getpid() == owner_pid:
            is_told = True
            raise KeyboardInterrupt

    before = {one: signal.signal(one, hear) for one in STOPS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def ground() -> Path:
    """Return where the folder is made: TMPDIR, else memory where the system has such a place, else where it likes."""
    from tempfile import gettempdir

    if named := os.environ.get("TMPDIR"):
        return Path(named)
    is_usable = MEMORY_DISK.is_dir() and os.access(MEMORY_DISK, os.W_OK | os.X_OK)
    return MEMORY_DISK if is_usable else Path(gettempdir())


@contextmanager
def place() -> Iterator[Path]:
    """Make a folder for everything of a run, and remove it. Raises CliError where its disk does not carry a session."""
    from tempfile import mkdtemp

    from execd.journal.perils import NoPlace

    where: Path | None = None
    try:
        where = ground()
        folder = Path(mkdtemp(prefix="execd-simulate-", dir=where))
    except OSError as error:
        raise _no_place(where, error.strerror or str(error)) from error
    try:
        yield folder
    except NoPlace as error:
        raise _no_place(where, str(error)) from error
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    from shutil import rmtree

    try:
        rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:  # It comes once.
        rmtree(folder, ignore_errors=True)
        raise


def _no_place(where: Path | None, text: str) -> CliError:
    told = f"no session can be played in {where or 'a temporary folder'}: {text}"
    todo = "make room there, or set TMPDIR to a folder that exists, can be written and has room"
    return CliError(Exit.ERROR, f"{told}; {todo}", kind="no_place")


class _Here:
    """What this process is at, where it is a child."""

    is_playing = False
    is_stopped = False


def played(asked: "Asked", folder: Path, trace: Any = None) -> Played:  # noqa: ANN401  # A callable, or nothing.
    """Play one trial in a folder of its own below `folder`. Raises NoPlace where the disk there fails."""
    from tempfile import TemporaryDirectory
    from time import process_time

    from execd.journal.perils import NoPlace
    from execd.simulation.trial import play

    _Here.is_playing = True
    try:
        if _Here.is_stopped:
            raise KeyboardInterrupt
        try:
            own = TemporaryDirectory(prefix="session-", dir=folder, ignore_cleanup_errors=True)
        except OSError as error:
            raise NoPlace(error.strerror or str(error)) from error
        with own as name:
            return Played(play(asked, Path(name), trace), os.getpid(), process_time())
    finally:
        _Here.is_playing = False


def play_all(many: "Iterable[Asked]", folder: Path, jobs: int) -> Generator[Played, None, None]:
    """Yield what came of each, in the order asked for, whoever was first; closing ends the children."""
    if jobs == 1:
        for one in many:
            yield played(one, folder)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    pool = ProcessPoolExecutor(jobs, initializer=_begin)
    waiting: deque[Future[Played]] = deque(maxlen=jobs * AHEAD_N)
    try:
        for one in many:
            waiting.append(pool.submit(played, one, folder))
            if len(waiting) == waiting.maxlen:
                yield waiting[0].result()
                waiting.popleft()
        while waiting:
            yield waiting[0].result()
            waiting.popleft()
    except BrokenProcessPool as error:
        text = "a process that played a session was killed; look for too little memory, or take fewer --jobs"
        raise CliError(Exit.ERROR, text, kind="no_process") from error
    finally:
        if waiting:  # We leave early, for whatever reason.
            _stop_children()
        pool.shutdown(cancel_futures=True)


def _stop_children() -> None:
    from multiprocessing import active_children

    for child in active_children():
        child.terminate()


def _begin() -> None:
    """Begin as a child: a terminal's Ctrl-C reaches everybody, and our parent says when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    """Leave the session that is played; what waits begins no more. The result pipe is never cut in the middle."""
    del number, frame
    _Here.is_stopped = True
    if _Here.is_playing:
        raise KeyboardInterrupt
