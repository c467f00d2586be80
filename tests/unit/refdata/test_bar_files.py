"""Bar files are found by symbol, read strictly, and refused with file and line; nothing outside the folder is read."""

import gzip
import os
from decimal import Decimal
from pathlib import Path

import pytest

from execd.core.daily import BarSpan
from execd.core.market import Bar
from execd.refdata import bar_files
from execd.refdata.bar_files import BadBars

HEADER = "ts_ns,open,high,low,close,volume"
ROW = "60000000000,10.5,11,10,10.75,300"


def put(folder: Path, name: str, *lines: str) -> Path:
    """Write a bar file, packed where its name says so."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    body = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    return path


def read(folder: Path, symbol: str, span: BarSpan) -> list[Bar]:
    """Find and read the bars of a symbol."""
    return bar_files.read(bar_files.files_of(folder, symbol, span), symbol, span)


@pytest.mark.parametrize("name", ["bars_1m/abc.csv", "bars_1m/abc.csv.gz", "bars_1m/abc_2024.csv.gz"])
def test_a_row_becomes_a_bar_with_its_end(tmp_path: Path, name: str) -> None:
    """The stamp is the start; packed or not, with or without a year."""
    put(tmp_path, name, HEADER, ROW)
    expected = Bar(
        symbol="ABC",
        start_ns=60_000_000_000,
        end_ns=120_000_000_000,
        open_px=Decimal("10.5"),
        high_px=Decimal(11),
        low_px=Decimal(10),
        close_px=Decimal("10.75"),
        volume=Decimal(300),
    )

    assert [expected] == read(tmp_path, "ABC", BarSpan.MINUTE)


def test_a_minute_without_a_print_is_no_bar(tmp_path: Path) -> None:
    """Files with quotes have rows in which nothing traded."""
    header = f"{HEADER},bid,bid_size,ask,ask_size"
    put(tmp_path, "bars_1m_quotes/a.csv", header, "1,,,,,,9,100,10,100", "2,9,9,9,9,50,9,100,10,100")

    assert [2] == [bar.start_ns for bar in read(tmp_path, "A", BarSpan.MINUTE)]


def test_several_files_are_one_history(tmp_path: Path) -> None:
    """A file a year is joined in the order of time; a bar in both with the same values is one bar."""
    put(tmp_path, "bars_daily/a_2.csv", HEADER, "3,9,9,9,9,50")
    put(tmp_path, "bars_daily/a_1.csv", HEADER, "1,9,9,9,9,50", "3,9,9,9,9,50")

    assert [1, 3] == [bar.start_ns for bar in read(tmp_path, "A", BarSpan.DAILY)]


def test_two_files_that_disagree_are_refused(tmp_path: Path) -> None:
    """Which of the two is right, nobody here can tell."""
    put(tmp_path, "bars_daily/a_1.csv", HEADER, "1,9,9,9,9,50")
    put(tmp_path, "bars_daily/a_2.csv", HEADER, "1,9,9,9,9,51")

    with pytest.raises(BadBars, match="another file"):
        read(tmp_path, "A", BarSpan.DAILY)


def test_symbols_are_the_names_of_daily_and_minute_files(tmp_path: Path) -> None:
    """A dash is a slash, what is no bar file is passed over, and a folder that is absent holds nothing."""
    for name in ("bars_daily/brk.a.csv", "bars_daily/x-y_2024.csv.gz", "bars_daily/notes.txt", "bars_1m/abc.csv"):
        put(tmp_path, name, HEADER)

    assert ["ABC", "BRK.A", "X/Y"] == bar_files.symbols(tmp_path)
    assert [] == bar_files.symbols(tmp_path / "absent")


@pytest.mark.parametrize(
    "lines, said",
    [
        ([], ":1: the header is ''"),
        (["ts_ns,Open,high,low,close,volume", ROW], ":1: the header is"),
        ([HEADER, ROW, "61,1,1,1,1"], ":3: 5 fields, the header has 6"),
        ([HEADER, ROW, ROW], ":3: ts_ns '60000000000' is no instant after"),
        ([HEADER, "-1,1,1,1,1,1"], ":2: ts_ns '-1'"),
        ([HEADER, "1,nan,1,1,1,1"], ":2: 'nan,1,1,1,1' are not five plain numbers"),
        ([HEADER, "1,1e3,1,1,1,1"], ":2:"),
        ([HEADER, "1,\u0661,1,1,1,1"], "cannot be read"),
        ([HEADER, "1,1,1,1,1,-5"], ":2:"),
        ([HEADER, "1,,1,1,1,5"], ":2:"),
        ([HEADER, "1,9,10,9.5,9.7,5"], ":2: open 9 and close 9.7 do not lie between low 9.5 and high 10"),
        ([HEADER, "1,0,0,0,0,5"], ":2:"),
        ([HEADER, "1" * 600], "longer than"),
    ],
)
def test_what_is_wrong_is_refused_with_file_and_line(tmp_path: Path, lines: list[str], said: str) -> None:
    """Header names match exactly, numbers are plain, prices fit each other, time goes forward."""
    put(tmp_path, "bars_daily/a.csv", *lines)

    with pytest.raises(BadBars) as caught:
        read(tmp_path, "A", BarSpan.DAILY)

    assert said in str(caught.value)
    assert "bars_daily/a.csv" in str(caught.value)


def test_a_damaged_or_endless_packed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to more than the limit is left where it crosses it."""
    monkeypatch.setattr(bar_files, "FILE_BYTES_MAX", 1_000)
    put(tmp_path, "bars_daily/a.csv.gz", HEADER, *(f"{n},9,9,9,9,50" for n in range(100)))
    put(tmp_path, "bars_daily/b.csv.gz", HEADER, ROW).write_bytes(b"\x1f\x8b\x08 nothing of the kind")

    for symbol in ("A", "B"):
        with pytest.raises(BadBars):
            read(tmp_path, symbol, BarSpan.DAILY)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Whoever may put files there may not have others read through them."""
    secret = put(tmp_path, "elsewhere/secret.csv", HEADER, ROW)
    bars_dir = tmp_path / "bars"
    (bars_dir / "bars_daily").mkdir(parents=True)
    (bars_dir / "bars_daily" / "a.csv").symlink_to(secret)

    with pytest.raises(BadBars, match="leads out of"):
        read(bars_dir, "A", BarSpan.DAILY)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    """Reading a FIFO would wait for a writer for ever."""
    (tmp_path / "bars_daily").mkdir()
    os.mkfifo(tmp_path / "bars_daily" / "a.csv")

    with pytest.raises(BadBars, match="not a regular file"):
        read(tmp_path, "A", BarSpan.DAILY)


@pytest.mark.parametrize("symbol", ["", "a", "../A", "A" * 13, "A B"])
def test_only_a_symbol_names_a_file(tmp_path: Path, symbol: str) -> None:
    """No path is ever made from what somebody asked for."""
    with pytest.raises(BadBars, match="not a symbol"):
        bar_files.files_of(tmp_path, symbol, BarSpan.DAILY)
