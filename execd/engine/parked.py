"""Who waits for a token of one account, the most urgent first.

Cancels come before orders, then the earlier deadline, then the id. It knows
ranks and names; when a token is due, `parking` says.
"""

import heapq

Rank = tuple[int, int]
"""0 for cancels and 1 for orders; then the deadline."""


class Parked:
    """The queue of one account."""

    def __init__(self) -> None:
        """Begin with nobody parked."""
        self._ranks: dict[str, Rank] = {}
        self._heap: list[tuple[Rank, str]] = []

    def __len__(self) -> int:
        """Return how many are parked."""
        return len(self._ranks)

    def __contains__(self, parent_id: str) -> bool:
        """Whether a parent is parked."""
        return parent_id in self._ranks

    def put(self, parent_id: str, rank: Rank) -> None:
        """Park a parent, or give it another rank."""
        if self._ranks.get(parent_id) != rank:
            self._ranks[parent_id] = rank
            heapq.heappush(self._heap, (rank, parent_id))

    def drop(self, parent_id: str) -> None:
        """Forget a parent."""
        self._ranks.pop(parent_id, None)
        if not self._ranks:
            self._heap.clear()

    def take(self) -> str | None:
        """Take out the most urgent; None where nobody is parked."""
        while self._heap:
            rank, parent_id = heapq.heappop(self._heap)
            if self._ranks.get(parent_id) == rank:
                del self._ranks[parent_id]
                return parent_id
        return None
