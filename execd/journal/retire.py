"""Old records moved out of the journal, at the start of a daemon.

Moved are records that are older than asked, that every checkpoint covers and
whose parents have all left memory; always a run from the oldest on. The
archive is written, synced and read back first; only then, in one transaction,
the journal names it and lets go of the records. Killed anywhere, it is done
again at the next start. The rows of the book stay: they are a tenth of it.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from execd.core.codec import encode_text
from execd.errors import JournalCorrupt
from execd.journal import checkpoints, sql, store
from execd.journal.archives import FOLDER, Archive, listed, pages
from execd.journal.chain import Chain
from execd.journal.files import beside, reading, sync, with_companions
from execd.journal.write import transaction

LEAST_N: Final = 1_000
"""Fewer records are not worth a file."""
MOST_N: Final = 200_000
"""Of one start, so that it does not take long; the next goes on."""
DAY_NS: Final = 86_400 * 1_000_000_000


def archive(
    connection: sqlite3.Connection, journal: Path, in_memory: Iterable[str], *, now_ns: int, days: int
) -> Archive | None:
    """Move what is older than `days` days to an archive and return it; None where there is too little. 0 days: never.

    `connection` is the journal's writer, `in_memory` the ids of the parents that a checkpoint holds.
    """
    if days <= 0:
        return None
    archives = listed(connection)
    before = Chain(archives[-1].to_seq, archives[-1].sum) if archives else Chain()
    last = _last_to_move(connection, in_memory, now_ns - days * DAY_NS, before.seq)
    if last - before.seq < LEAST_N:
        return None
    folder = journal.parent / FOLDER
    folder.mkdir(mode=0o750, exist_ok=True)
    path = folder / f"journal-{before.seq + 1:09}-{last:09}.db"
    _write(connection, path, before.seq, last)
    made = _proved(path, before, last)
    with transaction(connection):
        row = (made.from_seq, made.to_seq, made.from_ns, made.to_ns, made.sum, made.file)
        connection.execute(sql.query("write_archive"), row)
        connection.execute(sql.query("forget_archived"))
    return made


def _last_to_move(connection: sqlite3.Connection, in_memory: Iterable[str], cutoff_ns: int, after_seq: int) -> int:
    """Return the last record that may go; `after_seq` where none may."""
    kept = [head.seq for head in checkpoints.heads(connection)]
    if not kept:
        return after_seq
    (first_needed,) = connection.execute(sql.query("read_first_of"), (encode_text(list(in_memory)),)).fetchone()
    newest = store.head(connection).seq
    bounds = [min(kept), newest - 1, after_seq + MOST_N]
    bounds += [] if first_needed is None else [first_needed - 1]
    return _older(connection, cutoff_ns, after_seq, min(bounds))


def _older(connection: sqlite3.Connection, cutoff_ns: int, low: int, high: int) -> int:
    """Return the last of the records above `low`, up to `high`, that is older than `cutoff_ns`; else `low`."""
    # Time never goes back in a journal, so halving finds it without reading them all.
    while low < high:
        middle = (low + high + 1) // 2
        (now_ns,) = connection.execute("SELECT now_ns FROM records WHERE seq = ?", (middle,)).fetchone()
        low, high = (middle, high) if now_ns < cutoff_ns else (low, middle - 1)
    return low


def _write(connection: sqlite3.Connection, path: Path, after_seq: int, last: int) -> None:
    fresh = beside(path, ".new")
    for leftover in with_companions(fresh):
        leftover.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh, isolation_level=None)) as made, transaction(made):
        for statement in sql.archive_schema().split(";"):
            made.execute(statement)
        made.execute(f"PRAGMA application_id = {store.APPLICATION_ID}")
        made.executemany(sql.query("write_meta"), connection.execute(sql.query("read_meta")))
        for page in pages(connection, "read_records", after_seq):
            made.executemany(sql.query("write_records"), (row for row in page if row[0] <= last))
            if page[-1][0] >= last:
                break
    fresh.chmod(0o600)
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def _proved(path: Path, before: Chain, last: int) -> Archive:
    """Return the archive, read back from the disk and linked to what is before it."""
    chain = Chain(before.seq, before.sum)
    times: list[int] = []
    with reading(path) as connection:
        for page in pages(connection, "read_records", 0):
            for row in page:
                chain.check(*row)
            times += [page[0][1], page[-1][1]]
    if chain.seq != last:
        raise JournalCorrupt(f"{path} ends at record {chain.seq} and not at {last}; it was not used")
    return Archive(
        from_seq=before.seq + 1, to_seq=last, from_ns=times[0], to_ns=times[-1], sum=chain.sum, file=path.name
    )
