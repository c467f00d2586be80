"""The control API as the commands see it: HTTP over the unix socket, standard library only.

One request a connection. What the daemon refuses becomes a `CliError` with
the exit code of its kind.
"""

import http.client
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
_CODES: Final = {404: Exit.NOT_FOUND, 503: Exit.NOT_RUNNING, 504: Exit.TIMEOUT}


class _UnixConnection(http.client.HTTPConnection):
    """An HTTP connection whose host is a socket file."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("execd", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with reachable(self._path) as path:
            self.sock.connect(path)


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


def ask(
    paths: StatePaths, method: str, target: str, body: bytes | None = None, *, timeout_s: float = REQUEST_S_MAX
) -> Any:  # noqa: ANN401  # JSON has no narrower type.
    """Return the daemon's answer. Raises CliError where it does not run, refuses, or takes too long."""
    connection = _UnixConnection(paths.socket, timeout_s)
    try:
        connection.request(method, target, body=body)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise CliError(Exit.NOT_RUNNING, not_running(paths)) from None
    except TimeoutError:
        raise CliError(Exit.TIMEOUT, f"execd did not answer within {timeout_s:g} s; see its log") from None
    except PermissionError:
        raise CliError(Exit.ERROR, f"{paths.socket} belongs to another user; run this as the daemon's user") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CliError(Exit.ERROR, f"the daemon at {paths.socket} broke off: {error}") from None
    finally:
        connection.close()
    if response.status >= http.client.BAD_REQUEST:
        raise CliError(_CODES.get(response.status, Exit.ERROR), answer.get("message", str(answer)))
    return answer


def not_running(paths: StatePaths) -> str:
    """Say that no daemon answers, and how to start one."""
    return f"execd is not running on {paths.root}; start it with: execd run --state-dir {paths.root}"
