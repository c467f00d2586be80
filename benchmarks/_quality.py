"""The measure of execution quality: one day worked by one experiment, and what that cost.

Every parent is alone in the market (an account, a queue and a throttle of its own), so both sides of all pairs are
worked in one replay. What is unfilled at the deadline is charged the cross. Costs are positive when worse for us. What
is tried is in `_quality_trials`, what the market showed in `_quality_days`, averages and intervals in
`_quality_stats`. A new measure is a line in `measures` and a name in MEASURES.
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

import execd
from benchmarks import _quality_days, _quality_trials
from benchmarks._quality_days import Day, digest_of, keep, load_day
from benchmarks._quality_trials import Experiment, Pair, intents_of, pairs_of
from execd.config.presets import shipped, shipped_dir
from execd.core.enums import ParentStatus, QueueRule
from execd.core.preset import Slicing
from execd.core.rules import MS
from execd.simulation.intents import isolated, read_intents, research_rules
from execd.simulation.lane import Lane
from execd.simulation.replay import Replay
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.matching import Matching
from execd.venue.tape import UNITS_PER_ONE

Floats = npt.NDArray[np.float64]
LATENCY_MS: Final = 100
ROOMS: Final = ("core", "algos", "policy", "engine", "venue", "simulation", "intake", "config")
"""A change in one of these may change what a run finds."""
MEASURES: Final = (
    "cost_bps",
    "cost_spreads",
    "vwap_bps",
    "filled",
    "passive",
    "better_bps",
    "better_spreads",
    "orders",
)
BPS: Final = 10_000
_KEPT: Final = ("filled", "passive", "notional", "orders", "late")
_NOT_WORKED: Final = (ParentStatus.REJECTED, ParentStatus.FAILED, ParentStatus.HELD)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A day to be worked in one way; `fields` are the intent's, as JSON."""

    tape: str
    experiment: str
    fields: str
    preset: str
    queue: QueueRule
    pairs_n: int
    seed: int
    latency_ms: int = LATENCY_MS


@dataclass(frozen=True, slots=True, eq=False)
class Worked:
    """What came of both sides of each pair, by [pair, side]; buys first. Money in units.

    `late` is quantity that was filled after the deadline: it must be zero. `refused` counts parents that ended
    `rejected`, `failed` or `held`, `reason` is the first one's.
    """

    filled: Floats
    passive: Floats
    notional: Floats
    orders: Floats
    late: Floats
    refused: int = 0
    reason: str = ""
    spent_s: float = 0.0


def run_of(path: Path, experiment: Experiment, queue: QueueRule, *, pairs_n: int, seed: int) -> Run:
    """Return the run of an experiment over a tape."""
    fields = json.dumps(experiment.fields, sort_keys=True)
    return Run(
        tape=str(path),
        experiment=experiment.label,
        fields=fields,
        preset=experiment.preset,
        queue=queue,
        pairs_n=pairs_n,
        seed=seed,
    )


def code_digest() -> str:
    """Return one digest of all code that a run hangs on."""
    package = Path(execd.__file__).parent
    own = [Path(str(module.__file__)) for module in (_quality_days, _quality_trials)] + [Path(__file__)]
    rooms = [path for room in ROOMS for path in sorted((package / room).rglob("*.py"))]
    return digest_of([*rooms, *own, *sorted(shipped_dir().glob("*.yaml"))])


def kept_at(run: Run, code: str, cache: Path) -> Path:
    """Return where the result of a run is kept. Its label is not part of what it is."""
    path = Path(run.tape)
    key = sha256(msgspec.json.encode((replace(run, tape="", experiment=""), code, digest_of([path])))).hexdigest()
    return cache / "runs" / f"{path.name.split('.')[0]}-{run.queue}-{key[:24]}.npz"


def worked(run: Run, code: str, cache: Path) -> tuple[Worked, bool]:
    """Return what a run finds, and whether it was known already. `code` is the digest of the code as it is."""
    kept = kept_at(run, code, cache)
    if kept.exists():
        with np.load(kept) as columns:
            facts = json.loads(str(columns["facts"]))
            return Worked(**{name: columns[name] for name in _KEPT}, **facts), True
    if code_digest() != code:
        raise RuntimeError("the code changed while this ran: what is found now would be kept as what the old one does")
    began_s = process_time()
    day = load_day(Path(run.tape), cache)
    experiment = Experiment(run.experiment, json.loads(run.fields), run.preset)
    pairs = pairs_of(day, run.pairs_n, run.seed)
    found = work(day, pairs, experiment, run.queue, latency_ms=run.latency_ms)
    spent_s = process_time() - began_s
    facts = {"refused": found.refused, "reason": found.reason, "spent_s": spent_s}
    keep(kept, {**{name: getattr(found, name) for name in _KEPT}, "facts": np.array(json.dumps(facts))})
    return dataclasses.replace(found, spent_s=spent_s), False


def work(day: Day, pairs: Sequence[Pair], experiment: Experiment, queue: QueueRule, *, latency_ms: int) -> Worked:
    """Work both sides of all pairs in one replay, each alone in the market."""
    body = json.dumps(intents_of(day, pairs, experiment)).encode()
    intents = read_intents("intents.json", body, begins_ns=lambda _symbol: day.segment.first_ns)
    base = research_rules(intents)
    preset = shipped(experiment.preset or "balanced").to_preset(experiment.preset or "balanced")
    if not experiment.preset:
        # Any size may go to market here, as it could by hand: that is what the others are compared with. Nothing does
        # so for being small.
        preset = replace(preset, allows_market=True, small_notional_max=Decimal(0), slicing=Slicing())
    latency = Latency(base_ns=latency_ms * MS)
    lead_ns = max(base.execution.final_lead_ns, latency.base_ns + 1)
    execution = replace(base.execution, final_lead_ns=lead_ns)
    intents, rules = isolated(intents, replace(base, execution=execution, preset=preset))
    venue = Matching(queue=queue, commission=Commission(), instrument=rules.instrument, isolates_accounts=True)
    days = [] if day.past is None else [day.past]
    lanes = [Lane(day.symbol, iter([day.segment]))]
    replay = Replay(rules=rules, venue=venue, latency=latency, lanes=lanes, days=days)
    replay.run(intents)
    filled, passive, notional, orders, late = (np.zeros((len(pairs), 2)) for _ in _KEPT)
    reasons: list[str] = []
    for n, pair in enumerate(pairs):
        for at, side in enumerate(("buy", "sell")):
            parent = replay.book.parents[f"p{n}-{side}"]
            trades = [trade for key in parent.children for trade in replay.book.orders[key].fills.counted]
            if parent.status in _NOT_WORKED:
                reasons.append(parent.reason)
            filled[n, at] = float(parent.cum_qty)
            passive[n, at] = float(sum(trade.last_qty for trade in trades if trade.is_passive))
            notional[n, at] = float(parent.notional * UNITS_PER_ONE)
            orders[n, at] = len(parent.children)
            late[n, at] = float(sum(trade.last_qty for trade in trades if trade.transact_ns > pair.deadline_ns))
    first = reasons[0] if reasons else ""
    return Worked(
        filled=filled, passive=passive, notional=notional, orders=orders, late=late, refused=len(reasons), reason=first
    )


def measures(day: Day, pairs: Sequence[Pair], found: Worked, *, latency_ms: int = LATENCY_MS) -> dict[str, Floats]:
    """Return each of MEASURES by pair, the mean of its two sides; NaN where there is no benchmark.

    Half-spreads are those of the day: the mean over the arrivals of its pairs. A pair's own would count most where
    it was narrowest.
    """
    part = day.segment
    arrivals = [day.usable_at(pair.arrival_ns) for pair in pairs]
    mid = (part.bid[arrivals] + part.ask[arrivals])[:, None] / 2.0
    half = float((part.ask[arrivals] - part.bid[arrivals]).mean()) / 2.0
    qty = np.array([pair.qty for pair in pairs], dtype=np.float64)[:, None]
    sign = np.array([[1.0, -1.0]])
    avg = (found.notional + _charged(day, pairs, found)) / qty
    market = _taken(day, pairs, [pair.arrival_ns + latency_ms * MS for pair in pairs]) / qty
    vwap = np.array([day.vwap(pair.arrival_ns, pair.deadline_ns) or np.nan for pair in pairs])[:, None]
    cost, better = sign * (avg - mid), sign * (market - avg)
    by_side = {
        "cost_bps": cost / mid * BPS,
        "cost_spreads": cost / half,
        "vwap_bps": sign * (avg - vwap) / vwap * BPS,
        "filled": found.filled / qty,
        "passive": found.passive / qty,
        "better_bps": better / mid * BPS,
        "better_spreads": better / half,
        "orders": found.orders,
    }
    return {name: by_side[name].mean(axis=1) for name in MEASURES}


def _charged(day: Day, pairs: Sequence[Pair], found: Worked) -> Floats:
    """Return what the unfilled rest costs: taken as by a market order that acts at the deadline."""
    missing = [[pair.qty - int(qty) for qty in row] for pair, row in zip(pairs, found.filled, strict=True)]
    return _taken(day, pairs, [pair.deadline_ns for pair in pairs], missing)


def _taken(
    day: Day, pairs: Sequence[Pair], at_ns: Sequence[int], qtys: Sequence[Sequence[int]] | None = None
) -> Floats:
    """Return the notional of market orders of both sides that act at these instants."""
    rows = []
    for n, pair in enumerate(pairs):
        at = day.usable_at(at_ns[n])
        both = (pair.qty, pair.qty) if qtys is None else qtys[n]
        sides = zip((True, False), both, strict=True)
        rows.append([float(day.taken(at, is_buy=is_buy, qty=qty)) if qty else 0.0 for is_buy, qty in sides])
    return np.array(rows)
