"""The values of this room: rows of a calendar, assets, and what is cached of both with its date and source.

Frozen, and all of them can be saved. Days are ISO texts (they sort as days do), instants nanoseconds of UTC. Nothing
is fetched or read here; another kind of reference data is a class here, a request in `wire` and a file in `cache`.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Final, Self
from zoneinfo import ZoneInfo

import msgspec

from execd.core.daily import DailyValues
from execd.core.session_table import SessionTable, SessionWindow

S: Final = 1_000_000_000
HOUR_NS: Final = 3_600 * S
DAY_NS: Final = 86_400 * S
_CLOCK: Final = "((?:[01][0-9]|2[0-3]):[0-5][0-9])"
_CLOSURE: Final = re.compile(rf"([A-Z][A-Z0-9]{{0,11}}) ([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?: {_CLOCK}-{_CLOCK})?")


class SessionRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One session of a calendar: the trading date, [open, close), and whether it closes earlier than usual."""

    date: str
    open_ns: int
    close_ns: int
    is_early: bool = False


class Closure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the operator knows better than the library: a day without session, or one with these hours (local)."""

    calendar: str
    date: str
    opens: str = ""
    closes: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Read "XNYS 2026-12-09" (closed) or "XKRX 2026-11-19 10:00-16:30". Raises ValueError that says what to do."""
        found = _CLOSURE.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no closure; write XNYS 2026-12-09, or XNYS 2026-12-10 09:30-13:00")
        calendar, day, opens, closes = found.groups(default="")
        if opens and opens >= closes:
            raise ValueError(f"{text!r}: the session closes before it opens")
        return cls(calendar=calendar, date=date.fromisoformat(day).isoformat(), opens=opens, closes=closes)


class CalendarTable(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions of one calendar as `source` had them at `built_ns`, from one date to another, both included.

    `rows` are the library's; `sessions` are those with the operator's closures.
    """

    calendar: str
    zone: str
    source: str
    built_ns: int
    from_date: str
    to_date: str
    rows: tuple[SessionRow, ...]
    closures: tuple[Closure, ...] = ()

    @property
    def sessions(self) -> tuple[SessionRow, ...]:
        """The sessions in order, with the operator's closures put over the library's days."""
        days = {row.date: row for row in self.rows}
        for closure in self.closures:
            usual = days.pop(closure.date, None)
            if closure.opens and self.from_date <= closure.date <= self.to_date:
                days[closure.date] = _with_hours(closure, self.zone, usual)
        return tuple(days[day] for day in sorted(days))

    @property
    def table(self) -> SessionTable:
        """The same as the deciding rooms see it. Raises ValueError where two sessions overlap."""
        windows = (SessionWindow(open_ns=row.open_ns, close_ns=row.close_ns) for row in self.sessions)
        return SessionTable.of(self.calendar, windows)

    def days_left(self, now_ns: int) -> int:
        """Return how many days from today on are covered, today included; zero or less where today is not."""
        today = self.day_of(now_ns)
        if today < self.from_date:
            return 0
        return (date.fromisoformat(self.to_date) - date.fromisoformat(today)).days + 1

    def day_of(self, at_ns: int) -> str:
        """Return the date at the exchange at an instant."""
        return day_in(self.zone, at_ns)


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker says may be done with a symbol."""

    symbol: str
    name: str = ""
    is_tradable: bool = True
    is_shortable: bool = True
    is_fractionable: bool = False


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """The assets as `source` told them at `built_ns`."""

    source: str
    built_ns: int
    rows: tuple[Asset, ...] = ()


class DailyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Derived values of a symbol, and the files they were made from."""

    values: DailyValues
    source: str
    built_ns: int


class DailyTable(msgspec.Struct, frozen=True, kw_only=True):
    """The derived values by symbol; `refused` says by symbol why one has none (or still has its old ones).

    `built_ns` is the instant of the last look through the folder `source`.
    """

    source: str = ""
    built_ns: int = 0
    rows: dict[str, DailyRow] = {}
    refused: dict[str, str] = {}


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """How old one kind of reference data is. `built_ns` zero: there is none. `error`: why it is not newer."""

    what: str
    source: str
    built_ns: int
    is_due: bool
    error: str = ""
    covers_to: str = ""
    days_left: int | None = None
    """Days that are still covered, today included; None for what covers no days."""

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should know: it could not be refreshed, or does not cover today."""
        return bool(self.error) or (self.days_left is not None and self.days_left < 1)

    def complaint(self, now_ns: int) -> str:
        """Return what is wrong, and how old what is used instead is."""
        age = f"what is used is {(now_ns - self.built_ns) // HOUR_NS} h old" if self.built_ns else "there is none"
        covered = "" if self.days_left is None else f", covers {max(self.days_left, 0)} more days"
        return f"{self.what}: {age}{covered}: {self.error or 'today is not covered'}"


def day_in(zone: str, at_ns: int) -> str:
    """Return the date in a time zone at an instant."""
    return moment_in(zone, at_ns).date().isoformat()


def moment_in(zone: str, at_ns: int) -> datetime:
    """Return an instant, to the second, as people in a time zone see it."""
    return datetime.fromtimestamp(at_ns // S, UTC).astimezone(ZoneInfo(zone))


def _with_hours(closure: Closure, zone: str, usual: SessionRow | None) -> SessionRow:
    open_ns, close_ns = (_instant_ns(closure.date, clock, zone) for clock in (closure.opens, closure.closes))
    is_early = usual is not None and close_ns < usual.close_ns
    return SessionRow(date=closure.date, open_ns=open_ns, close_ns=close_ns, is_early=is_early)


def _instant_ns(day: str, clock: str, zone: str) -> int:
    moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * S
