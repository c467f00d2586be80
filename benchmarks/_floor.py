"""What every latency here is held against: one durable row and one bare POST, measured between the samples.

The row is one synced commit by bare sqlite3 in the directory of the figure. The POST is one request with a body of an
order's length over a kept connection on loopback, answered by a process that does nothing else. Both are what nobody
can leave out who first remembers and then sends. Nothing of execd runs in them but the journal's own settings.
Run as a program it is the other end of the POST: `_floor.py` prints its port and answers until its input ends.
"""

import select
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from execd.journal import sql

BODY: Final = b"x" * 300
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
POST: Final = b"POST /v2/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
P50_RATIO_MAX: Final = 2.0
"""The target: the figure's median over that of commit and POST together."""
P99_RATIO_MAX: Final = 10.0
"""The figure's 99th percentile over the same."""


class Floor:
    """Durable rows and bare POSTs, in microseconds."""

    def __init__(self, folder: Path) -> None:
        self.commit_us: list[float] = []
        self.post_us: list[float] = []
        self._connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
        self._connection.execute(sql.query("use_wal"))
        self._connection.executescript(sql.query("settings") + "CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT)")
        self._server = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._server.stdout is not None
        port = int(self._server.stdout.readline())
        self._line = socket.create_connection(("127.0.0.1", port))
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        self._connection.close()
        self._server.communicate()

    def sample(self) -> None:
        """Make one row durable, then one POST."""
        begun_ns = time.perf_counter_ns()
        self._connection.execute("INSERT INTO row (body) VALUES (?)", ("x" * 400,))
        durable_ns = time.perf_counter_ns()
        self._line.sendall(POST)
        answer = b""
        while len(answer) < len(ANSWER):
            answer += self._line.recv(4_096)
        self.commit_us.append((durable_ns - begun_ns) / 1e3)
        self.post_us.append((time.perf_counter_ns() - durable_ns) / 1e3)

    @property
    def both_us(self) -> list[float]:
        """Commit and POST together, sample by sample."""
        return [commit + post for commit, post in zip(self.commit_us, self.post_us, strict=True)]


def show(floor: Floor, rows: Sequence[tuple[str, Sequence[float]]]) -> tuple[float, float]:
    """Print the floor and the rows beside it; return p50 and p99 of the first row over the floor's p50."""
    floor_p50 = at(floor.both_us, 0.5)
    floors = [
        ("floor: one synced row", floor.commit_us),
        ("floor: one bare POST", floor.post_us),
        ("floor: both", floor.both_us),
    ]
    for name, took_us in [*floors, *rows]:
        p50, p99 = at(took_us, 0.5), at(took_us, 0.99)
        print(
            f"  {name:38} n {len(took_us):4}  p50 {p50:7.0f} us  p99 {p99:8.0f} us"
            f"  p50/floor {p50 / floor_p50:5.2f}  p99/floor {p99 / floor_p50:6.2f}"
        )
    return at(rows[0][1], 0.5) / floor_p50, at(rows[0][1], 0.99) / floor_p50


def show_medians(ratios: Sequence[tuple[float, float]]) -> None:
    """Print the medians over the runs beside the targets."""
    p50, p99 = (at(column, 0.5) for column in zip(*ratios, strict=True))
    print(
        f"median of {len(ratios)} runs: p50 {p50:.2f} x floor (target {P50_RATIO_MAX:g}),"
        f" p99 {p99:.2f} x floor's p50 (target {P99_RATIO_MAX:g})"
    )


def at(took: Sequence[float], quantile: float) -> float:
    """Return a quantile; of an even number the upper one."""
    return sorted(took)[min(int(len(took) * quantile), len(took) - 1)]


def answer_posts() -> None:
    """Answer one connection's POSTs until our input ends."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        print(door.getsockname()[1], flush=True)
        line, _ = door.accept()
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with line:
        while True:
            ready, _, _ = select.select([line, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            asked = b""
            while len(asked) < len(POST):
                part = line.recv(4_096)
                if not part:
                    return
                asked += part
            line.sendall(ANSWER)


if __name__ == "__main__":
    answer_posts()
