"""The route that ends the daemon: `POST /v1/stop`.

It journals who asked and why, and lets the wish be known; the stop itself is in
`app.py`. Who does not wait is answered before it; who waits, when it is known
how it came out: an order that was to be pulled and stays is a refusal.
"""

import asyncio
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web

from execd.core.commands import Operated
from execd.core.events import CommandReceived
from execd.ports import Clock
from execd.runtime.post import Post
from execd.runtime.stopping import STOPPED, StopWish
from execd.surface.answers import Problem, json
from execd.surface.bodies import Reason, read
from execd.surface.gate import Route, asker
from execd.surface.peers import Role
from execd.surface.verbs import small

WAIT_S_MAX: Final = 3_600


class StopBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to stop; without a policy as configured. `wait_s`: answer when it is known how it came out."""

    policy: Literal["leave", "cancel"] | None = None
    reason: Reason = ""
    wait_s: Annotated[float, msgspec.Meta(ge=0, le=WAIT_S_MAX)] = 0


class Stopping:
    """The verb stop."""

    def __init__(self, *, wish: StopWish, post: Post, clock: Clock) -> None:
        """`wish` is what the daemon heeds."""
        self._wish = wish
        self._post = post
        self._clock = clock

    @property
    def routes(self) -> tuple[Route, ...]:
        """The route with the role that it needs."""
        return (Route("POST", "/v1/stop", "stop", Role.ADMIN, self.stop),)

    async def stop(self, request: web.Request) -> web.Response:
        """Wish the end of the daemon."""
        body, peer = read(await small(request), StopBody), asker(request)
        told = f"{body.policy or 'as configured'}"
        command = Operated(verb="stop", text=told, reason=body.reason)
        now_ns = self._clock.now_ns()
        self._post(CommandReceived(now_ns=now_ns, command=command, uid=peer.journal_uid, pid=peer.pid))
        is_first = not self._wish.asked.is_set()
        self._wish.ask(f"asked by user {peer.journal_uid}", body.policy)
        if body.wait_s:
            return await self._came_out(body.wait_s)
        message = f"stopping ({told})" if is_first else "it is stopping already"
        return json({"id": "", "code": "stopping", "message": message})

    async def _came_out(self, wait_s: float) -> web.Response:
        try:
            async with asyncio.timeout(wait_s):
                ended = await self._wish.ended()
        except TimeoutError:
            raise Problem("timeout", f"execd still stops after {wait_s:g} s; see its log") from None
        if ended.code != STOPPED:
            raise Problem(ended.code, ended.text)
        return json({"id": "", "code": ended.code, "message": ended.text})
