"""What it costs to compare an account with its broker: 10,000 orders, in CPU seconds, and the longest turn.

A reading comes as the venue's process sends it, in pages, and is decoded, put together, compared in slices by the real
cycle, and its records and rows are made; what the journal's thread then writes is not in it. Three readings: nothing
differs (every minute's), every hundredth order was filled and nobody said so, all of them were. The floor is decoding
the same pages alone. Another reading is a line in `READINGS`.

Run: .venv/bin/python benchmarks/reconcile.py [ORDERS]
"""

import sys
from collections.abc import Callable
from decimal import Decimal
from time import process_time_ns, thread_time_ns
from typing import Final, NamedTuple

from msgspec.structs import replace

from benchmarks._intents import quote, resting
from benchmarks.child_orders import RULES, turned
from execd.core.events import QuoteReceived, Recovered, ReportReceived, StreamAlive
from execd.core.ids import epoch_of
from execd.core.orders import NewOrder
from execd.core.reading import SnapshotReceived
from execd.core.reports import Accepted, OrderSnapshot, Trade
from execd.core.rules import Reconcile, S
from execd.core.snapshot import AccountSnapshot, TradeSeen
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.journal.chain import Chain
from execd.journal.records import writing
from execd.venue.snapshot import joined, pages
from execd.venue.wire import Surveyed, frame, from_venue

START_NS: Final = 1_700_000_000 * S
READ_NS: Final = START_NS + 60 * S
ORDERS_N: Final = 10_000
SYMBOLS_N: Final = 500
HEAD_BYTES: Final = 4
CPU_S_MAX: Final = 2.0
TURN_MS_MAX: Final = 50.0


class Reading(NamedTuple):
    """Which orders were filled without a word: every `every`-th; none where it is zero."""

    name: str
    every: int


READINGS: Final = (Reading("nothing differs", 0), Reading("1% was filled", 100), Reading("all were filled", 1))


class Cost(NamedTuple):
    """What a reading cost: CPU seconds for decoding its pages alone and for all, the longest turn, the records made."""

    floor_s: float
    all_s: float
    turn_ms: float
    records_n: int


def working(orders_n: int) -> tuple[Cycle, list[NewOrder]]:
    """Return an engine with so many orders out, acknowledged a minute ago."""
    rules = replace(
        RULES,
        reconcile=Reconcile(),
        limits={name: replace(one, open_orders_max=2 * orders_n) for name, one in RULES.limits.items()},
    )
    cycle = Cycle(Engine(rules, epoch_of(START_NS)))
    cycle.push(StreamAlive(now_ns=START_NS))
    for n in range(SYMBOLS_N):
        cycle.push(QuoteReceived(now_ns=START_NS, quote=quote(f"S{n}", START_NS)))
    for n in range(orders_n):
        cycle.push(resting(f"p{n}", f"S{n % SYMBOLS_N}", START_NS))
    sent = turned(cycle, START_NS)
    for request in sent:
        report = Accepted(cl_ord_id=request.cl_ord_id, transact_ns=START_NS, order_id=f"S-{request.cl_ord_id}")
        cycle.push(ReportReceived(now_ns=START_NS, account="sim", report=report))
    turned(cycle, START_NS)
    if len(sent) != orders_n:
        raise AssertionError(len(sent))
    # Only now: before the first reading nothing would have been sent.
    cycle.push(Recovered(now_ns=START_NS))
    turned(cycle, START_NS)
    return cycle, sent


def shown(sent: list[NewOrder], reading: Reading) -> AccountSnapshot:
    """Return what the broker shows."""
    orders, trades, held = list[OrderSnapshot](), list[TradeSeen](), dict[str, Decimal]()
    for n, request in enumerate(sent):
        is_filled = bool(reading.every) and n % reading.every == 0
        order_id, px = f"S-{request.cl_ord_id}", request.price or Decimal(0)
        at_ns = START_NS + 10 * S if is_filled else START_NS
        orders.append(
            OrderSnapshot(
                cl_ord_id=request.cl_ord_id,
                order_id=order_id,
                symbol=request.symbol,
                side=request.side,
                order_qty=request.order_qty,
                cum_qty=request.order_qty if is_filled else Decimal(0),
                avg_px=px if is_filled else Decimal(0),
                is_live=not is_filled,
                transact_ns=at_ns,
                price=request.price,
            )
        )
        if is_filled:
            trade = Trade(
                cl_ord_id=request.cl_ord_id,
                order_id=order_id,
                transact_ns=at_ns,
                exec_id=f"{order_id}.1",
                last_qty=request.order_qty,
                last_px=px,
                cum_before=Decimal(0),
                cum_after=request.order_qty,
            )
            trades.append(TradeSeen(symbol=request.symbol, side=request.side, trade=trade))
            held[request.symbol] = held.get(request.symbol, Decimal(0)) + request.side.sign * request.order_qty
    return AccountSnapshot(
        account="sim",
        since_ns=START_NS,
        asked_ns=READ_NS,
        read_ns=READ_NS,
        broker_ns=READ_NS,
        orders=tuple(orders),
        trades=tuple(trades),
        positions=held,
    )


def spent_s(act: Callable[[], object]) -> float:
    """Return the CPU seconds of an act."""
    begun_ns = process_time_ns()
    act()
    return (process_time_ns() - begun_ns) / 1e9


def measure(reading: Reading, orders_n: int) -> Cost:
    """Compare once and return what it cost."""
    cycle, sent = working(orders_n)
    parts = list(pages(shown(sent, reading)))
    frames = [frame(Surveyed(rid=1, part=part, is_last=part is parts[-1]))[HEAD_BYTES:] for part in parts]
    floor_s = spent_s(lambda: [from_venue(body) for body in frames])
    begun_ns = process_time_ns()
    told = [message.part for message in map(from_venue, frames) if isinstance(message, Surveyed)]
    cycle.push(SnapshotReceived(now_ns=READ_NS, snapshot=joined(told)))
    longest_ns, records_n, chain = 0, 0, Chain()
    while cycle.has_work():
        turn_ns = thread_time_ns()
        batch = cycle.turn(READ_NS)
        chain = writing(batch, chain).chain
        cycle.committed(batch, READ_NS)
        longest_ns = max(longest_ns, thread_time_ns() - turn_ns)
        records_n += len(batch.records)
    return Cost(floor_s, (process_time_ns() - begun_ns) / 1e9, longest_ns / 1e6, records_n)


def main() -> int:
    """Print the table."""
    orders_n = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS_N
    print(f"{orders_n} orders; targets: {CPU_S_MAX:g} s of CPU, {TURN_MS_MAX:g} ms a turn")
    print(f"{'':18} {'decoding s':>11} {'all CPU s':>10} {'x floor':>8} {'longest turn ms':>16} {'records':>8}")
    for reading in READINGS:
        cost = measure(reading, orders_n)
        ratio = cost.all_s / cost.floor_s
        print(
            f"{reading.name:18} {cost.floor_s:11.3f} {cost.all_s:10.3f} {ratio:8.1f} {cost.turn_ms:16.1f} "
            f"{cost.records_n:8}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
