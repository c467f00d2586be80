"""From stored rows back to a book, and the proof that both tell the same.

The fold itself is `Book.apply`; here is only its feeding, and the comparison
that `journal verify` and the tests ask for. Nothing here opens a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from execd.core.book import Book
from execd.core.codec import encode
from execd.core.projection import TABLES, Cell, Rows, all_rows
from execd.journal.chain import Chain
from execd.journal.records import RecordRow, stored

KEY_CELLS: Final[Mapping[str, int]] = {
    "documents": 1,
    "parents": 1,
    "orders": 1,
    "fills": 2,
    "allocations": 2,
    "positions": 4,
}
"""How many cells of a table's row, from the first, are its key."""
MISMATCHES_MAX: Final = 100
"""Enough to see a pattern; a wholly wrong table need not fill the memory."""

Row = Sequence[Cell]


class Fold:
    """Takes rows of records in order and holds the book they make; a break of their chain is an error."""

    def __init__(self, book: Book | None = None, chain: Chain | None = None) -> None:
        """Begin with an empty book, or with the book of a checkpoint and where its chain ends."""
        self._book = Book() if book is None else book
        self._chain = Chain() if chain is None else chain

    def take(self, page: Iterable[RecordRow]) -> None:
        """Fold the next records. Raises JournalCorrupt where one is missing, altered or unreadable."""
        for seq, now_ns, kind, subject, body, total in page:
            self._chain.check(seq, now_ns, kind, subject, body, total)
            self._book.apply(stored(seq, body).record)
        # Nobody writes rows of a fold: what it touched would only grow.
        self._book.take_touched()

    @property
    def book(self) -> Book:
        """The book of all records taken so far."""
        return self._book

    @property
    def seq(self) -> int:
        """The place of the last record taken."""
        return self._chain.seq


def mismatches(book: Book, rows_by_table: Mapping[str, Iterable[Row]]) -> list[str]:
    """Return where the rows of a journal are not those of `book`, a line each, at most `MISMATCHES_MAX`."""
    expected = plain_rows(all_rows(book))
    found: list[str] = []
    for table in TABLES:
        wanted = keyed(table, expected[table])
        actual = keyed(table, rows_by_table.get(table, ()))
        for key in sorted(wanted.keys() | actual.keys()):
            if wanted.get(key) != actual.get(key):
                found.append(f"{table} {'/'.join(key)}: journal {actual.get(key)}, fold {wanted.get(key)}")
            if len(found) == MISMATCHES_MAX:
                return found
    return found


def plain_rows(rows: Rows) -> dict[str, list[list[Cell]]]:
    """Return rows by table with every word of an enum as its text, as a database gives them back."""
    return msgspec.json.decode(encode(rows), type=dict[str, list[list[Cell]]])


def keyed(table: str, rows: Iterable[Row]) -> dict[tuple[str, ...], list[Cell]]:
    """Return rows by their key; of two with one key the later stands."""
    width = KEY_CELLS[table]
    return {tuple(str(cell) for cell in row[:width]): list(row) for row in rows}
