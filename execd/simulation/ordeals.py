"""What strikes a world at an instant that its seed names, one function a class.

They do what brokers, streams, machines and disks do of themselves; what people
do is in `people`. A new class is a row in ORDEALS and one in `faults.FAULTS`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

from execd.core.enums import Side
from execd.core.market import Halt, Prints
from execd.core.orders import CancelRequest, NewOrder
from execd.core.rules import S
from execd.simulation import mischief
from execd.simulation.front import Fill, Front, Placed
from execd.simulation.process import Life
from execd.simulation.wishes import span_of

if TYPE_CHECKING:
    from execd.simulation.world import World

ONE: Final = Decimal(1)
CENT: Final = Decimal("0.01")
NIBBLES: Final = 3


def _front(world: "World", name: str) -> Front:
    return world.faults.draws.pick(tuple(world.fronts.values()), name)


def _half_open(world: "World") -> bool:
    world.streams[_front(world, "half_open").account].fall_silent()
    return True


def _stream_cut(world: "World") -> bool:
    back_in_ns = span_of(world.faults.draws, 1, 60, "stream_cut")
    world.streams[_front(world, "stream_cut").account].cut("the connection broke", back_in_ns=back_in_ns)
    return True


def _quotes_cut(world: "World") -> bool:
    world.cut_quotes(span_of(world.faults.draws, 1, 60, "quotes_cut"))
    return True


def _old_reports(world: "World") -> bool:
    world.streams[_front(world, "old_reports").account].tell_old()
    return True


def _gateway_restart(world: "World") -> bool:
    draws = world.faults.draws
    front = _front(world, "gateway_restart")
    away_ns = span_of(draws, 5, 60, "gateway_restart")
    world.edge.away[front.account] = world.now_ns + away_ns
    world.streams[front.account].cut("the gateway restarts", back_in_ns=away_ns + S)
    for placed in front.live():
        if draws.is_hit(30, "gateway_restart"):
            mischief.withdraw(front, placed, world.now_ns, is_told=False)
    if world.faults.percent["order_id_again"]:
        world.faults.count("order_id_again")
        front.is_numbered_anew = True
    return True


def _locked_out(world: "World") -> bool:
    account = _front(world, "locked_out").account
    world.edge.locked[account] = world.now_ns + span_of(world.faults.draws, 10, 300, "locked_out")
    return True


def _fill(world: "World", name: str) -> tuple[Front, Fill] | None:
    front = _front(world, name)
    standing = [fill for fill in front.fills.values() if not fill.is_busted and fill.placed.is_ours]
    return (front, world.faults.draws.pick(standing, name)) if standing else None


def _bust(world: "World") -> bool:
    found = _fill(world, "bust")
    if found is not None:
        mischief.bust(*found, world.now_ns)
    return found is not None


def _correction(world: "World") -> bool:
    found = _fill(world, "correction")
    if found is None:
        return False
    front, fill = found
    trade = fill.trade
    less_qty = max(ONE, trade.last_qty - world.faults.draws.below(3, "correction"))
    mischief.correct(front, fill, less_qty, trade.last_px + Decimal("0.01"), world.now_ns)
    return True


def _hand_trade(world: "World") -> bool:
    draws = world.faults.draws
    front = _front(world, "hand_trade")
    symbol = draws.pick(world.scene.specs, "hand_trade").symbol
    quote = world.matching.quote_now(symbol)
    if quote is None:
        return False
    side = draws.pick((Side.BUY, Side.SELL), "hand_trade")
    qty = Decimal(draws.between(1, 200, "hand_trade"))
    mischief.hand_trade(front, symbol, side, qty, quote.ask_px, world.now_ns)
    return True


def _overfill(world: "World") -> bool:
    front = _front(world, "overfill")
    full = [placed for placed in front.placed.values() if placed.fills and placed.cum_qty >= placed.request.order_qty]
    if not full:
        return False
    placed = world.faults.draws.pick(full, "overfill")
    world.laws.overfilled[placed.request.cl_ord_id] = None
    mischief.overfill(front, placed, Decimal(world.faults.draws.between(1, 50, "overfill")), world.now_ns)
    return True


def _of_live(world: "World", name: str) -> tuple[Front, Placed] | None:
    front = _front(world, name)
    live = front.live()
    return (front, world.faults.draws.pick(live, name)) if live else None


def _broker_cancel(world: "World") -> bool:
    found = _of_live(world, "broker_cancel")
    if found is not None:
        mischief.withdraw(*found, world.now_ns, is_told=True)
    return found is not None


def _suspended_word(world: "World") -> bool:
    found = _of_live(world, "suspended_word")
    if found is not None:
        mischief.say_nothing(*found, world.now_ns)
    return found is not None


def _symbol_halt(world: "World") -> bool:
    draws = world.faults.draws
    symbol = draws.pick(world.scene.specs, "symbol_halt").symbol
    for is_halted, at_ns in ((True, world.now_ns), (False, world.now_ns + span_of(draws, 30, 300, "symbol_halt"))):
        halt = Halt(symbol=symbol, is_halted=is_halted, reason="news", exchange_ns=at_ns)
        world.later(at_ns, partial(world.show, halt))
    return True


def _symbol_silent(world: "World") -> bool:
    draws = world.faults.draws
    symbol = draws.pick(world.scene.specs, "symbol_silent").symbol
    world.silence(symbol, world.now_ns + span_of(draws, 60, 1_800, "symbol_silent"))
    return True


def fall_silent(world: "World", life: Life) -> None:
    """Let the market of a symbol that is traded fall silent with the death of a process: the next one hears nothing."""
    desk = life.cycle.engine.desk
    symbols = list(dict.fromkeys(desk.parent(one).order.symbol for one in desk.open_parents))
    if symbols and world.faults.strikes("symbol_silent"):
        draws = world.faults.draws
        world.silence(draws.pick(symbols, "symbol_silent"), world.now_ns + span_of(draws, 60, 1_800, "symbol_silent"))


def nibble(world: "World", front: Front, request: NewOrder | CancelRequest) -> None:
    """Let the market trade through the price of an order by and by, or just before it is cancelled."""
    draws, at_ns = world.faults.draws, world.now_ns
    if isinstance(request, CancelRequest):
        _trade_through(world, front, request.orig_cl_ord_id, Decimal(draws.between(1, 50, "nibbled")))
        return
    for _ in range(NIBBLES):
        at_ns += span_of(draws, 1, 12, "nibbled")
        qty = Decimal(draws.between(1, 5, "nibbled"))
        world.later(at_ns, partial(_trade_through, world, front, request.cl_ord_id, qty))


def _trade_through(world: "World", front: Front, cl_ord_id: str, qty: Decimal) -> None:
    placed = front.by_id.get(cl_ord_id, [None])[-1]
    working = None if placed is None else front.working(placed)
    if working is None or working.ended or working.price is None or world.faults.is_calm:
        return
    px = working.price - CENT if working.side.is_buy else working.price + CENT
    prints = Prints(
        symbol=working.symbol,
        last_px=px,
        high_px=px,
        low_px=px,
        volume=qty,
        notional=qty * px,
        count=1,
        from_ns=world.now_ns,
        to_ns=world.now_ns,
    )
    world.show(prints)


def _clock_jump(world: "World") -> bool:
    draws = world.faults.draws
    jump_ns = draws.pick((-3_600, -20, -3, 3, 20, 3_600), "clock_jump") * S
    world.machine.set_wall(jump_ns, back_in_ns=span_of(draws, 30, 600, "clock_jump"))
    return True


def _suspend(world: "World") -> bool:
    return world.machine.sleep(span_of(world.faults.draws, 10, 600, "suspend"))


def _disk_full(world: "World") -> bool:
    world.machine.disk.full_until_ns = world.now_ns + span_of(world.faults.draws, 5, 300, "disk_full")
    return True


def _kill_statement(world: "World") -> bool:
    world.machine.doom.statements_n = world.faults.draws.between(1, 24, "kill_statement")
    return True


def _kill_effect(world: "World") -> bool:
    world.machine.doom.effects_n = world.faults.draws.between(1, 8, "kill_effect")
    return True


def _kill_now(world: "World") -> bool:
    return world.machine.kill()


ORDEALS: Final[Mapping[str, Callable[["World"], bool]]] = {
    "half_open": _half_open,
    "stream_cut": _stream_cut,
    "quotes_cut": _quotes_cut,
    "old_reports": _old_reports,
    "gateway_restart": _gateway_restart,
    "locked_out": _locked_out,
    "bust": _bust,
    "correction": _correction,
    "hand_trade": _hand_trade,
    "overfill": _overfill,
    "broker_cancel": _broker_cancel,
    "suspended_word": _suspended_word,
    "symbol_halt": _symbol_halt,
    "symbol_silent": _symbol_silent,
    "clock_jump": _clock_jump,
    "suspend": _suspend,
    "disk_full": _disk_full,
    "kill_statement": _kill_statement,
    "kill_effect": _kill_effect,
    "kill_now": _kill_now,
}
"""What strikes, by class; false where it found nothing to strike at."""
