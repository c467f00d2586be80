"""What a profile comes to at a price: every rate and law of one generated symbol as a table.

Computed once a symbol, so that a tick costs look-ups only. Chances of events are out of `UNIT`.
A new figure of `Profile` becomes a field here and is read in `generator_path`.
"""

import math
from typing import Final

import msgspec

from execd.core.instrument import CENT
from execd.venue.generator_chance import lots_by_heads
from execd.venue.generator_profiles import PRINTS_CURVE, QUOTES_CURVE, VARIANCE_CURVE, Profile, SymbolSpec

NS: Final = 1_000_000_000
VOLATILITY_S: Final = 23_400
"""The time over which a profile's volatility is stated, however long the generated day is."""
CLOSE_NS: Final = 1_000_000
"""Quotes of one burst are at most this far apart."""
UNIT: Final = 1 << 16
SPREADS_N: Final = 1 << 10
_BOUNCE: Final = 0.2 / 60
"""Ticks² a second that a quote's bouncing about the unseen price adds to a variance measured over minutes."""
_FAIR_PART_MIN: Final = 0.25
_QUOTES_LEFT_MIN: Final = 0.05
"""At least this share of the quotes comes by itself, however many prints a profile has."""
_TICKS_MAX: Final = 1_000_000_000
"""Ten million dollars: what a price in cents may be at most."""


class Laws(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol's laws. Prices are in ticks of 10^`exponent`, `*_means_ns` and `sds` are by part of the day."""

    exponent: int
    home: float
    bounds: tuple[int, int]
    sds: tuple[float, ...]
    spreads: tuple[int, ...]
    quote_means_ns: tuple[int, ...]
    print_means_ns: tuple[int, ...]
    shown_lots: tuple[int, ...]
    print_lots: tuple[int, ...]
    lot: int
    print_lot: int
    inside: int
    same_instant: int
    close_quotes: int
    respread: int


def laws_of(spec: SymbolSpec) -> Laws:
    """Return the laws of `spec`. Raises ValueError where it is no market: a price, rate, size or lot not above zero."""
    profile = spec.profile
    rates_and_sizes = (profile.quotes_per_s, profile.prints_per_s, profile.print_size_mean, profile.shown_size_mean)
    if spec.start_px <= 0 or min(spec.lot, profile.print_lot, *rates_and_sizes) <= 0 or spec.halts_per_day < 0:
        raise ValueError(spec)
    spreads = _spreads(profile.spread_weights)
    is_cent = spec.tick == CENT
    # A price of a dollar or more stays there, a price below stays below: the tick is another on the other side.
    low, high = (100, _TICKS_MAX) if is_cent else (1, 9_999)
    home = min(max(round(spec.start_px / spec.tick), low + spreads[-1]), high - spreads[-1])
    sd = _fair_sd(profile.volatility_bps / 10_000 * home)
    roomy = 1 - spreads.count(1) / SPREADS_N
    return Laws(
        exponent=-2 if is_cent else -4,
        home=float(home),
        bounds=(low + spreads[-1], high - spreads[-1]),
        sds=tuple(sd * math.sqrt(part) for part in VARIANCE_CURVE),
        spreads=spreads,
        quote_means_ns=_quote_means_ns(profile),
        print_means_ns=tuple(
            round(NS / (profile.prints_per_s * part * (1 - profile.same_instant_share))) for part in PRINTS_CURVE
        ),
        shown_lots=lots_by_heads(profile.shown_size_mean, profile.shown_size_log_sd, spec.lot),
        print_lots=lots_by_heads(profile.print_size_mean, profile.print_size_log_sd, profile.print_lot),
        lot=spec.lot,
        print_lot=profile.print_lot,
        # There is no inside of a quote that is one tick wide: the wider ones make up for it.
        inside=round(UNIT * min(1.0, profile.inside_share / roomy)) if roomy else 0,
        same_instant=round(UNIT * profile.same_instant_share),
        close_quotes=round(UNIT * profile.close_quotes_share),
        respread=round(UNIT * profile.respread_share),
    )


def _fair_sd(day_ticks: float) -> float:
    """Return the standard deviation a second, in ticks, that makes quotes move `day_ticks` as minutes see it."""
    shown = day_ticks**2 / VOLATILITY_S
    return math.sqrt(max(shown * _FAIR_PART_MIN, shown - _BOUNCE))


def _spreads(weights: tuple[float, ...]) -> tuple[int, ...]:
    """Return spreads in ticks at equal chance, narrow ones first."""
    table: list[int] = []
    passed = 0.0
    for spread, weight in enumerate(weights, start=1):
        passed += weight
        table.extend([spread] * (round(passed / sum(weights) * SPREADS_N) - len(table)))
    return tuple(table)


def _quote_means_ns(profile: Profile) -> tuple[int, ...]:
    """Return the waiting time outside bursts for the quotes that no print brings about."""
    brought_per_s = profile.prints_per_s * (1 - profile.same_instant_share) * (1 - profile.inside_share)
    close = profile.close_quotes_share
    means = []
    for quotes, prints in zip(QUOTES_CURVE, PRINTS_CURVE, strict=True):
        all_per_s = profile.quotes_per_s * quotes
        own_per_s = max(all_per_s * _QUOTES_LEFT_MIN, all_per_s - brought_per_s * prints)
        means.append(max(1, round((NS / own_per_s - close * CLOSE_NS / 2) / (1 - close))))
    return tuple(means)
