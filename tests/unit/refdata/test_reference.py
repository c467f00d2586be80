"""What the daemon makes of reference data: the session it trades by, and whether it may start."""

from decimal import Decimal
from pathlib import Path

import pytest

from execd.config.loader import load
from execd.config.settings import Settings
from execd.core.events import Recovered
from execd.core.rules import Rules
from execd.core.session import AlwaysOpen
from execd.core.session_table import SessionTable
from execd.core.shown import ReferenceReceived
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.errors import ConfigError
from execd.markets import able
from execd.refdata.cache import Cache
from execd.refdata.client import Worker
from execd.refdata.values import Asset, Closure, DailyRow, DailyTable
from execd.refdata.wire import Answer, Failed, SessionsFound
from execd.reference import DAYS_A_TELLING, Reference, wanted_of
from execd.runtime.paths import StatePaths
from tests.unit.refdata.tables import DAY_NS, MONDAY_OPEN_NS, NOW_NS, calendar, prepared, program, values, week
from tests.world import EPOCH

BY_CALENDAR = {"EXECD_SESSION__KIND": "calendar"}
NEVER = Worker(program("raise SystemExit(9)"))


class Watch:
    """A clock that stands."""

    def __init__(self, ns: int = NOW_NS) -> None:
        self.ns = ns

    def now_ns(self) -> int:
        """Return the instant."""
        return self.ns


def settings(**variables: str) -> Settings:
    """Return the defaults with some variables."""
    return load(None, variables)


async def opened(state: Path, settings_: Settings, *answers: Answer, at_ns: int = NOW_NS) -> Reference:
    """Open the reference data of a daemon; without answers its worker fails."""
    worker = Worker(prepared(SessionsWanted=list(answers))) if answers else NEVER
    return await Reference.open(settings_, StatePaths(state), Watch(at_ns), able, worker)


async def test_the_engine_trades_by_the_cached_sessions(tmp_path: Path) -> None:
    """A table that covers today is used as it is: no process is started, and the start waits for nothing."""
    Cache(tmp_path / "refdata").keep(calendar())
    reference = await opened(tmp_path, settings(**BY_CALENDAR, EXECD_REFDATA__CLOSURES="XNYS 2026-11-23"))
    session = reference.rules(settings(**BY_CALENDAR)).session

    assert isinstance(session, SessionTable)
    assert (False, True) == (session.is_open(MONDAY_OPEN_NS), session.is_open(MONDAY_OPEN_NS + DAY_NS))


async def test_a_first_start_fetches_the_sessions_it_trades_by(tmp_path: Path) -> None:
    """Nothing is cached: the start waits for the one calendar that it needs. Fault F6."""
    found = SessionsFound(rows=week(), zone="America/New_York", source="by hand")
    reference = await opened(tmp_path, settings(**BY_CALENDAR, EXECD_REFDATA__CALENDARS="[XLON]"), found)
    session = reference.rules(settings(**BY_CALENDAR)).session

    assert isinstance(session, SessionTable)
    assert session.is_open(MONDAY_OPEN_NS)
    assert ["XNYS"] == Cache(tmp_path / "refdata").calendars()


@pytest.mark.parametrize("has_old", [False, True])
async def test_a_start_without_sessions_is_refused(tmp_path: Path, *, has_old: bool) -> None:
    """Neither the cache nor the library covers today: nobody knows when the market is open. Fault F6."""
    if has_old:
        Cache(tmp_path / "refdata").keep(calendar())
    gone = Failed(code="no_calendar", text="The requested ExchangeCalendar, XNYS, does not exist.")

    with pytest.raises(ConfigError, match=r"calendar XNYS: .* does not exist"):
        await opened(tmp_path, settings(**BY_CALENDAR), gone, at_ns=NOW_NS + 50 * DAY_NS)


async def test_other_sessions_need_no_table(tmp_path: Path) -> None:
    """Whoever does not trade by a calendar starts without one."""
    reference = await opened(tmp_path, settings())

    assert AlwaysOpen() == reference.rules(settings()).session


async def test_the_status_says_what_is_missing_and_how_old_the_rest_is(tmp_path: Path) -> None:
    """Two rows: one calendar of yesterday, one that never came."""
    Cache(tmp_path / "refdata").keep(calendar(built_ns=NOW_NS - DAY_NS))
    reference = await opened(tmp_path, settings(EXECD_REFDATA__CALENDARS="[XNYS, XLON]"))
    rows = [(row["what"], row["age_s"], row["days_left"]) for row in reference.status()]

    assert [("calendar XNYS", 86_400, 41), ("calendar XLON", None, None)] == rows[:2]


async def test_the_engine_is_told_of_past_days_in_parts(tmp_path: Path) -> None:
    """From the cache, so that a restart plans by what was known before it; each symbol is told once."""
    symbols = [f"A{n}" for n in range(2 * DAYS_A_TELLING + 1)]
    rows = {symbol: DailyRow(values=values(symbol), source="by hand", built_ns=NOW_NS) for symbol in symbols}
    Cache(tmp_path / "refdata").keep(DailyTable(source="bars", built_ns=NOW_NS, rows=rows))
    reference = await opened(tmp_path, settings())
    told = reference.days()

    assert [DAYS_A_TELLING, DAYS_A_TELLING, 1] == [len(event.days) for event in told]
    assert symbols == [day.symbol for event in told for day in event.days]


def test_past_days_are_known_before_anything_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What recovery steps and plans is planned by them, not by what is usual."""
    seen: list[Decimal | None] = []
    monkeypatch.setattr(
        "execd.engine.recovery.take_up", lambda desk, _: seen.append(desk.markets.day("AAPL").prev_close_px)
    )
    cycle = Cycle(Engine(Rules(limits={}), EPOCH))
    cycle.push(ReferenceReceived(now_ns=1, days=(values("AAPL"),)))
    cycle.push(Recovered(now_ns=1))
    cycle.turn(1)

    assert [Decimal(10)] == seen


def test_the_configuration_says_what_is_kept() -> None:
    """Durations in nanoseconds, the traded calendar first, folders absolute, and what instruments.yaml says."""
    wanted = wanted_of(
        settings(
            **BY_CALENDAR,
            EXECD_SESSION__CALENDAR="XLON",
            EXECD_REFDATA__CLOSURES="[XLON 2026-12-09, XLON 2026-12-10 08:00-12:30]",
            EXECD_REFDATA__BARS_DIR="bars",
            EXECD_REFDATA__REFRESH_H="12",
            EXECD_INSTRUMENTS__BTC="{qty_step: 0.001, calendar: XKRX}",
        )
    )

    assert (("XLON", "XNYS"), 12 * 3_600 * 10**9) == (wanted.calendars, wanted.refresh_ns)
    assert (Closure.of("XLON 2026-12-09"), Closure.of("XLON 2026-12-10 08:00-12:30")) == wanted.closures
    assert (str(Path("bars").absolute()), "XKRX") == (wanted.bars_dir, wanted.symbol_calendars["BTC"])
    assert Asset(symbol="BTC", is_fractionable=True) in wanted.assets


@pytest.mark.parametrize("text", ["XNYS 2026-02-30", "XNYS 2026-12-10 13:00-09:30", "XNYS 2026-12-10 25:00-26:00"])
def test_a_closure_that_is_none_stops_the_start(text: str) -> None:
    """A day that does not exist would close nothing, silently."""
    with pytest.raises(ConfigError, match=r"refdata\.closures"):
        wanted_of(settings(EXECD_REFDATA__CLOSURES=text))
