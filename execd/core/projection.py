"""A book as the rows that people query.

The journal writes these rows beside the records, in one transaction; a fold
of the records must give the same rows. Quantities and prices are text.
"""

from typing import Final

import msgspec

from execd.core.book import Book, Parent, PositionKey, Touched
from execd.core.codec import encode_text, plain
from execd.core.order import Order

Cell = str | int | None


class Rows(msgspec.Struct):
    """Rows by table; the first cells are the key (see `journal/schema.sql` for the columns)."""

    parents: list[list[Cell]] = []
    orders: list[list[Cell]] = []
    fills: list[list[Cell]] = []
    allocations: list[list[Cell]] = []
    positions: list[list[Cell]] = []


TABLES: Final = ("parents", "orders", "fills", "allocations", "positions")


def rows_of(book: Book, touched: Touched) -> Rows:
    """Return the rows of what was touched."""
    rows = Rows()
    for parent_id in touched.parents:
        rows.parents.append(_parent_row(book.parents[parent_id]))
    for key in touched.orders:
        order = book.orders[key]
        rows.orders.append(_order_row(order))
        if order.fills.trades or order.fills.seen:
            _add_fills(rows, order, book.parents[order.first.parent_id])
    for position_key in touched.positions:
        rows.positions.append(_position_row(book, position_key))
    return rows


def all_rows(book: Book) -> Rows:
    """Return every row of a book."""
    everything = Touched(dict.fromkeys(book.parents), dict.fromkeys(book.orders), dict.fromkeys(book.positions))
    return rows_of(book, everything)


def _parent_row(parent: Parent) -> list[Cell]:
    order = parent.order
    return [
        order.parent_id,
        order.account,
        order.strategy,
        order.horizon,
        order.symbol,
        order.side,
        parent.status,
        parent.reason,
        None if parent.order_qty is None else plain(parent.order_qty),
        plain(parent.cum_qty),
        None if parent.avg_px is None else plain(parent.avg_px),
        plain(parent.commission),
        parent.content_hash,
        parent.received_ns,
        parent.ended_ns,
        parent.revision,
    ]


def _order_row(order: Order) -> list[Cell]:
    first = order.first
    return [
        order.key,
        first.parent_id,
        first.account,
        first.symbol,
        first.side,
        order.ord_status,
        plain(order.order_qty),
        plain(order.cum_qty),
        None if order.avg_px is None else plain(order.avg_px),
        None if order.price is None else plain(order.price),
        order.order_ids[0] if order.order_ids else None,
        order.sent_ns,
    ]


def _add_fills(rows: Rows, order: Order, parent: Parent) -> None:
    first = order.first
    counted = dict.fromkeys(encode_text(trade) for trade in order.fills.counted)
    for trade in order.fills.trades:
        is_counted = int(encode_text(trade) in counted)
        rows.fills.append(
            [
                order.key,
                trade.exec_id,
                trade.transact_ns,
                plain(trade.last_qty),
                first.parent_id,
                first.symbol,
                first.side,
                plain(trade.last_px),
                plain(trade.commission),
                None if trade.is_passive is None else int(trade.is_passive),
                is_counted,
            ]
        )
        rows.allocations.append(
            [
                order.key,
                trade.exec_id,
                trade.transact_ns,
                parent.order.account,
                parent.order.strategy,
                parent.order.horizon,
                first.symbol,
                plain(first.side.sign * trade.last_qty if is_counted else trade.last_qty * 0),
                plain(trade.last_px),
            ]
        )


def _position_row(book: Book, key: PositionKey) -> list[Cell]:
    position = book.positions[key]
    sleeve = key.sleeve
    return [sleeve.account, sleeve.strategy, sleeve.horizon, key.symbol, plain(position.qty), plain(position.paid)]
