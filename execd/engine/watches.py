"""How the comparison of one account with its broker stands: what lies between two readings.

A value that only `reconciling` and `carrying_out` change. All of it can be
lost: the next reading finds again what differs.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from execd.core.book import Book
from execd.core.order import Order
from execd.core.reports import OrderSnapshot
from execd.core.snapshot import AccountSnapshot
from execd.core.verdict import Drift, Suspect, Verdict
from execd.engine.recent import Recent
from execd.engine.reconcile_positions import MISMATCH, UNKNOWN

DISOWNED_MAX: Final = 10_000
"""Names that bear our mark and that nobody knows; of more the oldest are asked about again."""


class Recents:
    """What was touched lately on one account: orders by key, and symbols."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.orders = Recent()
        self.symbols = Recent()

    def touch(self, key: str, symbol: str, now_ns: int) -> None:
        """Note that something became of an order."""
        self.orders.touch(key, now_ns)
        self.symbols.touch(symbol, now_ns)


class Recalled(NamedTuple):
    """What a reading showed of an order that had left memory: its row, and which of its fills were taken back.

    `since_ns` is since when that reading told of news.
    """

    row: OrderSnapshot | None
    undone: tuple[str, ...]
    since_ns: int


class Watch:
    """One account.

    `asked_ns` is when the reading under way was asked for, `good_ns` when the last whole one was, `shown_ns` the same
    by the broker's clock.

    `suspects` are what the last reading saw for the first time; `drifts` positions that were found to differ, `agreed`
    those that were told to agree again, `drift_qty` by how many shares all of them differed at last. `recalling` are
    orders of our mark that the journal is asked about, `disowned` those that it does not know. `positions` is what the
    broker showed last.
    """

    causes_of_position: Final = (MISMATCH, UNKNOWN)

    def __init__(self, *, is_first: bool, begun_ns: int) -> None:
        """Begin with nothing read; `is_first`: the account has no history here."""
        self.is_first = is_first
        self.begun_ns = begun_ns
        self.asked_ns = 0
        self.good_ns = 0
        self.shown_ns = 0
        self.heard_ns = 0
        self.broker_ns = 0
        self.is_wanted = False
        self.is_stale_told = False
        self.is_failure_told = False
        self.suspects: dict[str, Suspect] = {}
        self.drifts: dict[str, Drift] = {}
        self.agreed: dict[str, None] = {}
        self.drift_qty = Decimal(0)
        self.back_ns = 0
        """How far back a reading must still go, for what an order brought back from the journal has missed; 0: no."""
        self.recalling: dict[str, Recalled] = {}
        self.disowned: dict[str, None] = {}
        self.positions: Mapping[str, Decimal] | None = None

    @property
    def news_ns(self) -> int:
        """Since when, by the broker's clock, a row of an order that is not in memory may be news."""
        return min(self.heard_ns, self.back_ns) if self.back_ns else self.heard_ns

    def go_back(self, since_ns: int) -> None:
        """Let the next readings go back so far, until a whole one has."""
        self.back_ns = min(self.back_ns or since_ns, since_ns)

    def disown(self, name: str) -> None:
        """Remember that the journal does not know an order that bears our mark."""
        self.disowned[name] = None
        if len(self.disowned) > DISOWNED_MAX:
            del self.disowned[next(iter(self.disowned))]


class Work:
    """A reading that is being compared, and what has come of it so far."""

    def __init__(self, *, snapshot: AccountSnapshot, steps: Iterator[Verdict | None], ref: str, is_dry: bool) -> None:
        """Begin; `is_dry`: nothing is carried out."""
        self.snapshot = snapshot
        self.steps = steps
        self.ref = ref
        self.is_dry = is_dry
        self.verdicts: list[Verdict] = []
        self.suspects: dict[str, Suspect] = {}
        self.missed_n = 0
        self.drift_qty = Decimal(0)
        self.is_unbelievable = False
        """Whether a part of it is worth no more than one that was not read."""


class Comparing:
    """Every account's watch, what was touched lately on it, and the readings, the first of them being compared."""

    def __init__(self, book: Book) -> None:
        """Begin with the orders of others that a book knows, and no reading."""
        self.now_ns = 0
        """When the event came that is at work; zero before the first."""
        self.seen: dict[str, AccountSnapshot] = {}
        """By account: what its broker showed when it was read last, without its orders and trades."""
        self.watches: dict[str, Watch] = {}
        self.works: deque[Work] = deque()
        self.is_off = False
        """Whether no account is read in this life: the one before died of a reading."""
        self.unpriced: dict[str, None] = {}
        """Orders with fills of which only a quantity was told: they stay in memory, and are asked about."""
        self.recalls: dict[str, None] = {}
        """ClOrdIDs of which something was told while their order was in the journal alone, as long as that is asked."""
        self._recents: dict[str, Recents] = {}
        self.count_external(book)

    def touch(self, account: str, key: str, symbol: str) -> None:
        """Note that something became of an order just now."""
        if self.now_ns:
            self.recent(account).touch(key, symbol, self.now_ns)

    def note_price(self, order: Order) -> None:
        """Note whether it is still to be asked what an order's fills cost."""
        if order.fills.is_unpriced:
            self.unpriced[order.key] = None
        elif self.unpriced:
            self.unpriced.pop(order.key, None)

    def count_external(self, book: Book) -> None:
        """Count the live orders of others, by account."""
        self.external_n: dict[str, int] = {}
        for key, order in book.external_orders.items():
            self.external_n[key.account] = self.external_n.get(key.account, 0) + order.is_live

    def recent(self, account: str) -> Recents:
        """Return what was touched lately on an account."""
        return self._recents.setdefault(account, Recents())
