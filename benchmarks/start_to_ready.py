"""How long a start takes until the daemon is ready: a new state directory, and one with resting orders.

The daemon is a process of its own. `first`: nothing is there, the venue is started beside it. `again`: after a stop
that leaves its resting orders, the venue still running; every order is asked about. `inside`: the venue lives in the
daemon. Byte code is cached, as after the first start ever.
Floor, in the same turn: the same interpreter importing what the daemon imports, and nothing else.

Run: .venv/bin/python benchmarks/start_to_ready.py [starts of each] [resting orders]
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks._daemon import REPOSITORY, Daemon, environment
from benchmarks._scratch import scratch

TARGET_S: Final = 1.5
SETTLE_S_MAX: Final = 60.0
STAYS: Final = {"EXECD_PROCESS__STOP": "leave"}


def main(starts_n: int, resting_n: int) -> None:
    """Measure each kind of start and print its row."""
    with scratch() as folder:
        kinds = {
            "first": [_first(folder / f"first-{n}") for n in range(starts_n)],
            f"again, {resting_n} resting": _again(folder / "again", starts_n, resting_n),
            "inside": [_inside(folder / f"inside-{n}") for n in range(starts_n)],
        }
        floors = [_floor_s() for _ in range(starts_n)]
    floor_s = statistics.median(floors)
    print(f"floor: imports {floor_s:.2f} s; target {TARGET_S} s")
    for kind, seconds in kinds.items():
        p50_s = statistics.median(seconds)
        mark = "" if p50_s <= TARGET_S else "  over the target"
        print(f"{kind:22} p50 {p50_s:5.2f} s  max {max(seconds):5.2f} s  x floor {p50_s / floor_s:4.1f}{mark}")


def _floor_s() -> float:
    begun_s = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", "import execd.cli.main, execd.app, execd.cli.run"],
        check=True,
        cwd=REPOSITORY,
        env=environment({}),
    )
    return time.perf_counter() - begun_s


def _first(root: Path) -> float:
    with Daemon(root) as daemon:
        return daemon.ready_s


def _inside(root: Path) -> float:
    with Daemon(root, in_process=True) as daemon:
        return daemon.ready_s


def _again(root: Path, starts_n: int, resting_n: int) -> list[float]:
    """Return how long each start took that found its resting orders at the venue."""
    seconds: list[float] = []
    with Daemon(root, keeps_venue=True, more=STAYS) as daemon:
        for n in range(resting_n):
            daemon.drop(f"r{n}.json", json.dumps(_resting(n)))
        _until(lambda: len(list((root / "accepted").iterdir())) == resting_n)
    for n in range(starts_n):
        with Daemon(root, keeps_venue=n < starts_n - 1, more=STAYS) as daemon:
            seconds.append(daemon.ready_s)
    return seconds


def _resting(n: int) -> dict[str, object]:
    """Return an order far below the market, which stays all day."""
    symbol = ("AAPL", "MSFT", "IBM")[n % 3]
    return {"id": f"r{n}", "symbol": symbol, "side": "buy", "qty": 1, "limit_price": "1.00", "deadline": "1h"}


def _until(holds: Callable[[], bool]) -> None:
    until_s = time.monotonic() + SETTLE_S_MAX
    while not holds():
        if time.monotonic() > until_s:
            raise SystemExit("the resting orders were not taken in time")
        time.sleep(0.05)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 5, given[1] if len(given) > 1 else 200)
