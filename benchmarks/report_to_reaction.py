"""How long from a broker's report until what the algorithm does about it is handed to the broker.

A resting order is cancelled by the venue: the report is journaled, the algorithm stepped, and its new order journaled
as *sending* before it is handed over, all in one transaction. The whole daemon runs in this process between a broker
and a feed of the benchmark's own, so the figure ends where an adapter would write its bytes. One report at a time; then
64 together, as after an outage, until the last of their 64 orders is handed over.
Nothing amends on a quote today (a tactic prices its child when it places it), so that path has no figure.
Floor, between the reports: one synced row and one bare POST on loopback.

Run: .venv/bin/python benchmarks/report_to_reaction.py [parents] [runs]
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks._floor import Floor, at, show, show_medians
from benchmarks._inside import Double, Told, run_inside
from benchmarks._intents import quote, resting
from benchmarks._scratch import scratch
from execd.app import Daemon
from execd.core.orders import NewOrder

REACTIONS: Final = 3
"""Of each parent: so often it plans a rest afresh."""
PAUSE_S: Final = 0.01
TOGETHER: Final = 64
SYMBOLS: Final = [f"S{n}" for n in range(20)]


def measure(folder: Path, parents_n: int, floor: Floor) -> tuple[list[float], list[float]]:
    """Return what single reactions took, and what 64 together took, in microseconds."""
    broker, feed = Double(), Told()
    single: list[float] = []
    together: list[float] = []

    async def play(daemon: Daemon) -> None:
        now_ns = daemon.clock.now_ns()
        feed.say(quote(symbol, now_ns) for symbol in SYMBOLS)
        parents = await placed(daemon, broker, parents_n + TOGETHER)
        for _ in range(REACTIONS):
            for parent_id in parents[TOGETHER:]:
                floor.sample()
                await asyncio.sleep(PAUSE_S)
                single.append(await reaction_us(broker, [broker.latest[parent_id]]))
                await asyncio.sleep(PAUSE_S)
            together.append(await reaction_us(broker, [broker.latest[parent_id] for parent_id in parents[:TOGETHER]]))

    run_inside(folder / "state", broker, feed, play)
    return single, together


async def placed(daemon: Daemon, broker: Double, parents_n: int) -> list[str]:
    """Let parents begin, wait until the order of each rests, and return their ids."""
    parents = [f"p{n}" for n in range(parents_n)]
    for n, parent_id in enumerate(parents):
        daemon.pump.post(resting(parent_id, SYMBOLS[n % len(SYMBOLS)], daemon.clock.now_ns()))
    while len(broker.latest) < parents_n:  # noqa: ASYNC110  # It looks at somebody else's count.
        await asyncio.sleep(PAUSE_S)
    await asyncio.sleep(1)
    return parents


async def reaction_us(broker: Double, orders: list[NewOrder]) -> float:
    """Cancel resting orders and return the time until the last order in their place is handed over."""
    begun_ns = time.perf_counter_ns()
    for order in orders:
        broker.drop(order)
    async with asyncio.timeout(10):
        while any(broker.latest[order.parent_id] is order for order in orders):
            broker.came.clear()
            await broker.came.wait()
    last_ns = max(broker.handed_ns[broker.latest[order.parent_id].cl_ord_id] for order in orders)
    return (last_ns - begun_ns) / 1e3


def main(parents_n: int, runs_n: int) -> None:
    """Measure and print each run, then the medians of the runs."""
    ratios: list[tuple[float, float]] = []
    for number in range(1, runs_n + 1):
        with scratch() as folder, Floor(folder) as floor:
            single, together = measure(folder, parents_n, floor)
            print(f"run {number}:")
            ratios.append(show(floor, [("report -> new order handed over", single)]))
            print(f"  {TOGETHER} reports together: {at(together, 0.5) / TOGETHER:.0f} us each")
    show_medians(ratios)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
