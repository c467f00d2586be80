"""The whole configuration, and the way from there to the engine's rules.

A key in YAML, its field, its environment variable, its log key and its metric share one name; the unit is its last
word. Values arrive as text and are read by the field's own rule (`fields`), so YAML's surprises cannot happen.
Reading files and the environment is in `loader`; the keys of each section are in `sections_*`, shipped presets in
`presets`.
"""

import hashlib
import json
from decimal import Decimal
from typing import Final, Self, assert_never

from pydantic import BaseModel, model_validator

from execd.config.fields import Adapter, External, Mode, ModeWord, Name, SessionKind, Symbol, Text
from execd.config.fields_preset import Method
from execd.config.plain import plain
from execd.config.presets import overlaid, own_parameters, shipped
from execd.config.section import STRICT
from execd.config.sections_preset import PresetSettings
from execd.config.sections_running import (
    Alerts,
    ClockRules,
    Control,
    Inbox,
    Journal,
    KillSwitch,
    Logging,
    OutboxRules,
    Process,
    Surface,
)
from execd.config.sections_trading import (
    SIM_LIMITS,
    Account,
    ClassDefaults,
    Execution,
    InstrumentSettings,
    Limits,
    Reconcile,
    Risk,
    SessionHours,
    SleeveDefaults,
    Throttle,
    minutes_of,
)
from execd.config.sections_venue import MarketData, RefData, Sim, Streams
from execd.config.strict_text import refusal
from execd.core import rules as core_rules
from execd.core.daily import profile_problem
from execd.core.enums import Horizon
from execd.core.preset import Preset
from execd.core.rules import Rules
from execd.core.session import AlwaysOpen, Session, SimpleHours
from execd.core.session_table import SessionTable

_MS: Final = 1_000_000
_S: Final = 1_000_000_000


def ns_of_s(span_s: Decimal) -> int:
    """Return seconds as nanoseconds."""
    return int(span_s * _S)


def ns_of_h(span_h: Decimal) -> int:
    """Return hours as nanoseconds."""
    return int(span_h * 3_600 * _S)


def ns_of_ms(span_ms: Decimal) -> int:
    """Return milliseconds as nanoseconds."""
    return int(span_ms * _MS)


class Settings(BaseModel):
    """The whole configuration. Made by `loader.load`, which merges files and environment and hands them in."""

    model_config = STRICT

    mode: ModeWord = Mode.TRADE
    """trade, or observe: plans and reports as always, and sends nothing."""
    secrets_dir: Text = ""
    """A directory of secret files; empty: CREDENTIALS_DIRECTORY, else /run/secrets where it exists."""
    accounts: dict[Name, Account] = {"sim": Account(adapter=Adapter.SIM, limits=SIM_LIMITS)}
    execution: Execution = Execution()
    throttle: Throttle = Throttle()
    reconcile: Reconcile = Reconcile()
    risk: Risk = Risk()
    session: SessionHours = SessionHours()
    sim: Sim = Sim()
    market_data: MarketData = MarketData()
    streams: Streams = Streams()
    refdata: RefData = RefData()
    journal: Journal = Journal()
    process: Process = Process()
    kill: KillSwitch = KillSwitch()
    clock: ClockRules = ClockRules()
    inbox: Inbox = Inbox()
    outbox: OutboxRules = OutboxRules()
    alerts: Alerts = Alerts()
    control: Control = Control()
    surface: Surface = Surface()
    logging: Logging = Logging()
    sleeves: dict[Name, SleeveDefaults] = {}
    presets: dict[Name, PresetSettings] = {}
    instruments_file: Text = "instruments.yaml"
    """Beside this file; what is not listed there is an ordinary US share."""
    class_defaults: ClassDefaults = ClassDefaults()
    instruments: dict[Symbol, InstrumentSettings] = {}

    @model_validator(mode="after")
    def _has_an_account(self) -> Self:
        if not self.accounts:
            raise refusal("missing_field", "at least one account is needed", field="accounts")
        return self

    @model_validator(mode="after")
    def _tells_accounts_apart(self) -> Self:
        """Refuse two accounts whose names differ by case alone: a variable of the environment could mean either."""
        seen: dict[str, str] = {}
        for name in self.accounts:
            other = seen.setdefault(name.lower(), name)
            if other != name:
                text = f"accounts {other} and {name} differ by upper and lower case alone; rename one of them"
                raise refusal("bad_value", text, field="accounts")
        return self

    @model_validator(mode="after")
    def _has_its_presets(self) -> Self:
        """Put the shipped presets that are named beside those that were given: what is in force can all be seen."""
        named = (self.execution.preset, *(sleeve.preset for sleeve in self.sleeves.values() if sleeve.preset))
        missing = {name: shipped(name) for name in named if name not in self.presets}
        if missing:
            object.__setattr__(self, "presets", {**self.presets, **missing})
        return self

    @model_validator(mode="after")
    def _learns_what_its_presets_need(self) -> Self:
        """Refuse a preset that cuts by a volume profile which reference data does not learn."""
        learned = self.refdata.profiles
        if not learned:
            text = "at least one is needed, such as 20 median; leave the key out for the usual ones"
            raise refusal("missing_field", text, field="refdata.profiles")
        for name, preset in self.presets.items():
            slicing = preset.slicing
            if slicing.enabled and slicing.method is Method.VWAP:
                problem = profile_problem(slicing.profile_days, None, learned)
                if problem:
                    raise refusal("not_learned", problem, field=f"presets.{name}.slicing.profile_days")
        return self

    @property
    def default_account(self) -> str | None:
        """The only account, which an intent need not name; None where there are several."""
        return next(iter(self.accounts)) if len(self.accounts) == 1 else None

    @property
    def horizons(self) -> dict[str, Horizon]:
        """The horizon of each strategy whose intents do not say it."""
        return {strategy: sleeve.horizon for strategy, sleeve in self.sleeves.items()}

    def preset_named(self, name: str) -> Preset:
        """Return a preset that is in force, with what the section `execution` says in its place."""
        return overlaid(self.presets[name].to_preset(name), self.execution)

    def digest(self) -> str:
        """Return a name of what is in force: the sha256 of every value, secrets masked, in hexadecimal."""
        # Of the instruments counts what they are, not which file said it.
        text = json.dumps(
            plain(self.model_copy(update={"instruments_file": ""})), sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def to_rules(self, table: SessionTable | None = None) -> Rules:
        """Return what the engine is told, but for what its adapters can do (`markets.able`).

        `table` has the sessions of `session.calendar`; without it that is closed.
        """
        return Rules(
            limits={name: _limits(account.limits) for name, account in self.accounts.items()},
            throttle=core_rules.Throttle(
                burst=self.throttle.burst,
                per_min=self.throttle.per_min,
                window_max=self.throttle.window_max,
                window_ns=ns_of_s(self.throttle.window_s),
                requests_max=self.throttle.requests_max,
                cancel_reserve=self.throttle.cancel_reserve,
            ),
            execution=_execution(self.execution),
            preset=self.preset_named(self.execution.preset),
            sleeve_presets={
                strategy: self.preset_named(sleeve.preset) for strategy, sleeve in self.sleeves.items() if sleeve.preset
            },
            session=_session(self.session, table),
            instruments={symbol: part.to_instrument(symbol) for symbol, part in self.instruments.items()},
            reconcile=core_rules.Reconcile(
                every_ns=ns_of_s(self.reconcile.every_s),
                stale_ns=ns_of_s(self.reconcile.stale_s),
                halts_on_external=self.reconcile.external is External.HALT,
            ),
            strategies=tuple(self.sleeves),
            rejects_max=self.risk.rejects_max,
            is_observing=self.mode is Mode.OBSERVE,
            duplicate_window_ns=ns_of_s(self.risk.duplicate_window_s),
            memory_ns=ns_of_h(self.journal.memory_h),
            memory_parents_max=self.journal.memory_parents_max,
            usual={symbol: part.usual.to_usual() for symbol, part in self.instruments.items()},
            class_usual=self.class_defaults.to_usual(),
            partial_volume_scale=self.market_data.partial_volume_scale or None,
        )


def _limits(limits: Limits) -> core_rules.Limits:
    return core_rules.Limits(
        order_qty_max=limits.order_qty_max,
        order_notional_max=limits.order_notional_usd_max,
        price_collar_ratio=limits.price_collar_ratio,
        open_orders_max=limits.open_orders_max,
    )


def _execution(execution: Execution) -> core_rules.Execution:
    return core_rules.Execution(
        is_smart=execution.enable_smart_execution,
        own=own_parameters(execution),
        partial_accept_ratio=execution.partial_accept_ratio,
        replans_max=execution.replans_max,
        final_lead_ns=ns_of_ms(execution.final_lead_ms),
        quote_age_resting_ns_max=ns_of_s(execution.quote_age_resting_s_max),
        quote_age_marketable_ns_max=ns_of_s(execution.quote_age_marketable_s_max),
        retry_ns=ns_of_s(execution.retry_s),
        send_within_ns=ns_of_s(execution.send_within_s),
    )


def _session(hours: SessionHours, table: SessionTable | None) -> Session:
    match hours.kind:
        case SessionKind.ALWAYS_OPEN:
            return AlwaysOpen()
        case SessionKind.SIMPLE_HOURS:
            return SimpleHours(zone=hours.zone, opens_min=minutes_of(hours.opens), closes_min=minutes_of(hours.closes))
        case SessionKind.CALENDAR:
            return table or SessionTable.of(hours.calendar, ())
        case _:
            assert_never(hours.kind)
