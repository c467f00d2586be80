"""A recorded day as the measure of quality needs it: its columns, kept on disk, and what they say of any instant.

A tape is read as text once and kept as columns beside other caches of the user, never in the repository. Prices are
integers of 1/10,000 of a currency unit, as on a tape, sizes shares. Nothing here knows of algorithms; a new question
to the market is a method of `Day`.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from execd.cli.replay_days import days_before
from execd.core import daily
from execd.core.daily import PROFILES
from execd.core.instrument import Instrument
from execd.core.rules import S
from execd.simulation.past_days import PastDays
from execd.simulation.segments import Segment, read_segments
from execd.venue import tape, tape_text
from execd.venue.matching_trade import WALK_TICKS_MAX
from execd.venue.tape import UNITS_PER_ONE, px_of, symbol_of
from execd.venue.tape_text import Ints

REPOSITORY: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = Path(os.environ.get("EXECD_SHARED_DATA") or REPOSITORY.parent / "shared" / "data" / "market") / "tick"
NEW_YORK: Final = ZoneInfo("America/New_York")
FIRST, LAST = time(9, 40), time(15, 30)
"""Parents arrive in between."""
QUIET: Final = time(15, 40)
"""What is typical of a day is taken from FIRST to here, where the last parent ends."""
TEN_MINUTES_NS: Final = 600 * S
_COLUMNS: Final = tuple(field.name for field in fields(Segment) if field.name not in {"symbol", "first_ns", "last_ns"})


@dataclass(frozen=True, eq=False)
class Day:
    """One symbol's day; `name` is its tape's, `past` what was known of the days before it."""

    name: str
    segment: Segment
    past: PastDays | None = None

    @property
    def symbol(self) -> str:
        """The symbol, in capitals."""
        return self.segment.symbol

    def at(self, clock: time) -> int:
        """Return the instant at which the clock of New York shows that on this day."""
        day = datetime.fromtimestamp(int(self.segment.print_ns[0]) // S, UTC).astimezone(NEW_YORK).date()
        return int(datetime.combine(day, clock, NEW_YORK).timestamp()) * S

    @cached_property
    def next_usable(self) -> Ints:
        """Of each quote, the place of the first from it on that an order may be priced from; past the end: none."""
        part = self.segment
        usable = (part.bid > 0) & (part.bid < part.ask) & (part.bid_size > 0) & (part.ask_size > 0) & ~part.has_jumped
        n = len(usable)
        places = np.where(usable, np.arange(n), n)
        return np.minimum.accumulate(places[::-1])[::-1]

    def usable_at(self, now_ns: int) -> int:
        """Return the place of the quote that stands at `now_ns`, else of the first usable one after it."""
        standing = max(0, int(self.segment.quote_ns.searchsorted(now_ns, "right")) - 1)
        found = int(self.next_usable[standing])
        assert found < len(self.next_usable), f"{self.name}: no usable quote at or after {now_ns}"
        return found

    def taken(self, at: int, *, is_buy: bool, qty: int) -> int:
        """Return what `qty` shares cost that take from the quote at place `at`, in units.

        As the venue lets a market order walk: the displayed size at the touch, then again that much at each tick
        beyond it; what WALK_TICKS_MAX ticks do not hold pays the last of them.
        """
        part = self.segment
        px, size = (part.ask, part.ask_size) if is_buy else (part.bid, part.bid_size)
        touch, shown = int(px[at]), int(size[at])
        tick = int(Instrument(symbol=self.symbol).tick_at(px_of(touch)) * UNITS_PER_ONE) * (1 if is_buy else -1)
        ticks = min((qty - 1) // shown, WALK_TICKS_MAX)
        rest = qty - ticks * shown
        return qty * touch + tick * (shown * ticks * (ticks - 1) // 2 + rest * ticks)

    def vwap(self, from_ns: int, to_ns: int) -> float | None:
        """Return the average price of the prints in [from_ns, to_ns], in units; None where there is none."""
        part = self.segment
        first = int(part.print_ns.searchsorted(from_ns, "left"))
        last = int(part.print_ns.searchsorted(to_ns, "right")) - 1
        if last < first:
            return None
        before_volume, before_notional = (0, 0) if first == 0 else (part.volume[first - 1], part.notional[first - 1])
        return float(part.notional[last] - before_notional) / float(part.volume[last] - before_volume)

    @cached_property
    def shown_qty(self) -> int:
        """The median of what is displayed at bid and ask together, halved, weighted by how long it stood."""
        part = self.segment
        low, high = (int(part.quote_ns.searchsorted(self.at(clock))) for clock in (FIRST, QUIET))
        shown = (part.bid_size[low:high] + part.ask_size[low:high]) / 2
        stood = np.diff(part.quote_ns[low : high + 1], append=[] if high < len(part.quote_ns) else [self.at(QUIET)])
        order = np.argsort(shown, kind="stable")
        weight = np.cumsum(stood[order])
        return int(shown[order][weight.searchsorted(weight[-1] / 2)])

    @cached_property
    def ten_minute_qty(self) -> int:
        """The average volume printed in ten minutes."""
        part = self.segment
        begins_ns, ends_ns = self.at(FIRST), self.at(QUIET)
        low, high = (int(part.print_ns.searchsorted(ns)) for ns in (begins_ns, ends_ns))
        # In Python's integers: shares times nanoseconds do not fit into 64 bits.
        return int(part.size[low:high].sum()) * TEN_MINUTES_NS // (ends_ns - begins_ns)


def day_files(folder: Path = FOLDER) -> list[Path]:
    """Return the tapes that are measured; none where the shared test data is absent."""
    return sorted(folder.glob("*.csv.gz")) if folder.is_dir() else []


def cache_folder() -> Path:
    """Return where columns and finished runs are kept; `EXECD_BENCH_CACHE` names another place."""
    named = os.environ.get("EXECD_BENCH_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else base / "execd-quality"


def load_day(path: Path, cache: Path) -> Day:
    """Return a day, from the columns that were kept if nothing has changed since."""
    digest = digest_of([path])
    source = digest_of([Path(str(module.__file__)) for module in (tape, tape_text, daily)] + [Path(__file__)])
    name = path.name.split(".", maxsplit=1)[0]
    kept = cache / "days" / f"{name}-{digest[:16]}-{source[:16]}.npz"
    if not kept.exists():
        keep(kept, columns_of(path))
    with np.load(kept) as columns:
        bounds = [int(ns) for ns in columns["bounds"]]
        parts: dict[str, Any] = {column: columns[column] for column in _COLUMNS if column != "rows"}
        past = msgspec.json.decode(str(columns["past"]), type=PastDays | None)
    segment = Segment(symbol=symbol_of(path), first_ns=bounds[0], last_ns=bounds[1], rows=bounds[2], **parts)
    return Day(name=name, segment=segment, past=past)


def past_of(path: Path) -> PastDays | None:
    """Return what the bars beside a tape's folder say of the days before it; None where they say nothing."""
    bars_dir = path.parent.parent
    if not (bars_dir / "bars_daily").is_dir():
        return None
    found = days_before([str(path)], str(bars_dir), lambda symbol: Instrument(symbol=symbol).calendar, PROFILES)
    return found[0] if found else None


def columns_of(path: Path) -> dict[str, Any]:
    """Return the whole tape as one segment's columns."""
    parts = list(read_segments([path], symbol_of(path)))
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in _COLUMNS
        if name not in {"rows", "volume", "notional"}
    }
    columns["volume"] = np.cumsum(columns["size"])
    columns["notional"] = np.cumsum(columns["px"] * columns["size"])
    columns["past"] = np.array(msgspec.json.encode(past_of(path)).decode())
    columns["bounds"] = np.array([parts[0].first_ns, parts[-1].last_ns, sum(part.rows for part in parts)])
    return columns


def keep(path: Path, columns: dict[str, Any]) -> None:
    """Write columns to a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        np.savez(file, **columns)
    Path(file.name).replace(path)


def digest_of(paths: Sequence[Path]) -> str:
    """Return one digest of the bytes of some files."""
    digest = sha256()
    for path in paths:
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()
