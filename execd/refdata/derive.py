"""From the bar files of a symbol to its derived values. Runs in the worker.

The arithmetic is `core.daily`; here bars are cut into days by the calendar's sessions. Bars must be adjusted for
splits: nothing here can tell a split from a fall. Another derived value is computed there and filled in here.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from execd.core.daily import (
    ADV_DAYS,
    PROFILE_DAYS,
    PROFILE_DAYS_MIN,
    BarSpan,
    DailyValues,
    Statistic,
    average_daily_volume,
    average_true_range,
    bucket_volumes,
    usual_sessions,
    volume_profile,
)
from execd.core.market import Bar
from execd.core.session_table import SessionWindow
from execd.core.volatility import day_volatilities, volatility_norm
from execd.errors import RefDataError
from execd.refdata import bar_files
from execd.refdata.values import DAY_NS, SessionRow, day_in
from execd.refdata.wire import DailyFound, DailyWanted, SessionsFound, SessionsWanted

YEAR_NS: Final = 370 * DAY_NS
"""What lies before it changes Wilder's average by less than its last digit."""
PROFILE_WINDOW_DAYS: Final = 45
"""Twenty sessions lie within so many days, holidays and half days included; minutes before them are not read."""

SESSIONS_AHEAD_NS: Final = 12 * DAY_NS
"""Values are made anew each day; should that fail, the hours of the next days are known."""
SESSIONS_NEAR_NS: Final = 60 * DAY_NS
"""Bars that end earlier are those of another time: nobody trades by their calendar now."""

Calendar = Callable[[SessionsWanted], SessionsFound]


class NoBars(RefDataError):
    """There is no daily bar of this symbol before that instant."""


class FullDay(NamedTuple):
    """A session of the usual length, and its minute bars."""

    date: str
    window: SessionWindow
    bars: Sequence[Bar]


def daily(wanted: DailyWanted, calendar: Calendar) -> DailyFound:
    """Return the values from the bars that were over before `wanted.before_ns`. Raises NoBars and BadBars.

    Without daily bars, days are made from the minute bars of each session.
    """
    shapes = [_shape_of(text) for text in wanted.profiles]
    days_max = max(PROFILE_DAYS, *(days_n for days_n, _ in shapes))
    days, minutes, source = _bars(wanted, days_max)
    span_ns = window_ns(days_max)
    from_ns = minutes[-1].start_ns - span_ns if minutes and days else (minutes or days)[0].start_ns
    last_ns = max(bar.end_ns for bar in (*days[-1:], *minutes[-1:]))
    found = calendar(_sessions_around(wanted.calendar, from_ns, _ahead_ns(last_ns, wanted.before_ns)))
    days = days or days_from(minutes, found.rows)
    if not days:
        raise NoBars(f"{wanted.symbol} has no bar within a session of {wanted.calendar} in {wanted.bars_dir}")
    cut = full_days(minutes, found.rows, days_max)
    as_of_date = day_in(found.zone, days[-1].start_ns)
    values = DailyValues(
        symbol=wanted.symbol,
        as_of_date=as_of_date,
        prev_close_px=days[-1].close_px,
        adv_qty=average_daily_volume(days),
        adv_source=f"bars {as_of_date}" if len(days) >= ADV_DAYS else "",
        atr_px=average_true_range(days),
        sessions=_near(found.rows, wanted.before_ns, last_ns),
    )
    return DailyFound(values=_with_shapes(values, cut, shapes), source=source)


def _with_shapes(values: DailyValues, cut: Sequence[FullDay], shapes: Sequence[tuple[int, Statistic]]) -> DailyValues:
    """Return values with what the minutes of full days say: profiles of a day's volume, and its usual volatility."""
    norms = [day_volatilities(day.bars, day.window) for day in cut[:PROFILE_DAYS]]
    values = replace(values, volatility_norm=volatility_norm(norms) if len(norms) >= PROFILE_DAYS_MIN else ())
    others: dict[str, tuple[Decimal, ...]] = {}
    for n, (days_n, statistic) in enumerate(shapes):
        used = cut[:days_n]
        if len(used) < PROFILE_DAYS_MIN:
            continue
        profile = volume_profile([bucket_volumes(day.bars, day.window) for day in used], statistic)
        if n:
            others[f"{days_n} {statistic}"] = profile
            continue
        values = replace(
            values,
            profile=profile,
            profile_days=days_n,
            profile_days_n=len(used),
            profile_date=used[0].date,
            profile_statistic=statistic,
            profile_source=f"bars {used[0].date}" if profile else "",
        )
    return replace(values, other_profiles=others)


def full_days(minutes: Sequence[Bar], rows: Sequence[SessionRow], days_max: int) -> list[FullDay]:
    """Return the last full sessions that have minute bars, the latest first."""
    dates = {row.open_ns: row.date for row in rows}
    usual = usual_sessions([_window(row) for row in rows], [row.open_ns for row in rows if row.is_early])
    cut = (FullDay(dates[window.open_ns], window, _within(minutes, window)) for window in reversed(usual))
    return list(islice((day for day in cut if day.bars), days_max))


def window_ns(days_n: int) -> int:
    """Return how long ago so many sessions may have been: seven days hold five, and holidays and half days fewer."""
    return max(PROFILE_WINDOW_DAYS, days_n * 2 + 5) * DAY_NS


def days_from(minutes: Sequence[Bar], rows: Sequence[SessionRow]) -> list[Bar]:
    """Return a daily bar, from open to close, for each session that has minute bars."""
    cut = ((window, _within(minutes, window)) for window in map(_window, rows))
    return [
        Bar(
            symbol=bars[0].symbol,
            start_ns=window.open_ns,
            end_ns=window.close_ns,
            open_px=bars[0].open_px,
            high_px=max(bar.high_px for bar in bars),
            low_px=min(bar.low_px for bar in bars),
            close_px=bars[-1].close_px,
            volume=sum((bar.volume for bar in bars), Decimal(0)),
        )
        for window, bars in cut
        if bars
    ]


def _bars(wanted: DailyWanted, days_max: int) -> tuple[list[Bar], list[Bar], str]:
    """Return the last year of daily and of minute bars that were over in time, and their files."""
    folder, symbol = Path(wanted.bars_dir), wanted.symbol
    daily_files = bar_files.files_of(folder, symbol, BarSpan.DAILY)
    minute_files = bar_files.files_of(folder, symbol, BarSpan.MINUTE)
    days = _last(daily_files, symbol, BarSpan.DAILY, to_ns=wanted.before_ns, span_ns=YEAR_NS)
    minutes_ns = window_ns(days_max) if days else YEAR_NS
    minutes = _last(minute_files, symbol, BarSpan.MINUTE, to_ns=wanted.before_ns, span_ns=minutes_ns)
    if not days and not minutes:
        raise NoBars(f"{symbol} has no bar before {wanted.before_ns} in {folder}")
    return days, minutes, ", ".join(f"{file.parent.name}/{file.name}" for file in (*daily_files, *minute_files))


def _last(files: Sequence[Path], symbol: str, span: BarSpan, *, to_ns: int, span_ns: int) -> list[Bar]:
    """Return the bars that were over at `to_ns`, of so long before it; of files that end earlier, before their end."""
    recent = bar_files.read(files, symbol, span, from_ns=max(0, to_ns - span_ns), to_ns=to_ns)
    if recent:
        return recent
    bars = bar_files.read(files, symbol, span, to_ns=to_ns)
    return [bar for bar in bars if bar.start_ns > bars[-1].start_ns - span_ns]


def _within(minutes: Sequence[Bar], window: SessionWindow) -> Sequence[Bar]:
    first, end = (bisect_left(minutes, at_ns, key=_start_ns) for at_ns in (window.open_ns, window.close_ns))
    return minutes[first:end]


def _start_ns(bar: Bar) -> int:
    return bar.start_ns


def _window(row: SessionRow) -> SessionWindow:
    return SessionWindow(open_ns=row.open_ns, close_ns=row.close_ns)


def _sessions_around(calendar: str, from_ns: int, to_ns: int) -> SessionsWanted:
    return SessionsWanted(calendar=calendar, from_date=day_in("UTC", from_ns), to_date=day_in("UTC", to_ns + DAY_NS))


def _ahead_ns(last_ns: int, before_ns: int) -> int:
    """Return until when sessions are wanted: some days from then on, where then is near the bars."""
    return max(last_ns, before_ns + SESSIONS_AHEAD_NS) if before_ns - last_ns < SESSIONS_NEAR_NS else last_ns


def _near(rows: Sequence[SessionRow], before_ns: int, last_ns: int) -> tuple[SessionWindow, ...]:
    """Return the sessions that are not over at `before_ns`, and none where the bars are of another time."""
    if before_ns - last_ns >= SESSIONS_NEAR_NS:
        return ()
    return tuple(_window(row) for row in rows if before_ns < row.close_ns <= before_ns + SESSIONS_AHEAD_NS)


def _shape_of(text: str) -> tuple[int, Statistic]:
    days, _, statistic = text.partition(" ")
    return int(days), Statistic(statistic)
