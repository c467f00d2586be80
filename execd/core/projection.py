"""A book as the rows that people query.

The journal writes these rows beside the records, in one transaction; a fold
of the records must give the same rows. Quantities and prices are text.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core.book import Book, Touched
from execd.core.codec import plain
from execd.core.fills import Fills, Seen
from execd.core.order import Order
from execd.core.parents import Document, Parent, PositionKey
from execd.core.reports import Trade

ZERO: Final = Decimal(0)
SYNTHETIC_EXEC_ID: Final = "synthetic"
"""Stands for the part of a broker's cumulative word that no trade covers; one row an order, shrinking to zero."""
Cell = str | int | None


class Rows(msgspec.Struct):
    """Rows by table, cells in the order of the columns in `journal/schema.sql`.

    Keys: document_id; parent_id; cl_ord_id of the chain; cl_ord_id and exec_id (fills, allocations); sleeve and symbol.
    """

    documents: list[list[Cell]] = []
    parents: list[list[Cell]] = []
    orders: list[list[Cell]] = []
    fills: list[list[Cell]] = []
    allocations: list[list[Cell]] = []
    positions: list[list[Cell]] = []


TABLES: Final = ("documents", "parents", "orders", "fills", "allocations", "positions")


def rows_of(book: Book, touched: Touched) -> Rows:
    """Return the rows of what was touched."""
    rows = Rows()
    for document_id in touched.documents:
        rows.documents.append(_document_row(book.documents[document_id]))
    for parent_id in touched.parents:
        rows.parents.append(_parent_row(book.parents[parent_id]))
    for key in touched.orders:
        rows.orders.append(_order_row(book.orders[key]))
    for key in touched.recounted:
        _add_fills(rows, book, book.orders[key])
    for (key, _exec_id), trade in touched.trades.items():
        if key not in touched.recounted:
            _add_fill(rows, book, book.orders[key], trade, is_counted=True)
    for position_key in touched.positions:
        rows.positions.append(_position_row(book, position_key))
    return rows


def all_rows(book: Book) -> Rows:
    """Return every row of a book."""
    everything = Touched(
        documents=dict.fromkeys(book.documents),
        parents=dict.fromkeys(book.parents),
        orders=dict.fromkeys(book.orders),
        positions=dict.fromkeys(book.positions),
        recounted=dict.fromkeys(book.orders),
    )
    return rows_of(book, everything)


def _document_row(document: Document) -> list[Cell]:
    return [
        document.document_id,
        document.kind,
        document.target,
        document.content_hash,
        document.code,
        document.received_ns,
    ]


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


def _add_fills(rows: Rows, book: Book, order: Order) -> None:
    """Add a row for each ExecID (the content that counts), and one for what the broker told only as a sum."""
    fills = order.fills
    counted = {trade.exec_id: trade for trade in fills.counted}
    for trade in fills.distinct:
        _add_fill(rows, book, order, trade, is_counted=trade.exec_id in counted)
    if fills.seen is not None:
        _add_fill(rows, book, order, _synthetic(fills, fills.seen, order), is_counted=fills.synthetic_qty > 0)


def _synthetic(fills: Fills, seen: Seen, order: Order) -> Trade:
    told = sum((trade.last_qty * trade.last_px for trade in fills.counted), ZERO)
    qty = fills.synthetic_qty
    return Trade(
        cl_ord_id=order.key,
        transact_ns=seen.transact_ns,
        exec_id=SYNTHETIC_EXEC_ID,
        last_qty=qty,
        last_px=(fills.notional - told) / qty if qty else ZERO,
    )


def _add_fill(rows: Rows, book: Book, order: Order, trade: Trade, *, is_counted: bool) -> None:
    first = order.first
    sleeve = book.parents[first.parent_id].order.sleeve
    rows.fills.append(
        [
            order.key,
            trade.exec_id,
            trade.transact_ns,
            first.parent_id,
            first.symbol,
            first.side,
            plain(trade.last_qty),
            plain(trade.last_px),
            plain(trade.commission),
            None if trade.is_passive is None else int(trade.is_passive),
            int(is_counted),
        ]
    )
    rows.allocations.append(
        [
            order.key,
            trade.exec_id,
            trade.transact_ns,
            sleeve.account,
            sleeve.strategy,
            sleeve.horizon,
            first.symbol,
            plain(first.side.sign * trade.last_qty) if is_counted else "0",
            plain(trade.last_px),
        ]
    )


def _position_row(book: Book, key: PositionKey) -> list[Cell]:
    position = book.positions[key]
    sleeve = key.sleeve
    return [sleeve.account, sleeve.strategy, sleeve.horizon, key.symbol, plain(position.qty), plain(position.paid)]
