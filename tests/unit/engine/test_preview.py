"""What would become of an intent: the same answer as taking it, and nothing changed."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.commands import HaltNew
from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.orders import ParentOrder
from execd.engine.preview import preview
from tests.unit.engine.test_commanding import STANDING
from tests.world import RULES, World, execution, intent, quote

INTENTS = [
    intent("a"),
    intent("a", urgency=Urgency.HIGH),
    intent("a", notional=Decimal(5_000)),
    intent("a", order_qty=Decimal(10_001)),
    intent("a", order_qty=Decimal("1.5")),
    intent("a", side=Side.SELL),
    intent("a", is_close=True),
    intent("a", target_qty=Decimal(-10)),
    intent("a", symbol="NONE"),
    intent("a", order_qty=Decimal(1_300)),
]


@pytest.mark.parametrize("order", INTENTS, ids=lambda order: f"{order.side}-{order.order_qty}-{order.symbol}")
def test_a_preview_says_what_happens(order: ParentOrder) -> None:
    """The order that a preview shows is the one that leaves; where it shows none, none leaves."""
    world = World()
    world.show(quote(*STANDING))
    told = preview(world.engine.desk, order, world.now_ns)
    world.drop(order)
    sent = [(one.side, one.order_qty, one.price) for one in world.submitted]

    assert ([(told.first.side, told.first.order_qty, told.first.price)] if told.is_clear and told.first else []) == sent
    assert told.is_clear == all(check.is_ok for check in told.checks)


def test_a_preview_while_observing_says_that_nothing_would_leave() -> None:
    """The plan and the first order are told all the same."""
    world = World(replace(RULES, is_observing=True))
    world.show(quote(*STANDING))
    told = preview(world.engine.desk, intent("a"), world.now_ns)

    assert (False, ["mode"]) == (told.is_clear, [check.name for check in told.checks if not check.is_ok])
    assert (True, True) == (told.plan is not None, told.first is not None)


def test_a_preview_changes_nothing() -> None:
    """The book, the records, the wishes and the tokens are as before."""
    world = World(execution())
    world.show(quote(*STANDING))
    desk = world.engine.desk
    before = (dict(desk.lines.buckets), dict(desk.timers), dict(desk.book.parents))
    preview(desk, intent("a"), world.now_ns)

    assert before == (dict(desk.lines.buckets), dict(desk.timers), dict(desk.book.parents))
    assert ((), []) == (desk.take_records(), desk.take_effects())


def test_a_preview_names_what_stands_in_the_way() -> None:
    """A halt and a known id are said; the rest of the plan is still shown."""
    world = World(replace(RULES, is_observing=False))
    world.show(quote(*STANDING))
    world.drop(intent("a"))
    world.command(HaltNew(reason="lunch"))
    told = preview(world.engine.desk, intent("a"), world.now_ns)
    failed = [check.name for check in told.checks if not check.is_ok]

    assert ["id", "halt", "send"] == failed
    assert told.plan is not None
    assert ParentStatus.WORKING is world.book.parents["a"].status


def test_a_preview_of_a_suspected_twin_says_that_it_would_be_held() -> None:
    """What waits for an operator sends nothing; with `allow_duplicate` it is clear, as when it is taken."""
    world = World(replace(RULES, duplicate_window_ns=60_000_000_000))
    world.show(quote(*STANDING))
    world.drop(intent("a", price=Decimal("190.00")))
    asked = [intent("b", price=Decimal("190.00"), allow_duplicate=is_meant) for is_meant in (False, True)]
    told = [preview(world.engine.desk, one, world.now_ns) for one in asked]
    world.drop(asked[0])

    failed = [[check.name for check in one.checks if not check.is_ok] for one in told]
    assert ([["hold"], []], [False, True]) == (failed, [one.is_clear for one in told])
    assert ParentStatus.HELD is world.book.parents["b"].status
