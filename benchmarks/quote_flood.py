"""How many quotes a second the daemon takes in, and how long its loop keeps others waiting meanwhile.

500 symbols, 1,000 working orders, quotes of all symbols in turn from another process, framed as the remote venue frames
them; beside them the venue cancels some orders every second, which the algorithms place again, so the journal commits
all the while. Real listener, buffer, pump, engine, journal; only the two ends are the benchmark's own. The loop's lag
is how long a byte from a third process waits until the loop takes it. Rate 0 comes first: the lag of an idle daemon.
"Ours" is the processor time of what the loop did in one go: what is left of the lag on a machine without other work.
The floor: cutting and decoding the same frames in this process, and nothing else, in quotes per CPU second.

Run: .venv/bin/python benchmarks/quote_flood.py [seconds of each rate]
"""

import asyncio
import os
import sys
import time
from typing import Final

from benchmarks._floor import at
from benchmarks._inside import LAG_TARGET_MS, Double, Frames, Probe, run_inside, writer
from benchmarks._intents import quote, resting
from benchmarks._scratch import scratch
from execd.app import Daemon
from execd.core.enums import Side
from execd.core.events import StreamAlive
from execd.venue.wire import Splitter, Ticks, frame, from_venue

SYMBOLS: Final = [f"S{n}" for n in range(500)]
ORDERS_N: Final = 1_000
RATES: Final = (0, 2_000, 10_000, 20_000)
"""Quotes a second; the target is the third."""
TARGET: Final = 10_000
REPORTS_PER_S: Final = 50
FRAMES_PER_S: Final = 200
ROUNDS: Final = 20
"""Of different quotes of each symbol, before they come again."""


def frames(per_frame: int) -> list[bytes]:
    """Return frames of so many quotes each; without quotes, one frame that says that the stream is alive."""
    if not per_frame:
        return [frame(Ticks(ticks=[StreamAlive(now_ns=0)]))]
    quotes = [
        quote(symbol, 0, cents=10_000 + (round_n * 7 + n) % 5)
        for round_n in range(ROUNDS)
        for n, symbol in enumerate(SYMBOLS)
    ]
    return [frame(Ticks(ticks=list(quotes[at : at + per_frame]))) for at in range(0, len(quotes), per_frame)]


def flood(rate: int, seconds: float) -> None:
    """Write frames to standard output at `rate` quotes a second."""
    made = frames(rate // FRAMES_PER_S)
    begun_s = time.monotonic()
    n = 0
    while (due_s := n / FRAMES_PER_S) < seconds:
        time.sleep(max(0.0, begun_s + due_s - time.monotonic()))
        body = made[n % len(made)]
        while body:
            body = body[os.write(1, body) :]
        n += 1


def floor_per_s() -> float:
    """Return how many quotes a CPU second can be cut and decoded."""
    made = frames(TARGET // FRAMES_PER_S) * 5
    splitter = Splitter()
    begun_s, n = time.process_time(), 0
    for body in made:
        for part in splitter.feed(body):
            message = from_venue(part)
            n += len(message.ticks) if isinstance(message, Ticks) else 0
    return n / (time.process_time() - begun_s)


async def cancel_some(broker: Double) -> None:
    """Let the venue cancel orders, one after the other."""
    parents = list(broker.latest)
    for n in range(1_000_000):
        broker.drop(broker.latest[parents[n % len(parents)]])
        await asyncio.sleep(1 / REPORTS_PER_S)


async def place(daemon: Daemon, broker: Double) -> None:
    """Let the parents begin, two a symbol, and wait until all their orders rest."""
    for n in range(ORDERS_N):
        side = Side.BUY if n < len(SYMBOLS) else Side.SELL_SHORT
        daemon.pump.post(resting(f"p{n}", SYMBOLS[n % len(SYMBOLS)], daemon.clock.now_ns(), side))
    await broker.rests(ORDERS_N)


async def flooded(daemon: Daemon, broker: Double, feed: Frames, rate: int, seconds: float) -> None:
    """Print what one rate comes to."""
    conflated_n, handed_n = daemon.pump.market.conflated_n, len(broker.handed_ns)
    end, process = writer([__file__, "flood", str(rate), str(seconds)])
    is_over = await feed.hear(end)
    with Probe() as probe:
        while not feed.heard_n:  # noqa: ASYNC110  # It looks at somebody else's count.
            await asyncio.sleep(0.001)
        probe.lag_ms.clear()
        probe.turn_ms.clear()
        cpu_s = time.process_time()
        cancelling = asyncio.create_task(cancel_some(broker))
        await is_over.wait()
        cpu_s = time.process_time() - cpu_s
        cancelling.cancel()
    process.wait()
    lasted_s = feed.last_s - feed.first_s
    lag_ms = probe.lag_ms
    conflated_n = daemon.pump.market.conflated_n - conflated_n
    reactions_n = len(broker.handed_ns) - handed_n
    print(
        f"  {rate:6,} asked  {feed.heard_n / lasted_s if rate else 0:8,.0f} taken in/s  CPU {cpu_s / lasted_s:4.0%}"
        f"  lag p50 {at(lag_ms, 0.5):5.2f} ms  p99 {at(lag_ms, 0.99):6.2f} ms  max {max(lag_ms):6.1f} ms"
        f"  of it ours p99 {at(probe.turn_ms, 0.99):5.2f} ms  max {max(probe.turn_ms):5.1f} ms"
        f"  conflated {conflated_n:6}  reactions {reactions_n / lasted_s:3.0f}/s"
    )


def main(seconds: float) -> None:
    """Measure and print."""
    print(f"floor: {floor_per_s():,.0f} quotes per CPU second cut and decoded")
    broker, feed = Double(), Frames()

    async def play(daemon: Daemon) -> None:
        end, process = writer([__file__, "flood", str(TARGET), "0.25"])
        is_over = await feed.hear(end)
        await is_over.wait()
        process.wait()
        await place(daemon, broker)
        print(f"{len(SYMBOLS)} symbols, {ORDERS_N} working orders, {seconds:g} s of each rate")
        for rate in RATES:
            await flooded(daemon, broker, feed, rate, seconds)
        print(f"target: {TARGET:,} quotes/s with p99 < {LAG_TARGET_MS:g} ms")

    with scratch() as folder:
        run_inside(folder / "state", broker, feed, play, {"EXECD_EXECUTION__REPLANS_MAX": "100"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["flood"]:
        flood(int(sys.argv[2]), float(sys.argv[3]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 6.0)
