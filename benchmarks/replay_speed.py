"""Tell how fast a replay goes, and in how much memory.

Each case runs in a process of its own, several times; the median is told. Reading (gzip, text to columns) and engine
(cycle, venue, walking the columns) are measured apart, in CPU seconds, so that a busy machine does not change them.
The floor, in the same process: a bare Python loop over the same quotes that does nothing.

    python benchmarks/replay_speed.py [--runs 5] [--day tick/ibm_20131008 --day tick/aig_20131007]

Cases: `idle` nobody asks for anything; `watched` one order rests away from the market all day; `told` idle, but every
row is told to engine and venue, as a daemon is told; `50`, `300`, `3000` parents of now x offset over the day, about
one child order each; `twap` 300 parents of ten slices each, once there is such an algorithm.
For comparison, the best back-tester measured on the same tapes and the same kind of machine: 211-224 k quotes/s idle,
24 k (IBM) and 118 k (AIG) with 3,000 child orders, 356-510 MB.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from execd.algos.registry import ENTRIES
from execd.core import chance
from execd.core.enums import QueueRule
from execd.core.rules import MS, S
from execd.simulation.intents import read_intents, research_rules
from execd.simulation.lane import Lane
from execd.simulation.progress import Progress
from execd.simulation.replay import Replay
from execd.simulation.segments import first_regular_ns, read_segments
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.matching import Matching
from execd.venue.tape import symbol_of

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("EXECD_SHARED_DATA") or REPOSITORY.parent / "shared" / "data" / "market")
DAYS = ["tick/ibm_20131008", "tick/aig_20131007"]
CASES = ["idle", "watched", "told", "50", "300", "3000", *(["twap"] if "twap" in ENTRIES else [])]
IDLE_TARGETS, TWAP_TARGETS = {"ibm": 1_000_000, "aig": 1_700_000}, {"ibm": 120_000, "aig": 400_000}
RSS_MB_MAX = 200
SEED = 7
DAY_NS = 22_500 * S


def docs(case: str, symbol: str, begins_ns: int) -> list[dict[str, Any]]:
    """Return the intents of a case."""
    if case in {"idle", "told"}:
        return []
    if case == "watched":
        far: dict[str, Any] = {"name": "passthrough", "order_type": "limit"}
        times = {"not_before": _text(begins_ns), "deadline": _text(begins_ns + DAY_NS)}
        return [{"id": "far", "symbol": symbol, "side": "buy", "qty": 100, "limit_price": "1", "algo": far, **times}]
    is_twap = case == "twap"
    twap = {"name": "twap", "duration": "10m", "interval": "60s", "tactic": "marketable"}
    how = {"algo": twap} if is_twap else {}
    found = []
    for n in range(300 if is_twap else int(case)):
        at_ns = begins_ns + chance.below(DAY_NS, SEED, n, "at")
        side = ("buy", "sell")[chance.below(2, SEED, n, "side")]
        qty = (100, 300, 1_000)[chance.below(3, SEED, n, "qty")]
        times = {"not_before": _text(at_ns), "deadline": _text(at_ns + 900 * S)}
        found.append({"id": f"p{n}", "symbol": symbol, "side": side, "qty": qty, **times, **how})
    return found


def floor_s(path: Path, symbol: str) -> tuple[int, float]:
    """Return how many quotes a tape has and what a loop over them costs that does nothing."""
    quotes, spent_s = 0, 0.0
    for part in read_segments([path], symbol):
        columns = [column.tolist() for column in (part.quote_ns, part.bid, part.bid_size, part.ask, part.ask_size)]
        began_s = process_time()
        for _ts_ns, _bid, _bid_size, _ask, _ask_size in zip(*columns, strict=True):
            pass
        spent_s += process_time() - began_s
        quotes += len(part.quote_ns)
    return quotes, spent_s


def measure(path: Path, case: str) -> dict[str, float]:
    """Run one case once."""
    symbol = symbol_of(path)
    begins_ns = first_regular_ns(path, symbol) or 0
    body = json.dumps(docs(case, symbol, begins_ns)).encode()
    intents = read_intents("intents.json", body, begins_ns=lambda _symbol: begins_ns)
    rules = research_rules(intents)
    progress = Progress(process_time)
    lane = Lane(symbol, progress.timed_reading(read_segments([path], symbol)))
    venue = Matching(queue=QueueRule.PESSIMISTIC, commission=Commission(), instrument=rules.instrument)
    latency = Latency(base_ns=100 * MS)
    replay = Replay(rules=rules, venue=venue, latency=latency, lanes=[lane], skips=case != "told")
    with progress.running():
        replay.run(intents)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    filled = sum((parent.cum_qty for parent in replay.book.parents.values()), Decimal(0))
    quotes, bare_s = floor_s(path, symbol)
    return {
        "rows": lane.counts.rows,
        "quotes": quotes,
        "floor_s": bare_s,
        "children": len(replay.book.orders),
        "filled": float(filled),
        "rss_mb": rss_mb,
        **{f"{name}_s": spent for name, spent in progress.seconds.items()},
    }


def repeated(path: Path, case: str, runs: int) -> Iterator[dict[str, float]]:
    """Yield the figures of several runs, each in a fresh process, so that memory is of that case alone."""
    command = [sys.executable, __file__, "--one", str(path), case]
    for _ in range(runs):
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        yield json.loads(done.stdout)


def main() -> int:
    """Print one line a day and case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--day", action="append")
    parser.add_argument("--one", nargs=2, metavar=("TAPE", "CASE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(Path(args.one[0]), args.one[1])))
        return 0
    if not FOLDER.is_dir():
        print("SHARED TEST DATA ABSENT: set EXECD_SHARED_DATA; nothing measured")
        return 0
    print(
        f"{'day':20} {'case':8} {'children':>8} {'rows read/s':>12} {'quotes/s':>12} {'target':>10}"
        f" {'floor/s':>12} {'x floor':>8} {'RSS MB':>7}"
    )
    for day in args.day or DAYS:
        for case in CASES:
            _print(day, case, list(repeated(FOLDER / f"{day}.csv.gz", case, args.runs)))
    print(f"memory target {RSS_MB_MAX} MB; figures are medians of {args.runs} runs, in CPU seconds of one core")
    return 0


def _print(day: str, case: str, runs: list[dict[str, float]]) -> None:
    middle = {name: median(run[name] for run in runs) for name in runs[0]}
    engine_s = max(middle["engine_s"], 1e-6)
    target = {"watched": IDLE_TARGETS, "300": TWAP_TARGETS, "twap": TWAP_TARGETS}.get(case, {}).get(Path(day).name[:3])
    print(
        f"{day:20} {case:8} {middle['children']:8.0f} {middle['rows'] / middle['reading_s']:12,.0f}"
        f" {middle['quotes'] / engine_s:12,.0f} {'' if target is None else f'{target:,}':>10}"
        f" {middle['quotes'] / middle['floor_s']:12,.0f} {engine_s / middle['floor_s']:8.2f} {middle['rss_mb']:7.0f}"
    )


def _text(at_ns: int) -> str:
    seconds, ns = divmod(at_ns, S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"


if __name__ == "__main__":
    sys.exit(main())
