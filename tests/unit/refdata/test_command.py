"""`execd refdata` reads what is cached, without a daemon, and says what is not there."""

import json
from pathlib import Path

import pytest

from execd.cli.main import main
from execd.refdata.cache import Cache
from execd.refdata.values import Asset, Assets, DailyRow, DailyTable
from tests.unit.refdata.tables import NOW_NS, calendar, values
from tests.unit.refdata.test_bar_files import HEADER, put

DAY_NS = 86_400 * 10**9


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a state directory with one calendar, one symbol with values and one without."""
    cache = Cache(tmp_path / "refdata")
    rows = {"A": DailyRow(values=values("A"), source="bars_daily/a.csv", built_ns=NOW_NS)}
    bars_dir = str(tmp_path / "bars")
    cache.keep(calendar())
    cache.keep(DailyTable(source=bars_dir, built_ns=NOW_NS, rows=rows, refused={"B": "b.csv:7: no"}))
    cache.keep(Assets(source="instruments.yaml", built_ns=NOW_NS, rows=(Asset(symbol="A"),)))
    put(tmp_path / "bars", "bars_daily/a.csv", HEADER, *(f"{n * DAY_NS},9,10,8,9.5,{n}" for n in range(1, 4)))
    return tmp_path


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: NOW_NS + 3_600 * 10**9)


def test_everything_is_shown_with_its_age(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One page: the next sessions with their early close, the symbols, what was refused."""
    code = main(["refdata", "show", "--state-dir", str(state)])
    told = capsys.readouterr().out

    assert 0 == code
    assert "XNYS from by hand, 1.0 h old; covers 41 more days, to 2026-12-31; closed" in told
    assert "2026-11-27  09:30  13:00  early close" in told
    assert "B: b.csv:7: no" in told
    assert "assets from instruments.yaml, 1.0 h old: 1 symbols" in told


def test_a_program_gets_the_same_as_json(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Instants carry their offset, numbers are texts."""
    main(["refdata", "show", "--state-dir", str(state), "--calendar", "XNYS", "--days", "1", "--json"])
    (known,) = json.loads(capsys.readouterr().out)["calendars"]
    main(["refdata", "show", "--state-dir", str(state), "--symbol", "a", "--json"])
    symbol = json.loads(capsys.readouterr().out)["symbol"]

    assert [
        {
            "date": "2026-11-23",
            "open": "2026-11-23T09:30:00-05:00",
            "close": "2026-11-23T16:00:00-05:00",
            "is_early": False,
        }
    ] == known["sessions"]
    assert ("10", None, "2026-11-20") == (symbol["prev_close_px"], symbol["adv_qty"], symbol["as_of_date"])


def test_bars_are_shown_for_the_days_that_were_asked(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder is the one that the daemon reads, unless another is named."""
    arguments = ["--symbol", "a", "--from-date", "1970-01-03", "--to-date", "1970-01-04"]
    code = main(["refdata", "bars", "--state-dir", str(state), *arguments])

    assert 0 == code
    assert [
        "START (UTC)       OPEN  HIGH  LOW  CLOSE  VOLUME",
        "1970-01-03 00:00     9    10    8    9.5       2",
        "1970-01-04 00:00     9    10    8    9.5       3",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["show", "--calendar", "XLON"], 4, "no sessions of XLON are cached; name it under refdata.calendars"),
        (["show", "--calendar", "../x"], 1, "is not the name of a calendar"),
        (["show", "--symbol", "B"], 4, "no derived values of B: b.csv:7: no"),
        (["show", "--symbol", "C"], 4, "no derived values of C: no bars of it"),
        (["show", "--days", "0"], 2, "a number from 1 to 500"),
        (["bars"], 2, "bars needs --symbol"),
        (["bars", "--symbol", "A", "--from-date", "tomorrow"], 2, "a date such as"),
        (["bars", "--symbol", "A", "--span", "hour"], 4, "no hour bars of A"),
        (["bars", "--symbol", "../A"], 1, "not a symbol"),
    ],
)
def test_what_is_not_there_has_its_exit_code(
    state: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    """Usage 2, not found 4, and a sentence that says what to do."""
    assert (code, True) == (
        main(["refdata", *arguments, "--state-dir", str(state)]),
        said in capsys.readouterr().err,
    )


def test_an_empty_state_directory_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first start there is nothing, and that is said."""
    assert 0 == main(["refdata", "show", "--state-dir", str(tmp_path)])
    assert "nothing is cached yet" in capsys.readouterr().out
