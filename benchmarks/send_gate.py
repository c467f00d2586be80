"""What the send gate costs for one request: microseconds, with 1,000 working orders of ours in the book.

All in one symbol (half of them on the other side, far from trading with us), all in one symbol on our own side, and
spread over 500 symbols; beside them the same with 10 orders. Asked is what the engine asks before every new order:
`gate`, with the context it makes. The floor is the gate's table alone, asked about a ready-made context.
Another case is a line in `CASES`.

Run: .venv/bin/python benchmarks/send_gate.py
"""

import sys
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from time import process_time_ns
from typing import Final, NamedTuple
from unittest import mock

from msgspec.structs import replace

from benchmarks._intents import quote, resting
from benchmarks.child_orders import RULES, turned
from execd.algos.base import Place
from execd.core.enums import OrdType, Side
from execd.core.events import QuoteReceived, StreamAlive
from execd.core.ids import epoch_of
from execd.core.rules import S
from execd.engine import risk
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.engine.sending import gate, requests_of
from execd.engine.stepping import view_of

START_NS: Final = 1_700_000_000 * S
TARGET_US: Final = 50.0
ROUNDS: Final = 7
ASKED_N: Final = 300
QTY: Final = Decimal(100)
PX: Final = Decimal("99.50")


class Case(NamedTuple):
    """So many working orders, over so many symbols, on these sides in turn."""

    name: str
    orders_n: int
    symbols_n: int
    sides: tuple[Side, ...]


BOTH: Final = (Side.BUY, Side.SELL_SHORT)
CASES: Final = (
    Case("10 orders, one symbol, both sides", 10, 1, BOTH),
    Case("1,000 orders, one symbol, our side", 1_000, 1, (Side.BUY,)),
    Case("1,000 orders, one symbol, both sides", 1_000, 1, BOTH),
    Case("1,000 orders, 500 symbols, both sides", 1_000, 500, BOTH),
)


def working(case: Case) -> Cycle:
    """Return an engine with the orders of a case out, and one parent `new` whose order is about to be asked about."""
    cycle = Cycle(Engine(RULES, epoch_of(START_NS)))
    cycle.push(StreamAlive(now_ns=START_NS))
    for n in range(case.symbols_n):
        cycle.push(QuoteReceived(now_ns=START_NS, quote=quote(f"S{n}", START_NS)))
    for n in range(case.orders_n):
        side = case.sides[n // case.symbols_n % len(case.sides)]
        cycle.push(resting(f"p{n}", f"S{n % case.symbols_n}", START_NS, side))
    cycle.push(resting("new", "S0", START_NS))
    sent = turned(cycle, START_NS)
    if len(sent) != case.orders_n + 1:
        raise AssertionError(len(sent))
    return cycle


def asked_us(ask: Callable[[], risk.Refusal | None]) -> float:
    """Return the median over rounds of what one question costs in CPU time."""
    took: list[float] = []
    for _ in range(ROUNDS):
        begun_ns = process_time_ns()
        for _ in range(ASKED_N):
            if ask() is not None:
                raise AssertionError(ask())
        took.append((process_time_ns() - begun_ns) / 1e3 / ASKED_N)
    return median(took)


def measure(case: Case) -> tuple[float, float]:
    """Return what the gate's table alone, and the gate as the engine asks it, cost in microseconds."""
    desk = working(case).engine.desk
    # As it was before its order went out: the gate must say yes to the same again.
    parent = replace(desk.parent("new"), children=(), live=())
    view = view_of(desk, parent, START_NS, "report")
    place = Place(qty=QTY, ord_type=OrdType.LIMIT, price=PX)
    requests = requests_of(desk, parent, (place,), START_NS)
    with mock.patch.object(risk, "send", return_value=None) as asked:
        gate(desk, parent, view, requests)
    context: risk.SendContext = asked.call_args.args[0]
    return asked_us(lambda: risk.send(context)), asked_us(lambda: gate(desk, parent, view, requests))


def main() -> int:
    """Print the table."""
    print(f"{'':40} {'table alone':>12} {'gate us':>9} {'x floor':>8}  target {TARGET_US:g} us")
    for case in CASES:
        floor_us, gate_us = measure(case)
        print(f"{case.name:40} {floor_us:12.1f} {gate_us:9.1f} {gate_us / floor_us:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
