"""What an account holds at the simulated venue, all of it at one instant.

A plain function of the matching engine and the books, so the venue's process,
the venue inside the daemon and a world in virtual time show the same. It is
cut into pages for the wire, and put together again, here.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from execd.core.snapshot import AccountSnapshot, TradeSeen
from execd.venue.ledger import EXECUTIONS_MAX, ZERO, Ledger
from execd.venue.matching import Matching

PAGE_ROWS: Final = 1_000
"""Orders, and again trades, of one page: far below what a frame may hold."""


def snapshot_of(matching: Matching, ledger: Ledger, account: str, *, since_ns: int, now_ns: int) -> AccountSnapshot:
    """Return what an account has here now; orders and trades that changed from `since_ns` on, or what is kept of them.

    Its own instants are the venue's: who asked puts his own in their place.
    """
    executions = ledger.executions(account, since_ns)
    if ledger.executions_n >= EXECUTIONS_MAX:
        # Older ones are forgotten: of what may be missing nothing is said.
        since_ns = max(since_ns, ledger.first_ns + 1)
    return AccountSnapshot(
        account=account,
        since_ns=since_ns,
        asked_ns=now_ns,
        read_ns=now_ns,
        broker_ns=now_ns,
        orders=tuple(matching.changed(account, since_ns)),
        trades=tuple(TradeSeen(symbol=one.symbol, side=one.side, trade=one.trade) for one in executions),
        positions={symbol: held.qty for symbol, held in ledger.holdings(account).items() if held.qty != ZERO},
    )


def pages(snapshot: AccountSnapshot) -> Iterator[AccountSnapshot]:
    """Yield a snapshot in parts; the first has everything that is neither an order nor a trade."""
    orders, trades = snapshot.orders or (), snapshot.trades or ()
    for at in range(0, max(len(orders), len(trades), 1), PAGE_ROWS):
        part = replace(snapshot, orders=orders[at : at + PAGE_ROWS], trades=trades[at : at + PAGE_ROWS])
        yield part if at == 0 else replace(part, positions={})


def joined(parts: Iterable[AccountSnapshot]) -> AccountSnapshot:
    """Return the snapshot of which these are all pages, in order."""
    first, *others = parts
    return replace(
        first,
        orders=tuple(order for part in (first, *others) for order in part.orders or ()),
        trades=tuple(trade for part in (first, *others) for trade in part.trades or ()),
    )
