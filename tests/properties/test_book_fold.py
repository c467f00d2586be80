"""Laws of the book: what brokers say in any order reaches the same book, and its rows are the rows of its records."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.book import Book, PositionKey, fold
from execd.core.codec import plain
from execd.core.enums import Side
from execd.core.projection import SYNTHETIC_EXEC_ID, TABLES, all_rows
from execd.core.records import Record, Reported
from execd.core.reports import ExecReport, OrderSnapshot, Trade, TradeCanceled
from execd.journal.fold import keyed, mismatches, plain_rows
from tests.properties.stories import ACCOUNT, START_NS, batches, beginning, report, request_id, told

SEEDS = st.lists(st.integers(min_value=0, max_value=2**40), max_size=40)
# What a broker said, and of which of two parents (a buy and a sell).
SAID = st.tuples(st.integers(1, 2), st.integers(min_value=0, max_value=2**40)).map(
    lambda drawn: report(request_id(drawn[0], 1), [request_id(drawn[0], 1)], drawn[1])
)


def hears(said: list[ExecReport | OrderSnapshot]) -> Book:
    """Return the book of two parents with one order each, after all that a broker said."""
    begun: list[Record] = [*beginning(1), *beginning(2)]
    return fold([*begun, *(told(START_NS, one) for one in said)])


def known(book: Book) -> dict[str, Any]:
    """Return what a book knows apart from the story of how it came to know it."""
    return {
        "orders": book.orders,
        "positions": {key: position for key, position in book.positions.items() if position.qty or position.paid},
        "parents": {
            key: (parent.cum_qty, parent.notional, parent.commission, parent.avg_px, sorted(parent.live))
            for key, parent in book.parents.items()
        },
    }


@given(said=st.lists(SAID, max_size=10), drawn=st.data())
def test_reports_in_any_order_reach_the_same_book(said: list[ExecReport | OrderSnapshot], drawn: st.DataObject) -> None:
    """Late, twice, busted, corrected: orders, positions and sums of parents do not depend on how the word came."""
    again = drawn.draw(st.lists(st.sampled_from(said), max_size=4)) if said else []
    shuffled = drawn.draw(st.permutations([*said, *again]))

    assert known(hears(said)) == known(hears(shuffled))


@given(seeds=SEEDS)
def test_sums_of_a_book_are_what_a_recount_gives(seeds: list[int]) -> None:
    """CumQty, notional and commission of a parent, and each position, are the sums over its orders."""
    book = Book()
    for _ in batches(book, seeds):
        pass
    qty: dict[PositionKey, Decimal] = {key: Decimal(0) for key in book.positions}
    sums = {key: (Decimal(0), Decimal(0)) for key in book.parents}
    for order in book.orders.values():
        parent = book.parents[order.first.parent_id]
        key = PositionKey(parent.order.sleeve, order.first.symbol)
        qty[key] = qty.get(key, Decimal(0)) + order.first.side.sign * order.cum_qty
        cum_qty, fees = sums[order.first.parent_id]
        sums[order.first.parent_id] = (cum_qty + order.cum_qty, fees + order.fills.commission)

    assert sums == {key: (parent.cum_qty, parent.commission) for key, parent in book.parents.items()}
    assert {key: value for key, value in qty.items() if value} == {
        key: position.qty for key, position in book.positions.items() if position.qty
    }


@given(seeds=SEEDS)
def test_live_orders_of_a_parent_are_those_that_are_not_done(seeds: list[int]) -> None:
    """A bust can bring an order back; nothing else can."""
    book = Book()
    for _ in batches(book, seeds):
        pass
    expected = {
        parent_id: sorted(key for key in parent.children if not book.orders[key].is_done)
        for parent_id, parent in book.parents.items()
    }

    assert expected == {parent_id: sorted(parent.live) for parent_id, parent in book.parents.items()}


@given(seeds=SEEDS)
def test_rows_written_batch_by_batch_are_the_rows_of_the_fold(seeds: list[int]) -> None:
    """Only what was touched is written, and that is enough: fold = projections."""
    book = Book()
    written: dict[str, dict[tuple[str, ...], Any]] = {table: {} for table in TABLES}
    records: list[Record] = []
    for batch in batches(book, seeds, is_wide=True):
        records += batch.records
        for table, rows in plain_rows(batch.rows).items():
            written[table].update(keyed(table, rows))

    assert [] == mismatches(fold(records, keeps_all=True), {table: rows.values() for table, rows in written.items()})


@given(seeds=SEEDS)
def test_counted_rows_of_an_order_add_up_to_its_cum_qty(seeds: list[int]) -> None:
    """Fills that count, with what only a sum told, are CumQty; allocations are the positions."""
    book = Book()
    for _ in batches(book, seeds):
        pass
    rows = plain_rows(all_rows(book))
    filled = dict.fromkeys(book.orders, Decimal(0))
    for key, *_, qty, _px, _fee, _passive, is_counted in rows["fills"]:
        filled[str(key)] += Decimal(str(qty)) * int(is_counted or 0)
    allocated = sum((Decimal(str(row[7])) for row in rows["allocations"]), Decimal(0))

    assert {key: order.cum_qty for key, order in book.orders.items()} == filled
    assert sum((position.qty for position in book.positions.values()), Decimal(0)) == allocated


def fill(number: int, exec_id: str) -> Record:
    """Return a fill of ten shares."""
    trade = Trade(
        cl_ord_id=request_id(number, 1),
        transact_ns=START_NS + int(exec_id),
        exec_id=exec_id,
        last_qty=Decimal(10),
        last_px=Decimal(100),
    )
    return Reported(now_ns=START_NS, account=ACCOUNT, report=trade)


@pytest.mark.parametrize("known_n", [0, 1, 50])
def test_a_fill_costs_one_row_however_many_its_order_has(known_n: int) -> None:
    """What a commit writes does not grow with the life of an order."""
    book = fold([*beginning(1), *(fill(1, f"{n}") for n in range(known_n))])
    book.apply(fill(1, "1000"))
    touched = book.take_touched()

    assert (1, 0) == (len(touched.trades), len(touched.recounted))


def test_a_mismatch_names_table_key_and_both_contents() -> None:
    """`journal verify` tells what differs, not only that something does."""
    book = hears([])
    rows = plain_rows(all_rows(book))
    rows["parents"][0][6] = "filled"
    (found,) = mismatches(book, rows)

    assert found.startswith("parents p1: journal ['p1', 'paper'")
    assert "'filled'" in found


def test_a_bust_of_a_fill_leaves_its_row_and_does_not_count() -> None:
    """A busted fill is shown and not counted; the position is flat again."""
    bust = TradeCanceled(cl_ord_id=request_id(1, 1), transact_ns=START_NS + 9, exec_ref_id="1")
    book = fold([*beginning(1), fill(1, "1"), Reported(now_ns=START_NS, account=ACCOUNT, report=bust)])
    rows = all_rows(book)

    assert [("1", 0)] == [(row[1], row[10]) for row in rows.fills]
    assert ["0"] == [row[7] for row in rows.allocations]
    assert ["0"] == [plain(position.qty) for position in book.positions.values()]


def test_what_only_a_sum_tells_has_a_row_of_its_own() -> None:
    """The part that no trade covers is in `fills` under a name of ours, at the price the sum implies."""
    seen = OrderSnapshot(
        cl_ord_id=request_id(1, 1),
        order_id="b1",
        symbol="IBM",
        order_qty=Decimal(100),
        cum_qty=Decimal(30),
        avg_px=Decimal(101),
        is_live=True,
        transact_ns=START_NS + 9,
    )
    book = fold([*beginning(1), fill(1, "1"), told(START_NS, seen)])
    (synthetic,) = (row for row in all_rows(book).fills if row[1] == SYNTHETIC_EXEC_ID)

    assert ("20", "101.5", 1, Side.SELL) == (synthetic[6], synthetic[7], synthetic[10], synthetic[5])
