"""The matching engine on whole recorded days, with one fixed list of orders a day.

The days are the shared test data; without them these tests skip and say so. Rows without interest are passed over,
which is itself compared with telling every row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from execd.core import chance
from execd.core.enums import OrdType, QueueRule, Side, TimeInForce
from execd.core.instrument import Instrument
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.reports import ExecReport, Trade
from execd.venue.commission import Commission
from execd.venue.matching import Matching
from execd.venue.tape import TapeChunk, read_tape, symbol_of
from execd.venue.tape_text import Ints
from tests.unit.venue.passing_over import next_row

DAYS = ["tick/aig_20131007", "tick/bac_20131008", "tick/ibm_20131008", "tick/xxx_20180102", "quote1s/spy_20131008"]
ORDERS_N = 240
SEED = 20_131_008
S = 1_000_000_000
CENT = Decimal("0.01")


def day_of(folder: Path, day: str) -> TapeChunk:
    """Return a whole day as one chunk; skip, saying so, where the file is absent."""
    path = folder / f"{day}.csv.gz"
    if not path.is_file():
        pytest.skip(f"SHARED TEST DATA ABSENT: {day}")
    return _whole(path)


@cache
def _whole(path: Path) -> TapeChunk:
    chunks = list(read_tape(path))
    columns = {
        name: np.concatenate([getattr(chunk, name) for chunk in chunks])
        for name in TapeChunk.__dataclass_fields__
        if name not in {"symbol", "first_line"}
    }
    return TapeChunk(symbol=symbol_of(path), first_line=2, **columns)


@cache
def _quote_rows(day: TapeChunk) -> Ints:
    return np.flatnonzero(day.is_quote)


def standing_quote(day: TapeChunk, row: int) -> int | None:
    """Return the row of the latest quote before `row`."""
    rows = _quote_rows(day)
    at = int(np.searchsorted(rows, row))
    return int(rows[at - 1]) if at else None


@dataclass(frozen=True)
class Asked:
    """A request that acts before a row."""

    row: int
    request: Request


def orders_of(day: TapeChunk) -> list[Asked]:
    """Return the fixed list: orders about the quote of their instant, most of them replaced, all of them canceled."""
    regular = np.flatnonzero(day.counts)
    first_ns, last_ns = int(day.ts_ns[regular[0]]), int(day.ts_ns[regular[-1]])
    asked: list[Asked] = []
    for n in range(ORDERS_N):
        at_ns = first_ns + 10 * S + chance.below(last_ns - first_ns - 700 * S, SEED, "at", n)
        row = int(np.searchsorted(day.ts_ns, at_ns, side="right"))
        order = _order(day, row, n)
        asked.append(Asked(row, order))
        later_ns = at_ns + chance.below(120 * S, SEED, "later", n)
        if n % 3 and order.price is not None:
            asked.append(Asked(int(np.searchsorted(day.ts_ns, later_ns, side="right")), _moved(order, n)))
        end_ns = later_ns + 1 + chance.below(480 * S, SEED, "end", n)
        asked.append(Asked(int(np.searchsorted(day.ts_ns, end_ns, side="right")), _pulled(order, n)))
    return sorted(asked, key=lambda one: one.row)


def _order(day: TapeChunk, row: int, n: int) -> NewOrder:
    at = standing_quote(day, row)
    assert at is not None
    quote = day.quote(at)
    side = (Side.BUY, Side.SELL)[chance.below(2, SEED, "side", n)]
    near, far = (quote.bid_px, quote.ask_px) if side is Side.BUY else (quote.ask_px, quote.bid_px)
    away = side.sign * CENT * (chance.below(9, SEED, "away", n) - 3)
    kind = n % 24
    ord_type = {0: OrdType.MARKET, 1: OrdType.MARKET, 2: OrdType.STOP, 3: OrdType.STOP_LIMIT}.get(kind, OrdType.LIMIT)
    is_stop = ord_type in {OrdType.STOP, OrdType.STOP_LIMIT}
    return NewOrder(
        cl_ord_id=f"o{n}",
        parent_id=f"p{n}",
        account="acc",
        symbol=day.symbol,
        side=side,
        order_qty=Decimal(100 + 50 * chance.below(40, SEED, "qty", n)),
        ord_type=ord_type,
        price=None if ord_type in {OrdType.MARKET, OrdType.STOP} else _on_tick(near - away),
        stop_px=_on_tick(far + 2 * side.sign * CENT) if is_stop else None,
        time_in_force=TimeInForce.IOC if kind in {4, 5, 6} else TimeInForce.DAY,
        send_by_ns=1 << 62,
    )


def _on_tick(px: Decimal) -> Decimal:
    return max(CENT, px.quantize(CENT))


def _moved(order: NewOrder, n: int) -> ReplaceRequest:
    assert order.price is not None
    return ReplaceRequest(
        cl_ord_id=f"r{n}",
        orig_cl_ord_id=order.cl_ord_id,
        parent_id=order.parent_id,
        account="acc",
        symbol=order.symbol,
        side=order.side,
        order_qty=order.order_qty,
        price=_on_tick(order.price + CENT * (chance.below(7, SEED, "move", n) - 3)),
        send_by_ns=1 << 62,
    )


def _pulled(order: NewOrder, n: int) -> CancelRequest:
    return CancelRequest(
        cl_ord_id=f"c{n}",
        orig_cl_ord_id=order.cl_ord_id,
        parent_id=order.parent_id,
        account="acc",
        symbol=order.symbol,
        side=order.side,
    )


@dataclass(frozen=True)
class Told:
    """A report, the row it came with, and of a trade's order the side and its limit then (None: it has none)."""

    row: int
    report: ExecReport
    is_buy: bool = False
    limit_px: Decimal | None = None


@cache
def run(day: TapeChunk, queue: QueueRule, *, tells_all: bool = False) -> list[Told]:
    """Play the list of orders over a day; with `tells_all` every row is told. Two tests read each run."""
    matching = Matching(queue=queue, commission=Commission(), instrument=lambda symbol: Instrument(symbol=symbol))
    told: list[Told] = []

    def keep(row: int, reports: list[ExecReport]) -> None:
        for report in reports:
            if isinstance(report, Trade):
                order = matching.order_of(report.cl_ord_id)
                told.append(Told(row, report, order.is_buy, order.price))
            else:
                told.append(Told(row, report))

    def wanted(start: int, stop: int) -> Iterator[int]:
        while (start := start if tells_all else next_row(day, matching.interest(day.symbol), start, stop)) < stop:
            yield start
            start += 1

    at = 0
    for asked in [*orders_of(day), None]:
        stop = len(day) if asked is None else asked.row
        for row in wanted(at, stop):
            keep(row, _tell(matching, day, row))
        at = stop
        if asked is not None:
            latest = standing_quote(day, stop)
            if latest is not None:
                keep(stop, matching.on_quote(day.quote(latest), int(day.ts_ns[latest])))
            keep(stop, _ask(matching, asked.request, int(day.ts_ns[stop - 1])))
    return told


def _tell(matching: Matching, day: TapeChunk, row: int) -> list[ExecReport]:
    now_ns = int(day.ts_ns[row])
    if day.is_quote[row]:
        return matching.on_quote(day.quote(row), now_ns)
    if day.counts[row]:
        prints = day.prints(row)
        return matching.on_print(day.symbol, prints.last_px, prints.volume, now_ns)
    return []


def _ask(matching: Matching, request: Request, now_ns: int) -> list[ExecReport]:
    match request:
        case NewOrder():
            return matching.submit(request, now_ns)
        case ReplaceRequest():
            return matching.replace(request, now_ns)
        case CancelRequest():
            return matching.cancel(request, now_ns)


def trades_of(told: list[Told]) -> dict[str, list[tuple[int, Decimal]]]:
    """Return (row, CumQty) of each order's trades, by OrderID."""
    found: dict[str, list[tuple[int, Decimal]]] = {}
    for one in told:
        if isinstance(one.report, Trade) and one.report.cum_after is not None:
            found.setdefault(one.report.order_id, []).append((one.row, one.report.cum_after))
    return found


def cum_at(trades: list[tuple[int, Decimal]], row: int) -> Decimal:
    """Return CumQty after everything that came with `row`."""
    return max((cum_qty for at, cum_qty in trades if at <= row), default=Decimal(0))


@pytest.mark.parametrize("day", DAYS)
def test_an_optimistic_queue_is_never_behind_on_a_recorded_day(shared_data: Path, day: str) -> None:
    """For one fixed list of orders CumQty optimistic >= pessimistic, per order, at every instant."""
    tape = day_of(shared_data, day)
    hopeful = trades_of(run(tape, QueueRule.OPTIMISTIC))
    fearful = trades_of(run(tape, QueueRule.PESSIMISTIC))
    behind = [
        (order_id, row)
        for order_id, trades in fearful.items()
        for row, cum_qty in trades
        if cum_at(hopeful.get(order_id, []), row) < cum_qty
    ]

    assert [] == behind
    assert len(fearful) > ORDERS_N / 4


@pytest.mark.parametrize("queue", QueueRule)
@pytest.mark.parametrize("day", DAYS)
def test_every_trade_is_at_a_price_that_the_market_reached(shared_data: Path, day: str, queue: QueueRule) -> None:
    """Within a second an eligible print, or the opposite quote, was at the price or better; no trade beyond a limit."""
    tape = day_of(shared_data, day)
    unreached: list[Told] = []
    beyond: list[Told] = []
    for one in run(tape, queue):
        if isinstance(one.report, Trade):
            if not _is_reached(tape, one.report, is_buy=one.is_buy):
                unreached.append(one)
            if one.limit_px is not None and (one.report.last_px - one.limit_px) * (1 if one.is_buy else -1) > 0:
                beyond.append(one)

    assert [] == unreached
    assert [] == beyond


def _is_reached(day: TapeChunk, trade: Trade, *, is_buy: bool) -> bool:
    start = int(np.searchsorted(day.ts_ns, trade.transact_ns - S, side="left"))
    stop = int(np.searchsorted(day.ts_ns, trade.transact_ns + S, side="right"))
    # The quote that stood when the second began was there too.
    standing = standing_quote(day, start)
    start = start if standing is None else standing
    px = int(trade.last_px * 10_000)
    prints = day.px[start:stop][day.counts[start:stop] & (day.ts_ns[start:stop] >= trade.transact_ns - S)]
    quotes = (day.ask if is_buy else day.bid)[start:stop][day.is_quote[start:stop]]
    reached = np.concatenate((prints, quotes[quotes > 0]))
    return bool((reached <= px).any() if is_buy else (reached >= px).any())


@pytest.mark.parametrize("queue", QueueRule)
def test_passing_over_rows_changes_no_report_of_a_recorded_day(shared_data: Path, queue: QueueRule) -> None:
    """Telling only interesting rows gives the same reports as telling all of them."""
    tape = day_of(shared_data, "tick/xxx_20180102")

    assert [one.report for one in run(tape, queue, tells_all=True)] == [one.report for one in run(tape, queue)]
