"""How the daemon speaks: one event a line, a constant name and keys.

JSON, or a readable form on a terminal; to standard error, so that standard
output stays for people. Values are keys, never parts of a sentence; no secret
and no raw file name is ever a value. A log that cannot be written is lost
and counted: the disk or pipe behind it must not stop trading.
"""

import logging
import sys
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

FORMATS: Final = ("auto", "json", "console")


class Lines:
    """Standard error as a place for lines; what cannot be written is counted."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        self.lost_n = 0
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write one line, or lose it."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.lost_n += 1

    log = debug = info = warning = warn = error = critical = exception = fatal = msg


class _Foreign(logging.Handler):
    """What libraries log, told in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger("library").log(record.levelno, "library", logger=record.name, text=record.getMessage())


def configure(*, level: str, form: str, stream: TextIO | None = None) -> Lines:
    """Set up logging for the whole process; `form` is auto, json or console."""
    lines = Lines(stream or sys.stderr)
    is_console = form == "console" or (form == "auto" and (stream or sys.stderr).isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(pad_event_to=26) if is_console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S.%f" if is_console else "iso", utc=True),
            *([] if is_console else [structlog.processors.dict_tracebacks]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Foreign()]
    root.setLevel(logging.WARNING)
    return lines
