"""Sessions from exchange-calendars. Only the worker imports this file: it brings pandas.

The library's own table ends a year after the day it is built, so both ends are always asked for. It knows holidays and
half days by rule and by its release; a closure that was announced later comes from the operator (`values.Closure`).
"""

from typing import Any, Final

import exchange_calendars  # type: ignore[import-untyped]  # The library has no types.

from execd.errors import RefDataError
from execd.refdata.values import SessionRow
from execd.refdata.wire import SessionsFound, SessionsWanted

NAMES: Final = ("XNYS", "XNAS", "XLON", "XETR", "CMES", "XKRX")
"""Tried and tested; any other name that the library knows works, too."""


def sessions(wanted: SessionsWanted) -> SessionsFound:
    """Return the sessions of a calendar. Raises RefDataError where the library has no such calendar or no such days."""
    try:
        calendar: Any = exchange_calendars.get_calendar(wanted.calendar, start=wanted.from_date, end=wanted.to_date)
    except exchange_calendars.errors.CalendarError as error:
        raise RefDataError(f"{error}; known are {', '.join(NAMES)}") from error
    except ValueError as error:
        # What it says of days beyond those it has rules for.
        raise RefDataError(f"{wanted.calendar} from {wanted.from_date} to {wanted.to_date}: {error}") from error
    early = frozenset(calendar.early_closes)
    schedule = calendar.schedule
    opens_ns, closes_ns = schedule["open"].array.asi8, schedule["close"].array.asi8
    return SessionsFound(
        rows=tuple(
            SessionRow(date=day.date().isoformat(), open_ns=int(open_ns), close_ns=int(close_ns), is_early=day in early)
            for day, open_ns, close_ns in zip(schedule.index, opens_ns, closes_ns, strict=True)
        ),
        zone=str(calendar.tz.key),
        source=f"exchange-calendars {exchange_calendars.__version__}",
    )
