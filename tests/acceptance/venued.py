"""A real execd whose venue is a process of its own, and that process.

The venue outlives the daemon, so a test that starts one ends it: `close` does, whatever happened.
"""

import os
import signal
from pathlib import Path
from typing import Final

from execd.venue.door import LEDGER_NAME, LOCK_NAME, SOCKET_NAME
from execd.venue.ledger import Execution, Holding
from execd.venue.ledger_file import LedgerFile
from execd.venue.matching_orders import Working
from tests.acceptance.daemon import Execd, clean_environment

EXECUTIONS_MAX: Final = 1_000_000


class Venued(Execd):
    """One state directory, the daemon in it, and the venue below it."""

    def __init__(self, root: Path, pycache: Path, **environment: str) -> None:
        """`environment` is for the daemon and for the venue that it starts."""
        own = {"EXECD_SIM__PROCESS": "true", "EXECD_PROCESS__UNCLEAN_STARTS_MAX": "100000"}
        super().__init__(root, clean_environment(pycache) | own | environment)
        self.venue = root / "venue"

    def begin(self) -> None:
        """Start the daemon anew and wait until it is ready."""
        self.log.write_text("")
        self.start()
        self.until_ready()

    def venue_pid(self) -> int:
        """Return the pid of the venue that runs; zero where none does."""
        try:
            pid = int((self.venue / LOCK_NAME).read_text())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return 0
        # Somebody may have got a dead venue's number.
        return pid if b"venue" in Path(f"/proc/{pid}/cmdline").read_bytes() else 0

    def end_venue(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the venue and wait until it has gone."""
        pid = self.venue_pid()
        if pid:
            os.kill(pid, number)
            self.until(lambda: not _runs(pid), what="end of the venue")

    def close(self) -> None:
        """End the daemon, then the venue, however they are."""
        super().close()
        self.end_venue(signal.SIGKILL)

    def has_door(self) -> bool:
        """Whether the venue's socket file is there."""
        return (self.venue / SOCKET_NAME).exists()

    def ledger(self) -> tuple[list[Execution], dict[str, dict[str, Holding]], tuple[Working, ...]]:
        """Return executions, holdings and orders of a venue that has ended."""
        file = LedgerFile(self.venue / LEDGER_NAME)
        try:
            kept = file.load()
            return file.executions("", 0, EXECUTIONS_MAX), kept.holdings, kept.orders
        finally:
            file.close()


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
