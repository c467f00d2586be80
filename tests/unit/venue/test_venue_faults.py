"""Each fault of the venue: what is done wrong, and what a client can still know.

Counted, never drawn. What execd makes of it is in the acceptance tests.
"""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from execd.brokers import sim_link
from execd.brokers.sim_link import Link
from execd.core.reports import Accepted, Rejected
from execd.errors import Unknown
from execd.venue.faults import Fault
from tests.unit.brokers.scripts import new, pull
from tests.unit.venue.housed import heard, housed, kinds, linked, lost, quoted, switch, until


async def test_a_request_that_is_dropped_is_never_answered(tmp_path: Path) -> None:
    """Its sender waits until his own limit, and then learns that it never arrived. Fault C3."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "drop-request")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await link.do(new("a", "9.00"))

        assert await link.find("a") is None


async def test_a_report_that_is_dropped_is_missed_and_told_again(tmp_path: Path) -> None:
    """The sign of life names the last number: who has heard less connects again. Fault D1."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "drop-report")
            await link.do(new("a", "9.00"))
            why = await lost(link)
        async with linked(tmp_path, since_seq=link.heard_seq) as again:
            reports = await heard(again, 1)

        assert ("was not told" in why, ["Accepted"]) == (True, kinds(reports))


async def test_a_report_that_is_dropped_in_the_middle_is_missed_too(tmp_path: Path) -> None:
    """What comes after it is heard, and everything from the gap on is told again. Fault D1."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "drop-report")
            await link.do(new("a", "9.00"))
            await link.do(new("b", "9.00"))
            why = await lost(link)

        assert ("was not told" in why, 0) == (True, link.heard_seq)


async def test_reports_that_change_places_are_all_heard(tmp_path: Path) -> None:
    """The connection stays: a number that comes late is not missing. Fault D4."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "reorder-reports")
        await link.do(new("a", "9.00"))
        await link.do(new("b", "9.00"))
        reports = await heard(link, 2)

        assert (["b", "a"], 2) == ([report.cl_ord_id for report in reports], link.heard_seq)


async def test_a_report_that_changes_places_with_none_comes_alone(tmp_path: Path) -> None:
    """Nothing is held back for ever."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "reorder-reports")
        await link.do(new("a", "9.00"))

        assert ["Accepted"] == kinds(await heard(link, 1))


async def test_a_report_that_is_duplicated_is_heard_twice(tmp_path: Path) -> None:
    """It has the same number; whoever folds it sees one fact. Fault D2."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "duplicate-report")
        await link.do(new("a", "9.00"))
        first, second = await heard(link, 2)

        assert (first, 1) == (second, link.heard_seq)


async def test_reports_that_are_delayed_keep_their_order(tmp_path: Path) -> None:
    """What comes after them waits, too."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "delay-report", ms=50)
        await link.do(new("a", "9.00"))
        await link.do(new("b", "9.00"))
        reports = await heard(link, 2)

        assert ["a", "b"] == [report.cl_ord_id for report in reports]


async def test_requests_that_are_delayed_keep_their_order(tmp_path: Path) -> None:
    """A cancel behind them waits, too, and so does a question."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "delay-request", ms=50)
        reading = asyncio.create_task(until(link, "b"))
        jobs = (link.do(new("a", "9.00")), link.do(pull("c", "a")), link.find("a"))
        _, _, seen = await asyncio.gather(*jobs)
        await link.do(new("b", "9.00"))

        assert ({"a", "b", "c"}, False) == (await reading, seen and seen.is_live)


async def test_what_was_delayed_for_a_client_that_is_gone_never_arrives(tmp_path: Path) -> None:
    """A later client is told that there is no such order, and it stays so. Fault C4."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "delay-request", ms=60_000)
            asked = asyncio.create_task(link.do(new("a", "9.00")))
            await link_has_written(link)
            link.close()
            with pytest.raises(Unknown):
                await asked
        async with linked(tmp_path) as link:
            assert await link.find("a") is None


async def link_has_written(link: Link) -> None:
    """Let what was sent arrive: an answer to a later word of another client proves nothing, so look for a second."""
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not link.lost


async def test_a_silent_order_trades_and_only_asking_shows_it(tmp_path: Path) -> None:
    """Its reports have numbers that nobody misses."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await quoted(house)
        switch(house, "accept-then-silence")
        await link.do(new("a", None))
        await link.do(new("b", "9.00"))
        (report,) = await heard(link, 1)
        seen = await link.find("a")

        assert ("b", 3) == (report.cl_ord_id, link.heard_seq)
        assert (Decimal(100), False) == (seen and seen.cum_qty, seen and seen.is_live)


async def test_a_venue_that_hangs_is_noticed_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections stay open and nothing comes; what was written is taken in later, or never, and asking tells which.

    Fault D7.
    """
    monkeypatch.setattr(sim_link, "SILENT_S_MAX", 0.1)
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "hang", ms=300)
            asked = asyncio.create_task(link.do(new("a", "9.00")))
            why = await lost(link)
            with pytest.raises(Unknown):
                await asked
        monkeypatch.setattr(sim_link, "SILENT_S_MAX", 5.0)
        async with linked(tmp_path) as again:
            reading = asyncio.create_task(until(again, "b"))
            seen = await again.find("a")
            await again.do(new("b", "9.00"))

            assert "said nothing" in why
            assert {"b"} | ({"a"} if seen is not None else set()) == await reading


async def test_a_cut_connection_tells_why_and_the_next_one_works(tmp_path: Path) -> None:
    """Cut once, now; what was asked is unknown. Fault D8."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "disconnect")
            await lost(link)
        async with linked(tmp_path) as again:
            await again.do(new("a", "9.00"))

            assert ["Accepted"] == kinds(await heard(again, 1))


async def test_a_request_whose_answer_is_cut_off_is_unknown_and_lives(tmp_path: Path) -> None:
    """It was taken: the report and the question both say so afterwards. Faults C2 and C5."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "disconnect-on-request")
            with pytest.raises(Unknown):
                await link.do(new("a", "9.00"))
        async with linked(tmp_path, since_seq=link.heard_seq) as again:
            reports = await heard(again, 1)
            seen = await again.find("a")

        assert (["Accepted"], True) == (kinds(reports), seen is not None and seen.is_live)


async def test_every_nth_order_is_rejected_with_the_code_that_was_asked_for(tmp_path: Path) -> None:
    """Counted, not drawn: the second and the fourth. Fault C9."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        assert not house.switch(Fault(name="reject", every=2, code="halted"))
        for n in range(4):
            await link.do(new(f"a{n}", "9.00"))
        reports = await heard(link, 4)
        (on,) = house.faults.listed(house.clock.now_ns())

        assert ["a1", "a3"] == sorted(
            one.cl_ord_id for one in reports if isinstance(one, Rejected) and one.code == "halted"
        )
        assert (2, 2) == (sum(isinstance(one, Accepted) for one in reports), on.hit_n)
