"""What is owned, by whom, and what is on its way: the rows of `execd positions`.

Plain functions from a book to frozen rows. Working quantities are of live
orders; those with a request in doubt are counted there in full, and again by
themselves, for nobody knows yet.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core.book import Book
from execd.core.codec import plain
from execd.core.parents import PositionKey

ZERO: Final = Decimal(0)
_PX_PLACES: Final = Decimal("0.0001")


class PositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one sleeve owns of one symbol; `paid` is what it cost so far less what was received, fees included.

    `net_px` is `paid` a share: the price at which nothing would be won or lost. None where nothing is owned.
    """

    account: str
    strategy: str
    horizon: str
    symbol: str
    qty: str
    paid: str
    net_px: str | None = None
    buying_qty: str = "0"
    selling_qty: str = "0"
    in_doubt_qty: str = "0"
    is_external: bool = False


class _Way(msgspec.Struct):
    """Quantities on their way for one sleeve and symbol."""

    buying: Decimal = ZERO
    selling: Decimal = ZERO
    in_doubt: Decimal = ZERO


def position_rows(book: Book) -> list[PositionRow]:
    """Return what every sleeve owns, zero included where it once owned something; then what is external."""
    ways = _ways(book)
    keys = sorted({**dict.fromkeys(book.positions), **dict.fromkeys(ways)})
    rows = [_row(book, key, ways.get(key, _Way())) for key in keys]
    rows += [
        PositionRow(
            account=key.account,
            strategy="",
            horizon="",
            symbol=key.symbol,
            qty=plain(qty),
            paid="0",
            is_external=True,
        )
        for key, qty in sorted(book.external_positions.items())
    ]
    return rows


def _row(book: Book, key: PositionKey, way: _Way) -> PositionRow:
    position = book.positions.get(key)
    qty, paid = (ZERO, ZERO) if position is None else (position.qty, position.paid)
    return PositionRow(
        account=key.sleeve.account,
        strategy=key.sleeve.strategy,
        horizon=key.sleeve.horizon,
        symbol=key.symbol,
        qty=plain(qty),
        paid=plain(paid),
        net_px=plain((paid / qty).quantize(_PX_PLACES)) if qty else None,
        buying_qty=plain(way.buying),
        selling_qty=plain(way.selling),
        in_doubt_qty=plain(way.in_doubt),
    )


def _ways(book: Book) -> dict[PositionKey, _Way]:
    """Return what is on its way; only parents that may still trade are looked at twice."""
    ways: dict[PositionKey, _Way] = {}
    for parent in book.parents.values():
        for key in parent.live:
            order = book.orders[key]
            way = ways.setdefault(PositionKey(parent.order.sleeve, order.first.symbol), _Way())
            if order.first.side.is_buy:
                way.buying += order.leaves_qty
            else:
                way.selling += order.leaves_qty
            if order.is_in_doubt:
                way.in_doubt += order.leaves_qty
    return ways
