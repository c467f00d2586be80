"""Kills a process that commits, again and again, and looks at what is left.

Run as a program by `test_crash.py`: the folder of the journal, how many kills, and the seed that says when. Each life
is a fork of this process: it opens the journal, goes on with the story where the journal ends, and tells each commit
that has returned through a pipe. The verdict is one line of JSON.
"""

import asyncio
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Final

from execd.core.book import Book
from execd.core.chance import below
from execd.core.projection import TABLES
from execd.journal.fold import mismatches
from execd.journal.sqlite import SqliteJournal
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS, batches

STORY: Final = list(range(5_000))
COMMITS_MAX: Final = 25
"""A life is killed after at most so many commits have been told ..."""
DELAY_US_MAX: Final = 3_000
"""... and at most so much later, so that the kill falls anywhere in a commit; ..."""
START_US_MAX: Final = 60_000
"""... or so soon after its birth that it may still be opening, or making, the file."""
STALLED_S: Final = 20.0


async def live(path: Path, pipe: int) -> None:
    """Go on with the story for ever; tell the number of records after each commit."""
    journal = await SqliteJournal.open(path, created_ns=START_NS)
    kept = 0
    async for stored in journal.records():
        kept = stored.seq
    told = 0
    for batch in batches(Book(), STORY, is_wide=True):
        told += len(batch.records)
        if told <= kept:
            continue
        if told - len(batch.records) < kept:
            message = f"the journal ends inside a batch: {kept} records"
            raise AssertionError(message)
        await journal.commit(batch)
        os.write(pipe, told.to_bytes(8, "big"))


def killed(path: Path, life: int, seed: int) -> tuple[int, str]:
    """Return how many records a life acknowledged before it was killed, and what went wrong in it."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        asyncio.run(live(path, write))
        os._exit(0)
    os.close(write)
    is_early = not below(5, seed, life, "early")
    commits_n = 0 if is_early else 1 + below(COMMITS_MAX, seed, life, "commits")
    delay_us = below(START_US_MAX if is_early else DELAY_US_MAX, seed, life, "delay")
    told = _heard(read, commits_n)
    kill_at = time.monotonic() + delay_us / 1e6
    while (left_s := kill_at - time.monotonic()) > 0 and select.select([read], [], [], left_s)[0]:
        one = os.read(read, 8)
        if not one:
            break
        told += one
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    while more := os.read(read, 4096):
        told += more
    os.close(read)
    wrong = "" if os.WIFSIGNALED(status) else f"life {life} ended by itself with status {status}"
    return int.from_bytes(told[-8:], "big"), wrong


def _heard(read: int, commits_n: int) -> bytes:
    told = b""
    while len(told) < 8 * commits_n and select.select([read], [], [], STALLED_S)[0]:
        one = os.read(read, 8)
        if not one:
            break
        told += one
    return told


def judged(path: Path, acknowledged: int) -> list[str]:
    """Return what is wrong with the journal that a killed life has left."""
    if not path.exists():
        return [f"{acknowledged} acknowledged records and no file"] if acknowledged else []
    with SyncJournal(path, created_ns=START_NS) as journal:
        seqs = [stored.seq for stored in journal.records()]
        wrong = mismatches(journal.load_all(), {table: journal.read_rows(table) for table in TABLES})
    if seqs != list(range(1, len(seqs) + 1)):
        wrong.append("records are not dense")
    if len(seqs) < acknowledged:
        wrong.append(f"{acknowledged - len(seqs)} acknowledged records are lost")
    return wrong


def main(folder: str, kills_n: str, seed: str) -> None:
    """Kill, judge, and print the verdict."""
    path = Path(folder) / "journal.db"
    wrong: list[str] = []
    acknowledged = 0
    for life in range(int(kills_n)):
        told, error = killed(path, life, int(seed))
        acknowledged = max(acknowledged, told)
        wrong += [error] if error else []
        wrong += [f"life {life}: {one}" for one in judged(path, acknowledged)]
    print(json.dumps({"acknowledged": acknowledged, "wrong": wrong}))  # noqa: T201  # The verdict.


if __name__ == "__main__":
    main(*sys.argv[1:])
