"""The control API: JSON over a unix socket that only the daemon's user may open.

Reading happens between two turns of the engine, so an answer never shows what
the journal does not hold. Writing goes the same way as everything else: an
event is posted, the reply comes after the commit. A new route is a method and
a line in `routes`.
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from execd.core.codec import encode
from execd.core.events import CancelParent, CommandReceived, ParentReceived, Reply
from execd.core.records import Record
from execd.engine.engine import Engine
from execd.engine.summary import report
from execd.errors import IntentError
from execd.ports import Clock
from execd.runtime.inbox_task import Parse
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.surface import views
from execd.surface.explain import explain

BODY_BYTES_MAX: Final = 64 * 1024
REPLY_S_MAX: Final = 10.0
LINKS_MAX: Final = 10_000
RefusedIntent = Callable[[IntentError], None]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The routes of the control API and what they need."""

    def __init__(
        self,
        *,
        engine: Engine,
        pump: Pump,
        replies: Replies,
        clock: Clock,
        status: Callable[[], dict[str, Any]],
        parse: Parse,
        records: Callable[[str], AsyncIterator[Record]],
        on_refused: RefusedIntent,
    ) -> None:
        """`status` describes the process, `records` reads the journal's records of one intent."""
        self._engine = engine
        self._pump = pump
        self._replies = replies
        self._clock = clock
        self._status = status
        self._parse = parse
        self._records = records
        self._on_refused = on_refused

    def app(self) -> web.Application:
        """Return the application that serves the routes."""
        app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[_errors])
        app.router.add_get("/v1/status", self.status)
        app.router.add_get("/v1/orders", self.orders)
        app.router.add_get("/v1/fills", self.fills)
        app.router.add_get("/v1/positions", self.positions)
        app.router.add_get("/v1/market", self.market)
        app.router.add_get("/v1/explain/{id}", self.explain)
        app.router.add_get("/v1/report/{id}", self.report)
        app.router.add_post("/v1/submit", self.submit)
        app.router.add_post("/v1/cancel/{id}", self.cancel)
        return app

    async def status(self, _: web.Request) -> web.Response:
        """Describe the process and count what it holds."""
        return _json(self._status())

    async def orders(self, request: web.Request) -> web.Response:
        """List intents; `?open=1` only those that have not ended."""
        async with self._pump.settled():
            return _json(views.order_rows(self._engine.book, is_open_only=request.query.get("open") == "1"))

    async def fills(self, request: web.Request) -> web.Response:
        """List executions; `?id=` of one intent."""
        async with self._pump.settled():
            return _json(views.fill_rows(self._engine.book, request.query.get("id")))

    async def positions(self, _: web.Request) -> web.Response:
        """List what each sleeve owns."""
        async with self._pump.settled():
            return _json(views.position_rows(self._engine.book))

    async def market(self, _: web.Request) -> web.Response:
        """List the quotes of the subscribed symbols."""
        return _json(views.market_rows(self._engine.desk.markets, self._clock.now_ns()))

    async def explain(self, request: web.Request) -> web.Response:
        """Tell the causal chain of one intent, from the journal."""
        intent_id = request.match_info["id"]
        async with self._pump.settled():
            parent = self._engine.book.parents.get(intent_id)
            if parent is None:
                return _unknown(intent_id)
            row = views.order_row(self._engine.book, parent)
        found: list[Record] = []
        async for record in self._records(intent_id):
            found.append(record)
            if len(found) == LINKS_MAX:
                break
        return _json({"order": row, "chain": explain(found)})

    async def report(self, request: web.Request) -> web.Response:
        """Return the report of one intent, as the outbox has it."""
        intent_id = request.match_info["id"]
        async with self._pump.settled():
            if intent_id not in self._engine.book.parents:
                return _unknown(intent_id)
            return _json(report(self._engine.book, intent_id))

    async def submit(self, request: web.Request) -> web.Response:
        """Take an intent as if it had been dropped into the inbox; `?name=` says by its end how to read it."""
        body = await request.read()
        now_ns = self._clock.now_ns()
        try:
            parsed = self._parse(request.query.get("name", "submitted.json"), body, now_ns)
        except IntentError as error:
            self._on_refused(error)
            told = {"code": error.code, "message": str(error), "field": error.field, "line": error.line}
            return _json(told, status=422)
        ref, answer = self._replies.future("api")
        # After the parse: an intent that may start at once is not made to wait for the instant of its own reading.
        now_ns = self._clock.now_ns()
        self._pump.post(ParentReceived(now_ns=now_ns, parent=parsed.parent, content_hash=parsed.content_hash, ref=ref))
        return _answered(await _in_time(answer), parsed.parent.parent_id)

    async def cancel(self, request: web.Request) -> web.Response:
        """Stop working an intent."""
        intent_id = request.match_info["id"]
        ref, answer = self._replies.future("command")
        command = CancelParent(parent_id=intent_id, reason=request.query.get("reason", "")[:200])
        self._pump.post(CommandReceived(now_ns=self._clock.now_ns(), command=command, uid=peer_uid(request), ref=ref))
        return _answered(await _in_time(answer), intent_id, done="canceling; what is filled stays")


def peer_uid(request: web.Request) -> int:
    """Return the user at the other end of the socket; our own where the system does not tell."""
    peer = request.get_extra_info("socket")
    if peer is None or not hasattr(socket, "SO_PEERCRED"):
        return os.getuid()
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure with JSON."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _json({"code": "bad_request", "message": error.reason}, status=error.status)
    except TimeoutError:
        message = f"the engine did not answer within {REPLY_S_MAX:g} s; the request may still be taken"
        return _json({"code": "timeout", "message": message}, status=504)
    except OverflowError as error:
        return _json({"code": "busy", "message": str(error)}, status=429)


async def _in_time(answer: asyncio.Future[Reply]) -> Reply:
    async with asyncio.timeout(REPLY_S_MAX):
        return await answer


def _answered(reply: Reply, intent_id: str, *, done: str = "") -> web.Response:
    told = {"id": intent_id, "code": reply.code, "message": reply.text or done or reply.code}
    if reply.is_ok:
        return _json(told)
    return _json(told, status={"not_found": 404, "already_ended": 409}.get(reply.code, 422))


def _unknown(intent_id: str) -> web.Response:
    return _json({"code": "not_found", "message": f"no intent has the id {intent_id}; see execd orders"}, status=404)


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type="application/json")
