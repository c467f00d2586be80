"""The laws that hold at a start and once everything is at rest: journal, book and brokers say the same.

Those of what happens in between are in `invariants`, which raises the same `Broken`.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Final

from execd.core.book import Book
from execd.core.checkpoint import SECTIONS
from execd.core.order import Order
from execd.core.projection import TABLES
from execd.journal.fold import mismatches
from execd.journal.sync import SyncJournal
from execd.simulation.front import Front, Placed

ZERO: Final = Decimal(0)
NEAR: Final = Decimal("0.0001")
"""Money may differ so much where a broker only tells an average price."""
SHOWN_MAX: Final = 3


class Broken(AssertionError):  # It reads "Inv3 is broken"; it is a verdict, no error of a caller.
    """A law does not hold."""

    def __init__(self, law: str, text: str) -> None:
        """`law` is its stable name."""
        super().__init__(f"{law}: {text}")
        self.law = law


def same_book(known: Book, found: Book, when: str) -> None:
    """Inv8: a fold of what is on the disk is what was known."""
    for section in SECTIONS:
        ours, theirs = getattr(known, section), getattr(found, section)
        if ours != theirs:
            differing = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
            raise Broken("Inv8", f"{when}, {section} differ: {', '.join(map(str, differing[:SHOWN_MAX]))}")


def at_rest(fronts: Collection[Front], book: Book, journal: SyncJournal) -> None:
    """Inv3, Inv6 and Inv8, with nothing under way: what the journal, the book and the brokers have is one."""
    whole = journal.load_all()
    rows = {table: journal.read_rows(table) for table in TABLES}
    if wrong := mismatches(whole, rows):
        raise Broken("Inv8", f"rows are not the fold: {'; '.join(wrong[:SHOWN_MAX])}")
    for front in fronts:
        _same_fills(front, whole)
        _same_positions(front, book)


def _same_fills(front: Front, book: Book) -> None:
    for placed in front.placed.values():
        order = book.order_of(placed.request.cl_ord_id)
        if order is None:
            raise Broken("Inv2", f"{placed.request.cl_ord_id} is at the broker and in no journal")
        _same_order(front, placed, order)
    for order in book.orders.values():
        if order.first.account == front.account and order.cum_qty and order.key not in front.by_id:
            raise Broken("Inv3", f"{order.key} has fills, and its broker never had it")


def _same_order(front: Front, placed: Placed, order: Order) -> None:
    if order.cum_qty != placed.cum_qty:
        raise Broken("Inv3", f"{order.key} has {order.cum_qty} filled, its broker {placed.cum_qty}")
    counted = [fill.trade for fill in placed.fills if not fill.is_busted]
    paid = sum((trade.last_qty * trade.last_px for trade in counted), ZERO)
    if abs(order.fills.notional - paid) > NEAR:
        raise Broken("Inv3", f"{order.key} cost {order.fills.notional}, at its broker {paid}")
    if front.scene.tells_trades and not order.fills.synthetic_qty:
        told = sorted(trade.exec_id for trade in order.fills.counted)
        real = sorted(trade.exec_id for trade in counted)
        if told != real:
            raise Broken("Inv3", f"{order.key} has the fills {told}, its broker {real}")


def _same_positions(front: Front, book: Book) -> None:
    known: dict[str, Decimal] = {}
    for key, position in book.positions.items():
        if key.sleeve.account == front.account:
            known[key.symbol] = known.get(key.symbol, ZERO) + position.qty
    for place, qty in book.external_positions.items():
        if place.account == front.account:
            known[place.symbol] = known.get(place.symbol, ZERO) + qty
    held = front.positions()
    for symbol in {**known, **held}:
        if known.get(symbol, ZERO) != held.get(symbol, ZERO):
            told = f"{known.get(symbol, ZERO)} in the book"
            raise Broken("Inv6", f"{front.account} holds {held.get(symbol, ZERO)} {symbol}: {told}")
