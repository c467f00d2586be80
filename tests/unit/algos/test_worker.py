"""What the worker does with children that are not the one it works: they are pulled, and counted apart."""

from decimal import Decimal

from msgspec.structs import replace

from execd.algos.base import Pull
from execd.algos.schedules import Now
from execd.algos.tactics import Offset
from execd.algos.worker import Worker
from execd.core.rules import S
from tests.unit.algos.one_child import child_at, view_at
from tests.world import quote


def test_an_earlier_child_that_came_back_is_pulled_whatever_was_asked_of_a_later_one() -> None:
    """It was taken for lost and another one was sent, which was pulled: that cancel says nothing about this order."""
    back, later = child_at("10.00"), child_at("10.00", cl_ord_id="c2")
    worker = replace(
        Worker.of(Now(), Offset(bps=Decimal(5), ttl_ns=60 * S)),
        placed_n=2,
        settled_n=1,
        pulls_n=1,
        amends_n=1,
        over="time is up",
    )
    view = view_at(quote("X", "9.99", "10.01"), child=back, last_child=later, children_n=2)
    first = worker.step(view)
    again = worker.step(replace(view, last_child=back))

    assert [Pull] == [type(action) for action in first.actions]
    assert () == again.actions
