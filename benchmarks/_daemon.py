"""A real daemon in a process of its own, for benchmarks that look at it from outside.

It runs on the generator, without latency and without throttle, so that what is measured is execd and not the simulated
way to the venue. What happened when is read afterwards: from its journal, whose records and reports carry their
instants, and from a stopwatch at the venue's door, which writes down when each request was handed over.
Run as a program it is that daemon: `_daemon.py STAMPS run --state-dir DIR`.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Self
from unittest import mock

from execd.brokers.sim import SimVenue
from execd.cli.main import main
from execd.core.orders import Request

REPOSITORY: Final = Path(__file__).resolve().parent.parent
READY_S_MAX: Final = 30.0
END_S_MAX: Final = 30.0
SETTINGS: Final = {
    "EXECD_SIM__LATENCY_MS": "0",
    "EXECD_SIM__JITTER_MS": "0",
    "EXECD_THROTTLE__BURST": "100000",
    "EXECD_THROTTLE__PER_MIN": "100000",
    "EXECD_THROTTLE__WINDOW_MAX": "100000",
    "EXECD_THROTTLE__CANCEL_BURST": "100000",
    "EXECD_THROTTLE__CANCEL_PER_MIN": "100000",
    "EXECD_LOGGING__FORMAT": "json",
}


class Daemon:
    """execd on the state directory `root`, for as long as the block lasts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stamps = root.with_name(f"{root.name}.stamps.json")
        self._log = root.with_name(f"{root.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        self._dropped_n = 0

    def __enter__(self) -> Self:
        ours = ("EXECD_", "EXECUTION__")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__)), str(self.stamps), "run", "--state-dir", str(self.root)],
                cwd=REPOSITORY,
                env=environment | SETTINGS,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until_s = time.monotonic() + READY_S_MAX
        while '"ready"' not in self._log.read_text():
            if self._process.poll() is not None or time.monotonic() > until_s:
                self._process.kill()
                raise SystemExit(f"the daemon did not start:\n{self._log.read_text()[-2_000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            code = self._process.wait(END_S_MAX)
            if code:
                raise SystemExit(f"the daemon ended with {code}:\n{self._log.read_text()[-2_000:]}")

    def drop(self, name: str, text: str) -> int:
        """Rename a file into the inbox as a producer does; return the wall clock just before, in nanoseconds."""
        aside = self.root / f"{name}.tmp"
        aside.write_text(text)
        target = self.root / "inbox" / name
        begun_ns = time.time_ns()
        aside.rename(target)
        return begun_ns

    def handed_over_ns(self) -> dict[str, int]:
        """Return, after the end, the wall clock at which each request reached the venue's door, by cl_ord_id."""
        stamps: dict[str, int] = json.loads(self.stamps.read_text())
        return stamps


def run_stamped(stamps: Path, arguments: list[str]) -> int:
    """Run execd with a stopwatch at the venue's door; write what it saw at the end."""
    seen: dict[str, int] = {}
    send = SimVenue.send

    def stamped(venue: SimVenue, request: Request) -> None:
        seen[request.cl_ord_id] = time.time_ns()
        send(venue, request)

    with mock.patch.object(SimVenue, "send", stamped):
        code = main(arguments)
    stamps.write_text(json.dumps(seen))
    return code


if __name__ == "__main__":
    sys.exit(run_stamped(Path(sys.argv[1]), sys.argv[2:]))
