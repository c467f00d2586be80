"""Pauses of a scope: what opens waits there, what exits goes on, and only its own resume ends it."""

from decimal import Decimal
from typing import Final

import pytest
from msgspec.structs import replace

from execd.core.commands import AdoptPosition, HaltNew, PauseScope, ResumeNew, ResumeScope
from execd.core.enums import Horizon, ParentStatus, Side, Urgency
from execd.core.latching import ScopePaused
from execd.core.rules import UNIQUE_IDS
from execd.core.scopes import Scope
from tests.unit.engine.test_commanding import STANDING, kept_quotes, resting
from tests.unit.engine.test_kill import TWO_ACCOUNTS, owning
from tests.world import RULES, Fate, World, intent, quote

AAPL: Final = Scope(symbol="AAPL")


def pause(world: World, scope: Scope = AAPL) -> str:
    """Let an operator pause a scope; return the code of the answer."""
    return world.command(PauseScope(scope=scope, reason="news")).code


def resume(world: World, scope: Scope = AAPL) -> str:
    """Let an admin resume a scope; return the code of the answer."""
    return world.command(ResumeScope(scope=scope)).code


def test_what_rests_is_pulled_and_what_is_new_waits_until_it_is_resumed() -> None:
    """New parents of a paused scope wait and say so; resumed, all of them go on."""
    world = World()
    resting(world)
    pause(world)
    world.drop(intent("b", urgency=Urgency.HIGH))
    kept_quotes(world, 2)
    paused = (world.book.parents["a"].live, world.book.parents["a"].reason, world.book.parents["b"].reason)
    resume(world)
    kept_quotes(world, 4)

    assert ((), "scope_paused", "scope_paused") == paused
    assert {"a", "b"} == {order.parent_id for order in world.submitted[1:]}


def test_exits_go_on() -> None:
    """What reduces is not held back: a sale of what is owned and a close leave a paused scope."""
    world = World()
    owning(world)
    pause(world)
    world.drop(intent("out", side=Side.SELL, order_qty=Decimal(40), urgency=Urgency.HIGH))
    kept_quotes(world, 3)
    world.drop(intent("rest", is_close=True))
    kept_quotes(world, 5)

    assert [Side.BUY, Side.SELL, Side.SELL] == [order.side for order in world.submitted]
    assert {Decimal(0)} == {position.qty for position in world.book.positions.values()}


def test_a_target_waits_where_it_would_open_and_goes_on_where_it_closes() -> None:
    """The side of a target is known when it is sized: only then is it asked."""
    world = World()
    owning(world)
    pause(world)
    world.drop(intent("down", target_qty=Decimal(20)))
    kept_quotes(world, 3)
    world.drop(intent("up", target_qty=Decimal(500)))
    kept_quotes(world, 5)

    assert world.book.parents["down"].order.side is Side.SELL
    assert (ParentStatus.QUEUED, "scope_paused") == (
        world.book.parents["up"].status,
        world.book.parents["up"].reason,
    )


@pytest.mark.parametrize(
    "scope, waits",
    [
        (Scope(symbol="AAPL"), {"aapl", "trend"}),
        (Scope(strategy="trend"), {"trend"}),
        (Scope(strategy="trend", horizon=Horizon.INTRADAY), set()),
        (Scope(account="sim"), {"aapl", "ibm", "trend"}),
        (Scope(account="other"), {"other"}),
        (Scope(account="other", symbol="AAPL"), set()),
    ],
)
def test_a_pause_binds_its_scope_and_nothing_else(scope: Scope, waits: set[str]) -> None:
    """An empty field of a scope means any; several fields mean what all of them cover."""
    world = World(TWO_ACCOUNTS)
    world.show(quote(*STANDING, size=1_000))
    world.show(quote("IBM", "100.00", "100.02", size=1_000))
    pause(world, scope)
    world.drop(intent("aapl", urgency=Urgency.HIGH))
    world.drop(intent("ibm", "IBM", urgency=Urgency.HIGH))
    world.drop(intent("trend", strategy="trend", urgency=Urgency.HIGH))
    world.drop(intent("other", "IBM", account="other", urgency=Urgency.HIGH))

    held = {one for one in ("aapl", "ibm", "trend", "other") if world.book.parents[one].reason == "scope_paused"}
    assert waits == held


def test_pausing_twice_is_pausing_once() -> None:
    """The second is refused and leaves no latch; so is a resume of what is not paused by that name."""
    world = World()
    codes = [pause(world), pause(world), resume(world, Scope(account="sim")), resume(world), resume(world)]

    assert ["accepted", "already_paused", "not_paused", "accepted", "not_paused"] == codes
    assert 1 == sum(isinstance(one, ScopePaused) for one in world.records)


def test_an_account_that_is_not_there_cannot_be_paused() -> None:
    """A slip of the finger is told, and pauses nothing."""
    world = World()

    assert "unknown_account" == pause(world, Scope(account="smi"))
    assert {} == world.book.pauses


def test_a_pause_survives_a_restart_and_the_lifting_of_halts() -> None:
    """Latched and sticky; halts are another matter."""
    world = World()
    resting(world)
    pause(world)
    world.command(HaltNew(reason="test"))
    world.command(ResumeNew(reason="test"))
    world.run(1)
    world.crash()
    kept_quotes(world, 20)

    assert 1 == len(world.submitted)
    assert (AAPL,) == tuple(world.book.pauses)


def test_two_pauses_over_one_intent_need_two_resumes() -> None:
    """Each scope is a latch of its own."""
    world = World()
    resting(world)
    pause(world)
    pause(world, Scope(account="sim"))
    kept_quotes(world, 1)
    resume(world)
    kept_quotes(world, 3)
    before = len(world.submitted)
    resume(world, Scope(account="sim"))
    kept_quotes(world, 5)

    assert (1, 2) == (before, len(world.submitted))


def test_a_request_in_doubt_is_not_written_again_into_a_paused_scope() -> None:
    """Resending is new risk, too: while the scope is paused the broker is only asked."""
    world = World(replace(RULES, lookups={"sim": UNIQUE_IDS}))
    world.show(quote(*STANDING))
    world.fates.append(Fate.LOST)
    world.drop(intent("a"))
    pause(world)
    kept_quotes(world, 60)

    assert [] == world.submitted


def test_an_intent_says_which_scope_it_waits_for_after_another_one_was_lifted() -> None:
    """A waiting intent always says why: of two pauses the one that is left, told once."""
    world = World()
    world.show(quote("AAPL", "99.98", "100.02"))
    pause(world, Scope(account="sim"))
    pause(world, Scope(symbol="AAPL"))
    world.drop(intent("a"))
    world.run(2)
    resume(world, Scope(account="sim"))
    world.run(6)
    said = [note.text for note in world.book.parents["a"].notes if note.text.startswith("waits, ")]

    assert (2, True, True) == (len(said), "account sim" in said[0], "AAPL" in said[1])


def test_a_name_of_which_nothing_is_known_is_taken_and_doubted() -> None:
    """Who misspells a symbol or a sleeve is told so, with the sleeves that there are; a known one is not doubted."""
    world = World(replace(RULES, strategies=("trend",)))
    owning(world)
    world.command(AdoptPosition(account="sim", symbol="MSFT", qty=Decimal(5), px=Decimal(9), strategy="own"))
    known = world.book.parents["bought"].order.sleeve
    named = [
        Scope(symbol="APPL"),
        Scope(strategy="tredn"),
        Scope(symbol="AAPL"),
        Scope(strategy="trend"),
        Scope(strategy=known.strategy, horizon=known.horizon),
        Scope(symbol="MSFT", strategy="own"),
    ]
    told = [world.command(PauseScope(scope=scope)) for scope in named]
    sleeves = f"known sleeves are trend, {known.strategy}/{known.horizon}, own/swing"

    assert [True] * 6 == [one.is_ok for one in told]
    assert told[0].text.endswith("; nothing is known of symbol APPL: check the name")
    assert told[1].text.endswith(f"; nothing is known of sleeve tredn: check the name; {sleeves}")
    assert [False] * 4 == ["check the name" in one.text for one in told[2:]]
