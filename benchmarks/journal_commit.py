"""What it costs to make a decision durable, beside one synced row.

Floor: one row, one synced commit, by bare sqlite3 in the calling thread, and the same through one hop to a thread.
Figures: a batch as the daemon commits it (a new parent with its first order; a fill; sixty-four fills of many orders).
Floor and figures are interleaved, so a busy disk slows both. Also: how long a journal takes to be read back.

Run: .venv/bin/python benchmarks/journal_commit.py [rounds]
"""

import asyncio
import gc
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import aiosqlite
import msgspec

from benchmarks._scratch import scratch
from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.enums import OrdType, ParentStatus, QuoteSource, Side
from execd.core.ids import cl_ord_id, parent_key
from execd.core.market import Quote
from execd.core.orders import NewOrder, ParentOrder, Plan
from execd.core.parents import SavedAlgo
from execd.core.projection import rows_of
from execd.core.records import ParentAccepted, ParentEnded, ParentStarted, Record, Reported, Sending, Stepped
from execd.core.reports import Accepted, Trade
from execd.core.wake import NEVER
from execd.journal import sql
from execd.journal.sqlite import SqliteJournal
from execd.journal.sync import SyncJournal

START_NS = 1_700_000_000_000_000_000
FLOOR_SCHEMA = "CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT) STRICT"
FLOOR_INSERT = "INSERT INTO row (body) VALUES (?)"
BODY = "x" * 400
WIDE_FILLS = 64


class World:
    """Makes batches as the cycle does: folds records into its book and asks for the rows they touched."""

    def __init__(self) -> None:
        """Begin with an empty book."""
        self.book = Book()
        self.epoch = ""
        self.made_n = 0

    def batch(self, *records: Record) -> Batch:
        """Return the batch of `records`."""
        for record in records:
            self.book.apply(record)
        return Batch(now_ns=START_NS, records=records, rows=rows_of(self.book, self.book.take_touched()))

    def nothing(self) -> Batch:
        """Return an empty batch."""
        return self.batch()

    def arrival(self) -> Batch:
        """Return an intent accepted, planned, stepped and its first order about to be sent."""
        self.made_n += 1
        return self.batch(*arrival(self.epoch, self.made_n))

    def fill(self) -> Batch:
        """Return a fill of the latest order, whichever number it is of that order."""
        self.made_n += 1
        return self.batch(fill(list(self.book.orders)[-1], self.made_n))

    def fills(self) -> Batch:
        """Return a fill of each of the latest orders."""
        self.made_n += 1
        keys = list(self.book.orders)[-WIDE_FILLS:]
        return self.batch(*(fill(key, self.made_n) for key in keys))


def arrival(epoch: str, number: int) -> tuple[Record, ...]:
    """Return the records from an intent to its first order."""
    parent_id = f"intent-{number}"
    px = Decimal("181.27")
    size = Decimal(300)
    quote = Quote(
        symbol="IBM",
        bid_px=px,
        bid_size=size,
        ask_px=px,
        ask_size=size,
        exchange_ns=START_NS,
        received_ns=START_NS,
        source=QuoteSource.STREAM,
    )
    order = ParentOrder(
        parent_id=parent_id,
        account="paper",
        symbol="IBM",
        side=Side.BUY,
        order_qty=Decimal(1_000),
        effective_ns=START_NS,
        start_by_ns=START_NS,
    )
    request = NewOrder(
        cl_ord_id=cl_ord_id(epoch, parent_key("paper", parent_id), 1),
        parent_id=parent_id,
        account="paper",
        symbol="IBM",
        side=Side.BUY,
        order_qty=Decimal(1_000),
        ord_type=OrdType.LIMIT,
        price=px,
        send_by_ns=START_NS,
    )
    return (
        ParentAccepted(now_ns=START_NS, parent=order, content_hash="0" * 32),
        ParentStarted(
            now_ns=START_NS,
            parent_id=parent_id,
            side=Side.BUY,
            order_qty=Decimal(1_000),
            expire_ns=START_NS,
            plan=Plan(algo="now × offset", collar_px=px, reasons=("normal urgency", "spread 1.1 bps")),
            quote=quote,
        ),
        Stepped(
            now_ns=START_NS,
            parent_id=parent_id,
            cause="started",
            algo=SavedAlgo(
                name="worker", version=1, fields=msgspec.Raw(b'{"reprices":0,"since_ns":1700000000000000000}')
            ),
            wake=NEVER,
            quote=quote,
            notes=("places 1000 at 181.27",),
        ),
        Sending(now_ns=START_NS, request=request),
    )


def fill(key: str, number: int) -> Record:
    """Return a fill of one share of chain `key`."""
    trade = Trade(
        cl_ord_id=key,
        transact_ns=START_NS + number,
        exec_id=f"exec-{number}",
        last_qty=Decimal(1),
        last_px=Decimal("181.27"),
        commission=Decimal("0.005"),
    )
    return Reported(now_ns=START_NS, account="paper", report=trade)


async def main(rounds: int) -> None:
    """Measure and print."""
    with scratch() as folder:
        await _commits(folder, rounds)
        _recovery(folder)


async def _commits(folder: Path, rounds: int) -> None:
    bare = sqlite3.connect(folder / "floor.db", isolation_level=None)
    hop = await aiosqlite.connect(folder / "hop.db", isolation_level=None)
    bare.execute(sql.query("use_wal"))
    bare.executescript(sql.query("settings") + FLOOR_SCHEMA)
    await hop.execute_fetchall(sql.query("use_wal"))
    await hop.executescript(sql.query("settings") + FLOOR_SCHEMA)
    journal = await SqliteJournal.open(folder / "journal.db", created_ns=START_NS)
    world = World()
    world.epoch = journal.epoch

    async def bare_commit(_batch: Batch) -> None:  # Measured like the others, which do await.
        bare.execute(FLOOR_INSERT, (BODY,))

    async def hop_commit(_batch: Batch) -> None:
        await hop.execute_fetchall(FLOOR_INSERT, (BODY,))

    rows: list[tuple[str, Callable[[], Batch], Callable[[Batch], Awaitable[None]]]] = [
        ("floor: one row, bare sqlite3", world.nothing, bare_commit),
        ("one row through one hop", world.nothing, hop_commit),
        ("batch: intent to first order", world.arrival, journal.commit),
        ("batch: one fill", world.fill, journal.commit),
        (f"batch: {WIDE_FILLS} fills", world.fills, journal.commit),
    ]
    took_us: dict[str, list[float]] = {name: [] for name, _, _ in rows}
    for _ in range(rounds):
        for name, make, commit in rows:
            batch = make()
            begun = time.perf_counter()
            await commit(batch)
            took_us[name].append((time.perf_counter() - begun) * 1e6)
    await journal.close()
    await hop.close()
    bare.close()
    floor_us = _at(took_us[rows[0][0]], 0.5)
    print(f"{rounds} commits of each, synchronous=FULL, in {folder.parent}")
    for name, took in took_us.items():
        p50_us, p99_us = _at(took, 0.5), _at(took, 0.99)
        print(f"  {name:32} p50 {p50_us:7.0f} us   p99 {p99_us:8.0f} us   p50/floor {p50_us / floor_us:5.2f}")


def _recovery(folder: Path, parents_n: int = 20_000) -> None:
    journal = SyncJournal(folder / "recovery.db", created_ns=START_NS)
    world = World()
    for first in range(0, parents_n, 100):
        records: list[Record] = []
        for number in range(first, first + 100):
            made = arrival(journal.epoch, number)
            key = made[-1].request.cl_ord_id if isinstance(made[-1], Sending) else ""
            ended = ParentEnded(now_ns=START_NS, parent_id=f"intent-{number}", status=ParentStatus.FILLED, reason="")
            acked = Accepted(cl_ord_id=key, transact_ns=START_NS, order_id=f"b{number}")
            records += [*made, Reported(now_ns=START_NS, account="paper", report=acked), fill(key, number), ended]
        journal.commit(world.batch(*records))
    journal.close()
    gc.collect()
    begun = time.perf_counter()
    with SyncJournal(folder / "recovery.db", created_ns=START_NS) as opened:
        open_s = time.perf_counter() - begun
        begun = time.perf_counter()
        book = opened.load()
        load_s = time.perf_counter() - begun
    size_mb = (folder / "recovery.db").stat().st_size / 1e6
    records_n = parents_n * 7
    print(f"recovery of {len(book.orders)} orders, {records_n} records, {size_mb:.0f} MB:")
    print(f"  open and check {open_s:.2f} s, fold {load_s:.2f} s, {load_s / records_n * 1e6:.1f} us a record")


def _at(took: list[float], quantile: float) -> float:
    return sorted(took)[int(len(took) * quantile)]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
