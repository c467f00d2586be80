"""When a market trades, as a value that answers for any instant.

`always_open` for the simulated venue, the same hours each weekday in one time
zone, or a table made from a calendar with holidays and half days.
The one place in core that knows dates; it is given instants and asks no clock.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from execd.core.session_table import SessionTable, SessionWindow

NEW_YORK: Final = "America/New_York"
_NS: Final = 1_000_000_000
_SATURDAY: Final = 5
_DAYS_LOOKED_AHEAD_MAX: Final = 8
"""A week and a day always holds a weekday."""


class AlwaysOpen(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A market that never closes."""

    def is_open(self, now_ns: int) -> bool:
        """Whether orders trade at `now_ns`: always."""
        return now_ns >= 0

    def window(self, now_ns: int) -> SessionWindow | None:
        """Return the session in progress or the next one; None where there is no close."""
        del now_ns
        return None


class SimpleHours(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The same hours every Monday to Friday; `opens` and `closes` are minutes after midnight in `zone`."""

    zone: str = NEW_YORK
    opens_min: int = 570
    closes_min: int = 960

    def is_open(self, now_ns: int) -> bool:
        """Whether orders trade at `now_ns`."""
        window = self.window(now_ns)
        return window.open_ns <= now_ns

    def window(self, now_ns: int) -> SessionWindow:
        """Return the session in progress at `now_ns`, else the next one."""
        zone = ZoneInfo(self.zone)
        day = datetime.fromtimestamp(now_ns // _NS, UTC).astimezone(zone).date()
        for ahead in range(_DAYS_LOOKED_AHEAD_MAX):
            that_day = day + timedelta(days=ahead)
            close_ns = _instant_ns(that_day, self.closes_min, zone)
            if that_day.weekday() < _SATURDAY and now_ns < close_ns:
                return SessionWindow(open_ns=_instant_ns(that_day, self.opens_min, zone), close_ns=close_ns)
        message = f"no session within {_DAYS_LOOKED_AHEAD_MAX} days of {now_ns}"
        raise AssertionError(message)


Session = AlwaysOpen | SimpleHours | SessionTable


def exchange_instant_ns(now_ns: int, *, seconds_of_day: int, zone: str) -> int:
    """Return the instant of a wall time (seconds after midnight) on the day that `now_ns` falls on in `zone`."""
    tz = ZoneInfo(zone)
    day = datetime.fromtimestamp(now_ns // _NS, UTC).astimezone(tz).date()
    minutes, seconds = divmod(seconds_of_day, 60)
    return _instant_ns(day, minutes, tz) + seconds * _NS


def in_new_york(at_ns: int) -> str:
    """Return an instant as people read it: date and time in New York."""
    return f"{datetime.fromtimestamp(at_ns // _NS, UTC).astimezone(ZoneInfo(NEW_YORK)):%Y-%m-%d %H:%M:%S} New York"


def _instant_ns(day: date, minutes: int, zone: ZoneInfo) -> int:
    hours, rest = divmod(minutes, 60)
    moment = datetime.combine(day, time(hours, rest), tzinfo=zone)
    return int(moment.timestamp()) * _NS
