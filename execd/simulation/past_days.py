"""What a replay knows of the days before a tape: nothing here reads a bar; whoever calls a replay brings them."""

import msgspec

from execd.core.daily import DailyValues


class PastDays(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a symbol that hold from the first row of a tape on, and the files that they come from."""

    from_ns: int
    values: DailyValues
    source: str
