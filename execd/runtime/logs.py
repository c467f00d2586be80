"""How the daemon speaks: one event a line, a constant name and keys.

JSON, or a readable form on a terminal; to standard error, so that standard
output stays for people. Values are keys, never parts of a sentence; no secret
and no raw file name is ever a value. A log that cannot be written is lost
and counted: a full disk or a pipe that nobody reads must not stop trading.
"""

import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

LINES_MAX: Final = 10_000
"""Lines that wait for a slow disk or terminal, some megabytes; beyond them lines are lost, and counted."""
CLOSE_S_MAX: Final = 1.0
_STDERR: Final = 2
_TRACEBACKS: Final = structlog.processors.ExceptionRenderer(
    # Without the local variables, which structlog tells by default: one of them may be a secret.
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


class Lines:
    """A place for lines that never makes the one who speaks wait: a thread writes, and what it cannot is counted."""

    def __init__(self, write: Callable[[str], object]) -> None:
        """Say each line by `write`, which may wait, and may raise OSError."""
        self.lost_n = 0
        self._write_one = write
        self._waiting: queue.Queue[str | None] = queue.Queue(LINES_MAX)
        # A daemon thread: a pipe that nobody reads must not keep the process alive either.
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._writer.start()

    def msg(self, line: str) -> None:
        """Say one line, or lose it."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self.lost_n += 1

    log = debug = info = warning = warn = error = critical = exception = fatal = msg

    def close(self) -> None:
        """Write what waits, but not for ever; what is said afterwards is lost."""
        try:
            self._waiting.put(None, timeout=CLOSE_S_MAX)
        except queue.Full:
            return
        self._writer.join(CLOSE_S_MAX)

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            try:
                self._write_one(line + "\n")
            except (OSError, ValueError):
                self.lost_n += 1


def _to_stderr(text: str) -> None:
    # Not through sys.stderr: a thread that is stuck inside it would make the interpreter abort at its end.
    rest = text.encode(errors="replace")
    while rest:
        rest = rest[os.write(_STDERR, rest) :]


class _Foreign(logging.Handler):
    """What libraries log, told in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger("library").log(record.levelno, "library", logger=record.name, text=record.getMessage())


class _Speaker(structlog.BoundLoggerBase):
    """The logger of everybody. Its methods are those of a level, and are exchanged when that changes."""


def set_level(level: str) -> None:
    """Say what is at `level` or above from here on, also by loggers that exist."""
    # Loggers are kept by who uses them, so a new class would reach nobody; what is below costs nothing this way.
    filtering = structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()])
    for name, method in vars(filtering).items():
        if not name.startswith("__"):
            setattr(_Speaker, name, method)


def configure(*, level: str, form: str, stream: TextIO | None = None) -> Lines:
    """Set up logging for the whole process; `form` is auto, json or console."""
    lines = Lines(_to_stderr if stream is None else stream.write)
    set_level(level)
    is_console = form == "console" or (form == "auto" and (stream or sys.stderr).isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(pad_event_to=26, exception_formatter=structlog.dev.plain_traceback)
        if is_console
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S.%f" if is_console else "iso", utc=True),
            *([] if is_console else [_TRACEBACKS]),
            renderer,
        ],
        wrapper_class=_Speaker,
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Foreign()]
    root.setLevel(logging.WARNING)
    return lines
