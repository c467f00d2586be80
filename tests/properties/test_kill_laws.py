"""What holds under a kill switch and a flatten, whatever the market, the broker and crashes do."""

from decimal import Decimal
from functools import partial
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core.commands import (
    AmendParent,
    Command,
    FlattenScope,
    KillTrading,
    PauseScope,
    ResumeParent,
    ResumeScope,
    UnkillTrading,
)
from execd.core.enums import Horizon, Side
from execd.core.events import Effect, Replace, Submit
from execd.core.instrument import Instrument
from execd.core.orders import Sleeve
from execd.core.parents import PositionKey
from execd.core.records import Record, Sending
from execd.core.rules import MS
from execd.core.scopes import KillLevel, Scope
from execd.engine.controllers.flatten_terms import Leg, flatten_qty
from tests.holding import at_venue, lets_read
from tests.properties.test_engine_laws import ARRIVALS_S, LIFE_S, SYMBOLS, intents, quotes
from tests.world import RULES, Fate, World, quote

ZERO: Final = Decimal(0)
CALM_S: Final = LIFE_S + 60
quantities: Final = st.integers(-200, 200).map(Decimal)
outs: Final = st.integers(0, 200).map(Decimal)
scopes: Final = st.builds(
    Scope,
    account=st.sampled_from(["", "sim"]),
    strategy=st.sampled_from(["", "default"]),
    symbol=st.sampled_from(["", *SYMBOLS]),
)


class Watched(World):
    """A world in which every request that leaves is held against the kills that were committed before it."""

    bad: list[str]

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Submit | Replace):
            self._judge(effect)
        super()._carry_out(effect)

    def _judge(self, effect: Submit | Replace) -> None:
        request, book = effect.request, self.book
        kill = max((one.level for one in book.kills.values()), key=lambda level: level.rank, default=None)
        parent = book.parents[request.parent_id]
        position = book.positions.get(PositionKey(parent.order.sleeve, request.symbol))
        owned = ZERO if position is None else position.qty
        exits = [
            order.exposure_qty
            for order in book.orders.values()
            if order.first.symbol == request.symbol
            and order.first.side.is_buy == request.side.is_buy
            and book.parents[order.first.parent_id].order.sleeve == parent.order.sleeve
        ]
        # What the sleeve has out on this side, this request among it, is at most what it owns.
        is_reducing = sum(exits) <= (-owned if request.side.is_buy else owned)
        if parent.order.flatten_id and not is_reducing:
            self.bad.append(f"a flatten sends {request} over {owned} owned")
        if kill is None or parent.order.flatten_id:
            return
        if kill is not KillLevel.HALT_NEW or not is_reducing:
            self.bad.append(f"{request} leaves under {kill}")


@st.composite
def commands(draw: st.DrawFn) -> list[tuple[float, Command]]:
    """Draw kills, flattens, pauses and their ends at instants that matter."""
    level = draw(st.sampled_from(list(KillLevel)))
    scope = draw(scopes)
    parent_id = f"p{draw(st.integers(0, 5))}"
    known: list[Command] = [
        KillTrading(level=level, account=draw(st.sampled_from(["", "sim"]))),
        KillTrading(level=level),
        FlattenScope(scope=scope),
        UnkillTrading(reason="test", is_forced=True),
        UnkillTrading(reason="test"),
        PauseScope(scope=scope),
        ResumeScope(scope=scope),
        ResumeParent(parent_id=parent_id),
        AmendParent(parent_id=parent_id, order_qty=Decimal(draw(st.integers(1, 700)))),
    ]
    asked = draw(st.lists(st.sampled_from(known), min_size=1, max_size=5))
    return [(draw(st.sampled_from([0.0, 0.3, 0.6, 2.0, 7.1, 31.0, 61.0])), command) for command in asked]


def _watched(data: st.DataObject) -> Watched:
    latency_ns = data.draw(st.sampled_from([0, 50, 400])) * MS
    world = Watched(RULES, latency_ns=latency_ns, report_latency_ns=data.draw(st.sampled_from([0, 300])) * MS)
    world.bad = []
    lets_read(world)
    for at_s, tick in data.draw(quotes()):
        world.at(at_s, partial(world.show, tick))
    for at_s, parent in data.draw(intents()):
        world.at(at_s, partial(world.drop, parent))
    for at_s, command in data.draw(commands()):
        world.at(at_s, partial(world.ask, command))
    return world


@settings(max_examples=200)
@given(data=st.data())
def test_after_the_commit_of_a_latch_nothing_that_adds_risk_leaves(data: st.DataObject) -> None:
    """Inv10, whatever the interleaving, the doubts and the crashes; and a flatten never sends more than is owned."""
    world = _watched(data)
    world.fates.extend(data.draw(st.lists(st.sampled_from(list(Fate)[:3]), max_size=6)))
    for at_s in data.draw(st.lists(st.sampled_from(ARRIVALS_S), max_size=2)):
        world.at(at_s + data.draw(st.sampled_from([0.02, 0.2, 0.35, 0.7, 1.1])), world.crash)

    world.run(LIFE_S + 10)

    assert [] == world.bad


@settings(max_examples=100)
@given(data=st.data())
def test_under_the_level_flatten_everything_ends_flat(data: st.DataObject) -> None:
    """Liveness: with the faults over, what works is cancelled, what is owned is closed, crashes or not."""
    world = _watched(data)
    world.fates.extend(data.draw(st.lists(st.sampled_from([Fate.WELL, Fate.LOST, Fate.TAKEN]), max_size=4)))
    kill_s = data.draw(st.sampled_from([0.5, 7.2, 31.1, 62.0]))
    world.at(kill_s, partial(world.ask, KillTrading(level=KillLevel.FLATTEN)))
    if data.draw(st.booleans()):
        world.at(kill_s + data.draw(st.sampled_from([0.05, 0.5, 1.5, 4.0])), world.crash)
    world.run(62)
    world.ask(KillTrading(level=KillLevel.FLATTEN))
    for second in range(63, CALM_S + 120, 3):
        for symbol in SYMBOLS:
            world.at(second, partial(world.show, quote(symbol, "200.00", "200.02", size=5_000)))

    world.run(CALM_S + 120)

    assert [] == world.bad
    assert {} == {key: one.qty for key, one in world.book.positions.items() if one.qty}
    assert [] == world.engine.desk.all_live("sim")
    assert {} == at_venue(world, "sim")


@given(data=st.data())
def test_pausing_twice_is_pausing_once(data: st.DataObject) -> None:
    """The second pause is refused and leaves no record but its own, and one resume is enough."""
    world = _watched(data)
    scope = data.draw(scopes)
    world.run(data.draw(st.sampled_from([0.5, 8.0, 32.0])))
    world.ask(PauseScope(scope=scope))
    once = (dict(world.book.pauses), dict(world.book.orders))
    world.ask(PauseScope(scope=scope))
    twice = (dict(world.book.pauses), dict(world.book.orders))
    world.ask(ResumeScope(scope=scope))

    assert once == twice
    assert scope not in world.book.pauses


@given(data=st.data())
def test_nothing_that_adds_risk_leaves_a_paused_scope(data: st.DataObject) -> None:
    """Whatever is asked meanwhile, buys and short sales of the scope stay at home; exits go on."""
    world = _watched(data)
    scope = data.draw(scopes)
    at_s = data.draw(st.sampled_from([0.0, 0.5, 8.0, 32.0]))
    world.run(at_s)
    world.ask(PauseScope(scope=scope))
    before = len(world.records)
    world.run(LIFE_S)
    sides = [
        one.request.side
        for one in _until_resumed(world.records[before:], scope)
        if isinstance(one, Sending)
        and hasattr(one.request, "send_by_ns")
        and scope.covers(world.book.parents[one.request.parent_id].order.sleeve, one.request.symbol)
    ]

    assert [] == [side for side in sides if side in {Side.BUY, Side.SELL_SHORT}]


def _until_resumed(records: list[Record], scope: Scope) -> list[Record]:
    for n, one in enumerate(records):
        if type(one).__name__ == "ScopeResumed" and getattr(one, "scope", None) == scope:
            return records[:n]
    return records


@given(
    owned=quantities.filter(bool), others=quantities, external=quantities, broker=quantities, out=outs, account_out=outs
)
def test_a_flatten_never_asks_for_more_than_is_owned_nor_through_zero(  # Every bound of one rule.
    owned: Decimal, others: Decimal, external: Decimal, broker: Decimal, out: Decimal, account_out: Decimal
) -> None:
    """SPEC 8: at most owned, at most what the broker holds on that side, less what others may still take."""
    key = PositionKey(Sleeve(account="sim", strategy="default", horizon=Horizon.SWING), "AAPL")
    leg = Leg(
        key=key,
        instrument=Instrument(symbol="AAPL"),
        owned_qty=owned,
        account_qty=owned + others,
        external_qty=external,
        broker_qty=broker,
        out_qty=out,
        account_out_qty=out + account_out,
    )
    sign = 1 if owned > 0 else -1
    qty = flatten_qty(leg)
    missing = max(ZERO, sign * (owned + others + external - broker))

    assert ZERO <= qty <= max(ZERO, abs(owned) - out)
    assert qty == ZERO or sign * broker - out - account_out - qty >= ZERO
    assert qty <= max(ZERO, abs(owned) - missing)
    assert flatten_qty(replace(leg, broker_qty=None)) == max(ZERO, abs(owned) - out)
    clean = replace(leg, account_qty=owned, external_qty=ZERO, broker_qty=owned, out_qty=ZERO, account_out_qty=ZERO)
    assert abs(owned) == flatten_qty(clean)
