"""How much a flatten may close: what is owned, what the broker has, what is in doubt."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.commands import AdoptPosition, AmendParent
from execd.core.enums import Side, Urgency
from tests.holding import at_venue, lets_read
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.unit.engine.test_flattening import closes, flatten, owned
from tests.unit.engine.test_kill import owning
from tests.world import RULES, Fate, World, intent, quote


def test_a_flatten_in_doubt_is_reserved_and_nothing_is_sold_twice() -> None:
    """Fault F9: while a closing order is unknown nothing more than the rest is sold; when it is found, it is flat."""
    world = World(replace(RULES, lookups={}))
    owning(world)
    world.run(1)
    world.fates.append(Fate.TAKEN)
    world.is_deaf = True
    flatten(world)
    kept_quotes(world, 4)
    in_doubt = len(closes(world))
    world.is_deaf = False
    kept_quotes(world, 60)

    assert (1, 1) == (in_doubt, len(closes(world)))
    assert Decimal(0) == owned(world)


def test_an_exit_that_is_in_doubt_is_left_what_it_may_take() -> None:
    """Fault F9: known quantity first: of 100 owned and 40 perhaps being sold, 60 are closed."""
    world = World(replace(RULES, lookups={}))
    owning(world)
    world.run(1)
    world.fates.append(Fate.LOST)
    world.looks.extend([Fate.LOST] * 20)
    world.drop(intent("exit", side=Side.SELL, order_qty=Decimal(40), urgency=Urgency.HIGH))
    world.run(2)
    flatten(world)
    kept_quotes(world, 20)

    assert [("AAPL", Side.SELL, Decimal(60))] == closes(world)[:1]
    assert Decimal(40) == owned(world)


def test_external_holdings_are_never_touched() -> None:
    """What nobody here owns is not sold, although it lies on the account."""
    world = World()
    owning(world)
    world.run(1)
    world.holds = lambda _: {"AAPL": at_venue(world, "sim").get("AAPL", Decimal(0)) + 500}
    world.command(AdoptPosition(account="sim", symbol="AAPL", qty=Decimal(500), is_external=True))
    flatten(world)
    kept_quotes(world, 3)

    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)


def test_sleeves_of_one_account_are_closed_one_after_the_other() -> None:
    """Fault F11: one live flatten order for an account and symbol, and the position is read again between rounds."""
    world = World(latency_ns=100_000_000)
    owning(world)
    world.drop(intent("trend", strategy="trend", order_qty=Decimal(30), urgency=Urgency.HIGH))
    kept_quotes(world, 3)
    live_max = 0

    def count() -> None:
        nonlocal live_max
        orders = [one for one in world.book.orders.values() if not one.is_done and "flatten" in one.first.parent_id]
        live_max = max(live_max, len(orders))

    world.after_event = count
    flatten(world)
    kept_quotes(world, 20)

    assert 1 == live_max
    assert [Decimal(100), Decimal(30)] == [qty for _, _, qty in closes(world)]
    assert Decimal(0) == owned(world)


def test_opposing_sleeves_are_closed_to_zero_at_the_broker_and_not_through_it() -> None:
    """Fault F11: what the two sleeves own of each other cannot be traded away; it is told, and nothing flips."""
    world = World(latency_ns=100_000_000)
    owning(world)
    short = intent("short", side=Side.SELL_SHORT, order_qty=Decimal(30), strategy="trend", urgency=Urgency.HIGH)
    world.drop(short)
    kept_quotes(world, 3)
    flatten(world)
    kept_quotes(world, 30)

    assert [("AAPL", Side.SELL, Decimal(70))] == closes(world)
    assert {} == at_venue(world, "sim")
    assert "not_flat" in world.alerts()


def test_what_the_broker_does_not_have_is_not_sold() -> None:
    """Fault F11: somebody sold 60 of our 100 by hand: 40 are closed, and the rest is told."""
    world = World()
    owning(world)
    world.holds = lambda _: {"AAPL": Decimal(40)} if not closes(world) else {}
    flatten(world)
    kept_quotes(world, 20)

    assert [("AAPL", Side.SELL, Decimal(40))] == closes(world)
    assert "not_flat" in world.alerts()


def test_where_the_broker_cannot_be_read_what_is_owned_counts_and_that_is_told() -> None:
    """A broker that does not answer keeps nobody from getting out."""
    world = World()
    owning(world)
    world.holds = None
    flatten(world)
    kept_quotes(world, 12)

    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)
    assert "unbounded_flatten" in world.alerts()
    assert {} == world.engine.desk.controllers


def test_flat_is_only_said_when_the_broker_says_so_too() -> None:
    """Owned is zero and the broker shows something else: that is told, and not called flat."""
    world = World()
    owning(world)
    world.holds = lambda _: {"AAPL": Decimal(100)}
    flatten(world)
    kept_quotes(world, 60)

    assert "not_flat" in world.alerts()
    assert "flat" not in world.alerts()


def test_what_is_less_than_an_order_can_be_is_told() -> None:
    """Steps of the instrument bind a flatten, too: the whole shares are closed, of the rest somebody hears."""
    world = World()
    world.show(quote(*STANDING, size=1_000))
    world.command(AdoptPosition(account="sim", symbol="AAPL", qty=Decimal("100.25")))
    flatten(world)
    kept_quotes(world, 30)

    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)
    assert "not_flat" in world.alerts()


def test_it_waits_for_the_cancels_before_it_closes() -> None:
    """What was still out is closed with the rest, by one order, and not left over for another round."""
    world = World(latency_ns=100_000_000, report_latency_ns=1_500_000_000)
    lets_read(world)
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("bought", urgency=Urgency.HIGH))
    kept_quotes(world, 3)
    world.drop(intent("exit", side=Side.SELL, order_qty=Decimal(40), price=Decimal("300.00")))
    kept_quotes(world, 6)
    flatten(world)
    kept_quotes(world, 20)

    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)


def test_a_close_in_doubt_keeps_no_other_sleeve_waiting() -> None:
    """Fault F9: what nobody can find out about is left what it may take; the next sleeve is closed beside it."""
    world = World(replace(RULES, lookups={}))
    owning(world)
    world.drop(intent("trend", strategy="trend", order_qty=Decimal(30), urgency=Urgency.HIGH))
    kept_quotes(world, 3)
    world.fates.append(Fate.LOST)
    world.looks.extend([Fate.LOST] * 50)
    flatten(world)
    kept_quotes(world, 20)

    assert [("AAPL", Side.SELL, Decimal(30))] == closes(world)


def test_an_entry_in_doubt_keeps_nobody_from_getting_out() -> None:
    """Fault F9: an order of ours on the other side that may or may not rest there is no reason to stay."""
    world = World(replace(RULES, lookups={}))
    owning(world)
    world.fates.append(Fate.LOST)
    world.looks.extend([Fate.LOST] * 50)
    world.drop(intent("entry", price=Decimal("190.00")))
    kept_quotes(world, 3)
    flatten(world)
    kept_quotes(world, 15)

    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)
    assert world.engine.desk.controllers


def test_a_stopped_exit_is_left_what_its_orders_may_take_and_no_more() -> None:
    """An intent that places nothing more wants nothing more: only its order in doubt is reserved."""
    world = World(replace(RULES, lookups={}))
    owning(world)
    world.fates.append(Fate.LOST)
    world.looks.extend([Fate.LOST] * 50)
    world.drop(intent("exit", side=Side.SELL, order_qty=Decimal(40), urgency=Urgency.HIGH))
    kept_quotes(world, 3)
    world.command(AmendParent(parent_id="exit", order_qty=Decimal(70)))
    flatten(world)
    kept_quotes(world, 15)

    assert [("AAPL", Side.SELL, Decimal(60))] == closes(world)[:1]
