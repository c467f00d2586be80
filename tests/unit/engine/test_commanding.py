"""What operators ask, by command and by file."""

from decimal import Decimal
from typing import Any

import pytest

from execd.core.commands import (
    AdoptPosition,
    AmendParent,
    CancelParent,
    Command,
    HaltNew,
    Operated,
    PauseParent,
    ReleaseParent,
    ResumeNew,
    ResumeParent,
)
from execd.core.enums import Horizon, ParentStatus, Side
from execd.core.orders import CancelRequest, Sleeve
from execd.core.parents import HoldingKey, PositionKey
from execd.core.records import Commanded, DocumentTaken, Sending
from execd.core.rules import S
from tests.world import World, intent, quote

STANDING = ("AAPL", "200.00", "200.02")


def resting(world: World, parent_id: str = "a", **fields: Any) -> None:  # noqa: ANN401  # ParentOrder checks them.
    """Let a parent have one order that rests far below the market."""
    world.show(quote(*STANDING))
    world.drop(intent(parent_id, price=Decimal("190.00"), **fields))
    world.run(world_s(world))


def world_s(world: World) -> float:
    """Return how far the world is, in seconds."""
    return (world.now_ns - 1_700_000_000 * S) / S


def kept_quotes(world: World, until_s: int) -> None:
    """Let the market go on unchanged."""
    for second in range(int(world_s(world)) + 1, until_s + 1):
        world.at(second, lambda: world.show(quote(*STANDING)))
    world.run(until_s)


def test_every_command_is_journaled_with_who_gave_it() -> None:
    """Every command is journaled with uid, pid and its result, a refused one too; each gets one answer."""
    world = World()

    reply = world.command(CancelParent(parent_id="nobody", reason="gone"))

    assert ("not_found", False) == (reply.code, reply.is_ok)
    assert [(1000, 7, "not_found", "no intent has the id nobody")] == [
        (one.uid, one.pid, one.code, one.text) for one in world.records if isinstance(one, Commanded)
    ]


def test_a_command_stands_before_its_consequences() -> None:
    """Who reads the journal sees first who asked, with `accepted`, and then what came of it."""
    world = World()
    resting(world)
    before = len(world.records)
    world.command(CancelParent(parent_id="a", reason="gone"))
    first, *others = world.records[before:]

    assert isinstance(first, Commanded)
    assert ("accepted", "", True) == (first.code, first.text, bool(others))


def test_a_cancel_before_its_order_leaves_a_tombstone() -> None:
    """Fault A15: a cancel may arrive before its order, which is then refused, after a crash too."""
    world = World()
    world.show(quote(*STANDING))
    reply = world.document("c1", CancelParent(parent_id="late"))
    world.crash()
    world.drop(intent("late"))

    assert reply.is_ok
    assert "cancelled_before" == world.replies()[-1].code
    assert ParentStatus.REJECTED is world.book.parents["late"].status
    assert [] == world.submitted


def test_a_cancel_by_command_leaves_no_tombstone() -> None:
    """An operator who mistypes an id forbids nothing: only a file may come before its order."""
    world = World()
    world.show(quote(*STANDING))
    world.command(CancelParent(parent_id="a"))
    world.drop(intent("a"))

    assert "accepted" == world.replies()[-1].code


@pytest.mark.parametrize("content_hash, code", [("a", "duplicate"), ("b", "id_conflict")])
def test_a_document_counts_once(content_hash: str, code: str) -> None:
    """The same file again changes nothing; the same id with other content is refused and told."""
    world = World()
    resting(world)
    world.document("c1", CancelParent(parent_id="a"))
    world.crash()
    taken_n = sum(isinstance(record, DocumentTaken) for record in world.records)
    reply = world.document("c1", CancelParent(parent_id="a"), content_hash)

    assert code == reply.code
    assert taken_n == sum(isinstance(record, DocumentTaken) for record in world.records)
    assert (code == "id_conflict") == ("id_conflict" in world.alerts())


def test_a_refused_document_is_refused_again() -> None:
    """The same file a second time says what it said at first, and never that all is well; also after a restart."""
    world = World()
    resting(world)
    asked = AmendParent(parent_id="a", order_qty=Decimal(50))
    first = world.document("m1", asked).code
    world.command(PauseParent(parent_id="a", reason="to amend"))
    world.run(1)
    world.crash()
    again = world.document("m1", asked)
    anew = world.document("m2", asked)

    assert ("amend_below_filled", "amend_below_filled", False) == (first, again.code, again.is_ok)
    assert (True, Decimal(50)) == (anew.is_ok, world.book.parents["a"].order_qty)


def test_documents_and_intents_share_their_ids() -> None:
    """One id, one thing: an intent under the id of a cancel is a conflict, and the other way round."""
    world = World()
    resting(world)
    world.document("c1", CancelParent(parent_id="a"))
    world.drop(intent("c1"))
    first = world.replies()[-1].code
    second = world.document("a", CancelParent(parent_id="c1")).code

    assert ("id_conflict", "id_conflict") == (first, second)


def test_a_paused_parent_has_nothing_out_and_goes_on_when_resumed() -> None:
    """Pausing pulls what works and places nothing; resuming decides afresh and is no used-up attempt."""
    world = World()
    resting(world)
    world.command(PauseParent(parent_id="a", reason="news"))
    kept_quotes(world, 5)
    paused = world.book.parents["a"]
    world.crash()
    kept_quotes(world, 10)
    orders_while_paused = len(world.submitted)
    world.command(ResumeParent(parent_id="a", reason="over"))
    kept_quotes(world, 12)

    assert ((), True, "paused") == (paused.live, paused.is_paused, paused.reason)
    assert 1 == orders_while_paused
    assert 2 == len(world.submitted)
    assert (ParentStatus.WORKING, False) == (world.book.parents["a"].status, world.book.parents["a"].is_paused)


def test_a_paused_parent_still_ends_at_its_deadline() -> None:
    """A pause stops no clock."""
    world = World()
    resting(world, expire_ns=world.now_ns + 30 * S)
    world.command(PauseParent(parent_id="a"))
    kept_quotes(world, 31)

    assert (ParentStatus.EXPIRED, "deadline") == (world.book.parents["a"].status, world.book.parents["a"].reason)


def test_a_queued_parent_can_be_paused() -> None:
    """It does not start while it is paused, and starts when it is resumed."""
    world = World()
    world.drop(intent("a"))
    world.command(PauseParent(parent_id="a"))
    world.show(quote(*STANDING))
    before = len(world.submitted)
    world.command(ResumeParent(parent_id="a"))

    assert (0, 1) == (before, len(world.submitted))


def test_a_held_parent_goes_on_when_it_is_released() -> None:
    """`release` is the way out of `held`, after a restart too."""
    world = World()
    resting(world)
    world.engine.desk.hold("a", "test", world.now_ns)
    world.records.extend(world.engine.take_records())
    world.crash()
    kept_quotes(world, 1)
    held = world.book.parents["a"].status
    reply = world.command(ReleaseParent(parent_id="a", reason="looked"))
    kept_quotes(world, 3)

    assert (ParentStatus.HELD, "accepted") == (held, reply.code)
    assert ParentStatus.WORKING is world.book.parents["a"].status
    assert "a" in world.engine.desk.algos


REFUSED: list[tuple[str, Command, str]] = [
    ("pause of nobody", PauseParent(parent_id="x"), "not_found"),
    ("pause of an ended one", PauseParent(parent_id="done"), "already_ended"),
    ("resume of one that works", ResumeParent(parent_id="a"), "not_paused"),
    ("release of one that works", ReleaseParent(parent_id="a"), "not_held"),
    ("lifting no halt", ResumeNew(reason="x"), "not_halted"),
    ("adopting nothing", AdoptPosition(account="sim", symbol="AAPL", qty=Decimal(0)), "bad_value"),
    ("adopting for nobody", AdoptPosition(account="x", symbol="AAPL", qty=Decimal(1)), "unknown_account"),
]


@pytest.mark.parametrize("command, code", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_makes_no_sense_is_refused_by_a_stable_code(command: Command, code: str) -> None:
    """A refused command changes nothing."""
    world = World()
    resting(world)
    world.drop(intent("done", order_qty=Decimal("0.5")))
    sent = len([one for one in world.records if isinstance(one, Sending)])
    reply = world.command(command)

    assert (code, False) == (reply.code, reply.is_ok)
    assert sent == len([one for one in world.records if isinstance(one, Sending)])


def test_an_adopted_position_is_owned_by_its_sleeve() -> None:
    """A declared holding can be sold by its sleeve; an external one is only counted."""
    world = World()
    adopted = AdoptPosition(account="sim", symbol="AAPL", qty=Decimal(100), px=Decimal(150), reason="before execd")
    world.command(adopted)
    world.command(AdoptPosition(account="sim", symbol="IBM", qty=Decimal(-5), is_external=True))
    world.crash()
    world.show(quote(*STANDING))
    world.drop(intent("a", side=Side.SELL))
    key = PositionKey(Sleeve(account="sim", strategy="default", horizon=Horizon.SWING), "AAPL")

    assert (Decimal(100), Decimal(15_000)) == (world.book.positions[key].qty, world.book.positions[key].paid)
    assert Decimal(-5) == world.book.external_positions[HoldingKey("sim", "IBM")]
    assert Side.SELL is world.submitted[0].side


def test_a_verb_that_others_carry_out_is_only_journaled() -> None:
    """Reload, stop, ack and refused verbs leave their record and nothing else."""
    world = World()
    reply = world.command(Operated(verb="refused:cancel", text="viewer", reason=""))

    assert reply.is_ok
    assert [Operated(verb="refused:cancel", text="viewer")] == [
        one.command for one in world.records if isinstance(one, Commanded)
    ]


def test_halt_and_resume_by_an_operator() -> None:
    """An operator's halt is latched and lifted by name."""
    world = World()
    world.command(HaltNew(reason="lunch"))
    world.crash()
    halts = len(world.book.halts)
    reply = world.command(ResumeNew(cause="operator", reason="back"))

    assert (1, 0, True) == (halts, len(world.book.halts), reply.is_ok)


def test_a_pause_cancels_with_its_reason() -> None:
    """The broker's side of a pause is a cancel that names the operator."""
    world = World()
    resting(world)
    world.command(PauseParent(parent_id="a"))
    cancels = [one.request for one in world.records if isinstance(one, Sending)]

    assert ["operator: paused"] == [one.text for one in cancels if isinstance(one, CancelRequest)]
