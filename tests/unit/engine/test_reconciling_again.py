"""Readings that are repeated, asked for, cut into slices, or poison: what they change, and what they must not."""

from typing import Any

import pytest
from msgspec.structs import replace

from execd.core.enums import Side
from execd.core.reading import ReadingAsked, SnapshotReceived
from execd.core.reconciled import ExternalSeen
from execd.core.rules import S
from execd.engine.cycle import READING_STEPS_MAX
from execd.engine.reconciling import ROWS_MAX
from execd.venue.snapshot import snapshot_of
from tests.reading import EMPTY, READ_RULES, ReadWorld, begun, moved, owning
from tests.unit.engine.test_commanding import kept_quotes
from tests.world import START_NS


def test_two_restarts_in_a_row_make_no_new_record() -> None:
    """SPEC 15, with everything on the account that a reading may find: ours, others', declared, halted."""
    world = begun()
    owning(world)
    world.hand("hand-1", Side.BUY, 10)
    world.hand("hand-2", Side.BUY, 5, "100.00")
    world.alter = moved("IBM", 7)
    kept_quotes(world, 100)
    before_n = len(world.records)
    world.crash()
    kept_quotes(world, 200)
    world.crash()
    kept_quotes(world, 300)

    assert [] == world.kinds(before_n)
    assert {"AAPL": ["external_order"], "IBM": ["position_mismatch"]} == world.halts()


def test_an_order_that_left_memory_comes_back_only_for_news() -> None:
    """What the journal has of it is compared first; a fill that nobody heard brings it back. Fault D5."""
    world = begun(rules=replace(READ_RULES, memory_parents_max=0))
    owning(world)
    kept_quotes(world, 200)
    gone = "own" not in world.book.parents
    before_n = len(world.records)
    world.crash()
    kept_quotes(world, 300)

    assert (True, []) == (gone, world.kinds(before_n))


def asked(world: ReadWorld, *, is_dry: bool) -> Any:  # noqa: ANN401  # A reply.
    """Return what somebody hears who asks for a comparison."""
    world.tell(ReadingAsked(now_ns=world.now_ns, account="sim", ref="me", is_dry=is_dry))
    world.run((world.now_ns - START_NS) / S)
    return world.replies()[-1]


def test_who_asks_hears_what_differs_and_a_dry_run_changes_nothing() -> None:
    """Then the same is carried out, and there is nothing left to say."""
    world = begun()
    kept_quotes(world, 10)
    world.is_deaf = True
    world.hand("hand-1", Side.BUY, 10)
    kept_quotes(world, 20)
    world.is_deaf = False
    before_n = len(world.records)
    dry = asked(world, is_dry=True)
    none = world.kinds(before_n)
    wet, after = asked(world, is_dry=False), asked(world, is_dry=True)

    assert (["external_order"], []) == ([one.rule for one in dry.verdicts], none)
    assert (["external_order"], "nothing differs") == ([one.rule for one in wet.verdicts], after.text)
    assert ["Reconciled", "ExternalSeen", "Halted"] == world.kinds(before_n)


def test_a_reading_that_ends_the_daemon_is_not_taken_again() -> None:
    """The next life reads no account: no new risk, a page, and no crash loop. Fault C21."""
    world = begun()
    owning(world)
    nonsense = replace(EMPTY, asked_ns=world.now_ns, orders=(None,))
    with pytest.raises(AttributeError):
        world.tell(SnapshotReceived(now_ns=world.now_ns, snapshot=nonsense))
    world.records.extend(world.engine.take_records())
    world.crash()
    kept_quotes(world, 100)

    assert (True, True) == (world.engine.desk.comparing.is_off, "poison" in world.alerts())


def test_a_comparison_is_cut_into_slices() -> None:
    """A turn looks at a bounded number of things, however many orders the account shows."""
    world = begun()
    world.hand("hand", Side.BUY, 5, "100.00")
    world.run(1)
    (row,) = snapshot_of(world.venue, world.ledger, "sim", since_ns=0, now_ns=world.now_ns).orders or ()
    rows = tuple(replace(row, cl_ord_id=f"h{n}") for n in range(3 * READING_STEPS_MAX * ROWS_MAX))
    many = replace(EMPTY, asked_ns=world.now_ns, read_ns=world.now_ns, broker_ns=world.now_ns + 60 * S, orders=rows)
    world.cycle.push(SnapshotReceived(now_ns=world.now_ns, snapshot=many))
    seen_n: list[int] = []
    while world.cycle.has_work():
        batch = world.cycle.turn(world.now_ns)
        seen_n.append(sum(isinstance(one, ExternalSeen) for one in batch.records))
        world.cycle.committed(batch, world.now_ns)

    assert ([READING_STEPS_MAX * ROWS_MAX] * 2, 3 * READING_STEPS_MAX * ROWS_MAX) == (seen_n[:2], sum(seen_n))
