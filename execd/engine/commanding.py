"""What operators ask, by command or by file: one answer each, every one journaled.

A refused command changes nothing but is journaled too, with its code and the
reason. A file that asks (cancel, amend) has an id of its own and counts once.
A new verb is a class in `core/commands.py` and a case in `obey`.
"""

from typing import Final, assert_never

from execd.core.codec import plain
from execd.core.commands import (
    AdoptPosition,
    AmendParent,
    CancelParent,
    Command,
    FlattenScope,
    HaltNew,
    KillTrading,
    Operated,
    PauseParent,
    PauseScope,
    ReleaseParent,
    ResolveOrder,
    ResumeNew,
    ResumeParent,
    ResumeScope,
    UnkillTrading,
)
from execd.core.doubting import doubted, is_unborn
from execd.core.enums import ParentStatus
from execd.core.events import CommandReceived, DocumentReceived
from execd.core.records import (
    Adopted,
    Commanded,
    DocumentTaken,
    ParentPaused,
    ParentReleased,
    ParentResumed,
    Resolved,
    Tombstoned,
)
from execd.core.saying import verb_of
from execd.engine import flattening, halting, kill, pausing, reconciling
from execd.engine.amending import amend
from execd.engine.answering import ACCEPTED, DONE, Answer, unknown_account
from execd.engine.desk import Desk
from execd.engine.ending import stop_parent
from execd.engine.facts import on_resolved
from execd.engine.poison import is_poison
from execd.engine.receiving import take_listed
from execd.engine.recovery import ensure_algo
from execd.engine.staying_out import pull_live
from execd.engine.stepping import step_parent
from execd.engine.touching import touch

CANCELLED_BEFORE: Final = "cancelled_before"


def on_command(desk: Desk, event: CommandReceived) -> None:
    """Journal a command, obey or refuse it, and answer."""
    mark = desk.mark()
    answer = obey(desk, event.command, event.now_ns, uid=event.uid)
    desk.record_before(
        mark,
        Commanded(
            now_ns=event.now_ns,
            uid=event.uid,
            pid=event.pid,
            command=event.command,
            code=answer.code,
            text="" if answer.is_ok else answer.text,
        ),
    )
    parent_id = verb_of(event.command)[1]
    desk.reply(event.ref, answer.code, answer.text, is_ok=answer.is_ok, parent_id=parent_id, field=answer.field)


def on_document(desk: Desk, event: DocumentReceived) -> None:
    """Take a file that asks something about another intent; the same file again is answered as before."""
    document_id, command = event.document_id, event.command
    kind, target = verb_of(command)
    if is_poison(desk, document_id):
        desk.reply(event.ref, "poison", f"{document_id} ended the daemon once; it is not taken again")
        return
    known_hash = _known_hash(desk, event)
    if known_hash is not None:
        known = desk.book.documents.get(document_id)
        if known_hash == event.content_hash and known is not None and known.code != ACCEPTED:
            text = f"{document_id} was refused before; give the file a new id to ask again"
            desk.reply(event.ref, known.code, text, parent_id=target)
        elif known_hash == event.content_hash:
            desk.reply(event.ref, "duplicate", "the same file is known", is_ok=True, parent_id=target)
        else:
            text = f"id {document_id} was used for something else; give this file an id of its own"
            desk.reply(event.ref, "id_conflict", text)
            desk.alert("id_conflict", text, parent_id=document_id)
        return
    answer = obey(desk, command, event.now_ns)
    if answer.code == "not_found" and isinstance(command, CancelParent):
        if target not in desk.book.tombstones:
            record = Tombstoned(now_ns=event.now_ns, parent_id=target, code=CANCELLED_BEFORE, by=document_id)
            desk.record(record)
        answer = Answer(ACCEPTED, f"{target} has not arrived; it is refused when it does")
    desk.record(
        DocumentTaken(
            now_ns=event.now_ns,
            document_id=document_id,
            kind=kind,
            target=target,
            content_hash=event.content_hash,
            code=answer.code,
        )
    )
    desk.reply(event.ref, answer.code, answer.text, is_ok=answer.is_ok, parent_id=target, field=answer.field)


def obey(desk: Desk, command: Command, now_ns: int, uid: int | None = None) -> Answer:
    """Do what a command of a user (None: nobody knows which) says, or say why not."""
    match command:
        case CancelParent() | AmendParent() | PauseParent() | ResumeParent() | ReleaseParent():
            return _about_parent(desk, command, now_ns)
        case HaltNew(account=account, reason=reason):
            halting.halt(desk, account=account, cause=halting.OPERATOR, text=reason or "asked for", now_ns=now_ns)
            return DONE
        case ResumeNew(account=account, cause=cause, reason=reason):
            lifted = halting.lift(desk, account=account, cause=cause, reason=reason, now_ns=now_ns)
            told = ", ".join(f"{one.cause} {halting.where_of(one)}" for one in lifted)
            return Answer(ACCEPTED, f"lifted {told}") if lifted else Answer("not_halted", "no such halt is in force")
        case KillTrading() | UnkillTrading() | PauseScope() | ResumeScope() | FlattenScope():
            return _about_scope(desk, command, now_ns, uid)
        case AdoptPosition():
            return _adopt(desk, command, now_ns)
        case ResolveOrder():
            return _resolve(desk, command, now_ns)
        case Operated():
            return DONE
        case _:
            assert_never(command)


def _about_scope(
    desk: Desk,
    command: KillTrading | UnkillTrading | PauseScope | ResumeScope | FlattenScope,
    now_ns: int,
    uid: int | None,
) -> Answer:
    match command:
        case KillTrading():
            return kill.latch(desk, command, uid, now_ns)
        case UnkillTrading():
            return kill.unlatch(desk, command, uid, now_ns)
        case PauseScope():
            return pausing.pause(desk, command, uid, now_ns)
        case ResumeScope():
            return pausing.resume(desk, command, now_ns)
        case FlattenScope():
            return flattening.ask(desk, command, uid, now_ns)
        case _:
            assert_never(command)


def _about_parent(
    desk: Desk, command: CancelParent | AmendParent | PauseParent | ResumeParent | ReleaseParent, now_ns: int
) -> Answer:
    parent_id, reason = command.parent_id, command.reason
    if parent_id in desk.controllers and isinstance(command, CancelParent):
        return flattening.abort(desk, parent_id, reason, now_ns)
    take_listed(desk, parent_id, now_ns)
    parent = desk.book.parents.get(parent_id)
    if parent is None:
        return Answer("not_found", f"no intent has the id {parent_id}")
    if parent.status.is_terminal:
        return Answer("already_ended", f"{parent_id} is {parent.status}")
    match command:
        case CancelParent():
            told = f"canceled: {reason}" if reason else "canceled"
            stop_parent(desk, parent_id, ParentStatus.CANCELED, told, now_ns)
            pull_live(desk, desk.parent(parent_id), now_ns)
        case AmendParent():
            refusal = amend(desk, parent, command, now_ns)
            if refusal is not None:
                return Answer(refusal.code, refusal.text, refusal.field)
        case PauseParent():
            if parent.is_paused or parent.stopping is not None:
                return Answer("already_paused", f"{parent_id} is {'paused' if parent.is_paused else 'stopping'}")
            desk.record(ParentPaused(now_ns=now_ns, parent_id=parent_id, reason=reason))
            desk.write_report(parent_id)
            step_parent(desk, parent_id, now_ns, "pause")
        case ResumeParent():
            if not parent.is_paused:
                return Answer("not_paused", f"{parent_id} is {parent.status}, not paused")
            desk.record(ParentResumed(now_ns=now_ns, parent_id=parent_id, reason=reason))
            desk.write_report(parent_id)
            touch(desk, parent_id, now_ns, "resume")
        case ReleaseParent():
            return _release(desk, command, now_ns)
        case _:
            assert_never(command)
    return DONE


def _release(desk: Desk, command: ReleaseParent, now_ns: int) -> Answer:
    parent = desk.parent(command.parent_id)
    if parent.status is not ParentStatus.HELD:
        return Answer("not_held", f"{command.parent_id} is {parent.status}, not held")
    doubted = [key for key in parent.live if desk.book.orders[key].is_in_doubt]
    if doubted:
        for key in doubted:
            desk.ask_about(desk.book.orders[key])
        text = f"the broker's word on {', '.join(doubted)} is missing; it is being asked again, then release anew"
        return Answer("still_in_doubt", text)
    desk.record(ParentReleased(now_ns=now_ns, parent_id=command.parent_id, reason=command.reason))
    ensure_algo(desk, command.parent_id)
    desk.write_report(command.parent_id)
    touch(desk, command.parent_id, now_ns, "release")
    return DONE


def _adopt(desk: Desk, command: AdoptPosition, now_ns: int) -> Answer:
    if desk.rules.limits.get(command.account) is None:
        return unknown_account(command.account)
    if command.qty == 0:
        return Answer("bad_value", "a quantity of zero adopts nothing")
    desk.record(
        Adopted(
            now_ns=now_ns,
            account=command.account,
            symbol=command.symbol,
            qty=command.qty,
            px=command.px,
            strategy=command.strategy,
            horizon=command.horizon,
            is_external=command.is_external,
        )
    )
    reconciling.after_adoption(desk, command.account, command.symbol, now_ns)
    return Answer(ACCEPTED, f"{plain(command.qty)} {command.symbol} adopted")


def _resolve(desk: Desk, command: ResolveOrder, now_ns: int) -> Answer:
    order = desk.book.order_of(command.cl_ord_id)
    if order is None:
        return Answer("not_found", f"no request has the ClOrdID {command.cl_ord_id}")
    # Whoever names an order means the order, though a cancel of it may be in doubt as well.
    cl_ord_id = order.key if command.cl_ord_id == order.key and is_unborn(order) else doubted(order)
    if not cl_ord_id and command.is_lost and order.vouched_ns is not None and order.acked_ns is None:
        cl_ord_id = order.key  # What a person vouched for, a person may take back.
    is_denied = order.key in desk.denied and not order.is_done
    if command.is_lost and is_denied:
        cl_ord_id = order.key
    if not cl_ord_id:
        return Answer("not_in_doubt", f"{command.cl_ord_id} is {order.ord_status}: nothing of it is in doubt")
    if command.is_lost and order.acked_ns is not None and cl_ord_id == order.key and not is_denied:
        return Answer("bad_value", f"the broker has told of {order.key}: it is not lost")
    resolved = Resolved(
        now_ns=now_ns,
        account=order.first.account,
        cl_ord_id=cl_ord_id,
        is_lost=command.is_lost,
        order_id=command.order_id,
        reason=command.reason,
    )
    on_resolved(desk, resolved)
    what = "" if cl_ord_id == command.cl_ord_id else f"its request {cl_ord_id} is "
    taken = f"{what}taken as {'lost' if command.is_lost else 'live at the broker'}"
    return Answer(ACCEPTED, f"{taken}; {_follows(desk, order.first.parent_id)}")


def _follows(desk: Desk, parent_id: str) -> str:
    """Return what becomes of an intent whose order was resolved."""
    parent = desk.parent(parent_id)
    if parent.status is ParentStatus.HELD:
        return f"its intent {parent_id} is held: release it when it is to go on (execd release {parent_id})"
    if parent.status.is_terminal:
        return f"its intent {parent_id} has ended, {parent.status}"
    if parent.is_paused:
        return f"its intent {parent_id} is paused: execd resume {parent_id} lets it go on"
    return f"its intent {parent_id} is being ended" if parent.stopping else f"its intent {parent_id} goes on now"


def _known_hash(desk: Desk, event: DocumentReceived) -> str | None:
    document = desk.book.documents.get(event.document_id)
    if document is not None:
        return document.content_hash
    parent = desk.book.parents.get(event.document_id)
    if parent is not None:
        return parent.content_hash
    row = desk.book.listed.get(event.document_id)
    if row is not None:
        return row.content_hash
    return None if event.known is None else event.known.content_hash
