"""The ways in which a page leaves: a program, a webhook.

A route carries one JSON object to one place, within its time, or raises
`RouteError`. It never tries again, never logs, and its error never holds the
address: a webhook's URL is a secret. A new way is a class with `name` and
`send`.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Protocol

from execd.errors import ExecdError
from execd.runtime.sdnotify import VARIABLES

OUTPUT_BYTES_MAX: Final = 4_096
"""What is kept of a program's error output; the rest is read and dropped, so that it never waits for us."""
ERROR_LEN_MAX: Final = 200
REAP_S_MAX: Final = 1.0
"""How long a program that was killed may take to be gone."""
_OURS: Final = ("EXECD_", "EXECUTION__", "CREDENTIALS_DIRECTORY", *VARIABLES)
_OK: Final = range(200, 300)


class RouteError(ExecdError):
    """A page did not get through."""


class Route(Protocol):
    """One way out."""

    name: str

    async def send(self, body: bytes) -> None:
        """Carry one JSON object there. Raises RouteError."""


class ExecRoute:
    """A program that gets the page on its standard input; exit code 0 is delivery. No shell is involved."""

    def __init__(self, program: Sequence[str], timeout_s: float, env: Mapping[str, str]) -> None:
        """`env` is what the program inherits, less what is ours alone."""
        self.name = "exec"
        self._program = tuple(program)
        self._timeout_s = timeout_s
        self._env = {name: value for name, value in env.items() if not name.startswith(_OURS)}

    async def send(self, body: bytes) -> None:
        """Run the program once; at the end of its time it and what it started are killed."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise RouteError(f"the program cannot be started: {getattr(error, 'strerror', None) or error}") from None
        code = None
        try:
            async with asyncio.timeout(self._timeout_s):
                told = await _talk(process, body)
                code = await process.wait()
        except TimeoutError:
            raise RouteError(f"the program has not ended within {self._timeout_s:g} s") from None
        finally:
            if code is None:
                await _kill(process)
        if code != 0:
            raise RouteError(f"the program ended with {code}: {_line(told)}")


class WebhookRoute:
    """A POST of the page as JSON; any 2xx is delivery. No redirect is followed, no proxy is asked for."""

    def __init__(self, url: str, timeout_s: float) -> None:
        """Post to `url`, which is never told to anybody."""
        self.name = "webhook"
        self._url = url
        self._timeout_s = timeout_s

    async def send(self, body: bytes) -> None:
        """Post once."""
        await request(self._url, self._timeout_s, body)


async def request(url: str, timeout_s: float, body: bytes | None = None) -> None:
    """Make one request: a POST of JSON, or a GET where there is no body. Raises RouteError without the URL."""
    from aiohttp import ClientError, ClientSession, ClientTimeout  # noqa: PLC0415  # Only where somebody is paged.

    try:
        async with ClientSession(trust_env=False, timeout=ClientTimeout(total=timeout_s)) as session:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            method = "GET" if body is None else "POST"
            async with session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
    except TimeoutError:
        raise RouteError(f"no answer within {timeout_s:g} s") from None
    except (ClientError, OSError, ValueError) as error:
        # The library's own texts name the address.
        cause = getattr(error, "os_error", error)
        raise RouteError(f"no answer: {getattr(cause, 'strerror', None) or type(error).__name__}") from None
    if status not in _OK:
        raise RouteError(f"answered with status {status}")


async def _talk(process: asyncio.subprocess.Process, body: bytes) -> bytes:
    """Give the page, close, and return the last bytes of what it says, on either output."""
    # Both at once: a program that says much before it reads would otherwise wait for us, and we for it.
    told, _ = await asyncio.gather(_read(process), _write(process, body))
    return told


async def _write(process: asyncio.subprocess.Process, body: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(body + b"\n")
        await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # It did not want to read; its exit code says whether that is well.
    finally:
        process.stdin.close()


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    told = b""
    while chunk := await process.stdout.read(OUTPUT_BYTES_MAX):
        told = (told + chunk)[-OUTPUT_BYTES_MAX:]
    return told


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill a program and what it started, and let it be reaped."""
    with suppress(ProcessLookupError, PermissionError):  # Nothing of it may be left.
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):  # A child that left the group may hold the pipe open as long as it likes.
        async with asyncio.timeout(REAP_S_MAX):
            await _read(process)
            await process.wait()
            if process.stdin is not None:
                with suppress(OSError):  # It may have died with the page half read.
                    await process.stdin.wait_closed()


def _line(told: bytes) -> str:
    text = " ".join(told.decode("utf-8", "replace").split())
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown[-ERROR_LEN_MAX:] or "it said nothing"
