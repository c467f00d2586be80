"""A real unix socket with the gate before it, and peers that knock: as ourselves or as somebody else.

The kernel stamps a connection with the effective user at the time of `connect`. Where the tests run as root, a
stranger is made by changing that for one call; elsewhere the roles are told that the daemon is somebody else's.
"""

import asyncio
import json
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from execd.surface.answers import json as answer_json
from execd.surface.doorman import Doorman
from execd.surface.gate import Gate, Route, asker
from execd.surface.peers import Roles
from execd.surface.seats import Seats, guests
from execd.surface.web import unix_socket
from tests.unit.runtime.ports import SetClock, Sink

NOBODY: Final = 65_534
IS_ROOT: Final = os.geteuid() == 0
STRANGER: Final = NOBODY if IS_ROOT else os.geteuid()
OWN_UID: Final = os.geteuid() if IS_ROOT else os.geteuid() + 1
BODY_BYTES_MAX: Final = 1_000


class Door:
    """What is behind the socket, and how to knock."""

    def __init__(self, path: Path, sink: Sink, clock: SetClock) -> None:
        self.path = path
        self.sink = sink
        self.clock = clock

    async def knock(
        self, request: str, *headers: str, body: bytes = b"", promised: int | None = None, as_stranger: bool = True
    ) -> tuple[int, Any]:
        """Send `METHOD TARGET` and return status and document; `promised` is a length that the body does not have."""
        length = len(body) if promised is None else promised
        head = "\r\n".join([f"{request} HTTP/1.0", f"Content-Length: {length}", *(headers or ("Host: execd",))])
        reader, writer = await asyncio.open_unix_connection(sock=connected(self.path, as_stranger=as_stranger))
        writer.write(f"{head}\r\n\r\n".encode() + body)
        async with asyncio.timeout(5):
            told = await reader.read()
        writer.close()
        await writer.wait_closed()
        first, _, rest = told.partition(b"\r\n\r\n")
        return int(first.split()[1]), json.loads(rest)


def connected(path: Path, *, as_stranger: bool) -> socket.socket:
    """Return a socket that is connected as ourselves, or as somebody who is not the daemon's user."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if as_stranger and IS_ROOT:
        os.seteuid(NOBODY)
    try:
        line.connect(str(path))
    finally:
        if as_stranger and IS_ROOT:
            os.seteuid(0)
    line.setblocking(False)  # noqa: FBT003  # The library's own form.
    return line


def open_folder() -> Path:
    """Return a fresh folder that everybody may walk through, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    return folder


@asynccontextmanager
async def door(*routes: Route, roles: Roles) -> AsyncIterator[Door]:
    """Serve routes behind the gate on a socket that everybody may open."""
    folder = open_folder()
    sink, clock = Sink(), SetClock()
    app = Gate(roles=roles, post=sink.post, clock=clock).app(routes, body_bytes_max=BODY_BYTES_MAX)
    runner = web.AppRunner(app, access_log=None, lingering_time=0)
    await runner.setup()
    assert runner.server is not None
    line = unix_socket(folder / "s")
    (folder / "s").chmod(0o666)
    server = await asyncio.get_running_loop().create_server(
        Doorman(runner.server, seats=Seats(guests(roles))), sock=line
    )
    try:
        yield Door(folder / "s", sink, clock)
    finally:
        server.close()
        await runner.cleanup()
        line.close()
        shutil.rmtree(folder)


async def whoami(request: web.Request) -> web.Response:
    """Answer with who asks."""
    return answer_json({"uid": asker(request).uid, "has_pid": asker(request).pid > 0, "n": len(await request.read())})
