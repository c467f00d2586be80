"""Intents at the door: known or new, refused or queued.

An id counts once. What it says is remembered even after the intent has left
memory, for then the event brings the journal's word on it. Lists are in
`listing`, which judges and takes each row by what is here.
"""

from decimal import Decimal
from itertools import islice
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.book import Parent
from execd.core.codec import content_hash, plain
from execd.core.enums import ParentStatus, Side
from execd.core.events import IdsLost, Known, ListItem, ParentReceived
from execd.core.orders import ParentOrder
from execd.core.records import ParentAccepted, ParentRefused, Tombstoned
from execd.engine import memory, risk
from execd.engine.desk import Desk
from execd.engine.ending import stop_parent
from execd.engine.poison import is_poison
from execd.engine.starting import replaced_targets, try_start
from execd.engine.staying_out import pull_live

ZERO: Final = Decimal(0)
ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
SUPERSEDED_BEFORE: Final = "superseded_before"
USED_BEFORE_RESTORE: Final = "used_before_restore"
SECOND_LEG: Final = "~2"
"""Ends the id of the opening leg of a target through zero; no intent's own id may hold the sign."""
DUPLICATES_SCANNED_MAX: Final = 1_000


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of an intent. `uses_id`: the refusal is its answer for ever; `field` is whose value it is about."""

    code: str
    text: str = ""
    uses_id: bool = False
    field: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it is ours."""
        return self.code in {ACCEPTED, DUPLICATE}


def receive(desk: Desk, event: ParentReceived) -> None:
    """Take a valid intent: answer a known id, refuse, or queue it and try to start."""
    item = ListItem(parent=event.parent, content_hash=event.content_hash, known=event.known)
    verdict = judge(desk, item, event.now_ns)
    take(desk, item, verdict, event.now_ns)
    text = verdict.text or _held_text(desk, event.parent.parent_id)
    desk.reply(
        event.ref, verdict.code, text, is_ok=verdict.is_ok, parent_id=event.parent.parent_id, field=verdict.field
    )


def _held_text(desk: Desk, parent_id: str) -> str:
    """Return why an intent that was just taken waits for an operator; empty where it does not."""
    parent = desk.book.parents.get(parent_id)
    return f"held: {parent.reason}" if parent is not None and parent.status is ParentStatus.HELD else ""


def judge(desk: Desk, item: ListItem, now_ns: int) -> Verdict:
    """Say what becomes of an intent; nothing is changed by it."""
    parent = item.parent
    parent_id = parent.parent_id
    if is_poison(desk, parent_id):
        return Verdict("poison", f"{parent_id} ended the daemon once; it is not taken again")
    known = _known(desk, item)
    if known is not None:
        if known.content_hash == item.content_hash:
            return Verdict(DUPLICATE, "the same intent is known; nothing was sent")
        return Verdict("id_conflict", f"id {parent_id} was used for something else; give the new one an id of its own")
    if desk.is_stopping:
        return Verdict("stopping", "the daemon is stopping; drop the file again after the restart")
    tombstone = desk.book.tombstones.get(parent_id)
    if tombstone == USED_BEFORE_RESTORE:
        # Not its answer for ever: the report that its first life left in the outbox is not overwritten.
        text = f"{parent_id} was used before the journal was restored, and may have traded: its report, if it is still "
        return Verdict(tombstone, f"{text}in the outbox, tells; if it is wanted once more, give it a new id")
    if tombstone is not None:
        return Verdict(tombstone, "another file asked for that before it came", uses_id=True)
    refusal = risk.accept(parent, desk.rules, now_ns)
    if refusal is None:
        return Verdict(ACCEPTED)
    return Verdict(refusal.code, refusal.text, uses_id=True, field=refusal.field)


def take(desk: Desk, item: ListItem, verdict: Verdict, now_ns: int) -> None:
    """Do with an intent what was judged."""
    parent, parent_id = item.parent, item.parent.parent_id
    if verdict.code == "id_conflict":
        desk.alert(verdict.code, verdict.text, parent_id=parent_id)
    elif verdict.code == ACCEPTED:
        accept(desk, parent, item.content_hash, now_ns)
    elif verdict.uses_id:
        record = ParentRefused(
            now_ns=now_ns, parent=parent, content_hash=item.content_hash, code=verdict.code, text=verdict.text
        )
        desk.record(record)
        desk.write_report(parent_id)


def accept(desk: Desk, parent: ParentOrder, its_hash: str, now_ns: int) -> None:
    """Queue an intent and try to start it."""
    parent_id = parent.parent_id
    desk.record(ParentAccepted(now_ns=now_ns, parent=parent, content_hash=its_hash))
    desk.enter(parent_id)
    desk.write_report(parent_id)
    desk.subscribe(parent.symbol)
    reason = hold_reason(desk, parent, now_ns)
    if reason:
        desk.hold(parent_id, reason, now_ns)
        return
    _supersede(desk, desk.parent(parent_id), now_ns)
    try_start(desk, parent_id, now_ns)


def hold_reason(desk: Desk, parent: ParentOrder, now_ns: int) -> str:
    """Return why an intent that is accepted waits for an operator before it starts; empty where it does not."""
    sent = memory.sent_before(desk, parent)
    if sent:
        return (
            f"sent_before: the broker knows {sent} of this id, the journal does not: compare, then release or cancel it"
        )
    twin = _twin(desk, parent, now_ns)
    if twin is not None:
        return f"duplicate_suspected: {twin} asks for the same; release it, or send it with allow_duplicate: true"
    return ""


def take_listed(desk: Desk, parent_id: str, now_ns: int) -> None:
    """Let a row of an accepted list become an intent, where it has not yet."""
    row = desk.book.listed.get(parent_id)
    if row is None:
        return
    if is_poison(desk, parent_id):
        text = f"{parent_id} ended the daemon once; it is not taken again"
        item = ListItem(parent=row.parent, content_hash=row.content_hash)
        take(desk, item, Verdict("poison", text, uses_id=True), now_ns)
        return
    accept(desk, row.parent, row.content_hash, now_ns)


def open_second_leg(desk: Desk, parent: Parent, now_ns: int) -> None:
    """Go on to a target beyond zero, now that the leg to zero is filled."""
    order = parent.order
    if order.target_qty is None or parent.status is not ParentStatus.FILLED or parent.order_qty is None:
        return
    if parent.stopping is not None:
        return  # It was cancelled or replaced, and filled all the same: nobody wants the rest of its way.
    parent_id = order.parent_id + SECOND_LEG
    is_through = desk.owned_qty(parent) == ZERO and order.target_qty != ZERO
    if not is_through or order.parent_id.endswith(SECOND_LEG) or parent_id in desk.book.parents or desk.is_stopping:
        return
    second = replace(order, parent_id=parent_id, side=Side.BUY, supersedes="", effective_ns=now_ns)
    accept(desk, second, content_hash({"second_leg_of": order.parent_id}), now_ns)


def refuse_lost(desk: Desk, event: IdsLost) -> None:
    """Remember ids that were used before the journal was restored: none of them trades a second time."""
    book = desk.book
    for one in event.ids:
        if one not in book.parents and one not in book.documents and one not in book.tombstones:
            desk.record(Tombstoned(now_ns=event.now_ns, parent_id=one, code=USED_BEFORE_RESTORE, by="the restore"))


def _supersede(desk: Desk, parent: Parent, now_ns: int) -> None:
    """Stop what an intent replaces; it starts itself when that has ended."""
    take_listed(desk, parent.order.supersedes, now_ns)
    parent_id, old_id = parent.order.parent_id, parent.order.supersedes
    if old_id and old_id not in desk.book.parents and old_id not in desk.book.tombstones:
        record = Tombstoned(now_ns=now_ns, parent_id=old_id, code=SUPERSEDED_BEFORE, by=parent_id)
        desk.record(record)
    olders = [*replaced_targets(desk, parent), *([old_id] if old_id in desk.open_parents else [])]
    for older_id in dict.fromkeys(olders):
        if desk.parent(older_id).stopping is None:
            stop_parent(desk, older_id, ParentStatus.CANCELED, f"superseded by {parent_id}", now_ns)
        pull_live(desk, desk.parent(older_id), now_ns)


def _twin(desk: Desk, parent: ParentOrder, now_ns: int) -> str | None:
    """Return an intent of the last moments that asks for the same of the same sleeve."""
    window_ns = desk.rules.duplicate_window_ns
    if not window_ns or parent.allow_duplicate:
        return None
    for other in islice(reversed(desk.book.parents.values()), DUPLICATES_SCANNED_MAX):
        if other.received_ns < now_ns - window_ns:
            return None
        theirs = other.order
        is_refused = other.status is ParentStatus.REJECTED
        if theirs.parent_id != parent.parent_id and not is_refused and _asks(theirs) == _asks(parent):
            return theirs.parent_id
    return None


def _asks(order: ParentOrder) -> tuple[object, ...]:
    amounts = (order.order_qty, order.notional, order.target_qty)
    return (order.sleeve, order.symbol, order.side, order.is_close, *(plain(one) if one else None for one in amounts))


def _known(desk: Desk, item: ListItem) -> Known | None:
    parent = desk.book.parents.get(item.parent.parent_id)
    if parent is not None:
        return Known(parent.content_hash, parent.status)
    row = desk.book.listed.get(item.parent.parent_id)
    if row is not None:
        return Known(row.content_hash, ParentStatus.QUEUED)
    document = desk.book.documents.get(item.parent.parent_id)
    if document is not None:
        return Known(document.content_hash, ParentStatus.REJECTED)
    return item.known
