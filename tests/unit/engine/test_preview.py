"""What would become of an intent: the same answer as taking it, and nothing changed."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.commands import FlattenScope, HaltNew, PauseScope
from execd.core.enums import ParentStatus, Side, Urgency
from execd.core.events import ReportReceived
from execd.core.ids import cl_ord_id, parent_key
from execd.core.orders import ParentOrder
from execd.core.reports import Accepted
from execd.core.scopes import Scope
from execd.engine.preview import preview
from tests.unit.engine.test_commanding import STANDING
from tests.unit.engine.test_kill import owning
from tests.world import EPOCH, RULES, World, execution, intent, quote

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


def told_of(world: World, key: str) -> None:
    """Let the broker tell of an order that the journal does not know."""
    told = Accepted(cl_ord_id=key, transact_ns=world.now_ns, order_id="x")
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=told))


def test_a_preview_of_a_new_id_needs_no_book_where_orders_of_others_were_seen() -> None:
    """What is previewed is not in the book; an order that the broker knows of its id is said, others are not."""
    world = World()
    world.show(quote(*STANDING))
    told_of(world, "somebody-elses-1")
    clear = preview(world.engine.desk, intent("a"), world.now_ns)
    ours = cl_ord_id(EPOCH, parent_key("sim", "a"), 1)
    told_of(world, ours)
    held = preview(world.engine.desk, intent("a"), world.now_ns)
    world.drop(intent("a"))

    assert (True, False) == (clear.is_clear, held.is_clear)
    assert [("hold", True)] == [(one.name, ours in one.text) for one in held.checks if not one.is_ok]
    assert ParentStatus.HELD is world.book.parents["a"].status


def test_a_preview_says_that_a_paused_scope_is_waited_for() -> None:
    """The check names the pause, and the verdict is that it would wait; another symbol is not meant."""
    world = World()
    world.show(quote(*STANDING))
    world.command(PauseScope(scope=Scope(symbol="AAPL"), reason="news"))
    told = preview(world.engine.desk, intent("a"), world.now_ns)
    other = preview(world.engine.desk, intent("b", symbol="MSFT"), world.now_ns)
    world.drop(intent("a"))
    failed = [(one.name, "symbol AAPL is paused: news" in one.text) for one in told.checks if not one.is_ok]

    assert [("pause", True)] == failed
    assert ("it would wait", False, []) == (told.verdict, told.is_clear, world.submitted)
    assert "pause" not in [one.name for one in other.checks if not one.is_ok]


def test_a_preview_lets_exits_of_a_paused_scope_go_on() -> None:
    """What closes leaves a paused scope, and its preview is clear; a target waits where it would open more."""
    world = World()
    owning(world)
    world.command(PauseScope(scope=Scope(symbol="AAPL"), reason="news"))
    asked = [intent("c", is_close=True), *(intent("t", target_qty=Decimal(qty)) for qty in (40, 140))]
    told = [preview(world.engine.desk, one, world.now_ns) for one in asked]

    assert [True, True, False] == [all(c.is_ok for c in one.checks if c.name == "pause") for one in told]
    assert "it would wait" == told[2].verdict


def test_a_preview_without_a_quote_does_not_say_of_an_exit_that_a_pause_holds_it() -> None:
    """Which side a close takes is known with its quantity; until then only what surely opens is said to wait."""
    world = World()
    world.command(PauseScope(scope=Scope(symbol="AAPL"), reason="news"))
    told = [preview(world.engine.desk, one, world.now_ns) for one in (intent("c", is_close=True), intent("a"))]

    assert [["quote"], ["pause", "quote"]] == [[c.name for c in one.checks if not c.is_ok] for one in told]


def test_a_preview_tells_what_waits_from_what_does_not_leave() -> None:
    """A halt is waited for; what is refused besides does not leave after it, either."""
    world = World()
    world.show(quote(*STANDING))
    clear = preview(world.engine.desk, intent("a"), world.now_ns)
    world.command(HaltNew(reason="lunch"))
    orders = [intent("a"), intent("b", order_qty=Decimal(10_001))]
    told = [preview(world.engine.desk, one, world.now_ns).verdict for one in orders]

    assert "an order would leave now" == clear.verdict
    assert ["it would wait", "no order would leave now"] == told


def test_a_preview_says_that_a_flatten_is_at_work() -> None:
    """New intents of its scope wait until it is over."""
    world = World()
    owning(world)
    world.command(FlattenScope(scope=Scope(symbol="AAPL"), reason="out"))
    told = preview(world.engine.desk, intent("a"), world.now_ns)

    assert [("pause", True)] == [(one.name, "flatten" in one.text) for one in told.checks if not one.is_ok]
