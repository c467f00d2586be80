"""How long until files that are renamed into the inbox all at once are accepted, and who waits meanwhile.

A daemon of its own with the venue inside; resting orders over `SYMBOLS_N` symbols. Accepted means that the file has
left the inbox, which it does after its intent is durable. All the while one caller after another asks the control
socket for the status. The floor, in the same run: a bare script that reads each file, makes one synced row for every
`BATCH_N` of them, and renames them away.

Run: .venv/bin/python benchmarks/many_files.py [files]
"""

import json
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks._daemon import Daemon
from benchmarks._floor import at
from benchmarks._scratch import scratch
from execd.cli.client import ask
from execd.journal import sql
from execd.runtime.paths import StatePaths

SYMBOLS_N: Final = 4
"""Few: the simulated market of many symbols would cost more than the files."""
BATCH_N: Final = 64
CALL_PAUSE_S: Final = 0.05
ACCEPTED_S_MAX: Final = 300.0


def intent(n: int) -> str:
    """Return an intent whose order rests far below the market."""
    return json.dumps(
        {
            "id": f"f{n}",
            "symbol": f"S{n % SYMBOLS_N}",
            "side": "buy",
            "qty": "1",
            "max_slippage_bps": "100",
            "algo": {"name": "offset", "bps": "-50", "ttl": "1h"},
            "deadline": "1h",
        }
    )


def written(folder: Path, files_n: int) -> Path:
    """Return a new directory full of files, whole and synced."""
    folder.mkdir()
    for n in range(files_n):
        (folder / f"f{n}.json").write_text(intent(n))
    os.sync()
    return folder


def floor_s(root: Path, files_n: int) -> float:
    """Return how long a script takes that only reads, remembers and renames."""
    source, target = written(root / "floor", files_n), root / "floor-done"
    target.mkdir()
    with sqlite3.connect(root / "floor.db", isolation_level=None) as connection:
        connection.execute(sql.query("use_wal"))
        connection.executescript(sql.query("settings") + "CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT)")
        begun_s = time.perf_counter()
        names = sorted(path.name for path in source.iterdir())
        for begin in range(0, len(names), BATCH_N):
            batch = names[begin : begin + BATCH_N]
            bodies = [(source / name).read_text() for name in batch]
            connection.execute("INSERT INTO row (body) VALUES (?)", ("".join(bodies),))
            for name in batch:
                (source / name).rename(target / name)
        took_s = time.perf_counter() - begun_s
    connection.close()
    return took_s


def main(files_n: int) -> int:
    """Measure and print."""
    calls_ms: list[float] = []
    with scratch() as folder:
        floor = floor_s(folder, files_n)
        with Daemon(folder / "state", in_process=True) as daemon:
            paths = StatePaths(daemon.root)
            source, inbox = written(folder / "made", files_n), daemon.root / "inbox"
            cpu_s = daemon.cpu_s()
            begun_s = time.perf_counter()
            for path in list(source.iterdir()):
                path.rename(inbox / path.name)
            renamed_s = time.perf_counter() - begun_s
            while any(inbox.iterdir()):
                asked_s = time.perf_counter()
                ask(paths, "GET", "/v1/status")
                calls_ms.append((time.perf_counter() - asked_s) * 1e3)
                if asked_s - begun_s > ACCEPTED_S_MAX:
                    raise SystemExit(f"{len(list(inbox.iterdir()))} files still wait after {ACCEPTED_S_MAX:g} s")
                time.sleep(CALL_PAUSE_S)
            took_s = time.perf_counter() - begun_s
            cpu_s = daemon.cpu_s() - cpu_s
        accepted_n = len(list((daemon.root / "accepted").iterdir()))
        reason = next((daemon.root / "rejected").glob("*.error.json"), None)
        if accepted_n != files_n:
            why = "" if reason is None else reason.read_text()
            raise SystemExit(f"{accepted_n} of {files_n} files were accepted {why}")
    print(f"{files_n} files, renamed in within {renamed_s:.2f} s")
    print(f"  all accepted after {took_s:6.2f} s, {took_s / files_n * 1e6:.0f} us each; {cpu_s:.2f} s of CPU")
    print(f"  floor              {floor:6.2f} s, {floor / files_n * 1e6:.0f} us each: {took_s / floor:.1f} x")
    p50_ms, p99_ms, n = at(calls_ms, 0.5), at(calls_ms, 0.99), len(calls_ms)
    print(f"  a call meanwhile, n {n}: p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms, max {max(calls_ms):.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
