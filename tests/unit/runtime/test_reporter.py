"""The outbox: paced, last words at once, and true again after a crash."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from execd.core.book import Book
from execd.core.enums import ParentStatus
from execd.core.events import WriteReport
from execd.core.records import ParentAccepted, ParentEnded
from execd.intake.outbox import Outbox
from execd.runtime import bodies as room
from execd.runtime.reporter import REWRITE_NS_MIN, Reporter
from tests.unit.runtime.ports import NOW_NS, SetClock
from tests.world import intent


class FailingOnce(Outbox):
    """An outbox whose disk has no space for a moment."""

    failures_n = 1

    def write(self, intent_id: str, body: bytes, *, is_terminal: bool) -> Path:
        """Fail once, then write."""
        if self.failures_n:
            self.failures_n -= 1
            raise OSError(28, "No space left on device")
        return super().write(intent_id, body, is_terminal=is_terminal)


def book_of(*parent_ids: str) -> Book:
    """Return a book that has accepted these intents."""
    book = Book()
    for parent_id in parent_ids:
        book.apply(ParentAccepted(now_ns=NOW_NS, parent=intent(parent_id), content_hash=parent_id))
    return book


def end(book: Book, parent_id: str) -> None:
    """End an intent."""
    book.apply(ParentEnded(now_ns=NOW_NS, parent_id=parent_id, status=ParentStatus.CANCELED, reason="test"))


@asynccontextmanager
async def reporting(book: Book, store: Outbox, clock: SetClock) -> AsyncIterator[Reporter]:
    """Run a reporter that builds whenever it asks to."""
    wakes = asyncio.Event()
    reporter = Reporter(book=book, store=store, clock=clock, nudge=wakes.set)

    async def pump() -> None:
        while True:
            await wakes.wait()
            wakes.clear()
            reporter.build()

    running = asyncio.gather(reporter.run(), pump())
    try:
        yield reporter
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_an_open_report_is_rewritten_once_in_250_ms_and_the_last_one_at_once(tmp_path: Path) -> None:
    """A second change within the pace waits; the end does not."""
    book, clock, store = book_of("p"), SetClock(), Outbox(tmp_path)
    async with asyncio.timeout(5), reporting(book, store, clock) as reporter:
        reporter.changed(WriteReport(parent_id="p", is_terminal=False))
        reporter.build()
        await reporter.written()
        clock.ns += REWRITE_NS_MIN - 1
        reporter.changed(WriteReport(parent_id="p", is_terminal=False))
        reporter.build()
        is_paced = not reporter._bodies  # noqa: SLF001  # That nothing was made is the subject.
        end(book, "p")
        reporter.changed(WriteReport(parent_id="p", is_terminal=True))
        reporter.build()
        await reporter.written()

    told = json.loads(store.path_of("p").read_bytes())
    assert (is_paced, told["status"], told["revision"]) == (True, "canceled", book.parents["p"].revision)


async def test_a_start_writes_what_a_crash_kept_from_the_outbox(tmp_path: Path) -> None:
    """Reports that are absent, torn or of an older revision are written anew; the others are left alone."""
    book, store = book_of("absent", "torn", "old", "right"), Outbox(tmp_path)
    for parent_id in ("absent", "old", "right"):
        end(book, parent_id)
    revision = book.parents["right"].revision
    store.write("torn", b'{"revis', is_terminal=False)
    store.write("old", b'{"revision":0}', is_terminal=False)
    store.write("right", f'{{"revision":{revision},"mine":1}}'.encode(), is_terminal=False)
    async with asyncio.timeout(5), reporting(book, store, SetClock()) as reporter:
        await reporter.catch_up()
        await reporter.written()

    told = {name: json.loads(store.path_of(name).read_bytes()) for name in book.parents}
    wrong = [name for name in ("absent", "torn", "old") if told[name]["revision"] != book.parents[name].revision]
    assert (wrong, "mine" in told["right"]) == ([], True)


async def test_a_write_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk delays a report and loses none."""
    monkeypatch.setattr(room, "RETRY_S", 0.0)
    book, store = book_of("p"), FailingOnce(tmp_path)
    async with asyncio.timeout(5), reporting(book, store, SetClock()) as reporter:
        reporter.changed(WriteReport(parent_id="p", is_terminal=False))
        reporter.build()
        await reporter.written()

    assert store.path_of("p").is_file()
