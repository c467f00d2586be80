"""A newer execd takes up the day of an older one: what its journal said is said still, and nothing is sent twice."""

import json
from pathlib import Path

import pytest

from execd.core.book import fold
from execd.core.codec import decoder
from execd.core.events import Submit
from execd.core.records import Record, Sending
from tests.scenarios.keep_journal import KEPT, UNTIL_S, lived, state
from tests.world import quote

VERSIONS = sorted(path.name.removesuffix(".jsonl") for path in KEPT.glob("*.jsonl"))
RECORD = decoder(Record)


def kept(version: str) -> list[Record]:
    """Return the records that a version left."""
    return [RECORD.decode(line) for line in Path(KEPT / f"{version}.jsonl").read_bytes().splitlines()]


def test_there_is_a_journal_of_a_version_before() -> None:
    """Without one the tests below would say nothing."""
    assert VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_the_records_of_an_earlier_version_say_what_they_said(version: str) -> None:
    """Positions, orders, intents and halts of a day with live positions come out equal. Fault G13."""
    said = json.loads((KEPT / f"{version}.state.json").read_text())

    assert said == state(fold(kept(version)))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_day_of_an_earlier_version_goes_on_and_sends_nothing_twice(version: str) -> None:
    """Live orders are taken up, the doubted one is asked about, and no id is used again. Fault G13."""
    world = lived()
    world.is_deaf = False
    world.looks.clear()
    world.records = kept(version)
    used = {one.request.cl_ord_id for one in world.records if isinstance(one, Sending)}
    world.crash()
    world.effects.clear()
    world.show(quote("AAPL", "99.98", "100.02", at_s=UNTIL_S, size=300))
    world.run(UNTIL_S + 30)
    submitted = [effect.request.cl_ord_id for effect in world.effects if isinstance(effect, Submit)]

    assert not used & set(submitted)
    assert len(submitted) == len(set(submitted))
    assert not any(order.is_in_doubt for order in world.book.orders.values())
    assert not world.book.poisons


def test_a_day_like_that_has_everything_open_that_an_upgrade_must_take_up() -> None:
    """A position, a resting order, a pause, a doubt: what is kept is worth keeping."""
    said = state(lived().book)
    statuses = {row[0] for row in said["parents"].values()}

    assert {"working", "filled"} <= statuses
    assert any(row[5] for row in said["orders"].values())
    assert any(row[4] for row in said["parents"].values())
    assert any(qty != "0" for qty in said["positions"].values())
