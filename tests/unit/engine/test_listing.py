"""Long atomic lists: all or none at every instant, and never more than a bounded part of them in one turn."""

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execd.core.book import Parent
from execd.core.codec import encode
from execd.core.commands import CancelParent
from execd.core.enums import ParentStatus
from execd.core.events import ListItem, ListReceived, Reply, StopRequested, StreamAlive
from execd.core.lists import ListAccepted, ListDropped, ListedRow, ListStaged
from execd.core.orders import ParentOrder
from execd.core.records import ParentAccepted, Record
from execd.engine.cycle import LIST_STEPS_MAX, WOKEN_MAX
from execd.engine.listing import ROWS_MAX
from tests.world import START_NS, World, intent, quote

ROWS_N: Final = 150
BAD: Final = Decimal(1_000_000)


def _rows(rows_n: int = ROWS_N) -> tuple[ParentOrder, ...]:
    return tuple(intent(f"r{n}", order_qty=Decimal(1)) for n in range(rows_n))


def _event(rows: tuple[ParentOrder, ...]) -> ListReceived:
    items = tuple(ListItem(parent=one, content_hash=encode(one).decode()) for one in rows)
    return ListReceived(now_ns=START_NS, items=items, is_atomic=True, ref="list")


def _world() -> World:
    world = World()
    world.show(quote("AAPL", "200.00", "200.02"))
    return world


def _begun(rows: tuple[ParentOrder, ...], until: type[Record], world: World | None = None) -> World:
    """Return a world in which a list is as far as the first batch that holds an `until`."""
    world = world or _world()
    world.cycle.push(_event(rows))
    while not any(isinstance(record, until) for record in world.records):
        _turn(world)
    return world


def _turn(world: World) -> tuple[Record, ...]:
    batch = world.cycle.turn(world.now_ns)
    world.records.extend(batch.records)
    world.effects.extend(world.cycle.committed(batch, world.now_ns))
    return batch.records


def _go_on(world: World) -> None:
    while world.cycle.has_work():
        _turn(world)


def _told(parents: dict[str, Parent]) -> dict[str, tuple[str, str, int]]:
    return {name: (parent.content_hash, parent.status, parent.requests_n) for name, parent in parents.items()}


@given(st.integers(ROWS_MAX + 1, 300), st.sets(st.integers(0, 299), max_size=2))
@settings(max_examples=25)
def test_a_long_list_comes_to_what_its_rows_come_to_one_by_one(rows_n: int, bad: set[int]) -> None:
    """SPEC 2: all or none; that it is worked in parts shows nowhere."""
    rows = tuple(
        intent(f"r{n}", order_qty=BAD if n in bad else Decimal(1), allow_duplicate=True) for n in range(rows_n)
    )
    are_bad = [n for n in sorted(bad) if n < rows_n]
    world, plain = _world(), _world()
    reply = world.drop_list(*rows)
    for row in () if are_bad else rows:
        plain.drop(row)

    assert [f"r{n}" for n in are_bad] == [refusal.parent_id for refusal in reply.rows]
    assert (not are_bad, "max_order_qty" if are_bad else "accepted") == (reply.is_ok, reply.code)
    assert _told(plain.book.parents) == _told(world.book.parents)
    assert ({}, {}) == (world.book.staged, world.book.listed)


@given(st.floats(0, 1))
@settings(max_examples=60)
def test_a_crash_anywhere_leaves_all_rows_or_none_and_the_file_brings_the_rest(where: float) -> None:
    """A file that is read again after a crash trades each of its rows once, wherever the crash was."""
    rows = _rows()
    whole = _world()
    whole.drop_list(*rows)
    world = _world()
    world.drop_list(*rows)
    kept = int(where * len(world.records))
    is_accepted = any(isinstance(record, ListAccepted) for record in world.records[:kept])
    world.crash(keep=kept)

    assert (ROWS_N if is_accepted else 0) == len(world.book.parents)
    reply = world.drop_list(*rows)
    assert ("duplicate" if is_accepted else "accepted") == reply.code
    assert {row.parent_id for row in rows} == set(world.book.parents)
    assert ({}, {}) == (world.book.staged, world.book.listed)


def test_no_turn_takes_more_than_a_bounded_part_of_a_list() -> None:
    """Ten thousand rows in one turn kept quotes, reports and cancels waiting for a second."""
    world = _world()
    world.cycle.push(_event(_rows(3_000)))
    most_staged = most_accepted = 0
    while world.cycle.has_work():
        records = _turn(world)
        staged = sum(len(record.rows) for record in records if isinstance(record, ListStaged))
        most_staged = max(most_staged, staged)
        most_accepted = max(most_accepted, sum(isinstance(record, ParentAccepted) for record in records))

    assert LIST_STEPS_MAX * ROWS_MAX >= most_staged > 0
    assert LIST_STEPS_MAX == most_accepted
    assert LIST_STEPS_MAX <= WOKEN_MAX
    assert 3_000 == len(world.book.parents)


def test_the_answer_is_given_once_and_with_the_record_that_accepts() -> None:
    """Who handed the list in hears of it when it is certain, not when its last row has become an intent."""
    world = _begun(_rows(), ListAccepted)
    told = world.replies()
    _go_on(world)

    assert [Reply(ref="list", is_ok=True, code="accepted")] == told == world.replies()


def test_an_id_that_is_used_for_something_else_meanwhile_refuses_the_list() -> None:
    """What came between the first row and the last is looked at before the list counts."""
    world = _begun(_rows(5_000), ListStaged)
    world.drop(intent("r7", order_qty=Decimal(2)))
    _go_on(world)

    assert ["r7"] == list(world.book.parents)
    assert ["id_conflict"] == [reply.code for reply in world.replies() if reply.ref == "list"]
    assert 1 == sum(isinstance(record, ListDropped) for record in world.records)


def test_a_row_that_arrives_meanwhile_in_a_file_of_its_own_is_taken_once() -> None:
    """The same id with the same content is the same intent."""
    rows = _rows(5_000)
    world = _begun(rows, ListStaged)
    world.drop(rows[7])
    _go_on(world)

    assert 5_000 == len(world.book.parents)
    assert 5_000 == sum(isinstance(record, ParentAccepted) for record in world.records)


@pytest.mark.parametrize("kind", ["command", "document"])
def test_a_row_that_is_no_intent_yet_can_be_cancelled(kind: str) -> None:
    """A cancel never waits for the rest of a list."""
    world = _begun(_rows(), ListAccepted)
    command = CancelParent(parent_id="r149")
    reply = world.command(command) if kind == "command" else world.document("d", command)

    assert "accepted" == reply.code
    assert ParentStatus.CANCELED is world.book.parents["r149"].status
    assert ROWS_N == len(world.book.parents)


def test_an_id_of_an_accepted_row_is_known() -> None:
    """Between a list's acceptance and its last intent the same rule holds for each id."""
    world = _begun(_rows(), ListAccepted)
    world.drop(intent("r149", order_qty=Decimal(2)))
    same = world.drop_list(*_rows())

    assert ["accepted", "id_conflict", "duplicate"] == [reply.code for reply in world.replies()]
    assert same.is_ok


def test_a_stop_refuses_a_list_that_is_not_accepted_and_keeps_the_rows_of_one_that_is() -> None:
    """The first is read again at the next start; of the second the rows go on then."""
    early, late = _begun(_rows(5_000), ListStaged), _begun(_rows(), ListAccepted)
    for world in (early, late):
        world.tell(StopRequested(now_ns=START_NS, reason="SIGTERM"))
    left_n = len(late.book.listed)
    late.crash()

    assert (["stopping"], {}) == ([reply.code for reply in early.replies()], early.book.parents)
    assert left_n > 0
    assert ROWS_N == len(late.book.parents)


def test_a_row_that_the_daemon_died_of_is_refused_after_the_restart() -> None:
    """Never a crash loop, though the row was accepted."""
    world = _begun(_rows(), ListAccepted)
    name = next(iter(world.book.listed))
    world.book.listed[name] = ListedRow(parent=None, content_hash="")  # type: ignore[arg-type]  # Nobody can digest it.
    with pytest.raises(AttributeError):
        world.tell(StreamAlive(now_ns=START_NS))
    world.crash()

    assert ParentStatus.REJECTED is world.book.parents[name].status
    assert "poison" in world.book.parents[name].reason
    assert ROWS_N == len(world.book.parents)
