"""The measure of execution quality: one day worked by one experiment, and what was filled.

Every parent is alone in the market (an account, a queue and a throttle of its own), so both sides of all pairs are
worked in one replay. What is tried is in `_quality_trials`, what the market showed in `_quality_days`, what it all cost
in `_quality_measures`. A finished run is kept by a digest of these files and of the rooms that it hangs on.
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
_KEPT: Final = ("filled", "passive", "notional", "orders", "late")
_NOT_WORKED: Final = (ParentStatus.REJECTED, ParentStatus.FAILED, ParentStatus.HELD)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A day worked in one way: `pairs_n` of its pairs from number `first_n` on; `fields` are of an intent, as JSON."""

    tape: str
    experiment: str
    fields: str
    preset: str
    queue: QueueRule
    pairs_n: int
    seed: int
    latency_ms: int = LATENCY_MS
    taken_stays: bool = False
    first_n: int = 0


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


def run_of(
    path: Path,
    experiment: Experiment,
    queue: QueueRule,
    *,
    pairs_n: int,
    seed: int,
    latency_ms: int = LATENCY_MS,
    taken_stays: bool = False,
) -> Run:
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
        latency_ms=latency_ms,
        taken_stays=taken_stays,
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
    pairs = pairs_of(day, run.first_n + run.pairs_n, run.seed)[run.first_n :]
    found = work(
        day,
        pairs,
        experiment,
        run.queue,
        latency_ms=run.latency_ms,
        taken_stays=run.taken_stays,
        first_n=run.first_n,
    )
    spent_s = process_time() - began_s
    facts = {"refused": found.refused, "reason": found.reason, "spent_s": spent_s}
    keep(kept, {**{name: getattr(found, name) for name in _KEPT}, "facts": np.array(json.dumps(facts))})
    return dataclasses.replace(found, spent_s=spent_s), False


def joined(parts: Sequence[Worked]) -> Worked:
    """Return as one what was found in parts, one behind the other."""
    return Worked(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in _KEPT},
        refused=sum(part.refused for part in parts),
        reason=next((part.reason for part in parts if part.reason), ""),
        spent_s=sum(part.spent_s for part in parts),
    )


def work(
    day: Day,
    pairs: Sequence[Pair],
    experiment: Experiment,
    queue: QueueRule,
    *,
    latency_ms: int,
    taken_stays: bool = False,
    first_n: int = 0,
) -> Worked:
    """Work both sides of all pairs in one replay, each alone in the market. The first is number `first_n`."""
    body = json.dumps(intents_of(day, pairs, experiment, first_n)).encode()
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
    venue = Matching(
        queue=queue,
        commission=Commission(),
        instrument=rules.instrument,
        isolates_accounts=True,
        taken_stays=taken_stays,
    )
    days = [] if day.past is None else [day.past]
    lanes = [Lane(day.symbol, iter([day.segment]))]
    replay = Replay(rules=rules, venue=venue, latency=latency, lanes=lanes, days=days)
    replay.run(intents)
    filled, passive, notional, orders, late = (np.zeros((len(pairs), 2)) for _ in _KEPT)
    reasons: list[str] = []
    for n, pair in enumerate(pairs):
        for at, side in enumerate(("buy", "sell")):
            parent = replay.book.parents[f"p{first_n + n}-{side}"]
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
