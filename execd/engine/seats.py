"""Who waits for room under `open_orders_max`, first come first served.

An order of an account needs a seat. Where none is free its parent waits here,
and costs nothing until a seat is: then as many are called as seats are free,
and a seat that is promised is kept for who was called. Nobody passes the
queue, and a parent keeps its place in it until it has placed. It knows names
and numbers; what is open and what the limit is, the desk says.
"""

import heapq


class Seats:
    """The queue of one account."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._places: dict[str, int] = {}
        self._waiting: dict[str, None] = {}
        self._heap: list[tuple[int, str]] = []
        self._promised: dict[str, None] = {}
        self._came_n = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def waits(self, parent_id: str) -> bool:
        """Whether a parent waits and has not been called."""
        return parent_id in self._waiting

    def wait(self, parent_id: str) -> None:
        """Let a parent wait, in its old place where it has one."""
        if parent_id in self._waiting:
            return
        if parent_id not in self._places:
            self._came_n += 1
            self._places[parent_id] = self._came_n
        self._waiting[parent_id] = None
        heapq.heappush(self._heap, (self._places[parent_id], parent_id))

    def promised_to_others(self, parent_id: str) -> int:
        """Return how many free seats are kept for others."""
        return len(self._promised) - (parent_id in self._promised)

    def call(self, free_n: int) -> list[str]:
        """Promise free seats to who waits longest; return those that are called now."""
        called: list[str] = []
        while self._waiting and len(self._promised) < free_n:
            place, parent_id = heapq.heappop(self._heap)
            # One that left and came again stands here twice, and in another place where it had placed meanwhile.
            if parent_id in self._waiting and self._places[parent_id] == place:
                del self._waiting[parent_id]
                self._promised[parent_id] = None
                called.append(parent_id)
        return called

    def give_back(self, parent_id: str) -> bool:
        """Take back what was promised to a parent; say whether something was."""
        if parent_id not in self._promised:
            return False
        del self._promised[parent_id]
        return True

    def leave(self, parent_id: str) -> bool:
        """Forget a parent that has placed or ended; say whether a seat was promised to it."""
        self._places.pop(parent_id, None)
        self._waiting.pop(parent_id, None)
        if not self._waiting:
            self._heap.clear()
        return self.give_back(parent_id)
