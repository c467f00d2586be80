"""What a feed said, written down and read back."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from execd.brokers.sim_recording import RecordingFeed
from execd.core.enums import Coverage
from execd.core.events import StreamAlive, StreamGap
from execd.core.market import Halt, Prints, Quote, SymbolSeen, one_print
from execd.ports import FeedLimits
from execd.venue.tape import read_tape
from tests.world import START_NS, quote

TICKS = (
    quote("AAPL", "200.00", "200.02"),
    one_print(symbol="AAPL", px=Decimal("200.02"), qty=Decimal(300), exchange_ns=START_NS + 5),
    StreamAlive(now_ns=START_NS + 6),
    quote("BAC", "14.00", "14.01", at_s=1),
    quote("AAPL", "200.01", "200.03", at_s=2),
)


class _Script:
    """A feed that says what it was told to."""

    limits = FeedLimits(coverage=Coverage.PARTIAL)

    def __init__(self, ticks: Sequence[Quote | Prints | StreamAlive]) -> None:
        self._said = ticks
        self.is_closed = False

    async def subscribe(self, symbols: Sequence[str]) -> None:
        """Nothing to ask for."""

    async def snapshot(self, symbols: Sequence[str]) -> Sequence[SymbolSeen]:
        return [SymbolSeen(symbol=symbol) for symbol in symbols]

    def hang_up(self, text: str) -> None:
        """Do nothing."""

    async def ticks(self) -> AsyncIterator[Quote | Prints | Halt | StreamAlive | StreamGap]:
        for tick in self._said:
            yield tick

    async def close(self) -> None:
        self.is_closed = True


async def _record(folder: Path, ticks: Sequence[Quote | Prints | StreamAlive]) -> tuple[list[object], list[str]]:
    errors: list[str] = []
    script = _Script(ticks)
    feed = RecordingFeed(script, folder, START_NS, lambda symbol, text: errors.append(f"{symbol}: {text}"))
    heard: list[object] = [tick async for tick in feed.ticks()]
    await feed.close()
    assert script.is_closed
    return heard, errors


async def test_every_tick_is_passed_on_and_the_tapes_hold_them(tmp_path: Path) -> None:
    """One tape a symbol, in the format that replay reads."""
    heard, errors = await _record(tmp_path, TICKS)
    paths = sorted(tmp_path.glob("*.gz"))  # noqa: ASYNC240  # A temporary directory of three files.
    tapes = {path.name: [chunk.ts_ns.tolist() for chunk in read_tape(path)] for path in paths}

    assert (list(TICKS), []) == (heard, errors)
    assert {
        "aapl_20231114T221320.csv.gz": [[START_NS, START_NS + 5, START_NS + 2 * 10**9]],
        "bac_20231114T221320.csv.gz": [[START_NS + 10**9]],
    } == tapes


async def test_a_tape_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """A quote off the tape's grid ends the recording of its symbol; every tick still passes."""
    odd = replace(TICKS[0], bid_px=Decimal("199.00001"))

    heard, errors = await _record(tmp_path, (odd, *TICKS))

    assert 6 == len(heard)
    assert ["AAPL"] == [error.split(":")[0] for error in errors]
