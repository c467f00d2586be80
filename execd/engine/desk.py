"""Where the engine's state lies: the book, what is derived from it, and the batch being made.

`record` is the only way to change the book, `effect` the only way to wish
for something. The indexes beside the book (live orders by symbol, who waits,
algorithm values) can always be made again from it: `reindex` does.
"""

from collections import OrderedDict, deque
from collections.abc import Generator, Iterable
from decimal import Decimal
from typing import Final, Literal

from execd.algos.base import Algo
from execd.core.book import Book, Parent, PositionKey
from execd.core.events import Alert, Effect, ListReceived, Reply, SetTimer, Subscribe, WriteReport
from execd.core.ids import parent_key
from execd.core.order import Order
from execd.core.records import ParentHeld, Record
from execd.core.rules import Rules
from execd.engine.controllers.flatten import Flatten
from execd.engine.lines import Lines
from execd.engine.market import Markets
from execd.engine.resting import Places
from execd.engine.seats import Seats
from execd.engine.watchers import Watchers
from execd.engine.watches import Comparing

ZERO: Final = Decimal(0)
AT_ONCE_NS: Final = 0
Severity = Literal["critical", "warning", "info"]


class Desk:
    """The state of one engine. Only the modules of this room change it."""

    def __init__(self, rules: Rules, epoch: str, book: Book) -> None:
        """Begin with what a journal holds; `epoch` is the journal's."""
        self.rules = rules
        self.epoch = epoch
        self.epochs: tuple[str, ...] = (epoch,)
        """The journal's epochs, the present one first: a restored journal has one before it."""
        self.book = book
        self.lines = Lines(rules.throttle)
        self.markets = Markets(rules)
        self.watchers = Watchers()
        self.algos: dict[str, Algo] = {}
        self.timers: dict[str, int] = {}
        self.seats: dict[str, Seats] = {}
        self.woken: OrderedDict[str, str] = OrderedDict()
        """Parents whose turn is to come, and why; the cycle gives it to a bounded number at a time."""
        self.live = Places()
        self.open_orders_n: dict[str, int] = {}
        self.open_parents: dict[str, None] = {}
        self._open_by_symbol: dict[str, dict[str, None]] = {}
        self.is_stopping = False
        self.pulls_at_stop = False
        self.subject = ""
        """The parent whose turn it is; what an event dies of may be its."""
        self.passed_ns: dict[str, int] = {}
        """Orders through whose price the market has traded, and when."""
        self.doubts: dict[str, int] = {}
        """Orders that are asked about on a schedule, and how often each was."""
        self.comparing = Comparing(book)
        """How each account's comparison with its broker stands."""
        self.denied: dict[str, None] = {}
        """Orders that their broker has told of and says not to know any more."""
        self.muted: dict[str, None] = {}
        """Symbols whose market data was poison."""
        self.superseding: dict[str, dict[str, None]] = {}
        """By a parent: those that wait for its end, because they replace it."""
        self.ended_targets: list[str] = []
        self.controllers: dict[str, Flatten] = {}
        """Controllers that are at work, by id, as the book has them saved."""
        self.lists: deque[tuple[ListReceived, Generator[None, int, None]]] = deque()
        """Long lists at the door, the first of them at work."""
        self.listed: deque[str] = deque(book.listed)
        """Rows of accepted lists that were to become intents when they were noted."""
        self.forgotten_n: dict[str, int] = {}
        """By what stands for a parent in a ClOrdID: the last request of it that only the broker remembers."""
        self._keys: dict[str, str] = {}
        self._records: list[Record] = []
        self._effects: list[Effect] = []
        self._subscribed: dict[str, None] = {}
        for parent_id, parent in book.parents.items():
            if not parent.status.is_terminal:
                self.enter(parent_id)
        for order in book.orders.values():
            self.reindex(order)

    def change_rules(self, rules: Rules) -> None:
        """Judge by other rules from here on; buckets keep what they have, up to the new size."""
        self.lines.change_rules(rules.throttle)
        self.markets.change_rules(rules)
        self.rules = rules
        for account in self.seats:
            self.call_seats(account)

    def record(self, record: Record) -> None:
        """Fold a record into the book and keep it for the journal."""
        self.book.apply(record)
        self._records.append(record)

    def record_before(self, mark: tuple[int, int], record: Record) -> None:
        """Record what came before everything since `mark`, though it is known only now; it must fold to nothing."""
        self.book.apply(record)
        self._records.insert(mark[0], record)

    def keep(self, record: Record) -> None:
        """Keep a record that the book has folded already."""
        self._records.append(record)

    def effect(self, effect: Effect) -> None:
        """Wish for something, after the commit."""
        self._effects.append(effect)

    def take_records(self) -> tuple[Record, ...]:
        """Return the records since the last call."""
        records, self._records = tuple(self._records), []
        return records

    def take_effects(self) -> list[Effect]:
        """Return the effects since the last call."""
        effects, self._effects = self._effects, []
        return effects

    @property
    def has_list_work(self) -> bool:
        """Whether a list is at the door, or an accepted row is no intent yet; a stop leaves those to the next start."""
        return bool(self.lists) or (bool(self.book.listed) and not self.is_stopping)

    def next_listed(self) -> str:
        """Take out the row that becomes an intent next; there must be one."""
        while (parent_id := self.listed.popleft()) not in self.book.listed:
            pass  # An operator asked about it, so it became an intent out of turn.
        return parent_id

    def parent(self, parent_id: str) -> Parent:
        """Return a parent that must exist."""
        return self.book.parents[parent_id]

    def enter(self, parent_id: str) -> None:
        """Count a parent as open."""
        self.open_parents[parent_id] = None
        self._open_by_symbol.setdefault(self.parent(parent_id).order.symbol, {})[parent_id] = None

    def leave(self, parent_id: str) -> None:
        """Count a parent as open no more."""
        self.open_parents.pop(parent_id, None)
        self._open_by_symbol.get(self.parent(parent_id).order.symbol, {}).pop(parent_id, None)

    def open_in(self, symbol: str) -> list[str]:
        """Return the open parents of a symbol, oldest first; a copy, for stepping them may end some."""
        return list(self._open_by_symbol.get(symbol, ()))

    def forget(self, parent_id: str) -> None:
        """Drop what is kept beside the book about a parent that leaves memory."""
        self._keys.pop(parent_id, None)
        self.watchers.drop(self.parent(parent_id).order.symbol, parent_id)

    def mark(self) -> tuple[int, int]:
        """Return where the batch stands, for `cut`."""
        return len(self._records), len(self._effects)

    def cut(self, mark: tuple[int, int]) -> None:
        """Drop what was recorded and wished for since `mark`; the book keeps it, so the process must end."""
        del self._records[mark[0] :], self._effects[mark[1] :]

    def set_timer(self, key: str, at_ns: int) -> None:
        """Ask for `TimerFired(key)` at `at_ns`; asking for the same again costs nothing."""
        if self.timers.get(key) != at_ns:
            self.timers[key] = at_ns
            self.effect(SetTimer(key=key, at_ns=at_ns))

    def subscribe(self, symbol: str) -> None:
        """Ask for a symbol's market data, once."""
        if symbol not in self._subscribed:
            self._subscribed[symbol] = None
            self.effect(Subscribe(symbols=(symbol,)))

    def reply(
        self, ref: str, code: str, text: str = "", *, is_ok: bool = False, parent_id: str = "", field: str = ""
    ) -> None:
        """Answer whoever asked, if somebody did."""
        if ref:
            self.effect(Reply(ref=ref, is_ok=is_ok, code=code, text=text, parent_id=parent_id, field=field))

    def alert(
        self,
        code: str,
        text: str,
        *,
        parent_id: str = "",
        severity: Severity = "warning",
        about: str = "",
        is_standing: bool = False,
    ) -> None:
        """Tell somebody."""
        self.effect(
            Alert(code=code, text=text, severity=severity, parent_id=parent_id, about=about, is_standing=is_standing)
        )

    def over(self, code: str, text: str, *, parent_id: str = "", about: str = "") -> None:
        """Tell that what an alert was about is over: it closes without anybody's word."""
        told = f"over: {text}"
        self.effect(Alert(code=code, text=told, severity="info", parent_id=parent_id, about=about, is_over=True))

    def write_report(self, parent_id: str) -> None:
        """Ask for a parent's report to be written anew."""
        is_terminal = self.parent(parent_id).status.is_terminal
        self.effect(WriteReport(parent_id=parent_id, is_terminal=is_terminal))

    def hold(self, parent_id: str, reason: str, now_ns: int) -> None:
        """Stop deciding for a parent until an operator releases it; what it has out stays out.

        Each further reason is told as well: held for one, it may end in the same moment.
        """
        parent = self.parent(parent_id)
        if parent.is_held_for(reason):
            return
        if parent.status.is_terminal:
            # There is nothing left to stop, and what has ended does not live again.
            text = f"parent {parent_id} had ended ({parent.status}): {reason}"
            self.alert("contradiction", text, parent_id=parent_id, severity="critical")
            return
        self.record(ParentHeld(now_ns=now_ns, parent_id=parent_id, reason=reason))
        self.alert("parent_held", f"parent {parent_id} is held: {reason}", parent_id=parent_id, severity="critical")
        self.write_report(parent_id)

    def key_of(self, parent: Parent) -> str:
        """Return the part of a ClOrdID that stands for a parent."""
        parent_id = parent.order.parent_id
        key = self._keys.get(parent_id)
        if key is None:
            key = self._keys[parent_id] = parent_key(parent.order.account, parent_id)
        return key

    def reindex(self, order: Order) -> None:
        """Bring the index of live orders in line with one order."""
        first, is_live = order.first, not order.is_done
        self.comparing.touch(first.account, order.key, first.symbol)
        self.comparing.note_price(order)
        was_live = self.live.has(order)
        if is_live:
            self.live.put(order)
        elif was_live:
            self.live.drop(order)
        if is_live != was_live:
            change = 1 if is_live else -1
            self.open_orders_n[first.account] = self.open_orders_n.get(first.account, 0) + change
            if not is_live:
                self.call_seats(first.account)

    def open_orders_of(self, account: str) -> int:
        """Return how many orders an account has open at its broker, those of others among them."""
        return self.open_orders_n.get(account, 0) + self.comparing.external_n.get(account, 0)

    def seats_of(self, account: str) -> Seats:
        """Return who waits until an account may have another order out."""
        known = self.seats.get(account)
        if known is None:
            known = self.seats[account] = Seats()
        return known

    def call_seats(self, account: str) -> None:
        """Let as many of those who wait for room have their turn as there is room for."""
        seats, limits = self.seats.get(account), self.rules.limits.get(account)
        if seats is None or limits is None:
            return
        for parent_id in seats.call(limits.open_orders_max - self.open_orders_of(account)):
            # By a timer that is due: its turn is an event of its own, and its symbol's market is told before it.
            self.set_timer(parent_id, AT_ONCE_NS)

    def leave_seats(self, parent_id: str) -> None:
        """Forget that a parent waited for room: it has placed, or ended."""
        account = self.parent(parent_id).order.account
        seats = self.seats.get(account)
        if seats is not None and seats.leave(parent_id):
            self.call_seats(account)

    def wake(self, parent_ids: Iterable[str], cause: str) -> None:
        """Let parents have their turn, after those that were woken before them."""
        for parent_id in parent_ids:
            self.woken.setdefault(parent_id, cause)

    def ask_about(self, order: Order) -> None:
        """Want to know from the broker how an order stands; it is asked as soon as there is a token for it."""
        self.lines.want(order.first.account, order.key)

    def rival(self, account: str, symbol: str, *, is_buy: bool) -> Order | None:
        """Return the live order of an account that an order of this side would trade with first."""
        place = self.live.get((account, symbol))
        key = None if place is None else place.first_to_meet(is_buy=is_buy)
        return None if key is None else self.book.orders[key]

    def all_live(self, account: str) -> list[Order]:
        """Return every live order of an account."""
        keys = (key for (owner, _), place in self.live.items() if owner == account for key in place)
        return [self.book.orders[key] for key in keys]

    def owned_qty(self, parent: Parent) -> Decimal:
        """Return the signed quantity that a parent's sleeve owns of its symbol."""
        position = self.book.positions.get(PositionKey(parent.order.sleeve, parent.order.symbol))
        return ZERO if position is None else position.qty
