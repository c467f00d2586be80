"""The matching engine of the simulated venue, for any number of symbols.

It is told requests and rows of the tape and answers with reports. It has no
clock, no chance and no I/O: the instant is an argument, and the same calls
give the same reports. Our orders never match each other; they meet the tape.
How they trade is `matching_trade`, what is remembered `matching_book`. A new
order type is a case in `_enter`.

ClOrdIDs are unique over the whole venue; OrderIDs are made of the first
ClOrdID of a chain, so a venue that starts again never reuses one.
"""

from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from execd.core.enums import OrdType, QueueRule, TimeInForce
from execd.core.instrument import Instrument
from execd.core.market import Halt, Quote
from execd.core.order import Order
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest
from execd.core.reports import (
    Accepted,
    Canceled,
    CancelRejected,
    ExecReport,
    Expired,
    OrderSnapshot,
    Rejected,
    Replaced,
    ReplaceRejected,
)
from execd.venue.commission import Commission
from execd.venue.matching_book import Displayed, Interest, SymbolBook
from execd.venue.matching_orders import ZERO, Working, opened, restored, seen
from execd.venue.matching_rules import DUPLICATE, bad_terms, cannot_change, refusal_of, triggers
from execd.venue.matching_trade import Fills, could_fill, cross, hit, queue, see, take

__all__ = ["Interest", "Matching"]

ENDED_MAX: Final = 200_000
"""Ended orders that can still be asked about; the oldest are forgotten first."""


class Matching:
    """Orders in, reports out.

    With `isolates_accounts` every account meets the market as if it were alone in it; with `takes_ids_again` a ClOrdID
    that was used makes another order, and asking by it finds the latest. What was taken of a displayed size is there
    again when that side of the quote changes, with `taken_stays` only when its price does.
    """

    def __init__(
        self,
        *,
        queue: QueueRule,
        commission: Commission,
        instrument: Callable[[str], Instrument],
        isolates_accounts: bool = False,
        takes_ids_again: bool = False,
        taken_stays: bool = False,
    ) -> None:
        self._taken_stays = taken_stays
        self._takes_ids_again = takes_ids_again
        self._rule = queue
        self._commission = commission
        self._instrument = instrument
        self._isolates_accounts = isolates_accounts
        self._books: dict[str, SymbolBook] = {}
        self._orders: dict[str, Working] = {}
        self._live: dict[str, Working] = {}
        self._ended: deque[Working] = deque()
        self._seq = 0
        self._again_n = 0

    def submit(self, request: NewOrder, now_ns: int) -> list[ExecReport]:
        """Take a new order: Rejected, or Accepted and what follows at once."""
        book = self._book(request.symbol)
        is_used = request.cl_ord_id in self._orders
        refusal = DUPLICATE if is_used and not self._takes_ids_again else refusal_of(book, request)
        if refusal is not None:
            code, text = refusal
            return [Rejected(cl_ord_id=request.cl_ord_id, transact_ns=now_ns, code=code, text=text)]
        order = opened(request, lane=self._lane(request.account), now_ns=now_ns)
        if is_used:
            self._again_n += 1
            order.order_id = f"{order.order_id}~{self._again_n}"
        self._orders[request.cl_ord_id] = order
        self._live[order.order_id] = order
        accepted = Accepted(cl_ord_id=request.cl_ord_id, transact_ns=now_ns, order_id=order.order_id)
        return [accepted, *self._enter(book, order, now_ns)]

    def cancel(self, request: CancelRequest, now_ns: int) -> list[ExecReport]:
        """Cancel what is left of an order: Canceled, or CancelRejected."""
        order = self._orders.get(request.orig_cl_ord_id)
        code = cannot_change(order, request.account)
        if order is None or code:
            return [
                CancelRejected(
                    cl_ord_id=request.cl_ord_id,
                    transact_ns=now_ns,
                    orig_cl_ord_id=request.orig_cl_ord_id,
                    order_id=order.order_id if order is not None else "",
                    code=code,
                    text=order.ended if order is not None else "",
                )
            ]
        if request.cl_ord_id not in self._orders:
            self._name(order, request.cl_ord_id)
        self._end(order, "canceled", now_ns)
        return [
            Canceled(
                cl_ord_id=request.cl_ord_id,
                transact_ns=now_ns,
                order_id=order.order_id,
                orig_cl_ord_id=request.orig_cl_ord_id,
                cum_qty=order.cum_qty,
            )
        ]

    def replace(self, request: ReplaceRequest, now_ns: int) -> list[ExecReport]:
        """Change an order: Replaced and what follows at once, or ReplaceRejected.

        `order_qty` is the total of the chain. A new price or more quantity goes to the back of the queue; less
        quantity keeps its place. A total that has already traded is refused: the old terms stand.
        """
        order = self._orders.get(request.orig_cl_ord_id)
        code = cannot_change(order, request.account)
        if order is not None and not code:
            is_known = request.cl_ord_id in self._orders
            code = DUPLICATE[0] if is_known else bad_terms(self._book(order.symbol).instrument, order, request)
        if order is None or code:
            return [
                ReplaceRejected(
                    cl_ord_id=request.cl_ord_id,
                    transact_ns=now_ns,
                    orig_cl_ord_id=request.orig_cl_ord_id,
                    order_id=order.order_id if order is not None else "",
                    code=code,
                    text=order.ended if order is not None else "",
                )
            ]
        return self._replace(self._book(order.symbol), order, request, now_ns)

    def on_quote(self, quote: Quote, now_ns: int) -> list[ExecReport]:
        """Take the next quote row of a symbol; return what it did to our orders."""
        book = self._book(quote.symbol)
        book.show(quote)
        see(book)
        return self._meet(book, now_ns)

    def on_print(
        self, symbol: str, px: Decimal, qty: Decimal, now_ns: int, *, is_auction: bool = False
    ) -> list[ExecReport]:
        """Take the next eligible print of a symbol; those of auctions do not meet the continuous book."""
        book = self._book(symbol)
        if is_auction or book.is_halted or px <= ZERO or qty <= ZERO:
            return []
        fills = Fills(self._commission, now_ns)
        hit(book, px, qty, fills)
        reports: list[ExecReport] = self._tidied(fills)
        if fills.made:
            book.interest = None
        triggered = [stop for stop in book.stops.values() if triggers(stop, px)]
        for stop in triggered:
            del book.stops[stop.seq]
            stop.ord_type = OrdType.MARKET if stop.ord_type is OrdType.STOP else OrdType.LIMIT
            reports.extend(self._enter(book, stop, now_ns))
        return reports

    def on_halt(self, halt: Halt, now_ns: int) -> list[ExecReport]:
        """Stop a symbol, or let it go on: then what rests meets the quote that stands, so tell that first."""
        book = self._book(halt.symbol)
        book.is_halted = halt.is_halted
        return self._meet(book, now_ns)

    def end_day(self, now_ns: int) -> list[ExecReport]:
        """Expire what is left of every order that is not good till canceled, in order of acceptance."""
        reports: list[ExecReport] = []
        for order in list(self._live.values()):
            if order.time_in_force is not TimeInForce.GTC:
                self._end(order, "expired", now_ns)
                name, order_id = order.cl_ord_id, order.order_id
                reports.append(Expired(cl_ord_id=name, transact_ns=now_ns, order_id=order_id, cum_qty=order.cum_qty))
        return reports

    def find(self, account: str, cl_ord_id: str) -> OrderSnapshot | None:
        """Return what is known of an order by any ClOrdID of its chain; None where there is no such order."""
        order = self._orders.get(cl_ord_id)
        return None if order is None or order.account != account else seen(order, cl_ord_id)

    def changed(self, account: str, since_ns: int) -> Iterator[OrderSnapshot]:
        """Yield an account's live orders, then those that ended at or after `since_ns`, by their first ClOrdIDs."""
        for order in (*self._live.values(), *self._ended):
            if order.account == account and (not order.ended or order.last_ns >= since_ns):
                yield seen(order, order.cl_ord_ids[0])

    def known(self, cl_ord_id: str) -> Working | None:
        """Return the order of any ClOrdID of its chain, to be read only; None where there is none."""
        return self._orders.get(cl_ord_id)

    def live(self) -> list[Working]:
        """Return the orders that can still trade, in order of acceptance, to be read only."""
        return list(self._live.values())

    def everything(self) -> list[Working]:
        """Return every order that is remembered, the ended ones first, to be read only."""
        return [*self._ended, *self._live.values()]

    def account_of(self, cl_ord_id: str) -> str | None:
        """Return whose order a report is about; None where it is not known (a rejected one never is)."""
        order = self._orders.get(cl_ord_id)
        return order.account if order is not None else None

    def order_of(self, cl_ord_id: str) -> Working:
        """Return the order that a report is about, to be read only. Raises KeyError where there is none."""
        return self._orders[cl_ord_id]

    def quote_now(self, symbol: str) -> Quote | None:
        """Return the latest quote row that was told; None before the first."""
        book = self._books.get(symbol)
        return book.quote if book is not None else None

    def interest(self, symbol: str) -> Interest:
        """Return which rows can change an order; others may be skipped, if each request sees the latest quote."""
        return self._book(symbol).current_interest()

    def restore(self, order: Order, now_ns: int) -> None:
        """Take up a live order of before a restart, at the back of the queue, without a report.

        An order that is done, or of which no answer is known, is not taken up: it never arrived here. One that was full
        until a trade of it was busted has ended here too, and can be asked about.
        """
        if order.is_done or order.acked_ns is None or order.key in self._orders:
            return
        working = restored(order, self._commission, lane=self._lane(order.first.account), now_ns=now_ns)
        if order.fills.busted and sum(trade.last_qty for trade in order.fills.distinct) >= order.order_qty:
            working.ended = "filled"
        self.take_up(working)

    def take_up(self, working: Working) -> None:
        """Take up an order as it was written down: a live one rests at the back of the queue, without a report."""
        for cl_ord_id in working.cl_ord_ids:
            self._orders[cl_ord_id] = working
        if working.ended:
            self._ended.append(working)
            return
        self._live[working.order_id] = working
        working.ahead, working.is_waiting = None, False
        self._rest(self._book(working.symbol), working)

    def _replace(self, book: SymbolBook, order: Working, request: ReplaceRequest, now_ns: int) -> list[ExecReport]:
        price = request.price if request.price is not None and order.price is not None else order.price
        keeps_place = price == order.price and request.order_qty <= order.order_qty
        self._name(order, request.cl_ord_id)
        if not keeps_place:
            self._leave(book, order)
        order.cl_ord_id = request.cl_ord_id
        order.order_qty, order.price = request.order_qty, price
        order.stop_px = request.stop_px if request.stop_px is not None else order.stop_px
        order.last_ns = now_ns
        book.interest = None
        replaced = Replaced(
            cl_ord_id=request.cl_ord_id,
            transact_ns=now_ns,
            order_id=order.order_id,
            orig_cl_ord_id=request.orig_cl_ord_id,
            order_qty=order.order_qty,
            price=order.price,
        )
        if order.cum_qty >= order.order_qty:
            self._end(order, "filled", now_ns)
            return [replaced]
        return [replaced] if keeps_place else [replaced, *self._enter(book, order, now_ns)]

    def _enter(self, book: SymbolBook, order: Working, now_ns: int) -> list[ExecReport]:
        """Let an order come to the market with a new time priority: it takes what it may, and rests or ends."""
        book.interest = None
        if order.is_stop:
            self._seq += 1
            order.seq = self._seq
            book.stops[order.seq] = order
            return []
        fills = Fills(self._commission, now_ns)
        must_be_whole = order.time_in_force is TimeInForce.FOK
        if book.can_take(is_buy=order.is_buy) and not (must_be_whole and not could_fill(book, order)):
            take(book, order, fills)
        reports = self._tidied(fills)
        if order.ended:
            return reports
        if must_be_whole or order.time_in_force is TimeInForce.IOC:
            return [*reports, self._canceled(order, "nothing more to take now", now_ns)]
        if order.ord_type is OrdType.MARKET and book.can_take(is_buy=order.is_buy):
            return [*reports, self._canceled(order, "the displayed market is used up", now_ns)]
        self._rest(book, order)
        return reports

    def _meet(self, book: SymbolBook, now_ns: int) -> list[ExecReport]:
        """Let the standing quote meet our orders."""
        if book.is_halted:
            return []
        fills = Fills(self._commission, now_ns)
        for order in book.waiting.values():
            if order.ord_type is OrdType.MARKET and book.can_take(is_buy=order.is_buy):
                take(book, order, fills)
        for is_buy in (True, False):
            cross(book, is_buy=is_buy, fills=fills)
        if not fills.made and not book.waiting:
            return []
        book.interest = None
        return [*self._tidied(fills), *self._stop_waiting(book, now_ns)]

    def _rest(self, book: SymbolBook, order: Working) -> None:
        self._seq += 1
        order.seq = self._seq
        book.interest = None
        if order.is_stop:
            book.stops[order.seq] = order
            return
        order.is_waiting = order.ord_type is OrdType.MARKET or book.is_halted or book.is_locked()
        if order.is_waiting:
            book.waiting[order.seq] = order
        if order.ord_type is not OrdType.MARKET:
            order.ahead = queue(book, order) if self._rule is QueueRule.PESSIMISTIC else ZERO
            book.own(is_buy=order.is_buy).add(order)

    def _leave(self, book: SymbolBook, order: Working) -> None:
        book.interest = None
        book.stops.pop(order.seq, None)
        book.waiting.pop(order.seq, None)
        order.is_waiting = False
        if order.price is not None and not order.is_stop:
            book.own(is_buy=order.is_buy).remove(order)

    def _stop_waiting(self, book: SymbolBook, now_ns: int) -> list[ExecReport]:
        """Let the orders that could now take rest like others; market orders end."""
        reports: list[ExecReport] = []
        for order in list(book.waiting.values()):
            if not book.can_take(is_buy=order.is_buy):
                continue
            del book.waiting[order.seq]
            order.is_waiting = False
            if order.ord_type is OrdType.MARKET:
                reports.append(self._canceled(order, "the displayed market is used up", now_ns))
        return reports

    def _tidied(self, fills: Fills) -> list[ExecReport]:
        """Return the trades, after taking out of the book what they filled."""
        for trade in fills.made:
            order = self._live.get(trade.order_id)
            if order is not None and order.ended:
                self._end(order, order.ended, trade.transact_ns)
        return [*fills.made]

    def _canceled(self, order: Working, text: str, now_ns: int) -> Canceled:
        order.text = text
        self._end(order, "canceled", now_ns)
        name, order_id = order.cl_ord_id, order.order_id
        return Canceled(cl_ord_id=name, transact_ns=now_ns, order_id=order_id, text=text, cum_qty=order.cum_qty)

    def _end(self, order: Working, how: str, now_ns: int) -> None:
        self._leave(self._book(order.symbol), order)
        order.ended, order.last_ns = how, now_ns
        self._live.pop(order.order_id, None)
        self._ended.append(order)
        while len(self._ended) > ENDED_MAX:
            for cl_ord_id in self._ended.popleft().cl_ord_ids:
                self._orders.pop(cl_ord_id, None)

    def _name(self, order: Working, cl_ord_id: str) -> None:
        order.cl_ord_ids.append(cl_ord_id)
        self._orders[cl_ord_id] = order

    def _lane(self, account: str) -> str:
        return account if self._isolates_accounts else ""

    def _book(self, symbol: str) -> SymbolBook:
        book = self._books.get(symbol)
        if book is None:
            bid, ask = Displayed(taken_stays=self._taken_stays), Displayed(taken_stays=self._taken_stays)
            book = self._books[symbol] = SymbolBook(instrument=self._instrument(symbol), bid=bid, ask=ask)
        return book
