"""Asking the daemon, and where none runs the journal itself, read-only.

After a crash `execd explain X` is what an operator needs. The journal is only
read while nobody holds it. It is no command itself.
"""

import sys
from typing import Any

from execd.cli.client import ask
from execd.cli.exits import CliError, Exit
from execd.runtime.paths import StatePaths


def read(paths: StatePaths, target: str) -> Any:  # noqa: ANN401  # JSON has no narrower type.
    """Return what the daemon says of `target`, or the journal where there is none. Raises CliError."""
    try:
        return ask(paths, "GET", target)
    except CliError as error:
        if error.code is not Exit.NOT_RUNNING or not paths.journal.is_file():
            raise
    from execd.cli.offline import answer

    told = answer(paths, target)
    print("from the journal; execd is not running", file=sys.stderr)
    return told
