"""Exit codes, and the error that carries one.

They are stable: scripts depend on them. An error's text says what is wrong,
where, and what to do; it goes to standard error.
"""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's end means."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_RUNNING = 3
    NOT_FOUND = 4
    TIMEOUT = 5
    INTERNAL = 70
    CONFIG = 78


class CliError(Exception):
    """A command ends here with `code`."""

    def __init__(self, code: Exit, text: str) -> None:
        """`text` is for a person."""
        super().__init__(text)
        self.code = code
