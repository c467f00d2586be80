"""What holds while requests, answers and questions are lost at random, for every model of a broker."""

from collections import Counter
from decimal import Decimal
from functools import partial
from typing import Final

from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core.commands import ReleaseParent, ResolveOrder
from execd.core.doubting import doubted
from execd.core.enums import ParentStatus
from execd.core.events import StreamGap
from execd.core.records import Resent, Sending
from execd.core.rules import FREE_IDS, MS, PROVING, UNIQUE_IDS, Lookups, S
from tests.properties.test_engine_laws import intents, quotes
from tests.world import RULES, START_NS, Fate, World

MODELS: Final = {"proving": PROVING, "unique ids": UNIQUE_IDS, "free ids": FREE_IDS}
LIFE_S: Final = 160
PEACE_S: Final = 600
REQUESTS: Final = st.lists(st.sampled_from([Fate.WELL, Fate.LOST, Fate.TAKEN, Fate.LIMITED]), max_size=8)
BLINDING: Final = st.lists(st.sampled_from([Fate.WELL, Fate.LOST, Fate.BLIND]), max_size=8)
"""Where a "no such order" is the truth there is no lag: only questions that fail."""
FAILING: Final = st.lists(st.sampled_from([Fate.WELL, Fate.LOST]), max_size=8)


def _world(data: st.DataObject, lookups: Lookups) -> World:
    latency_ns = data.draw(st.sampled_from([0, 50, 400])) * MS
    world = World(replace(RULES, lookups={"sim": lookups}), latency_ns=latency_ns, report_latency_ns=30 * MS)
    for at_s, tick in data.draw(quotes()):
        world.at(at_s, partial(world.show, tick))
    for at_s, parent in data.draw(intents()):
        world.at(at_s, partial(world.drop, parent))
    world.fates.extend(data.draw(REQUESTS))
    world.looks.extend(data.draw(FAILING if lookups.are_final else BLINDING))
    for from_s, for_s in data.draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=2)):
        world.at(from_s, lambda: setattr(world, "is_deaf", True))
        world.at(from_s + for_s, lambda: setattr(world, "is_deaf", False))
    for at_s in data.draw(st.lists(st.sampled_from([0.1, 0.6, 1.2, 7.3, 30.2, 61.0, 90.5]), max_size=2)):
        world.at(at_s, world.crash)
    return world


def _make_peace(world: World) -> None:
    """Let nothing fail any more, let the broker be asked about everything, and let a person resolve by the truth."""
    world.run(LIFE_S)
    world.fates.clear()
    world.looks.clear()
    world.is_deaf = False
    world.tell(StreamGap(now_ns=world.now_ns, account="sim", stream="reports", text="test"))
    for _ in range(4):
        world.run((world.now_ns - START_NS) / S + PEACE_S)
        for order in list(world.book.orders.values()):
            if not doubted(order):
                continue
            is_lost = world.venue.find("sim", order.key) is None
            world.command(ResolveOrder(cl_ord_id=doubted(order), is_lost=is_lost, reason="looked"))
        for parent_id, parent in list(world.book.parents.items()):
            if parent.status is ParentStatus.HELD:
                world.command(ReleaseParent(parent_id=parent_id, reason="looked"))


@settings(max_examples=300)
@given(data=st.data(), name=st.sampled_from(list(MODELS)))
def test_whatever_is_lost_nothing_is_sent_twice_and_all_is_known_in_the_end(data: st.DataObject, name: str) -> None:
    """The venue's orders were each journaled first; fills agree with it to the share; everybody ends."""
    world = _world(data, MODELS[name])
    sent_twice_n = len([one for one in world.records if isinstance(one, Resent)])
    _make_peace(world)
    event(f"resent {sent_twice_n > 0}")
    ours = {one.request.cl_ord_id for one in world.records if isinstance(one, Sending)}
    theirs = Counter(one.cl_ord_id for one in world.venue.live())
    filled: dict[str, Decimal] = {}
    for order in world.book.orders.values():
        seen = world.venue.find("sim", order.key)
        parent_id = order.first.parent_id
        filled[parent_id] = filled.get(parent_id, Decimal(0)) + (Decimal(0) if seen is None else seen.cum_qty)
    parents = world.book.parents.values()

    assert [] == [one for one in theirs if one not in ours]
    assert {one.order.parent_id: one.cum_qty for one in parents if one.children} == filled
    assert [] == [one.order.parent_id for one in parents if one.order_qty is not None and one.cum_qty > one.order_qty]
    assert [] == [one.order.parent_id for one in parents if not one.status.is_terminal]
    assert {} == dict(theirs)
    if name != "unique ids":
        assert 0 == len([one for one in world.records if isinstance(one, Resent)])
