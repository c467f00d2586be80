"""An intent that has left memory, as its records tell it.

The journal keeps every record; a fold of those of one intent is a small book
that the ordinary views read. Nothing here opens a file.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from execd.core.book import Book
from execd.core.latching import Controlled
from execd.core.records import Record
from execd.surface import views
from execd.surface.explain import explain

LINKS_MAX: Final = 10_000
"""So many records of one intent are read; its chain is cut there."""


async def first(records: AsyncIterator[Record]) -> list[Record]:
    """Return the first records of an intent."""
    found: list[Record] = []
    async for record in records:
        found.append(record)
        if len(found) == LINKS_MAX:
            break
    return found


def book_of(records: Iterable[Record], intent_id: str) -> Book | None:
    """Return the book of one intent's records; None where they do not tell of its arrival."""
    book = Book(keeps_all=True)
    for record in records:
        try:
            book.apply(record)
        except KeyError:
            # It speaks of somebody else's order: not needed to tell this intent.
            continue
    return book if intent_id in book.parents else None


def told(records: Sequence[Record], intent_id: str, row: views.OrderRow | None = None) -> dict[str, object] | None:
    """Return the chain of an intent with its row, or of a flatten; None where the records do not tell of it."""
    if row is None:
        book = book_of(records, intent_id)
        if book is None:
            steps = [one for one in records if isinstance(one, Controlled) and one.controller_id == intent_id]
            return {"controller": _controller(steps), "chain": explain(steps)} if steps else None
        row = views.order_row(book, book.parents[intent_id])
    return {"order": row, "chain": explain(records)}


def _controller(steps: Sequence[Controlled]) -> dict[str, object]:
    """Return what a controller is, and how far it has come."""
    last = steps[-1]
    return {"id": last.controller_id, "kind": last.state.name, "is_over": last.is_over, "text": last.text}


def told_aside(book: Book, an_id: str) -> dict[str, object] | None:
    """Return what is known of an id that is no intent's: a document's, or one that may not come any more."""
    document, code = book.documents.get(an_id), book.tombstones.get(an_id)
    if document is not None:
        return {
            "document": {
                "id": an_id,
                "kind": document.kind,
                "target": document.target,
                "code": document.code,
                "received": views.instant(document.received_ns),
            }
        }
    return None if code is None else {"tombstone": {"id": an_id, "code": code}}
