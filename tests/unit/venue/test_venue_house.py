"""The venue as its clients find it.

Reports by number, and again after a gap; questions whose answers are proof; every fault; nobody is waited for.
"""

import asyncio
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from execd.brokers import sim_link
from execd.brokers.sim_link import Link, LinkLost
from execd.core.reports import Accepted, Canceled, ExecReport, Rejected, Trade
from execd.errors import Unknown, VenueError
from execd.venue import house as venue_house
from execd.venue import telling
from execd.venue.door import SOCKET_NAME
from execd.venue.faults import Fault
from execd.venue.house import VenueHouse
from execd.venue.latency import Latency
from execd.venue.wire import VERSION, Ask, Hello, Stop, Want, frame
from tests.unit.brokers.scripts import MS, S, new, pull, shown
from tests.unit.venue.housed import heard, housed, linked, quoted, switch


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let signs of life, and patience with what is missing, be short."""
    monkeypatch.setattr(venue_house, "ALIVE_S", 0.02)
    monkeypatch.setattr(sim_link, "LOOK_S", 0.02)
    monkeypatch.setattr(sim_link, "MISSING_S_MAX", 0.1)
    monkeypatch.setattr(telling, "REORDER_S", 0.02)


def kinds(reports: list[ExecReport]) -> list[str]:
    """Return the names of what was reported."""
    return [type(report).__name__ for report in reports]


async def lost(link: Link) -> str:
    """Return why a connection ended, once it has, and everything it brought is read."""
    try:
        async for _ in link.reports():
            pass
    except LinkLost as error:
        return str(error)
    raise AssertionError


async def until(link: Link, cl_ord_id: str) -> set[str]:
    """Return the names in the reports up to the first one of an order."""
    names: set[str] = set()
    async for report in link.reports():
        names.add(report.cl_ord_id)
        if report.cl_ord_id == cl_ord_id:
            break
    return names


async def status(house: VenueHouse) -> dict[str, Any]:
    """Return what people are shown."""
    (row,) = await house.answer(Ask(rid=1, what="status"))
    return row


async def test_an_order_is_taken_accepted_and_filled(tmp_path: Path) -> None:
    """Taken says that it is on its way; what became of it comes as reports, counted from one."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await quoted(house)
        await link.do(new("a", None))
        reports = await heard(link, 2)

        assert (["Accepted", "Trade"], 2) == (kinds(reports), link.heard_seq)
        assert Decimal(100) == house.keeper.ledger.holdings("sim")["ABC"].qty


async def test_a_venue_that_starts_again_goes_on(tmp_path: Path) -> None:
    """Working orders rest again, positions stand, ended orders are known; nothing is reported anew."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await quoted(house)
        await link.do(new("a", None))
        await link.do(new("b", "9.00"))
        before = await heard(link, 3)
    async with housed(tmp_path) as house, linked(tmp_path, since_seq=3) as link:
        seen = [await link.find(name) for name in ("a", "b", "c")]
        await link.do(pull("x", "b"))
        after = await heard(link, 1)

        assert (3, ["Canceled"]) == (len(before), kinds(after))
        assert [False, True, None] == [None if one is None else one.is_live for one in seen]
        assert Decimal(100) == house.keeper.ledger.holdings("sim")["ABC"].qty


async def test_what_was_reported_while_nobody_was_there_is_told_again(tmp_path: Path) -> None:
    """By number after a reconnect, by instant after a restart of the client; then what happens now."""
    async with housed(tmp_path) as house:
        await quoted(house)
        async with linked(tmp_path) as link:
            await link.do(new("a", "9.00"))
            (first,) = await heard(link, 1)
        house.venue.send(new("b", None))
        await house.venue.find("sim", "b")
        async with linked(tmp_path, since_seq=1) as link:
            by_number = await heard(link, 2)
        hello = Hello(version=VERSION, kind="trade", account="sim", since_ns=first.transact_ns)
        link = await Link.connect(tmp_path / SOCKET_NAME, hello)
        by_instant = await heard(link, 3)
        link.close()

        assert [first, *by_number] == by_instant


async def test_no_such_order_is_proof_also_after_a_cut(tmp_path: Path) -> None:
    """What the client before had written is taken in first, with its latency, or never: the answer stays true."""
    async with housed(tmp_path, latency=Latency(base_ns=30 * MS)):
        async with linked(tmp_path) as link:
            asked = asyncio.create_task(link.do(new("a", "9.00")))
            await asyncio.sleep(0)
            link.close()
            with pytest.raises(Unknown):
                await asked
        async with linked(tmp_path) as link:
            reading = asyncio.create_task(until(link, "b"))
            seen = await link.find("a")
            await link.do(new("b", "9.00"))
            later = await reading

        assert {"b"} | ({"a"} if seen is not None else set()) == later


async def test_an_account_has_one_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one is told who is there; other accounts are their own."""
    monkeypatch.setattr("execd.venue.session.IN_USE_S_MAX", 0.05)
    async with housed(tmp_path), linked(tmp_path), linked(tmp_path, account="other"):
        with pytest.raises(LinkLost, match="another client"):
            async with linked(tmp_path):
                pass


async def test_a_client_of_another_version_is_turned_away(tmp_path: Path) -> None:
    """It is told which side is the older one."""
    async with housed(tmp_path):
        with pytest.raises(VenueError, match=f"speaks version {VERSION}"):
            await Link.connect(tmp_path / SOCKET_NAME, Hello(version=VERSION + 1, kind="trade", account="sim"))


async def test_a_slow_reader_is_cut_off_and_nobody_waits_for_him(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody takes piles up only so far; others go on."""
    monkeypatch.setattr("execd.venue.line.WAITING_BYTES_MAX", 20_000)
    ticks = [(n, shown(bid=f"9.{n % 90:02}")) for n in range(8_000)]
    async with housed(tmp_path, *ticks) as house, linked(tmp_path) as link:
        with socket.socket(socket.AF_UNIX) as slow:
            slow.setblocking(False)  # noqa: FBT003  # The library's own signature.
            await asyncio.get_running_loop().sock_connect(slow, str(tmp_path / SOCKET_NAME))
            slow.send(frame(Hello(version=VERSION, kind="feed")) + frame(Want(symbols=("ABC",))))
            before_n = house.clients_n
            for n in range(200):
                await link.do(new(f"a{n}", "9.00"))
            await heard(link, 200)

        assert (1, 1) == (before_n, house.clients_n)


async def test_a_request_that_is_dropped_is_never_answered(tmp_path: Path) -> None:
    """Its sender waits until his own limit, and then learns that it never arrived."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        switch(house, "drop-request")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await link.do(new("a", "9.00"))

        assert await link.find("a") is None


async def test_a_report_that_is_dropped_is_missed_and_told_again(tmp_path: Path) -> None:
    """The sign of life names the last number: who has heard less connects again."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "drop-report")
            await link.do(new("a", "9.00"))
            why = await lost(link)
        async with linked(tmp_path, since_seq=link.heard_seq) as again:
            reports = await heard(again, 1)

        assert ("was not told" in why, ["Accepted"]) == (True, kinds(reports))


async def test_a_report_that_is_dropped_in_the_middle_is_missed_too(tmp_path: Path) -> None:
    """What comes after it is heard, and everything from the gap on is told again."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "drop-report")
            await link.do(new("a", "9.00"))
            await link.do(new("b", "9.00"))
            why = await lost(link)

        assert ("was not told" in why, 0) == (True, link.heard_seq)


async def test_reports_that_change_places_are_all_heard(tmp_path: Path) -> None:
    """The connection stays: a number that comes late is not missing."""
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
    """It has the same number; whoever folds it sees one fact."""
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
    """A later client is told that there is no such order, and it stays so."""
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
    """Connections stay open and nothing comes; what was written is taken in later, or never, and asking tells which."""
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
    """Cut once, now; what was asked is unknown."""
    async with housed(tmp_path) as house:
        async with linked(tmp_path) as link:
            switch(house, "disconnect")
            await lost(link)
        async with linked(tmp_path) as again:
            await again.do(new("a", "9.00"))

            assert ["Accepted"] == kinds(await heard(again, 1))


async def test_a_request_whose_answer_is_cut_off_is_unknown_and_lives(tmp_path: Path) -> None:
    """It was taken: the report and the question both say so afterwards."""
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
    """Counted, not drawn: the second and the fourth."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        assert not house.switch(Fault(name="reject", every=2, code="halted"))
        for n in range(4):
            await link.do(new(f"a{n}", "9.00"))
        reports = await heard(link, 4)
        told = await status(house)

        assert ["a1", "a3"] == sorted(
            one.cl_ord_id for one in reports if isinstance(one, Rejected) and one.code == "halted"
        )
        assert (2, 2) == (sum(isinstance(one, Accepted) for one in reports), told["faults"][0].hit_n)


async def test_the_status_says_who_is_there_and_what_works(tmp_path: Path) -> None:
    """An operator sees it without the daemon."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await link.do(new("a", "9.00"))
        await heard(link, 1)
        switch(house, "drop-report", count=3)
        told = await status(house)

        assert [{"kind": "trade", "account": "sim", "pid": 1}] == told["clients"]
        assert (1, ["drop-report"]) == (told["orders_working"], [fault.name for fault in told["faults"]])


async def test_a_venue_in_use_is_stopped_only_by_force(tmp_path: Path) -> None:
    """The daemon would start it again at once."""
    async with housed(tmp_path) as house, linked(tmp_path):
        hello = Hello(version=VERSION, kind="ask")
        person = await Link.connect(tmp_path / SOCKET_NAME, hello)
        with pytest.raises(Exception, match="in use"):
            await person.command(lambda rid: Stop(rid=rid))
        was_stopping = house.stopping.is_set()
        await person.command(lambda rid: Stop(rid=rid, is_forced=True))
        person.close()

        assert (False, True) == (was_stopping, house.stopping.is_set())


async def test_who_says_what_is_no_frame_is_cut_off(tmp_path: Path) -> None:
    """Others do not notice."""
    async with housed(tmp_path), linked(tmp_path) as link:
        for words in (b"GET / HTTP/1.1\r\n\r\n", frame(Stop(rid=1)), b"\x00\x00\x00\x02{}"):
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / SOCKET_NAME))
            writer.write(words)
            assert b"" == await reader.read()
            writer.close()
        await link.do(new("a", "9.00"))

        assert ["Accepted"] == kinds(await heard(link, 1))


async def test_a_trade_and_a_cancel_of_one_moment_are_told_in_their_order(tmp_path: Path) -> None:
    """Numbers follow what happened, over group commits."""
    async with housed(tmp_path, (0, shown()), (60 * S, shown())) as house, linked(tmp_path) as link:
        await quoted(house)
        jobs = [link.do(new(f"a{n}", None)) for n in range(20)] + [link.do(pull(f"c{n}", f"a{n}")) for n in range(20)]
        reading = asyncio.create_task(heard(link, 40 + 20))
        await asyncio.gather(*jobs)
        reports = await reading
        trades = {report.cl_ord_id for report in reports if isinstance(report, Trade)}
        canceled = {report.orig_cl_ord_id for report in reports if isinstance(report, Canceled)}

        assert (60, set()) == (link.heard_seq, trades & canceled)
