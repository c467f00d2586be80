"""How the last lives ended: `<state>/starts.json`.

A start leaves its mark; a clean stop takes it back. A start that finds a mark
follows a life that ended uncleanly. So many of them within a window mean that
something kills the daemon again and again: it then starts reduce-only and
pages, instead of dying or trading on. A file that cannot be read counts as an
unclean end, and never stops a start.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from execd.core.events import TroubleReported
from execd.runtime.clock import NS_PER_S

CAUSE: Final = "unclean_starts"
KEPT_MAX: Final = 100
"""Unclean starts that are remembered."""

log = structlog.get_logger("execd.starts")


class Starts(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says: whether a life is (or was) under way, and the instants of starts after an unclean end."""

    is_running: bool = False
    unclean_ns: tuple[int, ...] = ()

    def begun(self, now_ns: int, window_ns: int) -> "Starts":
        """Return what a start at `now_ns` makes of it; what lies outside the window is forgotten."""
        unclean_ns = (*self.unclean_ns, now_ns) if self.is_running else self.unclean_ns
        young = tuple(one for one in unclean_ns if abs(now_ns - one) <= window_ns)
        return Starts(is_running=True, unclean_ns=young[-KEPT_MAX:])


class StartsFile:
    """The file, and the rule over it."""

    def __init__(self, path: Path, write: Callable[[Path, bytes], None]) -> None:
        """`write` replaces a file durably; it raises OSError."""
        self._path = path
        self._write = write

    def begin(self, now_ns: int, *, window_ns: int, unclean_max: int) -> TroubleReported | None:
        """Leave the mark of this start; the trouble that the engine must hear of, or None."""
        starts = self._read().begun(now_ns, window_ns)
        self._put(starts)
        unclean_n = len(starts.unclean_ns)
        if unclean_n:
            log.warning("start_after_unclean_end", unclean_n=unclean_n, unclean_starts_max=unclean_max)
        if unclean_n < unclean_max:
            return None
        text = (
            f"{unclean_n} starts in {window_ns // NS_PER_S} s followed an unclean end: only reducing orders are sent; "
            "find the cause in the log, then lift the halt"
        )
        return TroubleReported(now_ns=now_ns, cause=CAUSE, text=text)

    def was_running(self) -> bool:
        """Whether the life before this one ended uncleanly; asked before `begin`."""
        return self._read().is_running

    def end_clean(self) -> None:
        """Take the mark back: this life ended as it should, and somebody wanted it to end."""
        self._put(Starts())

    def _read(self) -> Starts:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Starts)
        except FileNotFoundError:
            return Starts()
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("starts_unreadable", error=type(error).__name__)
            return Starts(is_running=True)

    def _put(self, starts: Starts) -> None:
        try:
            self._write(self._path, msgspec.json.encode(starts))
        except OSError as error:
            # A disk in trouble is told by others; a start must not die of a file that only counts starts.
            log.warning("starts_not_written", errno=error.errno)
