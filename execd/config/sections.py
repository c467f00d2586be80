"""The sections of the configuration: each key with its default, its bounds and what it means.

Frozen, strict, and without unknown keys. The whole and its way to the engine's rules are in `settings`. A new key is
a field here and a commented line in config/execd.yaml; a test compares the two.
"""

from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from execd.config.fields import (
    AdapterWord,
    AssetClassWord,
    Bps,
    ClockText,
    Count,
    Flag,
    FormatWord,
    HorizonWord,
    LevelWord,
    LogFormat,
    LogLevel,
    Name,
    OffsetBps,
    Port,
    Positive,
    QueueWord,
    Ratio,
    Seed,
    SessionKind,
    SessionWord,
    SimSource,
    SourceWord,
    Span,
    Symbol,
    Text,
    Tries,
    Unsigned,
    UserId,
    ZoneText,
    items,
)
from execd.config.strict_text import refusal
from execd.core.enums import AssetClass, Horizon, QueueRule
from execd.core.instrument import US_TICKS, Instrument, TickBand


def minutes_of(clock: str) -> int:
    """Return the minutes after midnight of a time such as 09:30."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


class Section(BaseModel):
    """What all sections share."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class Limits(Section):
    """What one account may do. Every one is needed: a limit that is missing would be no limit."""

    order_qty_max: Positive
    order_notional_usd_max: Positive
    price_collar_ratio: Ratio
    open_orders_max: Count


SIM_LIMITS: Final = Limits(
    order_qty_max=Decimal(10_000),
    order_notional_usd_max=Decimal(250_000),
    price_collar_ratio=Decimal("0.03"),
    open_orders_max=500,
)
"""Shipped for the simulated venue, where nothing can be lost."""


class Account(Section):
    """One account by its name: at which broker, inside which limits."""

    adapter: AdapterWord
    limits: Limits


class Execution(Section):
    """How orders are worked. `enable_smart_execution` off: one order as asked; gates, risk and throttle stay on."""

    enable_smart_execution: Flag = True
    offset_bps: OffsetBps = Decimal(5)
    offset_ttl_s: Span = Decimal(60)
    high_spread_fraction: Ratio = Decimal("0.25")
    high_ttl_s: Span = Decimal(60)
    collar_bps: Bps = Decimal(20)
    small_order_market_usd: Unsigned = Decimal(500)
    partial_accept_ratio: Ratio = Decimal("0.8")
    replans_max: Tries = 3
    final_lead_ms: Span = Decimal(500)
    quote_age_resting_s_max: Span = Decimal(5)
    quote_age_marketable_s_max: Span = Decimal(30)
    retry_s: Span = Decimal(1)
    send_within_s: Span = Decimal(1)
    default_life_s: Span = Decimal(900)


class Throttle(Section):
    """How fast one account may send. New and replace share a bucket and a window, cancels have their own bucket."""

    burst: Count = 20
    per_min: Count = 130
    window_max: Count = 150
    window_s: Span = Decimal(60)
    cancel_burst: Count = 30
    cancel_per_min: Count = 30


class SessionHours(Section):
    """When the market trades. `opens` and `closes` count only for simple_hours, `zone` also for times in intents."""

    kind: SessionWord = SessionKind.ALWAYS_OPEN
    zone: ZoneText = "America/New_York"
    opens: ClockText = "09:30"
    closes: ClockText = "16:00"
    file_valid_s: Span = Decimal(3_600)

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if minutes_of(self.opens) >= minutes_of(self.closes):
            raise refusal("bad_value", f"closes {self.closes} must be after opens {self.opens}", field="closes")
        return self


class Commission(Section):
    """What the simulated venue charges: a rate, so much a share, at least so much an order."""

    rate_bps: Bps = Decimal(0)
    per_share_usd: Unsigned = Decimal(0)
    minimum_usd: Unsigned = Decimal(0)


class Sim(Section):
    """The simulated venue. `speed` multiplies the time of a tape; `latency_ms` is one way, plus up to `jitter_ms`."""

    source: SourceWord = SimSource.GENERATOR
    tapes: Annotated[tuple[Text, ...], BeforeValidator(items)] = ()
    symbols: Annotated[tuple[Symbol, ...], BeforeValidator(items)] = ("AAPL", "BAC", "IBM", "MSFT", "SPY")
    speed: Positive = Decimal(1)
    seed: Seed = 1
    latency_ms: Unsigned = Decimal(20)
    jitter_ms: Unsigned = Decimal(10)
    queue: QueueWord = QueueRule.PESSIMISTIC
    commission: Commission = Commission()

    @model_validator(mode="after")
    def _has_what_its_source_needs(self) -> Self:
        if self.source is SimSource.TAPE and not self.tapes:
            raise refusal("missing_field", "source tape needs at least one file in tapes", field="tapes")
        return self


class MarketData(Section):
    """What is done with quotes and prints beside trading on them."""

    record: Flag = False


class Surface(Section):
    """Where metrics and health are served. Port 0: any free one, which `execd status` tells."""

    http_host: Text = "127.0.0.1"
    http_port: Port = 0

    @model_validator(mode="after")
    def _is_loopback(self) -> Self:
        if self.http_host not in {"127.0.0.1", "::1", "localhost"}:
            text = f"{self.http_host} is not this machine: nothing here asks for a password; put a proxy before it"
            raise refusal("bad_value", text, field="http_host")
        return self


class Inbox(Section):
    """Who may drop files (empty `owners`: the daemon's user and the owner of the inbox), and how it is watched."""

    owners: Annotated[tuple[UserId, ...], BeforeValidator(items)] = ()
    scan_s: Span = Decimal(1)
    settle_ms: Span = Decimal(500)


class Logging(Section):
    """What is logged, and how it looks."""

    level: LevelWord = LogLevel.INFO
    format: FormatWord = LogFormat.AUTO


class SleeveDefaults(Section):
    """What the intents of one strategy get where they do not say."""

    horizon: HorizonWord = Horizon.SWING


class Tick(Section):
    """From `from_px` upward, prices are multiples of `tick`."""

    from_px: Unsigned
    tick: Positive


class InstrumentSettings(Section):
    """What differs from an ordinary US share."""

    asset_class: AssetClassWord = AssetClass.STK
    currency: Name = "USD"
    ticks: Annotated[tuple[Tick, ...], BeforeValidator(items)] = ()
    round_lot: Positive = Decimal(100)
    qty_step: Positive = Decimal(1)
    min_qty: Positive = Decimal(1)
    multiplier: Positive = Decimal(1)
    calendar: Name = "XNYS"

    def to_instrument(self, symbol: str) -> Instrument:
        """Return the instrument as the deciding rooms see it."""
        bands = tuple(TickBand(from_px=band.from_px, tick=band.tick) for band in self.ticks)
        return Instrument(
            symbol=symbol,
            asset_class=self.asset_class,
            currency=self.currency,
            ticks=tuple(sorted(bands, key=lambda band: band.from_px)) or US_TICKS,
            round_lot=self.round_lot,
            qty_step=self.qty_step,
            min_qty=self.min_qty,
            multiplier=self.multiplier,
            calendar=self.calendar,
        )
