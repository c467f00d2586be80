"""Reference data in the daemon, joined: what is wanted by the configuration, the session it trades by, who is told.

The part of the composition root that knows `refdata`; `app.py` says when it begins. Under `session.kind: calendar`
nothing trades by guesswork: without a table that covers today the daemon does not start, and a table that ends closes
the market. What is cached, and how it is made, is in `execd/refdata`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from execd.config.fields import SessionKind
from execd.config.settings import Settings, ns_of_s
from execd.core.events import RulesChanged, TroubleReported
from execd.core.rules import Rules
from execd.core.session_table import SessionTable
from execd.core.shown import ReferenceReceived
from execd.errors import ConfigError
from execd.ports import Clock, History
from execd.refdata.client import Worker
from execd.refdata.service import DAYS_LEFT_MIN, RefData, Wanted
from execd.refdata.task import RefDataTask
from execd.refdata.values import Asset, Closure
from execd.runtime.paths import StatePaths
from execd.runtime.pump import Pump
from execd.runtime.supervisor import Supervisor

CAUSE: Final = "refdata"
Able = Callable[[Rules, Settings], Rules]
DAILY: Final = "daily"
DAYS_A_TELLING: Final = 50
"""Symbols of one event; what is told again must not keep orders waiting."""


class Reference:
    """The reference data of one daemon, and the rules that depend on it."""

    def __init__(self, settings: Settings, refdata: RefData, clock: Clock, able: Able) -> None:
        """Take what `open` made; `able` puts in what the adapters can do."""
        self._able = able
        self.refdata = refdata
        self.history: History = refdata
        self._hours = settings.session
        self._clock = clock
        self._traded_by: SessionTable | None = None
        """The table that the engine has."""

    @classmethod
    async def open(
        cls, settings: Settings, paths: StatePaths, clock: Clock, able: Able, worker: Worker | None = None
    ) -> Self:
        """Read what is cached; fetch the calendar that is traded by where it does not cover today.

        Raises ConfigError where it cannot be had: whoever trades by a calendar does not trade without it.
        """
        self = cls(settings, RefData.open(paths.refdata, wanted_of(settings), worker), clock, able)
        if self._is_traded_by and self._days_left() < 1:
            await self.refdata.refresh(clock.now_ns(), self._what)
            await self.refdata.close()
            if self._days_left() < 1:
                now_ns = clock.now_ns()
                told = next(row.complaint(now_ns) for row in self.refdata.freshness(now_ns) if row.what == self._what)
                raise ConfigError(f"session.kind is calendar, and that cannot be had: {told}")
        return self

    def rules(self, settings: Settings) -> Rules:
        """Return what the engine is told: the configuration, and the sessions that are known now."""
        known = self.refdata.calendar(self._hours.calendar)
        self._traded_by = None if known is None else known.table
        return self._able(settings.to_rules(self._traded_by), settings)

    def start(self, supervisor: Supervisor, pump: Pump, settings: Callable[[], Settings]) -> None:
        """Refresh what is due, as an edge: trading does not wait for it. `settings` are those in force."""

        def on_changed(what: list[str]) -> None:
            if DAILY in what:
                for told in self.days():
                    pump.post(told)
            known = self.refdata.calendar(self._hours.calendar)
            if self._is_traded_by and known is not None and known.table != self._traded_by:
                pump.post(RulesChanged(now_ns=self._clock.now_ns(), rules=self.rules(settings())))

        task = RefDataTask(
            refdata=self.refdata,
            clock=self._clock,
            tell=lambda text, is_over: pump.post(self._trouble(text, is_over=is_over)),
            on_changed=on_changed,
        )
        supervisor.edge(CAUSE, task.run, task.announce)

    def days(self) -> tuple[ReferenceReceived, ...]:
        """Return what is known of past days as the engine is told it: in parts, for a turn takes many events."""
        days, now_ns = self.refdata.days(), self._clock.now_ns()
        parts = (days[at : at + DAYS_A_TELLING] for at in range(0, len(days), DAYS_A_TELLING))
        return tuple(ReferenceReceived(now_ns=now_ns, days=part) for part in parts)

    def status(self) -> list[dict[str, Any]]:
        """Return how old everything is, for `execd status`."""
        now_ns = self._clock.now_ns()
        return [
            {
                "what": row.what,
                "source": row.source,
                "age_s": None if row.built_ns == 0 else (now_ns - row.built_ns) // 1_000_000_000,
                "days_left": row.days_left,
                "error": row.complaint(now_ns) if row.is_trouble else "",
            }
            for row in self.refdata.freshness(now_ns)
        ]

    @property
    def _is_traded_by(self) -> bool:
        return self._hours.kind is SessionKind.CALENDAR

    @property
    def _what(self) -> str:
        return f"calendar {self._hours.calendar}"

    def _days_left(self) -> int:
        known = self.refdata.calendar(self._hours.calendar)
        return 0 if known is None else known.days_left(self._clock.now_ns())

    def _trouble(self, text: str, *, is_over: bool) -> TroubleReported:
        # An old table is right for a year, but for what was announced since; one that ends closes the market.
        is_near = self._is_traded_by and self._days_left() < DAYS_LEFT_MIN
        return TroubleReported(
            now_ns=self._clock.now_ns(),
            cause=CAUSE,
            text=text,
            is_over=is_over,
            is_halting=False,
            severity="critical" if is_near else "warning",
        )


def wanted_of(settings: Settings) -> Wanted:
    """Return what is kept for a configuration. Raises ConfigError for a closure that is none."""
    refdata, hours = settings.refdata, settings.session
    traded_by = (hours.calendar,) if hours.kind is SessionKind.CALENDAR else ()
    try:
        closures = tuple(Closure.of(text) for text in refdata.closures)
    except ValueError as error:
        raise ConfigError(f"refdata.closures: {error}") from None
    instruments = {symbol: part.to_instrument(symbol) for symbol, part in settings.instruments.items()}
    return Wanted(
        # The one that is traded by comes first, whatever else is kept.
        calendars=tuple(dict.fromkeys((*traded_by, *refdata.calendars))),
        closures=closures,
        bars_dir=str(Path(refdata.bars_dir).expanduser().absolute()) if refdata.bars_dir else "",
        refresh_ns=ns_of_s(refdata.refresh_h * 3_600),
        days_back=refdata.days_back,
        days_ahead=refdata.days_ahead,
        assets=tuple(
            Asset(symbol=symbol, is_fractionable=instrument.qty_step < 1) for symbol, instrument in instruments.items()
        ),
        assets_source=settings.instruments_file,
        profiles=refdata.profiles,
        symbol_calendars={symbol: instrument.calendar for symbol, instrument in instruments.items()},
    )
