"""Tapes: which rows count, what is refused and how it is told, and the days of the shared test data."""

import gzip
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from execd.core.enums import QuoteSource
from execd.core.market import Quote
from execd.errors import TapeError
from execd.venue.tape import LINE_BYTES_MAX, TapeChunk, is_auction_code, read_tape, symbol_of
from execd.venue.tape_text import HEADER
from execd.venue.tape_write import TapeWriter

QUOTE_ROW = b"1381132800547000000,Q,49.18,300,49.2,3000,,,PP,,"
TRADE_ROW = b"1381132800548000000,T,,,,,49.1801,300,P,2000,1"


def tape_of(folder: Path, *rows: bytes, name: str = "abc_20130101.csv") -> Path:
    """Write a plain tape of these rows."""
    path = folder / name
    path.write_bytes(b"\n".join((HEADER, *rows)) + b"\n")
    return path


def only(path: Path) -> TapeChunk:
    """Return the one chunk of a small tape."""
    (chunk,) = read_tape(path)
    return chunk


def test_a_quote_row_is_a_quote(tmp_path: Path) -> None:
    """Prices keep two places, the source is the tape, both instants are the tape's."""
    expected = Quote(
        symbol="ABC",
        bid_px=Decimal("49.18"),
        bid_size=Decimal(300),
        ask_px=Decimal("49.20"),
        ask_size=Decimal(3000),
        exchange_ns=1381132800547000000,
        received_ns=1381132800547000000,
        source=QuoteSource.TAPE,
    )
    quote = only(tape_of(tmp_path, QUOTE_ROW)).quote(0)

    assert expected == quote
    assert ("49.18", "49.20") == (str(quote.bid_px), str(quote.ask_px))


def test_a_trade_row_is_a_print_of_one(tmp_path: Path) -> None:
    """Four places are kept where two do not do; another instant may be told."""
    prints = only(tape_of(tmp_path, TRADE_ROW)).prints(0, at_ns=7)

    assert ("49.1801", Decimal(300), 1, 7, 7) == (
        str(prints.last_px),
        prints.volume,
        prints.count,
        prints.from_ns,
        prints.to_ns,
    )


def test_a_side_that_is_not_there_is_zero(tmp_path: Path) -> None:
    """An empty side of a quote is price and size zero, which prices nothing."""
    quote = only(tape_of(tmp_path, b"1,Q,,,49.20,300,,,,,")).quote(0)

    assert (Decimal(0), Decimal(0), False) == (quote.bid_px, quote.bid_size, quote.is_priceable)


@pytest.mark.parametrize(
    "cond, expected",
    [(code, True) for code in ("40", "80", "20200040", "200000C0", "O", "6", "FO")]
    + [(code, False) for code in ("1", "20", "20000020", "", "FI", "@", "4I")],
)
def test_auction_codes(cond: str, *, expected: bool) -> None:
    """Hexadecimal flags 0x40 and 0x80, or the letters O and 6, name an auction."""
    assert expected == is_auction_code(cond)


@pytest.mark.parametrize(
    "cond, elig, expected",
    [
        (b"1", b"1", (True, False)),
        (b"40", b"1", (False, True)),
        (b"40", b"0", (False, False)),
        (b"1", b"0", (False, False)),
    ],
)
def test_prints_that_count(tmp_path: Path, cond: bytes, elig: bytes, expected: tuple[bool, bool]) -> None:
    """Eligible prints count, those of auctions apart; others neither trade nor are volume."""
    chunk = only(tape_of(tmp_path, b"1,T,,,,,1.00,5,P," + cond + b"," + elig))

    assert expected == (bool(chunk.counts[0]), bool(chunk.is_auction[0]))


BAD: dict[str, tuple[Sequence[bytes], str]] = {
    "another kind": ([b"1,X,1,1,1,1,,,,,"], ":2: type 'X' is neither Q nor T"),
    "a field too few": ([b"1,Q,1,1,1,1,,,,"], ":2: 10 fields, 11 expected"),
    "a field too many": ([QUOTE_ROW, b"1,Q,1,1,1,1,,,,,,"], ":3: 12 fields, 11 expected"),
    "one too few, one too many": ([b"1,Q,1,1,1,1,,,,", b"1,Q,1,1,1,1,,,,,,"], ":2: 10 fields, 11 expected"),
    "an empty line": ([QUOTE_ROW, b"", QUOTE_ROW], ":3: 1 fields, 11 expected"),
    "no instant": ([b",Q,1,1,1,1,,,,,"], ":2: ts_ns '' is empty"),
    "an instant that is no number": ([b"1x,Q,1,1,1,1,,,,,"], ":2: ts_ns '1x' is not a number"),
    "a long instant that is no number": ([b"138113280054700000x,Q,1,1,1,1,,,,,"], "is not a number"),
    "an instant that is too long": ([b"12345678901234567890,Q,1,1,1,1,,,,,"], "is longer than 19 characters"),
    "time that goes back": ([TRADE_ROW, QUOTE_ROW], ":3: ts_ns 1381132800547000000 is earlier than the row before it"),
    "a price below zero": ([b"1,Q,-1,1,1,1,,,,,"], ":2: bid '-1' is not a number"),
    "a price with an exponent": ([b"1,Q,1e3,1,1,1,,,,,"], ":2: bid '1e3' is not a number"),
    "a price with two points": ([b"1,Q,1.0.0,1,1,1,,,,,"], ":2: bid '1.0.0' is not a number"),
    "a price that is a point": ([b"1,Q,.,1,1,1,,,,,"], ":2: bid '.' is not a number"),
    "a price with five places": ([b"1,Q,1.00001,1,1,1,,,,,"], ":2: bid '1.00001' has more than 4 decimals"),
    "a price that is too long": ([b"1,Q,12345678901234,1,1,1,,,,,"], "is longer than 13 characters"),
    "half a share": ([b"1,Q,1,1.5,1,1,,,,,"], ":2: bid_size '1.5' is not a number"),
    "a trade without a price": ([b"1,T,,,,,,5,P,1,1"], ":2: price '' is empty"),
    "a trade without a size": ([b"1,T,,,,,1,,P,1,1"], ":2: size '' is empty"),
    "a trade that may or may not count": ([b"1,T,,,,,1,5,P,1,2"], ":2: elig '2' is neither 0 nor 1"),
    "a long condition": ([b"1,T,,,,,1,5,P,123456789,1"], ":2: cond '123456789' has more than 8 characters"),
    "a line without an end": ([b"1" * (LINE_BYTES_MAX + 1)], "1 fields, 11 expected"),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_cannot_be_read_is_told_by_file_and_line(tmp_path: Path, fault: str) -> None:
    """A tape is never repaired: the first bad row ends the reading and is named."""
    rows, expected = BAD[fault]
    path = tape_of(tmp_path, *rows)
    with pytest.raises(TapeError) as caught:
        list(read_tape(path))

    assert expected in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_bad_row_in_a_later_chunk_has_its_own_line(tmp_path: Path) -> None:
    """Lines are counted in the file, not in the chunk; what was read before stands."""
    path = tape_of(tmp_path, *[QUOTE_ROW] * 5, b"1,Q,1,1,1,1,,,,,")
    reading = read_tape(path, chunk_rows=2)
    rows_n = len(next(reading)) + len(next(reading))
    with pytest.raises(TapeError, match=":7: ts_ns 1 is earlier"):
        list(reading)

    assert 4 == rows_n


@pytest.mark.parametrize("content", [b"", b"ts,type\n1,Q\n", b"\x1f\x8b\x08\x00broken", HEADER[:-1] + b"\n"])
def test_what_is_no_tape_is_refused(tmp_path: Path, content: bytes) -> None:
    """A wrong header, an empty file and a broken archive are TapeErrors."""
    path = tmp_path / "abc.csv.gz"
    path.write_bytes(content)
    with pytest.raises(TapeError, match=r"abc\.csv\.gz"):
        list(read_tape(path))


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    """A download that stopped half-way is not a shorter day."""
    path = tmp_path / "abc.csv.gz"
    path.write_bytes(gzip.compress(b"\n".join((HEADER, *[QUOTE_ROW] * 9)))[:-9])
    with pytest.raises(TapeError, match=r"abc\.csv\.gz"):
        list(read_tape(path))


def test_a_file_that_is_not_there_is_a_tape_error(tmp_path: Path) -> None:
    """The caller has one exception to catch."""
    with pytest.raises(TapeError, match="No such file"):
        list(read_tape(tmp_path / "abc.csv.gz"))


@pytest.mark.parametrize("name, expected", [("aig_20131007.csv.gz", "AIG"), ("brk.csv", "BRK"), ("X_1_2.csv", "X")])
def test_the_symbol_is_in_the_name(name: str, expected: str) -> None:
    """Up to the first underscore or point, in capitals."""
    assert expected == symbol_of(Path("folder") / name)


def test_the_writer_refuses_what_the_reader_could_not_give_back(tmp_path: Path) -> None:
    """Time that goes back, a price between the places and part of a share are TapeErrors, and not written."""
    with TapeWriter(tmp_path / "abc.csv.gz") as tape:
        tape.trade(10, Decimal("1.5"), Decimal(3))
        for ts_ns, px, size in [
            (9, "1", "1"),
            (10, "1.00001", "1"),
            (10, "-1", "1"),
            (10, "1", "0.5"),
            (10, "1", "9" * 14),
        ]:
            with pytest.raises(TapeError):
                tape.trade(ts_ns, Decimal(px), Decimal(size))

    assert 1 == len(only(tmp_path / "abc.csv.gz"))


VOLUMES = [
    ("tick/aig_20131007", 548_466, 523_115, 5_171_429),
    ("tick/bac_20131007", 326_265, 238_093, 62_192_413),
    ("tick/ibm_20131008", 85_979, 52_598, 5_411_942),
    ("tick/xxx_20180102", 82_234, 42_764, 4_721_331),
    ("quote1s/spy_20131007", 276_774, 26_173, 77_293_164),
]


@pytest.mark.parametrize("day, rows_n, quotes_n, volume", VOLUMES)
def test_recorded_days_read_whole(shared_data: Path, day: str, rows_n: int, quotes_n: int, volume: int) -> None:
    """Rows, quotes and eligible volume are those that the data's own description gives."""
    path = shared_data / f"{day}.csv.gz"
    if not path.is_file():
        pytest.skip(f"SHARED TEST DATA ABSENT: {day}")
    read = [0, 0, 0]
    for chunk in read_tape(path):
        read[0] += len(chunk)
        read[1] += int(chunk.is_quote.sum())
        read[2] += int(chunk.size[chunk.counts | chunk.is_auction].sum())

    assert [rows_n, quotes_n, volume] == read


# On Linux ru_maxrss also remembers the process that began this one; VmHWM is of this program alone.
READ_AND_TELL = """
import resource, sys
from pathlib import Path
from execd.venue.tape import read_tape
rows_n = sum(len(chunk) for chunk in read_tape(sys.argv[1]))
status = Path("/proc/self/status")
if status.exists():
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    peak_bytes = int(line.split()[1]) * 1024
else:
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(rows_n, peak_bytes)
"""


def test_the_largest_day_reads_in_200_mb(shared_data: Path) -> None:
    """A day of 730,000 rows streams: the process that reads it stays below 200 MB."""
    path = shared_data / "tick" / "aig_20131009.csv.gz"
    if not path.is_file():
        pytest.skip("SHARED TEST DATA ABSENT: tick/aig_20131009")
    done = subprocess.run([sys.executable, "-c", READ_AND_TELL, str(path)], capture_output=True, text=True, check=True)
    rows_n, peak_bytes = (int(word) for word in done.stdout.split())

    assert 731_249 == rows_n
    assert peak_bytes < 200e6
