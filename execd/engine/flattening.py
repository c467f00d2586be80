"""The runner of flattens: shows each the book, and carries out what it says.

A flatten decides in `controllers/flatten.py`; here are its beginning, its
timer, its journal, and its hands: stopping intents, and closing intents made
like any other, so that gates, tokens, doubt and reports hold for them, too.
What it stops and what it closes is one batch with the state that says so.
"""

from decimal import Decimal
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from execd.algos.saving import UnknownAlgoState
from execd.core.codec import content_hash, encode, plain
from execd.core.commands import FlattenScope
from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.ids import base32
from execd.core.latching import Controlled
from execd.core.orders import ParentOrder
from execd.core.parents import SavedAlgo
from execd.core.rules import MS, S
from execd.core.scopes import Kill, KillLevel, Scope
from execd.engine.answering import Answer, done, unknown_account
from execd.engine.controllers.flatten import Flatten, Phase, Step
from execd.engine.controllers.flatten_terms import Close, ReadPositions, Stop, Told
from execd.engine.desk import Desk
from execd.engine.ending import FLATTENS, stop_parent
from execd.engine.flatten_view import closes_of, view_of
from execd.engine.readings import reading_of
from execd.engine.receiving import accept
from execd.engine.scoping import doubted_name
from execd.engine.staying_out import pull_live

ZERO: Final = Decimal(0)
KIND: Final = ("flatten", 1)
"""Under which name and version the state is saved."""
CLOSE_NS: Final = 30 * S
"""The life of one closing intent; what it has not closed by then is the next round's."""
STEPS_MAX: Final = 8
"""Phases that may follow each other at one instant."""
INSTANT_LEN: Final = 9
"""Base-32 digits for the millisecond in which a flatten began."""
CLOSING: Final = "~f"
"""Stands in the id of a closing intent, before its number; no intent's own id may hold the sign."""


def ask(desk: Desk, command: FlattenScope, uid: int | None, now_ns: int) -> Answer:
    """Begin a flatten because somebody asked for it."""
    scope = command.scope
    if scope.account and scope.account not in desk.rules.limits:
        return unknown_account(scope.account)
    if desk.rules.is_observing:
        return Answer("observe", "mode: observe sends nothing, so nothing can be closed")
    before = {running.scope: running.flatten_id for running in desk.controllers.values()}
    if scope in before:
        return done(f"{scope.text} is being flattened already, by {before[scope]}")
    who = f"user {uid}" if uid is not None else f"the file {command.flatten_id}"
    reason = f"{command.reason} ({who})" if command.reason else f"asked for by {who}"
    unsure = doubted_name(desk, scope)
    flatten_id = begin(desk, scope, flatten_id=command.flatten_id, reason=reason, now_ns=now_ns)
    if flatten_id not in desk.controllers:
        return done(f"{scope.text} is flat: nothing is owned and nothing is out ({flatten_id}){unsure}")
    return done(f"{scope.text} is being flattened by {flatten_id}; execd status tells how far it is{unsure}")


def begin(desk: Desk, scope: Scope, *, flatten_id: str, reason: str, now_ns: int) -> str:
    """Begin a flatten and return its id; one of the same scope that is at work is enough."""
    for running in desk.controllers.values():
        if running.scope == scope:
            return running.flatten_id
    flatten_id = flatten_id or f"flatten~{base32(now_ns // MS, INSTANT_LEN)}"
    flatten = Flatten(flatten_id=flatten_id, scope=scope, reason=reason, began_ns=now_ns, phase_ns=now_ns)
    _keep(desk, flatten, f"flatten {scope.text} begins: {reason}", now_ns)
    drive(desk, flatten_id, now_ns)
    return flatten_id


def abort(desk: Desk, flatten_id: str, reason: str, now_ns: int) -> Answer:
    """End a flatten where it is; what it has out is pulled, what is closed stays closed."""
    flatten = desk.controllers[flatten_id]
    if any(kill.level is KillLevel.FLATTEN and flatten.scope == Scope(account=kill.account) for kill in _kills(desk)):
        return Answer("killed", f"the kill level flatten would begin {flatten_id} anew: execd unkill --force first")
    text = f"flatten {flatten.scope.text} is aborted: {reason or 'asked for'}"
    _keep(desk, replace(flatten, phase=Phase.FAILED, phase_ns=now_ns), text, now_ns)
    for parent_id in closes_of(desk, flatten_id):
        stop_parent(desk, parent_id, ParentStatus.CANCELED, text, now_ns)
        pull_live(desk, desk.parent(parent_id), now_ns)
    _let_go(desk, flatten, now_ns)
    return done(f"{flatten_id} is aborted; what is closed stays closed")


def _kills(desk: Desk) -> list[Kill]:
    return list(desk.book.kills.values())


def take_up(desk: Desk, now_ns: int) -> None:
    """Go on with the flattens that the book has, after a restart."""
    for flatten_id, saved in desk.book.controllers.items():
        try:
            desk.controllers[flatten_id] = _loaded(saved)
        except UnknownAlgoState as error:
            text = f"the state of {flatten_id} cannot be read ({error}): it is not gone on with; flatten anew"
            desk.alert("not_flat", text, severity="critical", about=flatten_id)
            continue
        desk.set_timer(f"{FLATTENS}{flatten_id}", now_ns)


def look_soon(desk: Desk, now_ns: int) -> None:
    """Let every flatten look again: a broker has been read."""
    for flatten_id in desk.controllers:
        desk.set_timer(f"{FLATTENS}{flatten_id}", now_ns)


def on_timer(desk: Desk, flatten_id: str, now_ns: int) -> None:
    """Look again."""
    if flatten_id in desk.controllers:
        drive(desk, flatten_id, now_ns)


def drive(desk: Desk, flatten_id: str, now_ns: int) -> None:
    """Let a flatten decide until it waits for something."""
    for _ in range(STEPS_MAX):
        flatten = desk.controllers.get(flatten_id)
        if flatten is None or desk.is_stopping:
            return  # What is left is the next start's.
        step = flatten.step(view_of(desk, flatten, now_ns))
        _carry_out(desk, flatten, step, now_ns)
        if step.flatten.phase.is_over:
            return
        wake_ns = step.wake_ns if step.wake_ns is not None else now_ns + S
        if wake_ns > now_ns:
            desk.set_timer(f"{FLATTENS}{flatten_id}", wake_ns)
            return
    desk.set_timer(f"{FLATTENS}{flatten_id}", now_ns + S)


def _carry_out(desk: Desk, before: Flatten, step: Step, now_ns: int) -> None:
    """Keep a step's state and do what it says; a step that changes nothing leaves no trace."""
    if step.flatten != before:
        _keep(desk, step.flatten, step.text, now_ns)
    for command in step.commands:
        match command:
            case Stop(parent_id=parent_id):
                reason = f"flatten {step.flatten.scope.text}: {step.flatten.reason}"
                stop_parent(desk, parent_id, ParentStatus.CANCELED, reason, now_ns)
                pull_live(desk, desk.parent(parent_id), now_ns)
            case Close():
                accept(desk, _closing(desk, step.flatten, command, now_ns), _hash(step.flatten, command), now_ns)
            case ReadPositions(account=account):
                desk.effect(reading_of(desk, account, now_ns))
            case _:
                assert_never(command)
    if step.told is not None:
        _tell(desk, step.flatten, step.told)
    if step.flatten.phase.is_over:
        _let_go(desk, step.flatten, now_ns)


def _closing(desk: Desk, flatten: Flatten, close: Close, now_ns: int) -> ParentOrder:
    """Return the intent that closes a position, at most so much of it."""
    owned = desk.book.positions[close.key].qty
    return ParentOrder(
        parent_id=f"{flatten.flatten_id}{CLOSING}{close.number}",
        account=close.key.sleeve.account,
        strategy=close.key.sleeve.strategy,
        horizon=close.key.sleeve.horizon,
        symbol=close.key.symbol,
        side=Side.SELL if owned > ZERO else Side.BUY_TO_COVER,
        order_qty=close.qty,
        is_close=True,
        urgency=Urgency.HIGH,
        effective_ns=now_ns,
        start_by_ns=now_ns + CLOSE_NS,
        expire_ns=now_ns + CLOSE_NS,
        allow_duplicate=True,
        note=f"flatten {flatten.scope.text}",
        flatten_id=flatten.flatten_id,
    )


def _hash(flatten: Flatten, close: Close) -> str:
    return content_hash({"flatten": flatten.flatten_id, "number": str(close.number), "qty": plain(close.qty)})


def _tell(desk: Desk, flatten: Flatten, told: Told) -> None:
    if told.code == "flat":
        desk.alert("flat", told.text, severity="info", about=flatten.flatten_id)
    elif told.code == "not_flat":
        desk.alert("not_flat", told.text, severity="critical", about=flatten.flatten_id)
    else:
        desk.alert("unbounded_flatten", told.text, severity="critical", about=flatten.flatten_id)


def _let_go(desk: Desk, flatten: Flatten, now_ns: int) -> None:
    """Let what waited for a flatten's end look again."""
    for parent_id in desk.open_parents:
        parent = desk.parent(parent_id)
        if flatten.scope.covers(parent.order.sleeve, parent.order.symbol):
            desk.set_timer(parent_id, now_ns)


def _keep(desk: Desk, flatten: Flatten, text: str, now_ns: int) -> None:
    is_over = flatten.phase.is_over
    desk.record(
        Controlled(now_ns=now_ns, controller_id=flatten.flatten_id, state=_saved(flatten), text=text, is_over=is_over)
    )
    if is_over:
        desk.controllers.pop(flatten.flatten_id, None)
    else:
        desk.controllers[flatten.flatten_id] = flatten


def _saved(flatten: Flatten) -> SavedAlgo:
    return SavedAlgo(name=KIND[0], version=KIND[1], fields=msgspec.Raw(encode(flatten)))


def _loaded(saved: SavedAlgo) -> Flatten:
    """Return the flatten that was saved. Raises UnknownAlgoState."""
    if (saved.name, saved.version) != KIND:
        raise UnknownAlgoState(f"{saved.name} version {saved.version}")
    try:
        return msgspec.json.decode(saved.fields, type=Flatten)
    except msgspec.MsgspecError as error:
        raise UnknownAlgoState(str(error)) from error
