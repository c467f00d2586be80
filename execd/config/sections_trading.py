"""The sections that decide what is traded and how: accounts, limits, execution, throttle, session, instruments.

Each key has its default, its bounds and, below it, what it means: config/execd.yaml and docs/configuration.md are made
from that text. A new key is a field here; what runs the daemon is in `sections_running`, the venue in `sections_venue`.
"""

from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, model_validator

from execd.config.fields import (
    Adapter,
    AdapterWord,
    AssetClassWord,
    CalendarName,
    ClockText,
    Count,
    External,
    ExternalWord,
    Flag,
    HorizonWord,
    Name,
    Positive,
    Ratio,
    SessionKind,
    SessionWord,
    Span,
    SpanOrNone,
    Text,
    Tries,
    Unsigned,
    ZoneText,
    items,
)
from execd.config.fields_preset import Own, OwnBps, OwnMoney, OwnOffset, OwnRatio, OwnSpan
from execd.config.section import Section
from execd.config.strict_text import refusal
from execd.core.enums import AssetClass, Horizon
from execd.core.instrument import US_TICKS, Instrument, TickBand
from execd.core.usual import BUCKETS_MAX, Usual


def minutes_of(clock: str) -> int:
    """Return the minutes after midnight of a time such as 09:30."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


class Limits(Section):
    """What one account may do. Every one is needed: a limit that is missing would be no limit."""

    order_qty_max: Positive
    """Shares of one intent, and of one order."""
    order_notional_usd_max: Positive
    """Money of one order; what an algorithm wants beyond it follows in the next child."""
    price_collar_ratio: Ratio
    """No order pays more than this beyond the fresh middle of bid and ask."""
    open_orders_max: Count
    """Orders that may work at one time."""


SIM_LIMITS: Final = Limits(
    order_qty_max=Decimal(10_000),
    order_notional_usd_max=Decimal(250_000),
    price_collar_ratio=Decimal("0.03"),
    open_orders_max=500,
)
"""Shipped for the simulated venue, where nothing can be lost."""


class Account(Section):
    """Each account: at which broker, inside which limits. With one account intents need not name it."""

    adapter: AdapterWord
    """The broker; sim is the simulated venue, which needs no key and no network."""
    limits: Limits
    """A limit may not be left out."""

    @property
    def is_live(self) -> bool:
        """Whether real money is at stake."""
        return self.adapter is not Adapter.SIM


class Risk(Section):
    """What is asked of an intent beyond the limits of its account."""

    duplicate_window_s: SpanOrNone = Decimal(0)
    """An order like one accepted this short ago is held until released, unless it says allow_duplicate; 0 never."""
    rejects_max: Count = 10
    """So many orders in a row that a broker refused stop new risk on their account, until somebody has looked."""


class Execution(Section):
    """How orders are worked."""

    enable_smart_execution: Flag = True
    """false: one order as asked; limits, throttle and session stay on."""
    preset: Name = "balanced"
    """balanced, offset, progressive, swing, scheduled, cross_asset, or the name of a file in presets/ beside this."""
    offset_bps: OwnOffset = Own.PRESET
    """The tactics offset and adaptive_offset: a limit this far beyond the middle; negative is passive."""
    offset_ttl_s: OwnSpan = Own.PRESET
    """The same: how long a child rests."""
    high_spread_fraction: OwnRatio = Own.PRESET
    """High urgency, where its tactic is marketable: the touch plus this part of the spread."""
    high_ttl_s: OwnSpan = Own.PRESET
    """The same: after which the rest is decided afresh."""
    collar_bps: OwnBps = Own.PRESET
    """No priced order is further than this from the middle at the start, whatever its asset class."""
    small_order_market_usd: OwnMoney = Own.PRESET
    """A smaller order without limit_price goes to the market, but for low urgency; 0 none does."""
    partial_accept_ratio: Ratio = Decimal("0.8")
    """A timeout with this much filled ends the order; with less it goes on."""
    replans_max: Tries = 3
    """So often a rest is decided afresh."""
    final_lead_ms: Span = Decimal(500)
    """The last order leaves this long before the deadline."""
    quote_age_resting_s_max: Span = Decimal(5)
    """An older quote prices no resting order."""
    quote_age_marketable_s_max: Span = Decimal(30)
    """And one older than this none at all."""
    retry_s: Span = Decimal(1)
    """What waits for a quote or for room is looked at again after this."""
    send_within_s: Span = Decimal(1)
    """A decision that is not sent by then is void and made afresh."""
    default_life_s: Span = Decimal(900)
    """The life of an order without a deadline, where the market never closes."""


class Throttle(Section):
    """How fast one account may send: new orders and replaces share a bucket; cancels and flatten have a reserve."""

    burst: Count = 20
    """New orders and replaces that may leave at once."""
    per_min: Count = 130
    """So many more in a minute."""
    window_max: Count = 150
    """Never more in any window, burst included."""
    window_s: Span = Decimal(60)
    """The length of the window."""
    requests_max: Count = 200
    """Requests of every kind in any window, questions included: what the broker allows."""
    cancel_reserve: Count = 30
    """Of requests_max, kept for cancels and flatten; what is left beside it and window_max is kept for questions."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        """Refuse parts that are more than the whole: the reserve would be none."""
        if self.window_max + self.cancel_reserve > self.requests_max:
            text = f"window_max {self.window_max} and cancel_reserve {self.cancel_reserve} are more than requests_max"
            raise refusal("bad_value", f"{text} {self.requests_max} together; lower one of them", field="requests_max")
        return self


class Reconcile(Section):
    """How each account is compared with its broker: at the start, after gaps, around the close, and every so often."""

    every_s: Span = Decimal(60)
    """Between two readings."""
    stale_s: Span = Decimal(180)
    """An account whose last whole reading is older takes no new risk; exits and cancels go on."""
    external: ExternalWord = External.HALT
    """What an order of others on the account does to its symbol: no new risk there, or it is only counted."""

    @model_validator(mode="after")
    def _is_read_in_time(self) -> Self:
        """Refuse an age that a reading always has before the next one."""
        if self.stale_s < 2 * self.every_s:
            text = f"stale_s {self.stale_s} is less than two readings apart (every_s {self.every_s}); raise it"
            raise refusal("bad_value", text, field="stale_s")
        return self


class SessionHours(Section):
    """When the market trades."""

    kind: SessionWord = SessionKind.ALWAYS_OPEN
    """always_open; simple_hours: Monday to Friday from opens to closes; calendar: with holidays and half days."""
    calendar: CalendarName = "XNYS"
    """calendar: which exchange's."""
    zone: ZoneText = "America/New_York"
    """The zone of opens and closes, and of times such as 15:45 in intents."""
    opens: ClockText = "09:30"
    """simple_hours: the first minute."""
    closes: ClockText = "16:00"
    """simple_hours: the first minute after."""
    file_valid_s: Span = Decimal(3_600)
    """always_open: a file without valid_until that is older is not started."""

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if minutes_of(self.opens) >= minutes_of(self.closes):
            raise refusal("bad_value", f"closes {self.closes} must be after opens {self.opens}", field="closes")
        return self


class SleeveDefaults(Section):
    """What the intents of a strategy get where they do not say, such as `momentum: {horizon: intraday}`."""

    horizon: HorizonWord = Horizon.SWING
    """The horizon of the strategy's intents."""
    preset: Text = ""
    """How the strategy's orders are worked; empty: as execution.preset says."""


class Tick(Section):
    """From `from_px` upward, prices are multiples of `tick`."""

    from_px: Unsigned
    """The lowest price of the band."""
    tick: Positive
    """The step between two prices in it."""


class UsualSettings(Section):
    """What is usual where no history says it."""

    adv_qty: Unsigned = Decimal(0)
    """Shares of an average day; 0: not known."""
    spread_bps: Unsigned = Decimal(0)
    """The usual spread, of the middle of bid and ask; 0: not known."""
    profile: Annotated[tuple[Unsigned, ...], BeforeValidator(items)] = ()
    """Weights of equal parts of a full day's volume, such as [14, 9, 7, 7, 9, 20]; empty: an even day."""

    @model_validator(mode="after")
    def _has_weight(self) -> Self:
        if self.profile and not any(self.profile):
            raise refusal(
                "bad_value", "profile has no weight above zero; leave it out for an even day", field="profile"
            )
        if len(self.profile) > BUCKETS_MAX:
            text = f"profile has {len(self.profile)} parts, {BUCKETS_MAX} at most: a minute each of a whole day"
            raise refusal("bad_value", text, field="profile")
        return self

    def to_usual(self) -> Usual:
        """Return the same as the deciding rooms see it."""
        return Usual(adv_qty=self.adv_qty or None, spread_bps=self.spread_bps or None, profile=self.profile)


US_SHAPE: Final = tuple(Decimal(weight) for weight in (12, 9, 8, 7, 6, 5, 5, 5, 5, 6, 7, 9, 16))
"""Half hours of a US session, in percent: a plain U with a heavy end, on purpose rounder than any symbol's own."""


class ClassDefaults(Section):
    """What is usual for symbols without history and without a line of their own; it stands in the instruments file."""

    stk: UsualSettings = UsualSettings(adv_qty=Decimal(200_000), spread_bps=Decimal(10), profile=US_SHAPE)
    """Shares: cautious, so that an unknown name is worked slowly."""
    etf: UsualSettings = UsualSettings(adv_qty=Decimal(200_000), spread_bps=Decimal(5), profile=US_SHAPE)
    """Funds that trade like shares."""
    fut: UsualSettings = UsualSettings(adv_qty=Decimal(10_000), spread_bps=Decimal(2))
    """Futures."""
    fx_fut: UsualSettings = UsualSettings(adv_qty=Decimal(10_000), spread_bps=Decimal(1))
    """Futures on currencies."""
    other: UsualSettings = UsualSettings(adv_qty=Decimal(10_000), spread_bps=Decimal(20))
    """Everything else."""

    def to_usual(self) -> dict[AssetClass, Usual]:
        """Return the same by class, as the deciding rooms see it."""
        return {kind: getattr(self, kind.value.lower()).to_usual() for kind in AssetClass}


class InstrumentSettings(Section):
    """What differs from an ordinary US share, by symbol; they stand in the instruments file or here."""

    asset_class: AssetClassWord = AssetClass.STK
    """STK, ETF, FUT, FX_FUT or OTHER."""
    currency: Name = "USD"
    """What its prices are in."""
    ticks: Annotated[tuple[Tick, ...], BeforeValidator(items)] = ()
    """Bands of from_px and tick; empty: 0.01, and 0.0001 below one dollar."""
    round_lot: Positive = Decimal(100)
    """The lot in which sizes are displayed."""
    qty_step: Positive = Decimal(1)
    """Quantities are multiples of it."""
    min_qty: Positive = Decimal(1)
    """The least quantity of an order."""
    multiplier: Positive = Decimal(1)
    """Money per point of price and unit of quantity."""
    calendar: Name = "XNYS"
    """The calendar of its market."""
    usual: UsualSettings = UsualSettings()
    """What is usual for it where no history says it; what is not known here is its asset class's."""

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
