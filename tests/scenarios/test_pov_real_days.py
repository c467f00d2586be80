"""Whether a part of the volume is kept to on recorded days, whatever instant one begins to count at.

The days are the shared test data; without them these tests skip and say so.
"""

from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from msgspec.structs import replace

from execd.core.enums import QueueRule
from execd.core.orders import AlgoSpec
from execd.core.rules import S
from execd.simulation.intents import research_rules
from execd.simulation.lane import Lane
from execd.simulation.replay import Replay
from execd.simulation.segments import first_regular_ns, read_segments
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.matching import Matching
from execd.venue.tape import symbol_of
from execd.venue.tape_text import Ints
from tests.unit.simulation.small import LATENCY_NS, intent, parsed

DAYS: Final = ["tick/aig_20131007", "tick/ibm_20131008"]
WINDOW_NS: Final = 600 * S
LEAST_VOLUME: Final = 50_000
"""Enough volume: a round lot is a fiftieth of a percentage point of a tenth of it."""
ANSWER_NS: Final = 2 * LATENCY_NS
"""So long after a print its answer trades: that much later our window begins and ends."""
POINT: Final = 0.01
FIRST_NS, LIFE_NS = 600 * S, 6_600 * S
SPEC: Final = AlgoSpec(name="pov", parameters={"rate": "0.10", "tactic": {"name": "marketable", "interval_ns": 2 * S}})


@pytest.mark.parametrize("name", DAYS)
def test_a_tenth_of_the_volume_is_a_tenth_in_any_ten_minutes(shared_data: Path, name: str) -> None:
    """POV stays within ±1 percentage point of its rate over any 10-minute window with enough volume."""
    path = shared_data / f"{name}.csv.gz"
    if not path.is_file():
        pytest.skip(f"SHARED TEST DATA ABSENT: {name}")
    symbol = symbol_of(path)
    first_ns = (first_regular_ns(path, symbol) or 0) + FIRST_NS
    ours_ns, ours_qty = _worked(path, symbol, first_ns)
    print_ns, print_qty = _printed(path, symbol)
    begins_ns = np.arange(first_ns, first_ns + LIFE_NS - WINDOW_NS - S, 10 * S)
    volume = _between(print_ns, print_qty, begins_ns)
    share = _between(ours_ns, ours_qty, begins_ns + ANSWER_NS) / np.maximum(volume, 1)
    is_enough = volume >= LEAST_VOLUME
    off = np.abs(share - float(SPEC.parameters["rate"]))[is_enough]

    assert is_enough.sum() > 300
    assert float(off.max()) <= POINT


def _worked(path: Path, symbol: str, first_ns: int) -> tuple[Ints, Ints]:
    """Return instants and quantities of the fills of an order that is too large for the day."""
    doc = intent("p", symbol, qty=900_000, max_slippage_bps=250, deadline="1h")
    one = parsed([doc], {symbol: [path]})[0]
    times = {"effective_ns": first_ns, "start_by_ns": first_ns + S, "expire_ns": first_ns + LIFE_NS}
    one = replace(one, parent=replace(one.parent, algo=SPEC, **times))
    rules = research_rules([one])
    replay = Replay(
        rules=rules,
        venue=Matching(queue=QueueRule.PESSIMISTIC, commission=Commission(), instrument=rules.instrument),
        latency=Latency(base_ns=LATENCY_NS),
        lanes=[Lane(symbol, read_segments([path], symbol))],
    )
    replay.run([one])
    book = replay.book
    fills = sorted(
        (trade.transact_ns, int(trade.last_qty))
        for key in book.parents["p"].children
        for trade in book.orders[key].fills.counted
    )
    assert book.parents["p"].cum_qty < Decimal(900_000), "the volume never bound it"
    return np.array([at_ns for at_ns, _ in fills]), np.array([qty for _, qty in fills])


def _printed(path: Path, symbol: str) -> tuple[Ints, Ints]:
    parts = [(part.print_ns, np.diff(part.volume, prepend=0)) for part in read_segments([path], symbol)]
    return np.concatenate([at_ns for at_ns, _ in parts]), np.concatenate([qty for _, qty in parts])


def _between(at_ns: Ints, qty: Ints, begins_ns: Ints) -> Ints:
    """Return what was traded in the window after each of `begins_ns`."""
    done = np.concatenate([[0], np.cumsum(qty)])
    ends = np.searchsorted(at_ns, begins_ns + WINDOW_NS, "right")
    traded: Ints = done[ends] - done[np.searchsorted(at_ns, begins_ns, "right")]
    return traded
