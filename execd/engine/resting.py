"""Our live orders of each account in each symbol, and which of a side would be met first.

An index beside the book: the send gate asks it before each order, so neither
asking nor changing may cost more when more orders are out. It knows keys and
prices and nothing else; the orders are in the book. What is live, the desk
says.
"""

import heapq
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from execd.core.order import Order

ZERO: Final = Decimal(0)
STALE_MAX: Final = 64
"""So many replaced entries may lie in a heap beside the live ones before it is built anew."""
_Rank = tuple[bool, Decimal]
"""An order without a price is met by any other; of the priced ones that which pays most."""


class _Side:
    """The live orders of one side, the one that pays most first."""

    def __init__(self) -> None:
        self.ranks: dict[str, _Rank] = {}
        self._heap: list[tuple[_Rank, str]] = []

    def put(self, key: str, rank: _Rank) -> None:
        if self.ranks.get(key) == rank:
            return
        self.ranks[key] = rank
        heapq.heappush(self._heap, (rank, key))
        if len(self._heap) > 2 * len(self.ranks) + STALE_MAX:
            self._heap = [(known, name) for name, known in self.ranks.items()]
            heapq.heapify(self._heap)

    def first(self) -> str | None:
        while self._heap:
            rank, key = self._heap[0]
            if self.ranks.get(key) == rank:
                return key
            heapq.heappop(self._heap)
        return None

    def better_than(self, signed_px: Decimal) -> list[str]:
        best = self.first()
        if best is None or (self.ranks[best][0] and self.ranks[best][1] >= signed_px):
            return []
        return [key for key, (is_priced, px) in self.ranks.items() if is_priced and px < signed_px]


class Resting:
    """Keys of live orders; iterating yields them oldest first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._keys: dict[str, None] = {}
        self._buys = _Side()
        self._sells = _Side()

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def put(self, order: Order) -> None:
        """Take in a live order, or its new price."""
        key, price = order.key, order.price
        is_buy = order.first.side.is_buy
        self._keys[key] = None
        signed_px = ZERO if price is None else -price if is_buy else price
        (self._buys if is_buy else self._sells).put(key, (price is not None, signed_px))

    def drop(self, key: str) -> None:
        """Forget an order that is live no more."""
        del self._keys[key]
        self._buys.ranks.pop(key, None)
        self._sells.ranks.pop(key, None)

    def through(self, low_px: Decimal, high_px: Decimal) -> list[str]:
        """Return the orders whose limit is better than a price that was traded, from `low_px` to `high_px`."""
        return [*self._buys.better_than(-low_px), *self._sells.better_than(high_px)]

    def first_to_meet(self, *, is_buy: bool) -> str | None:
        """Return the order of the other side that one of ours would trade with before any other of that side."""
        return (self._sells if is_buy else self._buys).first()


class Places(dict[tuple[str, str], Resting]):
    """Live orders by account and symbol; `accounts` are those with one, by symbol.

    Each print asks every account that is trading in its symbol, so none may stay when its orders are done.
    """

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.accounts: dict[str, dict[str, None]] = {}

    def has(self, order: Order) -> bool:
        """Whether an order is among them."""
        return order.key in self.get((order.first.account, order.first.symbol), ())

    def put(self, order: Order) -> None:
        """Take in a live order, or its new price."""
        account, symbol = order.first.account, order.first.symbol
        place = self.get((account, symbol))
        if place is None:
            place = self[account, symbol] = Resting()
            self.accounts.setdefault(symbol, {})[account] = None
        place.put(order)

    def drop(self, order: Order) -> None:
        """Forget an order that is live no more."""
        account, symbol = order.first.account, order.first.symbol
        place = self[account, symbol]
        place.drop(order.key)
        if not place:
            del self[account, symbol]
            del self.accounts[symbol][account]
