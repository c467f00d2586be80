"""A feed that writes down what it hears, so that a day can be replayed.

It stands before any feed and passes every tick on unchanged. One tape a
symbol and start of the daemon, in the format that `execd replay` reads. A
tape is whole once the feed is closed; trading never waits for it, and a tape
that cannot be written ends the recording of its symbol, with a warning.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote, SymbolSeen
from execd.errors import TapeError
from execd.ports import Feed
from execd.venue.tape_write import TapeWriter

TAPES_MAX: Final = 512
"""Open files at one time; further symbols are not recorded."""
_NS: Final = 1_000_000_000


class RecordingFeed:
    """Any feed, and a tape of each symbol it speaks of."""

    def __init__(self, feed: Feed, folder: Path, start_ns: int, on_error: Callable[[str, str], None]) -> None:
        """Tapes go to `folder`, named by symbol and start; `on_error` is told (symbol, text) once a symbol."""
        self._feed = feed
        self.limits = feed.limits
        self._folder = folder
        self._stamp = datetime.fromtimestamp(start_ns // _NS, UTC).strftime("%Y%m%dT%H%M%S")
        self._on_error = on_error
        self._tapes: dict[str, TapeWriter | None] = {}

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Ask for more symbols."""
        await self._feed.subscribe(symbols)

    async def ticks(self) -> AsyncIterator[Quote | Prints | Halt | StreamAlive | StreamGap]:
        """Yield what the feed yields, each tick written down first."""
        async for tick in self._feed.ticks():
            if isinstance(tick, Quote | Prints):
                self._write(tick)
            yield tick

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        """Hand it on; what is asked for is no tick, and not written down."""
        return await self._feed.snapshot(symbols)

    def hang_up(self, text: str) -> None:
        """Hand it on."""
        self._feed.hang_up(text)

    async def close(self) -> None:
        """Make the tapes whole, and close the feed."""
        try:
            for symbol, tape in self._tapes.items():
                if tape is not None:
                    self._guarded(symbol, tape.close)
        finally:
            await self._feed.close()

    def _write(self, tick: Quote | Prints) -> None:
        tape = self._tape(tick.symbol)
        if tape is None:
            return
        match tick:
            case Quote():
                self._guarded(tick.symbol, lambda: tape.quote(tick))
            case Prints():
                # Several prints that came as one sum keep their volume; their single prices are not known here.
                self._guarded(tick.symbol, lambda: tape.trade(tick.to_ns, tick.last_px, tick.volume))

    def _tape(self, symbol: str) -> TapeWriter | None:
        if symbol not in self._tapes:
            self._tapes[symbol] = None
            if len(self._tapes) > TAPES_MAX:
                self._on_error(symbol, f"already {TAPES_MAX} tapes are open")
            else:
                self._guarded(symbol, lambda: self._open(symbol))
        return self._tapes[symbol]

    def _open(self, symbol: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = symbol.lower().replace("/", "-")
        self._tapes[symbol] = TapeWriter(self._folder / f"{name}_{self._stamp}.csv.gz")

    def _guarded(self, symbol: str, act: Callable[[], None]) -> None:
        try:
            act()
        except (OSError, TapeError) as error:
            tape, self._tapes[symbol] = self._tapes.get(symbol), None
            self._on_error(symbol, str(error))
            if tape is not None:
                # What was written until then stays a whole tape, if the disk lets it.
                with suppress(OSError):
                    tape.close()
