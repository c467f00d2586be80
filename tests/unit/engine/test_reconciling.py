"""Readings of an account in a world: when they are asked for, what they mend, whom they halt, what stays as it is."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.commands import AdoptPosition, ResolveOrder, ResumeNew
from execd.core.effects import Query
from execd.core.enums import OrdStatus, ParentStatus, Side, Urgency
from execd.core.events import Alert, ReportReceived, StreamGap
from execd.core.ids import cl_ord_id
from execd.core.reading import SnapshotReceived
from execd.core.reports import Trade
from execd.core.rules import FREE_IDS, S
from execd.core.snapshot import AccountSnapshot
from tests.reading import EMPTY, READ_RULES, ReadWorld, begun, mine, moved, owning
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import EPOCH, START_NS, Fate, intent, quote


def asked_s(world: ReadWorld) -> list[float]:
    """Return at which second each record of a reading was made."""
    return [(one.since_ns - START_NS) / S for one in world.read]


def test_an_account_is_read_at_the_start_and_every_minute() -> None:
    """SPEC 15: at start and every 60 s; after the first reading each goes back beyond the one before it."""
    world = begun()
    kept_quotes(world, 130)

    assert 3 == len(world.read)
    assert [0, 0, 0] == asked_s(world)
    assert ["AccountMet"] == world.kinds()


def test_a_gap_asks_for_a_reading_at_once() -> None:
    """What was reported meanwhile is not only that of live orders. Fault D8."""
    world = begun()
    kept_quotes(world, 20)
    before_n = len(world.read)
    world.tell(StreamGap(now_ns=world.now_ns, account="sim", stream="reports", text="cut"))

    assert before_n + 1 == len(world.read)


def test_a_gap_during_a_reading_asks_for_another_one_after_it() -> None:
    """The one under way may have been taken before what the gap hides. Fault D8."""
    world = begun(latency_ns=S)
    world.tell(StreamGap(now_ns=world.now_ns, account="sim", stream="reports", text="cut"))
    kept_quotes(world, 5)

    assert 2 == len(world.read)


def test_fills_that_nobody_heard_are_booked_singly_and_once() -> None:
    """Faults D1 and D8: the resting order fills while nobody listens; the reading finds the trades, then nothing."""
    world = begun()
    world.drop(intent("a", urgency=Urgency.LOW, price=Decimal("199.50")))
    kept_quotes(world, 10)
    world.is_deaf = True
    world.show(quote("AAPL", "199.00", "199.02", size=40))
    kept_quotes(world, 75)
    trades = world.ledger.executions("sim")
    known = [trade for order in world.book.orders.values() for trade in order.fills.trades]

    assert ([one.trade for one in trades], True) == (known, bool(known))
    assert mine(world) == sum((one.trade.last_qty for one in trades), Decimal(0))
    assert {} == world.halts()


def test_no_new_risk_before_the_first_reading_and_exits_all_the_same() -> None:
    """An account that cannot be read begins without new risk. Fault C20."""
    world = begun()
    owning(world)
    world.alter = lambda _: None
    world.crash()
    world.drop(intent("b", urgency=Urgency.HIGH))
    world.drop(intent("c", side=Side.SELL, urgency=Urgency.HIGH))
    kept_quotes(world, 20)
    statuses = [world.book.parents[one].reason or world.book.parents[one].status for one in "bc"]

    assert ["reconcile_stale", ParentStatus.FILLED] == statuses
    assert "snapshot_failed" in world.alerts()


def test_no_new_risk_when_the_last_reading_is_too_old_and_again_once_it_is_not() -> None:
    """SPEC 9: reconciliation fresh. It is told after three minutes, and goes on by itself."""
    world = begun()
    kept_quotes(world, 10)
    world.alter = lambda _: None
    kept_quotes(world, 200)
    world.drop(intent("b", urgency=Urgency.HIGH))
    kept_quotes(world, 205)
    waits = world.book.parents["b"].reason
    world.alter = lambda one: one
    kept_quotes(world, 280)

    assert ("reconcile_stale", ParentStatus.FILLED) == (waits, world.book.parents["b"].status)
    assert 2 == world.alerts().count("reconcile_stale")


@pytest.mark.parametrize("part", ["orders", "trades", "positions"])
def test_a_reading_in_part_is_no_whole_one(part: str) -> None:
    """What was read is booked; the account counts as unread. Fault C20."""
    world = begun(alter=lambda one: replace(one, **{part: None}))
    kept_quotes(world, 70)

    assert (0, []) == (world.engine.desk.comparing.watches["sim"].good_ns, world.kinds())


def test_somebody_who_trades_the_account_by_hand_halts_his_symbol_alone() -> None:
    """Faults H5, D6 and C22: journaled, counted, never touched; an intent in another symbol goes on."""
    world = begun()
    kept_quotes(world, 10)
    world.hand("hand-1", Side.BUY, 10)
    world.hand("hand-2", Side.BUY, 5, "100.00")
    kept_quotes(world, 20)
    world.drop(intent("b", urgency=Urgency.HIGH))
    world.drop(intent("c", symbol="IBM", urgency=Urgency.HIGH))
    world.show(quote("IBM", "100.00", "100.02", size=1_000))
    kept_quotes(world, 100)

    assert {"AAPL": ["external_order"]} == world.halts()
    assert (Decimal(10), 1) == (mine(world), world.engine.desk.open_orders_of("sim"))
    assert ("halted", ParentStatus.FILLED) == tuple(
        world.book.parents[one].reason or world.book.parents[one].status for one in "bc"
    )
    assert [] == [one for one in world.submitted if one.symbol == "AAPL"]


def test_a_halt_for_an_order_of_others_begins_again_only_with_news_of_it() -> None:
    """Whoever lifts it has looked at the order that is there."""
    world = begun()
    kept_quotes(world, 10)
    world.hand("hand-2", Side.BUY, 5, "100.00")
    kept_quotes(world, 20)
    world.command(ResumeNew(cause="external_order", reason="mine"))
    kept_quotes(world, 150)
    quiet = world.halts()
    world.show(quote("AAPL", "99.00", "99.02"))
    kept_quotes(world, 300)

    assert ({}, {"AAPL": ["external_order"]}, Decimal(5)) == (quiet, world.halts(), mine(world))


def test_a_position_that_jumps_halts_its_symbol_after_two_readings() -> None:
    """A split overnight, say: the first reading takes no new risk for some seconds, the second halts. Fault C25."""
    world = begun()
    owning(world)
    world.alter = moved("AAPL", 100)
    world.run(61)
    first = world.halts()
    world.drop(intent("b", urgency=Urgency.HIGH))
    world.show(quote(*STANDING, size=1_000))
    waits = world.book.parents["b"].reason
    kept_quotes(world, 80)

    assert ({}, "reconcile_stale") == (first, waits)
    assert {"AAPL": ["position_mismatch"]} == world.halts()
    assert (["position_mismatch"], 1) == (world.verdicts(), world.alerts().count("position_mismatch"))
    assert 1 == len(world.submitted)


def test_a_position_that_agrees_again_is_told_and_waits_for_the_operator() -> None:
    """The broker changed its word and nobody knows why: that is for a person. A restart changes nothing of it."""
    world = begun()
    owning(world)
    world.alter = moved("AAPL", 100)
    kept_quotes(world, 80)
    world.alter = lambda one: one
    kept_quotes(world, 150)
    told = [one for one in world.effects if getattr(one, "text", "").startswith("over: sim: 100 AAPL")]
    world.crash()
    kept_quotes(world, 250)

    assert ({"AAPL": ["position_mismatch"]}, 1) == (world.halts(), len(told))


def test_a_declared_holding_lifts_what_waited_for_it() -> None:
    """SPEC 15: adopt makes it fit, the symbol is free at once, and the alert about it closes by itself."""
    world = begun()
    owning(world)
    world.alter = moved("AAPL", 30)
    kept_quotes(world, 80)
    before = world.halts()
    adopt = AdoptPosition(account="sim", symbol="AAPL", qty=Decimal(30), is_external=True, reason="split")
    world.command(adopt)
    told = [one for one in world.effects if isinstance(one, Alert) and one.code == "position_mismatch"]

    assert ({"AAPL": ["position_mismatch"]}, {}) == (before, world.halts())
    assert [("sim AAPL", False), ("sim AAPL", True)] == [(one.about, one.is_over) for one in told]


def test_an_account_with_a_past_is_halted_by_symbol_until_it_is_declared() -> None:
    """The first start on an account that holds something: at once, and other symbols trade."""
    world = ReadWorld(alter=moved("IBM", 50))
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 5)
    halted = world.halts()
    adopt = AdoptPosition(account="sim", symbol="IBM", qty=Decimal(50), strategy="s", reason="mine")
    world.command(adopt)
    kept_quotes(world, 100)

    assert ({"IBM": ["account_unknown"]}, ParentStatus.FILLED) == (halted, world.book.parents["a"].status)
    assert {} == world.halts()


def test_an_empty_list_of_positions_is_not_believed() -> None:
    """Nothing is called flat, the account goes stale, and nothing is halted by symbol. Fault C20."""
    world = begun()
    owning(world)
    world.alter = lambda one: replace(one, positions={})
    kept_quotes(world, 260)

    assert ({}, True, True) == (
        world.halts(),
        "empty_positions" in world.alerts(),
        "reconcile_stale" in world.alerts(),
    )
    assert Decimal(100) == mine(world)


def test_an_order_that_ended_here_and_lives_there_halts_its_symbol() -> None:
    """A broker that contradicts itself is asked, and then not traded upon in that symbol. Fault C19."""
    world = begun()
    owning(world)
    key = world.submitted[0].cl_ord_id

    def alive(one: AccountSnapshot) -> AccountSnapshot:
        rows = tuple(
            replace(row, is_live=True, cum_qty=Decimal(50)) if row.cl_ord_id == key else row for row in one.orders or ()
        )
        return replace(one, orders=rows)

    world.alter = alive
    kept_quotes(world, 90)
    asked = [one for one in world.effects if isinstance(one, Query) and one.cl_ord_id == key]

    assert {"AAPL": ["contradiction"]} == world.halts()
    assert (1, OrdStatus.FILLED) == (len(asked), world.book.orders[key].ord_status)


def test_an_overfill_is_booked_and_its_symbol_halted() -> None:
    """Fault D10: more was filled than was ordered: a fact, and nothing more is risked there."""
    world = begun()
    owning(world)
    key = world.submitted[0].cl_ord_id
    more = Trade(
        cl_ord_id=key, transact_ns=world.now_ns, exec_id="extra", last_qty=Decimal(10), last_px=Decimal("200.02")
    )
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=more))

    assert ({"AAPL": ["overfill"]}, Decimal(110)) == (world.halts(), mine(world))


def test_time_that_goes_back_is_not_compared() -> None:
    """An answer from a moment before the last one knows nothing of what happened since. Fault C31."""
    world = begun()
    owning(world)
    old = replace(EMPTY, asked_ns=world.now_ns, read_ns=world.now_ns, broker_ns=START_NS - S)
    before_n = len(world.records)
    world.tell(SnapshotReceived(now_ns=world.now_ns, snapshot=old))

    assert ("broker_time" in world.alerts(), []) == (True, world.kinds(before_n))


def test_an_order_with_our_mark_that_nobody_knows_is_counted_and_called() -> None:
    """The journal is asked first; then it is no longer ours to steer: counted, its symbol halted. Fault C22."""
    world = begun()
    kept_quotes(world, 10)
    world.is_deaf = True
    world.hand(cl_ord_id("1111111", "p", 1), Side.BUY, 10, "100.00")
    world.hand(cl_ord_id(EPOCH, "p", 1), Side.BUY, 10)
    kept_quotes(world, 150)

    assert {"", "AAPL"} == world.halts().keys()
    assert (["journal_lost"], ["external_order"]) == (world.halts()[""], world.halts()["AAPL"])
    assert (Decimal(10), True) == (mine(world), "orphan_order" in world.alerts())


def test_what_was_taken_for_lost_and_filled_is_found_where_a_position_differs() -> None:
    """Its broker hid it until no list went back so far: while a position differs, each goes a day back. Fault C4."""
    world = begun(rules=replace(READ_RULES, lookups={"sim": FREE_IDS}))
    world.fates.append(Fate.TAKEN)
    world.looks.extend([Fate.BLIND] * 9)
    world.is_deaf = True
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 2)
    world.cancel("a")
    world.command(ResolveOrder(cl_ord_id=world.submitted[0].cl_ord_id, is_lost=True, reason="it must have been so"))
    world.alter = lambda one: replace(one, orders=(), trades=())
    kept_quotes(world, 300)
    halted = (world.halts(), mine(world))
    world.alter = lambda one: one
    kept_quotes(world, 420)

    assert ({"AAPL": ["position_mismatch"]}, Decimal(0)) == halted
    assert ({}, Decimal(100), True) == (world.halts(), mine(world), "came_back" in world.alerts())


def test_a_position_that_is_known_to_differ_is_read_in_its_own_time() -> None:
    """Each of these readings goes a day back: every minute, and not every six seconds."""
    world = begun()
    owning(world)
    world.alter = moved("AAPL", 100)
    kept_quotes(world, 80)
    before_n = len(world.read)
    kept_quotes(world, 320)

    assert 4 == len(world.read) - before_n
