"""Questions to brokers: what they cost, how often they are asked, and that they never stand in a cancel's way."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.events import Effect, LookupFailed, Query, StreamGap
from execd.core.rules import S, Throttle
from tests.unit.engine.test_commanding import STANDING, resting, world_s
from tests.world import LIMITS, RULES, START_NS, Fate, World, intent, quote

SMALL = Throttle(burst=20, per_min=130, window_max=40, requests_max=60, cancel_reserve=10)


class Asked(World):
    """A world that notes when each question reaches the broker."""

    def __init__(self, throttle: Throttle = RULES.throttle) -> None:
        super().__init__(replace(RULES, throttle=throttle, limits={"sim": replace(LIMITS, open_orders_max=100)}))
        self.asked: list[tuple[float, str]] = []

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Query):
            self.asked.append(((self.now_ns - START_NS) / S, effect.cl_ord_id))
        super()._carry_out(effect)

    def gap(self) -> None:
        """Let the report stream have been down."""
        self.tell(StreamGap(now_ns=self.now_ns, account="sim", stream="reports", text="cut"))


def _many(world: World, n: int) -> None:
    """Let so many orders rest."""
    world.show(quote(*STANDING))
    for number in range(n):
        world.drop(intent(f"p{number:02}", price=Decimal("190.00"), order_qty=Decimal(1)))
    world.run(world_s(world) + 20)


def test_questions_that_find_no_token_wait_and_are_asked_once_each() -> None:
    """After a gap orders are asked about as far as tokens go, the others when one is due; what waits, waits once."""
    world = Asked(SMALL)
    _many(world, 30)
    for _ in range(3):
        world.gap()
    at_once_n = len(world.asked)
    world.run(world_s(world) + 70)

    assert SMALL.requests_max - SMALL.cancel_reserve - 30 == at_once_n
    assert (20 + 30, 30) == (len(world.asked), len({key for _, key in world.asked}))


def test_a_flood_of_questions_takes_nothing_from_cancels() -> None:
    """While thirty questions have used up what they may, every reserved cancel leaves at once."""
    world = Asked(SMALL)
    _many(world, 30)
    world.gap()
    for n in range(8):
        world.cancel(f"p{n:02}")
    world.run(world_s(world))

    assert 30 - 8 == len(list(world.venue.live()))


def test_a_question_that_fails_is_asked_again_three_times() -> None:
    """SPEC 10: after 1, 2 and 4 s; an order that nobody doubts is not asked about for ever."""
    world = Asked()
    resting(world)
    world.looks.extend([Fate.LOST] * 10)
    world.run(1)
    world.gap()
    world.run(60)

    assert [1, 2, 4, 8] == [at_s for at_s, _ in world.asked]


def test_an_answer_begins_the_count_of_failures_anew() -> None:
    """Two gaps of which each question fails twice: both are asked until they are answered."""
    world = Asked()
    resting(world)
    for at_s in (1, 20):
        world.run(at_s)
        world.looks.extend([Fate.LOST] * 2)
        world.gap()
    world.run(40)

    assert [1, 2, 4, 20, 21, 23] == [at_s for at_s, _ in world.asked]


def test_a_failed_question_about_an_order_that_is_gone_is_dropped() -> None:
    """Nobody wants to know any more."""
    world = Asked()
    resting(world)
    (key,) = world.book.parents["a"].live
    world.cancel("a")
    world.tell(LookupFailed(now_ns=world.now_ns, account="sim", cl_ord_id=key, text="no answer"))
    world.tell(LookupFailed(now_ns=world.now_ns, account="sim", cl_ord_id="unknown", text="no answer"))
    world.run(30)

    assert [] == world.asked
