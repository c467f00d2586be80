"""Measure recorded days and generated days with one ruler, and print them side by side.

    python benchmarks/calibrate_generator.py             the table of docs/generator.md
    python benchmarks/calibrate_generator.py --measure   what a profile in execd/venue/generator_profiles.py is made of

Only sums over a day leave this program: no row of a recorded day is printed or written. A new kind
of day is a line in `DAYS`; a new figure is a field of `Figures` and a line in `ROWS`.
"""

import argparse
import csv
import gzip
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple, assert_never
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from execd.core.market import Halt, Prints, Quote
from execd.venue.generator import Generator, SymbolSpec
from execd.venue.generator_profiles import LIQUID_LOW, MID, TAQ, WIDE, Profile

DAYS: Final = (
    (LIQUID_LOW, "BAC", ("bac_20131007", "bac_20131008", "bac_20131010")),
    (MID, "AIG", ("aig_20131007", "aig_20131009", "aig_20131011")),
    (WIDE, "IBM", ("ibm_20131008", "ibm_20131010")),
    (TAQ, "XXX", ("xxx_20180102",)),
)
SEEDS: Final = (1, 2, 3)
"""A generated figure is the mean over these."""
DAY_S: Final = 23_400
HALF_HOURS: Final = 13
HALF_HOUR_S: Final = 1_800
MINUTES: Final = 390
NS: Final = 1_000_000_000
SPREADS_MAX: Final = 12
TICK: Final = 0.01
TICKS_N: Final = 300_000
AUCTION_BITS: Final = 0xC0
"""AlgoSeek's flags of the opening (0x40) and the closing (0x80) cross."""
AUCTION_LETTERS: Final = frozenset("O6")
Column = NDArray[np.float64]


class Day(NamedTuple):
    """The regular session of one symbol: quotes `[s, bid, ask, bid_size, ask_size]`, prints `[s, px, size, quote row]`.

    Prices are in ticks, `s` in seconds since the open, "quote row" counts the quotes before the print.
    """

    quotes: Column
    prints: Column


class Figures(NamedTuple):
    """What a day comes to."""

    mid_px: float
    spread_ticks: float
    quotes_per_s: float
    prints_per_s: float
    print_size: float
    print_size_log_sd: float
    shown_size: float
    shown_size_log_sd: float
    at_touch_pct: float
    inside_pct: float
    outside_pct: float
    same_instant_pct: float
    close_quotes_pct: float
    moving_quotes_pct: float
    volume_u: float
    quotes_u: float
    variance_u: float
    volatility_bps: float
    spreads: Column
    volume_curve: Column
    prints_curve: Column
    quotes_curve: Column
    variance_curve: Column


ROWS: Final[tuple[tuple[str, Callable[[Figures], float]], ...]] = (
    ("time-weighted spread, ticks", lambda f: f.spread_ticks),
    ("quotes / s", lambda f: f.quotes_per_s),
    ("prints / s", lambda f: f.prints_per_s),
    ("mean print size, shares", lambda f: f.print_size),
    ("print size, sd of its logarithm", lambda f: f.print_size_log_sd),
    ("mean displayed size, shares", lambda f: f.shown_size),
    ("displayed size, sd of its logarithm", lambda f: f.shown_size_log_sd),
    ("prints at the bid or ask, %", lambda f: f.at_touch_pct),
    ("prints inside the quote, %", lambda f: f.inside_pct),
    ("prints outside the quote, %", lambda f: f.outside_pct),
    ("prints at the instant of the one before, %", lambda f: f.same_instant_pct),
    ("quotes within 1 ms of the one before, %", lambda f: f.close_quotes_pct),
    ("quotes that move a price, %", lambda f: f.moving_quotes_pct),
    ("volume, first and last half hour / midday", lambda f: f.volume_u),
    ("quotes, first and last half hour / midday", lambda f: f.quotes_u),
    ("variance, first and last half hour / midday", lambda f: f.variance_u),
    ("1-minute realised volatility, bps a day", lambda f: f.volatility_bps),
    ("the same, % a year", lambda f: f.volatility_bps / 100 * 252**0.5),
)


def recorded(path: Path) -> Day:
    """Return the regular session of a recorded day; auctions and prints that do not count are left out."""
    quotes: list[tuple[float, ...]] = []
    prints: list[tuple[float, ...]] = []
    open_ns = 0
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            ts_ns = int(row["ts_ns"])
            open_ns = open_ns or _open_ns(ts_ns)
            since_s = (ts_ns - open_ns) / NS
            if not 0 <= since_s < DAY_S:
                continue
            if row["type"] == "Q":
                prices = float(row["bid"]) / TICK, float(row["ask"]) / TICK
                quotes.append((since_s, *prices, float(row["bid_size"]), float(row["ask_size"])))
            elif row["elig"] == "1" and not _is_auction(row["cond"]):
                prints.append((since_s, float(row["price"]) / TICK, float(row["size"]), len(quotes)))
    return Day(np.array(quotes), np.array(prints))


def generated(profile: Profile, symbol: str, px: float, seed: int) -> Day:
    """Return one generated day of `profile` around the price that the recorded days had."""
    start_px = Decimal(round(px)) * Decimal("0.01")
    generator = Generator((SymbolSpec(symbol=symbol, start_px=start_px, profile=profile),), seed, 0)
    quotes: list[tuple[float, ...]] = []
    prints: list[tuple[float, ...]] = []
    for tick in generator.ticks():
        since_s = generator.now_ns / NS
        if since_s >= DAY_S:
            break
        match tick:
            case Quote():
                prices = float(tick.bid_px) / TICK, float(tick.ask_px) / TICK
                quotes.append((since_s, *prices, float(tick.bid_size), float(tick.ask_size)))
            case Prints():
                prints.append((since_s, float(tick.last_px) / TICK, float(tick.volume), len(quotes)))
            case Halt():
                pass  # No symbol halts unless its spec says so.
            case _:
                assert_never(tick)
    return Day(np.array(quotes), np.array(prints))


def figures(day: Day) -> Figures:
    """Return what `day` comes to."""
    at_s, bid, ask = day.quotes[:, 0], np.round(day.quotes[:, 1]), np.round(day.quotes[:, 2])
    stood_s = np.diff(np.append(at_s, DAY_S))
    spread = ask - bid
    ordinary = (spread > 0) & (spread <= 100)  # Neither locked nor crossed, nor the stub quotes around a cross.
    spreads = np.bincount(np.minimum(spread[ordinary], SPREADS_MAX).astype(int), stood_s[ordinary], SPREADS_MAX + 1)[1:]
    shown = np.concatenate((day.quotes[:, 3], day.quotes[:, 4]))
    shown_s = np.concatenate((stood_s, stood_s))
    shown_log = np.log(np.maximum(shown, 1))
    shown_mean_log = np.average(shown_log, weights=shown_s)

    seen = day.prints[day.prints[:, 3] > 0]
    px, row = seen[:, 1], seen[:, 3].astype(int) - 1
    at_touch = (np.abs(px - bid[row]) < 0.01) | (np.abs(px - ask[row]) < 0.01)
    inside = ~at_touch & (px > bid[row]) & (px < ask[row])

    mid = (bid + ask) / 2
    minute_row = np.maximum(np.searchsorted(at_s, np.arange(MINUTES + 1) * 60.0, side="right") - 1, 0)
    squares = np.diff(np.log(mid[minute_row])) ** 2
    moved = (np.diff(bid) != 0) | (np.diff(ask) != 0)

    print_part, quote_part = (seen[:, 0] // HALF_HOUR_S).astype(int), (at_s // HALF_HOUR_S).astype(int)
    volume = _sums(print_part, seen[:, 2])
    prints = _sums(print_part, np.ones(len(seen)))
    quotes = _sums(quote_part, np.ones(len(at_s)))
    variance = squares.reshape(HALF_HOURS, 30).sum(axis=1)
    return Figures(
        mid_px=float(np.average(mid, weights=stood_s)),
        spread_ticks=float(np.average(spread[ordinary], weights=stood_s[ordinary])),
        quotes_per_s=len(at_s) / DAY_S,
        prints_per_s=len(seen) / DAY_S,
        print_size=float(seen[:, 2].mean()),
        print_size_log_sd=float(np.log(seen[:, 2]).std()),
        shown_size=float(np.average(shown, weights=shown_s)),
        shown_size_log_sd=float(np.sqrt(np.average((shown_log - shown_mean_log) ** 2, weights=shown_s))),
        at_touch_pct=100 * float(at_touch.mean()),
        inside_pct=100 * float(inside.mean()),
        outside_pct=100 * float((~at_touch & ~inside).mean()),
        same_instant_pct=100 * float((np.diff(seen[:, 0]) == 0).mean()),
        close_quotes_pct=100 * float((np.diff(at_s) <= 0.001_000_5).mean()),
        moving_quotes_pct=100 * float(moved.mean()),
        volume_u=_u(volume),
        quotes_u=_u(quotes),
        variance_u=_u(variance),
        volatility_bps=1e4 * float(np.sqrt(squares.sum())),
        spreads=spreads / spreads.sum(),
        volume_curve=volume / volume.mean(),
        prints_curve=prints / prints.mean(),
        quotes_curve=quotes / quotes.mean(),
        variance_curve=variance / variance.mean(),
    )


def mean(many: list[Figures]) -> Figures:
    """Return the mean over days; of volatilities, the root of the mean of their squares."""
    plain = {name: np.mean([getattr(one, name) for one in many], axis=0) for name in Figures._fields}
    plain["volatility_bps"] = float(np.sqrt(np.mean([one.volatility_bps**2 for one in many])))
    return Figures(**plain)


def main() -> int:
    """Print the table, or with `--measure` the figures that profiles are made of."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="print what a profile is made of, not the table")
    is_measure = parser.parse_args().measure
    folder = _folder()
    if not folder.is_dir():
        print("no recorded days: set EXECD_SHARED_DATA to the folder that holds tick/*.csv.gz", file=sys.stderr)
        return 1
    for line in _measured(folder) if is_measure else _compared(folder):
        print(line)
    print("" if is_measure else _speed())
    return 0


def _measured(folder: Path) -> Iterator[str]:
    for profile, symbol, days in DAYS:
        real = mean([figures(recorded(folder / "tick" / f"{day}.csv.gz")) for day in days])
        yield f"{profile.name} ({symbol})"
        for name, figure in real._asdict().items():
            is_curve = isinstance(figure, np.ndarray)
            text = ", ".join(f"{part:.4f}" for part in figure) if is_curve else f"{figure:.4f}"
            yield f"  {name:20} {text}"


def _compared(folder: Path) -> Iterator[str]:
    columns = []
    for profile, symbol, days in DAYS:
        real = mean([figures(recorded(folder / "tick" / f"{day}.csv.gz")) for day in days])
        made = mean([figures(generated(profile, symbol, real.mid_px, seed)) for seed in SEEDS])
        columns.append((f"{symbol} `{profile.name}`", real, made))
    yield "| real / generated | " + " | ".join(name for name, _, _ in columns) + " |"
    yield "|---|" + "---|" * len(columns)
    for label, figure in ROWS:
        cells = (f"{figure(real):.4g} / {figure(made):.4g}" for _, real, made in columns)
        yield f"| {label} | " + " | ".join(cells) + " |"


def _speed() -> str:
    specs = tuple(
        SymbolSpec(symbol=f"S{number}", start_px=Decimal(50), profile=profile)
        for number, profile in enumerate((LIQUID_LOW, MID, WIDE, TAQ) * 25)
    )
    stream = Generator(specs, 1, 0).ticks()
    begun_s = time.process_time()
    for _ in range(TICKS_N):
        next(stream)
    made_s = time.process_time() - begun_s
    px = Decimal(50)
    begun_s = time.process_time()
    for at_ns in range(TICKS_N):
        Quote(symbol="S", bid_px=px, bid_size=px, ask_px=px, ask_size=px, exchange_ns=at_ns, received_ns=at_ns)
    floor_s = time.process_time() - begun_s
    rates = f"{TICKS_N / made_s:,.0f}/s (floor, Quotes created: {TICKS_N / floor_s:,.0f}/s; x {made_s / floor_s:.0f})"
    return f"\n{TICKS_N:,} ticks of {len(specs)} symbols, CPU time: {rates}"


def _sums(part: NDArray[np.int_], weights: Column) -> Column:
    return np.bincount(part, weights, HALF_HOURS).astype(np.float64)


def _u(curve: Column) -> float:
    """Return the mean of the first and last half hour over the mean of the five in the middle."""
    return float((curve[0] + curve[-1]) / 2 / curve[4:9].mean())


def _open_ns(ts_ns: int) -> int:
    zone = ZoneInfo("America/New_York")
    day = datetime.fromtimestamp(ts_ns // NS, UTC).astimezone(zone)
    return int(day.replace(hour=9, minute=30, second=0, microsecond=0).timestamp()) * NS


def _is_auction(cond: str) -> bool:
    """Whether a print is an opening or closing cross: hexadecimal flags in one source, letters in the other."""
    if any(letter in "FTIUNVRMZCBQPOX" for letter in cond.upper()) or cond.strip() in {"", "6", "4"}:
        return not AUCTION_LETTERS.isdisjoint(cond)
    return bool(int(cond, 16) & AUCTION_BITS)


def _folder() -> Path:
    return Path(os.environ.get("EXECD_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data" / "market")


if __name__ == "__main__":
    sys.exit(main())
