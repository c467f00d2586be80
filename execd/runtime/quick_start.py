"""What two libraries do while they are imported that a start need not wait for.

aiohttp reads all certificates of the machine, twice: a sixth of a second, for
connections that are made much later if at all. `late_certificates` lets it
make its contexts empty, which verify nobody, and gives them the certificates
when `load` is called. structlog draws tracebacks with rich where that is
installed; we draw plain ones, so `import_structlog` hides it. Both are for
`execd run` alone, before anything else imports these libraries; where they
are imported already nothing is done.
"""

import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def late_certificates() -> Iterator[Callable[[], None]]:
    """Let contexts that are made inside be empty; yield what fills them. Call that in a thread: it reads files."""
    empty: list[ssl.SSLContext] = []

    def keep(context: ssl.SSLContext) -> None:
        empty.append(context)

    def load() -> None:
        while empty:
            empty.pop().set_default_verify_paths()

    # Set on the class of Python over the one of C, and taken away again: what is under it is never changed.
    ssl.SSLContext.set_default_verify_paths = keep  # type: ignore[method-assign, assignment]  # Between here and `del`.
    try:
        yield load
    finally:
        del ssl.SSLContext.set_default_verify_paths


def import_structlog() -> None:
    """Import structlog as if rich were not installed."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # What the import system takes for "there is none".
    try:
        import structlog  # noqa: F401, PLC0415  # The import is the purpose.
    finally:
        del sys.modules["rich"]
