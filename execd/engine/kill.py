"""The kill switch: latched first, carried out until the broker says so, lifted by a person alone.

    halt_new    no new risk; nothing else changes
    cancel_all  everything that works is pulled, again and again, and alerted of while any of it stays
    flatten     that, and what the sleeves own is closed; what comes back by a late fill, too

What a level forbids is in `restraint`; orders of others and external holdings
are never touched. A level is only ever raised, or lifted with a reason.
"""

from typing import Final

from execd.core.book import Parent
from execd.core.commands import KillTrading, UnkillTrading
from execd.core.enums import ParentStatus
from execd.core.latching import Killed, Unkilled
from execd.core.rules import S
from execd.core.scopes import Kill, KillLevel, Scope
from execd.engine import flattening, halting
from execd.engine.answering import Answer, done, unknown_account
from execd.engine.desk import Desk
from execd.engine.readings import stale_text
from execd.engine.restraint import KILLED, kill_text

TIMER: Final = "@kill"
WATCH_NS: Final = 5 * S
"""So often what is still out is counted, pulled and told."""
SHOWN_MAX: Final = 5


def latch(desk: Desk, command: KillTrading, uid: int | None, now_ns: int) -> Answer:
    """Latch a level and begin to carry it out; one that is as high already stays. Return what was done."""
    if command.account and command.account not in desk.rules.limits:
        return unknown_account(command.account)
    before = desk.book.kills.get(command.account)
    if before is not None and before.level.rank >= command.level.rank:
        return done(f"already killed, {kill_text(before)}")
    record = Killed(
        now_ns=now_ns, account=command.account, level=command.level, by=command.by, uid=uid, reason=command.reason
    )
    desk.record(record)
    kill = desk.book.kills[command.account]
    desk.alert("kill_engaged", kill_text(kill), severity="critical", about=command.account or "all", is_standing=True)
    # By a timer that is due: what follows from the latch is decided when it is durable, and not before.
    desk.set_timer(TIMER, now_ns)
    return done(f"killed, {kill_text(kill)}")


def unlatch(desk: Desk, command: UnkillTrading, uid: int | None, now_ns: int) -> Answer:
    """Lift the level of an account, or every one where none is named; refuse while something is open."""
    lifted = [kill for account, kill in desk.book.kills.items() if command.account in {"", account}]
    if not lifted:
        return Answer("not_killed", _not_killed(desk, command.account))
    opens = _open(desk, lifted, now_ns)
    if opens and not command.is_forced:
        text = f"{'; '.join(opens)}: wait, resolve it, or say --force"
        return Answer("still_open", f"not lifted: {text}")
    for kill in lifted:
        desk.record(
            Unkilled(now_ns=now_ns, account=kill.account, reason=command.reason, is_forced=command.is_forced, uid=uid)
        )
    desk.timers.pop(TIMER, None)
    _watch_soon(desk, now_ns)
    for parent_id in desk.open_parents:
        desk.set_timer(parent_id, now_ns)
    return done(f"lifted {', '.join(kill_where(kill) for kill in lifted)}; {_what_goes_on(desk)}")


def take_up(desk: Desk, now_ns: int) -> None:
    """Tell again of what is latched, and go on carrying it out, after a restart."""
    for kill in list(desk.book.kills.values()):
        desk.alert("kill_engaged", kill_text(kill), severity="critical", about=kill.account or "all", is_standing=True)
    if desk.book.kills:
        desk.set_timer(TIMER, now_ns)


def watch(desk: Desk, now_ns: int) -> None:
    """Pull what is still out under a kill, tell of it while any stays, and close what came back."""
    for kill in list(desk.book.kills.values()):
        if kill.level is not KillLevel.HALT_NEW:
            _carry_out(desk, kill, now_ns)
            _tell_stay(desk, kill, now_ns)
    _watch_soon(desk, now_ns)


def kill_where(kill: Kill) -> str:
    """Return a level and whom it binds."""
    return f"{kill.level} on {kill.account or 'all accounts'}"


def _carry_out(desk: Desk, kill: Kill, now_ns: int) -> None:
    bound = [one for one in desk.open_parents if _binds(desk, kill, one)]
    live = [one for one in bound if desk.parent(one).live]
    desk.wake(live, "kill")
    desk.wake((one for one in bound if _is_untold(desk.parent(one))), "kill")
    if kill.level is KillLevel.FLATTEN and not desk.rules.is_observing:
        scope = Scope(account=kill.account)
        is_open = live or any(
            position.qty and scope.covers(key.sleeve, key.symbol) for key, position in desk.book.positions.items()
        )
        if is_open:
            flattening.begin(desk, scope, flatten_id="", reason=kill_text(kill), now_ns=now_ns)


def _is_untold(parent: Parent) -> bool:
    """Whether a parent waits for its next turn and does not say yet that it will place nothing."""
    return parent.status is ParentStatus.WORKING and parent.reason != KILLED and not parent.order.flatten_id


def _watch_soon(desk: Desk, now_ns: int) -> None:
    if any(kill.level is not KillLevel.HALT_NEW for kill in desk.book.kills.values()):
        desk.set_timer(TIMER, now_ns + WATCH_NS)


def _binds(desk: Desk, kill: Kill, parent_id: str) -> bool:
    return kill.account in {"", desk.parent(parent_id).order.account}


def _tell_stay(desk: Desk, kill: Kill, now_ns: int) -> None:
    """Tell of orders that were to be gone by now: after 5 s, then each time that twice as long has passed."""
    looks_n = (now_ns - kill.now_ns) // WATCH_NS
    if not looks_n or looks_n & (looks_n - 1):
        return
    stay = _orders_out(desk, [kill])
    if not stay:
        return
    more = f" and {len(stay) - SHOWN_MAX} more" if len(stay) > SHOWN_MAX else ""
    text = f"{kill_where(kill)}: {', '.join(stay[:SHOWN_MAX])}{more} not confirmed as cancelled; they are asked again"
    desk.alert("cancels_stay", text, severity="critical", about=kill.account or "all", is_standing=True)


def _orders_out(desk: Desk, kills: list[Kill]) -> list[str]:
    """Return the orders that intents have out under these kills; a flatten's own are to be there."""
    return [
        key
        for parent_id in desk.open_parents
        if not desk.parent(parent_id).order.flatten_id and any(_binds(desk, kill, parent_id) for kill in kills)
        for key in desk.parent(parent_id).live
    ]


def _not_killed(desk: Desk, account: str) -> str:
    """Return what is killed instead of what was named."""
    if not desk.book.kills:
        return "nothing is killed"
    if "" in desk.book.kills:
        return f"{account} is not killed by itself; all accounts are: leave --account out"
    return f"{account} is not killed; killed is {', '.join(desk.book.kills)}"


def _open(desk: Desk, kills: list[Kill], now_ns: int) -> list[str]:
    """Return what is not done or not known under these kills: a person should not take risk up on it."""
    out = _orders_out(desk, kills)
    accounts = [one for one in desk.rules.limits if any(kill.account in {"", one} for kill in kills)]
    doubts = [order.key for account in accounts for order in desk.all_live(account) if order.is_in_doubt]
    opens = [text for one in accounts if (text := stale_text(desk, one, "", now_ns))]
    if doubts:
        opens.append(f"in doubt: {', '.join(doubts[:SHOWN_MAX])} (execd resolve)")
    if out and any(kill.level is not KillLevel.HALT_NEW for kill in kills):
        opens.append(f"{len(out)} orders not confirmed as cancelled")
    if desk.controllers and any(kill.level is KillLevel.FLATTEN for kill in kills):
        opens.append(f"flatten at work: {', '.join(desk.controllers)}")
    return opens


def _what_goes_on(desk: Desk) -> str:
    """Return in words who trades again now."""
    parents = [desk.parent(one) for one in desk.open_parents]
    accounts = {account: halting.kill_of(desk.book, account) for account in desk.rules.limits}
    free_n = sum(accounts.get(one.order.account) is None for one in parents)
    told = [f"{free_n} intents go on" if free_n else "no intent was waiting"]
    told += [f"{account} stays killed, {kill.level}" for account, kill in accounts.items() if kill is not None]
    told += [f"{one} goes on to its end (execd cancel {one})" for one in desk.controllers]
    if desk.book.halts:
        told.append(f"{len(desk.book.halts)} halts stay (execd status)")
    if desk.book.pauses:
        told.append(f"paused stays {', '.join(one.text for one in desk.book.pauses)}")
    return "; ".join(told)
