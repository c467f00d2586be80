"""What the service manager is told: ready, how it goes, alive, reloading, stopping.

The protocol of sd_notify(3): lines in a datagram to the socket that
NOTIFY_SOCKET names; a name that begins with @ is in the abstract namespace.
Without that variable every call does nothing. It never waits: a manager that
does not read loses a message, which is counted.
"""

import os
import socket
import time
from collections.abc import Mapping
from typing import Final

import structlog

US_PER_S: Final = 1_000_000
VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What is meant for us alone; a program that we start must not speak in our name."""

log = structlog.get_logger("execd.sdnotify")


class Notifier:
    """One end of the manager's socket."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """Read from `env` whether there is a manager, and how often it wants a sign of life."""
        address = env.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | getattr(socket, "SOCK_CLOEXEC", 0)) if address else None
        )
        if self._socket is not None:
            self._socket.settimeout(0)
        self.lost_n = 0
        self.watchdog_s: Final = _watchdog_s(env) if address else None
        """How long the manager waits for a sign of life before it kills us; None where it does not."""
        self._status = ""

    def ready(self) -> None:
        """Say that intents are taken, after a start or a reload."""
        self._tell("READY=1")

    def status(self, text: str) -> None:
        """Say in one line how it goes; the same line is said once."""
        if text != self._status:
            self._status = text
            self._tell(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """Give the sign of life."""
        if self.watchdog_s is not None:
            self._tell("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that the configuration is being read again; `ready` ends it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self, within_s: float) -> None:
        """Say that the end has begun and may take so long; said again it extends the time."""
        self._tell("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int(within_s * US_PER_S)}")

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            self.lost_n += 1
            if self.lost_n == 1:
                log.warning("sdnotify_lost", errno=error.errno)


def _watchdog_s(env: Mapping[str, str]) -> float | None:
    """Return the manager's patience; None where it watches nobody, or another process than us."""
    usec, pid = env.get("WATCHDOG_USEC", ""), env.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / US_PER_S
