"""What was taken for lost and lived: told, and counted; what was settled is told no second time."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.commands import ResolveOrder
from execd.core.enums import OrdStatus, Outcome, ParentStatus, Urgency
from execd.core.events import Alert, LookedUp, ReportReceived, RequestFailed
from execd.core.orders import ParentOrder
from execd.core.records import Failed
from execd.core.reports import Accepted, Trade
from execd.core.rules import FREE_IDS
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import RULES, Fate, World, intent, quote


def taken_for_lost(parent: ParentOrder) -> tuple[World, str]:
    """Return a world in which a person took the first order of an intent for lost, and the id of that order."""
    world = World(replace(RULES, lookups={"sim": FREE_IDS}))
    world.show(quote(*STANDING, size=1_000))
    world.fates.append(Fate.LOST)
    world.drop(parent)
    world.run(1)
    key = next(iter(world.book.orders))
    world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="it is not there"))
    return world, key


def lost_and_done_again() -> tuple[World, str]:
    """Return a world whose first order a person took for lost by mistake, and the next one was filled; and its id."""
    world, key = taken_for_lost(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 3)
    return world, key


def lives(world: World, key: str) -> None:
    """Let the broker tell that the order lived all the time, and was filled."""
    told = Accepted(cl_ord_id=key, transact_ns=world.now_ns, order_id="77")
    fill = Trade(
        cl_ord_id=key,
        transact_ns=world.now_ns,
        order_id="77",
        exec_id="77.1",
        last_qty=Decimal(100),
        last_px=Decimal("100.02"),
    )
    for report in (told, fill):
        world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=report))


def critical(world: World) -> list[str]:
    """Return the codes of the alerts that page."""
    return [one.code for one in world.effects if isinstance(one, Alert) and one.severity == "critical"]


def test_an_order_that_was_taken_for_lost_and_lived_pages_with_both_quantities() -> None:
    """Fault C4: the intent has twice what it asked for, and somebody must know at once."""
    world, key = lost_and_done_again()
    before = (world.book.parents["a"].status, critical(world))
    lives(world, key)
    texts = [one.text for one in world.effects if isinstance(one, Alert)]

    assert (ParentStatus.FILLED, []) == before
    assert ["came_back", "contradiction"] == critical(world)
    assert any("200 of 100" in text for text in texts)


def test_two_live_orders_in_one_place_are_both_pulled() -> None:
    """Fault C4: what was sent in the place of the lost one is live too; two live children are one too many."""
    world, lost = taken_for_lost(intent("a", price=Decimal("1.00")))
    world.run(2)
    for report in world.venue.submit(world.book.orders[lost].first, world.now_ns):
        world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=report))
    world.run(5)
    parent = world.book.parents["a"]

    assert (ParentStatus.FAILED, [], 2) == (parent.status, world.venue.live(), len(parent.children))
    assert ["came_back"] == critical(world)


def test_a_working_intent_that_is_overfilled_by_two_orders_is_pulled_and_pages() -> None:
    """It decides nothing more: what it has out is cancelled, and somebody is told of both."""
    world, lost = taken_for_lost(intent("a", price=Decimal("1.00")))
    world.run(2)
    second = world.book.parents["a"].live[0]
    part = Trade(
        cl_ord_id=second,
        transact_ns=world.now_ns,
        order_id="x",
        exec_id="x.1",
        last_qty=Decimal(50),
        last_px=Decimal(1),
    )
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=part))
    lives(world, lost)
    world.run(3)

    assert lost != second
    assert (ParentStatus.FILLED, []) == (world.book.parents["a"].status, world.venue.live())
    assert ["came_back", "parent_held"] == critical(world)


def test_an_order_that_its_broker_denies_may_be_declared_gone() -> None:
    """A broker that went back to an older state knows it no more: without a person's word it would count for ever."""
    world = World(replace(RULES, lookups={"sim": FREE_IDS}))
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(1)
    key = world.book.parents["a"].live[0]
    early = world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="I think"))
    world.tell(LookedUp(now_ns=world.now_ns, account="sim", cl_ord_id=key, seen=None))
    world.cancel("a")
    told = world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="its ledger was put back"))
    order, parent = world.book.orders[key], world.book.parents["a"]

    assert (False, True) == (early.is_ok, told.is_ok)
    assert (OrdStatus.CANCELED, Decimal(0), ParentStatus.CANCELED) == (
        order.ord_status,
        order.exposure_qty,
        parent.status,
    )


def test_a_request_that_was_settled_is_not_doubted_when_its_call_times_out() -> None:
    """What became of it was found by asking; that nobody answered the call says nothing more."""
    world, key = lost_and_done_again()
    before_n, alerts = len(world.records), world.alerts()
    failed = RequestFailed(
        now_ns=world.now_ns, account="sim", cl_ord_id=key, outcome=Outcome.UNKNOWN, text="no answer within 10 s"
    )
    world.tell(failed)
    told = [one for one in world.records[before_n:] if isinstance(one, Failed)]

    assert ([], alerts) == (told, world.alerts())


def test_a_report_that_changes_nothing_of_an_ended_intent_is_no_news() -> None:
    """An answer that comes after the fill is folded in, and nobody is told."""
    world = World()
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(1)
    key = world.book.parents["a"].children[0]
    told = Accepted(cl_ord_id=key, transact_ns=world.now_ns, order_id="other")
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=told))

    assert (ParentStatus.FILLED, []) == (world.book.parents["a"].status, world.alerts())
