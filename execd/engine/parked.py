"""Who waits for a token of one account, the most urgent first.

The class counts first, then the earlier deadline, then the id. Among orders
every fourth turn that led to one belongs to who has waited longest, whatever
its class: so nobody starves, however many more urgent ones keep coming. Who
comes while others wait does not pass them. It knows names and numbers; when a
token is due, `parking` says.
"""

import heapq
from typing import Final, NamedTuple

from execd.core.enums import RequestClass

OLDEST_TURN_EVERY: Final = 4
"""Of so many turns of orders one goes to who has waited longest: with k before it, it has its turn within 4·k."""

STALE_MAX: Final = 64
"""So many entries of who has gone may lie in the heaps beside the live ones before they are built anew."""


class Place(NamedTuple):
    """How a parent waits; `came_n` is how many had come before it."""

    kind: RequestClass
    deadline_ns: int
    came_n: int


class Parked:
    """The queue of one account."""

    def __init__(self) -> None:
        """Begin with nobody parked."""
        self.since_ns = 0
        """Since when there was always somebody."""
        self.is_told = False
        """Whether it was told that it never empties."""
        self._places: dict[str, Place] = {}
        self._by_rank: list[tuple[RequestClass, int, str]] = []
        self._by_age: list[tuple[int, str]] = []
        self._urgent_n = 0
        self._flatten_n = 0
        self._came_n = 0
        self._turns_n = 0
        self._called: tuple[str, Place] | None = None

    def __len__(self) -> int:
        """Return how many are parked."""
        return len(self._places)

    def __contains__(self, parent_id: str) -> bool:
        """Whether a parent is parked."""
        return parent_id in self._places

    def put(self, parent_id: str, kind: RequestClass, deadline_ns: int, now_ns: int) -> None:
        """Park a parent, or let it wait for something else; it keeps its age."""
        before = self._places.get(parent_id)
        if before is None and self._called is not None and self._called[0] == parent_id:
            came_n = self._called[1].came_n
        elif before is None:
            came_n = self._came_n = self._came_n + 1
        else:
            came_n = before.came_n
        place = Place(kind, deadline_ns, came_n)
        if place == before:
            return
        if not self._places and self._called is None:
            self.since_ns, self.is_told = now_ns, False
        self._remove(parent_id)
        self._places[parent_id] = place
        self._urgent_n += kind.is_urgent
        self._flatten_n += kind is RequestClass.FLATTEN
        heapq.heappush(self._by_rank, (kind, deadline_ns, parent_id))
        if before is None:
            heapq.heappush(self._by_age, (came_n, parent_id))
        if len(self._by_rank) + len(self._by_age) > 4 * len(self._places) + STALE_MAX:
            self._build()

    def drop(self, parent_id: str) -> None:
        """Forget a parent."""
        self._remove(parent_id)
        if not self._places:
            self._by_rank.clear()
            self._by_age.clear()

    def must_wait(self, parent_id: str, kind: RequestClass) -> bool:
        """Whether others have a right to the next token of this class before a parent that was not called."""
        if self._called is not None and self._called[0] == parent_id:
            return False
        match kind:
            case RequestClass.FLATTEN:
                return self._flatten_n > 0
            case RequestClass.CANCEL:
                return self._urgent_n > 0
            case _:
                return len(self._places) > 0

    def call(self) -> str | None:
        """Take out who has its turn; None where nobody is parked. `done` must follow."""
        parent_id = self._oldest() if self._is_turn_of_oldest() else self._first()
        if parent_id is not None:
            self._called = (parent_id, self._places[parent_id])
            self._remove(parent_id)
        return parent_id

    def done(self) -> bool:
        """End the turn of who was called; say whether it waits again."""
        if self._called is None:
            return False
        (parent_id, place), self._called = self._called, None
        if parent_id in self._places:
            return True
        self._turns_n += place.kind.is_order
        return False

    def _is_turn_of_oldest(self) -> bool:
        return not self._urgent_n and self._turns_n % OLDEST_TURN_EVERY == OLDEST_TURN_EVERY - 1

    def _first(self) -> str | None:
        while self._by_rank:
            kind, deadline_ns, parent_id = heapq.heappop(self._by_rank)
            place = self._places.get(parent_id)
            if place is not None and (place.kind, place.deadline_ns) == (kind, deadline_ns):
                return parent_id
        return None

    def _oldest(self) -> str | None:
        while self._by_age:
            came_n, parent_id = heapq.heappop(self._by_age)
            place = self._places.get(parent_id)
            if place is not None and place.came_n == came_n:
                return parent_id
        return None

    def _build(self) -> None:
        self._by_rank = [(place.kind, place.deadline_ns, name) for name, place in self._places.items()]
        self._by_age = [(place.came_n, name) for name, place in self._places.items()]
        heapq.heapify(self._by_rank)
        heapq.heapify(self._by_age)

    def _remove(self, parent_id: str) -> None:
        place = self._places.pop(parent_id, None)
        if place is not None:
            self._urgent_n -= place.kind.is_urgent
            self._flatten_n -= place.kind is RequestClass.FLATTEN
