"""Tell what one child order costs in the decision cycle: microseconds of CPU from intent to end, without a journal.

One parent of `now x offset` makes one child here: it is received, planned and started, priced, gated, sent, accepted,
filled and reported. Nothing of a venue or a tape is in the figure; the events are ready made. The floor, in the same
run: making, encoding and decoding the values of one such life without deciding anything.

    python benchmarks/child_orders.py [children]
"""

import sys
from decimal import Decimal
from statistics import median
from time import process_time_ns

from execd.core.codec import decoder, encode
from execd.core.enums import OrdType, Side
from execd.core.events import ParentReceived, QuoteReceived, ReportReceived, StreamAlive, Submit
from execd.core.ids import epoch_of
from execd.core.market import Quote
from execd.core.orders import NewOrder, ParentOrder
from execd.core.projection import Rows, rows_of
from execd.core.reports import Accepted, Trade
from execd.core.rules import Limits, Rules, S, Throttle
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine

START_NS = 1_700_000_000 * S
PAUSE_NS = S // 10
LIMITS = Limits(
    order_qty_max=Decimal(10**7),
    order_notional_max=Decimal(10**10),
    price_collar_ratio=Decimal("0.03"),
    open_orders_max=10**6,
    is_owned_required=False,
)
WIDE = Throttle(burst=10**6, per_min=10**7, window_max=10**7, window_ns=1, requests_max=2 * 10**7)
RULES = Rules(limits={"sim": LIMITS}, throttle=WIDE)
ONE_KIND = Accepted | Trade | NewOrder | ParentOrder


def a_parent(n: int) -> ParentOrder:
    """Return the `n`-th parent."""
    now_ns = START_NS + n * PAUSE_NS
    return ParentOrder(
        parent_id=f"p{n}",
        account="sim",
        symbol="ABC",
        side=Side.BUY if n % 2 else Side.SELL,
        order_qty=Decimal(100),
        effective_ns=now_ns,
        start_by_ns=now_ns + S,
    )


def a_quote(now_ns: int) -> Quote:
    """Return the one quote of this market."""
    return Quote(
        symbol="ABC",
        bid_px=Decimal("99.99"),
        bid_size=Decimal(300),
        ask_px=Decimal("100.01"),
        ask_size=Decimal(300),
        exchange_ns=now_ns,
        received_ns=now_ns,
    )


def reports_of(request: NewOrder, now_ns: int) -> tuple[Accepted, Trade]:
    """Return what a broker says of an order that fills at once."""
    key = request.cl_ord_id
    trade = Trade(
        cl_ord_id=key,
        order_id=f"S-{key}",
        transact_ns=now_ns,
        exec_id=f"S-{key}.1",
        last_qty=request.order_qty,
        last_px=Decimal("100.01"),
        cum_before=Decimal(0),
        cum_after=request.order_qty,
        is_passive=False,
    )
    return Accepted(cl_ord_id=key, order_id=f"S-{key}", transact_ns=now_ns), trade


def turned(cycle: Cycle, now_ns: int) -> list[NewOrder]:
    """Turn the cycle until it rests; return the orders that left."""
    sent: list[NewOrder] = []
    while cycle.has_work():
        batch = cycle.turn(now_ns)
        effects = cycle.committed(batch, now_ns)
        sent.extend(effect.request for effect in effects if isinstance(effect, Submit))
    return sent


def lives(children_n: int, *, has_rows: bool) -> list[int]:
    """Return what each of some lives cost, in nanoseconds of CPU; `has_rows` makes the journal's rows, too."""
    cycle = Cycle(Engine(RULES, epoch_of(START_NS)), rows_of if has_rows else lambda _book, _touched: Rows())
    spent: list[int] = []
    for n in range(children_n):
        now_ns = START_NS + n * PAUSE_NS
        cycle.push(StreamAlive(now_ns=now_ns))
        cycle.push(QuoteReceived(now_ns=now_ns, quote=a_quote(now_ns)))
        turned(cycle, now_ns)
        intent = ParentReceived(now_ns=now_ns, parent=a_parent(n), content_hash="0" * 32)
        began_ns = process_time_ns()
        cycle.push(intent)
        for request in turned(cycle, now_ns):
            for report in reports_of(request, now_ns):
                cycle.push(ReportReceived(now_ns=now_ns, account="sim", report=report))
                turned(cycle, now_ns)
        spent.append(process_time_ns() - began_ns)
    ended = sum(parent.status.is_terminal for parent in cycle.engine.book.parents.values())
    if ended != children_n:
        raise AssertionError(ended)
    return spent


def floor(children_n: int) -> list[int]:
    """Return what it costs to make, encode and decode the values of each life."""
    read = decoder(ONE_KIND)
    spent: list[int] = []
    for n in range(children_n):
        now_ns = START_NS + n * PAUSE_NS
        began_ns = process_time_ns()
        parent = a_parent(n)
        request = NewOrder(
            cl_ord_id=f"0000000-0123456789abcdef-{n}",
            parent_id=parent.parent_id,
            account=parent.account,
            symbol=parent.symbol,
            side=parent.side,
            order_qty=Decimal(100),
            ord_type=OrdType.LIMIT,
            price=Decimal("100.01"),
            send_by_ns=now_ns + S,
        )
        for value in (parent, request, *reports_of(request, now_ns)):
            read.decode(encode(value))
        spent.append(process_time_ns() - began_ns)
    return spent


def main() -> int:
    """Print floor and figures."""
    children_n = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    floor_us = median(floor(children_n)) / 1_000
    print(f"{'':34} {'p50 us':>9} {'x floor':>8}")
    print(f"{'floor: the values of one life':34} {floor_us:9.1f} {1:8.2f}")
    for name, has_rows in (("a child order through the cycle", False), ("the same, with the journal's rows", True)):
        spent_us = median(lives(children_n, has_rows=has_rows)) / 1_000
        print(f"{name:34} {spent_us:9.1f} {spent_us / floor_us:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
