"""How kinds of symbol behave, measured on recorded days; and which kind a symbol is when nobody says.

Measured 2026-11-21 with `python benchmarks/calibrate_generator.py --measure` over regular sessions
(09:30-16:00 New York, auctions and ineligible prints left out): three days of BAC and of AIG and two
of IBM from October 2013 (consolidated), one of a pseudonymous NYSE share from January 2018.
Summary statistics only, no recorded row. A new kind is a `Profile` here; a symbol of your own is a
line in `_WELL_KNOWN`.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core import chance
from execd.core.instrument import CENT, ONE, SUB_DOLLAR_TICK

PRINTS_CURVE: Final = (1.52, 1.13, 1.13, 0.84, 0.93, 0.64, 0.67, 0.74, 0.66, 0.81, 0.69, 1.07, 2.17)
"""Prints by half hour over their mean: the mean of the four kinds, whose curves differ little."""
QUOTES_CURVE: Final = (1.08, 1.15, 1.11, 1.05, 1.04, 0.79, 0.71, 0.88, 0.77, 0.96, 0.85, 0.98, 1.65)
VARIANCE_CURVE: Final = (3.96, 1.09, 1.48, 0.97, 0.79, 0.56, 0.45, 0.51, 0.47, 0.77, 0.46, 0.63, 0.86)
"""Variance by half hour over its mean: the price moves most after the open, not before the close."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of symbol. Rates are means over the day, sizes are shares, shares of events are in [0, 1].

    `spread_weights[i]` is the share of time with a spread of i + 1 ticks (the last: or more).
    `inside_share` is of the prints at or inside the quote. `respread_share` is of the quotes: those that draw a spread.
    `same_instant_share` of the prints come with the one before, `close_quotes_share` of the quotes within 1 ms of it.
    `volatility_bps` is the standard deviation of 23,400 s. The `log_sd` are those before rounding to lots, so that
    what is left after it is what was measured.
    """

    name: str
    spread_weights: tuple[float, ...]
    quotes_per_s: float
    prints_per_s: float
    print_size_mean: float
    print_size_log_sd: float
    print_lot: int
    shown_size_mean: float
    shown_size_log_sd: float
    inside_share: float
    same_instant_share: float
    close_quotes_share: float
    respread_share: float
    volatility_bps: float


LIQUID_LOW: Final = Profile(
    name="liquid_low",
    spread_weights=(1.0,),
    quotes_per_s=11.47,
    prints_per_s=4.745,
    print_size_mean=713.2,
    print_size_log_sd=1.3,
    print_lot=100,
    shown_size_mean=82_789.0,
    shown_size_log_sd=0.64,
    inside_share=0.0016,
    same_instant_share=0.370,
    close_quotes_share=0.895,
    respread_share=0.0,
    volatility_bps=102.0,
)
"""A dear crowd in a cheap share (BAC, 14 $): always one tick wide, enormous displayed sizes."""

MID: Final = Profile(
    name="mid",
    spread_weights=(0.9753, 0.0145, 0.0049, 0.0018, 0.0013, 0.0010, 0.0012),
    quotes_per_s=24.71,
    prints_per_s=1.541,
    print_size_mean=188.4,
    print_size_log_sd=0.9,
    print_lot=100,
    shown_size_mean=1_380.0,
    shown_size_log_sd=0.77,
    inside_share=0.0122,
    same_instant_share=0.378,
    close_quotes_share=0.748,
    respread_share=0.02,
    volatility_bps=114.6,
)
"""A large share of middling price (AIG, 49 $): mostly one tick wide, quotes in bursts, small prints."""

WIDE: Final = Profile(
    name="wide",
    spread_weights=(0.0638, 0.1497, 0.1986, 0.1789, 0.1450, 0.0978, 0.0572, 0.0364, 0.0216, 0.0144, 0.0095, 0.0270),
    quotes_per_s=2.017,
    prints_per_s=1.186,
    print_size_mean=147.9,
    print_size_log_sd=0.78,
    print_lot=100,
    shown_size_mean=288.8,
    shown_size_log_sd=0.75,
    inside_share=0.336,
    same_instant_share=0.206,
    close_quotes_share=0.49,
    respread_share=0.38,
    volatility_bps=73.9,
)
"""A dear share (IBM, 182 $): four to five ticks wide, a few hundred shares displayed, a third of the prints inside."""

TAQ: Final = Profile(
    name="taq",
    spread_weights=(0.0769, 0.2449, 0.2254, 0.1419, 0.0762, 0.0562, 0.0400, 0.0338, 0.0277, 0.0211, 0.0161, 0.0398),
    quotes_per_s=1.828,
    prints_per_s=1.660,
    print_size_mean=107.4,
    print_size_log_sd=1.4,
    print_lot=1,
    shown_size_mean=201.7,
    shown_size_log_sd=0.65,
    inside_share=0.551,
    same_instant_share=0.530,
    close_quotes_share=0.647,
    respread_share=0.38,
    volatility_bps=104.2,
)
"""One exchange's quote of a dear share, and odd-lot prints of all venues (TAQ, 157 $)."""

PROFILES: Final = {profile.name: profile for profile in (LIQUID_LOW, MID, WIDE, TAQ)}


class SymbolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One generated symbol. `start_px` is rounded to the tick; `lot` is the step of displayed sizes, in shares."""

    symbol: str
    start_px: Decimal
    profile: Profile = MID
    lot: int = 100
    halts_per_day: float = 0.0

    @property
    def tick(self) -> Decimal:
        """The tick at `start_px`; a generated price never leaves the band in which it holds."""
        return SUB_DOLLAR_TICK if self.start_px < ONE else CENT


_WELL_KNOWN: Final[dict[str, tuple[str, Profile]]] = {
    "AAPL": ("190", MID),
    "AIG": ("49", MID),
    "AMD": ("140", MID),
    "AMZN": ("180", MID),
    "BAC": ("14", LIQUID_LOW),
    "BRK.B": ("410", WIDE),
    "C": ("62", MID),
    "F": ("12", LIQUID_LOW),
    "GE": ("165", WIDE),
    "GOOG": ("165", MID),
    "GOOGL": ("164", MID),
    "IBM": ("182", WIDE),
    "INTC": ("30", LIQUID_LOW),
    "IWM": ("205", MID),
    "JNJ": ("155", MID),
    "JPM": ("198", MID),
    "KO": ("62", MID),
    "META": ("500", WIDE),
    "MSFT": ("420", WIDE),
    "NVDA": ("120", MID),
    "PFE": ("28", LIQUID_LOW),
    "QQQ": ("450", MID),
    "SPY": ("520", MID),
    "T": ("18", LIQUID_LOW),
    "TSLA": ("200", MID),
    "XOM": ("112", MID),
}
"""Round prices of convenience, not quotations; BAC, AIG and IBM stand where they were measured."""

_CHEAP_PX: Final = Decimal(25)
_DEAR_PX: Final = Decimal(100)
_DECADES: Final = ((10, 40), (40, 120), (120, 360))
"""Whole dollars [from, below): a third of the unknown symbols in each."""


def default_spec(symbol: str) -> SymbolSpec:
    """Return how a symbol is generated when nobody says: from the table, else a price and a kind made of its name."""
    known = _WELL_KNOWN.get(symbol)
    if known is not None:
        return SymbolSpec(symbol=symbol, start_px=Decimal(known[0]), profile=known[1])
    from_px, below_px = _DECADES[chance.below(len(_DECADES), 0, "generator.decade", symbol)]
    cents = from_px * 100 + chance.below((below_px - from_px) * 100, 0, "generator.start_px", symbol)
    start_px = Decimal(cents).scaleb(-2)
    return SymbolSpec(symbol=symbol, start_px=start_px, profile=_kind_at(start_px))


def _kind_at(start_px: Decimal) -> Profile:
    if start_px < _CHEAP_PX:
        return LIQUID_LOW
    return MID if start_px < _DEAR_PX else WIDE
