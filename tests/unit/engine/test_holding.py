"""Why a parent is held: every reason is told, each once."""

from decimal import Decimal

from execd.core.enums import ParentStatus
from execd.core.events import Alert, ReportReceived
from execd.core.records import ParentHeld, ParentReleased
from execd.core.reports import Trade
from execd.core.rules import S
from tests.unit.engine.readings import book_of
from tests.world import START_NS, World, intent, quote


def held() -> World:
    """Return a world in which `p` has an order out, and is held because somebody must look at something else."""
    world = World(latency_ns=100 * S)
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("p"))
    world.engine.desk.hold("p", "in_doubt: look there", world.now_ns)
    return world


def overfill(world: World, exec_id: str = "over") -> None:
    """Let more be filled than was ordered."""
    over = Trade(
        cl_ord_id=world.submitted[0].cl_ord_id,
        transact_ns=START_NS,
        exec_id=exec_id,
        last_qty=Decimal(150),
        last_px=Decimal("200.02"),
    )
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=over))


def calls(world: World) -> list[str]:
    """Return for what somebody was called to `p`."""
    told = [one.text for one in world.effects if isinstance(one, Alert) and one.code == "parent_held"]
    return [text.removeprefix("parent p is held: ").partition(":")[0] for text in told]


def test_an_overfill_of_a_parent_that_is_held_already_calls_somebody() -> None:
    """Who looks at a doubt knows nothing of an overfill that is found meanwhile. Fault D10."""
    world = held()
    overfill(world)

    assert ["in_doubt", "overfill"] == calls(world)
    assert (ParentStatus.HELD, True) == (
        world.book.parents["p"].status,
        world.book.parents["p"].reason.startswith("overfill"),
    )


def test_the_reasons_of_a_held_parent_are_told_once_each() -> None:
    """Two reasons that are found again in turn are no news, and make no record."""
    world = held()
    overfill(world)
    before = [one for one in world.records if isinstance(one, ParentHeld)]
    for reason in ("in_doubt: look there", world.book.parents["p"].reason) * 2:
        world.engine.desk.hold("p", reason, world.now_ns)
    overfill(world)

    assert ["in_doubt", "overfill"] == calls(world)
    assert before == [one for one in world.records if isinstance(one, ParentHeld)]


def test_a_reason_that_is_found_after_a_release_is_told_again() -> None:
    """Who released it took it for settled."""
    parent = book_of(
        ParentHeld(now_ns=1, parent_id="p", reason="one"),
        ParentReleased(now_ns=2, parent_id="p", reason=""),
        ParentHeld(now_ns=3, parent_id="p", reason="two"),
    ).parents["p"]

    assert (False, True) == (parent.is_held_for("one"), parent.is_held_for("two"))
