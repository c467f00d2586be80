"""What an intent says of something larger that keeps it from acting, also while it has nothing to do."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.commands import PauseParent, ResumeParent
from execd.core.enums import ParentStatus, TimeInForce, Urgency
from execd.core.orders import AlgoSpec
from execd.core.rules import S
from execd.core.scopes import KillLevel
from tests.unit.engine.test_kill import kill, unkill
from tests.world import START_NS, World, intent, quote


def _sliced() -> World:
    """Return a world with an intent between its first slice and its second."""
    world = World()
    spec = AlgoSpec(name="twap", parameters={"interval_ns": 60 * S})
    for at_s in range(0, 200, 3):
        world.at(at_s, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    world.at(0, lambda: world.drop(intent("p", algo=spec, expire_ns=START_NS + 600 * S, urgency=Urgency.LOW)))
    world.run(30)
    return world


def test_an_intent_between_two_slices_says_at_once_that_it_is_killed() -> None:
    """It would be asked for nothing before its next slice; who looks at it before that is told all the same."""
    world = _sliced()
    kill(world, KillLevel.CANCEL_ALL)
    world.run(31)
    notes = [note.text for note in world.book.parents["p"].notes]

    assert "killed" == world.book.parents["p"].reason
    assert 1 == sum(text.startswith("waits, killed: cancel_all on all accounts") for text in notes)


def test_an_intent_between_two_slices_says_at_once_that_it_is_no_longer() -> None:
    """Lifted, it waits for its slice and for nothing else."""
    world = _sliced()
    kill(world, KillLevel.CANCEL_ALL)
    world.run(35)
    unkill(world)
    world.run(36)
    parent = world.book.parents["p"]

    assert ("", "killed no longer") == (parent.reason, parent.notes[-1].text)
    world.run(65)
    assert Decimal(0) < world.book.parents["p"].cum_qty


def test_an_immediate_order_whose_tries_are_over_says_that_it_got_nothing() -> None:
    """The time of its tactic is over four times: `timeout` alone would not say why."""
    world = World()
    for at_s in range(200):
        world.at(at_s, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    spec = AlgoSpec(name="marketable", parameters={"ttl_ns": 20 * S})
    order = intent("p", algo=spec, expire_ns=START_NS + 600 * S, price=Decimal("199.90"))
    world.at(0, lambda: world.drop(replace(order, time_in_force=TimeInForce.IOC)))
    world.run(200)
    parent = world.book.parents["p"]

    assert (ParentStatus.EXPIRED, "timeout; it waited for got_nothing") == (parent.status, parent.reason)


def test_a_cross_before_the_end_says_that_it_is_one() -> None:
    """Through the touch after a minute at rest: the story tells why now."""
    world = World()
    for at_s in range(70):
        world.at(at_s, lambda: world.show(quote("AAPL", "200.00", "200.02", size=5_000)))
    spec = AlgoSpec(name="anchor")
    world.at(0, lambda: world.drop(intent("p", algo=spec, expire_ns=START_NS + 60 * S, urgency=Urgency.NORMAL)))
    world.run(70)
    told = [note.text for note in world.book.parents["p"].notes if note.text.startswith(("place", "amend"))]

    assert [False, True] == [text.endswith("; what is left, shortly before the end") for text in told]


def test_an_intent_that_was_paused_while_it_was_killed_says_that_it_is_no_longer_killed() -> None:
    """It still waits, for another reason than before."""
    world = _sliced()
    kill(world, KillLevel.CANCEL_ALL)
    world.run(35)
    world.command(PauseParent(parent_id="p", reason="test"))
    unkill(world)
    world.run(36)

    assert "paused" == world.book.parents["p"].reason
    world.command(ResumeParent(parent_id="p", reason="test"))
    world.run(37)
    assert "" == world.book.parents["p"].reason
