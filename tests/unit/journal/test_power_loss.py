"""Power cuts at seeded instants, on a disk that forgets what was not synced.

The statements are those of the daemon: schema, settings, `write_batch`, `write_group`. SQLite is the one that apsw
brings, because the standard library's cannot be given a file system; the file is then opened by the standard library's.
"""

import os
from pathlib import Path

import apsw
import pytest

from execd.core.book import Book
from execd.core.chance import below
from execd.core.checkpoint import snapshot
from execd.core.ids import epoch_of
from execd.core.projection import Rows
from execd.journal import sql
from execd.journal.chain import Chain
from execd.journal.checkpoints import Pending, groups, write_group
from execd.journal.fold import plain_rows
from execd.journal.records import writing
from execd.journal.store import APPLICATION_ID
from execd.journal.sync import SyncJournal
from execd.journal.verify import verify
from execd.journal.write import write_batch
from tests.properties.stories import START_NS, batches
from tests.unit.journal.forgetful_disk import Disk

POINTS_N = int(os.environ.get("EXECD_TEST_POWER_CUTS", "200"))
STEPS_N = 80
CHECKPOINT_EVERY = 25
PAGES_FOLDED = 24
"""How many pages of the write-ahead file are folded in: few, so that it happens often."""


def lived(folder: Path, *, synchronous: str) -> Disk:
    """Return the disk on which a journal was made and a story committed to it, checkpoints included."""
    disk = Disk(f"forgetful-{synchronous}")
    connection = apsw.Connection(str(folder / "journal.db"), vfs=f"forgetful-{synchronous}")
    connection.execute(sql.query("settings"))
    connection.execute(f"BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {sql.version()};")
    connection.execute(sql.schema())
    meta = {"epoch": epoch_of(START_NS), "created_ns": f"{START_NS}", "schema": f"{sql.version()}"}
    connection.executemany(sql.query("write_meta"), meta.items())
    connection.execute("COMMIT")
    connection.execute(sql.query("use_wal")).fetchall()
    connection.execute(f"PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = {PAGES_FOLDED}").fetchall()
    # The journal is renamed into place only when it is whole: before that there is nothing to lose.
    disk.mark(0)
    book, chain = Book(), Chain()
    for step, batch in enumerate(batches(book, list(range(STEPS_N)), is_wide=True)):
        given = writing(batch, chain)
        # apsw binds plain text only; the words of enums are what SQLite stores anyway.
        write_batch(connection, given._replace(rows=Rows(**plain_rows(given.rows))))
        chain = given.chain
        disk.mark(chain.seq)
        if step % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1:
            for rows, head in groups(Pending(chain.seq, batch.now_ns, chain.sum, snapshot(book))):
                write_group(connection, rows, head)  # type: ignore[arg-type]  # apsw's connection does the same.
    connection.close()
    return disk


def cut(disk: Disk, folder: Path, at: int, seed: int) -> tuple[int, list[str]]:
    """Cut the power before operation `at`; return how many records are left, and what is wrong with them."""
    folder.mkdir()
    for name, content in disk.after(at, seed).items():
        (folder / name).write_bytes(content)
    path = folder / "journal.db"
    with SyncJournal(path, created_ns=START_NS) as journal:
        journal.load()
        left = journal.seq
    return left, list(verify(path, is_live=False).problems)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    """Return the disk of a life as the daemon lives it."""
    return lived(tmp_path_factory.mktemp("life"), synchronous="FULL")


def first_op(disk: Disk) -> int:
    """Return the first operation after the journal was whole."""
    return next(place for place, op in enumerate(disk.ops) if op.kind == "mark") + 1


def test_no_power_cut_loses_an_acknowledged_record(disk: Disk, tmp_path: Path) -> None:
    """Fault B2. 200 seeded instants: all that a commit had returned for is there, chained, folded to its rows."""
    first = first_op(disk)
    wrong: list[str] = []
    for seed in range(POINTS_N):
        at = first + below(len(disk.ops) - first + 1, seed, "at")
        left, problems = cut(disk, tmp_path / f"{seed}", at, seed)
        wrong += [f"seed {seed}, operation {at}: {problem}" for problem in problems]
        if left < disk.acknowledged(at):
            wrong.append(f"seed {seed}, operation {at}: {left} records left of {disk.acknowledged(at)}")

    assert [] == wrong


def test_the_disk_does_forget(tmp_path: Path) -> None:
    """The same law over a journal that syncs only now and then is broken: this test could fail."""
    disk = lived(tmp_path, synchronous="NORMAL")
    lost = 0
    first = first_op(disk)
    for seed in range(20):
        at = first + below(len(disk.ops) - first + 1, seed, "at")
        left, _ = cut(disk, tmp_path / f"{seed}", at, seed)
        lost += left < disk.acknowledged(at)

    assert lost > 0


def test_a_life_has_all_that_can_be_cut(disk: Disk) -> None:
    """Commits, checkpoints of the book, and the write-ahead file folded in, more than once."""
    synced = [op.name for op in disk.ops[first_op(disk) :] if op.kind == "sync"]

    assert synced.count("journal.db-wal") > STEPS_N
    assert synced.count("journal.db") > 1
