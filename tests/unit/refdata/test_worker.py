"""The real worker, run once: what the calendar library says, what is derived from files, and what it may not do."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from execd.core.daily import BarSpan, Statistic
from execd.core.session_table import SessionWindow
from execd.refdata.client import ENVIRONMENT
from execd.refdata.values import SessionRow
from execd.refdata.wire import (
    Answer,
    BarsFound,
    BarsWanted,
    DailyFound,
    DailyWanted,
    Failed,
    Request,
    SessionsFound,
    SessionsWanted,
    SymbolsFound,
    SymbolsWanted,
    decode_answer,
)
from execd.refdata.worker import requests

HEADER = "ts_ns,open,high,low,close,volume"
Ask = Callable[[Request], Answer]
S = 10**9
END_NS = 4 * 10**18


@pytest.fixture(scope="module")
def days(ask: Ask) -> dict[str, dict[str, SessionRow]]:
    """Return the sessions of three calendars over a year and more, by date."""
    found = {}
    for name in ("XNYS", "XLON", "CMES"):
        answer = ask(SessionsWanted(calendar=name, from_date="2026-10-20", to_date="2027-12-26"))
        assert isinstance(answer, SessionsFound)
        found[name] = {row.date: row for row in answer.rows}
    return found


def local(at_ns: int, zone: str = "America/New_York") -> str:
    """Return an instant as people at the exchange see it."""
    return datetime.fromtimestamp(at_ns // S, UTC).astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    "name, day, opens, closes, is_early",
    [
        ("XNYS", "2026-11-25", "11-25 09:30", "11-25 16:00", False),
        ("XNYS", "2026-11-27", "11-27 09:30", "11-27 13:00", True),
        ("XNYS", "2026-12-24", "12-24 09:30", "12-24 13:00", True),
        # The clocks change on Sundays, 2026-11-01 and 2027-03-14: the hours of the day stay, the instants move.
        ("XNYS", "2026-10-30", "10-30 09:30", "10-30 16:00", False),
        ("XNYS", "2026-11-02", "11-02 09:30", "11-02 16:00", False),
        ("XNYS", "2027-03-12", "03-12 09:30", "03-12 16:00", False),
        ("XNYS", "2027-03-15", "03-15 09:30", "03-15 16:00", False),
        ("XLON", "2026-12-24", "12-24 03:00", "12-24 07:30", True),
        ("CMES", "2026-11-26", "11-25 18:00", "11-26 13:00", True),
    ],
)
def test_a_session_has_the_hours_of_its_day(
    days: dict[str, dict[str, SessionRow]],
    name: str,
    day: str,
    opens: str,
    closes: str,
    is_early: bool,  # noqa: FBT001  # A row of the table.
) -> None:
    """Half days, days beside a change of the clocks, other exchanges, in New York's time. Faults F3 and F4."""
    row = days[name][day]

    assert (opens, closes, is_early) == (local(row.open_ns), local(row.close_ns), row.is_early)


def test_a_change_of_the_clocks_moves_the_instants(days: dict[str, dict[str, SessionRow]]) -> None:
    """From Friday to Monday lie 73 hours in autumn and 71 in spring. Fault F3."""
    opens_ns = {day: row.open_ns for day, row in days["XNYS"].items()}
    hours = [
        (opens_ns[monday] - opens_ns[friday]) // (3_600 * S)
        for friday, monday in (("2026-10-30", "2026-11-02"), ("2027-03-12", "2027-03-15"))
    ]

    assert [73, 71] == hours


@pytest.mark.parametrize("day", ["2026-11-26", "2026-12-25", "2027-01-01", "2026-11-28"])
def test_a_holiday_has_no_session(days: dict[str, dict[str, SessionRow]], day: str) -> None:
    """Thanksgiving, Christmas, New Year, a Saturday."""
    assert day not in days["XNYS"]


def test_the_table_reaches_as_far_as_was_asked(days: dict[str, dict[str, SessionRow]]) -> None:
    """Left alone the library would stop a year after today. Fault F6."""
    assert ("2026-10-20", "2027-12-23") == (min(days["XNYS"]), max(days["XNYS"]))


@pytest.mark.parametrize(
    "request_, code",
    [
        (SessionsWanted(calendar="XNOPE", from_date="2026-01-01", to_date="2026-12-31"), "no_calendar"),
        (SessionsWanted(calendar="XKRX", from_date="2026-01-01", to_date="2090-12-31"), "no_calendar"),
        (SessionsWanted(calendar="XNYS", from_date="soon", to_date="2026-12-31"), "no_calendar"),
        (BarsWanted(bars_dir="/", symbol="../A", span=BarSpan.DAILY, from_ns=0, to_ns=1), "bad_bars"),
        (DailyWanted(bars_dir="/", symbol="A", calendar="XNYS", before_ns=1), "no_bars"),
    ],
)
def test_what_cannot_be_answered_is_told(ask: Ask, request_: Request, code: str) -> None:
    """A calendar or a day that the library does not know, and a symbol without a file; the worker lives on."""
    answer = ask(request_)

    assert isinstance(answer, Failed)
    assert code == answer.code, answer.text


def test_a_line_that_is_no_question_is_told(worker: "subprocess.Popen[bytes]") -> None:
    """Whatever arrives, one line in is one line out."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(b'{"type":"Format","disk":"all"}\n')
    worker.stdin.flush()

    assert "bad_request" == decode_answer(worker.stdout.readline()).code


def minutes_of(session_open_s: int, minutes: int, volume_of: "dict[int, int]") -> list[str]:
    """Return the rows of a session: in each minute 10 shares, or as `volume_of` says, around a price of 20."""
    return [f"{(session_open_s + 60 * n) * S},20,20.5,19.5,20,{volume_of.get(n, 10)}" for n in range(minutes)]


def test_daily_values_come_from_minutes_where_there_are_no_daily_bars(ask: Ask, tmp_path: Path) -> None:
    """Six full days and a half day of November 2026: five shares of 78 in the first five minutes, as worked out.

    A full day trades 390 × 10 = 3,900, but for 100 in its first minute: 3,990, of which the first bucket has 140. The
    half day of 2026-11-27 counts for the last close, not for the profile, and minutes before the open count nowhere.
    """
    monday_s = 1_795_444_200 - 7 * 86_400
    rows = [f"{(monday_s - 60) * S},1,99,1,2,1000000"]
    for days_n in (0, 1, 2, 3, 4, 7):
        rows += minutes_of(monday_s + days_n * 86_400, 390, {0: 100})
    rows += minutes_of(monday_s + 11 * 86_400, 210, {209: 5_000})
    folder = tmp_path / "bars_1m"
    folder.mkdir()
    (folder / "abc_2026.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    found = ask(DailyWanted(bars_dir=str(tmp_path), symbol="ABC", calendar="XNYS", before_ns=END_NS))

    assert isinstance(found, DailyFound)
    values = found.values
    assert ("2026-11-27", Decimal(20), None, None) == (
        values.as_of_date,
        values.prev_close_px,
        values.adv_qty,
        values.atr_px,
    )
    assert (6, "2026-11-23", 78, 1) == (
        values.profile_days_n,
        values.profile_date,
        len(values.profile),
        sum(values.profile),
    )
    assert (Decimal("0.035087719"), Decimal("0.012531328")) == (values.profile[0], values.profile[-1])


def test_profiles_are_of_the_days_and_the_statistic_that_were_asked_for(ask: Ask, tmp_path: Path) -> None:
    """The first is the one that is used; others are kept under their names, and one of too few days is not made.

    Of the last five days one trades 1,000 in its first minute: the mean of 390 x 10 days moves, their median does not.
    """
    monday_s = 1_795_444_200 - 7 * 86_400
    rows = [
        row
        for days_n in (0, 1, 2, 3, 4, 7)
        for row in minutes_of(monday_s + days_n * 86_400, 390, {0: 1_000} if days_n == 3 else {})
    ]
    folder = tmp_path / "bars_1m"
    folder.mkdir()
    (folder / "abc_2026.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    profiles = ("20 median", "5 mean", "4 mean")
    wanted = DailyWanted(bars_dir=str(tmp_path), symbol="ABC", calendar="XNYS", before_ns=END_NS, profiles=profiles)
    found = ask(wanted)

    assert isinstance(found, DailyFound)
    values = found.values
    even = 1 / Decimal(78)
    assert ["5 mean"] == list(values.other_profiles)
    assert abs(values.profile[0] - even) < Decimal("1e-8")
    assert values.other_profiles["5 mean"][0] > 2 * even
    assert 1 == sum(values.other_profiles["5 mean"])
    assert (values.profile, values.other_profiles["5 mean"], None) == (
        values.profile_of(20, Statistic.MEDIAN),
        values.profile_of(5, Statistic.MEAN),
        values.profile_of(4, Statistic.MEAN),
    )


def test_the_hours_of_the_next_days_come_with_the_values(ask: Ask, tmp_path: Path) -> None:
    """Where the market never closes by the configuration, a day still has its open and close: half days, too."""
    monday_s = 1_795_444_200 - 7 * 86_400
    folder = tmp_path / "bars_1m"
    folder.mkdir()
    (folder / "abc_2026.csv").write_text("\n".join([HEADER, *minutes_of(monday_s, 390, {})]) + "\n")
    before_ns = (monday_s + 10 * 86_400) * S
    found = ask(DailyWanted(bars_dir=str(tmp_path), symbol="ABC", calendar="XNYS", before_ns=before_ns))

    assert isinstance(found, DailyFound)
    friday = SessionWindow(open_ns=(monday_s + 11 * 86_400) * S, close_ns=(monday_s + 11 * 86_400 + 12_600) * S)
    assert friday == found.values.session_at(before_ns + 86_400 * S // 2)


def test_nothing_that_was_not_over_is_used(ask: Ask, tmp_path: Path) -> None:
    """A daily bar is known once its day is over: a replayed day must not know its own close."""
    folder = tmp_path / "bars_daily"
    folder.mkdir()
    (folder / "abc.csv").write_text(f"{HEADER}\n{1_000 * S},1,1,1,1,5\n{87_400 * S},2,2,2,2,5\n")
    before_ns = (87_400 + 86_400) * S - 1
    found = ask(DailyWanted(bars_dir=str(tmp_path), symbol="ABC", calendar="XNYS", before_ns=before_ns))
    bars = ask(BarsWanted(bars_dir=str(tmp_path), symbol="ABC", span=BarSpan.DAILY, from_ns=0, to_ns=before_ns))

    assert isinstance(found, DailyFound)
    assert isinstance(bars, BarsFound)
    assert (Decimal(1), [1_000 * S]) == (found.values.prev_close_px, [bar.start_ns for bar in bars.bars])


def test_symbols_are_listed(ask: Ask, tmp_path: Path) -> None:
    """The daemon asks what there is before it asks for each."""
    (tmp_path / "bars_daily").mkdir()
    (tmp_path / "bars_daily" / "abc.csv.gz").touch()

    assert SymbolsFound(symbols=("ABC",)) == ask(SymbolsWanted(bars_dir=str(tmp_path)))


CONFINED = """
import pathlib, socket, subprocess, os
from execd.refdata.worker import confine
confine()
for attempt in (
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: os.fork(),
    lambda: pathlib.Path(__import__("sys").argv[1]).write_text("x"),
):
    try:
        attempt()
    except OSError as error:
        print(type(error).__name__, error.errno)
"""


def test_the_worker_connects_nowhere_starts_nothing_and_writes_nothing(tmp_path: Path) -> None:
    """What reads files that others wrote gives up everything else first; EFBIG is the kernel's own word for a write."""
    told = subprocess.run(
        [sys.executable, "-c", CONFINED, tmp_path / "x"], env=ENVIRONMENT, check=True, capture_output=True, text=True
    ).stdout.split("\n")

    assert [*["PermissionError None"] * 5, "OSError 27", ""] == told


def test_the_worker_gets_no_secret() -> None:
    """Its environment is written down, not inherited."""
    assert {"PATH", "LANG", "PYTHONPATH", "PYTHONHASHSEED", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"} == set(
        ENVIRONMENT
    )


@pytest.mark.parametrize(
    "sent, lines", [(b"a\nb\nc", [b"a", b"b"]), (b"", []), (b"x" * 70_000, []), (b"\n" * 3, [b"", b"", b""])]
)
def test_questions_are_lines_of_bounded_length(sent: bytes, lines: list[bytes]) -> None:
    """The end of the pipe ends the worker, and so does a line without an end."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as reading:
        if pid_free := len(sent) < 60_000:
            os.write(writer, sent)
            os.close(writer)
        else:
            os.set_blocking(writer, False)
            os.write(writer, sent[:65_536])
        found = list(requests(reading.fileno(), 0.05))
        if not pid_free:
            os.close(writer)

    assert lines == found
