"""A directory for one run of a benchmark: on a real disk, outside of the repository, and gone at the end.

Also where the run is ended by a signal; only kill -9 leaves it. `EXECD_BENCH_DIR` names another place to make it in:
`/tmp` is memory on many machines, where a sync costs nothing.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

DISK: Final = Path("/var/tmp")  # noqa: S108  # A fresh directory of our own in it.


ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a fresh directory; what runs inside is unwound by the first signal that ends us."""
    place = os.environ.get("EXECD_BENCH_DIR") or (DISK if DISK.is_dir() else None)
    before = {number: signal.signal(number, _end) for number in ENDS}
    try:
        with tempfile.TemporaryDirectory(dir=place, prefix="execd-bench-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    # A second one, as a terminal or `timeout` sends it, would break off the cleaning up.
    for one in ENDS:
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(128 + number)
