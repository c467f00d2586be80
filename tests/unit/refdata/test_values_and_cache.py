"""Calendars with an operator's closures, and the files that keep what was fetched."""

import json
from pathlib import Path

import pytest

from execd.errors import RefDataError
from execd.refdata.cache import Cache
from execd.refdata.values import Asset, Assets, Closure, DailyRow, DailyTable, Freshness
from tests.unit.refdata.tables import DAY_NS, MONDAY_OPEN_NS, NOW_NS, calendar, values

HOUR_NS = 3_600 * 10**9


def test_a_closed_day_is_taken_out() -> None:
    """A day of mourning is announced days before; the library learns it with its next release. Fault F5."""
    days = [row.date for row in calendar("XNYS 2026-11-24").sessions]

    assert ["2026-11-23", "2026-11-25", "2026-11-27"] == days


def test_a_day_gets_the_hours_that_the_operator_says() -> None:
    """Hours are the exchange's own; a session that ends before its usual close is an early one. Fault F4."""
    row = calendar("XNYS 2026-11-23 10:30-12:00").sessions[0]

    assert (MONDAY_OPEN_NS + HOUR_NS, MONDAY_OPEN_NS + 5 * HOUR_NS // 2, True) == (
        row.open_ns,
        row.close_ns,
        row.is_early,
    )


def test_a_session_can_be_added_to_a_day_off() -> None:
    """A make-up session is one that the library does not know; one outside the table changes nothing."""
    days = [row.date for row in calendar("XNYS 2026-11-28 09:30-16:00", "XNYS 2030-01-01 09:30-16:00").sessions]

    assert ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-27", "2026-11-28"] == days


@pytest.mark.parametrize(
    "text",
    [
        "",
        "XNYS",
        "xnys 2026-12-09",
        "XNYS 2026-13-09",
        "XNYS 2026-12-9",
        "XNYS 2026-12-09 13:00",
        "XNYS  2026-12-09",
        "XNYS 2026-12-09 16:00-09:30",
        "XNYS 2026-12-09 09:30-24:00",
        "XNYS 2026-12-09 9:30-16:00",
    ],
)
def test_what_is_no_closure_is_refused(text: str) -> None:
    """A closure that is not understood would be a session that nobody expects."""
    with pytest.raises(ValueError, match=r"closure|month|closes before"):
        Closure.of(text)


@pytest.mark.parametrize(
    "now_ns, days_left",
    [(NOW_NS, 41), (NOW_NS - DAY_NS, 0), (NOW_NS + 40 * DAY_NS, 1), (NOW_NS + 41 * DAY_NS, 0)],
)
def test_a_calendar_says_how_many_days_it_covers(now_ns: int, days_left: int) -> None:
    """From 2026-11-21 to 2026-12-31, both included, by the date at the exchange. Fault F6."""
    assert days_left == calendar().days_left(now_ns)


def test_a_complaint_says_what_is_used_instead_and_how_old_it_is() -> None:
    """An operator must be able to tell a late refresh from a market that nobody knows."""
    row = Freshness(what="calendar XNYS", source="", built_ns=NOW_NS, is_due=True, error="hung", days_left=3)

    assert "calendar XNYS: what is used is 30 h old, covers 3 more days: hung" == row.complaint(NOW_NS + 30 * HOUR_NS)


def test_what_is_kept_is_what_is_read(tmp_path: Path) -> None:
    """Every kind comes back as it was, by another process too."""
    cache = Cache(tmp_path / "refdata")
    daily = DailyTable(source="d", built_ns=1, rows={"A": DailyRow(values=values("A"), source="f", built_ns=1)})
    assets = Assets(source="by hand", built_ns=1, rows=(Asset(symbol="A"),))
    for kept in (calendar("XNYS 2026-11-24"), daily, assets):
        cache.keep(kept)
    again = Cache(tmp_path / "refdata")

    assert (calendar("XNYS 2026-11-24"), daily, assets) == (again.calendar("XNYS"), again.daily(), again.assets())
    assert ["XNYS"] == again.calendars()


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    """Absent is not damaged."""
    cache = Cache(tmp_path / "absent")

    assert (None, None, None, []) == (cache.calendar("XNYS"), cache.daily(), cache.assets(), cache.calendars())


@pytest.mark.parametrize(
    "body, said",
    [
        (b"", "damaged"),
        (b'{"version":1,"kept":{"calendar":"XNYS"}}', "damaged"),
        (b'{"version":2,"kept":{}}', "version 2"),
        (b"\xff\xfe", "damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_and_not_guessed(tmp_path: Path, body: bytes, said: str) -> None:
    """Half a file, a later version's, or somebody else's: not one session of it is used."""
    (tmp_path / "calendar-XNYS.json").write_bytes(body)

    with pytest.raises(RefDataError, match=said):
        Cache(tmp_path).calendar("XNYS")


def test_a_write_that_fails_leaves_the_former_file(tmp_path: Path) -> None:
    """The new version is complete before it takes the place of the old one."""
    cache = Cache(tmp_path)
    cache.keep(calendar())
    (tmp_path / ".calendar-XNYS.json.new").mkdir()

    with pytest.raises(RefDataError, match="former one stays"):
        cache.keep(calendar("XNYS 2026-11-24"))
    assert calendar() == cache.calendar("XNYS")


def test_a_calendar_name_is_no_path(tmp_path: Path) -> None:
    """What is asked for at the command line never leaves the folder."""
    with pytest.raises(RefDataError, match="not the name of a calendar"):
        Cache(tmp_path).calendar("../XNYS")


def test_the_files_are_plain_json(tmp_path: Path) -> None:
    """Somebody with an editor can read what the daemon believes."""
    Cache(tmp_path).keep(calendar())

    assert "2026-11-27" == json.loads((tmp_path / "calendar-XNYS.json").read_text())["kept"]["rows"][3]["date"]
