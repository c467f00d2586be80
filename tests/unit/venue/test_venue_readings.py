"""Each fault of a reading at the venue, and of a report that is never told: what a client sees.

One order rests and one has filled, at the same venue; a new fault is a row.
"""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from execd.core.snapshot import AccountSnapshot
from execd.errors import Unknown
from execd.venue.faults import FaultName
from tests.unit.brokers.scripts import new
from tests.unit.venue.housed import heard, housed, kinds, linked, quoted, switch

HELD = {"ABC": Decimal(100)}
Shown = tuple[list[str], int, dict[str, Decimal] | None, list[str]]


def shown(seen: AccountSnapshot) -> Shown:
    """Return what a reading shows: orders, how many trades, positions, and the symbols of rows that make no sense."""
    orders = [one.cl_ord_id for one in seen.orders or ()]
    return orders, len(seen.trades or ()), seen.positions, [one.symbol for one in seen.unreadable]


TRUE: Shown = (["r", "a"], 1, HELD, [])


@pytest.mark.parametrize(
    "name, wrong",
    [
        ("cut-survey", (["r"], 0, HELD, [])),
        ("stale-survey", ([], 0, {}, [])),
        ("garble-survey", (["r"], 1, HELD, ["ABC"])),
        ("empty-positions", (["r", "a"], 1, {}, [])),
        ("unread-positions", (["r", "a"], 1, None, [])),
        ("shift-positions", (["r", "a"], 1, {"ABC": Decimal(101)}, [])),
    ],
)
async def test_a_reading_is_shown_wrongly_once(tmp_path: Path, name: FaultName, wrong: Shown) -> None:
    """The next one is right; none of them claims to be of another instant. Faults C18, C19 and C20."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await quoted(house)
        await link.do(new("r", "9.00"))
        await link.do(new("a", None))
        await heard(link, 3)
        switch(house, name)
        first, second = await link.survey(0), await link.survey(0)

        assert [wrong, TRUE] == [shown(first), shown(second)]
        assert 0 < first.broker_ns <= second.broker_ns


async def test_a_stale_reading_is_as_the_last_one_was(tmp_path: Path) -> None:
    """It shows none of what came between. Fault C19."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await link.do(new("r", "9.00"))
        await heard(link, 1)
        before = await link.survey(0)
        await link.do(new("s", "9.00"))
        await heard(link, 1)
        switch(house, "stale-survey")
        stale, after = await link.survey(0), await link.survey(0)

        assert [["r"], ["r"], ["r", "s"]] == [shown(seen)[0] for seen in (before, stale, after)]


async def test_a_row_without_an_order_makes_no_sense_and_has_no_name(tmp_path: Path) -> None:
    """It is nobody's: no symbol can be halted for it."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "garble-survey")
        seen = await link.survey(0)

        assert ([], 0, {}, [""]) == shown(seen)


async def test_a_reading_fails_or_is_never_answered(tmp_path: Path) -> None:
    """Who asked does not know, and the next one is answered. Fault C20."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "fail-survey")
        with pytest.raises(Unknown):
            await link.survey(0)
        switch(house, "drop-survey")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await link.survey(0)

        assert ([], 0, {}, []) == shown(await link.survey(0))


async def test_a_muted_report_is_never_told_and_nothing_is_missing(tmp_path: Path) -> None:
    """Not on this connection, and not on the next one that goes on from there: only asking shows it. Fault D1."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "mute-report")
            await link.do(new("a", "9.00"))
            await link.do(new("b", "9.00"))
            told = await heard(link, 1)
        async with linked(tmp_path, since_seq=link.heard_seq) as again:
            await again.do(new("c", "9.00"))
            told += await heard(again, 1)
            found = await again.find("a")

        assert (["Accepted", "Accepted"], ["b", "c"]) == (kinds(told), [one.cl_ord_id for one in told])
        assert found is not None
