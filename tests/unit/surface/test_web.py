"""The doors themselves: who may open them, what they answer to, and whom they hang up on."""

import asyncio
import grp
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from execd.errors import ConfigError
from execd.runtime.health import Health
from execd.surface.doorman import Doorman
from execd.surface.peers import Roles
from execd.surface.web import Surface, public_app, unix_socket


@asynccontextmanager
async def opened(folder: Path, hindrance: Callable[[], str] = lambda: "") -> AsyncIterator[int]:
    """Open both doors of a daemon that is ready and yield the port of the public one."""
    health = Health(started_ns=0, hindrance=hindrance)
    health.state = "ready"
    surface = Surface(
        control=web.Application(),
        public=public_app(registry=CollectorRegistry(), read=lambda: None, health=health),
        path=folder / "control.sock",
        host="127.0.0.1",
        port=0,
        roles=Roles(own_uid=os.getuid()),
    )
    task = asyncio.create_task(surface.run())
    await surface.opened.wait()
    try:
        yield int(surface.url.rpartition(":")[2])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def asked(port: int, *lines: str) -> tuple[int, str]:
    """Send raw request lines and return the status and everything that came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    async with asyncio.timeout(5):
        told = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return int(told.split()[1]), told


async def test_a_daemon_that_cannot_write_is_not_ready(tmp_path: Path) -> None:
    """Fault B3: who asks /readyz of a daemon whose journal has no room is told so, and not that all is well."""
    reason = ""
    async with opened(tmp_path, lambda: reason) as port:
        well = await asked(port, "GET /readyz HTTP/1.1", f"Host: 127.0.0.1:{port}")
        reason = "the journal has no room"
        status, told = await asked(port, "GET /readyz HTTP/1.1", f"Host: 127.0.0.1:{port}")

    assert (200, 503, True) == (well[0], status, told.endswith("the journal has no room\n"))


async def test_the_public_port_answers_to_loopback_names_only(tmp_path: Path) -> None:
    """A name of the web that was rebound to 127.0.0.1 reads nothing; no name at all is no browser. Fault I13."""
    async with opened(tmp_path) as port:
        hosts = [f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", "evil.example", f"evil.example:{port}"]
        hosts += [f"127.0.0.1:{port + 1}", "127.0.0.1", f"127.0.0.1.evil.example:{port}"]
        told = [(await asked(port, "GET /metrics HTTP/1.1", f"Host: {host}"))[0] for host in hosts]
        nameless, _ = await asked(port, "GET /healthz HTTP/1.0")

    assert ([200] * 3 + [421] * 5, 200) == (told, nameless)


async def test_the_public_port_allows_no_other_site_and_is_not_kept(tmp_path: Path) -> None:
    """No CORS header, ever; answers are not cached and not sniffed. Fault I13."""
    async with opened(tmp_path) as port:
        asking = ("Host: localhost:" + str(port), "Origin: http://evil.example")
        _, told = await asked(port, "GET /healthz HTTP/1.1", *asking)
        preflight, answer = await asked(port, "OPTIONS /metrics HTTP/1.1", *asking)

    told_lower = told.lower() + answer.lower()
    assert (False, True, True, 405) == (
        "access-control" in told_lower,
        "cache-control: no-store" in told_lower,
        "x-content-type-options: nosniff" in told_lower,
        preflight,
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_the_public_port_changes_nothing(tmp_path: Path, method: str) -> None:
    """There is no route by which a TCP client could command. Fault I13."""
    async with opened(tmp_path) as port:
        status, _ = await asked(port, f"{method} /metrics HTTP/1.1", f"Host: localhost:{port}")

    assert 405 == status


@pytest.mark.parametrize("target", ["/healthz", "/metrics", "/nothing"])
async def test_a_public_connection_ends_with_its_first_answer(tmp_path: Path, target: str) -> None:
    """Who asks ahead, or keeps a connection, holds no place: one answer, and the end. Fault I15."""
    async with opened(tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode() * 3)
        told = await all_of(reader)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    assert 1 == told.count(b"HTTP/1.1 ")


async def test_headers_without_end_are_refused(tmp_path: Path) -> None:
    """A header of megabytes costs a refusal, not memory. Fault I15."""
    async with opened(tmp_path) as port:
        status, _ = await asked(port, "GET /healthz HTTP/1.1", f"Host: localhost:{port}", "X: " + "x" * 20_000)

    assert 400 == status


@asynccontextmanager
async def guarded(headers_s_max: float) -> AsyncIterator[tuple[Doorman, int]]:
    """Serve "ok" behind a doorman with little patience."""

    async def ok(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/", ok)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    doorman = Doorman(runner.server, headers_s_max=headers_s_max)
    server = await asyncio.get_running_loop().create_server(doorman, "127.0.0.1", 0)
    try:
        yield doorman, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await runner.cleanup()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
async def test_who_does_not_ask_in_time_is_hung_up_on(sent: bytes) -> None:
    """Slowloris: a connection that never finishes its headers is closed. Fault I15."""
    async with guarded(0.02) as (doorman, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        told = await all_of(reader)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    assert (b"", 1) == (told, doorman.refused_n)


async def test_who_asks_in_small_pieces_but_in_time_is_served() -> None:
    """The end of the headers may be torn over packets."""
    async with guarded(5.0) as (doorman, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in (b"GET / HTTP/1.0\r", b"\n", b"\r", b"\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        told = await all_of(reader)
        writer.close()
        await writer.wait_closed()

    assert (True, 0) == (told.endswith(b"ok"), doorman.refused_n)


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the other end is gone, politely or not."""
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


def test_a_group_opens_the_socket_to_its_members_only(tmp_path: Path) -> None:
    """With control.socket_group the mode is 0660 and the group is that one; without, 0600."""
    group = grp.getgrgid(os.getegid()).gr_name
    seen = []
    for name, chosen in (("alone", ""), ("named", group), ("numbered", str(os.getegid()))):
        with unix_socket(tmp_path / name, chosen):
            status = (tmp_path / name).stat()
            seen.append((status.st_mode & 0o777, status.st_gid == os.getegid()))

    assert [(0o600, True), (0o660, True), (0o660, True)] == seen


def test_a_group_that_is_not_there_is_told_by_the_name_of_its_key(tmp_path: Path) -> None:
    """A typo in the configuration stops the start, with what to do."""
    with pytest.raises(ConfigError, match=r"control\.socket_group: there is no group no-such-group"):
        unix_socket(tmp_path / "s", "no-such-group")

    assert not (tmp_path / "s").exists()
