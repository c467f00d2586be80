"""Checkpoints: the whole book beside the records, so that a start reads only what came after.

A checkpoint is a cache: whatever is wrong with one, an older one or the
records from the first serve as well. It is written part by part, each group
in a transaction of its own, so that no commit waits long; the row in
`checkpoints` comes last and makes it valid. Only that row, its digest and the
sum of its record are believed.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

import msgspec

from execd.core.book import Book
from execd.core.checkpoint import Snapshot, parts, restored
from execd.errors import JournalCorrupt
from execd.journal import sql
from execd.journal.chain import Chain
from execd.journal.write import transaction

KEPT_N: Final = 2
"""The newest, and one in case it cannot be read."""
GROUP_BYTES: Final = 262_144
"""What is written in one transaction: some milliseconds, in which a commit has to wait."""
_LEVEL: Final = 1
_DIGEST_BYTES: Final = 16

PartRow = tuple[int, int, bytes]


class Pending(msgspec.Struct, frozen=True):
    """A checkpoint that is to be written: the book after record `seq`."""

    seq: int
    now_ns: int
    sum: int
    taken: Snapshot


class Head(msgspec.Struct, frozen=True):
    """The row that makes a checkpoint valid."""

    seq: int
    now_ns: int
    sum: int
    parts: int
    digest: str


def groups(pending: Pending) -> Iterator[tuple[list[PartRow], Head | None]]:
    """Yield what to write, a transaction's worth at a time; the head comes with the last.

    It is slow: run it where nobody waits.
    """
    digest, group, size, number = blake2b(digest_size=_DIGEST_BYTES), list[PartRow](), 0, 0
    for part in parts(pending.taken):
        # zlib lets other threads run, and a smaller part is written sooner.
        body = zlib.compress(part, _LEVEL)
        digest.update(body)
        group.append((pending.seq, number, body))
        number, size = number + 1, size + len(body)
        if size >= GROUP_BYTES:
            yield group, None
            group, size = [], 0
    yield group, Head(pending.seq, pending.now_ns, pending.sum, number, digest.hexdigest())


def write_group(connection: sqlite3.Connection, rows: Iterable[PartRow], head: Head | None) -> None:
    """Write some parts, which mean nothing without their head; with it the checkpoint is valid, and old ones go."""
    with transaction(connection):
        connection.executemany(sql.query("write_checkpoint_part"), rows)
        if head is not None:
            connection.execute(sql.query("write_checkpoint"), msgspec.structs.astuple(head))
            connection.execute(sql.query("forget_checkpoints"), (KEPT_N,))
            connection.execute(sql.query("forget_checkpoint_parts"))


def heads(connection: sqlite3.Connection) -> list[Head]:
    """Return the heads there are, the newest first."""
    return [Head(*row) for row in connection.execute(sql.query("read_checkpoints"))]


def newest(connection: sqlite3.Connection) -> tuple[Book, Chain]:
    """Return the book of the newest checkpoint that can be read, and where the tail begins; an empty book for none.

    Raises JournalCorrupt where a checkpoint is of another story than the records.
    """
    for head in heads(connection):
        _compare(connection, head)
        book = read(connection, head)
        if book is not None:
            return book, Chain(head.seq, head.sum)
    return Book(), Chain()


def read(connection: sqlite3.Connection, head: Head) -> Book | None:
    """Return the book of a checkpoint; None where it is damaged, or of a version that this program cannot read."""
    digest, number = blake2b(digest_size=_DIGEST_BYTES), 0
    bodies: list[bytes] = []
    for (body,) in connection.execute(sql.query("read_checkpoint_parts"), (head.seq,)):
        digest.update(body)
        bodies.append(body)
        number += 1
    if number != head.parts or digest.hexdigest() != head.digest:
        return None
    try:
        return restored(zlib.decompress(body) for body in bodies)
    except (msgspec.MsgspecError, zlib.error):
        return None


def _compare(connection: sqlite3.Connection, head: Head) -> None:
    stored = connection.execute(sql.query("read_sum"), (head.seq,)).fetchone()
    archived = connection.execute(sql.query("read_archived_seq")).fetchone()[0]
    if head.seq <= archived:
        return
    if stored is None:
        raise JournalCorrupt(f"record {head.seq} of the journal is missing: a checkpoint says that it was there")
    if stored[0] != head.sum:
        raise JournalCorrupt(f"record {head.seq} of the journal is not the one that its checkpoint was made of")
