"""Room under `open_orders_max`: first come first served, and nobody is asked who cannot have it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core.enums import ParentStatus
from execd.core.events import ParentReceived, QuoteReceived, ReportReceived, RulesChanged, SetTimer, Submit
from execd.core.orders import AlgoSpec, ParentOrder
from execd.core.records import ParentStarted
from execd.core.reports import Canceled
from execd.core.rules import Rules, S, Throttle
from execd.engine import summary
from execd.engine.cycle import WOKEN_MAX, Cycle
from execd.engine.engine import Engine
from execd.engine.seats import Seats
from tests.world import EPOCH, LIMITS, RULES, START_NS, World, intent, quote

RESTING = AlgoSpec(name="offset", parameters={"bps": "-50", "ttl_ns": 3600 * S})
WIDE = Throttle(burst=10_000, per_min=100_000, window_max=100_000, window_ns=1, requests_max=200_000)
ACTS = st.lists(st.none() | st.integers(0, 30), max_size=40)


def _rules(open_orders_max: int) -> Rules:
    limits = replace(LIMITS, open_orders_max=open_orders_max)
    return replace(RULES, limits={"sim": limits}, throttle=WIDE)


def _resting(parent_id: str, symbol: str = "AAPL") -> ParentOrder:
    return intent(parent_id, symbol, algo=RESTING, max_slippage_bps=Decimal(100))


def _world(open_orders_max: int) -> World:
    world = World(_rules(open_orders_max))
    world.show(quote("AAPL", "200.00", "200.02"))
    world.show(quote("MSFT", "300.00", "300.02"))
    return world


def _placed(world: World) -> list[str]:
    return [order.parent_id for order in world.submitted]


@given(st.integers(1, 4), ACTS)
def test_who_came_first_is_placed_first_and_no_room_is_left_while_somebody_waits(
    most: int, acts: list[int | None]
) -> None:
    """SPEC 9: the limit holds at every instant; what waits for it is served in the order in which it came."""
    world, came = _world(most), 0
    for act in acts:
        if act is None:
            world.drop(_resting(f"p{came}", "AAPL" if came % 2 else "MSFT"))
            came += 1
        elif world.submitted:
            world.cancel(_placed(world)[act % len(world.submitted)])
        world.run((world.now_ns - START_NS) / S)
        open_n = world.engine.desk.open_orders_n.get("sim", 0)

        assert open_n <= most
        assert [f"p{n}" for n in range(len(world.submitted))] == _placed(world)
        assert open_n == most or len(world.submitted) == came


@given(st.lists(st.tuples(st.sampled_from("wwlcg"), st.integers(0, 2)), max_size=60))
def test_a_queue_calls_each_in_its_place_and_promises_no_seat_twice(acts: list[tuple[str, int]]) -> None:
    """A model of the queue: places by first coming, kept until who had it has placed or ended."""
    seats, places, waiting, promised, n = Seats(), dict[str, int](), set[str](), set[str](), 0
    for act, number in acts:
        name = f"p{number}"
        if act == "w" and name not in promised:
            seats.wait(name)
            waiting.add(name)
            n += 1
            places.setdefault(name, n)
        elif act == "l":
            assert (name in promised) == seats.leave(name)
            waiting.discard(name)
            promised.discard(name)
            places.pop(name, None)
        elif act == "g":
            assert (name in promised) == seats.give_back(name)
            promised.discard(name)
        elif act == "c":
            expected = sorted(waiting, key=places.__getitem__)[: max(0, number - len(promised))]
            assert expected == seats.call(number)
            waiting.difference_update(expected)
            promised.update(expected)

        assert (len(waiting), len(promised)) == (len(seats), seats.promised_to_others("nobody"))


def test_a_free_seat_wakes_one_of_hundreds_that_wait() -> None:
    """The cost of an order's end does not grow with the number of those who wait for room."""
    world = _world(5)
    for n in range(300):
        world.drop(_resting(f"p{n}"))
    begun_n = len(world.effects)
    world.cancel("p0")
    world.run(0)
    fired = [effect.key for effect in world.effects[begun_n:] if isinstance(effect, SetTimer) and not effect.at_ns]

    assert ["p5"] == fired
    assert [f"p{n}" for n in range(6)] == _placed(world)


def test_who_waits_for_room_is_not_asked_by_time_or_market() -> None:
    """Thousands that ask again each second would keep everything else waiting."""
    world = _world(2)
    for n in range(50):
        world.drop(_resting(f"p{n}"))
    begun_n = len(world.effects)
    for _ in range(5):
        world.run((world.now_ns - START_NS) / S + 1)
        world.show(quote("AAPL", "200.00", "200.02"))

    assert [] == [effect for effect in world.effects[begun_n:] if isinstance(effect, SetTimer)]


def test_a_wider_limit_lets_as_many_more_in() -> None:
    """A reload of the limits reaches those who wait."""
    world = _world(2)
    for n in range(10):
        world.drop(_resting(f"p{n}"))
    world.tell(RulesChanged(now_ns=world.now_ns, rules=_rules(5)))
    world.run(0)

    assert [f"p{n}" for n in range(5)] == _placed(world)


def test_one_that_comes_between_a_call_and_its_answer_waits_behind_it() -> None:
    """A free seat belongs to who waits longest, though another asks a moment earlier."""
    world = _world(1)
    world.drop(_resting("p0"))
    world.drop(_resting("p1"))
    world.run(0)
    key = world.submitted[0].cl_ord_id
    canceled = Canceled(cl_ord_id=key, order_id="o", transact_ns=START_NS)
    world.cycle.push(ParentReceived(now_ns=START_NS, parent=_resting("p2"), content_hash="h"))
    world.tell(ReportReceived(now_ns=START_NS, account="sim", report=canceled))
    world.run(0)

    assert ["p0", "p1"] == _placed(world)


def test_a_seat_that_was_promised_to_one_that_ends_goes_to_the_next() -> None:
    """Nobody waits behind somebody who is no more."""
    world = _world(1)
    for n in range(3):
        world.drop(_resting(f"p{n}"))
    world.cancel("p1")
    world.cancel("p0")
    world.run(0)

    assert ["p0", "p2"] == _placed(world)


def test_one_quote_that_wakes_hundreds_is_many_bounded_turns() -> None:
    """A turn longer than the watchdog's patience would end the daemon; facts and cancels come between."""
    cycle = Cycle(Engine(_rules(10_000), EPOCH))
    for n in range(500):
        cycle.push(ParentReceived(now_ns=START_NS, parent=_resting(f"p{n}"), content_hash="h"))
    while cycle.has_work():
        cycle.committed(cycle.turn(START_NS), START_NS)
    cycle.push(QuoteReceived(now_ns=START_NS, quote=quote("AAPL", "200.00", "200.02")))
    began: list[int] = []
    sent: list[str] = []
    while cycle.has_work():
        batch = cycle.turn(START_NS)
        began.append(sum(isinstance(record, ParentStarted) for record in batch.records))
        effects = cycle.committed(batch, START_NS)
        sent.extend(effect.request.parent_id for effect in effects if isinstance(effect, Submit))

    assert (500, WOKEN_MAX) == (sum(began), max(began))
    assert [f"p{n}" for n in range(500)] == sent


def test_who_waited_for_room_until_the_deadline_says_so() -> None:
    """SPEC 9: a deadline alone would not tell which limit to raise, or what to cancel; the status stays as it is."""
    world = _world(1)
    world.drop(_resting("first"))
    world.drop(replace(_resting("second"), expire_ns=START_NS + 10 * S))
    world.run(20)
    report = summary.report(world.book, "second")

    assert (ParentStatus.EXPIRED, "deadline; it waited for max_open_orders") == (report.status, report.reason)
