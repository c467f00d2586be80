"""Who may ask for a comparison with the broker."""

import pytest

from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.journal.memory import MemoryJournal
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.surface.answers import Problem
from execd.surface.bodies import read
from execd.surface.peers import Role
from execd.surface.reconciling import ReconcileBody, Reconciling
from tests.unit.runtime.ports import SetClock
from tests.world import EPOCH, RULES


def test_who_may_look_may_compare_and_who_may_operate_may_carry_it_out() -> None:
    """A dry run changes nothing, so the role viewer is enough for it."""
    clock = SetClock()
    pump = Pump(cycle=Cycle(Engine(RULES, EPOCH)), journal=MemoryJournal(created_ns=1), clock=clock)
    routes = Reconciling(pump=pump, replies=Replies(), clock=clock, accounts=("sim",)).routes

    assert {"GET": Role.VIEWER, "POST": Role.OPERATOR} == {one.method: one.role for one in routes}


def test_a_dry_run_is_asked_for_by_get_alone() -> None:
    """Whoever asks to carry out what follows gets no comparison that carries out nothing."""
    with pytest.raises(Problem) as refused:
        read(b'{"account": "sim", "is_dry": true}', ReconcileBody)

    assert ("bad_value", True) == (refused.value.code, "is_dry" in str(refused.value))
