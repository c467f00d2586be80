"""What is known when a file arrives: the clock, the accounts, the session, the instruments.

A value that the composition root makes from the configuration for each file; reading a text never asks anything else.
It opens nothing and knows no field. A new thing that a field's meaning hangs on is a line here.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from execd.core.daily import PROFILES
from execd.core.enums import Horizon
from execd.core.instrument import Instrument
from execd.core.session import AlwaysOpen, Session
from execd.errors import IntentError
from execd.intake.times import When, resolve

_S: Final = 1_000_000_000
FUTURE_NS_MAX: Final = 5 * _S
"""How far the clock that stamped a file may be ahead of ours."""


class ParseContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon knows when a file arrives. `default_account` None: every intent must name its account.

    `mtime_ns` is the file's, or `now_ns` where there is no file. `horizons` are by strategy, `instruments` by symbol;
    a symbol that is not there is an ordinary US share. `profiles` are the shapes of a day that are learned.
    """

    now_ns: int
    mtime_ns: int
    accounts: tuple[str, ...]
    default_account: str | None = None
    session: Session = AlwaysOpen()
    horizons: Mapping[str, Horizon] = {}
    instruments: Mapping[str, Instrument] = {}
    zone: str = "America/New_York"
    default_life_ns: int = 900 * _S
    always_open_valid_ns: int = 3_600 * _S
    seed: int = 0
    profiles: tuple[str, ...] = PROFILES

    def arrived_ns(self) -> int:
        """Return when the file arrived. Raises IntentError where its clock is ahead of ours."""
        if self.mtime_ns > self.now_ns + FUTURE_NS_MAX:
            text = f"the file is from {(self.mtime_ns - self.now_ns) // _S} s in the future; check the clocks"
            raise IntentError("future_file", text)
        return min(self.mtime_ns, self.now_ns)

    def instant(self, when: When | None) -> int | None:
        """Return the instant that a time in the file means."""
        return None if when is None else resolve(when, arrived_ns=self.arrived_ns(), zone=self.zone)

    def default_start_by_ns(self, first_ns: int) -> int:
        """Return the end of the session that `first_ns` is in or before; so long after it where no session ends."""
        if isinstance(self.session, AlwaysOpen):
            return first_ns + self.always_open_valid_ns
        return self.session.window(first_ns).close_ns

    def instrument(self, symbol: str) -> Instrument:
        """Return the instrument of a symbol."""
        known = self.instruments.get(symbol)
        return known if known is not None else Instrument(symbol=symbol)
