"""The control API as the commands see it: HTTP/1.0 over the unix socket.

One request a connection. What the daemon refuses becomes a `CliError` with
the exit code of its kind. Written out, because importing http.client (and
with it email and ssl) takes longer than a whole command.
"""

import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from execd.cli.exits import CliError, Exit
from execd.cli.show import safe
from execd.runtime.paths import SOCKET_PATH_MAX, StatePaths

REQUEST_S_MAX: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""Far more than the longest list; what sends more is not our daemon."""
CROWDED: Final = (
    "too many connections at the control socket; see who holds them with `ss -xp`;"
    " a cancel file in the inbox and SIGTERM work without it"
)
_PART_BYTES: Final = 65_536
_REFUSED: Final = 400
_BROKEN: Final = 500
_EXITS: Final = {
    "not_found": Exit.NOT_FOUND,
    "not_running": Exit.NOT_RUNNING,
    "timeout": Exit.TIMEOUT,
    "journal_full": Exit.TIMEOUT,
    "internal": Exit.INTERNAL,
}
"""What the daemon's codes mean to a script; every other one is an error."""


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
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise CliError(Exit.NOT_RUNNING, not_running(paths)) from None
    except TimeoutError:
        raise CliError(Exit.TIMEOUT, f"execd did not answer within {timeout_s:g} s; see its log") from None
    except PermissionError:
        text = (
            f"{paths.socket} is not open to you; ask for a role in control.viewers, operators or admins, and its group"
        )
        raise CliError(Exit.ERROR, text, kind="forbidden") from None
    except BlockingIOError:
        raise CliError(Exit.ERROR, f"{paths.socket} lets nobody in: {CROWDED}", kind="busy") from None
    except (OSError, ValueError) as error:
        text = f"the daemon at {paths.socket} broke off: {error}; it is ending, or there are {CROWDED}"
        raise CliError(Exit.ERROR, text, kind="broke_off") from None
    try:
        told = json.loads(answer)
    except ValueError:
        if status >= _BROKEN:
            text = f"the daemon answered {status}, a defect of execd: its log has the traceback; report it"
            raise CliError(Exit.INTERNAL, text) from None
        text = f"what answers at {paths.socket} is not execd, or its answer was cut off; try again"
        raise CliError(Exit.ERROR, text, kind="broke_off") from None
    if status >= _REFUSED:
        raise _refusal(told)
    return told


def _refusal(told: Any) -> CliError:  # noqa: ANN401  # The same.
    if not isinstance(told, dict):
        return CliError(Exit.ERROR, f"the daemon refused with {told!r}")
    code = str(told.get("code", ""))
    text, field, line = safe(str(told.get("message", code))), told.get("field"), told.get("line")
    return CliError(_EXITS.get(code, Exit.ERROR), text, kind=code, field=field, line=line)


def not_running(paths: StatePaths) -> str:
    """Say that no daemon answers, and how to start one."""
    return f"execd is not running on {paths.root}; start it with: execd run --state-dir {paths.root}"


def _exchange(door: Path, request: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
    """Send one request and return status and body. Raises OSError, and ValueError for what is no answer."""
    head = f"{request} HTTP/1.0\r\nHost: execd\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, reachable(door) as path:
        # Waiting in the kernel's queue: a socket with Python's own time-out is turned away at once where that is full.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", max(1, int(timeout_s)), 0))
        line.connect(path)
        line.settimeout(timeout_s)
        # Who is refused at the door is told why before anything is read; that answer is still to be had.
        with suppress(BrokenPipeError):
            line.sendall(head.encode() + body)
        parts: list[bytes] = []
        length = 0
        while part := _part(line, is_begun=bool(parts)):
            parts.append(part)
            length += len(part)
            if length > ANSWER_BYTES_MAX:
                raise ValueError(f"an answer of more than {ANSWER_BYTES_MAX} bytes")
    told, _, answer = b"".join(parts).partition(b"\r\n\r\n")
    if not told:
        raise ValueError("it ended without an answer")
    # "HTTP/1.0 200 OK"; with HTTP/1.0 the end of the body is the end of the connection.
    return int(told.split(b" ", 2)[1]), answer


def _part(line: socket.socket, *, is_begun: bool) -> bytes:
    """Return what comes next, nothing at the end. Raises OSError.

    A daemon that answers and hangs up without having read all of the request ends the connection by a reset.
    """
    try:
        return line.recv(_PART_BYTES)
    except ConnectionResetError:
        if is_begun:
            return b""
        raise
