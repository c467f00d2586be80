"""Derived values of real bars, against sums written another way. Needs the shared test data; nothing of it is here."""

import csv
import gzip
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from execd.core.daily import BarSpan
from execd.refdata import bar_files
from execd.refdata.wire import Answer, DailyFound, DailyWanted, Request, SessionsFound, SessionsWanted

REPOSITORY = Path(__file__).resolve().parents[3]
MARKET = Path(os.environ.get("EXECD_SHARED_DATA") or REPOSITORY.parent / "shared" / "data") / "market"
Ask = Callable[[Request], Answer]
FRIDAY_END_NS = 1_380_945_600 * 10**9
"""2013-10-05 00:00 in New York."""
needs_data = pytest.mark.skipif(not MARKET.is_dir(), reason=f"shared test data absent: {MARKET} (EXECD_SHARED_DATA)")


@needs_data
@pytest.mark.parametrize("symbol", ["AIG", "SPY"])
def test_adv_and_atr_are_what_floats_say(ask: Ask, symbol: str) -> None:
    """Twenty days' mean volume and Wilder's range, summed here with floats over the raw rows."""
    path = MARKET / "bars_daily" / f"{symbol.lower()}.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    rows = [row for row in rows if row["ts_ns"] + 86_400e9 <= FRIDAY_END_NS]
    ranges = [
        max(row["high"] - row["low"], abs(row["high"] - before["close"]), abs(row["low"] - before["close"]))
        for before, row in pairwise(rows)
    ]
    atr = sum(ranges[:14]) / 14
    for one in ranges[14:]:
        atr = (atr * 13 + one) / 14
    wanted = DailyWanted(bars_dir=str(MARKET), symbol=symbol, calendar="XNYS", before_ns=FRIDAY_END_NS)
    found = ask(wanted)
    assert isinstance(found, DailyFound)
    values = found.values

    assert values.adv_qty is not None
    assert values.atr_px is not None
    assert values.prev_close_px is not None
    assert pytest.approx(sum(row["volume"] for row in rows[-20:]) / 20) == float(values.adv_qty)
    assert pytest.approx(atr, abs=1e-6) == float(values.atr_px)
    assert ("2013-10-04", rows[-1]["close"]) == (values.as_of_date, float(values.prev_close_px))


@needs_data
@pytest.mark.parametrize("symbol", ["AZO"])
def test_a_years_profile_is_whole_and_heavy_at_both_ends(ask: Ask, symbol: str) -> None:
    """2024 has three early closes, none of them in a profile; the first and last half hour are the day's heaviest."""
    wanted = DailyWanted(bars_dir=str(MARKET), symbol=symbol, calendar="XNYS", before_ns=4 * 10**18)
    found = ask(wanted)
    assert isinstance(found, DailyFound)
    values = found.values
    half_hours = [sum(values.profile[n : n + 6]) for n in range(0, 78, 6)]

    assert (78, 20, 1) == (len(values.profile), values.profile_days_n, sum(values.profile))
    assert min(half_hours[0], half_hours[-1]) > sorted(half_hours)[6]


@needs_data
def test_the_usual_volatility_is_what_floats_say(ask: Ask) -> None:
    """The median over twenty full days of the root of thirty squared one-minute returns, with floats over raw rows."""
    path = MARKET / "bars_1m" / "azo_2024.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["close"]]
    end_ns = int(rows[-1]["ts_ns"]) + 60 * 10**9
    found = ask(DailyWanted(bars_dir=str(MARKET), symbol="AZO", calendar="XNYS", before_ns=end_ns))
    assert isinstance(found, DailyFound)
    asked = SessionsWanted(calendar="XNYS", from_date="2024-11-01", to_date="2024-12-31")
    sessions = ask(asked)
    assert isinstance(sessions, SessionsFound)
    full = [one for one in sessions.rows if one.close_ns - one.open_ns == 23_400 * 10**9]
    by_day = []
    for session in reversed(full):
        closes = [
            (int(row["ts_ns"]), float(row["close"]))
            for row in rows
            if session.open_ns <= int(row["ts_ns"]) < session.close_ns
        ]
        if closes:
            by_day.append((session.open_ns, closes))
    by_day = by_day[:20]

    def volatility(open_ns: int, closes: list[tuple[int, float]], minutes_n: int) -> float:
        ends = [open_ns + n * 60 * 10**9 for n in range(minutes_n - 30, minutes_n + 1)]
        prices = [[px for at_ns, px in closes if at_ns < end_ns][-1] for end_ns in ends]
        return float(sum((after / before - 1) ** 2 for before, after in pairwise(prices)) ** 0.5)

    for bucket in (9, 40, 77):
        usual = median(volatility(open_ns, closes, 5 * (bucket + 1)) for open_ns, closes in by_day)

        assert pytest.approx(usual, rel=1e-6) == float(found.values.volatility_norm[bucket])
    assert [0] * 6 == list(found.values.volatility_norm[:6])


@needs_data
def test_every_shape_of_file_can_be_read() -> None:
    """Daily and hourly bars of five symbols, minutes with and without quotes."""
    bars_n = {
        span: sum(
            len(bar_files.read(bar_files.files_of(MARKET, symbol, span), symbol, span, from_ns=from_ns))
            for symbol in bar_files.symbols(MARKET)
        )
        for span, from_ns in ((BarSpan.DAILY, 0), (BarSpan.HOUR, 0), (BarSpan.MINUTE, 1_735_500_000 * 10**9))
    }

    assert [True, True, True] == [n > 1_000 for n in bars_n.values()]
