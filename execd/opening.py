"""How the journal of a daemon is opened: in whose directory, on what disk, by which SQLite, with which old records.

It joins the rooms `journal` and `config` for `app.py`: what is read here is
settled before there is an engine. What goes on while the daemon runs
(checkpoints, disk, ballast) is in `guards.py`.
"""

import asyncio
import os
import sqlite3
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from execd import restoring
from execd.config.settings import Settings
from execd.core.book import Book
from execd.core.events import IdsLost, TroubleReported
from execd.core.ids import epoch_ns
from execd.errors import JournalError, JournalFull, JournalLost, JournalUnsafe
from execd.intake.outbox import write_whole
from execd.journal import disk, store
from execd.journal.ballast import NAME, Ballast
from execd.journal.lock import StateLock
from execd.journal.marks import RESTORED, clear_reduce_only, read_reduce_only
from execd.journal.sqlite import SqliteJournal
from execd.ports import Clock
from execd.runtime.paths import StatePaths
from execd.runtime.starts import StartsFile

SQLITE_SAFE: Final = (3, 51, 3)
"""Older ones can corrupt a file that two connections write or checkpoint; ours has one of either."""
CAUSE: Final = RESTORED
IDS_A_RECORD: Final = 200
"""Ids that one event tells of: a turn takes many events, and commits them together."""
_ROOT: Final = 0

log = structlog.get_logger("execd.opening")


def take(paths: StatePaths) -> StateLock:
    """Take a state directory, make what is missing in it, and return its lock.

    Raises JournalUnsafe where the directory is not ours, before anything in it is touched; else what `StateLock` does.
    """
    refuse_not_ours(paths.root)
    for folder in paths.folders:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    return StateLock(paths.root)


def refuse_not_ours(root: Path) -> None:
    """Raise JournalUnsafe where somebody else owns `root`, or everybody may write it; one that is missing is well."""
    with suppress(FileNotFoundError):
        if told := not_ours(root.stat(), us=os.geteuid()):
            raise JournalUnsafe(f"{root} {told}, or name another with --state-dir")


def not_ours(status: os.stat_result, *, us: int) -> str:
    """Return why a directory may not hold our state, and what to do; empty where it may. `us` is our user id."""
    if status.st_uid not in {us, _ROOT}:
        # We may be root: what root leaves behind there its owner could not open the next day.
        return (
            f"belongs to user {status.st_uid} and not to us, user {us}: run execd as that user, "
            f"give it away with chown -R {us}"
        )
    return "may be written by everybody: chmod o-w it" if status.st_mode & stat.S_IWOTH else ""


async def open_journal(settings: Settings, paths: StatePaths, *, now_ns: int) -> SqliteJournal:
    """Open the journal of a state directory that is locked. Raises JournalError; JournalUnsafe for the disk."""
    allowed = settings.journal.unsafe_filesystem
    told = await asyncio.to_thread(disk.check, paths.root, is_allowed=allowed)
    if told:
        log.warning("journal_filesystem", text=told)
    if sqlite3.sqlite_version_info < SQLITE_SAFE:
        # Quietly: execd writes with one connection, so it is nothing to do at each start; `doctor` tells it.
        log.debug(
            "sqlite_version",
            version=sqlite3.sqlite_version,
            text="it can corrupt a file that two connections write; execd writes with one, and so must everybody else",
        )
    await asyncio.to_thread(_refuse_gone, paths)
    journal = await _open(settings, paths, now_ns=now_ns)
    forgotten = await asyncio.to_thread(_forgotten, paths, journal.epoch)
    if not forgotten:
        return journal
    # Whatever was sent with the records that are gone had the ids that would come next: a new epoch has others.
    await journal.close()
    reason = (
        f"the last records of the journal are gone since an unclean end: {len(forgotten)} ids were taken that it does "
        f"not know ({restoring.lost_text(forgotten)})"
    )
    await asyncio.to_thread(store.doubt, paths.journal, reason, now_ns=now_ns)
    return await _open(settings, paths, now_ns=now_ns)


def _refuse_gone(paths: StatePaths) -> None:
    """Raise JournalLost where there is no journal, or an empty one, and the state directory shows that there was."""
    if told := restoring.gone_text(paths):
        raise JournalLost(f"{told}. Nothing was changed. {restoring.GONE_HELP}")


def _forgotten(paths: StatePaths, epoch: str) -> list[str]:
    """Return ids that the journal has lost, where its last life ended uncleanly; a clean end has lost none."""
    starts = StartsFile(paths.starts, partial(write_whole, is_durable=True))
    if not starts.was_running() or read_reduce_only(paths.root) is not None:
        return []
    return restoring.forgotten(paths, since_ns=epoch_ns(epoch))


async def _open(settings: Settings, paths: StatePaths, *, now_ns: int) -> SqliteJournal:
    try:
        return await SqliteJournal.open(paths.journal, created_ns=now_ns)
    except JournalFull as error:
        # Orders may rest at a broker: the room that is kept for the worst day is for a start, too.
        log.critical("journal_full", text=str(error), has_room=ballast_of(settings, paths).release())
    try:
        return await SqliteJournal.open(paths.journal, created_ns=now_ns)
    except JournalFull as error:
        raise JournalFull(f"{error}: make room, then start again") from error


async def load(journal: SqliteJournal, settings: Settings, *, now_ns: int) -> Book:
    """Return the book, after old records have moved to an archive, where that is due."""
    book = await journal.load()
    try:
        moved = await journal.archive(book, now_ns=now_ns, days=settings.journal.archive_days)
    except (JournalError, OSError) as error:
        # Old records that stay where they are do no harm; the next start tries again.
        log.warning("archive_failed", text=str(error))
    else:
        if moved is not None:
            log.info("archived", file=moved.file, from_seq=moved.from_seq, to_seq=moved.to_seq)
    return book


def ballast_of(settings: Settings, paths: StatePaths) -> Ballast:
    """Return the ballast of a state directory."""
    return Ballast(paths.root / NAME, settings.journal.ballast_mib)


def restored(paths: StatePaths, clock: Clock) -> tuple[IdsLost | TroubleReported, ...]:
    """Return why this start takes no new risk, and which ids must not come again: the journal may have forgotten some.

    Empty where it was not. Reads every report and accepted file, so call it in a thread.
    """
    told = read_reduce_only(paths.root)
    if told is None:
        return ()
    now_ns, ids = clock.now_ns(), [one.id for one in restoring.lost(paths, told)]
    text = f"{told.reason}: compare orders and positions with the broker, then execd resume --halt --cause {told.cause}"
    if ids:
        does = "may be used again" if told.may_repeat else "are refused as used_before_restore"
        text += f". It has forgotten {len(ids)} ids, which {does}: {restoring.lost_text(ids)}"
    trouble = TroubleReported(now_ns=now_ns, cause=told.cause, text=text)
    if told.may_repeat:
        return (trouble,)
    parts = (tuple(ids[at : at + IDS_A_RECORD]) for at in range(0, len(ids), IDS_A_RECORD))
    return (*(IdsLost(now_ns=now_ns, ids=part) for part in parts), trouble)


def forget_restored(paths: StatePaths) -> None:
    """Forget that: the halt is in the journal now, and stays until an operator lifts it."""
    clear_reduce_only(paths.root)
