"""What can happen; what may follow is in `core/effects`.

Every `Event` carries `now_ns`, the runner's instant of taking it; what comes
from a broker carries the account. A new event is a class here, a rank in
`engine/cycle.py` and a case in `engine/engine.py`.
"""

from typing import Literal

import msgspec

from execd.core import effects
from execd.core.commands import Command
from execd.core.enums import Outcome, ParentStatus
from execd.core.market import Halt, Prints, Quote
from execd.core.order import Order
from execd.core.orders import ParentOrder
from execd.core.parents import Parent
from execd.core.reading import Reading
from execd.core.reports import ExecReport, OrderSnapshot
from execd.core.rules import Rules
from execd.core.shown import Shown


class QuoteReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The top of book of a symbol; the latest stands for all before it."""

    now_ns: int
    quote: Quote


class PrintsReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Prints of a symbol since the last such event."""

    now_ns: int
    prints: Prints


class HaltReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A halt began or ended."""

    now_ns: int
    halt: Halt


class StreamAlive(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The quote stream proved that it is up: standing quotes of subscribed symbols are as fresh as this."""

    now_ns: int


class StreamGap(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A stream was, or may have been, down: until it proves itself nothing it said before is fresh."""

    now_ns: int
    account: str
    stream: Literal["quotes", "reports"]
    text: str = ""


class ReportReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A broker reported on an order."""

    now_ns: int
    account: str
    report: ExecReport


class RequestFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A request ended without a report: surely not live, or unknown."""

    now_ns: int
    account: str
    cl_ord_id: str
    outcome: Outcome
    text: str = ""


class LookedUp(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The broker was asked for one order: what it said, or None for a healthy "no such order"."""

    now_ns: int
    account: str
    cl_ord_id: str
    seen: OrderSnapshot | None


class LookupFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The broker could not be asked, or its answer could not be read. It proves nothing."""

    now_ns: int
    account: str
    cl_ord_id: str
    text: str = ""


class Known(msgspec.Struct, frozen=True, gc=False):
    """What the journal says of an id that has left memory."""

    content_hash: str
    status: ParentStatus


class ParentReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A valid intent arrived. `content_hash` is of the intent before defaults; `ref` names who wants the answer.

    `known` is the journal's word on the id, where somebody asked; the book is asked first.
    """

    now_ns: int
    parent: ParentOrder
    content_hash: str
    ref: str = ""
    known: Known | None = None


class ListItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One intent of a list."""

    parent: ParentOrder
    content_hash: str
    known: Known | None = None


class ListReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Valid intents of one file arrived. `is_atomic`: all of them are taken, or none."""

    now_ns: int
    items: tuple[ListItem, ...]
    is_atomic: bool
    ref: str = ""


class DocumentReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A file that asks for something about another intent arrived; its id makes it count once."""

    now_ns: int
    document_id: str
    content_hash: str
    command: Command
    ref: str = ""
    known: Known | None = None


class CommandReceived(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """An operator asked for something; `uid` and `pid` are who, `ref` names who wants the answer."""

    now_ns: int
    command: Command
    uid: int
    pid: int = 0
    ref: str = ""


class IdsLost(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ids that were used, and of which the journal no longer knows what for: it was restored or rebuilt."""

    now_ns: int
    ids: tuple[str, ...]


class PollDue(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The reports of an account are not heard: what is open there is to be asked about."""

    now_ns: int
    account: str


class TroubleReported(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Something that the daemon stands on is in trouble, or is well again (`is_over`).

    `is_halting`: no new risk until it is over or an operator lifts it. `cause` is a stable word.
    """

    now_ns: int
    cause: str
    text: str
    account: str = ""
    is_over: bool = False
    is_halting: bool = True
    severity: Literal["critical", "warning", "info"] = "critical"


class ClockJumped(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The wall clock and ours disagree by `skew_ns`, or the machine slept for `jump_ns` (`is_suspend`)."""

    now_ns: int
    jump_ns: int
    skew_ns: int
    is_suspend: bool = False


class RulesChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The operator changed the rules; what is under way is judged by the new ones from here on."""

    now_ns: int
    rules: Rules


class RecallAnswered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The journal was asked whose an order is that left memory; None where it does not know it either.

    `account` is that of the report that began it; empty where the order was told of before a restart.
    """

    now_ns: int
    cl_ord_id: str
    account: str = ""
    parent: Parent | None = None
    orders: tuple[Order, ...] = ()


class RateLimitHit(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A broker said that an account has asked too often (429): it waits until `until_ns`, 0 where it did not say."""

    now_ns: int
    account: str
    until_ns: int = 0
    text: str = ""


Answered = RequestFailed | LookedUp | LookupFailed | RecallAnswered | RateLimitHit
"""What comes back of something that was asked."""


class TimerFired(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A wake that the engine asked for is due; `key` is a parent id, or one of the engine's own names."""

    now_ns: int
    key: str


class ParentWoken(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """It is the turn of a parent that something woke, one among many; the cycle makes this event itself."""

    now_ns: int
    parent_id: str
    cause: str


class ListWorked(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A long list has its turn for one bounded step; the cycle makes this event itself."""

    now_ns: int


class Recovered(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The journal has been folded: take up what was open."""

    now_ns: int


class StopRequested(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The process will end: begin nothing new. `cancel` pulls what works; parents go on at the next start."""

    now_ns: int
    reason: str
    policy: Literal["leave", "cancel"] = "leave"


Event = (
    QuoteReceived
    | PrintsReceived
    | Shown
    | HaltReceived
    | StreamAlive
    | StreamGap
    | ReportReceived
    | RequestFailed
    | LookedUp
    | LookupFailed
    | Reading
    | RateLimitHit
    | ParentReceived
    | ListReceived
    | DocumentReceived
    | CommandReceived
    | IdsLost
    | PollDue
    | TroubleReported
    | ClockJumped
    | RulesChanged
    | RecallAnswered
    | TimerFired
    | ParentWoken
    | ListWorked
    | Recovered
    | StopRequested
)

# What may follow is in a file of its own, and found here too: whoever handles events wishes for effects.
Submit = effects.Submit
Cancel = effects.Cancel
Replace = effects.Replace
SetTimer = effects.SetTimer
Query = effects.Query
TakeSnapshot = effects.TakeSnapshot
DoubtStream = effects.DoubtStream
Recall = effects.Recall
Subscribe = effects.Subscribe
WriteReport = effects.WriteReport
Alert = effects.Alert
RowRefusal = effects.RowRefusal
Reply = effects.Reply
Effect = effects.Effect
