"""What every request to the control socket passes before its handler: who asks, from where, and may they.

A peer without the role is refused, and that is journaled. A browser is
refused whoever it runs for: no page of the web has business here, not even
through a proxy that somebody put before the socket. Failures become JSON.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import structlog
from aiohttp import web

from execd.core.commands import Operated
from execd.core.events import CommandReceived
from execd.ports import Clock
from execd.runtime.post import Post
from execd.surface.answers import Problem, refusal
from execd.surface.peers import Peer, Refusals, Role, Roles, peer_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOSTS: Final = frozenset({"execd", "localhost"})
"""What a client of a unix socket calls its host; another name came through a proxy."""
BODY_S_MAX: Final = 10.0
"""What comes from the same machine is there at once; a list of 8 MiB takes a fraction of a second."""
_BROWSER: Final = ("Origin", "Sec-Fetch-Site")

log = structlog.get_logger("execd.surface")


class Route(NamedTuple):
    """One route: what it is called in the journal, and which role it needs."""

    method: str
    path: str
    verb: str
    role: Role
    handler: Handler


class Gate:
    """Guards the handlers of the control API."""

    def __init__(self, *, roles: Roles, post: Post, clock: Clock) -> None:
        """`post` takes what is to be journaled."""
        self._roles = roles
        self._post = post
        self._clock = clock
        self._refusals = Refusals()

    def app(self, routes: tuple[Route, ...], *, body_bytes_max: int) -> web.Application:
        """Return the application that serves the routes."""
        app = web.Application(client_max_size=body_bytes_max, middlewares=[_errors])
        for route in routes:
            app.router.add_route(route.method, route.path, self._guarded(route))
        return app

    def _guarded(self, route: Route) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if request.host.partition(":")[0] not in HOSTS or any(name in request.headers for name in _BROWSER):
                raise Problem("forbidden", "this socket is not for browsers or proxies; use the execd command")
            peer = peer_of(request.get_extra_info("socket"))
            role = self._roles.of(peer.uid)
            if role < route.role:
                self._refuse(peer, role, route)
            return await route.handler(request)

        return handle

    def _refuse(self, peer: Peer, role: Role, route: Route) -> None:
        now_ns = self._clock.now_ns()
        told = f"user {peer.uid} is {role.word}"
        if self._refusals.is_news(peer.journal_uid, route.verb, now_ns):
            log.warning("peer_refused", uid=peer.uid, pid=peer.pid, verb=route.verb, role=role.word)
            command = Operated(verb=f"refused:{route.verb}", text=told)
            self._post(CommandReceived(now_ns=now_ns, command=command, uid=peer.journal_uid, pid=peer.pid))
        needs = f"{route.verb.replace('_', ' ')} needs the role {route.role.word}, {told}"
        raise Problem("forbidden", f"{needs}; see control.{route.role.word}s in the configuration")


def asker(request: web.Request) -> Peer:
    """Return who asks."""
    return peer_of(request.get_extra_info("socket"))


async def body_of(request: web.Request) -> bytes:
    """Return the body of a request. Raises Problem where it does not come in time: nobody is waited for."""
    try:
        async with asyncio.timeout(BODY_S_MAX):
            return await request.read()
    except TimeoutError:
        text = f"the body was not there within {BODY_S_MAX:g} s; nothing of it was taken, send it again"
        raise Problem("too_slow", text) from None


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with JSON."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPRequestEntityTooLarge:
        return refusal("too_large", "the body is larger than anything that is taken here")
    except web.HTTPException as error:
        answer = refusal("bad_request", f"{request.method} {request.path}: {error.reason}")
        answer.set_status(error.status)
        return answer
    except TimeoutError:
        return refusal("timeout", "the engine did not answer in time; the request may still be taken")
    except OverflowError as error:
        return refusal("busy", str(error))
    except Exception:  # A defect of ours: whoever asked is told so, and the log has where it is.
        resource = request.match_info.route.resource
        log.exception("handler_failed", method=request.method, route="" if resource is None else resource.canonical)
        text = "a defect of execd kept it from answering; its log has the traceback at handler_failed: report it"
        return refusal("internal", text)
