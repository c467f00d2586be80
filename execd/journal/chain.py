"""The chained sum: one number a record, which stands for it and for every record before it.

A bit that flips, a row that vanishes from the middle and a row that somebody
else has put there all break the chain at the first place that differs. It is
no signature: whoever can write the file can write a new chain. The sum of a
journal without records is 0. Nothing here opens a file.
"""

from hashlib import blake2b
from typing import Final

from execd.errors import JournalCorrupt

_SUM_BYTES: Final = 8


def link(sum_before: int, seq: int, now_ns: int, kind: str, subject: str, body: str) -> int:
    """Return the sum of a record that follows one with `sum_before`; a signed integer of 64 bits, as SQLite holds."""
    told = f"{seq}\x1f{now_ns}\x1f{kind}\x1f{subject}\x1f{body}".encode()
    key = sum_before.to_bytes(_SUM_BYTES, "big", signed=True)
    return int.from_bytes(blake2b(told, key=key, digest_size=_SUM_BYTES).digest(), "big", signed=True)


class Chain:
    """The end of a chain: where the next record is linked, or checked."""

    def __init__(self, seq: int = 0, total: int = 0) -> None:
        """Stand behind record `seq`, whose sum is `total`; behind none at all by default."""
        self.seq = seq
        self.sum = total

    def add(self, seq: int, now_ns: int, kind: str, subject: str, body: str) -> int:
        """Link the next record and return its sum. Raises JournalCorrupt where it is not the next one."""
        if seq != self.seq + 1:
            raise JournalCorrupt(f"record {self.seq + 1} of the journal is missing")
        self.sum = link(self.sum, seq, now_ns, kind, subject, body)
        self.seq = seq
        return self.sum

    def check(self, seq: int, now_ns: int, kind: str, subject: str, body: str, total: int) -> None:
        """Take the next record as it is stored. Raises JournalCorrupt where it is missing or not what was written."""
        if self.add(seq, now_ns, kind, subject, body) != total:
            raise JournalCorrupt(f"record {seq} of the journal is not what was written, or one before it is not")
