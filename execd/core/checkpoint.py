"""A whole book as bytes, in parts, and back.

A part is a few entries of one of the book's dictionaries, so that encoding a
large book can be spread over many short moments. Values in a book are frozen:
`snapshot` copies only the dictionaries, and what happens afterwards is not in
it. What a fold would not give is not kept: `touched` belongs to one turn.
A new dictionary of `Book` is a row in SECTIONS.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import msgspec

from execd.core.book import Book
from execd.core.codec import decoder, encode
from execd.core.lists import ListedRow
from execd.core.order import Order
from execd.core.parents import (
    Document,
    Halt,
    HaltKey,
    HoldingKey,
    Parent,
    Poison,
    Position,
    PositionKey,
    SavedAlgo,
)
from execd.core.reconciled import ExternalKey
from execd.core.reports import ExecReport, OrderSnapshot
from execd.core.scopes import Kill, Pause, Scope

ITEMS_MAX: Final = 100
"""Entries of a part: their encoding takes a millisecond at most."""

SECTIONS: Final[Mapping[str, Any]] = {
    "parents": tuple[str, Parent],
    "orders": tuple[str, Order],
    "positions": tuple[PositionKey, Position],
    "chains": tuple[str, str],
    "external": tuple[str, tuple[ExecReport, ...]],
    "documents": tuple[str, Document],
    "tombstones": tuple[str, str],
    "halts": tuple[HaltKey, Halt],
    "kills": tuple[str, Kill],
    "pauses": tuple[Scope, Pause],
    "controllers": tuple[str, SavedAlgo],
    "external_positions": tuple[HoldingKey, Decimal],
    "external_orders": tuple[ExternalKey, OrderSnapshot],
    "met": tuple[str, int],
    "poisons": tuple[int, Poison],
    "unreadable": tuple[str, None],
    "staged": tuple[str, ListedRow],
    "listed": tuple[str, ListedRow],
}
"""The dictionaries of a book, and the type of an entry of each."""

Snapshot = Mapping[str, Mapping[Any, Any]]


class Part(msgspec.Struct, frozen=True):
    """Some entries of one dictionary, in its order."""

    section: str
    items: msgspec.Raw


def snapshot(book: Book) -> Snapshot:
    """Return what a book knows now; later changes of the book do not reach it."""
    return {section: dict(getattr(book, section)) for section in SECTIONS}


def parts(taken: Snapshot) -> Iterator[bytes]:
    """Yield a snapshot as parts, at most `ITEMS_MAX` entries each."""
    for section, entries in taken.items():
        rest = iter(entries.items())
        while items := list(islice(rest, ITEMS_MAX)):
            yield encode(Part(section, msgspec.Raw(encode(items))))


def restored(encoded: Iterable[bytes]) -> Book:
    """Return the book of which these are all parts, in order. Raises msgspec.MsgspecError where one is none of ours."""
    book = Book()
    for body in encoded:
        part = _part_decoder.decode(body)
        if part.section not in _decoders:
            message = f"a book has no {part.section!r}"
            raise msgspec.ValidationError(message)
        getattr(book, part.section).update(_decoders[part.section].decode(part.items))
    return book


_part_decoder: Final = decoder(Part)
_decoders: Final = {section: decoder(list[entry]) for section, entry in SECTIONS.items()}  # type: ignore[valid-type]  # A type out of a table.
