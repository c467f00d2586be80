"""How a batch becomes what the database is given, and a row becomes a record again.

Pure translation: nothing here opens, orders or folds. A record is stored as
the text that `core/codec.py` makes of it, so what is saved is what is loaded.
"""

from typing import Final, NamedTuple, assert_never

import msgspec

from execd.core.batch import Batch
from execd.core.codec import decoder, encode_text
from execd.core.latching import Controlled, Killed, ScopePaused, ScopeResumed, Unkilled
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.projection import TABLES, Rows
from execd.core.reconciled import AccountMet, ExternalSeen, Reconciled
from execd.core.records import (
    Adopted,
    Commanded,
    DocumentTaken,
    Failed,
    Found,
    Halted,
    HaltLifted,
    Missed,
    ParentAccepted,
    ParentAmended,
    ParentEnded,
    ParentHeld,
    ParentPaused,
    ParentRecalled,
    ParentRefused,
    ParentReleased,
    ParentResumed,
    ParentsRetired,
    ParentStarted,
    ParentStopping,
    Poisoned,
    PoisonSetAside,
    Record,
    Reported,
    Resent,
    Resolved,
    Sending,
    Stepped,
    Tombstoned,
    Waited,
)
from execd.errors import JournalCorrupt
from execd.journal.chain import Chain

_record_decoder: Final = decoder(Record)

BROKER_KINDS: Final = ("Reported", "Failed", "Found", "Missed", "Resent", "Resolved")
"""Kinds of records that are filed under the cl_ord_id they speak of; as `read_records_of_parent` has them."""

RecordRow = tuple[int, int, str, str, str, int]
"""seq, now_ns, kind, subject, body, sum: a row of the table `records`."""


class Stored(msgspec.Struct, frozen=True):
    """A record with its place in the journal; places count from 1 without a gap."""

    seq: int
    record: Record


class Writing(NamedTuple):
    """A batch as it is written: rows of `records`, the rows of the book that they changed, and the chain after it."""

    records: list[RecordRow]
    rows: Rows
    chain: Chain


def writing(batch: Batch, chain: Chain) -> Writing:
    """Return `batch` with its records numbered and linked after `chain`, which is not moved: the commit may fail."""
    onward = Chain(chain.seq, chain.sum)
    return Writing([_row(onward, record) for record in batch.records], batch.rows, onward)


def is_empty(batch: Batch) -> bool:
    """Whether there is nothing to write."""
    return not batch.records and not any(getattr(batch.rows, table) for table in TABLES)


def stored(seq: int, body: str) -> Stored:
    """Return the record of a row; JournalCorrupt where this program cannot read it."""
    try:
        return Stored(seq, _record_decoder.decode(body))
    except msgspec.MsgspecError as error:
        message = (
            f"record {seq} of the journal cannot be read: {error}; restore a backup, or run the version that wrote it"
        )
        raise JournalCorrupt(message) from error


def subject_of(record: Record) -> str:
    """Return what a record is found by: a parent_id, of a broker's word the cl_ord_id; empty where it is of neither."""
    match record:
        # The frequent kinds stand first: each case is asked before all those below it.
        case Stepped() | ParentEnded():
            return record.parent_id
        case Sending():
            return record.request.parent_id
        case Reported():
            return record.report.cl_ord_id
        case Reconciled():
            return record.subject
        case ParentAccepted() | ParentRefused():
            return record.parent.parent_id
        case (
            ParentStarted()
            | ParentStopping()
            | ParentHeld()
            | Waited()
            | ParentAmended()
            | ParentPaused()
            | ParentResumed()
            | ParentReleased()
            | Tombstoned()
            | Poisoned()
        ):
            return record.parent_id
        case Failed() | Found() | Missed() | Resent() | Resolved():
            return record.cl_ord_id
        case DocumentTaken():
            return record.target
        case ParentRecalled():
            return record.parent.order.parent_id
        case Controlled():
            return record.controller_id
        case Commanded():
            return getattr(record.command, "parent_id", "")
        case (
            Killed()
            | Unkilled()
            | ScopePaused()
            | ScopeResumed()
            | Halted()
            | HaltLifted()
            | Adopted()
            | ParentsRetired()
            | PoisonSetAside()
            | ListStaged()
            | ListAccepted()
            | ListDropped()
            | ExternalSeen()
            | AccountMet()
        ):
            return ""
        case _:
            assert_never(record)


def _row(chain: Chain, record: Record) -> RecordRow:
    seq, kind, subject, body = chain.seq + 1, type(record).__name__, subject_of(record), encode_text(record)
    return (seq, record.now_ns, kind, subject, body, chain.add(seq, record.now_ns, kind, subject, body))
