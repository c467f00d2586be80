"""Pauses of a scope: an account, a sleeve, a symbol, or any of them together.

A pause is no halt: it has a scope, pulls what would add risk, and only its
own resume ends it. Exits go on, and new intents wait. The pause of a single
intent is that intent's own (`commanding`).
"""

from execd.core.commands import PauseScope, ResumeScope
from execd.core.latching import ScopePaused, ScopeResumed
from execd.core.scopes import Scope
from execd.engine.answering import Answer, done, unknown_account
from execd.engine.desk import Desk
from execd.engine.scoping import doubted_name


def pause(desk: Desk, command: PauseScope, uid: int | None, now_ns: int) -> Answer:
    """Pause a scope; one that is paused already stays as it is."""
    scope = command.scope
    if scope.account and scope.account not in desk.rules.limits:
        return unknown_account(scope.account)
    if scope in desk.book.pauses:
        return Answer("already_paused", f"{scope.text} is paused already")
    desk.record(ScopePaused(now_ns=now_ns, scope=scope, reason=command.reason, uid=uid))
    meant = _open_in(desk, scope)
    desk.wake(meant, "pause")
    told = f"{scope.text} is paused: {len(meant)} open intents take no new risk, exits go on (execd resume)"
    return done(told + doubted_name(desk, scope))


def resume(desk: Desk, command: ResumeScope, now_ns: int) -> Answer:
    """Go on in a scope that is paused by this very name."""
    scope = command.scope
    if scope not in desk.book.pauses:
        known = ", ".join(one.text for one in desk.book.pauses) or "no scope"
        return Answer("not_paused", f"{scope.text} is not paused by itself; paused is {known}")
    desk.record(ScopeResumed(now_ns=now_ns, scope=scope, reason=command.reason))
    meant = _open_in(desk, scope)
    for parent_id in meant:
        desk.set_timer(parent_id, now_ns)
    return done(f"{scope.text} is resumed: {len(meant)} open intents look again")


def _open_in(desk: Desk, scope: Scope) -> list[str]:
    return [
        one for one in desk.open_parents if scope.covers(desk.parent(one).order.sleeve, desk.parent(one).order.symbol)
    ]
