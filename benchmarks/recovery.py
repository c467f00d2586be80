"""How long a daemon reads its journal before it can trade: 100,000 orders, with a checkpoint and without.

Floor: reading the bytes of the file. Three journals of the same records: none retired and no checkpoint (the worst
day: every record is folded), none retired with a checkpoint, and as a daemon keeps it (ended parents leave memory,
a checkpoint every 50,000 records). Opening (pages checked) and loading are apart. Also: how long the loop stands still
while a checkpoint of 10,000 parents is written, and what it costs.

Run: .venv/bin/python benchmarks/recovery.py [orders]
"""

import asyncio
import gc
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks._scratch import scratch
from benchmarks.journal_commit import START_NS, World, arrival, fill
from execd.core.enums import ParentStatus
from execd.core.records import ParentEnded, ParentsRetired, Record, Reported, Sending
from execd.core.reports import Accepted
from execd.journal.sqlite import SqliteJournal
from execd.journal.sync import SyncJournal

IN_MEMORY = 10_000
CHECKPOINT_RECORDS = 50_000
BATCH = 100
TARGET_S = 5.0


def lives(epoch: str, orders_n: int) -> Iterator[list[Record]]:
    """Yield the records of parents that were filled by one order each, a batch of parents at a time."""
    for first in range(0, orders_n, BATCH):
        records: list[Record] = []
        for number in range(first, min(first + BATCH, orders_n)):
            made = arrival(epoch, number)
            key = made[-1].request.cl_ord_id if isinstance(made[-1], Sending) else ""
            acked = Accepted(cl_ord_id=key, transact_ns=START_NS, order_id=f"b{number}")
            ended = ParentEnded(now_ns=START_NS, parent_id=f"intent-{number}", status=ParentStatus.FILLED, reason="")
            records += [*made, Reported(now_ns=START_NS, account="paper", report=acked), fill(key, number), ended]
        yield records


def make(path: Path, orders_n: int, *, retires: bool) -> int:
    """Write a journal and return how many records it has."""
    with SyncJournal(path, created_ns=START_NS) as journal:
        world = World()
        checkpointed = 0
        for place, records in enumerate(lives(journal.epoch, orders_n)):
            journal.commit(world.batch(*records))
            out = place * BATCH - IN_MEMORY
            if retires and out >= 0:
                ids = tuple(f"intent-{number}" for number in range(out, out + BATCH))
                journal.commit(world.batch(ParentsRetired(now_ns=START_NS, parent_ids=ids)))
            if retires and journal.seq - checkpointed >= CHECKPOINT_RECORDS:
                checkpointed = journal.seq
                journal.checkpoint(world.book)
        return journal.seq


def timed(path: Path, name: str) -> None:
    """Open and load a journal, and print how long it took beside its floor."""
    gc.collect()
    begun = time.perf_counter()
    path.read_bytes()
    floor_s = time.perf_counter() - begun
    begun = time.perf_counter()
    journal = SyncJournal(path, created_ns=START_NS)
    open_s = time.perf_counter() - begun
    begun = time.perf_counter()
    book = journal.load()
    load_s = time.perf_counter() - begun
    journal.close()
    told = f"{len(book.parents):7} parents in memory, {path.stat().st_size / 1e6:4.0f} MB"
    print(
        f"  {name:34} read {floor_s:5.2f} s (floor)  open {open_s:5.2f} s  load {load_s:5.2f} s  "
        f"all {open_s + load_s:5.2f} s  {told}"
    )


async def checkpointing(path: Path) -> None:
    """Write a checkpoint beside a loop that counts how long it stood still, and commits that wait for it."""
    journal = await SqliteJournal.open(path, created_ns=START_NS)
    book = await journal.load()
    gc.collect()
    gc.freeze()
    world = World()
    world.book, world.epoch, world.made_n = book, journal.epoch, 10**9
    begun = time.perf_counter()
    writing = asyncio.create_task(journal.checkpoint(book))
    snapshot_s = time.perf_counter() - begun
    lags_s: list[float] = []
    commits_s: list[float] = []
    while not writing.done():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        lags_s.append(time.perf_counter() - before - 0.001)
        batch = world.arrival()
        before = time.perf_counter()
        await journal.commit(batch)
        commits_s.append(time.perf_counter() - before)
    await writing
    all_s = time.perf_counter() - begun
    await journal.close()
    lags_s.sort()
    commits_s.sort()
    print(f"a checkpoint of {len(book.parents)} parents beside commits: snapshot {snapshot_s * 1e3:.1f} ms, ", end="")
    print(f"written in {all_s:.2f} s; loop lag p99 {at(lags_s, 0.99):.1f} ms, max {lags_s[-1] * 1e3:.1f} ms; ", end="")
    print(f"commit p50 {at(commits_s, 0.5):.2f} ms, p99 {at(commits_s, 0.99):.1f} ms")


def at(sorted_s: list[float], quantile: float) -> float:
    """Return a quantile in milliseconds."""
    return sorted_s[int(len(sorted_s) * quantile)] * 1e3


def main(orders_n: int) -> None:
    """Measure and print."""
    with scratch() as folder:
        bare, kept = folder / "bare.db", folder / "kept.db"
        records_n = make(bare, orders_n, retires=False)
        make(kept, orders_n, retires=True)
        print(f"recovery of {orders_n} orders, {records_n} records; target {TARGET_S:g} s")
        timed(kept, "as a daemon keeps it")
        timed(bare, "nothing retired, no checkpoint")
        with SyncJournal(bare, created_ns=START_NS) as journal:
            journal.checkpoint(journal.load())
        timed(bare, "nothing retired, a checkpoint")
        shutil.rmtree(bare, ignore_errors=True)
        asyncio.run(checkpointing(kept))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
