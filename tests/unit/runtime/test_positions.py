"""What a strategy reads of what it owns: right after every record, whole, and under a name of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execd.core.enums import Side
from execd.core.orders import ParentOrder
from execd.intake.outbox import Outbox
from execd.runtime import bodies as room
from execd.runtime.positions import PACE_NS, PositionFiles
from tests.unit.runtime.ports import SetClock
from tests.world import World, intent, quote

STRATEGIES = ("alpha", "Alpha", "b.c:d-e")


class FailingOnce(Outbox):
    """An outbox whose disk has no space for a moment."""

    failures_n = 1

    def write(self, intent_id: str, body: bytes, *, is_terminal: bool) -> Path:
        """Fail once, then write."""
        if self.failures_n:
            self.failures_n -= 1
            raise OSError(28, "No space left on device")
        return super().write(intent_id, body, is_terminal=is_terminal)


@asynccontextmanager
async def writing(world: World, store: Outbox, clock: SetClock) -> AsyncIterator[PositionFiles]:
    """Run the files of a world's book; they build whenever they ask to."""
    wakes = asyncio.Event()
    files = PositionFiles(
        book=world.book, store=store, clock=clock, nudge=wakes.set, revision=lambda: len(world.records)
    )

    async def pump() -> None:
        while True:
            await wakes.wait()
            wakes.clear()
            files.build()

    running = asyncio.gather(files.run(), pump())
    try:
        yield files
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def told(store: Outbox, strategy: str) -> dict[str, Any]:
    """Return what the file of a strategy says."""
    found: dict[str, Any] = json.loads(store.path_of(strategy).read_bytes())
    return found


def note(files: PositionFiles, world: World, since: int) -> None:
    """Let the files see the records that came since."""
    for record in world.records[since:]:
        files._note(record)  # noqa: SLF001  # What a commit would show them.


def order(name: str, strategy: str, **fields: Any) -> ParentOrder:  # noqa: ANN401  # ParentOrder checks them.
    """Return an intent of a strategy."""
    return intent(name, strategy=strategy, **fields)


async def test_names_that_differ_only_by_case_have_files_of_their_own(tmp_path: Path) -> None:
    """On a disk that folds case two strategies never share a file."""
    world, store = World(), Outbox(tmp_path)
    world.show(quote("AAPL", "100.00", "100.02", size=10_000))
    for n, strategy in enumerate(STRATEGIES):
        world.drop(order(f"p{n}", strategy, order_qty=Decimal(10 + n)))
    world.run(1)
    async with asyncio.timeout(5), writing(world, store, SetClock()) as files:
        await files.flush()
    names = {store.path_of(strategy).name.casefold() for strategy in STRATEGIES}
    owned = [[line["qty"] for line in told(store, strategy)["positions"]] for strategy in STRATEGIES]

    assert (3, [["10"], ["11"], ["12"]]) == (len(names), owned)


async def test_an_open_order_shows_as_working_and_the_end_takes_it_out(tmp_path: Path) -> None:
    """Bought, on its way to be bought, and nothing in doubt; after the cancel nothing is on its way."""
    world, store, clock = World(), Outbox(tmp_path), SetClock()
    world.show(quote("AAPL", "100.00", "100.02", size=10_000))
    world.drop(order("done", "alpha", order_qty=Decimal(10)))
    world.drop(order("rests", "alpha", order_qty=Decimal(7), price=Decimal(99)))
    world.run(1)
    async with asyncio.timeout(5), writing(world, store, clock) as files:
        await files.flush()
        (before,) = told(store, "alpha")["positions"]
        since = len(world.records)
        world.cancel("rests")
        world.run(2)
        note(files, world, since)
        clock.ns += PACE_NS
        await files.flush()
    (after,) = told(store, "alpha")["positions"]

    keys = ("qty", "buying_qty", "selling_qty", "in_doubt_qty")
    assert [["10", "7", "0", "0"], ["10", "0", "0", "0"]] == [[one[key] for key in keys] for one in (before, after)]


async def test_a_file_is_paced_and_its_revision_grows(tmp_path: Path) -> None:
    """A second change within the pace waits; what is then written is of both."""
    world, store, clock = World(), Outbox(tmp_path), SetClock()
    world.show(quote("AAPL", "100.00", "100.02", size=10_000))
    world.drop(order("a", "alpha", order_qty=Decimal(1)))
    world.run(1)
    async with asyncio.timeout(5), writing(world, store, clock) as files:
        await files.flush()
        first = told(store, "alpha")
        since = len(world.records)
        world.drop(order("b", "alpha", order_qty=Decimal(1)))
        world.run(2)
        note(files, world, since)
        clock.ns += PACE_NS - 1
        files.build()
        is_paced = not files._bodies  # noqa: SLF001  # That nothing was made is the subject.
        clock.ns += 1
        files.build()
        await files.flush()
    second = told(store, "alpha")

    assert (True, "1", "2") == (is_paced, first["positions"][0]["qty"], second["positions"][0]["qty"])
    assert first["revision"] < second["revision"]


async def test_a_write_that_fails_is_tried_again_and_a_folder_that_vanished_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk and a tidy person delay a file and lose none."""
    world, store = World(), FailingOnce(tmp_path / "positions")
    world.show(quote("AAPL", "100.00", "100.02", size=10_000))
    world.drop(order("a", "alpha"))
    world.run(1)
    (tmp_path / "positions").rmdir()
    monkeypatch.setattr(room, "RETRY_S", 0.0)
    async with asyncio.timeout(5), writing(world, store, SetClock()) as files:
        await files.flush()

    assert "100" == told(store, "alpha")["positions"][0]["qty"]


@settings(max_examples=25, deadline=None)
@given(
    story=st.lists(
        st.tuples(
            st.sampled_from(STRATEGIES), st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 50), st.booleans()
        ),
        min_size=1,
        max_size=8,
    )
)
async def test_what_was_noted_record_by_record_is_what_a_start_would_find(
    story: list[tuple[str, Side, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After any story the files say the same, whether they watched it or were made from the book afterwards."""
    world, clock = World(), SetClock()
    watching, fresh = (Outbox(tmp_path_factory.mktemp("positions")) for _ in range(2))
    async with asyncio.timeout(10), writing(world, watching, clock) as files:
        for n, (strategy, side, qty, is_resting) in enumerate(story):
            since = len(world.records)
            world.show(quote("AAPL", "100.00", "100.02", size=10_000))
            price = {"price": Decimal(99) if side is Side.BUY else Decimal(101)} if is_resting else {}
            world.drop(order(f"p{n}", strategy, side=side, order_qty=Decimal(qty), **price))
            world.run(n + 1)
            note(files, world, since)
            clock.ns += PACE_NS
        await files.flush()
    async with asyncio.timeout(10), writing(world, fresh, clock) as files:
        await files.flush()
    known = {one.sleeve.strategy for one in world.book.positions}
    told_by = [[told(store, one)["positions"] for one in sorted(known)] for store in (watching, fresh)]

    assert told_by[0] == told_by[1]
