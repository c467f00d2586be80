"""What the journal keeps of a comparison with a broker: verdicts, orders of others, and when an account was first met.

A part of `core/records`, in a file of its own. A verdict stands before the
facts that were made of it, and changes nothing itself.
"""

from typing import Literal

import msgspec

from execd.core.reports import OrderSnapshot

Right = Literal["broker", "journal", "neither"]


class Reconciled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A difference was found: by which rule (a stable name), about what, and who was right.

    `subject` is a ClOrdID, or a symbol where `symbol` is the same; `text` says what differed and what was done.
    """

    now_ns: int
    account: str
    rule: str
    subject: str
    symbol: str
    right: Right
    text: str


class ExternalSeen(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An order that is not ours, as the broker shows it now; what it has traded counts as held by others."""

    now_ns: int
    account: str
    seen: OrderSnapshot


class AccountMet(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account was read whole for the first time: what was traded there before is none of ours.

    `broker_ns` is that instant by the broker's clock, by which its lists are asked (0: it told none).
    """

    now_ns: int
    account: str
    broker_ns: int = 0


Comparison = Reconciled | ExternalSeen | AccountMet


class ExternalKey(msgspec.Struct, frozen=True, gc=False, order=True):
    """Whose order: an account, and what the order is called there (`snapshot.name_of`)."""

    account: str
    name: str
