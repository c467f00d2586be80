"""Exit codes, and the error that carries one.

Codes and kinds are stable: scripts depend on them. An error's text says what
is wrong, where, and what to do; it goes to standard error, and with --json a
document of code, message, field and line goes to standard output.
"""

from enum import IntEnum
from typing import Any, Final


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
    INTERRUPTED = 130


KINDS: Final = {
    Exit.ERROR: "error",
    Exit.USAGE: "usage",
    Exit.NOT_RUNNING: "not_running",
    Exit.NOT_FOUND: "not_found",
    Exit.TIMEOUT: "timeout",
    Exit.INTERNAL: "internal",
    Exit.CONFIG: "config",
    Exit.INTERRUPTED: "interrupted",
}
"""The word of an exit code, where nobody has a closer one."""


class CliError(Exception):
    """A command ends here with `code`."""

    def __init__(
        self, code: Exit, text: str, *, kind: str = "", field: str | None = None, line: int | None = None
    ) -> None:
        """`text` is for a person, `kind` a stable word for a script; `field` and `line` say where, in a file."""
        super().__init__(text)
        self.code = code
        self.kind = kind or KINDS.get(code, "error")
        self.field = field
        self.line = line
        self.usage = ""
        """How the command is used, where it was used wrongly."""

    def told(self) -> dict[str, Any]:
        """Return the document of this error."""
        return {"code": self.kind, "message": str(self), "field": self.field, "line": self.line}
