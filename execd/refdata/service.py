"""Reference data as the daemon asks for it: what is cached at once, what is old refreshed in the worker.

A refresh that fails keeps what there was, says so once, and is tried again later; nothing here ever stops the daemon.
It decides nothing: whether a day without a table is a reason not to trade is said where the table is used. Another
kind of reference data is a row in `freshness` and a case in `_made`.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import structlog

from execd.core.daily import BarSpan, DailyValues
from execd.core.market import Bar
from execd.errors import RefDataError
from execd.refdata.cache import Cache, Kept
from execd.refdata.client import NoAnswer, Worker
from execd.refdata.values import (
    HOUR_NS,
    Asset,
    Assets,
    CalendarTable,
    Closure,
    DailyRow,
    DailyTable,
    Freshness,
    S,
    SessionRow,
    day_in,
)
from execd.refdata.wire import (
    BarsFound,
    BarsWanted,
    DailyFound,
    DailyWanted,
    SessionsFound,
    SessionsWanted,
    SymbolsFound,
    SymbolsWanted,
)

RETRY_NS: Final = 900 * S
"""After a failure the same thing is not tried again sooner."""
DAYS_LEFT_MIN: Final = 7
"""A calendar that covers fewer days than this is due, whatever its age."""
HISTORY_MAX: Final = 20_000
"""Bars of one answer to the daemon: 50 sessions of minutes."""
WORKER_FAILURES_MAX: Final = 3
"""So many symbols may each hang or kill the worker; then the others wait for the next refresh."""
_FILES_AT_FAULT: Final = ("bad_bars", "no_bars")

log = structlog.get_logger("execd.refdata")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept and how fresh. `bars_dir` empty: no history. `assets`: what the broker's adapter says, if anything.

    `symbol_calendars` names the calendar of the symbols that are not on `usual_calendar`.
    """

    calendars: tuple[str, ...] = ("XNYS",)
    closures: tuple[Closure, ...] = ()
    bars_dir: str = ""
    refresh_ns: int = 24 * HOUR_NS
    days_back: int = 30
    days_ahead: int = 400
    assets: tuple[Asset, ...] = ()
    assets_source: str = "instruments.yaml"
    usual_calendar: str = "XNYS"
    symbol_calendars: Mapping[str, str] = {}
    profiles: tuple[str, ...] = ("20 median",)


class RefData:
    """Calendars, derived values, assets and history of one daemon. `open` is the way to one."""

    def __init__(self, cache: Cache, wanted: Wanted, worker: Worker) -> None:
        self.wanted = wanted
        self._cache = cache
        self._worker = worker
        self._calendars: dict[str, CalendarTable] = {}
        self._daily = DailyTable()
        self._assets: Assets | None = None
        self._errors: dict[str, str] = {}
        self._tried_ns: dict[str, int] = {}
        self._turn = asyncio.Lock()

    @classmethod
    def open(cls, folder: Path, wanted: Wanted, worker: Worker | None = None) -> "RefData":
        """Read what is cached in `folder`; no process is started. A file that cannot be used counts as absent."""
        self = cls(Cache(folder), wanted, worker or Worker())
        for name in wanted.calendars:
            table = self._cached(f"calendar {name}", partial(self._cached_calendar, name))
            if table is not None:
                self._calendars[name] = table
        self._daily = self._cached("daily", self._cache.daily) or DailyTable()
        self._assets = self._cached("assets", self._cache.assets)
        return self

    def calendar(self, name: str) -> CalendarTable | None:
        """Return a calendar as it is known now; None where it never could be had."""
        return self._calendars.get(name)

    def sessions(self, calendar: str, from_date: str, to_date: str) -> tuple[SessionRow, ...]:
        """Return the known sessions of a calendar, both dates included; none where nothing is known."""
        table = self._calendars.get(calendar)
        return () if table is None else tuple(row for row in table.sessions if from_date <= row.date <= to_date)

    def daily(self, symbol: str) -> DailyRow | None:
        """Return the derived values of a symbol, with their date."""
        return self._daily.rows.get(symbol)

    def days(self) -> tuple[DailyValues, ...]:
        """Return the derived values of every symbol that has some."""
        return tuple(row.values for row in self._daily.rows.values())

    def assets(self) -> tuple[Asset, ...]:
        """Return what is known to be tradable."""
        return () if self._assets is None else self._assets.rows

    async def bars(self, symbol: str, span: BarSpan, from_ns: int, to_ns: int) -> list[Bar]:
        """Return the bars that lie in [from_ns, to_ns), begun and over, at most HISTORY_MAX; none without a folder.

        Raises RefDataError where files are bad or the worker does not answer.
        """
        bars: list[Bar] = []
        while self.wanted.bars_dir and len(bars) < HISTORY_MAX:
            asked = BarsWanted(bars_dir=self.wanted.bars_dir, symbol=symbol, span=span, from_ns=from_ns, to_ns=to_ns)
            found = await self._worker.ask(asked)
            assert isinstance(found, BarsFound)
            bars += found.bars
            if not found.is_cut:
                break
            from_ns = found.bars[-1].end_ns
        return bars[:HISTORY_MAX]

    def freshness(self, now_ns: int) -> tuple[Freshness, ...]:
        """Return how old everything is that should be there."""
        rows = [self._freshness_of(name, now_ns) for name in self.wanted.calendars]
        if self.wanted.bars_dir:
            known_ns = self._daily.built_ns if self._daily.source == self.wanted.bars_dir else 0
            rows.append(self._row("daily", self.wanted.bars_dir, known_ns, now_ns))
        if self.wanted.assets:
            known = self._assets
            known_ns = 0 if known is None or known.rows != self.wanted.assets else known.built_ns
            rows.append(self._row("assets", self.wanted.assets_source, known_ns, now_ns))
        return tuple(rows)

    async def refresh(self, now_ns: int, only: str = "") -> list[str]:
        """Make everything anew that is due, or `only` one thing of it; return what is new.

        Failures are in `freshness`.
        """
        changed = []
        async with self._turn:
            for row in self.freshness(now_ns):
                is_meant = only in {"", row.what} and row.is_due
                if is_meant and now_ns - self._tried_ns.get(row.what, -RETRY_NS) >= RETRY_NS:
                    self._tried_ns[row.what] = now_ns
                    before_ns = self._daily.built_ns
                    is_made = await self._made(row.what, now_ns)
                    # A symbol with bad files does not keep the others from being new.
                    if is_made or self._daily.built_ns != before_ns:
                        changed.append(row.what)
        return changed

    async def close(self) -> None:
        """End the worker."""
        await self._worker.close()

    async def _made(self, what: str, now_ns: int) -> bool:
        """Make one kind anew; whether that was possible."""
        try:
            match what.partition(" "):
                case ("calendar", _, name):
                    await self._make_calendar(name, now_ns)
                case ("daily", _, _):
                    await self._make_daily(now_ns)
                case _:
                    await self._make_assets(now_ns)
        except RefDataError as error:
            self._errors[what] = str(error)
            log.warning("refdata_not_refreshed", what=what, text=str(error))
            return False
        self._errors.pop(what, None)
        log.info("refdata_refreshed", what=what)
        return True

    async def _make_calendar(self, name: str, now_ns: int) -> None:
        # The day at the exchange may be one ahead of or behind UTC's; a day more on both sides costs nothing.
        today = date.fromisoformat(day_in("UTC", now_ns))
        wanted = SessionsWanted(
            calendar=name,
            from_date=(today - timedelta(days=self.wanted.days_back + 1)).isoformat(),
            to_date=(today + timedelta(days=self.wanted.days_ahead + 1)).isoformat(),
        )
        found = await self._worker.ask(wanted)
        assert isinstance(found, SessionsFound)
        table = CalendarTable(
            calendar=name,
            zone=found.zone,
            source=found.source,
            built_ns=now_ns,
            from_date=wanted.from_date,
            to_date=wanted.to_date,
            rows=found.rows,
            closures=_of(name, self.wanted.closures),
        )
        self._calendars[name] = _checked(table)
        await asyncio.to_thread(self._cache.keep, table)

    async def _make_daily(self, now_ns: int) -> None:
        """Derive the values of every symbol with bars; one with bad files keeps its old values, and is named."""
        listed = await self._worker.ask(SymbolsWanted(bars_dir=self.wanted.bars_dir))
        assert isinstance(listed, SymbolsFound)
        rows, refused, failures_n = dict(self._daily.rows), {}, 0
        for symbol in listed.symbols:
            try:
                rows[symbol] = await self._daily_of(symbol, now_ns)
            except NoAnswer as error:
                refused[symbol] = str(error)
                failures_n += error.code not in _FILES_AT_FAULT
                if failures_n == WORKER_FAILURES_MAX:
                    break
        rows = {symbol: rows[symbol] for symbol in listed.symbols if symbol in rows}
        self._daily = DailyTable(source=self.wanted.bars_dir, built_ns=now_ns, rows=rows, refused=refused)
        await asyncio.to_thread(self._cache.keep, self._daily)
        if refused:
            first, text = next(iter(refused.items()))
            raise RefDataError(f"{len(refused)} of {len(listed.symbols)} symbols refused; {first}: {text}")
        if listed.is_cut:
            raise RefDataError(f"{self.wanted.bars_dir} has more symbols than the {len(rows)} that are read")

    async def _daily_of(self, symbol: str, now_ns: int) -> DailyRow:
        calendar = self.wanted.symbol_calendars.get(symbol, self.wanted.usual_calendar)
        asked = DailyWanted(
            bars_dir=self.wanted.bars_dir,
            symbol=symbol,
            calendar=calendar,
            before_ns=now_ns,
            profiles=self.wanted.profiles,
        )
        found = await self._worker.ask(asked)
        assert isinstance(found, DailyFound)
        return DailyRow(values=found.values, source=found.source, built_ns=now_ns)

    async def _make_assets(self, now_ns: int) -> None:
        self._assets = Assets(source=self.wanted.assets_source, built_ns=now_ns, rows=self.wanted.assets)
        await asyncio.to_thread(self._cache.keep, self._assets)

    def _cached_calendar(self, name: str) -> CalendarTable | None:
        table = self._cache.calendar(name)
        closures = _of(name, self.wanted.closures)
        return None if table is None else _checked(msgspec.structs.replace(table, closures=closures))

    def _cached(self, what: str, read: Callable[[], Kept | None]) -> Kept | None:
        try:
            return read()
        except RefDataError as error:
            self._errors[what] = str(error)
            log.warning("refdata_cache_not_used", what=what, text=str(error))
            return None

    def _freshness_of(self, name: str, now_ns: int) -> Freshness:
        table = self._calendars.get(name)
        if table is None:
            return self._row(f"calendar {name}", "", 0, now_ns)
        row = self._row(f"calendar {name}", table.source, table.built_ns, now_ns)
        left = table.days_left(now_ns)
        is_due = row.is_due or left < min(DAYS_LEFT_MIN, self.wanted.days_ahead)
        return msgspec.structs.replace(row, is_due=is_due, covers_to=table.to_date, days_left=left)

    def _row(self, what: str, source: str, built_ns: int, now_ns: int) -> Freshness:
        is_due = built_ns == 0 or now_ns - built_ns >= self.wanted.refresh_ns
        error = self._errors.get(what, "")
        return Freshness(what=what, source=source, built_ns=built_ns, is_due=is_due, error=error)


def _of(calendar: str, closures: tuple[Closure, ...]) -> tuple[Closure, ...]:
    return tuple(closure for closure in closures if closure.calendar == calendar)


def _checked(table: CalendarTable) -> CalendarTable:
    """Return a table that can be used. Raises RefDataError for one without sessions, or with two that overlap."""
    try:
        if not table.table.opens_ns:
            raise RefDataError(
                f"the calendar {table.calendar} has no session from {table.from_date} to {table.to_date}"
            )
    except ValueError as error:
        raise RefDataError(f"{error}; look at the closures in the configuration") from error
    return table
