"""What holds when an account is asked for more than it may send: at the venue, for every window, for everybody."""

from bisect import bisect_left
from decimal import Decimal
from typing import Final

from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core import chance
from execd.core.enums import ParentStatus, RequestClass, Urgency
from execd.core.events import Cancel, Effect, Query, Replace, Submit
from execd.core.orders import AlgoSpec, CancelRequest
from execd.core.records import Sending
from execd.core.rules import S, Throttle
from execd.engine.parked import OLDEST_TURN_EVERY, Parked
from tests.unit.engine.test_commanding import STANDING
from tests.world import LIMITS, RULES, START_NS, World, intent, quote

SHIPPED: Final = Throttle()
LOAD_S: Final = 600
CALM_S: Final = 1_500
NEW_PER_MIN: Final = 2 * SHIPPED.per_min
CANCELS_PER_MIN: Final = 2 * SHIPPED.cancel_reserve
CANCEL_WAIT_NS_MAX: Final = 1 * S
FLATTEN, CANCEL, PROTECTIVE, REPLACE, NEW, READ = RequestClass
WIDE: Final = replace(RULES, limits={"sim": replace(LIMITS, open_orders_max=5_000)})
RESTING: Final = AlgoSpec(name="offset", parameters={"bps": "-50", "ttl_ns": 3600 * S})


class Counting(World):
    """A world whose venue counts what reaches it."""

    def __init__(self) -> None:
        super().__init__(WIDE)
        self.arrived: list[tuple[int, Effect]] = []

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Submit | Cancel | Replace | Query):
            self.arrived.append((self.now_ns, effect))
        super()._carry_out(effect)


def _most_in_a_window(instants: list[int]) -> int:
    """Return the largest number of instants within any window; the worst one begins with one of them."""
    return max((bisect_left(instants, at + SHIPPED.window_ns) - n for n, at in enumerate(instants)), default=0)


class Load:
    """Twice what an account may send, for ten minutes: intents that rest or trade, and cancels of what rests."""

    def __init__(self, world: Counting, seed: int, life_s: int) -> None:
        self.world, self.seed, self.life_s = world, seed, life_s
        self.cancels: list[tuple[int, str]] = []
        self.resting: list[str] = []
        world.show(quote(*STANDING, size=10_000_000))
        for second in range(CALM_S + LOAD_S):
            world.at(second, lambda: world.show(quote(*STANDING, size=10_000_000)))
        for n in range(NEW_PER_MIN * LOAD_S // 60):
            at_s = (n + float(chance.unit(seed, "new", n))) * 60 / NEW_PER_MIN
            world.at(at_s, lambda n=n: self.drop(n))  # type: ignore[misc]
        for n in range(CANCELS_PER_MIN * LOAD_S // 60):
            at_s = (n + float(chance.unit(seed, "cancel", n))) * 60 / CANCELS_PER_MIN
            world.at(at_s, lambda n=n: self.cancel(n))  # type: ignore[misc]

    def drop(self, n: int) -> None:
        """Let an intent come that trades at once, or one that rests until its deadline."""
        rests = chance.below(2, self.seed, "rests", n) == 1
        life_s = self.life_s + chance.below(self.life_s, self.seed, "life", n)
        fields = {"algo": RESTING, "max_slippage_bps": Decimal(100)} if rests else {"urgency": Urgency.HIGH}
        expire_ns = self.world.now_ns + life_s * S
        self.world.drop(intent(f"p{n:05}", order_qty=Decimal(1), expire_ns=expire_ns, **fields))
        if rests:
            self.resting.append(f"p{n:05}")

    def cancel(self, n: int) -> None:
        """Let an operator cancel an intent whose order rests, and note when."""
        parents, orders = self.world.book.parents, self.world.book.orders
        self.resting = [one for one in self.resting if not parents[one].status.is_terminal]
        working = [one for one in self.resting if parents[one].live and orders[parents[one].live[0]].pending is None]
        if working:
            parent_id = working[chance.below(len(working), self.seed, "which", n)]
            self.cancels.append((self.world.now_ns, parent_id))
            self.world.cancel(parent_id)

    def cancel_waits_ns(self) -> list[int]:
        """Return how long each cancel took to leave."""
        left_ns: dict[str, list[int]] = {}
        for one in self.world.records:
            if isinstance(one, Sending) and isinstance(one.request, CancelRequest):
                left_ns.setdefault(one.request.parent_id, []).append(one.now_ns)
        return [
            min(at for at in left_ns[parent_id] if at >= asked_ns) - asked_ns for asked_ns, parent_id in self.cancels
        ]


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32), life_s=st.sampled_from([60, 700]))
def test_at_twice_the_rate_for_ten_minutes_no_window_is_exceeded_and_nobody_starves(seed: int, life_s: int) -> None:
    """SPEC 10: 150 new and replaced in any 60 s and 200 in all, cancels within a second, and everybody ends."""
    world = Counting()
    load = Load(world, seed, life_s)
    world.run(LOAD_S + CALM_S)
    in_all = [at for at, _ in world.arrived]
    orders = [at for at, one in world.arrived if isinstance(one, Submit | Replace)]
    parents = world.book.parents.values()
    event(f"orders {len(orders) // 500 * 500}, cancels {len(load.cancels) // 100 * 100}")

    assert _most_in_a_window(orders) <= SHIPPED.window_max
    assert _most_in_a_window(in_all) <= SHIPPED.requests_max
    assert len(orders) > SHIPPED.per_min * LOAD_S / 60 * 0.6
    assert max(load.cancel_waits_ns(), default=0) < CANCEL_WAIT_NS_MAX
    assert all(parent.status.is_terminal for parent in parents)
    if life_s > LOAD_S:
        assert not [one for one in parents if one.status is ParentStatus.EXPIRED and not one.children]


COMING: Final = st.lists(
    st.tuples(st.sampled_from([PROTECTIVE, REPLACE, NEW]), st.integers(0, 50), st.integers(0, 3)), max_size=60
)


@given(
    before=st.lists(st.tuples(st.sampled_from([PROTECTIVE, REPLACE, NEW]), st.integers(0, 50)), max_size=12),
    coming=COMING,
)
def test_nobody_waits_longer_than_four_turns_for_each_who_was_before(
    before: list[tuple[RequestClass, int]], coming: list[tuple[RequestClass, int, int]]
) -> None:
    """However many more urgent ones keep coming, the least urgent of all has its turn within 4·(k + 1) tokens."""
    parked = Parked()
    for n, (kind, deadline_ns) in enumerate(before):
        parked.put(f"b{n}", kind, deadline_ns, START_NS)
    parked.put("last", NEW, 1_000, START_NS)
    turns_n, n = 0, 0
    while "last" in parked:
        kind, deadline_ns, several = coming[n % len(coming)] if coming else (PROTECTIVE, 0, 1)
        for more in range(several):
            parked.put(f"c{n}.{more}", kind, deadline_ns, START_NS)
        n += 1
        parked.call()
        parked.done()
        turns_n += 1

    assert turns_n <= OLDEST_TURN_EVERY * (len(before) + 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from([*RequestClass][:5]), st.integers(0, 5), st.sampled_from("pcfd")),
        max_size=80,
    )
)
def test_the_queue_is_what_a_plain_list_says(steps: list[tuple[int, RequestClass, int, str]]) -> None:
    """Parking, turns that lead to nothing or to a token, and leaving, in any order: the same are there."""
    parked, there = Parked(), dict[str, tuple[RequestClass, int]]()
    for number, kind, deadline_ns, what in steps:
        name = f"p{number}"
        if what == "p":
            parked.put(name, kind, deadline_ns, START_NS)
            there[name] = (kind, deadline_ns)
        elif what == "d":
            parked.drop(name)
            there.pop(name, None)
        elif (called := parked.call()) is not None:
            urgent = [one for one, (of, _) in there.items() if of.is_urgent]
            if urgent:
                assert called == min(urgent, key=lambda one: (*there[one], one))
            place = there.pop(called)
            if what == "f":
                parked.put(called, *place, START_NS)
                there[called] = place
            assert parked.done() == (what == "f")
        assert (len(there), set(there)) == (len(parked), {one for one in there if one in parked})
    left = []
    while (called := parked.call()) is not None:
        left.append(called)
        parked.done()

    assert sorted(there) == sorted(left)


@given(st.lists(st.sampled_from([*RequestClass][:5]), max_size=10), st.sampled_from([*RequestClass][:5]))
def test_who_comes_while_others_wait_does_not_pass_them(waiting: list[RequestClass], kind: RequestClass) -> None:
    """A token that is due belongs to who waits for it: only flatten passes cancels, and both pass orders."""
    parked = Parked()
    for n, one in enumerate(waiting):
        parked.put(f"p{n}", one, 0, START_NS)
    before = [one for one in waiting if one <= kind or (kind.is_order and one.is_order)]

    assert bool(before) == parked.must_wait("new", kind)
