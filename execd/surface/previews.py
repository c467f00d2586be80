"""What would become of intents now: the route behind `execd preview`.

The engine's own functions look at the standing market and the book, between
two turns; nothing is taken or sent. A symbol that nobody asked for yet is
subscribed and given a moment for its first quote.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiohttp import web

from execd.core.codec import plain
from execd.core.orders import ParentOrder
from execd.engine.engine import Engine
from execd.engine.preview import Preview, preview
from execd.ports import Clock
from execd.runtime.pump import Pump
from execd.surface.answers import Problem, json
from execd.surface.explain import parent_text
from execd.surface.gate import Route, body_of
from execd.surface.peers import Role
from execd.surface.views import instant

QUOTE_S_MAX: Final = 2.0
LOOK_S: Final = 0.05
SYMBOLS_MAX: Final = 30
"""So many symbols of one file are asked for, as many as a stream takes by default."""
INTENTS_MAX: Final = 1_000
"""A longer list is cut: nobody reads more, and each costs the engine a moment."""
SLICE: Final = 20
Read = Callable[[str, bytes], Awaitable[Sequence[ParentOrder]]]
"""(name, body) to the intents of a file; raises Problem."""


class Previews:
    """The route and what it needs."""

    def __init__(
        self, *, engine: Engine, pump: Pump, clock: Clock, read: Read, subscribe: Callable[[tuple[str, ...]], None]
    ) -> None:
        """`subscribe` asks the feed for symbols."""
        self._engine = engine
        self._pump = pump
        self._clock = clock
        self._read = read
        self._subscribe = subscribe

    @property
    def routes(self) -> tuple[Route, ...]:
        """The route with the role that it needs."""
        return (Route("POST", "/v1/preview", "preview", Role.OPERATOR, self.preview),)

    async def preview(self, request: web.Request) -> web.Response:
        """Tell what would become of a file's intents; `?name=` says by its end how to read it."""
        orders = await self._read(request.query.get("name", "preview.json"), await body_of(request))
        if not orders:
            raise Problem("bad_value", "there is no intent in it")
        await self._quoted(tuple(dict.fromkeys(order.symbol for order in orders))[:SYMBOLS_MAX])
        chosen, rows = orders[:INTENTS_MAX], []
        for start in range(0, len(chosen), SLICE):
            async with self._pump.readable():
                now_ns = self._clock.now_ns()
                rows += [_row(order, preview(self._engine.desk, order, now_ns)) for order in chosen[start:][:SLICE]]
        told = {"is_ok": all(row["is_ok"] for row in rows), "intents": rows, "left_out": len(orders) - len(rows)}
        return json(told)

    async def _quoted(self, symbols: tuple[str, ...]) -> None:
        """Wait a moment until every symbol has a quote."""
        markets = self._engine.desk.markets
        wanted = tuple(one for one in symbols if (seen := markets.symbols.get(one)) is None or seen.quote is None)
        if not wanted:
            return
        self._subscribe(wanted)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + QUOTE_S_MAX
        while loop.time() < until_s:
            if all((seen := markets.symbols.get(one)) is not None and seen.quote is not None for one in wanted):
                return
            await asyncio.sleep(LOOK_S)


def _row(order: ParentOrder, told: Preview) -> dict[str, Any]:
    first, plan = told.first, told.plan
    return {
        "id": order.parent_id,
        "what": parent_text(order),
        "is_ok": told.is_clear,
        "verdict": told.verdict,
        "checks": told.checks,
        "side": told.side,
        "qty": None if told.order_qty is None else plain(told.order_qty),
        "deadline": None if told.expire_ns is None else instant(told.expire_ns),
        "algo": None if plan is None else plan.algo,
        "collar_px": None if plan is None or plan.collar_px is None else plain(plan.collar_px),
        "parameters": {} if plan is None else plan.parameters,
        "reasons": () if plan is None else plan.reasons,
        "schedule": [
            {
                "n": piece.n + 1,
                "due": instant(piece.due_ns),
                "due_ns": piece.due_ns,
                "qty": plain(piece.qty),
                "cum_qty": plain(piece.cum_qty),
                "text": piece.text,
            }
            for piece in told.pieces
        ],
        "first": None
        if first is None
        else {
            "side": first.side,
            "qty": plain(first.order_qty),
            "ord_type": first.ord_type,
            "price": None if first.price is None else plain(first.price),
            "text": first.text,
        },
    }
