"""The control API: JSON over a unix socket. Here is what reads, and what takes intents.

Reading happens between two turns of the engine, so an answer never shows what
the journal does not hold, unless the journal has no room; an intent that has left memory is read from the
journal. Intents go the same way as everything else: an event is posted, the
reply comes after the commit. A new route is a method and a line in `routes`;
what changes something else is in `verbs.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from aiohttp import web

from execd.core.book import Book
from execd.core.commands import Operated
from execd.core.events import CommandReceived
from execd.core.records import Record
from execd.engine.engine import Engine
from execd.engine.summary import report
from execd.errors import IntentError
from execd.ports import Clock
from execd.runtime.pump import Pump
from execd.runtime.taking import Taker
from execd.surface import holdings, remembered, views
from execd.surface.answers import STATUS, json, unknown
from execd.surface.gate import Route, asker, body_of
from execd.surface.peers import Role
from execd.surface.verbs import REPLY_S_MAX, unless_full

BODY_BYTES_MAX: Final = 8 * 1024 * 1024
"""As long as the longest list that the inbox takes; what a single intent may have, the parser says."""
ONE_BYTES_MAX: Final = 64 * 1024
LIST_S_MAX: Final = 60.0
"""A list of 10,000 rows is read and taken between other work, which takes seconds."""
RefusedIntent = Callable[[IntentError], None]


class Control:
    """The reading routes and what they need."""

    def __init__(
        self,
        *,
        engine: Engine,
        pump: Pump,
        clock: Clock,
        status: Callable[[], dict[str, Any]],
        taker: Taker,
        records: Callable[[str], AsyncIterator[Record]],
        on_refused: RefusedIntent,
    ) -> None:
        """`status` describes the process, `records` reads the journal's records of one intent."""
        self._engine = engine
        self._pump = pump
        self._clock = clock
        self._status = status
        self._taker = taker
        self._records = records
        self._on_refused = on_refused

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes with the role that each needs."""
        return (
            Route("GET", "/v1/status", "status", Role.VIEWER, self.status),
            Route("GET", "/v1/orders", "orders", Role.VIEWER, self.orders),
            Route("GET", "/v1/fills", "fills", Role.VIEWER, self.fills),
            Route("GET", "/v1/positions", "positions", Role.VIEWER, self.positions),
            Route("GET", "/v1/market", "market", Role.VIEWER, self.market),
            Route("GET", "/v1/explain/{id}", "explain", Role.VIEWER, self.explain),
            Route("GET", "/v1/report/{id}", "report", Role.VIEWER, self.report),
            Route("POST", "/v1/submit", "submit", Role.OPERATOR, self.submit),
        )

    async def status(self, _: web.Request) -> web.Response:
        """Describe the process and count what it holds."""
        return json(self._status())

    async def orders(self, request: web.Request) -> web.Response:
        """List intents; `?open=1` only those that have not ended, `?id=` only one."""
        intent_id = request.query.get("id")
        if intent_id is not None:
            return await self._of(intent_id, lambda book: [views.order_row(book, book.parents[intent_id])])
        async with self._pump.readable():
            return json(views.order_rows(self._engine.book, is_open_only=request.query.get("open") == "1"))

    async def fills(self, request: web.Request) -> web.Response:
        """List executions; `?id=` of one intent."""
        intent_id = request.query.get("id")
        if intent_id is not None:
            return await self._of(intent_id, lambda book: views.fill_rows(book, intent_id))
        async with self._pump.readable():
            return json(views.fill_rows(self._engine.book))

    async def positions(self, _: web.Request) -> web.Response:
        """List what each sleeve owns."""
        async with self._pump.readable():
            return json(holdings.position_rows(self._engine.book))

    async def market(self, _: web.Request) -> web.Response:
        """List the quotes of the subscribed symbols."""
        return json(views.market_rows(self._engine.desk.markets, self._clock.now_ns()))

    async def explain(self, request: web.Request) -> web.Response:
        """Tell the causal chain of one intent, from the journal; of a document what became of it."""
        intent_id = request.match_info["id"]
        async with self._pump.readable():
            parent = self._engine.book.parents.get(intent_id)
            row = None if parent is None else views.order_row(self._engine.book, parent)
            aside = remembered.told_aside(self._engine.book, intent_id)
        told = remembered.told(await remembered.first(self._records(intent_id)), intent_id, row)
        told = told or aside
        return unknown(intent_id) if told is None else json(told)

    async def report(self, request: web.Request) -> web.Response:
        """Return the report of one intent, as the outbox has it."""
        intent_id = request.match_info["id"]
        return await self._of(intent_id, lambda book: report(book, intent_id))

    async def submit(self, request: web.Request) -> web.Response:
        """Take a file as if it had been dropped into the inbox; `?name=` says by its end how to read it."""
        body = await body_of(request)
        try:
            async with asyncio.timeout(LIST_S_MAX if len(body) > ONE_BYTES_MAX else REPLY_S_MAX):
                name = request.query.get("name", "submitted.json")
                asked = await self._taker.submit(name, body, self._clock.now_ns())
                answer = await unless_full(self._pump, asked)
        except IntentError as error:
            self._on_refused(error)
            self._note_submit(request, f"refused, {error.code}")
            told = {"code": error.code, "message": str(error), "field": error.field, "line": error.line}
            return json(told | {"rows": [row._asdict() for row in error.rows]}, status=STATUS.get(error.code, 422))
        more = f" and {len(answer.ids) - 1} more" if len(answer.ids) > 1 else ""
        self._note_submit(request, f"{answer.ids[0]}{more}: {answer.code}")
        taken = {
            "id": answer.ids[0],
            "ids": answer.ids,
            "code": answer.code,
            "message": answer.text,
            "field": answer.field,
            "line": answer.line,
            "rows": [row._asdict() for row in answer.rows],
        }
        return json(taken, status=200 if answer.is_ok else STATUS.get(answer.code, 422))

    def _note_submit(self, request: web.Request, text: str) -> None:
        """Journal who submitted; of a file in the inbox its owner tells."""
        peer, now_ns = asker(request), self._clock.now_ns()
        command = Operated(verb="submit", text=text)
        self._pump.post(CommandReceived(now_ns=now_ns, command=command, uid=peer.journal_uid, pid=peer.pid))

    async def _of(self, intent_id: str, view: Callable[[Book], object]) -> web.Response:
        """Return a view of one intent, from memory or from the journal. Raises Problem where nobody knows it."""
        async with self._pump.readable():
            if intent_id in self._engine.book.parents:
                return json(view(self._engine.book))
        book = remembered.book_of(await remembered.first(self._records(intent_id)), intent_id)
        return unknown(intent_id) if book is None else json(view(book))
