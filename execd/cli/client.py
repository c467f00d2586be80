"""The control API as the commands see it: HTTP/1.0 over the unix socket.

One request a connection. What the daemon refuses becomes a `CliError` with
the exit code of its kind. Written out, because importing http.client (and
with it email and ssl) takes longer than a whole command.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from execd.cli.exits import CliError, Exit
from execd.runtime.paths import SOCKET_PATH_MAX, StatePaths

REQUEST_S_MAX: Final = 10.0
_PART_BYTES: Final = 65_536
_REFUSED: Final = 400
_CODES: Final = {404: Exit.NOT_FOUND, 503: Exit.NOT_RUNNING, 504: Exit.TIMEOUT}


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Yield a name of a socket file that is short enough for the kernel, also where the path is long."""
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def ask(paths: StatePaths, method: str, target: str, body: bytes = b"", *, timeout_s: float = REQUEST_S_MAX) -> Any:  # noqa: ANN401  # JSON has no narrower type.
    """Return the daemon's answer. Raises CliError where it does not run, refuses, or takes too long."""
    try:
        status, answer = _exchange(paths.socket, f"{method} {target}", body, timeout_s)
        told = json.loads(answer)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise CliError(Exit.NOT_RUNNING, not_running(paths)) from None
    except TimeoutError:
        raise CliError(Exit.TIMEOUT, f"execd did not answer within {timeout_s:g} s; see its log") from None
    except PermissionError:
        raise CliError(Exit.ERROR, f"{paths.socket} belongs to another user; run this as the daemon's user") from None
    except (OSError, ValueError) as error:
        raise CliError(Exit.ERROR, f"the daemon at {paths.socket} broke off: {error}") from None
    if status >= _REFUSED:
        raise CliError(_CODES.get(status, Exit.ERROR), told.get("message", str(told)))
    return told


def not_running(paths: StatePaths) -> str:
    """Say that no daemon answers, and how to start one."""
    return f"execd is not running on {paths.root}; start it with: execd run --state-dir {paths.root}"


def _exchange(door: Path, request: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
    """Send one request and return status and body. Raises OSError, and ValueError for what is no answer."""
    head = f"{request} HTTP/1.0\r\nHost: execd\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, reachable(door) as path:
        line.settimeout(timeout_s)
        line.connect(path)
        line.sendall(head.encode() + body)
        parts = []
        while part := line.recv(_PART_BYTES):
            parts.append(part)
    told, _, answer = b"".join(parts).partition(b"\r\n\r\n")
    # "HTTP/1.0 200 OK"; with HTTP/1.0 the end of the body is the end of the connection.
    return int(told.split(b" ", 2)[1]), answer
