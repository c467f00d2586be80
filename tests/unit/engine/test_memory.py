"""What leaves memory, and what is said of it later."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.book import Book
from execd.core.commands import FlattenScope, ReleaseParent, ResumeNew
from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.events import Known, ParentReceived, Recall, ReportReceived
from execd.core.ids import parent_key
from execd.core.records import ParentRecalled, ParentsRetired, Reported
from execd.core.reports import Trade
from execd.core.rules import S
from execd.core.scopes import Scope
from execd.engine.engine import Engine
from tests.world import EPOCH, RULES, World, intent, quote

HOUR_S = 3_600


def traded(rules_memory_s: int = HOUR_S, *, most: int = 10_000) -> World:
    """Return a world in which `a` bought 100 shares and ended."""
    world = World(replace(RULES, memory_ns=rules_memory_s * S, memory_parents_max=most))
    world.crash()
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(1)
    return world


def late_trade(world: World, exec_id: str = "late") -> ReportReceived:
    """Return a fill that the broker tells much later."""
    report = Trade(
        cl_ord_id=world.submitted[0].cl_ord_id,
        transact_ns=world.now_ns,
        order_id="x",
        exec_id=exec_id,
        last_qty=Decimal(1),
        last_px=Decimal(200),
    )
    return ReportReceived(now_ns=world.now_ns, account="sim", report=report)


def test_an_ended_parent_leaves_memory_after_its_time() -> None:
    """Ended parents leave memory after `memory_ns`; what is owned stays."""
    world = traded()
    before = (len(world.book.parents), len(world.book.orders))
    world.run(2 * HOUR_S)

    assert ((1, 1), (0, 0, 0)) == (before, (len(world.book.parents), len(world.book.orders), len(world.book.chains)))
    assert [Decimal(100)] == [position.qty for position in world.book.positions.values()]


def test_the_oldest_of_too_many_leave_first() -> None:
    """Over `memory_parents_max` the oldest go, but none of the last minute."""
    world = traded(most=1)
    world.drop(intent("b", order_qty=Decimal("0.5")))
    world.run(30)
    young = list(world.book.parents)
    world.run(200)

    assert (["a", "b"], ["b"]) == (young, list(world.book.parents))


def test_an_open_parent_stays() -> None:
    """Nothing that may still trade is ever forgotten."""
    world = traded(most=0)
    world.drop(intent("waits", symbol="NONE", start_by_ns=world.now_ns + 10 * HOUR_S * S))
    world.run(2 * HOUR_S)

    assert ["waits"] == list(world.book.parents)


def test_a_fill_of_a_parent_that_left_memory_is_counted_once() -> None:
    """A fact is never lost: its parent comes back from the journal, and the same fact again changes nothing."""
    world = traded()
    world.run(2 * HOUR_S)
    event = late_trade(world)
    world.tell(event)
    world.tell(event)
    world.run(2 * HOUR_S + 1)
    world.tell(event)

    assert [Decimal(101)] == [position.qty for position in world.book.positions.values()]
    assert Decimal(101) == world.book.parents["a"].cum_qty
    assert {} == world.book.external


def test_a_crash_between_a_late_fill_and_its_recall_loses_nothing() -> None:
    """The fill is journaled when it comes; the next start asks the journal again."""
    world = traded()
    world.run(2 * HOUR_S)
    world.tell(late_trade(world))
    world.crash()
    world.run(2 * HOUR_S + 2)

    assert [Decimal(101)] == [position.qty for position in world.book.positions.values()]
    assert 1 == sum(isinstance(record, ParentRecalled) for record in world.records)


def test_reports_on_several_requests_of_a_parent_that_left_are_all_counted() -> None:
    """It comes back once: what was said of its other requests meanwhile is folded with it."""
    world = World(replace(RULES, memory_ns=HOUR_S * S))
    world.crash()
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("a", price=Decimal("199.00"), expire_ns=world.now_ns + 10 * S))
    world.run(2 * HOUR_S)
    late = late_trade(world)
    again = [replace(late.report, cl_ord_id=f"{late.report.cl_ord_id[:-1]}{n}", exec_id=f"late{n}") for n in (1, 2)]
    for report in again:
        world.cycle.push(replace(late, report=report))
    world.tell(replace(late, report=again[0]))
    world.run(2 * HOUR_S + 2)

    assert [Decimal(2)] == [position.qty for position in world.book.positions.values()]


def test_a_fold_that_keeps_all_and_one_that_forgets_agree_on_what_is_owned() -> None:
    """Verification folds every record and keeps what retires; positions are the same."""
    world = traded()
    world.run(2 * HOUR_S)
    world.tell(late_trade(world))
    world.run(2 * HOUR_S + 2)
    everything = Book(keeps_all=True)
    for record in world.records:
        everything.apply(record)

    assert everything.positions == world.book.positions
    assert everything.parents["a"].cum_qty == world.book.parents["a"].cum_qty
    assert any(isinstance(record, ParentsRetired) for record in world.records)


def test_an_id_that_left_memory_is_still_known() -> None:
    """Same id and content: acknowledged; other content: refused; the journal's word comes with the event."""
    world = traded()
    world.run(2 * HOUR_S)
    parent = intent("a", side=Side.BUY)
    codes = []
    for content_hash in ("same", "other"):
        known = Known("same", ParentStatus.FILLED)
        event = ParentReceived(now_ns=world.now_ns, parent=parent, content_hash=content_hash, ref="file", known=known)
        world.tell(event)
        codes.append(world.replies()[-1].code)

    assert ["duplicate", "id_conflict"] == codes
    assert 1 == len(world.submitted)


def test_an_order_with_our_mark_that_nobody_knows_is_told() -> None:
    """A ClOrdID of this journal that it does not hold is a restored backup or worse: alert, and nothing is invented."""
    world = traded()
    event = late_trade(world)
    report = replace(event.report, cl_ord_id=f"{world.submitted[0].cl_ord_id[:-2]}-99")
    world.tell(replace(event, report=report))
    world.run(2)

    assert "orphan_order" in world.alerts()
    assert 1 == sum(isinstance(one, Reported) and one.report == report for one in world.records)


def test_an_intent_that_was_sent_before_the_restore_is_held() -> None:
    """Fault H8. The broker told of an order of its id: it trades a second time only if an operator says so."""
    event = late_trade(traded())
    world = World()
    key = parent_key("sim", "a")
    world.tell(replace(event, report=replace(event.report, cl_ord_id=f"{EPOCH}-{key}-1")))
    world.run(1)
    world.command(ResumeNew(reason="compared"))
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.drop(intent("b", urgency=Urgency.HIGH))
    world.run(1)
    statuses = [world.book.parents[one].status for one in ("a", "b")]
    held, sent = world.book.parents["a"].reason, [order.parent_id for order in world.submitted]
    world.command(ReleaseParent(parent_id="a", reason="the first one was cancelled"))
    world.run(1)

    assert ([ParentStatus.HELD, ParentStatus.FILLED], ["b"]) == (statuses, sent)
    assert held.startswith(f"sent_before: the broker knows {EPOCH}-{key}-1")
    assert ["b", "a"] == [order.parent_id for order in world.submitted]


def test_an_order_of_an_epoch_before_the_restore_is_ours() -> None:
    """Fault B9. What was sent after the backup is asked for and told, and never taken for somebody else's order."""
    event = late_trade(traded())
    recalled = {}
    for epoch in ("0ldep0c", "newep0c", "f0re1gn"):
        engine = Engine(RULES, "newep0c", epochs=("0ldep0c",))
        report = replace(event.report, cl_ord_id=f"{epoch}-0123456789abcdef-1")
        effects = engine.handle(replace(event, report=report))
        recalled[epoch] = any(isinstance(effect, Recall) for effect in effects)

    assert {"0ldep0c": True, "newep0c": True, "f0re1gn": False} == recalled


def test_a_flatten_waits_for_what_was_told_of_an_order_that_left_memory() -> None:
    """The fill is known and not booked yet, for its order is being fetched: nobody may say that all is flat."""
    world = traded()
    world.drop(intent("b", side=Side.SELL, urgency=Urgency.HIGH))
    world.run(2 * HOUR_S)
    flat = not any(position.qty for position in world.book.positions.values())
    world.latency_ns = 5 * S
    world.tell(late_trade(world))
    told = world.command(FlattenScope(scope=Scope(symbol="AAPL"), reason="test")).text
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.run(2 * HOUR_S + 60)

    assert (True, True) == (flat, "is being flattened" in told)
    assert [1] == [one.order_qty for one in world.submitted if "flatten" in one.parent_id]
    assert not any(position.qty for position in world.book.positions.values())
