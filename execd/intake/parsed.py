"""What a file turned out to be: one intent, a list of intents, or a request about an intent.

Values only; each knows its ids, and the events that tell the engine of it. How texts become these is in `parse`. A
new kind of document is a class here.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from execd.core.commands import AmendParent, CancelParent, FlattenScope
from execd.core.events import DocumentReceived, Known, ListItem, ListReceived, ParentReceived
from execd.core.orders import ParentOrder
from execd.errors import RowFault

PART_ROWS_MAX: Final = 64
"""Rows of one event, where rows may be taken one by one: so the engine does nothing else for milliseconds only."""


class ParsedIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A valid intent. `content_hash` is of what was written, before defaults and whatever the format."""

    parent: ParentOrder
    content_hash: str

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that it uses."""
        return (self.parent.parent_id,)

    @property
    def refused(self) -> tuple[RowFault, ...]:
        """Rows that were left out: none."""
        return ()

    @property
    def parts_n(self) -> int:
        """How many events it takes."""
        return 1

    def event(self, part: int, *, now_ns: int, known: Mapping[str, Known], ref: str) -> ParentReceived:
        """Return the event that tells the engine of it."""
        return ParentReceived(
            now_ns=now_ns,
            parent=self.parent,
            content_hash=self.content_hash,
            ref=ref,
            known=known.get(self.parent.parent_id),
        )

    def place_of(self, intent_id: str) -> tuple[int, int | None]:
        """Return the row and the line of an id."""
        return 1, None


class ParsedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A valid cancel or amend."""

    document_id: str
    content_hash: str
    command: CancelParent | AmendParent | FlattenScope

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that it uses."""
        return (self.document_id,)

    @property
    def refused(self) -> tuple[RowFault, ...]:
        """Rows that were left out: none."""
        return ()

    @property
    def parts_n(self) -> int:
        """How many events it takes."""
        return 1

    def event(self, part: int, *, now_ns: int, known: Mapping[str, Known], ref: str) -> DocumentReceived:
        """Return the event that tells the engine of it."""
        return DocumentReceived(
            now_ns=now_ns,
            document_id=self.document_id,
            content_hash=self.content_hash,
            command=self.command,
            ref=ref,
            known=known.get(self.document_id),
        )

    def place_of(self, intent_id: str) -> tuple[int, int | None]:
        """Return the row and the line of an id."""
        return 1, None


class ParsedList(msgspec.Struct, frozen=True, kw_only=True):
    """Valid intents of one file. `is_atomic`: all of them are taken, or none; else `refused` are left out.

    `places` are row and line by id.
    """

    intents: tuple[ParsedIntent, ...]
    is_atomic: bool
    refused: tuple[RowFault, ...] = ()
    places: Mapping[str, tuple[int, int | None]] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that it uses."""
        return tuple(intent.parent.parent_id for intent in self.intents)

    @property
    def parts_n(self) -> int:
        """How many events it takes."""
        return 1 if self.is_atomic else -(-len(self.intents) // PART_ROWS_MAX)

    def event(self, part: int, *, now_ns: int, known: Mapping[str, Known], ref: str) -> ListReceived:
        """Return the event that tells the engine of its `part`-th part, from 0."""
        begin, end = (0, len(self.intents)) if self.is_atomic else (part * PART_ROWS_MAX, (part + 1) * PART_ROWS_MAX)
        items = tuple(
            ListItem(parent=one.parent, content_hash=one.content_hash, known=known.get(one.parent.parent_id))
            for one in self.intents[begin:end]
        )
        return ListReceived(now_ns=now_ns, items=items, is_atomic=self.is_atomic, ref=ref)

    def place_of(self, intent_id: str) -> tuple[int, int | None]:
        """Return the row and the line of an id."""
        return self.places[intent_id]


Parsed = ParsedIntent | ParsedRequest | ParsedList
