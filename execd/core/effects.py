"""What may follow from an event: wishes that leave the process only after the records of their batch are durable.

An `Effect` is data; who carries it out is `runtime/release.py`. A new one is a
class here and a case there.
"""

from typing import Literal

import msgspec

from execd.core.enums import RequestClass
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.verdict import Verdict


class Submit(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Send a new order. `kind` is the class by which it has its turn."""

    request: NewOrder
    kind: RequestClass = RequestClass.NEW


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Send a cancel. `order_id` is the broker's name of the order, empty while not known."""

    request: CancelRequest
    order_id: str = ""


class Replace(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Send a replace. `kind` is the class by which it has its turn."""

    request: ReplaceRequest
    order_id: str = ""
    kind: RequestClass = RequestClass.REPLACE


class SetTimer(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Fire `TimerFired(key)` at `at_ns` (at once where that is past), in the place of an earlier timer of the key."""

    key: str
    at_ns: int


class Query(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Ask the broker for one order by its first ClOrdID."""

    account: str
    cl_ord_id: str


class TakeSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Ask a broker what an account holds, and what changed there since `since_ns`; `ref` and `is_dry` come back."""

    account: str
    since_ns: int
    ref: str = ""
    is_dry: bool = False


class DoubtStream(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Begin the report stream of an account anew: it has not told what was found by asking."""

    account: str
    text: str


class Recall(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Ask the journal for the parent of an order that left memory."""

    account: str
    cl_ord_id: str


class Subscribe(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask the feed for these symbols, in addition to those asked for before."""

    symbols: tuple[str, ...]


class WriteReport(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The report of a parent changed; the terminal one is written at once and fsynced."""

    parent_id: str
    is_terminal: bool


class Alert(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Somebody should know. `code` is stable; `text` says what is wrong and what to do.

    `about` says what it is about where that is no intent. `is_standing`: it tells how things stand, not what happened;
    the same text again is then no news to who has acknowledged it. `is_over`: what was told of this is over; it closes
    by itself what is open under the same code about the same, and is nothing where nothing was told.
    """

    code: str
    text: str
    severity: Literal["critical", "warning", "info"] = "warning"
    parent_id: str = ""
    about: str = ""
    is_standing: bool = False
    is_over: bool = False


class RowRefusal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Why one intent of a list was refused; `field` is whose value it is about, where it is about one."""

    parent_id: str
    code: str
    text: str
    field: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The answer to an intent or a command, for whoever `ref` names.

    `code`: accepted, duplicate, or a stable refusal code. `rows` are the refused intents of a list; `field` is the
    field that a refusal is about, where it is about one; `verdicts` are what a comparison with the broker found.
    """

    ref: str
    is_ok: bool
    code: str
    text: str = ""
    parent_id: str = ""
    rows: tuple[RowRefusal, ...] = ()
    field: str = ""
    verdicts: tuple[Verdict, ...] = ()


Effect = (
    Submit
    | Cancel
    | Replace
    | SetTimer
    | Query
    | TakeSnapshot
    | DoubtStream
    | Recall
    | Subscribe
    | WriteReport
    | Alert
    | Reply
)
