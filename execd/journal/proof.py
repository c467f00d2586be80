"""The chain, followed a page at a time beside the daemon that writes it.

A start reads what came after the last checkpoint; a bit that flipped before it
would be found by nobody but `execd journal verify`. `begin` and `go_on` read
the same records with a connection of their own that never writes, and each
page is a short look, so that the write-ahead file can be folded in between.
"""

import sqlite3
from pathlib import Path
from typing import Final

from execd.journal import sql
from execd.journal.archives import listed
from execd.journal.chain import Chain
from execd.journal.files import reading

PAGE_ROWS: Final = 200
"""A millisecond of work: nobody waits longer for the interpreter."""


def begin(journal: Path) -> Chain:
    """Return where the records of the file itself begin: after the last archive."""
    with reading(journal, is_live=True) as connection:
        archives = listed(connection)
    return Chain(archives[-1].to_seq, archives[-1].sum) if archives else Chain()


def go_on(journal: Path, chain: Chain) -> bool:
    """Check the next page of records and move `chain` behind it; false at the end.

    Raises JournalCorrupt where a record is missing or is not what was written.
    """
    with reading(journal, is_live=True) as connection:
        rows = _page(connection, chain.seq)
    for row in rows:
        chain.check(*row)
    return bool(rows)


def _page(connection: sqlite3.Connection, after_seq: int) -> list[tuple[int, int, str, str, str, int]]:
    return connection.execute(sql.query("read_records"), (after_seq, PAGE_ROWS)).fetchall()
