"""Flatten by command: out of a scope, whatever happens on the way."""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.commands import CancelParent, FlattenScope, HaltNew
from execd.core.enums import OrdType, ParentStatus, Side, Urgency
from execd.core.events import HaltReceived
from execd.core.latching import Controlled
from execd.core.market import Halt
from execd.core.orders import NewOrder
from execd.core.parents import SavedAlgo
from execd.core.reports import ExecReport, Rejected
from execd.core.rules import S
from execd.core.scopes import Scope
from execd.core.session import SimpleHours
from tests.unit.engine.test_commanding import kept_quotes, resting
from tests.unit.engine.test_kill import TWO_ACCOUNTS, owning
from tests.world import RULES, START_NS, World, intent

AAPL: Final = Scope(symbol="AAPL")


def flatten(world: World, scope: Scope = AAPL) -> str:
    """Let an operator flatten a scope; return what was answered."""
    return world.command(FlattenScope(scope=scope, reason="test")).text


def owned(world: World, symbol: str = "AAPL") -> Decimal:
    """Return what all sleeves own of a symbol."""
    return sum((one.qty for key, one in world.book.positions.items() if key.symbol == symbol), Decimal(0))


def closes(world: World) -> list[tuple[str, Side, Decimal]]:
    """Return the closing orders that left."""
    return [(one.symbol, one.side, one.order_qty) for one in world.submitted if "flatten" in one.parent_id]


def test_what_works_is_cancelled_first_and_then_what_is_owned_is_closed() -> None:
    """CANCEL, CONFIRM, FLATTEN, VERIFY, DONE: each step is in the journal, before what it does."""
    world = World(latency_ns=200_000_000)
    owning(world)
    world.run(1)
    world.drop(intent("rests", price=Decimal("190.00")))
    kept_quotes(world, 2)
    flatten(world)
    kept_quotes(world, 9)
    states = [one.state.fields for one in world.records if isinstance(one, Controlled)]
    phases = [msgspec.json.decode(state)["phase"] for state in states]

    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)
    assert Decimal(0) == owned(world)
    assert ParentStatus.CANCELED is world.book.parents["rests"].status
    assert "flatten symbol AAPL" in world.book.parents["rests"].reason
    assert ["cancel", "confirm", "flatten", "verify", "done"] == list(dict.fromkeys(phases))
    assert "flat" in world.alerts()


def test_a_scope_that_is_flat_is_said_to_be_flat_at_once() -> None:
    """Nothing to do is an answer, not an error."""
    world = World()

    assert "symbol AAPL is flat" in flatten(world)
    assert {} == world.engine.desk.controllers


def test_a_scope_is_a_symbol_a_sleeve_or_an_account() -> None:
    """What is outside of the scope is neither cancelled nor closed."""
    world = World(TWO_ACCOUNTS)
    owning(world)
    for name, account, strategy in (("other", "other", "default"), ("trend", "sim", "trend")):
        world.drop(intent(name, account=account, strategy=strategy, order_qty=Decimal(20), urgency=Urgency.HIGH))
    world.run(1)
    positions = {(key.sleeve.account, key.sleeve.strategy): one.qty for key, one in world.book.positions.items()}
    flatten(world, Scope(strategy="trend"))
    kept_quotes(world, 4)
    after_sleeve = owned(world)
    flatten(world, Scope(account="other"))
    kept_quotes(world, 8)

    assert {("sim", "default"): 100, ("sim", "trend"): 20, ("other", "default"): 20} == positions
    assert (Decimal(120), Decimal(100)) == (after_sleeve, owned(world))


def test_asking_twice_is_asking_once() -> None:
    """One flatten of a scope is at work; the second answer names it."""
    world = World(latency_ns=300_000_000)
    owning(world)
    world.run(1)
    flatten(world)
    again = flatten(world)
    kept_quotes(world, 6)

    assert "already" in again
    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)


def test_what_arrives_meanwhile_waits_until_it_is_flat() -> None:
    """An intent that comes while its scope is being flattened trades after it."""
    world = World(latency_ns=300_000_000)
    owning(world)
    world.run(1)
    flatten(world)
    world.drop(intent("new", urgency=Urgency.HIGH))
    meanwhile = world.book.parents["new"].reason
    kept_quotes(world, 10)

    assert "flattening" == meanwhile
    assert "new" == world.submitted[-1].parent_id


def test_a_crash_anywhere_neither_sells_twice_nor_forgets() -> None:
    """Fault F8: the state is journaled: after a crash at any record the next life ends flat, and never beyond."""
    whole = World(latency_ns=200_000_000)
    owning(whole)
    whole.run(1)
    resting(whole, "rests")
    flatten(whole)
    kept_quotes(whole, 8)
    begins = next(n for n, one in enumerate(whole.records) if isinstance(one, Controlled))
    for keep in range(begins, len(whole.records)):
        world = World(latency_ns=200_000_000)
        owning(world)
        world.run(1)
        resting(world, "rests")
        lowest: list[Decimal] = []
        world.after_event = lambda world=world, lowest=lowest: lowest.append(owned(world))  # type: ignore[misc]
        flatten(world)
        while len(world.records) < keep:
            world.run((world.now_ns - START_NS) / S + 0.1)
        world.crash()
        kept_quotes(world, 40)

        assert Decimal(0) == owned(world), f"after a crash at record {keep}"
        assert min(lowest) >= 0
        assert {} == world.engine.desk.controllers


def test_a_flatten_that_is_refused_is_tried_again_and_told() -> None:
    """Fault F10: the venue refuses; rounds go on with pauses, and somebody hears that it is not flat."""
    world = World()
    owning(world)
    world.run(1)
    submit = world.venue.submit
    refused: list[NewOrder] = []

    def refuse(request: NewOrder, now_ns: int) -> list[ExecReport]:
        if len(refused) == 4 or not request.parent_id.startswith("flatten"):
            return submit(request, now_ns)
        refused.append(request)
        return [Rejected(cl_ord_id=request.cl_ord_id, transact_ns=now_ns, code="held", text="held by a stop")]

    world.venue.submit = refuse  # type: ignore[method-assign]
    flatten(world)
    kept_quotes(world, 40)

    assert 5 == len(closes(world))
    assert "not_flat" in world.alerts()
    assert Decimal(0) == owned(world)


def test_it_needs_no_quote_and_no_fresh_market() -> None:
    """The quotes may be down: a market order goes without one."""
    world = World()
    owning(world)
    world.run(120)
    flatten(world)
    world.run(121)

    assert [("AAPL", Side.SELL, Decimal(100))] == closes(world)


def test_it_waits_for_the_end_of_a_halt_of_the_symbol() -> None:
    """A market order never meets a halt; until then it is told as not flat."""
    world = World()
    owning(world)
    world.run(1)
    world.show(Halt(symbol="AAPL", is_halted=True, exchange_ns=world.now_ns, reason="LULD"))
    flatten(world)
    kept_quotes(world, 20)
    while_halted = closes(world)
    world.show(Halt(symbol="AAPL", is_halted=False, exchange_ns=world.now_ns, reason="LULD"))
    kept_quotes(world, 120)

    assert [] == while_halted
    assert Decimal(0) == owned(world)


def test_halts_bind_no_flatten() -> None:
    """Reduce-only means that one can get out."""
    world = World()
    owning(world)
    world.run(1)
    world.command(HaltNew(reason="test"))
    flatten(world)
    kept_quotes(world, 3)

    assert Decimal(0) == owned(world)


def test_a_flatten_can_be_ended() -> None:
    """Somebody may have named the wrong symbol: what is closed stays closed, nothing more is."""
    world = World()
    owning(world)
    world.run(1)
    world.is_cut_off = True
    flatten(world)
    (flatten_id,) = world.engine.desk.controllers
    answer = world.command(CancelParent(parent_id=flatten_id, reason="wrong symbol"))
    world.is_cut_off = False
    kept_quotes(world, 60)

    assert "aborted" in answer.text
    assert ({}, Decimal(100)) == (world.engine.desk.controllers, owned(world))


def test_a_document_begins_a_flatten_under_its_own_id_and_counts_once() -> None:
    """The inbox: the same file again is a duplicate and closes nothing."""
    world = World()
    owning(world)
    world.run(1)
    first = world.document("flat-1", FlattenScope(scope=AAPL, flatten_id="flat-1"))
    kept_quotes(world, 3)
    world.drop(intent("again", urgency=Urgency.HIGH))
    kept_quotes(world, 4)
    second = world.document("flat-1", FlattenScope(scope=AAPL, flatten_id="flat-1"))
    kept_quotes(world, 6)

    assert (True, "duplicate") == (first.is_ok, second.code)
    assert Decimal(100) == owned(world)
    assert "flat-1~f1" in world.book.parents


def test_a_closed_market_is_waited_for() -> None:
    """Nothing is sent into a closed market, and somebody hears that it is not flat."""
    world = World()
    owning(world)
    closed = replace(RULES, session=SimpleHours(zone="UTC", opens_min=1, closes_min=2))
    world.engine.desk.change_rules(closed)
    flatten(world)
    world.run(30)

    assert [] == closes(world)
    assert "not_flat" in world.alerts()


def test_nothing_is_flattened_where_nothing_is_sent() -> None:
    """`mode: observe` refuses it."""
    world = World(replace(RULES, is_observing=True))

    answer = world.command(FlattenScope(scope=AAPL))

    assert "observe" == answer.code


def test_a_saved_state_that_cannot_be_read_is_told_and_not_guessed() -> None:
    """Unknown version: nothing is closed on a guess, somebody is paged."""
    world = World()
    owning(world)
    state = SavedAlgo(name="flatten", version=99, fields=b"{}")  # type: ignore[arg-type]
    world.records.append(Controlled(now_ns=world.now_ns, controller_id="f", state=state, text="from the future"))
    world.effects.clear()
    world.crash()
    kept_quotes(world, 10)

    assert ["not_flat"] == world.alerts()
    assert Decimal(100) == owned(world)


def test_the_order_is_the_end_of_day_order() -> None:
    """Market, for sim; until presets exist it is the same everywhere."""
    world = World()
    owning(world)
    flatten(world)
    kept_quotes(world, 2)

    assert OrdType.MARKET is world.submitted[-1].ord_type


def test_a_close_does_not_wait_for_its_turn_after_a_restart() -> None:
    """Others are spread over five seconds and wait for a quote; who gets out does neither."""
    world = World()
    owning(world)
    halt = Halt(symbol="AAPL", is_halted=True, exchange_ns=world.now_ns, reason="LULD")
    world.tell(HaltReceived(now_ns=world.now_ns, halt=halt))
    flatten(world)
    world.run(2)
    while_halted = closes(world)
    world.crash()
    world.run(3)

    assert ([], [("AAPL", Side.SELL, Decimal(100))]) == (while_halted, closes(world))


def test_a_flatten_of_a_name_of_which_nothing_is_known_says_so() -> None:
    """It is flat, and whoever misspelt it is told; what is known is flat without a doubt."""
    world = World()
    owning(world)
    told = [flatten(world, Scope(symbol="APPL")), flatten(world, Scope(strategy="tredn", symbol="AAPL"))]
    kept_quotes(world, 3)
    flatten(world)

    assert ["nothing is known of symbol APPL: check the name" in told[0], "sleeve tredn" in told[1]] == [True, True]
    assert "check the name" not in flatten(world)
