"""Clients of a real daemon that never ask, never finish, or never read: trading, metrics and commands go on."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest

from tests.acceptance.daemon import Execd, buy

EACH: Final = 15
"""Of every kind at both doors; each door has 64 places."""
UNREAD: Final = 500
"""Questions whose answers are more than the kernel keeps."""
OWN_MAX: Final = 5
"""What the daemon opens for itself in its first seconds; the stuck clients are more than a hundred."""
PARTS: Final = {
    "silent": b"",
    "half a question": b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "half a body": b"POST /v1/submit HTTP/1.1\r\nHost: execd\r\nContent-Length: 100\r\n\r\n{",
}


@pytest.fixture
def alone_n(execd: Execd) -> Iterator[int]:
    """Start the daemon, let its clients get stuck, and return how many sockets it held before."""
    execd.start()
    execd.until_ready()
    held_n = sockets_n(execd)
    with ExitStack() as closing:
        for one in clients(execd):
            closing.enter_context(one)
        yield held_n


def metrics_port(execd: Execd) -> int:
    """Return where the metrics are."""
    return int(execd.json("status")["metrics_url"].rpartition(":")[2].partition("/")[0])


def clients(execd: Execd) -> Iterator[socket.socket]:
    """Connect to both doors and get stuck in every way."""
    port = metrics_port(execd)
    unread = f"GET /metrics HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode() * UNREAD
    for _ in range(EACH):
        for part in (*PARTS.values(), unread):
            yield said(socket.create_connection(("127.0.0.1", port)), part)
        for part in PARTS.values():
            control = socket.socket(socket.AF_UNIX)
            control.connect(str(execd.root / "control.sock"))
            yield said(control, part)


def said(one: socket.socket, part: bytes) -> socket.socket:
    """Say something, as far as it is taken in."""
    one.settimeout(0.05)
    with suppress(TimeoutError):
        one.sendall(part)
    return one


def sockets_n(execd: Execd) -> int:
    """Return how many sockets the daemon holds. The clients cannot tell: who reads nothing does not hear of the end."""
    assert execd.process is not None
    held_n = 0
    for fd in Path(f"/proc/{execd.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # Closed since the listing.
            held_n += str(fd.readlink()).startswith("socket:")
    return held_n


def test_clients_that_are_stuck_stop_and_starve_nothing(execd: Execd, alone_n: int) -> None:
    """Fault G14. A file is traded, commands and a scrape are answered beside them; then they are hung up on."""
    execd.drop("a.json", buy("a", urgency="high"))
    report = execd.ended("a")
    status = execd.json("status")
    with urlopen(f"http://127.0.0.1:{metrics_port(execd)}/metrics", timeout=10) as answer:
        scraped = answer.status
    execd.until(lambda: sockets_n(execd) <= alone_n + OWN_MAX, what="end of the stuck clients")

    assert ("filled", 200, "ready") == (report["status"], scraped, status["state"])
