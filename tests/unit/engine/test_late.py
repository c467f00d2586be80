"""Silence of a broker is noticed within seconds, and nothing is asked while all is on time."""

from decimal import Decimal

from execd.core.enums import ParentStatus, Urgency
from execd.core.events import Query
from execd.core.rules import S
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import START_NS, Fate, World, intent, quote


def questions(world: World) -> int:
    """Return how often the broker was asked about an order."""
    return sum(isinstance(effect, Query) for effect in world.effects)


def test_accepted_and_then_silent_is_noticed_and_the_fill_is_found() -> None:
    """Fault D1: a request without an answer is asked about after 2 s; the fill counts within 7 s."""
    world = World()
    world.show(quote(*STANDING))
    world.is_deaf = True
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(1.9)
    early_n = questions(world)
    world.run(2.1)

    assert (0, ParentStatus.FILLED) == (early_n, world.book.parents["a"].status)


def test_nothing_is_asked_while_everything_is_answered_in_time() -> None:
    """Resting, filled and canceled orders of a healthy stream cost no question at all."""
    world = World(latency_ns=S // 10, report_latency_ns=S // 10)
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("rests", price=Decimal("190.00")))
    world.drop(intent("fills", urgency=Urgency.HIGH))
    world.drop(intent("ends", price=Decimal("191.00"), expire_ns=START_NS + 20 * S))
    kept_quotes(world, 120)

    assert (0, 1) == (questions(world), len(world.book.parents["rests"].live))


def test_an_account_without_a_live_order_is_not_asked_at_a_print() -> None:
    """Accounts whose orders in a symbol are done cost its prints nothing, however many there are."""
    world = World(latency_ns=S // 10, report_latency_ns=S // 10)
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("fills", urgency=Urgency.HIGH))
    world.run(0.15)
    desk = world.cycle.engine.desk
    before = {symbol: list(accounts) for symbol, accounts in desk.live.accounts.items()}
    kept_quotes(world, 2)
    after = {symbol: list(accounts) for symbol, accounts in desk.live.accounts.items()}

    assert ({"AAPL": ["sim"]}, {"AAPL": []}, {}) == (before, after, desk.live)


def test_an_order_that_should_trade_at_once_is_asked_about_after_three_seconds() -> None:
    """Acknowledged, priced through the market and not filled: its fill was lost on the way."""
    world = World()
    world.show(quote(*STANDING, size=1_000))
    world.at(0.5, lambda: setattr(world, "is_deaf", True))
    world.latency_ns = S // 2
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.latency_ns = 0
    kept_quotes(world, 4)

    assert ParentStatus.FILLED is world.book.parents["a"].status


def test_an_order_that_the_market_traded_through_is_asked_about() -> None:
    """Prints beyond a resting price mean that it has filled, whether or not anybody said so."""
    world = World()
    world.show(quote(*STANDING))
    world.drop(intent("a", price=Decimal("199.00")))
    kept_quotes(world, 10)
    before_n = questions(world)
    world.is_deaf = True
    world.print("AAPL", "198.50", 10_000)
    world.run(11.5)
    early_n = questions(world)
    world.run(12.5)

    assert (0, 0, 1) == (before_n, early_n, questions(world))
    assert ParentStatus.FILLED is world.book.parents["a"].status


def test_a_request_that_nobody_answers_for_is_in_doubt_in_the_end() -> None:
    """It counts in full meanwhile, and the doubt is resolved like any other."""
    world = World()
    world.show(quote(*STANDING))
    world.is_deaf = True
    world.looks.extend([Fate.LOST] * 5)
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(13)
    doubted = "in_doubt" in world.alerts()
    kept_quotes(world, 20)

    assert (True, ParentStatus.FILLED) == (doubted, world.book.parents["a"].status)
