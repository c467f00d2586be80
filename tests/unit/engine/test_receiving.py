"""Intents at the door: lists, targets, replacements, suspected twins."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core.commands import ReleaseParent
from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.events import IdsLost, WriteReport
from execd.core.orders import ParentOrder
from execd.core.rules import S
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import RULES, World, intent, quote

DEEP = quote(*STANDING, size=100_000)


def target(parent_id: str, qty: int, **fields: Any) -> ParentOrder:  # noqa: ANN401  # ParentOrder checks them.
    """Return an intent for a position."""
    return intent(parent_id, target_qty=Decimal(qty), urgency=Urgency.HIGH, side=Side.SELL, **fields)


def owned(world: World) -> Decimal:
    """Return what the sleeve owns."""
    return sum((position.qty for position in world.book.positions.values()), Decimal(0))


def test_one_bad_intent_of_an_atomic_list_refuses_all() -> None:
    """All or none: nothing is recorded, and the answer names the intent and the field."""
    world = World()
    world.show(DEEP)
    reply = world.drop_list(intent("a"), intent("b", order_qty=Decimal(10_001)), intent("c"))

    told = [(row.parent_id, row.field) for row in reply.rows]

    assert (False, "max_order_qty", [("b", "qty")]) == (reply.is_ok, reply.code, told)
    assert "b: " in reply.text
    assert ({}, []) == (world.book.parents, world.submitted)


def test_skip_takes_the_good_intents() -> None:
    """`on_error: skip`: the good ones are worked, the others are told one by one."""
    world = World()
    world.show(DEEP)
    reply = world.drop_list(intent("a"), intent("b", order_qty=Decimal(10_001)), intent("c"), is_atomic=False)

    assert (True, "accepted", ["b"]) == (reply.is_ok, reply.code, [row.parent_id for row in reply.rows])
    assert ["a", "c"] == [order.parent_id for order in world.submitted]


def test_the_same_list_again_trades_nothing() -> None:
    """A list counts once, after a crash too; one that was half known goes on with the rest."""
    world = World()
    world.show(DEEP)
    world.drop(intent("a"))
    first = world.drop_list(intent("a"), intent("b"))
    world.crash()
    again = world.drop_list(intent("a"), intent("b"))

    assert ("accepted", "duplicate") == (first.code, again.code)
    assert ["a", "b"] == [order.parent_id for order in world.submitted]


def test_a_list_of_refused_intents_is_refused() -> None:
    """Where skipping leaves nothing the file is refused."""
    world = World()
    reply = world.drop_list(intent("b", order_qty=Decimal(10_001)), is_atomic=False)

    assert (False, "max_order_qty") == (reply.is_ok, reply.code)


def test_a_newer_intent_supersedes_the_older_when_that_is_out_of_the_market() -> None:
    """`supersedes`: the older's orders are cancelled and confirmed before the newer starts."""
    world = World(latency_ns=S)
    world.show(DEEP)
    world.drop(intent("old", price=Decimal("190.00")))
    world.run(2)
    world.show(DEEP)
    world.drop(intent("new", supersedes="old"))
    waiting = world.book.parents["new"].reason
    sent = [order.parent_id for order in world.submitted]
    world.at(3.5, lambda: world.show(DEEP))
    world.run(4)

    assert ("superseding", ["old"]) == (waiting, sent)
    old = world.book.parents["old"]
    assert (ParentStatus.CANCELED, "superseded by new") == (old.status, old.reason)
    assert ["old", "new"] == [order.parent_id for order in world.submitted]


def test_an_intent_that_was_superseded_before_it_came_is_refused() -> None:
    """Fault A14: files may arrive out of sequence; `supersedes` decides, not names or times of files."""
    world = World()
    world.show(DEEP)
    world.drop(intent("new", supersedes="old"))
    world.crash()
    world.drop(intent("old"))

    assert "superseded_before" == world.replies()[-1].code
    assert ["new"] == [order.parent_id for order in world.submitted]


@pytest.mark.parametrize("have, want, sides", [
    (0, 70, [Side.BUY]),
    (100, 170, [Side.BUY]),
    (100, 30, [Side.SELL]),
    (100, 0, [Side.SELL]),
    (0, -40, [Side.SELL_SHORT]),
    (100, -40, [Side.SELL, Side.SELL_SHORT]),
    (100, 100, []),
])  # fmt: skip
def test_a_target_is_reached_from_what_is_owned(have: int, want: int, sides: list[Side]) -> None:
    """`target_qty`: a signed position; through zero the closing order first, the opening one when it is filled."""
    world = World()
    world.show(DEEP)
    if have:
        world.drop(target("have", have))
        world.run(1)
    sent = len(world.submitted)
    world.show(DEEP)
    world.drop(target("want", want))
    kept_deep(world, 5)

    assert sides == [order.side for order in world.submitted[sent:]]
    assert Decimal(want) == owned(world)


def kept_deep(world: World, until_s: int) -> None:
    """Let the market go on, deep."""
    for second in range(2, until_s + 1):
        world.at(second, lambda: world.show(DEEP))
    world.run(until_s)


def test_a_newer_target_supersedes_the_older() -> None:
    """The older's working orders are cancelled and confirmed first; what it filled counts."""
    world = World(latency_ns=S // 10)
    world.show(quote(*STANDING, size=60))
    world.drop(target("first", 100))
    world.run(1)
    bought = owned(world)
    world.show(quote(*STANDING, size=60))
    world.drop(target("second", 50))
    kept_deep(world, 6)

    assert Decimal(0) < bought
    assert Decimal(50) == owned(world)
    assert world.book.parents["first"].status.is_terminal


def test_a_target_counts_what_others_of_the_sleeve_still_want() -> None:
    """Target − (owned + working + in doubt): an open buy of the sleeve is counted as if it were filled."""
    world = World()
    world.show(DEEP)
    world.drop(intent("working", price=Decimal("190.00"), order_qty=Decimal(60)))
    world.drop(target("want", 100))

    assert [Decimal(60), Decimal(40)] == [order.order_qty for order in world.submitted]


@given(st.lists(st.integers(-300, 300), min_size=1, max_size=6), st.integers(0, 5))
def test_after_any_row_of_targets_the_last_one_is_owned(targets: list[int], crash_after: int) -> None:
    """However targets follow one another, and wherever the process dies, the sleeve ends at the last one."""
    world = World(latency_ns=S // 20, steps_more=False)
    for n, qty in enumerate(targets):
        world.show(DEEP)
        world.drop(target(f"t{n}", qty))
        if n == crash_after:
            world.crash()
        world.run((world.now_ns - 1_700_000_000 * S) / S + 0.07)
    start_s = int((world.now_ns - 1_700_000_000 * S) / S) + 1
    for second in range(start_s, start_s + 30):
        world.at(second, lambda: world.show(DEEP))
    world.run(start_s + 30)

    assert Decimal(targets[-1]) == owned(world)


def test_the_same_wish_twice_in_a_moment_waits_for_an_operator() -> None:
    """`duplicate_window_s`: the second is held until released, or sent with `allow_duplicate: true`."""
    world = World(replace(RULES, duplicate_window_ns=10 * S))
    world.show(DEEP)
    world.drop(intent("a"))
    world.drop(intent("b"))
    world.drop(intent("c", allow_duplicate=True))
    held = world.book.parents["b"].status
    sent = [order.parent_id for order in world.submitted]
    world.command(ReleaseParent(parent_id="b", reason="meant it"))
    world.run(11)
    world.show(DEEP)
    world.drop(intent("d"))

    assert (ParentStatus.HELD, ["a", "c"]) == (held, sent)
    assert ["a", "c", "b", "d"] == [order.parent_id for order in world.submitted]


def test_who_hands_in_a_suspected_twin_is_told_that_it_waits() -> None:
    """`accepted` alone would be read as "it trades": the answer says that it is held, and what to do."""
    world = World(replace(RULES, duplicate_window_ns=10 * S))
    world.show(DEEP)
    world.drop(intent("a"))
    world.drop(intent("b"))
    first, second = ((reply.code, reply.text) for reply in world.replies())

    assert ("accepted", "") == first
    assert ("accepted", True) == (second[0], second[1].startswith("held: duplicate_suspected: a asks for the same"))


def test_without_a_window_the_id_alone_is_the_guard() -> None:
    """0 is off: two ids are two orders."""
    world = World()
    world.show(DEEP)
    world.drop(intent("a"))
    world.drop(intent("b"))
    kept_quotes(world, 1)

    assert ["a", "b"] == [order.parent_id for order in world.submitted]


def test_an_id_of_before_the_restore_is_refused_and_its_report_is_left_alone() -> None:
    """Fault B9. The journal forgot what it was used for: nothing trades, nothing is written over, today and later."""
    world = World()
    world.show(DEEP)
    world.drop(intent("known", urgency=Urgency.HIGH))
    world.tell(IdsLost(now_ns=world.now_ns, ids=("known", "lost")))
    world.tell(IdsLost(now_ns=world.now_ns, ids=("lost",)))
    world.drop(intent("known", urgency=Urgency.HIGH))
    for _ in range(2):
        world.drop(intent("lost"))
    world.drop(intent("next", supersedes="lost"))
    world.drop(intent("lost"))
    codes = [reply.code for reply in world.replies()][1:]
    written = [effect.parent_id for effect in world.effects if isinstance(effect, WriteReport)]

    refused = "used_before_restore"
    assert ["duplicate", refused, refused, "accepted", refused] == codes
    assert (["known"], {"lost": refused}) == (list(dict.fromkeys(written))[:1], world.book.tombstones)
    assert "lost" not in [*world.book.parents, *written]
