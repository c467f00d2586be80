"""Clients that do not ask, do not finish asking, or do not read the answer: given up, and nobody else notices."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from execd.surface import gate as gate_room
from execd.surface.answers import json
from execd.surface.doorman import Doorman
from execd.surface.gate import Route, body_of
from execd.surface.peers import Role, Roles
from tests.unit.surface.door import OWN_UID, STRANGER, door

ANSWER = b"x" * 8_000_000
"""More than any kernel keeps for a reader."""
ASKING = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
READ = -1
"""In the story of a transport: the reader took enough for writing to go on."""


@asynccontextmanager
async def guarded(stalled_s_max: float) -> AsyncIterator[tuple[Doorman, int]]:
    """Serve much behind a doorman with little patience."""

    async def much(_: web.Request) -> web.Response:
        return web.Response(body=ANSWER)

    app = web.Application()
    app.router.add_get("/", much)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    doorman = Doorman(runner.server, stalled_s_max=stalled_s_max)
    server = await asyncio.get_running_loop().create_server(doorman, "127.0.0.1", 0)
    try:
        async with asyncio.timeout(10):
            yield doorman, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await runner.cleanup()


async def stuck(port: int) -> socket.socket:
    """Ask, and read nothing of the answer."""
    one = socket.socket()
    one.setblocking(False)  # noqa: FBT003  # The library's own signature.
    await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", port))
    await asyncio.get_running_loop().sock_sendall(one, ASKING)
    return one


async def test_who_does_not_read_loses_his_place_to_who_does() -> None:
    """Fault G14. A few read nothing; they are hung up on, and the next one gets all of it."""
    async with guarded(0.05) as (doorman, port):
        held = [await stuck(port) for _ in range(3)]
        while doorman.refused_n < len(held) or doorman.connections_n:  # noqa: ASYNC110  # He tells nobody.
            await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASKING.replace(b"1.1", b"1.0"))
        told = await reader.read()
        writer.close()
        for one in held:
            one.close()

    assert (len(ANSWER), 3) == (len(told.partition(b"\r\n\r\n")[2]), doorman.refused_n)


class Watched(asyncio.Transport):
    """A transport whose buffer holds what a story says, look by look."""

    def __init__(self, story: list[int]) -> None:
        super().__init__()
        self.protocol = asyncio.Protocol()
        self.story = story
        self.is_aborted = False
        self.is_over = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        """Return what waits at this look."""
        waiting = self.story.pop(0) if self.story else 0
        if not self.story:
            asyncio.get_running_loop().call_soon(self.is_over.set)
        if waiting == READ:
            self.protocol.resume_writing()
            return self.get_write_buffer_size()
        return waiting

    def abort(self) -> None:
        """Hang up."""
        self.is_aborted = True
        self.is_over.set()


@pytest.mark.parametrize(
    "story,is_cut",
    [
        ([0, 0, 0], False),
        ([9, 0, 9, 0], False),
        ([9, 8, 7, 1], False),
        ([9, READ, 9, READ, 9, READ, 12], False),
        ([9, 9], True),
        ([0, 9, 12], True),
        ([9, 8, 8], True),
        ([9, READ, 9, 9], True),
    ],
)
async def test_only_who_reads_nothing_between_two_looks_is_hung_up_on(story: list[int], is_cut: bool) -> None:  # noqa: FBT001  # A row.
    """Fault G14. Slow is not stuck: what has become less, or went on in between, is waited for."""
    line = Watched(story)
    line.protocol = Doorman(asyncio.Protocol, stalled_s_max=0)()
    line.protocol.connection_made(line)
    async with asyncio.timeout(5):
        await line.is_over.wait()
    line.protocol.connection_lost(None)

    assert is_cut == line.is_aborted


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault G14. Whole headers and half a body: refused with a code, and the handler never runs on."""
    monkeypatch.setattr(gate_room, "BODY_S_MAX", 0.02)

    async def echo(request: web.Request) -> web.Response:
        return json(len(await body_of(request)))

    work = Route("POST", "/work", "work", Role.OPERATOR, echo)
    async with door(work, roles=Roles(own_uid=OWN_UID, operators=(STRANGER,))) as one:
        status, told = await one.knock("POST /work", "Host: execd", body=b"half", promised=9)
        whole, length = await one.knock("POST /work", "Host: execd", body=b"half")

    assert (408, "too_slow", 200, 4) == (status, told["code"], whole, length)
