"""When an account's report stream is doubted, because of what was found by asking."""

import pytest

from execd.core.enums import Urgency
from execd.core.events import DoubtStream, PollDue, Query, StreamGap
from tests.unit.engine.test_commanding import STANDING, kept_quotes, resting, world_s
from tests.world import World, intent, quote


def _doubts(world: World) -> list[DoubtStream]:
    return [effect for effect in world.effects if isinstance(effect, DoubtStream)]


def test_an_order_that_was_found_by_asking_while_the_stream_was_up_proves_it_stale() -> None:
    """Fault D7: accepted and filled, and not a word in seconds: the question finds it, and the stream begins anew."""
    world = World()
    world.show(quote(*STANDING))
    world.is_deaf = True
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 10)

    assert ["sim"] == [one.account for one in _doubts(world)]
    assert world.book.parents["a"].cum_qty > 0


def test_a_stream_that_tells_in_time_is_never_doubted() -> None:
    """Reports come a while after what they tell of; questions that find nothing new prove nothing."""
    world = World(latency_ns=400_000_000, report_latency_ns=400_000_000)
    world.show(quote(*STANDING))
    for n in range(5):
        world.drop(intent(f"p{n}", urgency=Urgency.HIGH))
    kept_quotes(world, 5)
    resting(world, "r")
    world.tell(PollDue(now_ns=world.now_ns, account="sim"))
    kept_quotes(world, 20)

    assert [] == _doubts(world)


def test_what_happened_before_a_gap_is_explained_by_it() -> None:
    """An announced gap asks about everything itself: what that finds is no further proof."""
    world = World()
    world.show(quote(*STANDING))
    world.is_deaf = True
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(1)
    world.tell(StreamGap(now_ns=world.now_ns, account="sim", stream="reports", text="cut"))
    world.is_deaf = False
    kept_quotes(world, 10)

    assert ([], True) == (_doubts(world), world.book.parents["a"].cum_qty > 0)


def test_a_stream_that_stays_deaf_is_begun_anew_at_most_twice_a_minute() -> None:
    """A broker that never tells of anything is not logged in to for each order."""
    world = World()
    world.is_deaf = True
    for at_s in range(60):
        world.at(at_s, lambda: world.show(quote(*STANDING)))
        world.at(at_s, lambda at_s=at_s: world.drop(intent(f"p{at_s}", urgency=Urgency.HIGH)))  # type: ignore[misc]
    world.run(59)

    assert 2 == len(_doubts(world))


@pytest.mark.parametrize("account, expected", [("sim", 1), ("other", 0)])
def test_a_poll_asks_about_what_is_live_on_the_account(account: str, expected: int) -> None:
    """While reports are not heard, each beat asks about every live order of that account, and of no other."""
    world = World()
    resting(world)
    world.run(world_s(world) + 3)
    before_n = len([one for one in world.effects if isinstance(one, Query)])
    world.tell(PollDue(now_ns=world.now_ns, account=account))

    assert expected == len([one for one in world.effects if isinstance(one, Query)]) - before_n
