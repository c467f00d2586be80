"""How a batch becomes what the database is given, and a row becomes a record again.

Pure translation: nothing here opens, orders or folds. A record is stored as
the text that `core/codec.py` makes of it, so what is saved is what is loaded.
"""

from typing import Final, NamedTuple, assert_never

import msgspec

from execd.core.batch import Batch
from execd.core.codec import decoder, encode_text
from execd.core.records import (
    Commanded,
    Failed,
    Found,
    ParentAccepted,
    ParentEnded,
    ParentHeld,
    ParentRefused,
    ParentStarted,
    ParentStopping,
    Record,
    Reported,
    Sending,
    Stepped,
    Waited,
)
from execd.errors import JournalForeign

_record_decoder: Final = decoder(Record)


class Stored(msgspec.Struct, frozen=True):
    """A record with its place in the journal; places count from 1 without a gap."""

    seq: int
    record: Record


class Document(NamedTuple):
    """A batch as the six parameters of `commit_batch`: a JSON array of rows for each table."""

    records: str
    parents: str
    orders: str
    fills: str
    allocations: str
    positions: str


def document(batch: Batch, first_seq: int) -> Document:
    """Return `batch` with its records numbered from `first_seq`."""
    rows = batch.rows
    return Document(
        records=encode_text([_row(seq, record) for seq, record in enumerate(batch.records, start=first_seq)]),
        parents=encode_text(rows.parents),
        orders=encode_text(rows.orders),
        fills=encode_text(rows.fills),
        allocations=encode_text(rows.allocations),
        positions=encode_text(rows.positions),
    )


def stored(seq: int, body: str) -> Stored:
    """Return the record of a row; JournalForeign where this program cannot read it."""
    try:
        return Stored(seq, _record_decoder.decode(body))
    except msgspec.MsgspecError as error:
        message = (
            f"record {seq} of the journal cannot be read: {error}; restore a backup, or run the version that wrote it"
        )
        raise JournalForeign(message) from error


def subject_of(record: Record) -> str:
    """Return what a record is found by: a parent_id, or the cl_ord_id that a broker's word speaks of."""
    match record:
        case ParentAccepted() | ParentRefused():
            return record.parent.parent_id
        case ParentStarted() | Stepped() | ParentStopping() | ParentHeld() | Waited() | ParentEnded():
            return record.parent_id
        case Sending():
            return record.request.parent_id
        case Reported():
            return record.report.cl_ord_id
        case Failed() | Found():
            return record.cl_ord_id
        case Commanded():
            return record.command.parent_id
        case _:
            assert_never(record)


def _row(seq: int, record: Record) -> tuple[int, int, str, str, str]:
    return (seq, record.now_ns, type(record).__name__, subject_of(record), encode_text(record))
