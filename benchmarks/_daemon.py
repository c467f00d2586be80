"""A real daemon in a process of its own, for benchmarks that look at it from outside.

It runs on the generator, without latency and without throttle, so that what is measured is execd and not the simulated
way to the venue. The venue is a process of its own, so requests are real bytes on a real socket; with `in_process` it
lives in the daemon. What happened when is read afterwards: from its journal, whose records and reports carry their
instants, and from stopwatches at the broker's door, which write down when each request was handed over, written, and
answered. Run as a program it is that daemon: `_daemon.py STAMPS run --state-dir DIR`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self
from unittest import mock

from execd.brokers.sim import SimBroker
from execd.brokers.sim_remote import SimRemoteBroker
from execd.cli.main import main
from execd.core.orders import NewOrder
from execd.core.reports import Accepted, Rejected
from execd.venue.line import Line
from execd.venue.wire import Do, FromClient, FromVenue

REPOSITORY: Final = Path(__file__).resolve().parent.parent
READY_S_MAX: Final = 30.0
END_S_MAX: Final = 30.0
LOOK_S: Final = 0.005
MANY: Final = "1000000"
SETTINGS: Final = {
    "EXECD_SIM__LATENCY_MS": "0",
    "EXECD_SIM__JITTER_MS": "0",
    "EXECD_THROTTLE__BURST": MANY,
    "EXECD_THROTTLE__PER_MIN": MANY,
    "EXECD_THROTTLE__WINDOW_MAX": "900000",
    "EXECD_THROTTLE__WINDOW_S": "0.001",
    "EXECD_THROTTLE__REQUESTS_MAX": MANY,
    "EXECD_LOGGING__FORMAT": "json",
}
LIMITS: Final = {
    "EXECD_ACCOUNTS__SIM__ADAPTER": "sim",
    "EXECD_ACCOUNTS__SIM__LIMITS__ORDER_QTY_MAX": MANY,
    "EXECD_ACCOUNTS__SIM__LIMITS__ORDER_NOTIONAL_USD_MAX": MANY,
    "EXECD_ACCOUNTS__SIM__LIMITS__PRICE_COLLAR_RATIO": "0.5",
    "EXECD_ACCOUNTS__SIM__LIMITS__OPEN_ORDERS_MAX": MANY,
}
"""An account that may have as many orders out as a benchmark wants."""


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return our environment with execd's own variables as benchmarks want them."""
    ours = ("EXECD_", "EXECUTION__", "PYTHONDONTWRITEBYTECODE", "XDG_CONFIG_HOME", "CONFIGURATION_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | SETTINGS | LIMITS | dict(more)


class Daemon:
    """execd on the state directory `root`, for as long as the block lasts; a venue of its own ends with it."""

    def __init__(
        self, root: Path, *, in_process: bool = False, keeps_venue: bool = False, more: Mapping[str, str] | None = None
    ) -> None:
        self.root = root
        self.stamps = root.with_name(f"{root.name}.stamps.json")
        self.ready_s = 0.0
        self._in_process = in_process
        self._keeps_venue = keeps_venue or in_process
        self._environment = environment(more or {})
        self._log = root.with_name(f"{root.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        where = ["--state-dir", str(self.root)]
        if self._in_process:
            where.append("--in-process")
        begun_s = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__)), str(self.stamps), "run", *where],
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while b'"ready"' not in self._log.read_bytes():
            if self._process.poll() is not None or time.perf_counter() - begun_s > READY_S_MAX:
                self._process.kill()
                raise SystemExit(f"the daemon did not start:\n{self._log.read_text()[-2_000:]}")
            time.sleep(LOOK_S)
        self.ready_s = time.perf_counter() - begun_s
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                code = self._process.wait(END_S_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                code = self._process.wait()
            if not self._keeps_venue:
                self.stop_venue()
            if code:
                raise SystemExit(f"the daemon ended with {code}:\n{self._log.read_text()[-2_000:]}")

    @property
    def pid(self) -> int:
        """The daemon's process."""
        assert self._process is not None
        return self._process.pid

    def stop_venue(self) -> None:
        """End the venue's process."""
        stop = [sys.executable, "-m", "execd.cli", "venue", "stop", "--force", "--dir", str(self.root / "venue")]
        subprocess.run(stop, cwd=REPOSITORY, env=self._environment, check=False, capture_output=True, timeout=END_S_MAX)

    def rss_mib(self) -> float:
        """Return the memory that the daemon's process holds now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1_024
        raise SystemExit("this system does not tell the memory of a process")

    def cpu_s(self) -> float:
        """Return the CPU time that the daemon's process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def drop(self, name: str, text: str) -> int:
        """Rename a file into the inbox as a producer does; return the wall clock just before, in nanoseconds."""
        aside = self.root / f"{name}.tmp"
        aside.write_text(text)
        target = self.root / "inbox" / name
        begun_ns = time.time_ns()
        aside.rename(target)
        return begun_ns

    def stamped_ns(self) -> dict[str, dict[str, int]]:
        """Return, after the end, the wall clock at which each new order was handed over, written and answered."""
        stamps: dict[str, dict[str, int]] = json.loads(self.stamps.read_text())
        return stamps


def run_stamped(stamps: Path, arguments: list[str]) -> int:
    """Run execd with stopwatches at the broker's door; write what they saw at the end."""
    seen: dict[str, dict[str, int]] = {"handed": {}, "written": {}, "answered": {}}
    write, submit_remote, submit_inside = Line.send, SimRemoteBroker.submit, SimBroker.submit

    def written(line: Line, message: FromClient | FromVenue) -> None:
        write(line, message)
        if isinstance(message, Do):
            seen["written"][message.request.cl_ord_id] = time.time_ns()

    async def remotely(broker: SimRemoteBroker, request: NewOrder) -> Accepted | Rejected | None:
        seen["handed"][request.cl_ord_id] = time.time_ns()
        answer = await submit_remote(broker, request)
        seen["answered"][request.cl_ord_id] = time.time_ns()
        return answer

    async def inside(broker: SimBroker, request: NewOrder) -> Accepted | Rejected | None:
        seen["handed"][request.cl_ord_id] = time.time_ns()
        return await submit_inside(broker, request)

    with (
        mock.patch.object(Line, "send", written),
        mock.patch.object(SimRemoteBroker, "submit", remotely),
        mock.patch.object(SimBroker, "submit", inside),
    ):
        code = main(arguments)
    stamps.write_text(json.dumps(seen))
    return code


if __name__ == "__main__":
    sys.exit(run_stamped(Path(sys.argv[1]), sys.argv[2:]))
