"""What cannot be sent: it is tried again with pauses, and nothing is left in the market for it."""

from decimal import Decimal

import pytest

from execd.core.enums import ParentStatus, Urgency
from execd.core.orders import AlgoSpec, CancelRequest, NewOrder
from execd.core.records import Sending
from execd.core.rules import S
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import START_NS, World, intent, quote


def tried_s(world: World, kind: type[NewOrder | CancelRequest]) -> list[float]:
    """Return at which second each request of a kind was tried."""
    return [
        (one.now_ns - START_NS) / S
        for one in world.records
        if isinstance(one, Sending) and isinstance(one.request, kind)
    ]


def test_an_order_that_cannot_be_sent_is_tried_again_with_pauses() -> None:
    """After 1, 2 and 4 s, then every 8 s, with the price of then; the fourth failure is told. It goes when it can."""
    world = World()
    world.is_cut_off = True
    world.show(quote(*STANDING))
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 20)
    before = world.book.parents["a"].status
    world.is_cut_off = False
    kept_quotes(world, 31)

    assert [0, 1, 3, 7, 15, 23] == [round(at_s) for at_s in tried_s(world, NewOrder)]
    assert (ParentStatus.WORKING, ParentStatus.FILLED) == (before, world.book.parents["a"].status)
    assert 1 == world.alerts().count("not_sent")


@pytest.mark.parametrize("algo", ["offset", "passthrough"])
def test_an_order_that_cannot_be_pulled_is_pulled_when_it_can(algo: str) -> None:
    """At its deadline the venue is away for a minute: the cancel is tried with pauses and leaves as soon as it can."""
    world = World()
    world.show(quote(*STANDING))
    world.drop(intent("a", price=Decimal("1.00"), expire_ns=START_NS + 5 * S, algo=AlgoSpec(name=algo)))
    world.run(1)
    live_n = len(world.book.parents["a"].live)
    world.at(4, lambda: setattr(world, "is_cut_off", True))
    world.at(64, lambda: setattr(world, "is_cut_off", False))
    world.run(63)
    cut = world.book.parents["a"]
    world.run(80)
    parent = world.book.parents["a"]

    assert (1, 1, ParentStatus.WORKING) == (live_n, len(cut.live), cut.status)
    assert ((), ParentStatus.EXPIRED) == (parent.live, parent.status)
    assert len(tried_s(world, CancelRequest)) <= 12
    assert [] == list(world.venue.live())


def test_a_canceled_intent_whose_cancel_cannot_be_sent_ends_when_it_can() -> None:
    """An operator's cancel that finds no connection is not forgotten."""
    world = World()
    world.show(quote(*STANDING))
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(1)
    world.is_cut_off = True
    world.cancel("a")
    world.run(12)
    world.is_cut_off = False
    world.run(25)

    assert (ParentStatus.CANCELED, []) == (world.book.parents["a"].status, list(world.venue.live()))


def test_pauses_survive_a_restart() -> None:
    """A daemon that begins again does not begin its pauses again."""
    world = World()
    world.is_cut_off = True
    world.show(quote(*STANDING))
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 8)
    world.crash()
    kept_quotes(world, 14)

    assert [0, 1, 3, 7] == [round(at_s) for at_s in tried_s(world, NewOrder)]
