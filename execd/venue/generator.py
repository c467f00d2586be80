"""A market made of a seed: any number of symbols, for ever, the same each time.

`Generator` merges the paths of its symbols by instant. It is calibrated on recorded days
(generator_profiles; the table of how near it comes is in docs/generator.md) and knows no clock: its
instants are counted from `start_ns`, and whoever plays it in real time waits for them.
Behaviour of one symbol goes to generator_path, kinds of symbol to generator_profiles.
"""

from collections.abc import Iterator, Sequence
from heapq import heappush, heapreplace
from typing import Final

from execd.core.market import Halt, Prints, Quote
from execd.venue.generator_laws import NS, VOLATILITY_S
from execd.venue.generator_path import Path
from execd.venue.generator_profiles import PROFILES, Profile, SymbolSpec, default_spec

__all__ = ["DAY_S", "PROFILES", "Generator", "Profile", "SymbolSpec", "default_spec"]

DAY_S: Final = VOLATILITY_S
"""A regular US session: 6.5 hours."""


class Generator:
    """Quotes, prints and halts of many symbols, in order of `exchange_ns`.

    A path depends on its spec, the seed, and the instant at which it began; on nothing else, least of
    all on the other symbols. The first day begins at `start_ns`; after `day_seconds` the next one
    begins at the price where the last one ended, without a night between them.
    """

    def __init__(self, symbols: Sequence[SymbolSpec], seed: int, start_ns: int, day_seconds: int = DAY_S) -> None:
        """Begin at `start_ns`. Raises ValueError for a symbol named twice, a spec that is no market, an empty day."""
        if day_seconds <= 0:
            raise ValueError(day_seconds)
        self._seed, self._start_ns, self._day_ns = seed, start_ns, day_seconds * NS
        self._now_ns = start_ns
        self._paths: dict[str, Path] = {}
        self._next: list[tuple[int, str, Path]] = []
        for spec in symbols:
            if spec.symbol in self._paths:
                raise ValueError(spec.symbol)
            self._add(spec)

    @property
    def now_ns(self) -> int:
        """The generated instant: that of the last tick, `start_ns` before the first."""
        return self._now_ns

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols there are, in the order in which they came."""
        return tuple(self._paths)

    def ensure(self, symbol: str) -> None:
        """Add a symbol by `default_spec`, beginning now with a quote; one that is there already stays as it is."""
        if symbol not in self._paths:
            self._add(default_spec(symbol))

    def at(self, symbol: str) -> Quote:
        """Return the quote that stands at `now_ns`. Raises KeyError for a symbol that was never added."""
        return self._paths[symbol].quote

    def ticks(self) -> Iterator[Quote | Prints | Halt]:
        """Yield what happens next, for ever; asked again, go on from there. It ends only while there is no symbol."""
        while self._next:
            self._now_ns, symbol, path = self._next[0]
            tick = path.step()
            heapreplace(self._next, (path.next_ns, symbol, path))
            yield tick

    def _add(self, spec: SymbolSpec) -> None:
        path = Path(spec, seed=self._seed, open_ns=self._start_ns, day_ns=self._day_ns, at_ns=self._now_ns)
        self._paths[spec.symbol] = path
        heappush(self._next, (path.next_ns, spec.symbol, path))
