"""The venue's desk: trades that are busted or corrected, an order that is filled beyond its quantity.

Where the books are kept elsewhere (the keeper of a venue's process) they are
given; else they are the venue's own. It does what it is told and says why not,
and never looks whether that is wise.
"""

from decimal import Decimal

from execd.ports import Clock
from execd.venue import matching_hands
from execd.venue.ledger import Execution, Ledger
from execd.venue.matching_orders import Working
from execd.venue.sim_venue import SimVenue


class Hands:
    """The desk of one venue."""

    def __init__(self, venue: SimVenue, books: Ledger, clock: Clock) -> None:
        self._venue = venue
        self._books = books
        self._clock = clock

    def bust(self, account: str, exec_id: str) -> str:
        """Let a trade never have happened; return why not, empty where it is done."""
        found = self._find(account, exec_id)
        if found is None:
            return f"account {account} has no execution {exec_id}"
        order, execution = found
        self._venue.report(account, matching_hands.bust(order, execution.trade, self._clock.now_ns()))
        return ""

    def correct(self, account: str, exec_id: str, px: Decimal) -> str:
        """Let a trade have happened at `px`; return why not, empty where it is done."""
        found = self._find(account, exec_id)
        if found is None:
            return f"account {account} has no execution {exec_id}"
        order, execution = found
        self._venue.report(account, matching_hands.correct(order, execution.trade, px, self._clock.now_ns()))
        return ""

    def overfill(self, account: str, cl_ord_id: str, qty: Decimal) -> str:
        """Let an order that is filled trade more, at its average price; return why not, empty where it is done."""
        order = self._venue.matching.known(cl_ord_id)
        if order is None or order.account != account or order.ended != "filled" or not order.cum_qty:
            return f"account {account} has no filled order {cl_ord_id}"
        px = order.notional / order.cum_qty
        self._venue.report(account, matching_hands.overfill(order, qty, px, self._clock.now_ns()))
        return ""

    def _find(self, account: str, exec_id: str) -> tuple[Working, Execution] | None:
        for execution in self._books.executions(account):
            if execution.trade.exec_id == exec_id:
                order_id = execution.trade.order_id
                for order in self._venue.matching.everything():
                    if order.order_id == order_id:
                        return order, execution
        return None
