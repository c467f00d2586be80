"""One batch, one transaction: the statements of a commit, in the thread that owns the connection.

Plain prepared INSERTs, a table at a time, take half the time of one statement
that unpacks JSON, and need no more hops: the daemon runs this function as a
whole on its connection's thread. `Database` is what it asks of a connection,
so that the power-loss test can run the very same lines on a disk that forgets.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

from execd.core.projection import TABLES
from execd.journal import sql
from execd.journal.records import Writing


class Database(Protocol):
    """A connection, of `sqlite3` or of `apsw`."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Any:  # noqa: ANN401  # Two libraries' cursors.
        """Run a statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any:  # noqa: ANN401  # The same.
        """Run a statement for each row."""


def write_batch(connection: Database, writing: Writing) -> None:
    """Write a batch, all or nothing; it is durable when this returns."""
    with transaction(connection):
        connection.executemany(sql.query("write_records"), writing.records)
        for table in TABLES:
            if rows := getattr(writing.rows, table):
                connection.executemany(_STATEMENTS[table], rows)


@contextlib.contextmanager
def transaction(connection: Database) -> Iterator[None]:
    """Commit what is done inside as one; undo all of it where anything in it, or the commit, fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:  # Whatever it was, the transaction must not stay open; what failed is told by its own error.
        # A full disk may have undone it already.
        if connection.in_transaction:
            with contextlib.suppress(Exception):
                connection.execute("ROLLBACK")
        raise


_STATEMENTS: Final = {table: sql.query(f"write_{table}") for table in TABLES}
