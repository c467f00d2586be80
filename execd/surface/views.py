"""The book as rows for people and programs.

Plain functions from frozen values to frozen values; nothing here waits or
changes anything. Names and meanings are stable: scripts read them. A new
column is added at the end of its struct.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from execd.core.book import Book, Parent
from execd.core.codec import plain
from execd.core.doubting import doubted
from execd.core.enums import OrdStatus, OrdType, Outcome, ParentStatus, Side
from execd.core.order import Order
from execd.engine.market import Markets
from execd.engine.summary import slippage_bps

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
ROWS_MAX: Final = 1_000
"""An answer holds at most so many rows; the journal has the rest."""
_CENT_BPS: Final = Decimal("0.01")
_PX_PLACES: Final = Decimal("0.0001")


class WorkingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One live broker order of an intent."""

    cl_ord_id: str
    status: OrdStatus
    ord_type: OrdType
    order_qty: str
    cum_qty: str
    leaves_qty: str
    price: str | None


class DoubtRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request of which nobody knows whether it reached the broker, and since when that is so."""

    cl_ord_id: str
    since_ns: int


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One intent and how far it is."""

    id: str
    status: ParentStatus
    reason: str
    symbol: str
    side: Side
    qty: str | None
    cum_qty: str
    leaves_qty: str
    avg_px: str | None
    limit_px: str | None
    arrival_px: str | None
    slippage_bps: str | None
    commission: str
    algo: str | None
    received_ns: int
    started_ns: int | None
    expire_ns: int | None
    ended_ns: int | None
    children: int
    working: tuple[WorkingRow, ...]
    said: str
    account: str
    strategy: str
    is_paused: bool
    in_doubt: tuple[DoubtRow, ...]


class FillRow(msgspec.Struct, frozen=True, kw_only=True):
    """One execution."""

    intent_id: str
    parent_id: str
    cl_ord_id: str
    exec_id: str
    symbol: str
    side: Side
    last_qty: str
    last_px: str
    ts: str
    ts_ns: int
    commission: str
    is_passive: bool | None


class MarketRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine knows of one symbol; `age_ms` counts from the last proof of the quote, None without one."""

    symbol: str
    bid_px: str | None
    bid_size: str | None
    ask_px: str | None
    ask_size: str | None
    last_px: str | None
    volume: str
    age_ms: int | None
    is_halted: bool


def instant(ns: int) -> str:
    """Return an instant as RFC 3339 in UTC with all nanoseconds."""
    seconds, rest = divmod(ns, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def order_row(book: Book, parent: Parent) -> OrderRow:
    """Return the row of one intent."""
    order, arrival = parent.order, parent.arrival
    qty = parent.order_qty if parent.order_qty is not None else order.order_qty
    return OrderRow(
        id=order.parent_id,
        status=parent.status,
        reason=parent.reason,
        symbol=order.symbol,
        side=order.side,
        qty=_text(qty),
        cum_qty=plain(parent.cum_qty),
        leaves_qty=plain(parent.leaves_qty),
        avg_px=_text(parent.avg_px, _PX_PLACES),
        limit_px=_text(order.price),
        arrival_px=None if arrival is None else _text(arrival.mid_px, _PX_PLACES),
        slippage_bps=_text(slippage_bps(parent), _CENT_BPS),
        commission=plain(parent.commission),
        algo=None if parent.plan is None else parent.plan.algo,
        received_ns=parent.received_ns,
        started_ns=parent.started_ns,
        expire_ns=parent.expire_ns if parent.expire_ns is not None else order.expire_ns,
        ended_ns=parent.ended_ns,
        children=len(parent.children),
        working=tuple(_working_row(book.orders[key]) for key in parent.live),
        said=parent.notes[-1].text if parent.notes else "",
        account=order.account,
        strategy=order.strategy,
        is_paused=parent.is_paused,
        in_doubt=doubt_rows(book, parent),
    )


def doubt_rows(book: Book, parent: Parent) -> tuple[DoubtRow, ...]:
    """Return the requests of an intent that are in doubt, one for each of its orders, oldest order first."""
    names = [name for key in parent.live if (name := doubted(book.orders[key]))]
    return tuple(DoubtRow(cl_ord_id=name, since_ns=_doubted_ns(book, parent, name)) for name in names)


def _doubted_ns(book: Book, parent: Parent, cl_ord_id: str) -> int:
    """Return since when a request is in doubt: by the intent's story, else, where that was cut, by what is left."""
    said = f"{cl_ord_id} {Outcome.UNKNOWN}: "
    order = book.orders[book.chains[cl_ord_id]]
    return next((note.now_ns for note in parent.notes if note.text.startswith(said)), order.sent_ns)


def order_rows(book: Book, *, is_open_only: bool) -> list[OrderRow]:
    """Return the latest intents, oldest first; at most ROWS_MAX."""
    chosen: list[Parent] = []
    for parent in reversed(book.parents.values()):
        if not (is_open_only and parent.status.is_terminal):
            chosen.append(parent)
            if len(chosen) == ROWS_MAX:
                break
    return [order_row(book, parent) for parent in reversed(chosen)]


def fill_rows(book: Book, intent_id: str | None = None) -> list[FillRow]:
    """Return the latest executions that count, oldest first; of one intent where it is named. At most ROWS_MAX."""
    found: list[FillRow] = []
    for parent in _latest(book, intent_id):
        for key in parent.children:
            order = book.orders[key]
            found += [
                FillRow(
                    intent_id=parent.order.parent_id,
                    parent_id=parent.order.parent_id,
                    cl_ord_id=order.key,
                    exec_id=trade.exec_id,
                    symbol=order.first.symbol,
                    side=order.first.side,
                    last_qty=plain(trade.last_qty),
                    last_px=plain(trade.last_px),
                    ts=instant(trade.transact_ns),
                    ts_ns=trade.transact_ns,
                    commission=plain(trade.commission),
                    is_passive=trade.is_passive,
                )
                for trade in order.fills.counted
            ]
        if len(found) >= ROWS_MAX:
            break
    return sorted(found, key=lambda row: (row.ts_ns, row.exec_id))[-ROWS_MAX:]


def market_rows(markets: Markets, now_ns: int) -> list[MarketRow]:
    """Return every symbol that was ever subscribed."""
    rows = []
    for symbol in sorted(markets.symbols):
        seen, quote = markets.view(symbol, now_ns), markets.symbols[symbol].quote
        rows.append(
            MarketRow(
                symbol=symbol,
                bid_px=None if quote is None else plain(quote.bid_px),
                bid_size=None if quote is None else plain(quote.bid_size),
                ask_px=None if quote is None else plain(quote.ask_px),
                ask_size=None if quote is None else plain(quote.ask_size),
                last_px=_text(seen.last_px),
                volume=plain(seen.volume),
                age_ms=None if quote is None else seen.quote_age_ns // NS_PER_MS,
                is_halted=seen.is_halted,
            )
        )
    return rows


def counts(book: Book) -> dict[str, int]:
    """Return how many intents are at each status."""
    found: dict[str, int] = {}
    for parent in book.parents.values():
        found[parent.status] = found.get(parent.status, 0) + 1
    return found


def _latest(book: Book, intent_id: str | None) -> Iterator[Parent]:
    if intent_id is None:
        return reversed(book.parents.values())
    parent = book.parents.get(intent_id)
    return iter(() if parent is None else (parent,))


def _working_row(order: Order) -> WorkingRow:
    return WorkingRow(
        cl_ord_id=order.key,
        status=order.ord_status,
        ord_type=order.first.ord_type,
        order_qty=plain(order.order_qty),
        cum_qty=plain(order.cum_qty),
        leaves_qty=plain(order.leaves_qty),
        price=_text(order.price),
    )


def _text(value: Decimal | None, places: Decimal | None = None) -> str | None:
    if value is None:
        return None
    return plain(value if places is None else value.quantize(places))
