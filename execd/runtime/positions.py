"""What each strategy owns, as a file it can read: `outbox/positions/<strategy>.json`.

An observer of the pump: a record that may change an owned, working or doubted
quantity makes its strategy's file due. Bodies are made in the settled state,
at most once a pace, and written whole in a thread; a write that fails is told
and tried again. What an order may still trade is counted when the order
changes, so a build costs the lines that changed and not every order. Quantities
are exact decimals as text; what they mean is in docs/positions.md. Nothing here
decides what is owned.
"""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Final

import msgspec

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.codec import encode, plain
from execd.core.events import Effect
from execd.core.order import Order
from execd.core.parents import Position, PositionKey
from execd.core.records import Adopted, Failed, Found, ParentRecalled, Record, Reported, Resolved, Sending
from execd.ports import Clock
from execd.runtime.bodies import Bodies, Store
from execd.runtime.clock import NS_PER_S

PACE_NS: Final = 250_000_000
BUILT_MAX: Final = 16
"""Files made between two turns; the rest waits for the next pause."""
ZERO: Final = Decimal(0)
_PX_PLACES: Final = Decimal("0.0001")


class PositionLine(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol of one sleeve. `paid` is what it cost so far less what was received; `net_px` is that a share."""

    account: str
    horizon: str
    symbol: str
    qty: str
    paid: str
    net_px: str | None
    buying_qty: str
    selling_qty: str
    in_doubt_qty: str


class PositionFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy's file says. `revision` only grows; `as_of_ns` is when it was true."""

    schema: int = 1
    strategy: str
    revision: int
    as_of_ns: int
    positions: tuple[PositionLine, ...]


class _Way(msgspec.Struct, frozen=True, gc=False):
    """What an order, or all orders of a sleeve in a symbol, may still trade, and how much of it is in doubt."""

    buying_qty: Decimal = ZERO
    selling_qty: Decimal = ZERO
    in_doubt_qty: Decimal = ZERO

    def moved(self, before: "_Way", after: "_Way") -> "_Way":
        """Return the sum with `after` in the place of `before`."""
        return _Way(
            self.buying_qty + after.buying_qty - before.buying_qty,
            self.selling_qty + after.selling_qty - before.selling_qty,
            self.in_doubt_qty + after.in_doubt_qty - before.in_doubt_qty,
        )


_NO_WAY: Final = _Way()


class PositionFiles:
    """The task `positions`: which files are due, and their writing."""

    def __init__(
        self,
        *,
        book: Book,
        store: Store,
        clock: Clock,
        nudge: Callable[[], None],
        revision: Callable[[], int],
        pace_ns: int = PACE_NS,
    ) -> None:
        """Every strategy of the book is due; `nudge` asks the pump to call `build`, `revision` only grows."""
        self.pace_ns = pace_ns
        self._book = book
        self._store = store
        self._clock = clock
        self._nudge = nudge
        self._revision = revision
        self._lines: dict[str, dict[PositionKey, PositionLine | None]] = {}
        """By strategy and key; None where the line is no longer true."""
        self._unsorted: dict[str, None] = {}
        """Strategies whose lines a new key has put out of order."""
        self._ways: dict[PositionKey, _Way] = {}
        self._counted: dict[str, _Way] = {}
        """What each live order has in the sums of `_ways`."""
        self._dirty: dict[str, None] = {}
        self._built_ns: dict[str, int] = {}
        self._bodies = Bodies(store, event="positions_write_failed", is_more_due=lambda: bool(self._dirty))
        self._alarm: asyncio.TimerHandle | None = None
        for key in book.positions:
            self._touch(key)
        for parent in book.parents.values():
            for order_key in parent.live:
                self._touch_order(book.orders[order_key])

    def committed(self, batch: Batch, effects: Sequence[Effect], commit_s: float) -> None:
        """Note whose files are no longer true."""
        for record in batch.records:
            self._note(record)

    def build(self) -> None:
        """Make the bodies that are due. Call between two turns only."""
        if not self._dirty:
            return
        now_ns = self._clock.now_ns()
        due = [one for one in self._dirty if now_ns - self._built_ns.get(one, 0) >= self.pace_ns]
        for strategy in due[:BUILT_MAX]:
            del self._dirty[strategy]
            self._built_ns[strategy] = now_ns
            self._bodies.put(strategy, encode(self._file(strategy, now_ns)))
        loop = asyncio.get_running_loop()
        if len(due) > BUILT_MAX:
            loop.call_soon(self._nudge)
        elif self._dirty and self._alarm is None:
            self._alarm = loop.call_later(self.pace_ns / NS_PER_S, self._ring)

    async def flush(self) -> None:
        """Make every file due now and wait for the writing; for the end of the process."""
        self._built_ns.clear()
        self._nudge()
        await self._bodies.written()

    async def run(self) -> None:
        """Write what was made, for ever."""
        await self._bodies.run()

    def _note(self, record: Record) -> None:
        match record:
            case Sending(request=request):
                self._touch_order(self._book.order_of(request.cl_ord_id))
            case Reported(report=report):
                self._touch_order(self._book.order_of(report.cl_ord_id))
            case Failed(cl_ord_id=cl_ord_id) | Found(cl_ord_id=cl_ord_id) | Resolved(cl_ord_id=cl_ord_id):
                self._touch_order(self._book.order_of(cl_ord_id))
            case Adopted(is_external=False, strategy=strategy):
                for key in self._book.positions:
                    if key.sleeve.strategy == strategy:
                        self._touch(key)
            case ParentRecalled(orders=orders):
                for order in orders:
                    self._touch_order(order)
            case _:
                pass  # No other record changes a quantity.

    def _touch_order(self, order: Order | None) -> None:
        parent = None if order is None else self._book.parents.get(order.first.parent_id)
        if order is None or parent is None:
            return
        key = PositionKey(parent.order.sleeve, order.first.symbol)
        before = self._counted.pop(order.key, _NO_WAY)
        after = _way_of(order)
        if not order.is_done:
            self._counted[order.key] = after
        if after != before:
            self._ways[key] = self._ways.get(key, _NO_WAY).moved(before, after)
        self._touch(key)

    def _touch(self, key: PositionKey) -> None:
        strategy = key.sleeve.strategy
        lines = self._lines.setdefault(strategy, {})
        if key not in lines:
            self._unsorted[strategy] = None
        lines[key] = None
        self._dirty[strategy] = None
        self._bodies.expect()

    def _ring(self) -> None:
        self._alarm = None
        self._nudge()

    def _file(self, strategy: str, now_ns: int) -> PositionFile:
        lines = self._lines[strategy]
        if strategy in self._unsorted:
            del self._unsorted[strategy]
            lines = self._lines[strategy] = dict(sorted(lines.items(), key=itemgetter(0)))
        for key, line in lines.items():
            if line is None:
                lines[key] = _line(key, self._book.positions.get(key), self._ways.get(key, _NO_WAY))
        return PositionFile(
            strategy=strategy,
            revision=self._revision(),
            as_of_ns=now_ns,
            positions=tuple(line for line in lines.values() if line is not None),
        )


def _way_of(order: Order) -> _Way:
    leaves_qty = order.leaves_qty
    is_buy = order.first.side.is_buy
    return _Way(
        buying_qty=leaves_qty if is_buy else ZERO,
        selling_qty=ZERO if is_buy else leaves_qty,
        in_doubt_qty=leaves_qty if order.is_in_doubt else ZERO,
    )


def _line(key: PositionKey, position: Position | None, way: _Way) -> PositionLine:
    qty, paid = (ZERO, ZERO) if position is None else (position.qty, position.paid)
    return PositionLine(
        account=key.sleeve.account,
        horizon=key.sleeve.horizon,
        symbol=key.symbol,
        qty=plain(qty),
        paid=plain(paid),
        net_px=plain((paid / qty).quantize(_PX_PLACES)) if qty else None,
        buying_qty=plain(way.buying_qty),
        selling_qty=plain(way.selling_qty),
        in_doubt_qty=plain(way.in_doubt_qty),
    )
