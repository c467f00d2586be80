"""What a service manager hears, on a real datagram socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from execd.runtime.sdnotify import Notifier


class Manager:
    """The manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.socket.settimeout(0)

    def heard(self) -> list[list[str]]:
        """Return the lines of every message so far."""
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode().splitlines())
            except BlockingIOError:
                return messages


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """Return a manager at a path, and one in the abstract namespace."""
    one = Manager(str(tmp_path / "notify") if request.param == "path" else f"@execd-test-{os.getpid()}")
    yield one
    one.socket.close()


def test_the_manager_hears_each_state_in_its_own_words(manager: Manager) -> None:
    """READY, one STATUS line, a sign of life, the end with its time: as sd_notify(3) spells them."""
    notifier = Notifier({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "30000000"})
    notifier.ready()
    notifier.status("2 intents\nopen")
    notifier.status("2 intents open")
    notifier.status("2 intents\nopen")
    notifier.alive()
    notifier.stopping(12.5)
    notifier.close()

    expected = [
        ["READY=1"],
        ["STATUS=2 intents open"],
        ["STATUS=2 intents open"],
        ["STATUS=2 intents open"],
        ["WATCHDOG=1"],
        ["STOPPING=1", "EXTEND_TIMEOUT_USEC=12500000"],
    ]
    assert expected == manager.heard()


def test_a_reload_carries_the_instant_of_its_beginning(manager: Manager) -> None:
    """RELOADING=1 needs MONOTONIC_USEC, or systemd takes it for a protocol error."""
    notifier = Notifier({"NOTIFY_SOCKET": manager.address})
    notifier.reloading()
    notifier.ready()
    notifier.close()
    (first, stamp), second = manager.heard()
    name, _, usec = stamp.partition("=")

    assert ("RELOADING=1", "MONOTONIC_USEC", True, ["READY=1"]) == (first, name, usec.isdecimal(), second)


PATIENCE = [
    ({"WATCHDOG_USEC": "30000000"}, 30.0),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ({"WATCHDOG_USEC": "0"}, None),
    ({"WATCHDOG_USEC": "soon"}, None),
    ({}, None),
]


@pytest.mark.parametrize("env, expected", PATIENCE)
def test_a_sign_of_life_is_given_only_to_who_wants_it_from_us(
    env: dict[str, str], expected: float | None, tmp_path: Path
) -> None:
    """WATCHDOG_PID of another process, zero and nonsense mean that nobody waits for us."""
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "x"), **env})
    notifier.close()

    assert expected == notifier.watchdog_s


def test_without_a_manager_nothing_is_said_and_nothing_fails() -> None:
    """No NOTIFY_SOCKET: every call does nothing."""
    notifier = Notifier({"WATCHDOG_USEC": "1000"})
    notifier.ready()
    notifier.alive()
    notifier.stopping(1)

    assert (0, None) == (notifier.lost_n, notifier.watchdog_s)


def test_a_manager_that_has_gone_stops_nothing(tmp_path: Path) -> None:
    """A message that cannot be delivered is counted."""
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    notifier.ready()
    notifier.close()

    assert notifier.lost_n == 1
