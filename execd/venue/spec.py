"""What kind of venue it is: its market, its latency, its charges.

A plain value that travels: from the daemon's configuration to the process of
the venue, and back to whoever asks what runs there. It reads no file. A new
property is a field here and a line in `opening`.
"""

from decimal import Decimal

import msgspec

from execd.core.enums import QueueRule
from execd.core.instrument import Instrument
from execd.errors import VenueError
from execd.venue.commission import Commission


class VenueSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The market is `tapes` where there are any, else made of `seed`; `speed` multiplies its time."""

    symbols: tuple[str, ...] = ()
    tapes: tuple[str, ...] = ()
    seed: int = 1
    speed: Decimal = Decimal(1)
    queue: QueueRule = QueueRule.PESSIMISTIC
    latency_ns: int = 0
    jitter_ns: int = 0
    commission: Commission = Commission()
    instruments: dict[str, Instrument] = {}

    def differences(self, other: "VenueSpec") -> list[str]:
        """Return the names of what is not the same in both."""
        return [name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name)]


def read_spec(text: bytes) -> VenueSpec:
    """Return the spec that a daemon has written. Raises VenueError."""
    try:
        return msgspec.json.decode(text, type=VenueSpec)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VenueError(f"the venue's specification cannot be read: {error}") from error
