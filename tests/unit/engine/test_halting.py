"""No new risk: who waits, who goes on, and how it ends."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.commands import CancelParent, HaltNew, ResumeNew
from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.events import ClockJumped, Query, StopRequested, TroubleReported
from execd.core.orders import CancelRequest
from execd.core.records import Sending
from execd.core.rules import S
from execd.engine import halting
from tests.unit.engine.test_commanding import STANDING, kept_quotes, resting
from tests.world import RULES, World, intent, quote


def trouble(world: World, cause: str = "journal_full", *, is_over: bool = False, is_halting: bool = True) -> None:
    """Let something that the daemon stands on be in trouble, or well again."""
    event = TroubleReported(
        now_ns=world.now_ns, cause=cause, text="test", is_over=is_over, is_halting=is_halting, severity="critical"
    )
    world.tell(event)


def owning(world: World) -> None:
    """Let the sleeve own 100 shares."""
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("bought", urgency=Urgency.HIGH))
    world.run(0)


def test_new_risk_waits_and_reducing_goes_on() -> None:
    """Halted is reduce-only: a buy is queued and says why, a sell of what is owned and a close leave."""
    world = World()
    owning(world)
    trouble(world)
    world.drop(intent("more"))
    world.drop(intent("out", side=Side.SELL, order_qty=Decimal(40)))
    world.drop(intent("short", symbol="IBM", side=Side.SELL_SHORT))
    world.show(quote("IBM", "100.00", "100.02"))

    assert (ParentStatus.QUEUED, "halted") == (world.book.parents["more"].status, world.book.parents["more"].reason)
    assert (ParentStatus.QUEUED, "halted") == (world.book.parents["short"].status, world.book.parents["short"].reason)
    assert [Side.BUY, Side.SELL] == [order.side for order in world.submitted]
    assert "journal_full" in world.alerts()


def test_what_waited_goes_on_when_the_trouble_is_over() -> None:
    """A halt that ends by itself lets everybody look again, with the quote of then; a restart keeps it until then."""
    world = World()
    world.show(quote(*STANDING))
    trouble(world)
    world.drop(intent("a"))
    world.crash()
    kept_quotes(world, 6)
    before = len(world.submitted)
    trouble(world, is_over=True)
    kept_quotes(world, 7)

    assert (0, 1) == (before, len(world.submitted))


def test_a_halt_for_one_cause_survives_the_end_of_another() -> None:
    """Each cause is a latch of its own."""
    world = World()
    trouble(world, "clock_skew")
    trouble(world, "inbox_gone")
    trouble(world, "inbox_gone", is_over=True)

    assert ["clock_skew"] == [key.cause for key in world.book.halts]


def test_trouble_that_halts_nothing_is_only_told() -> None:
    """A slow disk watermark is an alert, no halt."""
    world = World()
    trouble(world, "disk_low", is_halting=False)

    assert {} == world.book.halts
    assert ["disk_low"] == world.alerts()


def test_a_working_parent_places_nothing_new_while_halted() -> None:
    """The send gate is asked last: a child that ends is not followed by another; a cancel still leaves."""
    world = World()
    world.show(quote(*STANDING))
    world.drop(intent("a", price=Decimal("190.00")))
    world.run(0)
    world.command(HaltNew(account="sim", reason="test"))
    kept_quotes(world, 65)
    while_halted = len(world.submitted)
    said = world.book.parents["a"].reason
    world.command(ResumeNew(account="sim", reason="test"))
    kept_quotes(world, 70)
    world.command(CancelParent(parent_id="a"))
    kept_quotes(world, 71)

    assert (1, "halted", 2) == (while_halted, said, len(world.submitted))
    assert ParentStatus.CANCELED is world.book.parents["a"].status


def test_a_halt_of_one_account_binds_no_other() -> None:
    """Latches are keyed by account."""
    rules = replace(RULES, limits={**RULES.limits, "other": RULES.limits["sim"]})
    world = World(rules)
    world.show(quote(*STANDING))
    world.command(HaltNew(account="other", reason="test"))
    world.drop(intent("a"))

    assert 1 == len(world.submitted)


def test_a_sleep_of_the_machine_is_a_gap_and_asks_about_every_order() -> None:
    """Fault F2: after a suspend quotes are not fresh and every live order is asked about."""
    world = World()
    resting(world)
    asked = sum(isinstance(effect, Query) for effect in world.effects)
    world.tell(ClockJumped(now_ns=world.now_ns + 60 * S, jump_ns=60 * S, skew_ns=0, is_suspend=True))

    assert asked + 1 == sum(isinstance(effect, Query) for effect in world.effects)
    assert "suspended" in world.alerts()


def test_a_stop_that_cancels_pulls_everything_and_a_stop_that_leaves_nothing() -> None:
    """Stop policies: `cancel` takes orders out of the market, parents go on at the next start."""
    for policy in ("leave", "cancel"):
        world = World()
        resting(world)
        world.tell(StopRequested(now_ns=world.now_ns, reason="test", policy=policy))
        cancels = [one for one in world.records if isinstance(one, Sending) and isinstance(one.request, CancelRequest)]
        kept_quotes(world, 1)
        live = world.book.parents["a"].live
        world.crash()
        kept_quotes(world, 8)

        assert (policy == "cancel") == bool(cancels)
        assert (policy == "leave") == bool(live)
        assert ParentStatus.WORKING is world.book.parents["a"].status
        assert 1 == len(world.book.parents["a"].live)


def test_observing_plans_and_reports_and_sends_nothing() -> None:
    """`mode: observe`: the plan is made, the first order is said and not sent."""
    world = World(replace(RULES, is_observing=True))
    world.show(quote(*STANDING))
    world.drop(intent("a"))
    parent = world.book.parents["a"]

    assert [] == world.submitted
    assert parent.plan is not None
    assert ParentStatus.CANCELED is parent.status
    assert parent.reason.startswith("observe: would place 100 at ")


def test_two_exits_that_are_harmless_alone_are_not_harmless_together() -> None:
    """Reducing is judged with all that the sleeve has out: no second exit leaves that could make it short."""
    world = World(latency_ns=500_000_000)
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("bought", urgency=Urgency.HIGH))
    kept_quotes(world, 2)
    trouble(world)
    world.drop(intent("out", side=Side.SELL, order_qty=Decimal(60), price=Decimal("300.00")))
    kept_quotes(world, 3)
    desk = world.engine.desk
    parent = world.book.parents["out"]
    first = world.submitted[-1]
    more = [
        halting.is_reducing(desk, parent, replace(first, cl_ord_id="x", order_qty=Decimal(qty))) for qty in (40, 41)
    ]

    assert (Decimal(60), [True, False]) == (first.order_qty, more)
