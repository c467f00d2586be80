"""The listening ends: the control socket, and metrics and health on loopback.

The task `surface` opens both and closes both. The TCP port answers only who
calls it by a loopback name, so that no page of the web can read it through a
name of its own. Nothing here knows what the routes mean.
"""

import asyncio
import grp
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from execd.errors import ConfigError
from execd.runtime.health import Health
from execd.runtime.paths import SOCKET_PATH_MAX
from execd.surface.doorman import Doorman
from execd.surface.peers import Roles
from execd.surface.scrape import Scrapes
from execd.surface.seats import Seats, guests, public_guest

CLOSE_S_MAX: Final = 1.0
IDLE_S_MAX: Final = 5.0
"""A kept connection that asks nothing is closed; a scraper comes back with a new one."""
LISTEN_MAX: Final = 1_024
"""Who waits to be let in; where that is full, the kernel turns people away and nobody can see who they are."""
PUBLIC_BODY_BYTES_MAX: Final = 1_024
"""Nothing is ever posted there."""
LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
OWNER_MODE: Final = 0o600
GROUP_MODE: Final = 0o660


class Surface:
    """Opens the two doors and keeps them open."""

    def __init__(
        self,
        *,
        control: web.Application,
        public: web.Application,
        path: Path,
        host: str,
        port: int,
        roles: Roles,
        group: str = "",
    ) -> None:
        """`port` 0: any free one; `url` says which. `group` may open the control socket, `roles` share its places."""
        self.opened = asyncio.Event()
        self._control = control
        self._public = public
        self._path = path
        self._host = host
        self._port = port
        self._group = group
        self._roles = roles
        self._doors: tuple[socket.socket, socket.socket] | None = None

    @property
    def url(self) -> str:
        """Where metrics and health are, once bound."""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    def bind(self) -> None:
        """Take both doors, before anything else begins. Raises ConfigError where one cannot be had."""
        if self._doors is not None:
            return
        try:
            public = tcp_socket(self._host, self._port)
        except OSError as error:
            told = f"surface.http_port: {self._host}:{self._port} cannot be had ({error.strerror}); 0 takes a free one"
            raise ConfigError(told) from None
        # The port stays the same if this task has to begin again.
        self._port = public.getsockname()[1]
        try:
            self._doors = (unix_socket(self._path, self._group), public)
        except ConfigError:
            public.close()
            raise
        except OSError as error:
            public.close()
            raise ConfigError(f"the control socket {self._path} cannot be made: {error.strerror or error}") from None

    async def run(self) -> None:
        """Serve until cancelled."""
        self.bind()
        assert self._doors is not None
        runners: list[web.AppRunner] = []
        servers: list[asyncio.Server] = []
        try:
            ends = ((self._control, guests(self._roles)), (self._public, public_guest))
            for (app, guest_of), door in zip(ends, self._doors, strict=True):
                runner = web.AppRunner(
                    app,
                    access_log=None,
                    shutdown_timeout=CLOSE_S_MAX,
                    keepalive_timeout=IDLE_S_MAX,
                    # The rest of a body that was refused is waited for no longer than this.
                    lingering_time=CLOSE_S_MAX,
                )
                runners.append(runner)
                await runner.setup()
                assert runner.server is not None
                doorman = Doorman(runner.server, seats=Seats(guest_of))
                servers.append(await asyncio.get_running_loop().create_server(doorman, sock=door))
                # Said once more, because the loop takes its own number for how many it accepts in one turn, too.
                door.listen(LISTEN_MAX)
            self.opened.set()
            await asyncio.Event().wait()
        finally:
            for server in servers:
                server.close()
            for runner in runners:
                await runner.cleanup()
            self.close()

    def close(self) -> None:
        """Give both doors back; a command then says "not running" at once, and not that somebody refused it."""
        doors, self._doors = self._doors, None
        for door in doors or ():
            door.close()
        if doors is not None:
            self._path.unlink(missing_ok=True)


def tcp_socket(host: str, port: int) -> socket.socket:
    """Return a bound TCP socket."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family)


def unix_socket(path: Path, group: str = "") -> socket.socket:
    """Return a bound unix socket that only our user, and the members of `group`, may open.

    What a dead daemon left is removed. Raises ConfigError where there is no such group, OSError.
    """
    group_id = _group_id(group)
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o777 & ~OWNER_MODE)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # The kernel takes about 100 bytes of path; where there are more, the open directory stands for them.
        is_short = len(os.fsencode(path)) <= SOCKET_PATH_MAX
        door.bind(str(path) if is_short else f"/proc/self/fd/{folder}/{path.name}")
        if group_id is not None:
            # The group first: until then only we may open it.
            os.chown(path, -1, group_id)
            path.chmod(GROUP_MODE)
    except BaseException:  # Whatever it was, the socket must not leak.
        door.close()
        raise
    finally:
        os.close(folder)
        os.umask(mask)
    return door


def _group_id(group: str) -> int | None:
    if not group:
        return None
    try:
        return int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        text = f"control.socket_group: there is no group {group}; make it, or leave the key empty"
        raise ConfigError(text) from None


def public_app(*, registry: CollectorRegistry, read: Callable[[], None], health: Health) -> web.Application:
    """Return the application of /metrics, /healthz and /readyz; `read` refreshes the gauges."""
    scrapes = Scrapes(registry, read)

    async def metrics(request: web.Request) -> web.Response:
        made = await scrapes.answer(request.headers.get("Accept", ""))
        return web.Response(body=made.body, headers={"Content-Type": made.content_type})

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text=f"{health.hindrance() or health.state}\n", status=200 if health.is_ready else 503)

    app = web.Application(client_max_size=PUBLIC_BODY_BYTES_MAX, middlewares=[_by_loopback_name])
    app.on_response_prepare.append(_one_answer)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    return app


async def _one_answer(_: web.Request, answer: web.StreamResponse) -> None:
    """End the connection with its first answer: who keeps one, or asks ahead, would hold a place for nothing."""
    answer.force_close()


@web.middleware
async def _by_loopback_name(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer only who calls this port by a name of this machine: a rebound name of the web is refused.

    What sends no name at all is no browser.
    """
    named, ours = request.headers.get("Host"), request.transport and request.transport.get_extra_info("sockname")
    if named is not None and ours and named not in {f"{name}:{ours[1]}" for name in LOOPBACK_NAMES}:
        return web.Response(text="this port answers to 127.0.0.1 and localhost only\n", status=421)
    answer = await handler(request)
    answer.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    return answer
