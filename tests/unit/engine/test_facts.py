"""What brokers say, in whatever state a parent is, one example a rule."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.commands import CancelParent, ReleaseParent, ResumeNew
from execd.core.enums import Outcome, ParentStatus
from execd.core.events import (
    Alert,
    IdsLost,
    ParentReceived,
    Query,
    RecallAnswered,
    ReportReceived,
    RequestFailed,
    StopRequested,
    StreamGap,
    Submit,
)
from execd.core.ids import parent_key
from execd.core.reports import Accepted, Canceled, ExecReport, Trade, TradeCanceled
from execd.core.rules import S
from execd.engine import summary
from execd.engine.summary import FillReport
from tests.world import EPOCH, START_NS, World, intent, quote

AAPL = quote("AAPL", "200.00", "200.02", size=1_000)


def _report(world: World, parent_id: str = "p") -> FillReport:
    return summary.report(world.book, parent_id)


def _alerts(world: World) -> list[str]:
    return [effect.code for effect in world.effects if isinstance(effect, Alert)]


def test_an_order_that_left_too_late_is_not_sent_and_decided_afresh() -> None:
    """`send_by` passed during the commit: NOT_SENT is journaled, the parent steps a second later with a new id."""
    world = World()
    world.show(AAPL)
    cycle = world.cycle
    world.now_ns += 1
    cycle.push(ParentReceived(now_ns=world.now_ns, parent=intent("p"), content_hash="h"))
    batch = cycle.turn(world.now_ns)
    world.now_ns += 5 * S
    effects = cycle.committed(batch, world.now_ns)
    world.show(AAPL)
    world.run(7)

    assert not [effect for effect in effects if isinstance(effect, Submit)]
    assert ["not_sent"] == [order.failures[0].outcome for order in world.book.orders.values() if order.failures]
    assert [2] == [int(request.cl_ord_id.rsplit("-", 1)[1]) for request in world.submitted]


def test_an_unknown_outcome_counts_in_full_and_is_asked_about() -> None:
    """Doubt is a state: the quantity stays out, the alert is up, nothing is sent again. Faults C2 and C3."""
    world = World(latency_ns=10 * S)
    world.show(AAPL)
    world.drop(intent("p"))
    cl_ord_id = world.submitted[0].cl_ord_id
    failed = RequestFailed(
        now_ns=world.now_ns, account="sim", cl_ord_id=cl_ord_id, outcome=Outcome.UNKNOWN, text="timeout"
    )
    world.tell(failed)
    order = world.book.orders[cl_ord_id]

    assert (True, Decimal(100)) == (order.is_in_doubt, order.exposure_qty)
    assert "in_doubt" in _alerts(world)
    assert 1 == len(world.submitted)


def test_a_gap_in_the_reports_asks_about_every_live_order() -> None:
    """What was said during a gap is found by asking: fills that no report told become part of the order."""
    world = World(report_latency_ns=1_000 * S)
    world.show(AAPL)
    world.drop(intent("p"))
    world.tell(StreamGap(now_ns=world.now_ns, account="sim", stream="reports", text="reset"))
    world.run(1)

    assert (ParentStatus.FILLED, Decimal(100)) == (_report(world).status, _report(world).cum_qty)
    assert 1 == len(world.submitted)


def test_a_fill_after_the_end_changes_the_end() -> None:
    """Facts are never refused: an expired parent with a late fill is partially filled. Fault D5."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p", price=Decimal("199.00"), expire_ns=START_NS + 10 * S))
    world.run(20)
    late = Trade(
        cl_ord_id=world.submitted[0].cl_ord_id,
        transact_ns=START_NS + 9 * S,
        exec_id="late",
        last_qty=Decimal(40),
        last_px=Decimal("199.00"),
    )
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=late))

    assert (ParentStatus.PARTIALLY_FILLED, Decimal(40)) == (_report(world).status, _report(world).cum_qty)
    assert "late_report" in _alerts(world)


def test_a_bust_takes_position_and_quantity_back() -> None:
    """A busted fill never happened. Fault C26."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p"))
    world.run(1)
    trade = world.book.orders[world.submitted[0].cl_ord_id].fills.trades[0]
    bust = TradeCanceled(cl_ord_id=trade.cl_ord_id, transact_ns=world.now_ns, exec_ref_id=trade.exec_id)
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=bust))

    assert Decimal(0) == _report(world).cum_qty
    assert [Decimal(0)] == [position.qty for position in world.book.positions.values()]


def test_an_overfill_holds_the_parent_and_alerts() -> None:
    """More than asked is a fact all the same, and somebody must look."""
    world = World(latency_ns=100 * S)
    world.show(AAPL)
    world.drop(intent("p"))
    over = Trade(
        cl_ord_id=world.submitted[0].cl_ord_id,
        transact_ns=START_NS,
        exec_id="over",
        last_qty=Decimal(150),
        last_px=Decimal("200.02"),
    )
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=over))

    assert (ParentStatus.HELD, Decimal(150)) == (_report(world).status, _report(world).cum_qty)
    assert "parent_held" in _alerts(world)


def test_an_overfill_that_only_the_word_of_an_end_tells_calls_somebody_at_once() -> None:
    """Its sum counts as its fills do: nobody waits for them with the page. Fault D10."""
    world = World(latency_ns=100 * S)
    world.show(AAPL)
    world.drop(intent("p"))
    gone = Canceled(cl_ord_id=world.submitted[0].cl_ord_id, transact_ns=START_NS, order_id="x", cum_qty=Decimal(150))
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=gone))

    assert (ParentStatus.HELD, Decimal(150)) == (_report(world).status, _report(world).cum_qty)
    assert "parent_held" in _alerts(world)


def test_a_cancel_that_tells_of_more_fills_than_were_heard_is_believed() -> None:
    """What traded before a cancel is not bought again while its report is on its way. Faults C17 and D4."""
    world = World(report_latency_ns=100 * S)
    world.show(AAPL)
    world.drop(intent("p"))
    world.run(1)
    first = world.submitted[0]
    gone = Canceled(cl_ord_id=first.cl_ord_id, transact_ns=world.now_ns, order_id="x", cum_qty=Decimal(40))
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=gone))
    world.run(2)
    asked = [effect for effect in world.effects if isinstance(effect, Query) and effect.cl_ord_id == first.cl_ord_id]

    assert (Decimal(40), [Decimal(60)]) == (_report(world).cum_qty, [one.order_qty for one in world.submitted[1:]])
    assert asked


def test_an_order_of_which_a_fill_was_taken_back_is_asked_about() -> None:
    """Whether the rest of it works on is not said: the broker is asked. Fault C26."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p"))
    world.run(1)
    trade = world.book.orders[world.submitted[0].cl_ord_id].fills.trades[0]
    bust = TradeCanceled(cl_ord_id=trade.cl_ord_id, transact_ns=world.now_ns, exec_ref_id=trade.exec_id)
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=bust))
    world.run(2)

    assert world.book.orders[world.submitted[0].cl_ord_id].is_done


def test_an_overfill_of_a_parent_that_has_ended_does_not_let_it_live_again() -> None:
    """What has ended stays ended: somebody is called, and there is nothing left to hold. Fault D10."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p"))
    world.run(1)
    last = world.book.orders[world.submitted[0].cl_ord_id].fills.trades[-1]
    over = replace(last, exec_id="over", last_qty=Decimal(5), cum_before=Decimal(100), cum_after=Decimal(105))
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=over))

    assert (ParentStatus.FILLED, Decimal(105)) == (_report(world).status, _report(world).cum_qty)
    assert "contradiction" in _alerts(world)


def test_an_order_that_is_not_ours_is_an_alert_and_nothing_else() -> None:
    """External orders are never touched. Faults C22 and D6."""
    world = World()
    stranger = Trade(cl_ord_id="theirs", transact_ns=START_NS, exec_id="x", last_qty=Decimal(1), last_px=Decimal(1))
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=stranger))

    assert ["external_order"] == _alerts(world)
    assert {} == world.book.orders


def test_a_stopping_daemon_begins_nothing_new() -> None:
    """After StopRequested an intent is answered, not worked, and its file stays for the next start."""
    world = World()
    world.show(AAPL)
    world.tell(StopRequested(now_ns=world.now_ns, reason="SIGTERM"))
    world.drop(intent("p"))

    assert [] == world.submitted
    assert {} == world.book.parents


def test_one_alert_names_every_order_that_is_not_ours() -> None:
    """None hides another: what works still, what each has traded, and the last word of one that has ended."""
    world = World()
    for n in ("x1", "x2"):
        world.tell(reported(Accepted(cl_ord_id=n, transact_ns=1)))
    traded = Trade(cl_ord_id="x1", transact_ns=2, exec_id="e1", last_qty=Decimal(5), last_px=Decimal(140))
    world.tell(reported(traded))
    world.tell(reported(Canceled(cl_ord_id="x1", transact_ns=3)))
    world.tell(reported(Accepted(cl_ord_id="x3", transact_ns=4)))
    told = [(one.about, one.text.partition(": ")[2]) for one in world.effects if isinstance(one, Alert)]

    assert [
        ("x1", "x1"),
        ("2 orders", "x2, x1"),
        ("2 orders", "x2, x1 (5 traded)"),
        ("2 orders", "x2, x1 (5 traded, ended)"),
        ("3 orders", "x3, x2, x1 (5 traded, ended)"),
    ] == told


def test_a_restart_tells_of_orphans_in_the_words_of_before() -> None:
    """Fault H8. Else an acknowledgement would hold until the next start only."""
    world = World()
    world.show(AAPL)
    for n in (1, 2):
        world.tell(reported(Accepted(cl_ord_id=f"{EPOCH}-nobody-{n}", transact_ns=n)))
    world.tell(reported(Canceled(cl_ord_id=f"{EPOCH}-nobody-1", transact_ns=3)))
    world.run(1)
    before = [one.text for one in world.effects if isinstance(one, Alert)]
    world.effects.clear()
    world.crash()
    world.run(2)
    after = [one.text for one in world.effects if isinstance(one, Alert)]

    assert [before[-1]] * 2 == after
    assert f"{EPOCH}-nobody-2, {EPOCH}-nobody-1 (ended)" in before[-1]


def test_an_order_of_this_epoch_that_the_journal_does_not_know_proves_a_lost_tail() -> None:
    """Fault B8. It was journaled before it was sent: no new risk, its intent waits; once lifted, it stays lifted."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p", price=Decimal("190.00")))
    world.run(1)
    sent = world.submitted[0].cl_ord_id
    lost = f"{sent.rpartition('-')[0]}-9"
    world.tell(reported(Accepted(cl_ord_id=lost, transact_ns=1)))
    world.run(1)
    halts = [(key.account, key.cause) for key in world.book.halts]
    status, reason = _report(world).status, world.book.parents["p"].reason
    codes = [one.code for one in world.effects if isinstance(one, Alert)]
    world.command(ResumeNew(reason="compared"))
    world.crash()
    world.tell(reported(Canceled(cl_ord_id=lost, transact_ns=2)))
    world.run(1)
    world.command(ReleaseParent(parent_id="p", reason="compared"))
    world.command(CancelParent(parent_id="p"))
    world.run(1)
    next_ids = [key.cl_ord_id for key in world.book.orders[sent].requests[1:]]

    assert [f"{sent.rpartition('-')[0]}-11"] == next_ids
    assert ([("sim", "journal_lost")], ParentStatus.HELD) == (halts, status)
    assert (True, 1) == (reason.startswith(f"orphan_order: the broker knows {lost}"), codes.count("journal_lost"))
    assert {} == world.book.halts


def test_an_order_of_an_epoch_before_is_no_loss_of_this_one() -> None:
    """Fault B9. What a backup has forgotten halted the start; it is an orphan, and no reason to halt again."""
    world = World()
    engine = world.cycle.engine
    report = Accepted(cl_ord_id="0ldep0c-0123456789abcdef-1", transact_ns=1)
    world.tell(reported(report))
    effects = engine.handle(RecallAnswered(now_ns=START_NS, cl_ord_id=report.cl_ord_id, account="sim"))

    assert {} == world.book.halts
    assert not any(isinstance(one, Alert) and one.code == "journal_lost" for one in effects)


def test_an_orphan_is_told_with_the_intent_that_a_restore_has_forgotten() -> None:
    """Fault H8. What to do with it depends on what it was for; an id that nobody remembers is told as it is."""
    world = World()
    world.tell(IdsLost(now_ns=START_NS, ids=("dup-1",)))
    known = f"{EPOCH}-{parent_key('sim', 'dup-1')}-1"
    for one in (known, f"{EPOCH}-nobody-1"):
        world.tell(reported(Accepted(cl_ord_id=one, transact_ns=1)))
    world.run(1)
    told = [one.text for one in world.effects if isinstance(one, Alert) and one.code == "orphan_order"]

    assert f"{EPOCH}-nobody-1, {known} of dup-1. What works still" in told[-1]


def reported(report: ExecReport) -> ReportReceived:
    """Return what the broker of the account says."""
    return ReportReceived(now_ns=START_NS, account="sim", report=report)
