"""What keeps intents from acting, whatever their algorithms want: kill levels, a flatten at work, paused scopes.

It reads the desk and changes nothing. `restraint_of` is asked before an intent
is stepped or started, `barred` last, when a request is about to leave. What
latches and lifts is in `kill`, `pausing` and `flattening`.

    level        new risk  exits of intents  working orders  what is owned
    halt_new     waits     go on             stay            stays
    cancel_all   waits     wait              are cancelled   stays
    flatten      waits     wait              are cancelled   is closed
    (paused)     waits     go on             adders: pulled  stays
"""

from typing import Final

from execd.algos.base import Waiting
from execd.core.book import Book, Parent
from execd.core.enums import Side
from execd.core.orders import NewOrder, ReplaceRequest
from execd.core.saying import door_of
from execd.core.scopes import Kill, KillLevel, Pause
from execd.engine import halting
from execd.engine.desk import Desk

KILLED: Final = "killed"
FLATTENING: Final = "flattening"
SCOPE_PAUSED: Final = "scope_paused"
PAUSED: Final = "paused"
RESTRAINTS: Final = (KILLED, FLATTENING, SCOPE_PAUSED, PAUSED)


def restraint_of(desk: Desk, parent: Parent) -> Waiting | None:
    """Return why a parent may place nothing and must have nothing out; None where it may act.

    A flatten's own closes are never restrained.
    """
    if parent.order.flatten_id:
        return None
    kill = halting.kill_of(desk.book, parent.order.account)
    if kill is not None and kill.level is not KillLevel.HALT_NEW:
        return Waiting(code=KILLED, text=kill_text(kill))
    for flatten in desk.controllers.values():
        if flatten.scope.covers(parent.order.sleeve, parent.order.symbol):
            return Waiting(code=FLATTENING, text=f"flatten {flatten.scope.text} ({flatten.flatten_id}) is at work")
    order = parent.order
    if parent.started_ns is not None or not (order.is_close or order.target_qty is not None):
        return paused(desk, parent, parent.order.side)
    return None


def paused(desk: Desk, parent: Parent, side: Side) -> Waiting | None:
    """Return why a parent may not trade on a side because its scope is paused; exits always may."""
    if side not in halting.ADDS_RISK:
        return None
    pause = pause_of(desk.book, parent)
    if pause is None:
        return None
    reason = f": {pause.reason}" if pause.reason else ""
    return Waiting(code=SCOPE_PAUSED, text=f"{pause.scope.text} is paused{reason}; execd resume lets it go on")


def pause_of(book: Book, parent: Parent) -> Pause | None:
    """Return a pause that covers a parent; the oldest of several."""
    if not book.pauses:
        return None
    covering = (pause for scope, pause in book.pauses.items() if scope.covers(parent.order.sleeve, parent.order.symbol))
    return next(covering, None)


def barred(desk: Desk, request: NewOrder | ReplaceRequest) -> str:
    """Return why a request that was decided may not leave after all; empty where it may. Asked last before the wire."""
    kill = halting.kill_of(desk.book, request.account)
    if kill is None:
        return ""
    parent = desk.book.parents.get(request.parent_id)
    if parent is not None and parent.order.flatten_id:
        return ""
    if parent is not None and kill.level is KillLevel.HALT_NEW and halting.is_reducing(desk, parent, request):
        return ""
    return f"{KILLED}: {kill_text(kill)}"


def kill_text(kill: Kill) -> str:
    """Return a kill level in words, and the way out."""
    where = f"account {kill.account}" if kill.account else "all accounts"
    reason = f": {kill.reason}" if kill.reason else ""
    return f"{kill.level} on {where} by {door_of(kill.by, kill.uid)}{reason}; execd unkill lifts it"
