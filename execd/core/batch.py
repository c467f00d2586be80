"""What one transaction holds.

Made by the cycle, made durable by the journal: both only know this value.
"""

import msgspec

from execd.core.projection import Rows
from execd.core.records import Record


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Records in the order in which they were made, and the rows they changed."""

    now_ns: int
    records: tuple[Record, ...]
    rows: Rows
