"""Where the settings of the five source designs are found here: one row a setting, for docs/configuration.md.

Their own keys are published nowhere that we know of but in the words of the specification, so a row names the setting
as its design describes it. `key` is a key of the configuration (a preset's without its name), a parameter of an
algorithm, or a field of an intent; a test holds every one to what exists, and `value` to the preset of the design.
"""

from typing import Final, NamedTuple


class Source(NamedTuple):
    """One setting of a design: what it is called there, our key, and its value in the design's preset (if one)."""

    design: str
    what: str
    key: str
    value: str = ""


OFFSET: Final = (
    Source("offset", "switch of smart execution", "execution.enable_smart_execution", "true"),
    Source("offset", "distance from the middle", "adaptive_offset.bps", "5"),
    Source("offset", "time in force of a limit", "adaptive_offset.ttl", "60s"),
    Source("offset", "distance by spread and volatility, factors of the time of day", "adaptive_offset"),
    Source("offset", "orders that go to the market for being small", "small_order_market_usd", "500"),
    Source("offset", "most slippage", "collar.bps", "20"),
    Source("offset", "size above which an order is sliced", "slicing.size_threshold_usd", "10000"),
    Source("offset", "part of a day's volume above which an order is sliced", "slicing.adv_fraction", "0.01"),
    Source("offset", "size of a slice", "slicing.child_usd", "5000"),
    Source("offset", "time between slices", "slicing.interval_s", "120"),
    Source("offset", "no entries after the open", "gates.first_min", "5"),
    Source("offset", "no entries before the close", "gates.last_min", "5"),
    Source("offset", "widest spread", "hard_spread_ratio", "0.05"),
    Source("offset", "stop loss, take profit, trailing stop", "protect"),
    Source("offset", "order of the end of the day", "eod_order", "market"),
    Source("offset", "what counts as filled enough", "execution.partial_accept_ratio", "0.8"),
    Source("offset", "tries for the rest", "execution.replans_max", "3"),
)
PROGRESSIVE: Final = (
    Source("progressive", "steps from the middle to the touch", "progressive.steps", "[0, 0.10, 0.20, 0.30]"),
    Source("progressive", "time of a step of a buy", "progressive.step_buy", "15s"),
    Source("progressive", "time of a step of a sell", "progressive.step_sell", "10s"),
    Source("progressive", "time of all steps", "progressive.ttl", "120s"),
    Source("progressive", "adaptive steps", "progressive.adaptive_step", "false"),
    Source("progressive", "aggression", "progressive.aggression", "false"),
    Source("progressive", "market order after the last step", "normal.after_tactic", "market"),
    Source("progressive", "market orders permitted", "market_orders", "true"),
    Source("progressive", "most slippage", "collar.bps", "300"),
    Source("progressive", "slicing", "slicing.enabled", "false"),
)
SWING: Final = (
    Source("swing", "price inside the touch", "anchor.peg", "inside"),
    Source("swing", "re-pegs", "anchor.repegs", "5"),
    Source("swing", "move that is followed", "anchor.move_bps", "10"),
    Source("swing", "market order after the last re-peg", "normal.after_tactic", "market"),
    Source("swing", "widest spread to rest in", "soft_spread_ratio", "0.0025"),
    Source("swing", "oldest quote to rest by", "execution.quote_age_resting_s_max", "5"),
    Source("swing", "wait for spread and size", "normal.soft_wait_s", "30"),
    Source("swing", "market orders permitted", "market_orders", "true"),
    Source("swing", "most slippage", "collar.bps", "300"),
    Source("swing", "no entries after the open", "gates.first_min", "5"),
    Source("swing", "positions are kept overnight", "eod_order", "none"),
)
SCHEDULED: Final = (
    Source("scheduled", "always sliced", "slicing.size_threshold_usd", "0"),
    Source("scheduled", "schedule", "slicing.method", "twap"),
    Source("scheduled", "time of all slices", "slicing.duration_s", "1800"),
    Source("scheduled", "time between slices", "slicing.interval_s", "60"),
    Source("scheduled", "days of the volume profile", "slicing.profile_days", "5"),
    Source("scheduled", "most slippage", "collar.bps", "20"),
)
CROSS_ASSET: Final = (
    Source("cross_asset", "time of a marketable limit", "marketable.ttl", "120s"),
    Source("cross_asset", "time between reprices", "marketable.interval", "15s"),
    Source("cross_asset", "reprices", "marketable.reprices", "6"),
    Source("cross_asset", "first price beyond the touch", "marketable.spread_fraction", "0.25"),
    Source("cross_asset", "most slippage of shares", "collar.stk_bps", "12"),
    Source("cross_asset", "of exchange-traded funds", "collar.etf_bps", "10"),
    Source("cross_asset", "of futures", "collar.fut_bps", "3"),
    Source("cross_asset", "of futures on currencies", "collar.fx_fut_bps", "2"),
    Source("cross_asset", "of everything else", "collar.other_bps", "10"),
    Source("cross_asset", "end where the collar cannot be kept", "cancel_on_breach", "false"),
    Source("cross_asset", "part of a day's volume above which an order is sliced", "slicing.adv_fraction", "0.01"),
    Source("cross_asset", "time between slices", "slicing.interval_s", "20"),
    Source("cross_asset", "part of what is traded meanwhile", "slicing.participation_max", "0.10"),
    Source("cross_asset", "no entries after the open", "gates.first_min", "15"),
    Source("cross_asset", "no entries before the close", "gates.last_min", "10"),
    Source("cross_asset", "smallest trade", "basket.trade_usd_min", "2500"),
    Source("cross_asset", "drift that is not traded", "basket.drift_ratio", "0.02"),
    Source("cross_asset", "time of legging", "pair.legging_s_max", "60"),
    Source("cross_asset", "part from which a leg is ahead", "pair.legged_ratio", "0.30"),
    Source("cross_asset", "hedge of a leg", "pair.hedge", "true"),
    Source("cross_asset", "oldest data", "execution.quote_age_marketable_s_max", "30"),
    Source("cross_asset", "order of the end of the day", "eod_order", "marketable"),
)
SOURCES: Final = (*OFFSET, *PROGRESSIVE, *SWING, *SCHEDULED, *CROSS_ASSET)
_HEAD: Final = """\
## Coming from one of the source designs

execd's presets stand for five published designs; `execution.preset` (or `sleeves.<strategy>.preset`) chooses one whole.
Where a setting of a design is found here, and its value in the preset of that name; what begins with neither
`execution.` nor the name of an algorithm is a key of the preset, `presets.<name>.` before it. A parameter of an
algorithm stands in the preset's `tactic`, and in an intent's `algo`. [How a plan is chosen](policy.md) says what each
means, and which are carried but not held to yet.

| design | setting | here | value |
|---|---|---|---|
"""


def sources_text() -> str:
    """Return the section of the manual."""
    rows = (
        f"| {row.design} | {row.what} | `{row.key}` | {f'`{row.value}`' if row.value else ''} |\n" for row in SOURCES
    )
    return _HEAD + "".join(rows)
