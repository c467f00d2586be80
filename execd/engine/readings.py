"""When an account is read at its broker: the questions, and how old an answer may be.

The engine asks at the start, after gaps and reports on orders of others, every
`every_ns`, and around the close. Until an account was read whole, and when that
was too long ago, it takes no new risk. What a reading says is `reconciling`'s.
"""

from typing import Final

from msgspec.structs import replace

from execd.core.effects import TakeSnapshot
from execd.core.rules import S
from execd.engine.asking import take_read
from execd.engine.desk import Desk
from execd.engine.watches import Watch

TIMER: Final = "@reconcile:"
"""No parent id begins with @."""
OVERLAP_NS: Final = 120 * S
"""Each reading goes back beyond the one before it, for what was told out of turn."""
START_NS: Final = 24 * 3_600 * S
"""And the first of a life so far, for what was missed before the last one ended; and each while a position differs."""
LOST_NS: Final = 60 * S
"""A reading that was asked for so long ago is not on its way any more."""
BEFORE_CLOSE_NS: Final = 300 * S


def begin(desk: Desk, now_ns: int) -> None:
    """Ask for the first reading of every account."""
    if desk.rules.reconcile is None:
        return
    heard_ns: dict[str, int] = {}
    for order in desk.book.orders.values():
        account = order.first.account
        heard_ns[account] = max(heard_ns.get(account, 0), order.last_ns)
    owners = dict.fromkeys(key.sleeve.account for key in desk.book.positions)
    for account in desk.rules.limits:
        is_known = account in desk.book.met or account in owners or account in heard_ns
        watch = desk.comparing.watches[account] = Watch(is_first=not is_known, begun_ns=now_ns)
        # Where all has left memory nobody knows when we last heard: a day is looked through again.
        watch.heard_ns = min(heard_ns.get(account, now_ns - START_NS), now_ns) - OVERLAP_NS
        ask(desk, account, now_ns)


def ask(desk: Desk, account: str, now_ns: int) -> None:
    """Ask for a reading of an account; one that is under way may be too old, so it is followed by another."""
    watch = desk.comparing.watches.get(account)
    if watch is None or desk.is_stopping or desk.comparing.is_off:
        return
    if watch.asked_ns and now_ns - watch.asked_ns < LOST_NS:
        watch.is_wanted = True
        return
    due_ns = take_read(desk, account, now_ns)
    if due_ns is not None:
        desk.set_timer(f"{TIMER}{account}", due_ns)
        return
    watch.asked_ns, watch.is_wanted = now_ns, False
    desk.effect(reading_of(desk, account, now_ns))
    desk.set_timer(f"{TIMER}{account}", next_ns(desk, now_ns))


def ask_for(desk: Desk, account: str, now_ns: int, ref: str, *, is_dry: bool) -> None:
    """Ask for a reading that somebody waits for."""
    if desk.is_stopping:
        desk.reply(ref, "stopping", "the daemon is stopping")
        return
    desk.effect(replace(reading_of(desk, account, now_ns), ref=ref, is_dry=is_dry))


def reading_of(desk: Desk, account: str, now_ns: int) -> TakeSnapshot:
    """Return the wish for a reading, as far back as there may be news."""
    watch = desk.comparing.watches.get(account)
    since_ns = now_ns if watch is None else _since(desk, account, watch)
    if watch is not None and watch.back_ns:
        since_ns = min(since_ns, watch.back_ns)
    return TakeSnapshot(account=account, since_ns=since_ns)


def stale_text(desk: Desk, account: str, symbol: str, now_ns: int) -> str:
    """Return why what an account holds is not known well enough for new risk; empty where it is."""
    watch, rules = desk.comparing.watches.get(account), desk.rules.reconcile
    if watch is None or rules is None:
        return ""
    if not watch.good_ns:
        return f"what {account} holds has not been read from its broker yet"
    if now_ns - watch.good_ns > rules.stale_ns:
        return f"what {account} holds was last read whole {(now_ns - watch.good_ns) // S} s ago"
    if symbol in watch.suspects:
        return f"the position in {symbol} differs from the broker's, and is read again before it is believed"
    return ""


def _since(desk: Desk, account: str, watch: Watch) -> int:
    met_ns = desk.book.met.get(account)
    if watch.is_first or met_ns is None:
        return watch.begun_ns if watch.is_first else watch.heard_ns
    # A position that differs may come from an order that was taken for lost, and was filled long ago by now.
    back_ns = START_NS if watch.drifts else OVERLAP_NS
    return max(met_ns, watch.shown_ns - back_ns if watch.shown_ns else watch.heard_ns - START_NS)


def next_ns(desk: Desk, now_ns: int) -> int:
    """Return when the next reading is due at the latest: around the close of a session, too."""
    rules = desk.rules.reconcile
    due_ns = now_ns + (rules.every_ns if rules is not None else LOST_NS)
    window = desk.rules.session.window(now_ns)
    if window is not None:
        for at_ns in (window.close_ns - BEFORE_CLOSE_NS, window.close_ns):
            if now_ns < at_ns < due_ns:
                return at_ns
    return due_ns
