"""Whoever operates a simulated daemon: at random while faults strike, and with care on every round.

Each thing that a person may command is a row in COMMANDS; `round_of` is what
somebody does who looks: at the broker before he says what became of a request,
at what is held, paused and halted. A new command is a function and a row.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

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
    ResumeNew,
    ResumeParent,
    ResumeScope,
    UnkillTrading,
)
from execd.core.enums import ParentStatus, Urgency
from execd.core.parents import HaltKey, HoldingKey
from execd.core.scopes import KillLevel, Scope
from execd.engine.reconcile_positions import MISMATCH, UNKNOWN, expected_qty
from execd.simulation import words
from execd.simulation.wishes import STRATEGIES

if TYPE_CHECKING:
    from execd.simulation.world import World

NAME: Final = "operator"
WHY: Final = "looked"
ZERO: Final = Decimal(0)


def _any_parent(world: "World") -> str:
    life = world.life
    ids = list(life.book.parents) if life is not None else []
    return world.faults.draws.pick(ids, NAME) if ids else "nobody"


def _cancel(world: "World") -> Command:
    return CancelParent(parent_id=_any_parent(world), reason="changed my mind")


def _amend(world: "World") -> Command:
    urgency = world.faults.draws.pick((Urgency.LOW, Urgency.HIGH), NAME)
    return AmendParent(parent_id=_any_parent(world), urgency=urgency)


def _pause(world: "World") -> Command:
    return PauseParent(parent_id=_any_parent(world), reason="wait")


def _resume(world: "World") -> Command:
    return ResumeParent(parent_id=_any_parent(world), reason="go on")


def _release(world: "World") -> Command:
    return ReleaseParent(parent_id=_any_parent(world), reason=WHY)


def _halt(world: "World") -> Command:
    account = world.faults.draws.pick(("", *world.fronts), NAME)
    return HaltNew(account=account, reason="news")


def _lift(world: "World") -> Command:
    del world
    return ResumeNew(reason=WHY)


def _operated(world: "World") -> Command:
    del world
    return Operated(verb="ack", reason=WHY)


def _account(world: "World") -> str:
    return world.faults.draws.pick(("", *world.fronts), NAME)


def _scope(world: "World") -> Scope:
    draws = world.faults.draws
    symbol = draws.pick(("", *(spec.symbol for spec in world.scene.specs)), NAME)
    return Scope(account=_account(world), strategy=draws.pick(("", *STRATEGIES), NAME), symbol=symbol)


def _kill(world: "World") -> Command:
    level = world.faults.draws.pick(tuple(KillLevel), NAME)
    return KillTrading(level=level, account=_account(world), reason="drill")


def _unkill(world: "World") -> Command:
    is_forced = bool(world.faults.draws.below(2, NAME))
    return UnkillTrading(account=_account(world), is_forced=is_forced, reason=WHY)


def _pause_scope(world: "World") -> Command:
    return PauseScope(scope=_scope(world), reason="wait")


def _resume_scope(world: "World") -> Command:
    return ResumeScope(scope=_scope(world), reason="go on")


def _flatten(world: "World") -> Command:
    return FlattenScope(scope=_scope(world), reason="drill")


COMMANDS: Final[tuple[Callable[["World"], Command], ...]] = (
    _cancel,
    _amend,
    _pause,
    _resume,
    _release,
    _halt,
    _lift,
    _operated,
    _kill,
    _kill,
    _unkill,
    _pause_scope,
    _resume_scope,
    _flatten,
)


def whim(world: "World") -> Command:
    """Return something that somebody commands without looking."""
    return world.faults.draws.pick(COMMANDS, NAME)(world)


def round_of(world: "World") -> list[Command]:
    """Return what somebody commands who has looked at everything that waits for a person."""
    life = world.life
    if life is None:
        return []
    book = life.book
    commands: list[Command] = [_declared(world, key) for key in book.halts if _is_unexplained(world, key)]
    commands += [ResumeNew(reason=WHY)] if book.halts else []
    if book.kills and (world.faults.is_calm or world.faults.draws.below(3, "unkill") == 0):
        # Without --force: what the level asks for must get done.
        commands.append(UnkillTrading(reason=WHY))
    commands += [ResumeScope(scope=scope, reason=WHY) for scope in book.pauses]
    for parent_id, parent in book.parents.items():
        is_held = parent.status is ParentStatus.HELD
        doubtful = [order for order in map(book.orders.__getitem__, parent.live) if is_held or order.vouched_ns]
        answers = [words.answer(world, order) for order in doubtful]
        commands += [answer for answer in answers if answer is not None]
        if parent.status.is_terminal:
            continue
        if parent.is_paused:
            commands.append(ResumeParent(parent_id=parent_id, reason=WHY))
        if is_held:
            commands.append(ReleaseParent(parent_id=parent_id, reason=WHY))
    return commands


def _is_unexplained(world: "World", halt: HaltKey) -> bool:
    """Whether a symbol is halted for what the broker holds, and what was traded by hand is all that is not counted."""
    if world.life is None or not halt.symbol or halt.cause not in {MISMATCH, UNKNOWN}:
        return False
    front = world.fronts[halt.account]
    missing = front.by_hand(halt.symbol) - _counted(world, halt)
    seen = front.positions().get(halt.symbol, ZERO) - expected_qty(world.life.book, halt.account, halt.symbol)
    return missing != ZERO and missing == seen


def _declared(world: "World", halt: HaltKey) -> Command:
    qty = world.fronts[halt.account].by_hand(halt.symbol) - _counted(world, halt)
    return AdoptPosition(account=halt.account, symbol=halt.symbol, qty=qty, is_external=True, reason=WHY)


def _counted(world: "World", halt: HaltKey) -> Decimal:
    """Return what the book counts as traded by others."""
    life = world.life
    return ZERO if life is None else life.book.external_positions.get(HoldingKey(halt.account, halt.symbol), ZERO)
