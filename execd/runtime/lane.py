"""The calls of one account that wait or run: who begins next, and how many at a time.

The most urgent class first (`core.enums.RequestClass`), within a class as they
were released. Nothing overtakes the order that it is about. Questions and
orders have each a bound of their own, so that neither hanging orders nor
hanging questions take the places that cancels and flatten need.
"""

import heapq
from typing import Final, assert_never

from execd.core.enums import RequestClass
from execd.core.events import Cancel, Query, Replace, Submit
from execd.ports import Broker

IN_FLIGHT_MAX: Final = 64
"""Calls of one account at a time; more would only wait in the broker's own queue, where a cancel cannot overtake."""
ORDERS_IN_FLIGHT_MAX: Final = 40
READS_IN_FLIGHT_MAX: Final = 12

Call = Submit | Cancel | Replace | Query
Waiting = tuple[RequestClass, int, Call]


class Lane:
    """One account's calls."""

    def __init__(self, broker: Broker) -> None:
        """Begin with nothing to send."""
        self.broker = broker
        self.is_unauthorized = False
        """Whether the broker's last word on the account was that it may do nothing."""
        self._urgent: list[Waiting] = []
        self._orders: list[Waiting] = []
        self._reads: list[Waiting] = []
        self._new: dict[str, RequestClass] = {}
        self._in_flight = dict.fromkeys(RequestClass, 0)
        self._added_n = 0

    @property
    def in_flight(self) -> int:
        """How many calls run."""
        return sum(self._in_flight.values())

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._urgent) + len(self._orders) + len(self._reads)

    def add(self, call: Call) -> None:
        """Queue a call, behind its own order where that has not left yet."""
        self._added_n += 1
        kind = class_of(call)
        if isinstance(call, Submit):
            self._new[call.request.cl_ord_id] = kind
        elif isinstance(call, Cancel | Replace):
            kind = max(kind, self._new.get(call.request.orig_cl_ord_id, kind))
        queue = self._urgent if kind.is_urgent else self._orders if kind.is_order else self._reads
        heapq.heappush(queue, (kind, self._added_n, call))

    def begin(self) -> Call | None:
        """Take the next call that may begin; None where none waits or enough are running. `end` must follow."""
        for queue in (self._urgent, self._orders, self._reads):
            if queue and self._has_room(queue[0][0]):
                _, _, call = heapq.heappop(queue)
                self._in_flight[class_of(call)] += 1
                if isinstance(call, Submit):
                    self._new.pop(call.request.cl_ord_id, None)
                return call
        return None

    def end(self, call: Call) -> None:
        """Count a call as running no more."""
        self._in_flight[class_of(call)] -= 1

    def clear(self) -> list[Call]:
        """Take out every call that waits, in the order in which they would have begun."""
        waiting = sorted((*self._urgent, *self._orders, *self._reads), key=lambda one: one[:2])
        for queue in (self._urgent, self._orders, self._reads):
            queue.clear()
        self._new.clear()
        return [call for _, _, call in waiting]

    def _has_room(self, kind: RequestClass) -> bool:
        if self.in_flight >= IN_FLIGHT_MAX:
            return False
        if kind is RequestClass.READ:
            return self._in_flight[kind] < READS_IN_FLIGHT_MAX
        if kind.is_order:
            return sum(n for one, n in self._in_flight.items() if one.is_order) < ORDERS_IN_FLIGHT_MAX
        return True


def class_of(call: Call) -> RequestClass:
    """Return by which class a call has its turn."""
    match call:
        case Submit(kind=kind) | Replace(kind=kind):
            return kind
        case Cancel():
            return RequestClass.CANCEL
        case Query():
            return RequestClass.READ
        case _:
            assert_never(call)
