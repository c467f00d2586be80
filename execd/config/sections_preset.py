"""A file of a preset: every key of it, what it takes, and the way from there to the policy's value.

Every key is needed, so a file says all that it means; unknown ones are refused as anywhere. The six that are shipped
are in config/presets, others stand in `presets` beside the configuration. A new key is a field here, a line in each of
those files and its use in `to_preset`.
"""

from decimal import Decimal
from typing import Final

from execd.config.fields import Bps, Flag, Ratio, Span, SpanOrNone, Unsigned
from execd.config.fields_preset import (
    BpsOrNone,
    DaysOfProfile,
    EndingWord,
    EodOrder,
    EodWord,
    MethodWord,
    Minutes,
    Never,
    ProtectSpec,
    RatioOrNone,
    RatioOrZero,
    SpanOrNever,
    TacticSpec,
    UnsignedOrNone,
    tactic_of,
)
from execd.config.section import Section
from execd.core import preset as core
from execd.core.conduct import Conduct, Ending
from execd.core.enums import AssetClass

_S: Final = 1_000_000_000
_MIN_NS: Final = 60 * _S


def _ns(span_s: Decimal) -> int:
    return int(span_s * _S)


def _ns_or_none(span_s: Decimal | Never) -> int | None:
    return None if isinstance(span_s, Never) else _ns(span_s)


class Way(Section):
    """How orders of one urgency are worked."""

    tactic: TacticSpec
    """How a child is priced: a tactic by its name, or with parameters, such as {name: offset, bps: 5, ttl: 60s}."""
    after_tactic: EndingWord
    """Where the tactic has no further step: end (what is left is judged), cross (inside the collar), or market."""
    at_end: EndingWord
    """Shortly before the deadline: end (what is left stays undone), cross, or market."""
    on_soft: EndingWord
    """When a soft check has failed for soft_wait_s: end (waits on), cross, or market."""
    soft_wait_s: SpanOrNone
    """So long a soft check is waited for; 0 not at all."""
    quote_wait_s: SpanOrNever
    """So long a usable quote is waited for; then market where it is allowed, else the end. none: up to the deadline."""

    def to_way(self, preset: "PresetSettings") -> core.Way:
        """Return the way as the policy sees it."""
        quote_wait_ns = _ns_or_none(self.quote_wait_s)
        return core.Way(
            tactic=tactic_of(self.tactic),
            conduct=Conduct(
                at_end=self.at_end,
                cross_lead_ns=_ns(preset.cross_lead_s),
                after_tactic=self.after_tactic,
                on_soft=self.on_soft,
                soft_wait_ns=_ns(self.soft_wait_s),
                soft_spread_ratio=_number(preset.soft_spread_ratio),
                hard_spread_ratio=preset.hard_spread_ratio,
                on_no_quote=Ending.MARKET if preset.market_orders and quote_wait_ns is not None else Ending.END,
                quote_wait_ns=quote_wait_ns,
                cancels_on_breach=preset.cancel_on_breach,
            ),
        )


class Collar(Section):
    """How far from the middle at the start a priced order may go, in bps; an intent's max_slippage_bps comes first."""

    bps: Bps
    """Where the asset class has no cap of its own."""
    stk_bps: BpsOrNone
    """Shares; none: as bps."""
    etf_bps: BpsOrNone
    """Exchange-traded funds; none: as bps."""
    fut_bps: BpsOrNone
    """Futures; none: as bps."""
    fx_fut_bps: BpsOrNone
    """Futures on currencies; none: as bps."""
    other_bps: BpsOrNone
    """Everything else; none: as bps."""

    def by_class(self) -> dict[AssetClass, Decimal]:
        """Return the caps of the classes that have one."""
        caps = {
            AssetClass.STK: self.stk_bps,
            AssetClass.ETF: self.etf_bps,
            AssetClass.FUT: self.fut_bps,
            AssetClass.FX_FUT: self.fx_fut_bps,
            AssetClass.OTHER: self.other_bps,
        }
        return {one: cap for one, cap in caps.items() if not isinstance(cap, Never)}


class Slicing(Section):
    """When an order of low or normal urgency is cut over time; exactly a threshold is not cut."""

    enabled: Flag
    """false: never."""
    method: MethodWord
    """The schedule: twap or vwap."""
    size_threshold_usd: UnsignedOrNone
    """An order of more money is cut; 0 every one, none whatever its money."""
    adv_fraction: RatioOrNone
    """An order of more than this part of a usual day's volume is cut; none whatever its quantity."""
    child_usd: UnsignedOrNone
    """Money of one piece; none: as many pieces as there are intervals."""
    interval_s: Span
    """Between two pieces."""
    duration_s: SpanOrNever
    """The whole; none: up to the deadline."""
    participation_max: RatioOrNone
    """No more than this part of what is traded meanwhile; none whatever is traded."""
    profile_days: DaysOfProfile
    """vwap: of so many days the volume profile is; refdata.profiles learns it."""

    def to_slicing(self) -> core.Slicing:
        """Return the rule as the policy sees it."""
        return core.Slicing(
            is_on=self.enabled,
            method=self.method.value,
            notional_min=_number(self.size_threshold_usd),
            adv_fraction=_number(self.adv_fraction),
            child_notional=_number(self.child_usd),
            interval_ns=_ns(self.interval_s),
            duration_ns=_ns_or_none(self.duration_s),
            participation_max=_number(self.participation_max),
            profile_days=self.profile_days,
        )


class Gates(Section):
    """The first and the last minutes of a session: small orders do not go to the market in them.

    That nothing new is begun in them comes with the trading day.
    """

    first_min: Minutes
    """From the open."""
    last_min: Minutes
    """Up to the close."""


class Basket(Section):
    """Which rows of a basket are left out; baskets are not built yet."""

    trade_usd_min: Unsigned
    """A smaller trade is left out."""
    drift_ratio: RatioOrZero
    """A target that is nearer than this part of the account's equity is left out."""


class Pair(Section):
    """How unequally two legs may be filled; pairs are not built yet."""

    legging_s_max: Span
    """So long."""
    legged_ratio: Ratio
    """A leg filled this far while the other is not is legged."""
    hedge: Flag
    """true: the difference is hedged then."""


class PresetSettings(Section):
    """A preset, by its name: it stands in a file presets/NAME.yaml beside the configuration, or is shipped."""

    low: Way
    """Low urgency."""
    normal: Way
    """Normal urgency."""
    high: Way
    """High urgency; never cut over time."""
    market_orders: Flag
    """true: an intent may ask for the market, and high urgency may take it where there is no usable quote."""
    small_order_market_usd: Unsigned
    """A smaller order without limit_price goes to the market, but for low urgency; 0 none does."""
    collar: Collar
    """How far a price may go."""
    cancel_on_breach: Flag
    """true: what cannot be had inside the collar ends; false: it rests at the collar up to the deadline."""
    slicing: Slicing
    """How an order is cut over time."""
    cross_lead_s: Span
    """So long before the deadline at_end is done."""
    soft_spread_ratio: RatioOrNone
    """Nothing rests in a wider spread, as part of the middle, or beside less than a round lot; none: no soft checks."""
    hard_spread_ratio: Ratio
    """Nothing at all is priced in a wider one."""
    gates: Gates
    """Parts of the session."""
    protect: ProtectSpec
    """What protects a position; none: nothing. It is not built yet, so intents must say protect: none where it is."""
    eod_order: EodWord
    """The order of the end of the day: market, marketable, or none."""
    basket: Basket
    """Rows of baskets."""
    pair: Pair
    """Legs of pairs."""

    def to_preset(self, name: str) -> core.Preset:
        """Return the preset as the policy sees it."""
        return core.Preset(
            name=name,
            low=self.low.to_way(self),
            normal=self.normal.to_way(self),
            high=self.high.to_way(self),
            allows_market=self.market_orders,
            small_notional_max=self.small_order_market_usd,
            collar_bps=self.collar.bps,
            collar_class_bps=self.collar.by_class(),
            slicing=self.slicing.to_slicing(),
            gates=core.Gates(first_ns=self.gates.first_min * _MIN_NS, last_ns=self.gates.last_min * _MIN_NS),
            protect=None if isinstance(self.protect, Never) else self.protect,
            eod_order="" if self.eod_order is EodOrder.NONE else self.eod_order.value,
            basket=core.Basket(notional_min=self.basket.trade_usd_min, drift_ratio=self.basket.drift_ratio),
            pair=core.Pair(
                legging_ns_max=_ns(self.pair.legging_s_max),
                legged_ratio=self.pair.legged_ratio,
                is_hedged=self.pair.hedge,
            ),
        )


def _number(value: Decimal | Never) -> Decimal | None:
    return None if isinstance(value, Never) else value
