"""Disk space and open files: told when they run low, and when there is enough again."""

import contextlib
import os
import resource
from pathlib import Path

from execd.core.events import TroubleReported
from execd.runtime import resources as room
from execd.runtime.reserve import RESERVE_FILES, Reserve
from execd.runtime.resources import (
    FILES_WANTED,
    WAL_BYTES_MAX,
    ResourceWatch,
    files_share_now,
    free_mib_of,
    raise_files_limit,
)
from tests.unit.runtime.ports import SetClock, Sink


async def story(free_mib: list[float], files_share: list[float], tmp_path: Path) -> tuple[list[str], list[float]]:
    """Return in a word each what is told of these readings, and at which the ballast was looked after."""
    sink, looked_after = Sink(), []
    reading = {"free": 0.0, "files": 0.0}
    watch = ResourceWatch(
        folder=tmp_path,
        disk_free_mib_min=100,
        clock=SetClock(),
        post=sink.post,
        free_mib=lambda _: reading["free"],
        files_share=lambda: reading["files"],
        on_room=lambda: looked_after.append(reading["free"]),
    )
    for free, share in zip(free_mib, files_share, strict=True):
        reading.update(free=free, files=share)
        await watch.look()
    told = []
    for event in sink.events:
        assert isinstance(event, TroubleReported)
        told.append(f"{event.cause}{' over' if event.is_over else ''}{' halts' if event.is_halting else ''}")
    return told, looked_after


async def test_a_disk_that_runs_low_halts_once_and_is_well_again_with_a_tenth_more(tmp_path: Path) -> None:
    """Fault B3: the watermark alerts well before the disk is full, does not flap, and leaves the ballast alone."""
    told, looked_after = await story([500, 99, 50, 105, 109, 111, 105], [0.1] * 7, tmp_path)

    assert (["disk_low halts", "disk_low over halts"], [500, 111, 105]) == (told, looked_after)


async def test_open_files_that_run_out_are_told_without_a_halt(tmp_path: Path) -> None:
    """Fault G8: above four fifths of what may be open there is an alert; trading goes on."""
    told, _ = await story([500] * 4, [0.5, 0.81, 0.9, 0.5], tmp_path)

    assert ["files_low", "files_low over"] == told


async def test_the_reserve_is_given_back_before_anybody_is_told_and_taken_again(tmp_path: Path) -> None:
    """Fault G8: the page for files that have run out needs files itself."""
    shares = iter([0.5, 0.96, 0.9, 0.5])
    held: list[int] = []
    told: list[int] = []
    watch = ResourceWatch(
        folder=tmp_path,
        disk_free_mib_min=0,
        clock=SetClock(),
        post=lambda _: told.append(watch.reserve.files_n),
        files_share=lambda: next(shares),
    )
    for _ in range(4):
        await watch.look()
        held.append(watch.reserve.files_n)
    watch.close()

    assert [RESERVE_FILES, 0, 0, RESERVE_FILES] == held
    assert ([0, RESERVE_FILES], 0) == (told, watch.reserve.files_n)


def test_the_reserve_opens_what_nothing_else_can_open() -> None:
    """Fault G8: where no file can be opened any more, as many can be as the reserve gives back."""
    reserve = Reserve()
    reserve.take()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The kernel's limit is on the number of a file, and holes below it can be filled.
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (max(int(one.name) for one in Path("/proc/self/fd").iterdir()) + 1, hard)
    )
    fill = _until_refused()
    try:
        given_n = reserve.give()
        opened = _until_refused()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for file in fill + opened:
            os.close(file)

    assert (RESERVE_FILES, RESERVE_FILES) == (given_n, len(opened))


def _until_refused() -> list[int]:
    """Open files until the kernel gives no more."""
    files: list[int] = []
    with contextlib.suppress(OSError):
        while len(files) < FILES_WANTED:
            files.append(os.open(os.devnull, os.O_RDONLY))
    return files


async def test_a_write_ahead_file_that_is_not_folded_in_is_told(tmp_path: Path) -> None:
    """Fault B13: a reader that stays is named as the cause; when it has gone, that is told, too."""
    sink, sizes = Sink(), iter([0, WAL_BYTES_MAX + 1, WAL_BYTES_MAX + 2, 0])
    watch = ResourceWatch(
        folder=tmp_path, disk_free_mib_min=0, clock=SetClock(), post=sink.post, wal_bytes=lambda: next(sizes)
    )
    for _ in range(4):
        await watch.look()

    told = [(one.cause, one.is_over, one.is_halting) for one in sink.events if isinstance(one, TroubleReported)]
    assert [("wal_large", False, False), ("wal_large", True, False)] == told


async def test_a_journal_that_was_removed_under_us_halts(tmp_path: Path) -> None:
    """What is written to a file without a name is lost with the process: no new risk until the file is back."""
    journal, aside, sink = tmp_path / "journal.db", tmp_path / "aside", Sink()
    journal.write_bytes(b"x")
    watch = ResourceWatch(folder=tmp_path, disk_free_mib_min=0, clock=SetClock(), post=sink.post)
    await watch.look()
    journal.rename(aside)
    await watch.look()
    journal.write_bytes(b"another")
    await watch.look()
    aside.replace(journal)
    await watch.look()

    told = [(one.cause, one.is_over, one.is_halting) for one in sink.events if isinstance(one, TroubleReported)]
    assert [("journal_gone", False, True), ("journal_gone", True, True)] == told


async def test_a_disk_that_cannot_be_asked_counts_as_full(tmp_path: Path) -> None:
    """A state directory that has gone cannot be written either."""
    sink = Sink()
    watch = ResourceWatch(folder=tmp_path / "gone", disk_free_mib_min=1, clock=SetClock(), post=sink.post)
    await watch.look()
    (event,) = sink.events

    assert isinstance(event, TroubleReported)
    assert ("disk_low", True) == (event.cause, event.is_halting)


def test_as_many_files_may_be_open_as_the_hard_limit_allows() -> None:
    """Fault G8: a shell's soft limit of 1,024 does not bound the daemon."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
    try:
        allowed = raise_files_limit()
        now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    expected = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    assert (expected, expected) == (allowed, now)


def test_what_the_machine_says_is_plausible(tmp_path: Path) -> None:
    """The two readings are of this machine: some space, some open files, not all of them."""
    assert free_mib_of(tmp_path) > 0
    assert 0 < files_share_now() < 1 or not room._OPEN_FILES.exists()  # noqa: SLF001  # Where there is no /proc.
