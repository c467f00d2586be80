"""The journal is read again while the daemon runs: what is not as it was written halts, what is well is silent."""

from functools import partial
from pathlib import Path

import pytest

from execd.core.events import TroubleReported
from execd.errors import JournalError
from execd.journal import proof
from execd.runtime.prover import Prover
from tests.properties.stories import START_NS
from tests.unit.journal.files import altered, last_seq, told
from tests.unit.runtime.ports import SetClock, Sink


async def proved(journal: Path) -> list[TroubleReported]:
    """Return what is told of a journal that is read from end to end."""
    sink = Sink()
    prover = Prover(
        begin=partial(proof.begin, journal),
        go_on=partial(proof.go_on, journal),
        post=sink.post,
        clock=SetClock(),
        pause_s=0,
    )
    await prover.prove()
    return [event for event in sink.events if isinstance(event, TroubleReported)]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE records SET body = replace(body, '100', '900') WHERE seq = 4",
        "DELETE FROM records WHERE seq = 9",
        "UPDATE records SET sum = sum + 1 WHERE seq = (SELECT max(seq) FROM records)",
    ],
)
async def test_a_record_that_is_not_what_was_written_halts(tmp_path: Path, harm: str) -> None:
    """Fault B15. Before a checkpoint no start reads it; it is found all the same, told once, and left as it is."""
    path = tmp_path / "journal.db"
    told(path, steps_n=300)
    well = await proved(path)
    altered(path, harm)
    before = path.read_bytes()
    events = await proved(path)

    assert ([], [("journal_corrupt", True)]) == (well, [(event.cause, event.is_halting) for event in events])
    assert ("execd journal verify" in events[0].text, before) == (True, path.read_bytes())


async def test_every_record_is_read_in_pages(tmp_path: Path) -> None:
    """No look is long: a page is a bounded number of records, and the last one is reached."""
    path = tmp_path / "journal.db"
    told(path, steps_n=300)
    chain, looks_n = proof.begin(path), 0
    while proof.go_on(path, chain):
        looks_n += 1

    assert (last_seq(path), -(-last_seq(path) // proof.PAGE_ROWS)) == (chain.seq, looks_n)


async def test_a_journal_that_cannot_be_read_just_now_halts_nothing() -> None:
    """A reader that is in the way says nothing about the records."""

    def busy() -> None:
        raise JournalError("locked")

    sink = Sink()
    await Prover(begin=busy, go_on=lambda _: True, post=sink.post, clock=SetClock(START_NS)).prove()

    assert [] == sink.events
