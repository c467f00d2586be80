"""How long from a file in the inbox to its order at the venue, and from a broker's report to the reaction to it.

Inbox: from just before the rename, by the producer's wall clock, until the order is handed to the venue (where a real
adapter would write its bytes). In between: waking up, reading, parsing, deciding, one transaction with the acceptance,
the plan, the order and *sending*, and handing over. One file at a time, JSON and YAML in turn.
Reaction: from the venue's cancel report until the order that the algorithm sends next is handed over.
Floor: one row, one synced commit by bare sqlite3 in the same directory, between the files. The venue is in the daemon's
process, so there is no POST in the figures and none in the floor. `nice -n -19` (root) helps on a shared machine.

Run: .venv/bin/python benchmarks/inbox_to_order.py [files of each kind] [runs]
"""

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks._daemon import Daemon
from execd.core.orders import CancelRequest
from execd.core.records import ParentAccepted, Reported, Sending, Waited
from execd.core.reports import Canceled
from execd.journal import sql
from execd.journal.sync import SyncJournal

PAUSE_S: Final = 0.03
"""Between a file and the next commit of the floor: an order, its fill and its report are long done by then."""
REACTING_N: Final = 40
REACTING_PAUSE_S: Final = 0.11
REACTING_S: Final = 8.0
"""Four orders of a second each (the first and three plans again), and room."""
P50_RATIO_MAX: Final = 2.0
P99_RATIO_MAX: Final = 10.0


class Floor:
    """Durable commits of one row."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute(sql.query("use_wal"))
        self._connection.executescript(sql.query("settings") + "CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT)")
        self.took_us: list[float] = []

    def commit(self) -> None:
        """Make one row durable."""
        begun = time.perf_counter_ns()
        self._connection.execute("INSERT INTO row (body) VALUES (?)", ("x" * 400,))
        self.took_us.append((time.perf_counter_ns() - begun) / 1e3)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class Seen:
    """What the journal of one run tells, in microseconds."""

    def __init__(self, journal: Path, renamed_ns: dict[str, int], handed_over_ns: dict[str, int]) -> None:
        self.inbox_us: dict[str, list[float]] = {"json": [], "yaml": []}
        self.read_us: dict[str, list[float]] = {"json": [], "yaml": []}
        self.commit_us: list[float] = []
        self.reaction_us: list[float] = []
        self.waited_n = 0
        posted_ns: dict[str, int] = {}
        parents: dict[str, str] = {}
        canceled_ns: dict[str, int] = {}
        with SyncJournal(journal, created_ns=0) as opened:
            for stored in opened.records():
                match stored.record:
                    case ParentAccepted(now_ns=now_ns, parent=parent):
                        posted_ns[parent.parent_id] = now_ns
                    case Waited(parent_id=parent_id):
                        self.waited_n += parent_id in renamed_ns
                    case Reported(report=Canceled() as report):
                        canceled_ns[parents[report.cl_ord_id]] = report.transact_ns
                    case Sending(request=CancelRequest() as request):
                        parents[request.cl_ord_id] = request.parent_id
                    case Sending(request=request):
                        parent_id, over_ns = request.parent_id, handed_over_ns[request.cl_ord_id]
                        if parent_id in renamed_ns:
                            self._add(parent_id, renamed_ns.pop(parent_id), posted_ns[parent_id], over_ns)
                        elif parent_id in canceled_ns:
                            self.reaction_us.append((over_ns - canceled_ns.pop(parent_id)) / 1e3)
                    case _:
                        pass

    def _add(self, parent_id: str, renamed_ns: int, posted_ns: int, over_ns: int) -> None:
        kind = parent_id.partition("-")[0]
        self.inbox_us[kind].append((over_ns - renamed_ns) / 1e3)
        self.read_us[kind].append((posted_ns - renamed_ns) / 1e3)
        self.commit_us.append((over_ns - posted_ns) / 1e3)


def main(files_n: int, runs_n: int) -> None:
    """Measure and print each run, then the medians of the runs."""
    ratios: list[tuple[float, float]] = []
    for number in range(1, runs_n + 1):
        with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
            floor, seen = measure(Path(folder), files_n)
        ratios.append(show(number, floor.took_us, seen))
    p50 = statistics.median(ratio for ratio, _ in ratios)
    p99 = statistics.median(ratio for _, ratio in ratios)
    print(
        f"median of {runs_n} runs: p50 {p50:.2f} x floor (target {P50_RATIO_MAX:g}), p99 {p99:.2f} x floor (target 10)"
    )


def measure(folder: Path, files_n: int) -> tuple[Floor, Seen]:
    """Run one daemon; return the floor beside it and what its journal tells."""
    floor = Floor(folder / "floor.db")
    renamed_ns: dict[str, int] = {}
    with Daemon(folder / "state") as daemon:
        # The first file of a symbol has to wait for its first quote; that is the market's time, not ours.
        for n in range(5):
            daemon.drop(f"warm-{n}.json", json.dumps(buy(f"warm-{n}")))
            time.sleep(0.5)
        for n in range(files_n):
            for kind in ("json", "yaml"):
                parent_id = f"{kind}-{n}"
                text = json.dumps(buy(parent_id)) if kind == "json" else as_yaml(buy(parent_id))
                floor.commit()
                time.sleep(PAUSE_S)
                renamed_ns[parent_id] = daemon.drop(f"{parent_id}.{kind}", text)
                time.sleep(PAUSE_S)
        for n in range(REACTING_N):
            daemon.drop(f"react-{n}.json", json.dumps(reacting(f"react-{n}")))
            time.sleep(REACTING_PAUSE_S)
        time.sleep(REACTING_S)
    floor.close()
    seen = Seen(folder / "state" / "journal.db", renamed_ns, daemon.handed_over_ns())
    if renamed_ns:
        raise SystemExit(f"{len(renamed_ns)} files became no order, such as {next(iter(renamed_ns))}")
    return floor, seen


def buy(parent_id: str) -> dict[str, str]:
    """Return an intent of the usual length that fills at once."""
    return {
        "id": parent_id,
        "symbol": "IBM",
        "side": "buy",
        "qty": "1",
        "urgency": "high",
        "strategy": "momentum",
        "max_slippage_bps": "50",
        "deadline": "5m",
        "reference_price": "182.00",
        "note": "ten fields, as a strategy writes them",
    }


def reacting(parent_id: str) -> dict[str, object]:
    """Return an intent whose orders rest for a second, are cancelled, and are sent again."""
    algo = {"name": "offset", "bps": "-500", "ttl": "1s"}
    return {"id": parent_id, "symbol": "IBM", "side": "buy", "qty": "1", "max_slippage_bps": "1000", "algo": algo}


def as_yaml(intent: dict[str, str]) -> str:
    """Return an intent as somebody writes it by hand."""
    return "".join(f"{key}: {value}\n" for key, value in intent.items())


def show(number: int, floor_us: Sequence[float], seen: Seen) -> tuple[float, float]:
    """Print one run; return p50 and p99 of the inbox over the floor's p50."""
    floor_p50 = at(floor_us, 0.5)
    every = [*seen.inbox_us["json"], *seen.inbox_us["yaml"]]
    print(f"run {number}: {len(every)} files, {seen.waited_n} of them waited for something")
    rows: list[tuple[str, Sequence[float]]] = [
        ("floor: one row, bare sqlite3", floor_us),
        ("inbox -> order, json", seen.inbox_us["json"]),
        ("inbox -> order, yaml", seen.inbox_us["yaml"]),
        ("  of it: rename -> parsed, json", seen.read_us["json"]),
        ("  of it: rename -> parsed, yaml", seen.read_us["yaml"]),
        ("  of it: decide, commit, hand over", seen.commit_us),
        ("report -> reaction", seen.reaction_us),
    ]
    for name, took_us in rows:
        p50, p99 = at(took_us, 0.5), at(took_us, 0.99)
        print(
            f"  {name:36} n {len(took_us):4}  p50 {p50:7.0f} us  p99 {p99:8.0f} us"
            f"  p50/floor {p50 / floor_p50:5.2f}  p99/floor {p99 / floor_p50:6.2f}"
        )
    return at(every, 0.5) / floor_p50, at(every, 0.99) / floor_p50


def at(took_us: Sequence[float], quantile: float) -> float:
    """Return a quantile."""
    return sorted(took_us)[int(len(took_us) * quantile)]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
