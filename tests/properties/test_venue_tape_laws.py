"""Laws of tapes: what is written is what is read, in whatever pieces; and passing over rows passes over nothing."""

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from execd.core.market import Quote, is_jump
from execd.venue.matching import Interest
from execd.venue.tape import TapeChunk, px_of, read_tape
from execd.venue.tape_write import TapeWriter
from tests.unit.venue.passing_over import matters, next_row

MS = 1_000_000
prices = st.integers(0, 10**9).map(px_of)
sizes = st.integers(0, 10**9).map(Decimal)
gaps = st.sampled_from([0, 1, 250 * MS, 750 * MS, 1_000 * MS])
quote_rows = st.tuples(st.just("Q"), gaps, prices, sizes, prices, sizes)
near_quote_rows = st.tuples(
    st.just("Q"), gaps, st.integers(90_000, 110_000).map(px_of), sizes, st.integers(90_000, 110_000).map(px_of), sizes
)
trade_rows = st.tuples(st.just("T"), gaps, prices, sizes, st.booleans(), st.booleans())
tapes = st.lists(st.one_of(quote_rows, near_quote_rows, near_quote_rows, trade_rows), max_size=60)
Row = tuple[Any, ...]
START_NS = 1_381_132_800_000_000_000


def record(path: Path, rows: list[Row]) -> list[Row]:
    """Write rows to a tape; return them as they should be read: instants, and what is only of quotes or trades."""
    ts_ns, before = START_NS, None
    expected: list[Row] = []
    with TapeWriter(path) as tape:
        for kind, gap_ns, *values in rows:
            ts_ns += gap_ns
            if kind == "Q":
                quote = Quote(
                    symbol="ABC",
                    bid_px=values[0],
                    bid_size=values[1],
                    ask_px=values[2],
                    ask_size=values[3],
                    exchange_ns=ts_ns,
                    received_ns=ts_ns,
                )
                tape.quote(quote)
                expected.append(("Q", ts_ns, *values, is_jump(before, quote)))
                before = quote
            else:
                px, size, is_eligible, is_auction = values
                tape.trade(ts_ns, px, size, is_eligible=is_eligible, is_auction=is_auction)
                expected.append(("T", ts_ns, px, size, is_eligible and not is_auction, is_eligible and is_auction))
    return expected


def rows_of(chunk: TapeChunk) -> list[Row]:
    """Return the rows of a chunk in the shape of `record`."""
    found: list[Row] = []
    for row in range(len(chunk)):
        if chunk.is_quote[row]:
            quote = chunk.quote(row)
            values = (quote.bid_px, quote.bid_size, quote.ask_px, quote.ask_size, quote.has_jumped)
            found.append(("Q", quote.exchange_ns, *values))
        else:
            prints = chunk.prints(row)
            flags = (bool(chunk.counts[row]), bool(chunk.is_auction[row]))
            found.append(("T", prints.from_ns, prints.last_px, prints.volume, *flags))
    return found


def in_folder(act: Callable[[Path], None]) -> None:
    """Run `act` in a folder of its own; hypothesis would share pytest's between examples."""
    with TemporaryDirectory() as folder:
        act(Path(folder))


@given(rows=tapes, chunk_rows=st.integers(1, 70))
def test_what_is_written_is_what_is_read(rows: list[Row], chunk_rows: int) -> None:
    """Rows come back as they were recorded, whatever the size of a chunk; jumps are found across chunks."""

    def act(folder: Path) -> None:
        expected = record(folder / "abc_1.csv.gz", rows)
        chunks = list(read_tape(folder / "abc_1.csv.gz", chunk_rows=chunk_rows))
        actual = [row for chunk in chunks for row in rows_of(chunk)]
        lines = [int(line) for chunk in chunks for line in chunk.source_line]

        assert expected == actual
        assert list(range(2, len(rows) + 2)) == lines

    in_folder(act)


@given(rows=tapes)
def test_equal_tapes_are_equal_bytes_and_plain_text_reads_alike(rows: list[Row]) -> None:
    """A recording does not depend on when or where it was made; a tape need not be compressed."""

    def act(folder: Path) -> None:
        record(folder / "abc_1.csv.gz", rows)
        record(folder / "abc_2.csv.gz", rows)
        packed = (folder / "abc_1.csv.gz").read_bytes()
        (folder / "abc_3.csv").write_bytes(gzip.decompress(packed).replace(b"\n", b"\r\n"))
        both = [[rows_of(chunk) for chunk in read_tape(folder / name)] for name in ("abc_1.csv.gz", "abc_3.csv")]

        assert packed == (folder / "abc_2.csv.gz").read_bytes()
        assert both[0] == both[1]

    in_folder(act)


some_px = st.one_of(st.none(), st.integers(90_000, 110_000).map(px_of))
interests = st.builds(
    Interest,
    ask_at_or_below=some_px,
    bid_at_or_above=some_px,
    bid_at_or_below=some_px,
    ask_at_or_above=some_px,
    print_at_or_below=some_px,
    print_at_or_above=some_px,
    any_quote=st.booleans(),
    any_print=st.booleans(),
)


@given(rows=tapes, interest=interests)
def test_rows_that_matter_are_those_that_the_interest_names(rows: list[Row], interest: Interest) -> None:
    """The columns and the values give one answer, and the next row that matters is the first of them."""

    def act(folder: Path) -> None:
        record(folder / "abc.csv.gz", rows)
        for chunk in read_tape(folder / "abc.csv.gz"):
            expected = [
                interest.has_quote(chunk.quote(row).bid_px, chunk.quote(row).ask_px)
                if chunk.is_quote[row]
                else bool(chunk.counts[row]) and interest.has_print(chunk.prints(row).last_px)
                for row in range(len(chunk))
            ]
            nexts = [[*expected[at:], True].index(True) + at for at in range(len(chunk))]

            assert expected == matters(chunk, interest, 0, len(chunk)).tolist()
            assert nexts == [next_row(chunk, interest, at) for at in range(len(chunk))]

    in_folder(act)
