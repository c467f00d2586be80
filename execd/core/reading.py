"""What becomes of a reading of an account at its broker.

A part of `core/events`, in a file of its own. A reading is asked for by the
effect `TakeSnapshot`; what it holds is in `core/snapshot`.
"""

import msgspec

from execd.core.snapshot import AccountSnapshot


class SnapshotReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A broker was asked what an account holds, and said it; `ref` names who wants to hear the verdicts.

    `is_dry`: they are only told.
    """

    now_ns: int
    snapshot: AccountSnapshot
    ref: str = ""
    is_dry: bool = False


class SnapshotFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A broker could not be asked what an account holds, or said nothing that can be read. It proves nothing."""

    now_ns: int
    account: str
    text: str
    ref: str = ""


class ReadingWorked(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A reading of an account is compared for one bounded step; the cycle makes this event itself."""

    now_ns: int


class ReadingAsked(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """An operator wants an account compared with its broker now, and to hear what differs; `is_dry`: only that."""

    now_ns: int
    account: str
    ref: str
    is_dry: bool = False


Reading = SnapshotReceived | SnapshotFailed | ReadingWorked | ReadingAsked
"""What becomes of a reading of an account."""
