"""What was taken for lost and lived: told, and counted; what was settled is told no second time."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.commands import ResolveOrder
from execd.core.effects import Reply
from execd.core.enums import OrdStatus, Outcome, ParentStatus, Urgency
from execd.core.events import Alert, LookedUp, ReportReceived, RequestFailed
from execd.core.folding import apply
from execd.core.orders import AlgoSpec, CancelRequest, ParentOrder
from execd.core.records import Failed
from execd.core.reports import USED_ID, Accepted, Canceled, Rejected, Trade, TradeCanceled
from execd.core.rules import FREE_IDS, UNIQUE_IDS, Lookups, S
from tests.reading import READ_RULES, ReadWorld, begun, mine
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import RULES, Fate, World, intent, quote

LOW = intent("a", urgency=Urgency.LOW, price=Decimal("199.00"))
SLICED = intent(
    "a",
    order_qty=Decimal(1_000),
    price=Decimal("1.00"),
    algo=AlgoSpec(name="twap", parameters={"interval_ns": 100 * S, "duration_ns": 1_000 * S}),
)
"""Two of its children are less than it asked for."""


def taken_for_lost(parent: ParentOrder, lookups: Lookups = FREE_IDS, then: Fate = Fate.WELL) -> tuple[World, str]:
    """Return a world in which a person took the first order of an intent for lost, and the id of that order.

    `then` is what becomes of the next one.
    """
    world = World(replace(RULES, lookups={"sim": lookups}))
    world.show(quote(*STANDING, size=1_000))
    world.fates.extend([Fate.LOST, then])
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


def resting() -> tuple[ReadWorld, str]:
    """Return a world whose only order rests at the broker, and its id."""
    world = begun()
    world.drop(LOW)
    kept_quotes(world, 5)
    return world, world.book.parents["a"].live[0]


def unseen(lookups: Lookups, *, looks_n: int) -> ReadWorld:
    """Return a world whose only order arrived: nobody answered, no report comes, and the broker denies it so often."""
    world = begun(rules=replace(READ_RULES, lookups={"sim": lookups}))
    world.fates.append(Fate.TAKEN)
    world.looks.extend([Fate.BLIND] * looks_n)
    world.is_deaf = True
    world.drop(LOW)
    return world


def called_lost_at_last(world: ReadWorld, key: str) -> Reply:
    """Let the broker deny an order that rests there and let a person believe it; return what the command said."""
    world.tell(LookedUp(now_ns=world.now_ns, account="sim", cl_ord_id=key, seen=None))
    world.is_cut_off = True
    world.cancel("a")
    return world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="it is not there"))


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
    came_to_live(world, lost)
    world.run(5)
    parent = world.book.parents["a"]

    assert (ParentStatus.FAILED, [], 2) == (parent.status, world.venue.live(), len(parent.children))
    assert ["came_back"] == critical(world)


def came_to_live(world: World, lost: str) -> None:
    """Let the broker have an order after all that was taken for lost, and tell of it."""
    for report in world.venue.submit(world.book.orders[lost].first, world.now_ns):
        world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=report))


def test_an_order_that_came_back_is_pulled_also_while_the_one_in_its_place_is_in_doubt() -> None:
    """What is known to live must not wait for what nobody knows."""
    world, lost = taken_for_lost(SLICED, then=Fate.LOST)
    world.looks.extend([Fate.LOST] * 9)
    world.run(2)
    came_to_live(world, lost)
    world.run(2)
    newest = world.book.parents["a"].children[-1]

    assert newest != lost
    assert (True, OrdStatus.CANCELED) == (world.book.orders[newest].is_in_doubt, world.book.orders[lost].ord_status)


def test_the_cancel_of_an_order_that_came_back_is_not_taken_for_one_of_the_order_in_its_place() -> None:
    """The first is pulled, and the second is still to be pulled when its time is up."""
    world, lost = taken_for_lost(SLICED)
    world.run(2)
    came_to_live(world, lost)
    kept_quotes(world, 30)
    between = [order.cl_ord_id for order in world.venue.live()]
    kept_quotes(world, 1_000)

    assert [world.book.parents["a"].children[1]] == between
    assert ([], True) == (world.venue.live(), world.book.parents["a"].status.is_terminal)


def test_an_order_in_doubt_is_not_written_again_while_another_of_its_intent_lives() -> None:
    """The first came back and its cancel is lost: the second, which did not arrive, would be one too many."""
    world, lost = taken_for_lost(SLICED, UNIQUE_IDS, then=Fate.LOST)
    world.run(2)
    world.fates.extend([Fate.LOST] * 99)
    came_to_live(world, lost)
    kept_quotes(world, 60)
    newest = world.book.orders[world.book.parents["a"].children[-1]]

    assert (lost, True, 0) == (world.venue.live()[0].cl_ord_id, newest.is_in_doubt, newest.resent_n)


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


@pytest.mark.parametrize("code", ["", USED_ID, "buying_power"])
def test_an_order_that_came_back_after_its_intent_had_ended_is_pulled(code: str) -> None:
    """A person took it for lost, and it lives: nobody steers it, so it is cancelled. Fault D5.

    A rejection that arrives late is of the second copy of it, and says nothing about the first.
    """
    world = unseen(UNIQUE_IDS, looks_n=19)
    kept_quotes(world, 25)
    key = world.submitted[0].cl_ord_id
    world.cancel("a")
    world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="looked"))
    ended = world.book.parents["a"].status
    kept_quotes(world, 30)
    live = [one.cl_ord_id for one in world.venue.live()]
    world.is_deaf = False
    if code:
        rejected = Rejected(cl_ord_id=key, transact_ns=world.now_ns, code=code)
        world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=rejected))
    world.looks.clear()
    kept_quotes(world, 150)

    assert (ParentStatus.CANCELED, [key], 1) == (ended, live, world.book.orders[key].resent_n)
    assert ([], True) == (world.venue.live(), "came_back" in world.alerts())
    assert OrdStatus.CANCELED == world.book.orders[key].ord_status


def test_an_order_that_its_broker_denied_for_a_while_and_a_person_called_lost_is_pulled() -> None:
    """The broker told of it, then not, and a person drew the wrong conclusion: from its next word on it lives here."""
    world, key = resting()
    told = called_lost_at_last(world, key)
    before = (told.is_ok, world.book.orders[key].ord_status, world.book.parents["a"].status)
    world.is_cut_off = False
    kept_quotes(world, 150)

    assert (True, OrdStatus.CANCELED, ParentStatus.CANCELED) == before
    assert ([], True) == (world.venue.live(), "came_back" in world.alerts())
    assert {} == world.halts()


def test_an_order_that_came_back_with_a_cancel_on_its_way_is_asked_about() -> None:
    """Nobody knows what became of that cancel, and until somebody does no other one may be sent."""
    world = unseen(FREE_IDS, looks_n=9)
    kept_quotes(world, 2)
    world.fates.append(Fate.LOST)
    world.cancel("a")
    kept_quotes(world, 20)
    key = world.submitted[0].cl_ord_id
    world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="looked"))
    gone = world.book.orders[key].is_taken_for_lost
    world.looks.clear()
    kept_quotes(world, 200)

    assert (True, []) == (gone, world.venue.live())
    assert OrdStatus.CANCELED == world.book.orders[key].ord_status


def test_what_fills_cost_that_only_an_end_told_of_is_asked_until_it_is_known() -> None:
    """The broker denies the order once, and its lists do not go back so far any more: each reading asks anew."""
    world, key = resting()
    world.is_deaf = True
    world.show(quote("AAPL", "198.98", "199.00", size=40))
    world.run(6)
    world.looks.extend([Fate.BLIND] * 9)
    world.alter = lambda one: replace(one, orders=(), trades=())
    first = world.book.orders[key].first
    pulled = CancelRequest(
        cl_ord_id="x-2", orig_cl_ord_id=key, parent_id="a", account="sim", symbol="AAPL", side=first.side
    )
    world.venue.cancel(pulled, world.now_ns)
    ended = Canceled(cl_ord_id=key, transact_ns=world.now_ns, order_id="x", cum_qty=Decimal(40))
    world.is_deaf = False
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=ended))
    kept_quotes(world, 11)
    before = world.book.orders[key].fills.is_unpriced
    world.looks.clear()
    kept_quotes(world, 70)
    fills = world.book.orders[key].fills

    assert (True, False) == (before, fills.is_unpriced)
    assert (Decimal(40), Decimal(40) * 199) == (mine(world), fills.notional)


@pytest.mark.parametrize("code, resent_n", [(USED_ID, 0), ("buying_power", 1)])
def test_a_rejection_of_another_copy_changes_nothing_about_the_first(code: str, resent_n: int) -> None:
    """The journal is folded without the daemon at hand, so the fact itself must mean nothing."""
    world = World(replace(RULES, lookups={"sim": FREE_IDS}))
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(1)
    order = replace(next(iter(world.book.orders.values())), resent_n=resent_n)
    rejected = Rejected(cl_ord_id=order.key, transact_ns=world.now_ns, code=code)

    assert order == apply(order, rejected)
    assert OrdStatus.REJECTED == apply(replace(order, resent_n=0), replace(rejected, code="other")).ord_status


def test_an_order_that_was_filled_and_is_not_any_more_is_asked_about_where_a_cancel_of_it_is_open() -> None:
    """Its fill ended every doubt, and the bust brings back the doubt about a cancel that nobody has answered."""
    world, key = resting()
    world.is_deaf = True
    world.fates.append(Fate.LOST)
    world.looks.extend([Fate.LOST] * 99)
    world.cancel("a")
    kept_quotes(world, 20)
    fill = Trade(
        cl_ord_id=key,
        transact_ns=world.now_ns,
        order_id="77",
        exec_id="77.1",
        last_qty=world.book.orders[key].order_qty,
        last_px=Decimal(199),
    )
    undone = TradeCanceled(cl_ord_id=key, transact_ns=world.now_ns + 1, exec_ref_id="77.1")
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=fill))
    kept_quotes(world, 100)
    filled = (world.book.orders[key].is_done, key in world.engine.desk.doubts)
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=undone))

    assert (True, False) == filled
    assert (True, True) == (world.book.orders[key].is_in_doubt, key in world.engine.desk.doubts)


def test_an_order_that_was_called_lost_twice_and_filled_pages_twice() -> None:
    """It came back, its broker denied it, a person believed that: the fill is news that somebody must hear."""
    world, key = resting()
    called_lost_at_last(world, key)
    before = critical(world)
    lives(world, key)

    assert "came_back" not in before
    assert "came_back" in critical(world)
