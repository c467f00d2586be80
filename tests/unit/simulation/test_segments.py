"""Tapes cut into segments: order at one instant, several files, what is summed."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.rules import MS
from execd.errors import TapeError
from execd.simulation.segments import first_regular_ns, read_segments
from tests.unit.simulation.small import OPEN_NS, quote, tape, trade


@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 1)), min_size=1, max_size=40), chunk=st.integers(1, 7))
def test_no_instant_is_cut_whatever_the_chunks(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, int]], chunk: int
) -> None:
    """Every row is in one segment, in order, and segments share no instant: prints can go before quotes."""
    at_ms, rows = 0, []
    for is_quote, step in steps:
        at_ms += step
        rows.append(quote(at_ms, "9.99", "10.01") if is_quote else trade(at_ms, "10.00"))
    path = tape(tmp_path_factory.mktemp("tape"), "ABC", rows)
    found = list(read_segments([path], "ABC", chunk_rows=chunk))
    instants = [sorted({*segment.quote_ns.tolist(), *segment.print_ns.tolist()}) for segment in found]
    flat = [ns for part in instants for ns in part]

    assert (sorted(set(flat)), sum(segment.rows for segment in found)) == (flat, len(rows))


def test_files_of_one_symbol_follow_each_other(tmp_path: Path) -> None:
    """Consecutive days are one stream."""
    first = tape(tmp_path, "ABC", [quote(0, "9.99", "10.01")], "1")
    second = tape(tmp_path, "ABC", [quote(5, "9.98", "10.01")], "2")
    found = [int(ns) for part in read_segments([first, second], "ABC") for ns in part.quote_ns]

    assert found == [OPEN_NS, OPEN_NS + 5 * MS]


def test_files_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    """A day before the day given first is told by its file."""
    first = tape(tmp_path, "ABC", [quote(0, "9.99", "10.01")], "1")
    second = tape(tmp_path, "ABC", [quote(5, "9.98", "10.01")], "2")

    with pytest.raises(TapeError, match="abc_1"):
        list(read_segments([second, first], "ABC"))


def test_summed_prints_are_the_sum_of_each(tmp_path: Path) -> None:
    """Auctions and prints that are not eligible are in no sum."""
    rows = [
        trade(0, "10.00", 100),
        trade(1, "10.02", 200),
        trade(2, "11.00", 900, cond="6"),
        trade(3, "12.00", 900, is_eligible=False),
        trade(4, "9.99", 50),
    ]
    segment = next(read_segments([tape(tmp_path, "ABC", rows[:4] + rows[4:] + [quote(9, "9.99", "10.01")])], "ABC"))
    singly = segment.prints(0, 1).plus(segment.prints(1, 2)).plus(segment.prints(2, 3))

    assert (segment.prints(0, 3), singly.volume, singly.notional) == (singly, Decimal(350), Decimal("3503.50"))


@pytest.mark.parametrize(
    "rows,at_ms",
    [
        ([quote(0, "9.99", "10.01"), trade(3, "10.00", is_eligible=False), trade(7, "10.00")], 7),
        ([quote(2, "9.99", "10.01")], 2),
    ],
)
def test_regular_trading_begins_with_the_first_eligible_print(tmp_path: Path, rows: list[str], at_ms: int) -> None:
    """Pre-market rows do not begin the day; a tape without prints begins with its first row."""
    assert first_regular_ns(tape(tmp_path, "ABC", rows), "ABC") == OPEN_NS + at_ms * MS
