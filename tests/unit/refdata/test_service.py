"""What is old is made anew, what fails leaves what there was, and both are said."""

from decimal import Decimal
from pathlib import Path

import pytest

from execd.core.daily import BarSpan
from execd.core.market import Bar
from execd.refdata.cache import Cache
from execd.refdata.client import Worker
from execd.refdata.service import RETRY_NS, RefData, Wanted
from execd.refdata.task import RefDataTask
from execd.refdata.values import Asset, Closure, Freshness, SessionRow
from execd.refdata.wire import Answer, BarsFound, DailyFound, Failed, SessionsFound, SymbolsFound
from tests.unit.refdata.tables import DAY_NS, NOW_NS, calendar, prepared, program, values, week

HOUR_NS = 3_600 * 10**9
FOUND = SessionsFound(rows=week(), zone="America/New_York", source="by hand 2")
HUNG = Failed(code="internal", text="MemoryError")


def refdata(folder: Path, wanted: Wanted | None = None, **answers: list[Answer]) -> RefData:
    """Open reference data over a worker with prepared answers."""
    return RefData.open(folder, wanted or Wanted(), Worker(prepared(**answers)))


def of(rows: tuple[Freshness, ...], what: str) -> Freshness:
    """Return the row of one kind."""
    return next(row for row in rows if row.what == what)


async def test_an_empty_folder_is_filled_and_read_by_the_next_start(tmp_path: Path) -> None:
    """The next start needs no worker: what is cached is there at once."""
    data = refdata(tmp_path, SessionsWanted=[FOUND])
    before = data.calendar("XNYS")
    changed = await data.refresh(NOW_NS)
    await data.close()
    again = refdata(tmp_path)

    assert (None, ["calendar XNYS"]) == (before, changed)
    assert week() == again.sessions("XNYS", "2026-11-01", "2026-11-30")
    assert [False] == [row.is_due for row in again.freshness(NOW_NS + HOUR_NS)]


@pytest.mark.parametrize("age_ns, is_due", [(0, False), (24 * HOUR_NS - 1, False), (24 * HOUR_NS, True)])
def test_a_calendar_is_due_after_its_hours(tmp_path: Path, age_ns: int, *, is_due: bool) -> None:
    """The library's horizon moves by a day a day; so does ours."""
    Cache(tmp_path).keep(calendar())

    assert is_due == refdata(tmp_path).freshness(NOW_NS + age_ns)[0].is_due


def test_a_calendar_that_ends_soon_is_due_whatever_its_age(tmp_path: Path) -> None:
    """A table from a backup may be young and short. Fault F6."""
    Cache(tmp_path).keep(calendar(to_date="2026-11-26"))
    row = refdata(tmp_path).freshness(NOW_NS)[0]

    assert (True, 6) == (row.is_due, row.days_left)


async def test_a_refresh_that_fails_keeps_what_there_was_and_says_its_age(tmp_path: Path) -> None:
    """The library is gone, the table is not. Fault F6."""
    Cache(tmp_path).keep(calendar())
    data = refdata(tmp_path, SessionsWanted=[HUNG])
    now_ns = NOW_NS + 30 * HOUR_NS
    changed = await data.refresh(now_ns)
    await data.close()
    row = data.freshness(now_ns)[0]

    assert ([], calendar()) == (changed, data.calendar("XNYS"))
    assert "calendar XNYS: what is used is 30 h old, covers 40 more days: MemoryError" == row.complaint(now_ns)


async def test_what_failed_is_not_tried_again_at_once(tmp_path: Path) -> None:
    """A worker that is killed every five minutes would do nothing but start."""
    data = refdata(tmp_path, SessionsWanted=[HUNG, FOUND])
    tries = [await data.refresh(NOW_NS + wait_ns) for wait_ns in (0, RETRY_NS - 1, RETRY_NS)]
    await data.close()

    assert [[], [], ["calendar XNYS"]] == tries
    assert "" == data.freshness(NOW_NS + RETRY_NS)[0].error


@pytest.mark.parametrize(
    "rows, said",
    [((), "no session"), ((*week(), SessionRow(date="2026-11-28", open_ns=1, close_ns=10**19 // 2)), "begins before")],
)
async def test_a_table_that_makes_no_sense_is_not_used(tmp_path: Path, rows: tuple[SessionRow, ...], said: str) -> None:
    """A library that loses its rules must not close the market for a year. Fault F6."""
    Cache(tmp_path).keep(calendar(built_ns=1))
    data = refdata(tmp_path, SessionsWanted=[SessionsFound(rows=rows, zone="America/New_York", source="broken")])
    await data.refresh(NOW_NS)
    await data.close()

    assert calendar(built_ns=1) == data.calendar("XNYS")
    assert said in data.freshness(NOW_NS)[0].error


async def test_a_damaged_cache_is_told_and_made_again(tmp_path: Path) -> None:
    """A half-written disk costs one refresh, not the start."""
    (tmp_path / "calendar-XNYS.json").write_text("{")
    data = refdata(tmp_path, SessionsWanted=[FOUND])
    told = data.freshness(NOW_NS)[0]
    await data.refresh(NOW_NS)
    await data.close()

    assert (True, True) == ("damaged" in told.error, told.is_due)
    assert (week(), "") == (data.sessions("XNYS", "", "9"), data.freshness(NOW_NS)[0].error)


def test_the_operators_closures_are_put_over_a_cached_table(tmp_path: Path) -> None:
    """A changed configuration counts at the next start, not at the next refresh. Fault F5."""
    Cache(tmp_path).keep(calendar())
    data = refdata(tmp_path, Wanted(closures=(Closure.of("XNYS 2026-11-24"), Closure.of("XLON 2026-11-25"))))

    assert ["2026-11-23", "2026-11-25"] == [row.date for row in data.sessions("XNYS", "2026-11-21", "2026-11-26")]


async def test_each_symbol_has_its_values_or_the_reason_why_not(tmp_path: Path) -> None:
    """One bad file is one symbol's trouble: it keeps its values with their old date, and the others are new."""
    wanted = Wanted(calendars=("XNYS",), bars_dir="/bars")
    Cache(tmp_path).keep(calendar())
    answers: list[Answer] = [DailyFound(values=values("A"), source="a.csv"), DailyFound(values=values("B"), source="b")]
    first = refdata(tmp_path, wanted, SymbolsWanted=[SymbolsFound(symbols=("A", "B"))], DailyWanted=answers)
    await first.refresh(NOW_NS)
    await first.close()
    later_ns = NOW_NS + DAY_NS
    answers = [answers[0], Failed(code="bad_bars", text="b.csv:7: no")]
    second = refdata(
        tmp_path,
        wanted,
        SessionsWanted=[FOUND],
        SymbolsWanted=[SymbolsFound(symbols=("A", "B"))],
        DailyWanted=answers,
    )
    changed = await second.refresh(later_ns)
    await second.close()
    ages = [row and row.built_ns for row in (second.daily("A"), second.daily("B"), second.daily("C"))]

    assert [later_ns, NOW_NS, None] == ages
    assert "daily" in changed
    assert "1 of 2 symbols refused; B: b.csv:7: no" == of(second.freshness(later_ns), "daily").error
    assert not of(second.freshness(later_ns), "daily").is_due


async def test_a_worker_that_fails_for_every_symbol_is_given_up_for_this_time(tmp_path: Path) -> None:
    """Two thousand symbols, each with a minute until it is killed, would be a day."""
    Cache(tmp_path).keep(calendar())
    symbols = SymbolsFound(symbols=tuple("ABCDEFG"))
    data = refdata(tmp_path, Wanted(bars_dir="/bars"), SymbolsWanted=[symbols], DailyWanted=[HUNG])
    await data.refresh(NOW_NS)
    await data.close()

    assert "3 of 7 symbols refused" in of(data.freshness(NOW_NS), "daily").error


async def test_another_folder_of_bars_is_read_at_once(tmp_path: Path) -> None:
    """Values of one folder say nothing of another."""
    Cache(tmp_path).keep(calendar())
    data = refdata(tmp_path, Wanted(bars_dir="/bars"), SymbolsWanted=[SymbolsFound(symbols=())])
    await data.refresh(NOW_NS)
    await data.close()
    other = refdata(tmp_path, Wanted(bars_dir="/others"))

    assert [False, True] == [of(one.freshness(NOW_NS), "daily").is_due for one in (data, other)]


async def test_assets_are_kept_with_their_date(tmp_path: Path) -> None:
    """What may be done with a symbol is cached like everything else, and anew when it changed."""
    Cache(tmp_path).keep(calendar())
    data = refdata(tmp_path, Wanted(assets=(Asset(symbol="A"),)))
    await data.refresh(NOW_NS)
    same, other = (refdata(tmp_path, Wanted(assets=(Asset(symbol=symbol),))) for symbol in ("A", "B"))

    assert (Asset(symbol="A"),) == same.assets()
    assert [False, True] == [of(one.freshness(NOW_NS), "assets").is_due for one in (same, other)]


def bar(start_ns: int) -> Bar:
    """Return a bar of one nanosecond."""
    px = Decimal(10)
    return Bar(
        symbol="A",
        start_ns=start_ns,
        end_ns=start_ns + 1,
        open_px=px,
        high_px=px,
        low_px=px,
        close_px=px,
        volume=px,
    )


async def test_long_history_comes_in_parts(tmp_path: Path) -> None:
    """No answer is longer than the pipe may carry; the caller sees one history."""
    parts: list[Answer] = [BarsFound(bars=(bar(1), bar(2)), is_cut=True), BarsFound(bars=(bar(3),))]
    data = refdata(tmp_path, Wanted(bars_dir="/bars"), BarsWanted=parts)
    bars = await data.bars("A", BarSpan.MINUTE, 0, 10)
    await data.close()

    assert [bar(1), bar(2), bar(3)] == bars


async def test_without_a_folder_there_is_no_history_and_no_process(tmp_path: Path) -> None:
    """Nothing is started for an answer that is known."""
    data = RefData.open(tmp_path, Wanted(), Worker(program("raise SystemExit")))

    assert [] == await data.bars("A", BarSpan.DAILY, 0, 10)


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ns = NOW_NS

    def now_ns(self) -> int:
        """Return what the test set."""
        return self.ns


async def test_trouble_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    """An operator hears that the table is old, and that it is not any more; not every five minutes. Fault F6."""
    clock, told, new = Watch(), list[tuple[str, bool]](), list[str]()
    data = refdata(tmp_path, SessionsWanted=[HUNG, HUNG, FOUND])
    task = RefDataTask(
        refdata=data, clock=clock, tell=lambda text, is_over: told.append((text, is_over)), on_changed=new.extend
    )
    for _ in range(4):
        await task.turn()
        clock.ns += RETRY_NS
    await data.close()

    assert [("calendar XNYS: there is none: MemoryError", False), ("reference data is whole again", True)] == told
    assert ["calendar XNYS"] == new
