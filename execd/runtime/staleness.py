"""Whether a quote stream that is up is to be believed: by its silence, and by what it should have said.

A feed gives a sign of life every few seconds while it is well. A symbol that
was asked for shows something soon after, and one that ticked briskly does not
stop for half a minute while its market is open. Each such suspicion is
uttered once: where beginning again did not help, the symbol is quiet. It holds
instants that it is given and never waits.
"""

from typing import Final

SILENT_S_MAX: Final = 15.0
"""Three times what a feed may take for a sign of life."""
FIRST_S_MAX: Final = 10.0
"""A symbol begins with its standing quote; nothing for so long is a subscription that was lost."""
STOPPED_S_MIN: Final = 30.0
STOPPED_GAPS: Final = 50
"""A symbol that ticks every second or so has stopped when it was silent for fifty times as long."""
TICKS_MIN: Final = 32
"""Of fewer ticks nobody knows how often a symbol ticks."""
_WEIGHT: Final = 1 / 32


class Ticking:
    """How often one symbol ticks."""

    def __init__(self, asked_s: float) -> None:
        """Begin when it was asked for."""
        self.last_s = asked_s
        self.ticks_n = 0
        self.gap_s = 0.0
        self.is_halted = False

    def tick(self, now_s: float) -> None:
        """Take note of a tick."""
        gap_s = max(0.0, now_s - self.last_s)
        # The first gap is that of the subscription; the mean begins with the second.
        self.gap_s += (gap_s - self.gap_s) * max(_WEIGHT, 1 / max(1, self.ticks_n)) if self.ticks_n else 0.0
        self.last_s, self.ticks_n = now_s, self.ticks_n + 1

    @property
    def longest_s(self) -> float:
        """How long it may be silent."""
        return max(STOPPED_S_MIN, STOPPED_GAPS * self.gap_s)


class Staleness:
    """What one stream has said, and when."""

    def __init__(self) -> None:
        """Begin with nothing heard; `begin` must follow."""
        self.heard_s = 0.0
        self._symbols: dict[str, Ticking] = {}
        self._given_up: dict[str, None] = {}

    def begin(self, now_s: float, symbols: tuple[str, ...]) -> None:
        """Begin a connection: everything is heard anew from here on."""
        self.heard_s = now_s
        self._symbols = {symbol: Ticking(now_s) for symbol in symbols}

    def ask(self, symbol: str, now_s: float) -> None:
        """Expect a symbol from now on."""
        self._symbols.setdefault(symbol, Ticking(now_s))

    def alive(self, now_s: float) -> None:
        """Take note of a sign of life."""
        self.heard_s = now_s

    def tick(self, symbol: str, now_s: float, *, is_halted: bool | None = None) -> None:
        """Take note of a symbol's tick; `is_halted` where it says so."""
        self.heard_s = now_s
        ticking = self._symbols.setdefault(symbol, Ticking(now_s))
        ticking.tick(now_s)
        self._given_up.pop(symbol, None)
        if is_halted is not None:
            ticking.is_halted = is_halted

    def problem(self, now_s: float, *, is_open: bool) -> str:
        """Return why the stream is not to be believed; empty where it is."""
        if now_s - self.heard_s > SILENT_S_MAX:
            return f"it has said nothing for {SILENT_S_MAX:g} s, not even that it is there"
        if not is_open:
            return ""
        for symbol, ticking in self._symbols.items():
            silent_s = now_s - ticking.last_s
            if symbol in self._given_up or ticking.is_halted:
                continue
            if not ticking.ticks_n and silent_s > FIRST_S_MAX:
                self._given_up[symbol] = None
                return f"{symbol} was asked for and has shown nothing for {FIRST_S_MAX:g} s"
            if ticking.ticks_n >= TICKS_MIN and silent_s > ticking.longest_s:
                self._given_up[symbol] = None
                return f"{symbol} ticked every {ticking.gap_s:.2g} s and has been silent for {silent_s:.0f} s"
        return ""

    @property
    def given_up(self) -> tuple[str, ...]:
        """Symbols that stay silent though the stream was begun anew for them."""
        return tuple(self._given_up)
