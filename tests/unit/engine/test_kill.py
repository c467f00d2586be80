"""The kill switch: what each level stops, that it is latched first, and how it ends."""

from decimal import Decimal
from typing import Final

import pytest
from msgspec.structs import replace

from execd.core.commands import (
    CancelParent,
    FlattenScope,
    HaltNew,
    KillTrading,
    ReleaseParent,
    ResumeNew,
    UnkillTrading,
)
from execd.core.enums import OrdType, Outcome, ParentStatus, Side, Urgency
from execd.core.events import CommandReceived, ParentReceived, QuoteReceived, Submit
from execd.core.latching import Killed
from execd.core.orders import CancelRequest
from execd.core.records import Failed, ParentHeld, Sending
from execd.core.rules import Reconcile
from execd.core.scopes import KillLevel, Scope
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from tests.holding import lets_read
from tests.unit.engine.test_commanding import STANDING, kept_quotes, resting
from tests.world import EPOCH, RULES, START_NS, Fate, World, intent, quote

TWO_ACCOUNTS: Final = replace(
    RULES,
    limits={**RULES.limits, "other": RULES.limits["sim"]},
    lookups={**RULES.lookups, "other": RULES.lookups["sim"]},
)


def kill(world: World, level: KillLevel, account: str = "") -> str:
    """Let an operator kill; return what was answered."""
    return world.command(KillTrading(level=level, account=account, reason="test")).text


def unkill(world: World, account: str = "", *, is_forced: bool = False) -> tuple[str, str]:
    """Let an admin lift it; return code and text of the answer."""
    answer = world.command(UnkillTrading(account=account, reason="looked", is_forced=is_forced))
    return answer.code, answer.text


def owning(world: World, qty: int = 100) -> None:
    """Let the sleeve own shares, at a broker that can be read."""
    lets_read(world)
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("bought", urgency=Urgency.HIGH, order_qty=Decimal(qty)))
    kept_quotes(world, 1)
    assert qty == sum(position.qty for position in world.book.positions.values())


def cancels(world: World) -> int:
    """Return how many cancels were sent."""
    return sum(isinstance(one, Sending) and isinstance(one.request, CancelRequest) for one in world.records)


LEVELS: Final = {
    # level: (a new buy leaves, an exit leaves, what rests stays, what is owned stays)
    KillLevel.HALT_NEW: (False, True, True, True),
    KillLevel.CANCEL_ALL: (False, False, False, True),
    KillLevel.FLATTEN: (False, False, False, False),
}


@pytest.mark.parametrize("level", list(KillLevel))
def test_each_level_stops_what_the_one_before_it_stops_and_more(level: KillLevel) -> None:
    """The table of levels: new risk, exits of intents, working orders, positions."""
    world = World()
    owning(world)
    world.drop(intent("rests", price=Decimal("190.00")))
    kept_quotes(world, 2)
    kill(world, level)
    kept_quotes(world, 3)
    world.drop(intent("more"))
    world.drop(intent("out", side=Side.SELL, order_qty=Decimal(40), urgency=Urgency.HIGH))
    kept_quotes(world, 6)
    sent = {order.parent_id for order in world.submitted}
    owned = sum(position.qty for position in world.book.positions.values())

    assert LEVELS[level] == ("more" in sent, "out" in sent, bool(world.book.parents["rests"].live), owned > 0)


def test_a_level_is_in_the_journal_before_anything_that_follows_from_it() -> None:
    """Latched first: the command, the latch, and only then the first cancel."""
    world = World()
    resting(world)
    before = len(world.records)
    kill(world, KillLevel.CANCEL_ALL)
    latched = [type(one).__name__ for one in world.records[before:]]
    kept_quotes(world, 1)

    assert ["Commanded", "Killed"] == latched
    assert 1 == cancels(world)


def test_what_was_decided_and_not_written_yet_does_not_leave() -> None:
    """Fault H6: a kill in the batch of a submit, or between its commit and its release, keeps it from leaving."""
    cycle = Cycle(Engine(RULES, EPOCH))
    cycle.push(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "200.00", "200.02")))
    cycle.committed(cycle.turn(START_NS), START_NS)
    cycle.push(ParentReceived(now_ns=START_NS, parent=intent("p"), content_hash="h"))
    batch = cycle.turn(START_NS)
    cycle.engine.handle(CommandReceived(now_ns=START_NS, command=KillTrading(level=KillLevel.HALT_NEW), uid=1))
    effects = cycle.committed(batch, START_NS)
    failed = [one for one in cycle.turn(START_NS).records if isinstance(one, Failed)]

    assert [] == [effect for effect in effects if isinstance(effect, Submit)]
    assert [Outcome.NOT_SENT] == [one.outcome for one in failed]
    assert "killed" in failed[0].text


def test_a_kill_has_its_turn_before_all_else_that_waits() -> None:
    """Of what waits together the kill is first, so the intents of its batch never become orders."""
    cycle = Cycle(Engine(RULES, EPOCH))
    cycle.push(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "200.00", "200.02")))
    cycle.committed(cycle.turn(START_NS), START_NS)
    cycle.push(ParentReceived(now_ns=START_NS, parent=intent("p"), content_hash="h"))
    cycle.push(CommandReceived(now_ns=START_NS, command=KillTrading(level=KillLevel.HALT_NEW), uid=1))

    kinds = [type(record).__name__ for record in cycle.turn(START_NS).records]

    assert ["Commanded", "Killed", "ParentAccepted", "Waited"] == kinds


def test_a_kill_survives_a_restart_and_is_told_again() -> None:
    """Sticky: only unkill ends it."""
    world = World()
    resting(world)
    kill(world, KillLevel.CANCEL_ALL)
    world.run(1)
    world.effects.clear()
    world.crash()
    kept_quotes(world, 20)

    assert KillLevel.CANCEL_ALL is world.book.kills[""].level
    assert "kill_engaged" in world.alerts()
    assert (1, "killed") == (len(world.submitted), world.book.parents["a"].reason)


def test_a_crash_right_after_the_latch_carries_it_out_all_the_same() -> None:
    """The latch is all that is kept, and all that is needed: the next start cancels and closes."""
    world = World()
    owning(world)
    kill(world, KillLevel.FLATTEN)
    world.crash()
    kept_quotes(world, 12)

    assert {Decimal(0)} == {position.qty for position in world.book.positions.values()}
    assert {} == world.engine.desk.controllers


def test_it_is_not_lifted_while_nobody_knows_what_the_account_holds() -> None:
    """Fault H7: a comparison with the broker comes before risk is taken up again."""
    world = World(replace(RULES, reconcile=Reconcile()))
    world.crash()
    kill(world, KillLevel.HALT_NEW)
    code, text = unkill(world)

    assert "still_open" == code
    assert "has not been read" in text


def test_a_level_is_raised_and_never_lowered() -> None:
    """A lower level is answered and changes nothing; the same level twice is once."""
    world = World()
    kill(world, KillLevel.CANCEL_ALL)
    lower = kill(world, KillLevel.HALT_NEW)
    kill(world, KillLevel.CANCEL_ALL)
    kill(world, KillLevel.FLATTEN)

    assert lower.startswith("already killed, cancel_all")
    assert [KillLevel.CANCEL_ALL, KillLevel.FLATTEN] == [one.level for one in world.records if isinstance(one, Killed)]


def test_resuming_halts_does_not_lift_a_kill() -> None:
    """The two latches have two ways out."""
    world = World()
    kill(world, KillLevel.HALT_NEW)
    world.command(HaltNew(reason="test"))
    world.command(ResumeNew(reason="test"))
    world.show(quote(*STANDING))
    world.drop(intent("a"))

    assert [] == world.submitted
    assert {""} == set(world.book.kills)


def test_what_waited_goes_on_when_it_is_lifted() -> None:
    """Parents are held back and not lost; the answer says who goes on."""
    world = World()
    resting(world)
    kill(world, KillLevel.CANCEL_ALL)
    world.run(1)
    world.drop(intent("b", urgency=Urgency.HIGH))
    pulled = list(world.book.parents["a"].live)
    code, text = unkill(world)
    kept_quotes(world, 2)

    assert ([], "accepted") == (pulled, code)
    assert "2 intents go on" in text
    assert {"a", "b"} == {order.parent_id for order in world.submitted[1:]}


def test_it_is_not_lifted_while_something_is_in_doubt_but_by_force() -> None:
    """Fault H7: what caused it must be cleared, or somebody says that he knows."""
    world = World(replace(RULES, lookups={}))
    world.show(quote(*STANDING))
    world.fates.append(Fate.LOST)
    world.drop(intent("a"))
    world.run(1)
    kill(world, KillLevel.CANCEL_ALL)
    code, text = unkill(world)
    forced, _ = unkill(world, is_forced=True)

    assert ("still_open", "accepted") == (code, forced)
    assert "in doubt" in text
    assert {} == world.book.kills


def test_it_is_not_lifted_while_orders_are_not_confirmed_as_cancelled() -> None:
    """A cancel without an answer is no cancel."""
    world = World()
    resting(world)
    world.fates.append(Fate.LOST)
    kill(world, KillLevel.CANCEL_ALL)

    assert "still_open" == unkill(world)[0]


def test_nothing_is_lifted_where_nothing_is_killed() -> None:
    """The answer says so, and whose kill it is that binds."""
    world = World(TWO_ACCOUNTS)
    nothing = [unkill(world, account) for account in ("", "sim")]
    kill(world, KillLevel.HALT_NEW, "other")
    only_other = unkill(world, "sim")
    kill(world, KillLevel.HALT_NEW)
    code, text = unkill(world, "sim")

    assert [("not_killed", "nothing is killed")] * 2 == nothing
    assert ("not_killed", "sim is not killed; killed is other") == only_other
    assert ("not_killed", True) == (code, "all accounts are" in text)


def test_a_kill_of_one_account_binds_no_other() -> None:
    """Latches are keyed by account; the higher of two binds."""
    world = World(TWO_ACCOUNTS)
    world.show(quote(*STANDING))
    kill(world, KillLevel.CANCEL_ALL, "other")
    world.drop(intent("a"))
    world.drop(intent("b", account="other"))
    unknown = world.command(KillTrading(level=KillLevel.HALT_NEW, account="nobody")).code

    assert ["a"] == [order.parent_id for order in world.submitted]
    assert "unknown_account" == unknown


@pytest.mark.parametrize("first", ["", "sim"])
def test_of_two_levels_that_bind_an_account_the_higher_one_counts(first: str) -> None:
    """One for all accounts and one for a single one: neither hides the other, whichever came first."""
    world = World(TWO_ACCOUNTS)
    resting(world)
    world.drop(intent("b", "IBM", account="other", price=Decimal(90)))
    world.show(quote("IBM", "100.00", "100.02"))
    for account in (first, "sim" if first == "" else ""):
        kill(world, KillLevel.CANCEL_ALL if account else KillLevel.HALT_NEW, account)
    kept_quotes(world, 2)

    assert ((), 1) == (world.book.parents["a"].live, len(world.book.parents["b"].live))


def test_an_order_that_stays_is_asked_for_again_and_told() -> None:
    """Cancelled means confirmed: a cancel that got lost is repeated, and somebody hears of it meanwhile."""
    world = World()
    resting(world)
    world.fates.extend([Fate.LOST, Fate.LOST])
    world.looks.extend([Fate.LOST] * 6)
    kill(world, KillLevel.CANCEL_ALL)
    kept_quotes(world, 70)

    assert "cancels_stay" in world.alerts()
    assert cancels(world) > 1
    assert () == world.book.parents["a"].live


def test_what_a_held_intent_has_out_is_pulled_and_it_stays_held() -> None:
    """Held keeps its orders out for an operator; a kill does not."""
    world = World()
    resting(world)
    world.engine.desk.hold("a", "test", world.now_ns)
    world.records.extend(world.engine.take_records())
    kill(world, KillLevel.CANCEL_ALL)
    kept_quotes(world, 3)

    assert [ParentHeld] == [type(one) for one in world.records if isinstance(one, ParentHeld)]
    assert ((), ParentStatus.HELD) == (world.book.parents["a"].live, world.book.parents["a"].status)


def test_a_killed_intent_still_ends_at_its_deadline_or_by_a_cancel() -> None:
    """Waiting is not for ever."""
    world = World()
    resting(world)
    kill(world, KillLevel.CANCEL_ALL)
    kept_quotes(world, 2)
    world.command(CancelParent(parent_id="a"))

    assert ParentStatus.CANCELED is world.book.parents["a"].status


def test_the_level_flatten_closes_long_and_short_of_every_horizon_and_nothing_external() -> None:
    """Owned positions of the scope, by market orders, intraday and swing alike; nobody else's."""
    world = World()
    owning(world)
    world.show(quote("IBM", "100.00", "100.02", size=1_000))
    world.drop(intent("short", "IBM", Side.SELL_SHORT, order_qty=Decimal(30), urgency=Urgency.HIGH))
    world.run(1)
    kill(world, KillLevel.FLATTEN)
    kept_quotes(world, 5)
    closing = [order for order in world.submitted if "flatten" in order.parent_id]

    assert {("AAPL", Side.SELL, Decimal(100)), ("IBM", Side.BUY_TO_COVER, Decimal(30))} == {
        (order.symbol, order.side, order.order_qty) for order in closing
    }
    assert {OrdType.MARKET} == {order.ord_type for order in closing}
    assert {Decimal(0)} == {position.qty for position in world.book.positions.values()}
    assert "flat" in world.alerts()


def test_a_fill_that_comes_back_under_the_level_flatten_is_closed_again() -> None:
    """Fault F9: an entry in doubt is resolved meanwhile; what it filled after all is flattened."""
    world = World(replace(RULES, lookups={}))
    owning(world)
    world.fates.append(Fate.TAKEN)
    world.is_deaf = True
    world.drop(intent("doubt", order_qty=Decimal(50), urgency=Urgency.HIGH))
    world.run(1)
    world.is_deaf = False
    kill(world, KillLevel.FLATTEN)
    kept_quotes(world, 90)
    owned = sum(position.qty for position in world.book.positions.values())
    closed = sum(order.order_qty for order in world.submitted if "flatten" in order.parent_id)

    assert (Decimal(0), Decimal(150)) == (owned, closed)


def test_a_flatten_of_the_kill_cannot_be_ended_while_it_is_killed() -> None:
    """It would only begin anew."""
    world = World()
    owning(world)
    world.is_cut_off = True
    kill(world, KillLevel.FLATTEN)
    kept_quotes(world, 2)
    (flatten_id,) = world.engine.desk.controllers
    kept_quotes(world, 20)
    assert [flatten_id] == list(world.engine.desk.controllers), "one at work is enough"
    refused = world.command(CancelParent(parent_id=flatten_id)).code
    unkill(world, is_forced=True)
    accepted = world.command(CancelParent(parent_id=flatten_id)).code

    assert ("killed", "accepted") == (refused, accepted)
    assert {} == world.engine.desk.controllers


def test_an_operator_may_flatten_at_cancel_all() -> None:
    """The way out stays open: what a flatten closes is not held back."""
    world = World()
    owning(world)
    kill(world, KillLevel.CANCEL_ALL)
    world.command(FlattenScope(scope=Scope(symbol="AAPL")))
    kept_quotes(world, 3)

    assert {Decimal(0)} == {position.qty for position in world.book.positions.values()}


def test_a_released_intent_waits_like_any_other() -> None:
    """Release takes it out of the hold, not out of the kill."""
    world = World()
    resting(world)
    world.engine.desk.hold("a", "test", world.now_ns)
    world.records.extend(world.engine.take_records())
    kill(world, KillLevel.CANCEL_ALL)
    kept_quotes(world, 2)
    world.command(ReleaseParent(parent_id="a", reason="test"))
    kept_quotes(world, 4)

    assert ((), "killed") == (world.book.parents["a"].live, world.book.parents["a"].reason)
