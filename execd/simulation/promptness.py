"""What must happen in time, as long as the process lives, hears and is not kept from working.

Deadlines are kept though nothing is shown of a market, and a request in doubt
is asked about on its schedule, whatever else might bring an answer some day.
Looked at every `EVERY_NS`; a process that died, slept or waited for its disk
meanwhile is given all of the time again.
"""

from typing import TYPE_CHECKING, Final

from execd.core.enums import ParentStatus
from execd.core.events import Query
from execd.core.rules import S
from execd.simulation.at_rest import Broken
from execd.simulation.process import Life

if TYPE_CHECKING:
    from execd.simulation.world import World

EVERY_NS: Final = 15 * S
ENDS_NS: Final = 30 * S
"""A parent that has nothing out ends so soon after its deadline; a start spreads its looks over five seconds."""
ASKED_NS: Final = 120 * S
"""Between two questions about a doubt there is a minute at most, and a broker that was asked too often has a pause."""


class Promptness:
    """When the process was last free, since when an order was seen in doubt, and when it was last asked about."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._life_n = -1
        self._free_ns = 0
        self._asked_ns: dict[str, int] = {}
        self._since_ns: dict[str, int] = {}

    def asked(self, query: Query, now_ns: int) -> None:
        """Note a question about an order."""
        self._asked_ns[query.cl_ord_id] = now_ns

    def look(self, world: "World") -> None:
        """Raise Broken where something is overdue."""
        life = world.life
        if life is None or life.is_busy or world.machine.is_asleep or world.life_n != self._life_n:
            self._life_n = world.life_n
            self._free_ns = world.now_ns
            self._asked_ns.clear()
            self._since_ns.clear()
            return
        free_ns = world.now_ns - self._free_ns
        if free_ns > ENDS_NS:
            _ends(life)
        self._asks(life)

    def _asks(self, life: Life) -> None:
        desk = life.cycle.engine.desk
        orders = (order for account in desk.rules.limits for order in desk.all_live(account))
        doubted = {order.key: order.tried_ns for order in orders if order.is_in_doubt}
        # A doubt that was over may begin anew, long after anything was tried.
        self._since_ns = {key: self._since_ns.get(key, life.now_ns) for key in doubted}
        for key, tried_ns in doubted.items():
            silent_ns = life.now_ns - max(tried_ns, self._since_ns[key], self._asked_ns.get(key, 0))
            if silent_ns > ASKED_NS:
                raise Broken("asked", f"{key} is in doubt, and was not asked about for {silent_ns // S} s")


def _ends(life: Life) -> None:
    for parent_id in life.cycle.engine.desk.open_parents:
        parent = life.book.parents[parent_id]
        # Somebody who is called to it looks first, and what is out has to be told of.
        if parent.status is ParentStatus.HELD or parent.live:
            continue
        order = parent.order
        # One that could not start may be given up before its deadline.
        expire_ns = order.start_by_ns if order.expire_ns is None else min(order.start_by_ns, order.expire_ns)
        late_ns = life.now_ns - (expire_ns if parent.expire_ns is None else parent.expire_ns)
        if late_ns > ENDS_NS:
            raise Broken("deadline", f"{parent_id} is {parent.status} {late_ns // S} s after its deadline")
