"""The answers of a daemon that does not run, from its journal.

The file is opened read-only and not a byte of it is changed, so this is safe
beside a daemon that hangs, too. The rows are those of the control API.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from execd.cli.exits import CliError, Exit
from execd.core.book import Book
from execd.core.codec import encode
from execd.core.records import Record
from execd.errors import JournalError
from execd.journal import reading
from execd.journal.files import reading as opened
from execd.journal.records import stored
from execd.runtime.paths import StatePaths
from execd.surface import holdings, views
from execd.surface.remembered import book_of, told, told_aside


def answer(paths: StatePaths, target: str) -> Any:  # noqa: ANN401  # JSON has no narrower type.
    """Return what the daemon would say of `target`. Raises CliError."""
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    try:
        value = _Journal(paths).answer(parts.path, query)
    except JournalError as error:
        raise CliError(Exit.ERROR, str(error), kind="journal") from None
    return json.loads(encode(value))


class _Journal:
    """The journal of one state directory."""

    def __init__(self, paths: StatePaths) -> None:
        self._path = paths.journal

    def answer(self, path: str, query: dict[str, str]) -> object:
        name, _, intent_id = path.removeprefix("/v1/").partition("/")
        intent_id = unquote(intent_id)
        match name:
            case "orders" if "id" in query:
                return self._of(query["id"], lambda book: [views.order_row(book, book.parents[query["id"]])])
            case "orders":
                return views.order_rows(self._book(), is_open_only=query.get("open") == "1")
            case "fills" if "id" in query:
                return self._of(query["id"], lambda book: views.fill_rows(book, query["id"]))
            case "fills":
                return views.fill_rows(self._book())
            case "positions":
                return holdings.position_rows(self._book())
            case "explain":
                chain = told(self._records(intent_id), intent_id)
                return chain or told_aside(self._book(), intent_id) or _unknown(intent_id)
            case _:
                raise CliError(Exit.NOT_RUNNING, f"only a running execd answers {path}")

    def _of(self, intent_id: str, view: Callable[[Book], object]) -> object:
        book = book_of(self._records(intent_id), intent_id)
        return _unknown(intent_id) if book is None else view(book)

    def _book(self) -> Book:
        with opened(self._path, is_live=True) as connection:
            return reading.load(connection, self._path)

    def _records(self, intent_id: str) -> list[Record]:
        with opened(self._path, is_live=True) as connection:
            rows = reading.records_of_parent(connection, self._path, intent_id)
        try:
            return [stored(row[0], row[4]).record for row in rows]
        except msgspec.MsgspecError as error:
            raise CliError(Exit.ERROR, f"a record of {intent_id} cannot be read: {error}", kind="journal") from None


def _unknown(intent_id: str) -> NoReturn:
    raise CliError(Exit.NOT_FOUND, f"no intent has the id {intent_id}; see execd orders")
