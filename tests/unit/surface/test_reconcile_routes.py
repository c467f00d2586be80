"""Who may ask for a comparison with the broker."""

from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.journal.memory import MemoryJournal
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.surface.peers import Role
from execd.surface.reconciling import Reconciling
from tests.unit.runtime.ports import SetClock
from tests.world import EPOCH, RULES


def test_who_may_look_may_compare_and_who_may_operate_may_carry_it_out() -> None:
    """A dry run changes nothing, so the role viewer is enough for it."""
    clock = SetClock()
    pump = Pump(cycle=Cycle(Engine(RULES, EPOCH)), journal=MemoryJournal(created_ns=1), clock=clock)
    routes = Reconciling(pump=pump, replies=Replies(), clock=clock, accounts=("sim",)).routes

    assert {"GET": Role.VIEWER, "POST": Role.OPERATOR} == {one.method: one.role for one in routes}
