"""What somebody says became of a request in doubt: after a look at the broker, or wrongly (`wrong_resolve`).

Who looks sees what the broker has and what is still on its way to it. Who does
not says the opposite, as far as `execd resolve` lets him: lost of what lives
or is about to arrive, found of what never came. What the daemon must do about
that is in `misled`; a new thing to be said is a branch of `truth` and of `lie`.
"""

from typing import TYPE_CHECKING, Final

from execd.core.book import Book
from execd.core.commands import Command, ResolveOrder
from execd.core.doubting import doubted, is_unborn
from execd.core.order import Order
from execd.core.rules import S

if TYPE_CHECKING:
    from execd.simulation.world import World

NAME: Final = "wrong_resolve"
LOOKED: Final = "looked"
GUESSED: Final = "it must have been so"
WAIT_S: Final = (0, 90)
"""So long after a request came into doubt somebody who does not look says something of it."""


def answer(world: "World", order: Order) -> Command | None:
    """Return what somebody says of an order on his round; None where he says nothing."""
    faults = world.faults
    if not faults.is_calm and faults.draws.is_hit(faults.percent[NAME], NAME):
        told = lie(world, order)
        if told is not None:
            faults.count(NAME)
            return told
    return truth(world, order)


def truth(world: "World", order: Order) -> Command | None:
    """Return what somebody says of a new order after a look at the broker; None where he waits, or is not needed."""
    is_vouched = order.vouched_ns is not None and order.acked_ns is None and not order.is_done
    if not is_unborn(order) and not is_vouched:
        return None  # The engine goes on asking about a cancel or a replace, and needs nobody for it.
    known = world.fronts[order.first.account].by_id.get(order.key)
    if known:
        # What somebody vouched for before, and is there, its broker tells of.
        return None if is_vouched else _found(order.key, known[-1].order_id, LOOKED)
    return None if order.key in world.edge.on_way else _lost(order.key, LOOKED)


def lie(world: "World", order: Order) -> Command | None:
    """Return the opposite of what became of the request of an order that is in doubt; None where none is."""
    cl_ord_id = order.key if is_unborn(order) else doubted(order)
    if not cl_ord_id:
        return None
    front = world.fronts[order.first.account]
    if cl_ord_id in front.by_id or cl_ord_id in world.edge.on_way or cl_ord_id != order.key:
        # Of a cancel or a replace as well, whether it has come or not: nothing else can be said of one.
        return _lost(cl_ord_id, GUESSED)
    # With the number of another order, at times: whoever misread a line.
    others = ["", *(placed.order_id for placed in front.placed.values())]
    return _found(cl_ord_id, world.faults.draws.pick(others, NAME), GUESSED)


def may_speak(world: "World", cl_ord_id: str) -> None:
    """Let somebody say something wrong a little after a request came into doubt, if that is to be."""
    faults = world.faults
    if faults.is_calm or not faults.draws.is_hit(faults.percent[NAME], NAME):
        return
    wait_ns = faults.draws.between(WAIT_S[0] * S, WAIT_S[1] * S, NAME)
    world.later(world.now_ns + wait_ns, lambda: _speak(world, cl_ord_id))


def _speak(world: "World", cl_ord_id: str) -> None:
    book: Book | None = None if world.life is None else world.life.book
    order = None if book is None else book.order_of(cl_ord_id)
    command = None if order is None or world.faults.is_calm else lie(world, order)
    if command is not None:
        world.faults.count(NAME)
        world.command(command)


def _lost(cl_ord_id: str, reason: str) -> Command:
    return ResolveOrder(cl_ord_id=cl_ord_id, is_lost=True, reason=reason)


def _found(cl_ord_id: str, order_id: str, reason: str) -> Command:
    return ResolveOrder(cl_ord_id=cl_ord_id, is_lost=False, order_id=order_id, reason=reason)
