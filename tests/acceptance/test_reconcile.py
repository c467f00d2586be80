"""Reconciliation on a real daemon with a venue beside it: who trades by hand, what restarts make of it, the command."""

import asyncio
import os
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from execd.brokers.sim_link import Link
from execd.core.enums import OrdType, Side
from execd.core.orders import NewOrder
from execd.venue.door import SOCKET_NAME
from execd.venue.wire import VERSION, Hello
from tests.acceptance.daemon import buy
from tests.acceptance.venued import Venued


@pytest.fixture
def venued(tmp_path: Path) -> Venued:
    """Return a daemon with a venue beside it."""
    return Venued(tmp_path / "state", tmp_path)


def by_hand(venued: Venued, *orders: tuple[str, str | None]) -> None:
    """Send orders for 7 AAPL to the account while no daemon is there: (ClOrdID, limit price or market)."""
    asyncio.run(_send(venued.venue, orders))


async def _send(folder: Path, orders: tuple[tuple[str, str | None], ...]) -> None:
    hello = Hello(version=VERSION, kind="trade", account="sim", pid=os.getpid(), since_seq=0)
    async with asyncio.timeout(10):
        link = await Link.connect(folder / SOCKET_NAME, hello)
        for cl_ord_id, px in orders:
            await link.do(
                NewOrder(
                    cl_ord_id=cl_ord_id,
                    parent_id="",
                    account="sim",
                    symbol="AAPL",
                    side=Side.BUY,
                    order_qty=Decimal(7),
                    ord_type=OrdType.MARKET if px is None else OrdType.LIMIT,
                    price=None if px is None else Decimal(px),
                    send_by_ns=1 << 62,
                )
            )
        # Whoever is told of an order has been told of all before it, and reports are read on the way.
        reading = asyncio.ensure_future(anext(link.reports()))
        await reading
        link.close()


def records(venued: Venued) -> list[str]:
    """Return the kinds of all records of a daemon that has ended."""
    with closing(sqlite3.connect(venued.root / "journal.db")) as connection:
        return [str(kind) for (kind,) in connection.execute("SELECT kind FROM records ORDER BY seq")]


def test_who_trades_by_hand_is_counted_and_two_restarts_make_no_record(venued: Venued) -> None:
    """SPEC 15. Faults H5, D6 and D8: found at the start, journaled once, its symbol halted; then nothing is new."""
    try:
        venued.begin()
        venued.drop("a.json", buy("a", urgency="high"))
        venued.ended("a")
        venued.end()
        by_hand(venued, ("hand-1", None), ("hand-2", "1.00"))
        venued.begin()
        venued.until(lambda: venued.json("status")["halts"], what="the halt")
        (halt,) = venued.json("status")["halts"]
        venued.end()
        first = records(venued)
        for _ in range(2):
            venued.begin()
            (reconciled,) = venued.json("status")["reconciled"]
            venued.end()
    finally:
        venued.close()

    assert ("external_order", "AAPL", 2) == (halt["cause"], halt["symbol"], first.count("ExternalSeen"))
    assert (first, 1, 0) == (records(venued), reconciled["external_orders"], reconciled["suspects"])


def test_the_command_shows_what_differs_and_a_dry_run_leaves_it(venued: Venued) -> None:
    """A verdict a line, and nothing differs once it was carried out; a stranger account is refused."""
    try:
        venued.begin()
        before = venued.run("reconcile")
        venued.drop("a.json", buy("a", urgency="high"))
        venued.ended("a")
        told = venued.json("reconcile", "--dry-run")
        wrong = venued.run("reconcile", "--account", "nobody")
        status = venued.run("status").stdout
        venued.end()
    finally:
        venued.close()

    assert (0, "nothing differs\n", 0) == (before.returncode, before.stdout, len(told["verdicts"]))
    assert (1, True, True) == (wrong.returncode, "no account is called nobody" in wrong.stderr, "sim " in status)
    assert ["AccountMet", "Commanded"] == [kind for kind in records(venued) if kind in {"AccountMet", "Commanded"}]
