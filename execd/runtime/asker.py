"""The task `asker`: quotes that the stream does not prove are asked for, one question for all of them.

The fallback order of market data: the stream, then a snapshot that is asked for, then the last trade that comes
with it. It looks once a second at the symbols in which somebody works; a quote that is too old or behind a gap at two
looks in a row is asked for. What the answer is worth the engine decides (`engine/market`). It never retries sooner than
it looks, and a feed that does not answer is asked less and less often.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from msgspec.structs import replace

from execd.core.events import Event
from execd.core.shown import SymbolsSeen
from execd.engine.desk import Desk
from execd.errors import BrokerError, VenueError
from execd.ports import Clock, Feed

LOOK_S: Final = 1.0
PAUSE_S_MAX: Final = 30.0
SYMBOLS_MAX: Final = 100
"""Symbols of one question; further ones have their turn at the next look."""

log = structlog.get_logger("execd.asker")


class QuoteAsker:
    """Asks for quotes that nobody told."""

    def __init__(
        self,
        *,
        feed: Feed,
        desk: Desk,
        post: Callable[[Event], None],
        clock: Clock,
        symbols: Callable[[], tuple[str, ...]],
        look_s: float = LOOK_S,
    ) -> None:
        """`symbols` are those that are subscribed; `desk` is read and never changed."""
        self._feed = feed
        self._desk = desk
        self._post = post
        self._clock = clock
        self._symbols = symbols
        self._look_s = look_s
        self.pause_s = look_s
        self._lacking: dict[str, None] = {}

    async def run(self) -> None:
        """Look, ask where it is needed, for ever."""
        while True:
            await asyncio.sleep(self.pause_s)
            await self.turn()

    async def turn(self) -> None:
        """Ask once for what lacks a proof now and did so at the look before."""
        now, before = dict.fromkeys(self._unproved()), self._lacking
        wanted = [symbol for symbol in before if symbol in now][:SYMBOLS_MAX]
        # Who is asked for now stands behind all others at the next look.
        others = [symbol for symbol in (*before, *now) if symbol in now and symbol not in wanted]
        self._lacking = dict.fromkeys((*others, *wanted))
        if not wanted:
            return
        asked_ns = self._clock.now_ns()
        try:
            seen = await self._feed.snapshot(wanted)
        except (BrokerError, VenueError) as error:
            self.pause_s = min(2 * self.pause_s, PAUSE_S_MAX)
            log.warning("quotes_not_asked", symbols_n=len(wanted), text=str(error), pause_s=self.pause_s)
            return
        self.pause_s = self._look_s
        stamped = tuple(replace(one, asked_ns=asked_ns) for one in seen)
        self._post(SymbolsSeen(now_ns=self._clock.now_ns(), seen=stamped))

    def _unproved(self) -> list[str]:
        """Return the symbols in which somebody works, and whose quote nothing has proved for too long."""
        desk, now_ns = self._desk, self._clock.now_ns()
        if not desk.rules.session.is_open(now_ns):
            return []
        age_ns_max = desk.rules.execution.quote_age_resting_ns_max
        return [
            symbol
            for symbol in self._symbols()
            if desk.open_in(symbol) and desk.markets.is_unproved(symbol, now_ns, age_ns_max)
        ]
