"""The world of `tests/world`, in which accounts are read at their broker: the simulated venue with its own books.

`alter` is what a test does to each reading before it is told (None: it fails); `hand` is somebody who trades the
account without us. Whatever the venue reports is in its books, also what nobody hears.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from execd.core.effects import TakeSnapshot
from execd.core.enums import OrdType, Side, Urgency
from execd.core.events import Effect, Recovered
from execd.core.orders import NewOrder
from execd.core.reading import SnapshotFailed, SnapshotReceived
from execd.core.reconciled import Reconciled
from execd.core.records import Record
from execd.core.reports import ExecReport, Trade
from execd.core.rules import Reconcile, Rules
from execd.core.snapshot import AccountSnapshot
from execd.engine.reconcile_positions import expected_qty
from execd.venue.ledger import Execution, Ledger
from execd.venue.snapshot import snapshot_of
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import RULES, World, intent, quote

READ_RULES = replace(RULES, reconcile=Reconcile())
Alter = Callable[[AccountSnapshot], AccountSnapshot | None]


class ReadWorld(World):
    """A world whose engine has begun and asks for readings."""

    def __init__(self, rules: Rules = READ_RULES, *, alter: Alter = lambda one: one, latency_ns: int = 0) -> None:
        super().__init__(rules, latency_ns=latency_ns)
        self.ledger = Ledger()
        self.alter = alter
        self.read: list[TakeSnapshot] = []
        """Every reading that was asked for."""
        self.tell(Recovered(now_ns=self.now_ns))
        self.run(0)

    def hand(
        self,
        cl_ord_id: str,
        side: Side = Side.BUY,
        qty: int = 10,
        px: str | None = None,
        symbol: str = "AAPL",
    ) -> None:
        """Let somebody send an order without us; market where it has no price."""
        request = NewOrder(
            cl_ord_id=cl_ord_id,
            parent_id="",
            account="sim",
            symbol=symbol,
            side=side,
            order_qty=Decimal(qty),
            ord_type=OrdType.MARKET if px is None else OrdType.LIMIT,
            price=None if px is None else Decimal(px),
            send_by_ns=1 << 62,
        )
        self._report(self.venue.submit(request, self.now_ns))

    def verdicts(self) -> list[str]:
        """Return the rules of every verdict that was journaled."""
        return [one.rule for one in self.records if isinstance(one, Reconciled)]

    def kinds(self, since_n: int = 0) -> list[str]:
        """Return the kinds of the records, from the `since_n`-th on."""
        return [type(one).__name__ for one in self.records[since_n:]]

    def records_of(self, kind: type[Record]) -> list[Record]:
        """Return the records of a kind."""
        return [one for one in self.records if type(one) is kind]

    def halts(self) -> dict[str, list[str]]:
        """Return the causes of every halt in force, by symbol."""
        found: dict[str, list[str]] = {}
        for key in self.book.halts:
            found.setdefault(key.symbol, []).append(key.cause)
        return found

    def _report(self, reports: Iterable[ExecReport]) -> None:
        told = list(reports)
        for report in told:
            if isinstance(report, Trade):
                order = self.venue.order_of(report.cl_ord_id)
                one = Execution(account="sim", symbol=order.symbol, side=order.side, trade=report)
                self.ledger.record(one)
        super()._report(told)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, TakeSnapshot):
            self.read.append(effect)
            self._later(lambda: self._look(effect))
        else:
            super()._carry_out(effect)

    def _look(self, asked: TakeSnapshot) -> None:
        seen = snapshot_of(self.venue, self.ledger, asked.account, since_ns=asked.since_ns, now_ns=self.now_ns)
        shown = self.alter(seen)
        if shown is None:
            failed = SnapshotFailed(now_ns=self.now_ns, account=asked.account, text="no answer", ref=asked.ref)
            self.tell(failed)
        else:
            self.tell(SnapshotReceived(now_ns=self.now_ns, snapshot=shown, ref=asked.ref, is_dry=asked.is_dry))


EMPTY = AccountSnapshot(account="sim", since_ns=0, asked_ns=0, read_ns=0, orders=(), trades=(), positions={})


def begun(**more: Any) -> ReadWorld:  # noqa: ANN401  # ReadWorld checks them.
    """Return a world whose account was read once, with a standing quote."""
    world = ReadWorld(**more)
    world.show(quote(*STANDING, size=1_000))
    return world


def owning(world: ReadWorld, qty: int = 100) -> None:
    """Buy some shares, and let five seconds pass."""
    world.drop(intent("own", urgency=Urgency.HIGH, order_qty=Decimal(qty)))
    kept_quotes(world, 10)


def mine(world: World, symbol: str = "AAPL") -> Decimal:
    """Return what the journal expects of the account."""
    return expected_qty(world.book, "sim", symbol)


def moved(symbol: str, qty: int) -> Any:  # noqa: ANN401  # What a test does to a reading.
    """Return what shows more shares of a symbol than there are."""

    def alter(one: AccountSnapshot) -> AccountSnapshot:
        held = dict(one.positions or {})
        held[symbol] = held.get(symbol, Decimal(0)) + qty
        return replace(one, positions=held)

    return alter
