"""No new risk: halts that somebody or something asked for, and how they end.

A halt is latched by a record and survives a restart. While one binds an
account, orders that add risk wait; reducing ones and cancels go on. A kill
level binds as a halt does here; what it does more is in `restraint` and `kill`.
"""

from decimal import Decimal
from typing import Final

from execd.core.book import Book, Parent
from execd.core.codec import plain
from execd.core.enums import Side
from execd.core.events import ClockJumped, TroubleReported
from execd.core.orders import NewOrder, ReplaceRequest
from execd.core.parents import Halt, HaltKey
from execd.core.records import Halted, HaltLifted
from execd.core.rules import S
from execd.core.scopes import Kill
from execd.engine import readings, showing
from execd.engine.desk import Desk

OPERATOR: Final = "operator"
"""The cause of a halt that a person asked for."""
KILL: Final = "kill"
"""The cause of the halt that a kill level is; `execd resume --halt` does not lift it."""
ADDS_RISK: Final = (Side.BUY, Side.SELL_SHORT)
ZERO: Final = Decimal(0)


def halt_of(desk: Desk, account: str, symbol: str) -> Halt | None:
    """Return a halt that binds a symbol on an account: a kill level, else the oldest of several."""
    kill = kill_of(desk.book, account)
    if kill is not None:
        return Halt(now_ns=kill.now_ns, account=kill.account, cause=KILL, text=f"{kill.level} {kill.reason}".rstrip())
    for key, halt in desk.book.halts.items():
        if key.account in {"", account} and key.symbol in {"", symbol}:
            return halt
    return None


def kill_of(book: Book, account: str) -> Kill | None:
    """Return the highest kill level that binds an account; None where none does."""
    if not book.kills:
        return None
    binding = [kill for kill in (book.kills.get(account), book.kills.get("")) if kill is not None]
    return max(binding, key=lambda kill: kill.level.rank, default=None)


def halt(desk: Desk, *, account: str, cause: str, text: str, now_ns: int, symbol: str = "") -> None:
    """Latch a halt, of one symbol where one is named; one that is latched already stays as it is."""
    if HaltKey(account, cause, symbol) not in desk.book.halts:
        desk.record(Halted(now_ns=now_ns, account=account, cause=cause, text=text, symbol=symbol))


def lift(desk: Desk, *, account: str, cause: str, reason: str, now_ns: int, symbol: str = "") -> list[Halt]:
    """End the halts that are meant (empty: any) and let everybody who waited look again; return them."""
    meant = [
        halt
        for key, halt in desk.book.halts.items()
        if account in {"", key.account} and cause in {"", key.cause} and symbol in {"", key.symbol}
    ]
    for one in meant:
        lifted = HaltLifted(now_ns=now_ns, account=one.account, cause=one.cause, reason=reason, symbol=one.symbol)
        desk.record(lifted)
    if meant:
        for parent_id in desk.open_parents:
            desk.set_timer(parent_id, now_ns)
    return meant


def on_trouble(desk: Desk, event: TroubleReported) -> None:
    """Halt and tell, or lift what is over."""
    if event.is_over:
        lift(desk, account=event.account, cause=event.cause, reason=event.text, now_ns=event.now_ns)
        desk.over(event.cause, event.text, about=event.account)
        return
    if event.is_halting:
        halt(desk, account=event.account, cause=event.cause, text=event.text, now_ns=event.now_ns)
    desk.alert(event.cause, event.text, severity=event.severity, about=event.account)


def on_clock(desk: Desk, event: ClockJumped) -> None:
    """Doubt what was said before a sleep, and tell of a clock that differs."""
    if event.is_suspend:
        # Whatever streams said while the machine slept is lost, and quotes of before it are old.
        showing.on_gap(desk, event.now_ns)
        for account in desk.rules.limits:
            desk.lines.heard_ns[account] = event.now_ns
        for order in [order for account in desk.rules.limits for order in desk.all_live(account)]:
            desk.ask_about(order)
        for account in desk.rules.limits:
            readings.ask(desk, account, event.now_ns)
        slept_s = event.jump_ns // S
        desk.alert(
            "suspended", f"the machine slept for {slept_s} s: streams are taken as interrupted, orders asked about"
        )
        return
    desk.alert("clock_jump", f"the wall clock differs from ours by {event.skew_ns / S:.3f} s: check NTP")


def is_reducing(desk: Desk, parent: Parent, request: NewOrder | ReplaceRequest) -> bool:
    """Whether a request can only bring its sleeve's position nearer to zero, whatever else of the sleeve is out."""
    owned, book = desk.owned_qty(parent), desk.book
    key = book.chains.get(request.cl_ord_id) or book.chains.get(getattr(request, "orig_cl_ord_id", ""), "")
    chain, out_qty = book.orders.get(key), ZERO
    for other_key in desk.live.get((request.account, request.symbol), ()):
        other = book.orders[other_key]
        if other_key != key and other.first.side.is_buy == request.side.is_buy:
            is_of_sleeve = book.parents[other.first.parent_id].order.sleeve == parent.order.sleeve
            out_qty += other.exposure_qty if is_of_sleeve else ZERO
    asked_qty = request.order_qty - (ZERO if chain is None else chain.cum_qty)
    return asked_qty + out_qty <= (-owned if request.side.is_buy else owned)


def halt_text(halt: Halt) -> str:
    """Return why nothing new is done, and what to do."""
    if halt.cause == KILL:
        return f"no new risk {where_of(halt)} (killed, {halt.text}); lift it with execd unkill"
    return f"no new risk {where_of(halt)} ({halt.cause}: {halt.text}); lift it with execd resume --halt"


def where_of(halt: Halt) -> str:
    """Return in words what a halt binds."""
    where = f"on account {halt.account}" if halt.account else "on all accounts"
    return f"in {halt.symbol} {where}" if halt.symbol else where


def owned_text(desk: Desk, parent: Parent) -> str:
    """Return what a parent's sleeve owns, for a message."""
    return plain(desk.owned_qty(parent))
