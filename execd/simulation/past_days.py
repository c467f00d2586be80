"""What a replay knows of the days before a tape.

Nothing here reads a bar: whoever calls a replay brings them, and the engine gets them as the daemon's does
(`ReferenceReceived`). What else a day needs to be known beforehand is a field here.
"""

import msgspec

from execd.core.daily import DailyValues


class PastDays(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a symbol that hold from the first row of a tape on, and the files that they come from."""

    from_ns: int
    values: DailyValues
    source: str
