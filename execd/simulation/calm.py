"""After the faults: a calm in which everything must converge, and what is judged once nothing moves any more.

Inv11 is here: without faults, and with somebody who answers what needs a
person, every order ends and nothing stays in doubt. Then the books of the
daemon and of its brokers are compared, and it is started twice again.
"""

from typing import TYPE_CHECKING, Final

from execd.core.rules import S
from execd.journal.perils import Killed
from execd.simulation.at_rest import Broken, at_rest, same_book
from execd.simulation.machine import DOWN_S

if TYPE_CHECKING:
    from execd.simulation.world import World

CALM_NS_MAX: Final = 5_400 * S
"""No file asks for more; Inv11's T."""
DRAIN_NS: Final = 150 * S
"""Longer than anything that was delayed still takes, and than two rounds of whoever compares."""
SETTLED_NS: Final = 20 * S
"""Until a start has asked, read and compared."""
SHOWN_MAX: Final = 8


def converge(world: "World") -> None:
    """Let everything end, and stay so while what is late still comes."""
    last_ns = world.now_ns + CALM_NS_MAX
    while world.play_until(last_ns, lambda: _is_over(world)):
        world.play_until(world.now_ns + DRAIN_NS)
        if _is_over(world):
            return
    raise Broken("Inv11", f"after {CALM_NS_MAX // S} s without faults: {'; '.join(_what_stays(world)[:SHOWN_MAX])}")


def judge(world: "World") -> None:
    """Compare everything at rest; then two more starts find nothing to write."""
    machine = world.machine
    if machine.life is None:
        return
    world.is_judged = True
    # That the wall clock is set right is news, whenever it comes; here nothing may be.
    machine.leave_wall()
    same_book(machine.shadow, machine.life.book, "at rest")
    at_rest(world.fronts.values(), machine.life.book, machine.life.journal)
    seqs = []
    for _ in range(2):
        try:
            machine.die()
        except Killed:
            machine.bury()
        world.play_until(world.now_ns + (DOWN_S[1] + 1) * S, lambda: machine.life is not None)
        world.play_until(world.now_ns + SETTLED_NS)
        seqs.append(machine.acked_seq)
    if seqs[0] != seqs[1]:
        raise Broken("Inv8", f"a second start in a row wrote {seqs[1] - seqs[0]} records")


def _is_over(world: "World") -> bool:
    life = world.machine.life
    if life is None or life.is_busy or world.machine.is_asleep or world.edge.on_way or world.inbox.waiting:
        return False
    desk = life.cycle.engine.desk
    if desk.open_parents or desk.controllers or any(desk.open_orders_n.values()):
        return False
    return not any(front.live() for front in world.fronts.values())


def _what_stays(world: "World") -> list[str]:
    life = world.machine.life
    if life is None:
        return ["the process is down"]
    book, desk = life.book, life.cycle.engine.desk
    stays = [f"{one} is {book.parents[one].status}: {book.parents[one].reason}" for one in desk.open_parents]
    stays += [f"{one} is at work" for one in desk.controllers]
    stays += [f"{key} is {one.ord_status} in the book" for key, one in book.orders.items() if not one.is_done]
    stays += [f"{one.name} lives at its broker" for front in world.fronts.values() for one in front.live()]
    stays += [f"{one.name} was never answered" for one in world.inbox.waiting]
    return stays or ["something moved again each time"]
