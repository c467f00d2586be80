"""What a book holds beside broker orders: parents, positions, documents, halts, poison.

Frozen values; `core/book.py` folds records into them and is the only one who
makes new ones. What is stored here is stored in checkpoints, so a field is
added with a default and never reused with another meaning.
"""

from decimal import Decimal
from itertools import takewhile
from typing import Final

import msgspec

from execd.core.enums import ParentStatus
from execd.core.market import Quote
from execd.core.orders import ParentOrder, Plan, Sleeve
from execd.core.wake import NEVER, Wake

ZERO: Final = Decimal(0)
HELD: Final = "held: "
RELEASED: Final = "released"
"""How the lines of a parent's story begin that say why it was held, and that it was released."""


class SavedAlgo(msgspec.Struct, frozen=True, kw_only=True):
    """An algorithm's state as it is stored: which kind, which layout, and its fields as JSON."""

    name: str
    version: int
    fields: msgspec.Raw


class Note(msgspec.Struct, frozen=True, gc=False):
    """One line of a parent's story."""

    now_ns: int
    text: str


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """What we know of one parent.

    `children` are keys of orders, `requests_n` counts every request made for it, `unsent_n` the last ones in a row that
    were surely not sent, of which the latest failed at `unsent_ns`.
    """

    order: ParentOrder
    content_hash: str
    received_ns: int
    status: ParentStatus = ParentStatus.QUEUED
    reason: str = ""
    order_qty: Decimal | None = None
    plan: Plan | None = None
    arrival: Quote | None = None
    started_ns: int | None = None
    expire_ns: int | None = None
    ended_ns: int | None = None
    algo: SavedAlgo | None = None
    wake: Wake = NEVER
    children: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    requests_n: int = 0
    unsent_n: int = 0
    unsent_ns: int = 0
    stopping: ParentStatus | None = None
    is_paused: bool = False
    cum_qty: Decimal = ZERO
    notional: Decimal = ZERO
    commission: Decimal = ZERO
    notes: tuple[Note, ...] = ()
    revision: int = 0

    @property
    def avg_px(self) -> Decimal | None:
        """Average price of what is filled; None while nothing is."""
        return self.notional / self.cum_qty if self.cum_qty else None

    def is_held_for(self, reason: str) -> bool:
        """Whether it is held, and its story since it was released last says for this."""
        if self.status is not ParentStatus.HELD:
            return False
        since = takewhile(lambda note: not note.text.startswith(RELEASED), reversed(self.notes))
        return reason == self.reason or any(note.text == f"{HELD}{reason}" for note in since)

    @property
    def leaves_qty(self) -> Decimal:
        """Quantity still wanted; zero before it is known."""
        return max(ZERO, self.order_qty - self.cum_qty) if self.order_qty is not None else ZERO


class PositionKey(msgspec.Struct, frozen=True, gc=False, order=True):
    """Whose position in what."""

    sleeve: Sleeve
    symbol: str


class Position(msgspec.Struct, frozen=True, gc=False):
    """Signed quantity, and what was paid for it so far less what was received (currency units)."""

    qty: Decimal = ZERO
    paid: Decimal = ZERO


class HoldingKey(msgspec.Struct, frozen=True, gc=False, order=True):
    """A symbol on an account, whoever owns it."""

    account: str
    symbol: str


class Document(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file that asked for something about another intent: what it was, about whom, and what became of it."""

    document_id: str
    kind: str
    target: str
    content_hash: str
    code: str
    received_ns: int


class Halt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No new risk, on one account or on all (empty), in one symbol or in all (empty), since `now_ns` for `cause`."""

    now_ns: int
    account: str
    cause: str
    text: str
    symbol: str = ""


class HaltKey(msgspec.Struct, frozen=True, gc=False, order=True):
    """Which halt: one for each account, symbol and cause."""

    account: str
    cause: str
    symbol: str = ""


class Poison(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event that our code could not digest. Its parent is held, its order's fills come only from lookups."""

    now_ns: int
    kind: str
    parent_id: str
    cl_ord_id: str
    symbol: str
    error: str
    is_set_aside: bool = False
