"""The journal as CSV: one file a table, for spreadsheets and notebooks.

Cells that a spreadsheet would take for a formula get an apostrophe in front;
numbers stay numbers. Every instant has a second column in UTC for people.
"""

import csv
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from execd.core.ids import NS_PER_S
from execd.core.projection import TABLES
from execd.errors import JournalError
from execd.journal import sql, store
from execd.journal.archives import archived_pages, listed, pages
from execd.journal.files import reading

FILES: Final = (*TABLES, "records")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")


def export(journal: Path, folder: Path, *, is_live: bool) -> dict[str, int]:
    """Write every table to `folder`, which is made, and return how many rows each has.

    Raises JournalError where the journal is not whole, or a file of that name is there.
    """
    store.check(journal, newest=sql.version(), is_live=is_live)
    taken = [f"{name}.csv" for name in FILES if (folder / f"{name}.csv").exists()]
    if taken:
        raise JournalError(f"{folder} has {', '.join(taken)} already; name an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    with reading(journal, is_live=is_live) as connection:
        # One snapshot, so that fills and positions agree.
        connection.execute("BEGIN")
        counts = {table: _table(connection, folder, table) for table in TABLES}
        counts["records"] = _records(connection, journal, folder)
    return counts


def cell(value: object) -> object:
    """Return a cell that no spreadsheet runs."""
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def utc(now_ns: object) -> str:
    """Return an instant as people write it; empty for none."""
    if not isinstance(now_ns, int):
        return ""
    whole = datetime.fromtimestamp(now_ns // NS_PER_S, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{now_ns % NS_PER_S:09}Z"


def _table(connection: sqlite3.Connection, folder: Path, table: str) -> int:
    found = connection.execute(sql.query(f"read_{table}"))
    return _write(folder / f"{table}.csv", [column[0] for column in found.description], found)


def _records(connection: sqlite3.Connection, journal: Path, folder: Path) -> int:
    def told() -> Iterator[Sequence[object]]:
        after_seq = 0
        for page in archived_pages(journal, listed(connection), "read_records", 0):
            yield from page
            after_seq = page[-1][0]
        for page in pages(connection, "read_records", after_seq):
            yield from page

    return _write(folder / "records.csv", ["seq", "now_ns", "kind", "subject", "body", "sum"], told())


def _write(path: Path, columns: list[str], rows: Iterable[Sequence[object]]) -> int:
    instants = [place for place, column in enumerate(columns) if column.endswith("_ns")]
    heads = [*columns, *(f"{columns[place].removesuffix('_ns')}_utc" for place in instants)]
    written = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(heads)
        for row in rows:
            out.writerow([*(cell(one) for one in row), *(utc(row[place]) for place in instants)])
            written += 1
    return written
