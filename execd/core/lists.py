"""A long atomic list on its way to being intents.

Its rows are written down in parts, and mean nothing until one record says that
the list is accepted; from then on each row is ours, and becomes an intent in
its turn. One list is on its way at a time. Short lists need none of this.
"""

import msgspec

from execd.core.orders import ParentOrder


class ListedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An intent of a list."""

    parent: ParentOrder
    content_hash: str


class ListStaged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Some rows of a list that may be accepted soon."""

    now_ns: int
    rows: tuple[ListedRow, ...]


class ListAccepted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All staged rows are ours; each becomes an intent by a record of its own."""

    now_ns: int
    rows_n: int


class ListDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No staged row is ours; after a restart the file is read again."""

    now_ns: int
    reason: str
