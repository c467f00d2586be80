"""A daemon that trades by a calendar: from what is cached, from the library, and not without."""

import time
from datetime import UTC, datetime, timedelta

from execd.refdata.cache import Cache
from execd.refdata.values import CalendarTable, SessionRow
from tests.acceptance.daemon import Execd, buy

HOUR_NS = 3_600 * 10**9
BY_CALENDAR = {"EXECD_SESSION__KIND": "calendar"}


def keep(execd: Execd, *, opens_in_h: int, hours: int) -> None:
    """Cache a calendar with a single session, so many hours from now."""
    now_ns, today = time.time_ns(), datetime.now(UTC).date()
    open_ns = now_ns + opens_in_h * HOUR_NS
    row = SessionRow(date=today.isoformat(), open_ns=open_ns, close_ns=open_ns + hours * HOUR_NS)
    Cache(execd.root / "refdata").keep(
        CalendarTable(
            calendar="XNYS",
            zone="UTC",
            source="by hand",
            built_ns=now_ns,
            from_date=(today - timedelta(days=5)).isoformat(),
            to_date=(today + timedelta(days=50)).isoformat(),
            rows=(row,),
        )
    )


def test_inside_a_cached_session_orders_fill(execd: Execd) -> None:
    """The table says open, and the venue fills; the intent's deadline is the session's close."""
    keep(execd, opens_in_h=-1, hours=3)
    execd.start(**BY_CALENDAR)
    execd.until_ready()
    execd.drop("now.json", buy("now"))

    assert "filled" == execd.ended("now")["status"]
    assert "open" == execd.json("status")["session"]


def test_outside_every_cached_session_orders_wait(execd: Execd) -> None:
    """The next session is hours away: nothing leaves, and the report says what it waits for."""
    keep(execd, opens_in_h=5, hours=3)
    execd.start(**BY_CALENDAR)
    execd.until_ready()
    execd.drop("later.json", buy("later"))
    execd.until(lambda: execd.report("later"), what="report")
    report = execd.report("later")

    assert ("queued", []) == (report["status"], report["children"])
    assert "market_closed" in str(report)


def test_a_first_start_by_calendar_fetches_it(execd: Execd) -> None:
    """The real library in its own process: a year of sessions is there when READY is said. Fault F6."""
    execd.start(**BY_CALENDAR)
    execd.until_ready()
    (known,) = execd.json("refdata", "show", "--calendar", "XNYS")["calendars"]

    assert (True, "America/New_York", 5) == (known["days_left"] >= 400, known["zone"], len(known["sessions"]))
    assert {"09:30:00-05:00", "09:30:00-04:00"}.issuperset(row["open"][11:] for row in known["sessions"])


def test_a_calendar_that_nobody_knows_stops_the_start(execd: Execd) -> None:
    """Exit 78, the reason, and no journal of orders that could not trade. Fault F6."""
    execd.start(**BY_CALENDAR, EXECD_SESSION__CALENDAR="XNOPE")
    code = execd.wait()

    assert (78, True) == (code, "calendar XNOPE: there is none" in execd.log.read_text())
