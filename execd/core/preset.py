"""A preset: how orders of each urgency are worked, cut over time and bounded, as one value.

Made from a file of presets (`config/sections_preset.py`); the policy reads it and nothing else changes it. Tactics are
stored as plans store them: a mapping of `name` and parameters. What later parts of execd will hold an order to (gates
of the session, protection, the order of the end of day, baskets, pairs) is carried here so that a file is complete.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from execd.core.conduct import Conduct
from execd.core.enums import AssetClass, Urgency

_S: Final = 1_000_000_000
_ZERO: Final = Decimal(0)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What one urgency gets: its tactic, and what follows where that ends."""

    tactic: dict[str, Any]
    conduct: Conduct = Conduct()


class Slicing(msgspec.Struct, frozen=True, kw_only=True):
    """When and how an order is cut over time; None bounds nothing.

    It is cut where its notional is more than `notional_min` or its quantity more than `adv_fraction` of a usual day's
    volume; exactly the threshold is not. Pieces of `child_notional` (None: as many as there are intervals) follow each
    other every `interval_ns` over `duration_ns` (None: up to the deadline). `profile_days` is for the method vwap.
    """

    is_on: bool = False
    method: str = "twap"
    notional_min: Decimal | None = None
    adv_fraction: Decimal | None = None
    child_notional: Decimal | None = None
    interval_ns: int = 120 * _S
    duration_ns: int | None = None
    participation_max: Decimal | None = None
    profile_days: int = 20


class Gates(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The first and the last part of a session, in which nothing new is begun."""

    first_ns: int = 0
    last_ns: int = 0


class Basket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Rows of a basket not worth trading: below a notional, or nearer to their target than a part of equity."""

    notional_min: Decimal = _ZERO
    drift_ratio: Decimal = _ZERO


class Pair(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How long, and how unequally, two legs may be filled, and whether the difference is hedged then."""

    legging_ns_max: int = 60 * _S
    legged_ratio: Decimal = Decimal("0.30")
    is_hedged: bool = False


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """How orders are worked. `collar_class_bps` are caps by asset class, which come before `collar_bps`.

    `allows_market`: an order may ask for the market, and a plan may end with it. What is at most `small_notional_max`
    (0: nothing) goes to the market unasked. `protect` is None, or what an intent would write. `eod_order` is the order
    of the end of the day; empty: there is none.
    """

    name: str
    low: Way
    normal: Way
    high: Way
    allows_market: bool = False
    small_notional_max: Decimal = _ZERO
    collar_bps: Decimal = Decimal(20)
    collar_class_bps: dict[AssetClass, Decimal] = {}
    slicing: Slicing = Slicing()
    gates: Gates = Gates()
    protect: dict[str, Any] | None = None
    eod_order: str = ""
    basket: Basket = Basket()
    pair: Pair = Pair()

    def way(self, urgency: Urgency) -> Way:
        """Return what an urgency gets."""
        return {Urgency.LOW: self.low, Urgency.NORMAL: self.normal, Urgency.HIGH: self.high}[urgency]


_OFFSET: Final = Way(tactic={"name": "offset", "bps": "5", "ttl_ns": 60 * _S})
PLAIN: Final = Preset(
    name="plain",
    low=_OFFSET,
    normal=_OFFSET,
    high=Way(tactic={"name": "marketable", "spread_fraction": "0.25", "ttl_ns": 60 * _S}),
    small_notional_max=Decimal(500),
)
"""What rules have that no configuration made: the simplest of every choice. The shipped default is `balanced`."""
