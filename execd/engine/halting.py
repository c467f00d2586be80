"""No new risk: halts that somebody or something asked for, and how they end.

A halt is latched by a record and survives a restart. While one binds an
account, orders that add risk wait; reducing ones and cancels go on. What kill
levels will do more is built on this.
"""

from typing import Final

from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.enums import Side
from execd.core.events import ClockJumped, TroubleReported
from execd.core.orders import NewOrder, ReplaceRequest
from execd.core.parents import Halt, HaltKey
from execd.core.records import Halted, HaltLifted
from execd.core.rules import S
from execd.engine.desk import Desk

OPERATOR: Final = "operator"
"""The cause of a halt that a person asked for."""
ADDS_RISK: Final = (Side.BUY, Side.SELL_SHORT)


def halt_of(desk: Desk, account: str, symbol: str) -> Halt | None:
    """Return a halt that binds a symbol on an account; the oldest of several."""
    for key, halt in desk.book.halts.items():
        if key.account in {"", account} and key.symbol in {"", symbol}:
            return halt
    return None


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
        desk.alert(event.cause, f"over: {event.text}", severity="info")
        return
    if event.is_halting:
        halt(desk, account=event.account, cause=event.cause, text=event.text, now_ns=event.now_ns)
    desk.alert(event.cause, event.text, severity=event.severity)


def on_clock(desk: Desk, event: ClockJumped) -> None:
    """Doubt what was said before a sleep, and tell of a clock that differs."""
    if event.is_suspend:
        # Whatever streams said while the machine slept is lost, and quotes of before it are old.
        desk.markets.on_gap()
        for order in [order for account in desk.rules.limits for order in desk.all_live(account)]:
            desk.ask_about(order)
        slept_s = event.jump_ns // S
        desk.alert(
            "suspended", f"the machine slept for {slept_s} s: streams are taken as interrupted, orders asked about"
        )
        return
    desk.alert("clock_jump", f"the wall clock differs from ours by {event.skew_ns / S:.3f} s: check NTP")


def is_reducing(desk: Desk, parent: Parent, request: NewOrder | ReplaceRequest) -> bool:
    """Whether a request can only bring its sleeve's position nearer to zero, going by what is owned."""
    owned = desk.owned_qty(parent)
    return request.order_qty <= (-owned if request.side.is_buy else owned)


def halt_text(halt: Halt) -> str:
    """Return why nothing new is done, and what to do."""
    return f"no new risk {where_of(halt)} ({halt.cause}: {halt.text}); lift it with execd resume --halt"


def where_of(halt: Halt) -> str:
    """Return in words what a halt binds."""
    where = f"on account {halt.account}" if halt.account else "on all accounts"
    return f"in {halt.symbol} {where}" if halt.symbol else where


def owned_text(desk: Desk, parent: Parent) -> str:
    """Return what a parent's sleeve owns, for a message."""
    return plain(desk.owned_qty(parent))
