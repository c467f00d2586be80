"""What the journal answers for intents that have left memory, in every journal."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import pytest

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.enums import ParentStatus
from execd.core.projection import rows_of
from execd.core.records import ParentEnded, ParentsRetired, Record, Reported
from execd.core.reports import Trade
from execd.journal.memory import MemoryJournal
from execd.journal.store import MEMORY
from execd.journal.sync import SyncJournal
from tests.properties.stories import ACCOUNT, S_NS, START_NS, beginning, request_id
from tests.properties.stories_operated import recalled

LATER_NS = START_NS + 100 * S_NS


class Both:
    """The journal of SQL and the one in memory, given the same."""

    def __init__(self) -> None:
        """Begin empty."""
        self.book = Book()
        self.sync = SyncJournal(MEMORY, created_ns=START_NS)
        self.memory = MemoryJournal(created_ns=START_NS)

    def commit(self, *records: Record) -> None:
        """Fold and commit a batch."""
        for record in records:
            self.book.apply(record)
        batch = Batch(now_ns=records[-1].now_ns, records=records, rows=rows_of(self.book, self.book.take_touched()))
        self.sync.commit(batch)
        asyncio.run(self.memory.commit(batch))


@pytest.fixture
def both() -> Iterator[Both]:
    """Return journals in which parent 1 has ended and left memory, and parent 2 works."""
    journals = Both()
    journals.commit(*beginning(1), *beginning(2))
    journals.commit(ParentEnded(now_ns=LATER_NS, parent_id="p1", status=ParentStatus.CANCELED, reason="asked"))
    yield journals
    journals.sync.close()


def trade(exec_id: str) -> Record:
    """Return a fill of the first order of parent 1."""
    told = Trade(
        cl_ord_id=request_id(1, 1),
        transact_ns=LATER_NS,
        exec_id=exec_id,
        last_qty=Decimal(10),
        last_px=Decimal(100),
    )
    return Reported(now_ns=LATER_NS, account=ACCOUNT, report=told)


def retired(both: Both) -> tuple[object, ...]:
    """Let parent 1 leave memory; return what the book knew of it."""
    known = (both.book.parents["p1"], tuple(both.book.orders[key] for key in both.book.parents["p1"].children))
    both.commit(ParentsRetired(now_ns=LATER_NS, parent_ids=("p1",)))
    return known


def test_an_id_that_left_memory_is_known(both: Both) -> None:
    """Fault A3. The same file after a month is the same intent, and another content is another matter."""
    retired(both)
    known = both.sync.known("p1")

    assert (known, None) == (asyncio.run(both.memory.known("p1")), both.sync.known("p9"))
    assert known is not None
    assert ("0" * 32, ParentStatus.CANCELED) == (known.content_hash, known.status)
    assert {"p1": known} == asyncio.run(both.memory.known_of(["p1", "p9"]))


@pytest.mark.parametrize("cl_ord_id", [request_id(9, 1), request_id(1, 7), "somebody-else", "x", ""])
def test_an_order_that_was_never_ours_is_not_recalled(both: Both, cl_ord_id: str) -> None:
    """A request of ours is one that the journal holds as sent."""
    retired(both)

    assert None is both.sync.recall(cl_ord_id) is asyncio.run(both.memory.recall(cl_ord_id))


def test_a_parent_comes_back_as_it_left(both: Both) -> None:
    """What was said of its order meanwhile is not in it: whoever takes it back folds that, and then it counts."""
    expected = retired(both)
    both.commit(trade("late"))

    assert expected == both.sync.recall(request_id(1, 1)) == asyncio.run(both.memory.recall(request_id(1, 1)))


def test_a_parent_that_came_back_and_left_again_has_all_that_was_counted(both: Both) -> None:
    """The second absence begins where the first presence ended."""
    retired(both)
    both.commit(trade("late"))
    found = both.sync.recall(request_id(1, 1))
    assert found is not None
    whole = Book()
    whole.parents["p1"] = found[0]
    whole.orders = {order.key: order for order in found[1]}
    both.commit(recalled(whole, "p1", LATER_NS), trade("late"))
    expected = retired(both)

    assert expected == both.sync.recall(request_id(1, 1)) == asyncio.run(both.memory.recall(request_id(1, 1)))
    assert Decimal(10) == expected[0].cum_qty
