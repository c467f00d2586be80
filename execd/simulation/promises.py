"""Which alerts a simulated daemon owes for what it was told (Inv12).

Each event that promises an alert is a case of `owe`; the laws are told, and hold the daemon to it. What is promised
only where nothing else explains it needs to know what has moved on an account of late.
"""

from typing import TYPE_CHECKING, Final

from execd.core.batch import Batch
from execd.core.enums import Outcome
from execd.core.events import (
    ClockJumped,
    Event,
    LookedUp,
    ReportReceived,
    RequestFailed,
    StreamGap,
    TroubleReported,
)
from execd.core.reading import SnapshotReceived
from execd.core.records import Found, Reported
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot
from execd.engine.reconcile_positions import expected
from execd.simulation import words
from execd.simulation.invariants import is_known

if TYPE_CHECKING:
    from execd.simulation.world import World

STILL_NS: Final = 60 * S
"""Nothing has moved on an account for so long: what is read of it then is no race."""


class Promises:
    """What was promised by the events of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._told_ns: dict[str, int] = {}

    def owe(self, event: Event) -> None:
        """Note which alert an event promises."""
        match event:
            case StreamGap():
                self._world.laws.owed["stream_gap", ""] = "a gap"
            case RequestFailed(outcome=Outcome.UNKNOWN, cl_ord_id=cl_ord_id) if self._is_news(cl_ord_id):
                self._world.laws.doubted(cl_ord_id)
                words.may_speak(self._world, cl_ord_id)
            case ClockJumped(is_suspend=True):
                self._world.laws.owed["suspended", ""] = "a machine that slept"
            case TroubleReported(cause=cause, is_over=False):
                self._world.laws.owed[cause, ""] = cause
            case ReportReceived(account=account) | LookedUp(account=account):
                self.moved(account)
            case SnapshotReceived(snapshot=snapshot, is_dry=False) if self._must_be_doubted(snapshot):
                self._world.laws.owed["empty_positions", ""] = "an empty list of positions"
            case _:
                pass  # The others promise nothing.

    def moved(self, *accounts: str) -> None:
        """Note that something moved on these accounts."""
        self._told_ns.update(dict.fromkeys(accounts, self._world.process_ns))

    def learned(self, batch: Batch) -> None:
        """Note on which accounts something became of an order: what is read of them shortly after is a race."""
        for record in batch.records:
            if isinstance(record, Reported | Found):
                self.moved(record.account)

    def _must_be_doubted(self, snapshot: AccountSnapshot) -> bool:
        """Whether an empty list of positions cannot be true: something is held, and nothing moves that could end it."""
        life, account = self._world.life, snapshot.account
        if life is None or snapshot.positions != {} or life.cycle.engine.desk.all_live(account):
            return False
        # By the daemon's own clock: while a machine sleeps no time passes for it.
        if self._told_ns.get(account, 0) > snapshot.asked_ns - STILL_NS:
            return False
        book, old_ns = life.book, snapshot.broker_ns - STILL_NS
        for row in snapshot.orders or ():
            order = book.order_of(row.cl_ord_id)
            if row.is_live or row.transact_ns > old_ns or order is None or order.cum_qty != row.cum_qty:
                return False
        for one in snapshot.trades or ():
            order = book.order_of(one.trade.cl_ord_id)
            if one.trade.transact_ns > old_ns or order is None:
                return False
            if all(trade.exec_id != one.trade.exec_id for trade in order.fills.counted):
                return False  # It is news, however old: with it the list may well be true.
        if snapshot.undone:
            return False
        return any(position.qty and key.sleeve.account == account for key, position in book.positions.items()) and any(
            expected(account, book.positions, book.external_positions).values()
        )

    def _is_news(self, cl_ord_id: str) -> bool:
        order = None if self._world.life is None else self._world.life.book.order_of(cl_ord_id)
        if order is None or is_known(order, cl_ord_id):
            return False  # That nobody has answered says nothing of a request whose end is known.
        return all(one.cl_ord_id != cl_ord_id for one in order.failures)
