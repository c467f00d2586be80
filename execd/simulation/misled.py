"""What the laws can ask of a daemon that a person has told that an order was lost, and it was not.

Until its broker tells of that order the daemon must believe the word, and may
send another in its place: what was decided in that time is not blamed for the
order that it could not know of, and for no other. From the first word of the
broker on every law holds again, and `came_back` is owed.
"""

from collections.abc import Mapping

from execd.core.book import Book
from execd.core.orders import Request
from execd.core.records import Record, Resent, Resolved, Sending
from execd.simulation.front import Front


class Misled:
    """Orders that a person wrongly called lost, as long as the daemon cannot know better."""

    def __init__(self, fronts: Mapping[str, Front], on_way: Mapping[str, Request]) -> None:
        """`on_way` are the requests that have left and may still arrive."""
        self._fronts = fronts
        self._on_way = on_way
        self._lost: dict[str, None] = {}
        self._called_lost: dict[str, None] = {}
        self._excused: dict[str, tuple[str, ...]] = {}

    def remember(self, record: Record) -> None:
        """Note a wrong word, and what is decided in ignorance."""
        match record:
            case Resolved(is_lost=True, account=account, cl_ord_id=cl_ord_id):
                if cl_ord_id in self._on_way or cl_ord_id in self._fronts[account].by_id:
                    self._lost[cl_ord_id] = self._called_lost[cl_ord_id] = None
            case Sending(request=request):
                self._excused[request.cl_ord_id] = tuple(self._lost)
            case Resent(cl_ord_id=cl_ord_id):
                self._excused[cl_ord_id] = tuple(self._lost)
                self._called_lost.pop(cl_ord_id, None)
            case _:
                pass  # Nothing else is a word, or a decision to send.

    def came_back(self, book: Book, key: str) -> bool:
        """Whether the daemon has just heard that an order lives, or did though nobody knew; it knows from now on."""
        order = book.order_of(key)
        if key not in self._lost or order is None or order.is_taken_for_lost:
            return False
        del self._lost[key]
        return order.acked_ns is not None

    def wake(self, book: Book) -> None:
        """Begin a life: what its journal knows it knows."""
        for key in list(self._lost):
            self.came_back(book, key)

    def was_called_lost(self, cl_ord_id: str) -> bool:
        """Whether a request was on its way when somebody called it lost: what came into its place is his doing."""
        return cl_ord_id in self._called_lost

    def unknown_to(self, cl_ord_id: str) -> tuple[str, ...]:
        """Return the orders that could not be counted when a request was decided."""
        return self._excused.get(cl_ord_id, ())
