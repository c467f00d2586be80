"""What is done, on the way up, about events that the daemon died of.

Such an event was journaled raw. It is set aside once: its parent is held, an
order of which a report was poison is read only as a whole from then on, and a
symbol whose market data was poison is not priced. Never a crash loop.
"""

from typing import Final

from execd.core.codec import encode_text
from execd.core.events import (
    DocumentReceived,
    Event,
    HaltReceived,
    ListReceived,
    ListWorked,
    LookedUp,
    LookupFailed,
    ParentReceived,
    PrintsReceived,
    QuoteReceived,
    ReportReceived,
    RequestFailed,
)
from execd.core.parents import Poison
from execd.core.records import Poisoned, PoisonSetAside
from execd.engine.desk import Desk

ERROR_MAX: Final = 500
REFERENCE_KIND: Final = "ReferenceReceived"
READING_KINDS: Final = ("SnapshotReceived", "ReadingWorked")
FILE_KINDS: Final = ("ParentReceived", "ListReceived", "ListWorked", "DocumentReceived")


def set_aside(desk: Desk, now_ns: int) -> None:
    """Take note of every poison that was not looked at yet."""
    fresh = [poison for poison in desk.book.poisons.values() if not poison.is_set_aside]
    for poison in fresh:
        desk.record(PoisonSetAside(now_ns=now_ns, poisoned_ns=poison.now_ns))
        text = f"{poison.kind} could not be digested ({poison.error}) and was set aside; please report it"
        desk.alert("poison", text, parent_id=poison.parent_id, severity="critical")
        if poison.kind in READING_KINDS:
            # Whatever it was in the broker's word, this life does without it: no new risk, and no crash loop.
            desk.comparing.is_off = True
        # The same files would be told again at each start.
        desk.markets.is_deaf_to_days |= poison.kind == REFERENCE_KIND
        if poison.parent_id in desk.open_parents:
            desk.hold(poison.parent_id, f"poison: {poison.kind} {poison.error}", now_ns)
    if fresh:
        # The rows of the batch that died were not written: write every row anew.
        desk.book.touch_all()
    desk.muted = dict.fromkeys(poison.symbol for poison in desk.book.poisons.values() if poison.symbol)


def is_poison(desk: Desk, intent_id: str) -> bool:
    """Whether a file with this id is what the daemon died of."""
    return any(poison.kind in FILE_KINDS and _names(poison, intent_id) for poison in desk.book.poisons.values())


def _names(poison: Poison, intent_id: str) -> bool:
    # Without taking a list of ten thousand ids apart for each row that is asked about.
    return intent_id in poison.parent_id and f"\n{intent_id}\n" in f"\n{poison.parent_id}\n"


def _all_of(event: ListReceived) -> str:
    return "\n".join(item.parent.parent_id for item in event.items)


def poisoned(desk: Desk, event: Event, error: Exception, now_ns: int) -> Poisoned:
    """Return the record of an event that could not be digested."""
    parent_id, cl_ord_id, symbol = desk.subject, "", ""
    match event:
        case ParentReceived():
            parent_id = event.parent.parent_id
        case DocumentReceived():
            parent_id = event.document_id
        case ListReceived():
            parent_id = _all_of(event)
        case ListWorked():
            # Of a row's turn the row is the cause, else the list that is at work.
            parent_id = parent_id or (_all_of(desk.lists[0][0]) if desk.lists else "")
        case ReportReceived(report=report):
            cl_ord_id = report.cl_ord_id
        case LookedUp(cl_ord_id=asked) | LookupFailed(cl_ord_id=asked) | RequestFailed(cl_ord_id=asked):
            cl_ord_id = asked
        case QuoteReceived(quote=tick) | PrintsReceived(prints=tick) | HaltReceived(halt=tick):
            # Of a parent's turn the parent is the cause, else the tick itself.
            symbol = "" if parent_id else tick.symbol
        case _:
            pass  # Timers and commands have their subject; of the rest only the raw event is known.
    order = desk.book.order_of(cl_ord_id)
    return Poisoned(
        now_ns=now_ns,
        kind=type(event).__name__,
        body=encode_text(event),
        error=f"{type(error).__name__}: {error}"[:ERROR_MAX],
        parent_id=parent_id if order is None else order.first.parent_id,
        cl_ord_id=cl_ord_id,
        symbol=symbol,
    )
