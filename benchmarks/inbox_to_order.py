"""How long from a file in the inbox until the bytes of its order are written to the venue's socket.

From just before the rename, by the producer's wall clock. In between: waking up, reading, parsing, deciding, one
transaction with the acceptance, the plan, the order and *sending*, handing over, encoding and writing. One file at a
time, JSON and YAML in turn. The venue is a process of its own on a unix socket; "answered" is when its word, that the
order is on its way, is back. What follows a report is measured in `report_to_reaction.py`.
Floor, between the files: one synced row and one bare POST on loopback. `nice -n -19` (root) helps on a shared machine.

Run: .venv/bin/python benchmarks/inbox_to_order.py [files of each kind] [runs]
"""

import json
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks._daemon import Daemon
from benchmarks._floor import Floor, show, show_medians
from benchmarks._scratch import scratch
from execd.core.orders import NewOrder
from execd.core.records import ParentAccepted, Sending, Waited
from execd.journal.sync import SyncJournal

PAUSE_S: Final = 0.02
"""Between a file and the next sample of the floor: an order, its fill and its report are long done by then."""
KINDS: Final = ("json", "yaml")


class Seen:
    """What one run comes to, in microseconds."""

    def __init__(self, journal: Path, renamed_ns: dict[str, int], stamped_ns: dict[str, dict[str, int]]) -> None:
        self.written_us: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.read_us: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.answered_us: list[float] = []
        self.commit_us: list[float] = []
        self.waited_n = 0
        posted_ns: dict[str, int] = {}
        with SyncJournal(journal, created_ns=0) as opened:
            for stored in opened.records():
                match stored.record:
                    case ParentAccepted(now_ns=now_ns, parent=parent):
                        posted_ns[parent.parent_id] = now_ns
                    case Waited(parent_id=parent_id):
                        self.waited_n += parent_id in renamed_ns
                    case Sending(request=NewOrder(parent_id=parent_id, cl_ord_id=cl_ord_id)) if parent_id in renamed_ns:
                        begun_ns, kind = renamed_ns.pop(parent_id), parent_id.partition("-")[0]
                        handed_ns, written_ns, answered_ns = (stamps[cl_ord_id] for stamps in stamped_ns.values())
                        self.written_us[kind].append((written_ns - begun_ns) / 1e3)
                        self.read_us[kind].append((posted_ns[parent_id] - begun_ns) / 1e3)
                        self.commit_us.append((handed_ns - posted_ns[parent_id]) / 1e3)
                        self.answered_us.append((answered_ns - begun_ns) / 1e3)
                    case _:
                        pass


def main(files_n: int, runs_n: int) -> None:
    """Measure and print each run, then the medians of the runs."""
    ratios: list[tuple[float, float]] = []
    for number in range(1, runs_n + 1):
        with scratch() as folder, Floor(folder) as floor:
            seen = measure(folder, files_n, floor)
            every = [took_us for kind in KINDS for took_us in seen.written_us[kind]]
            print(f"run {number}: {len(every)} files, {seen.waited_n} of them waited for something")
            rows = [
                ("rename -> order bytes written", every),
                ("  json", seen.written_us["json"]),
                ("  yaml", seen.written_us["yaml"]),
                ("  of it: rename -> parsed, json", seen.read_us["json"]),
                ("  of it: rename -> parsed, yaml", seen.read_us["yaml"]),
                ("  of it: decide, commit, hand over", seen.commit_us),
                ("rename -> the venue has answered", seen.answered_us),
            ]
            ratios.append(show(floor, rows))
    show_medians(ratios)


def measure(folder: Path, files_n: int, floor: Floor) -> Seen:
    """Run one daemon, and the floor beside it; return what its journal and its stopwatches tell."""
    renamed_ns: dict[str, int] = {}
    with Daemon(folder / "state") as daemon:
        # The first file of a symbol has to wait for its first quote; that is the market's time, not ours.
        for n in range(5):
            daemon.drop(f"warm-{n}.json", json.dumps(buy(f"warm-{n}")))
            time.sleep(0.5)
        for n in range(files_n):
            for kind in KINDS:
                parent_id = f"{kind}-{n}"
                text = json.dumps(buy(parent_id)) if kind == "json" else as_yaml(buy(parent_id))
                floor.sample()
                time.sleep(PAUSE_S)
                renamed_ns[parent_id] = daemon.drop(f"{parent_id}.{kind}", text)
                time.sleep(PAUSE_S)
        time.sleep(1.0)
    seen = Seen(folder / "state" / "journal.db", renamed_ns, daemon.stamped_ns())
    if renamed_ns:
        raise SystemExit(f"{len(renamed_ns)} files became no order, such as {next(iter(renamed_ns))}")
    return seen


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


def as_yaml(intent: dict[str, str]) -> str:
    """Return an intent as somebody writes it by hand."""
    return "".join(f"{key}: {value}\n" for key, value in intent.items())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
