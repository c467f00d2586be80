"""The venue as its clients find it.

Reports by number, and again after a gap; questions whose answers are proof; every fault; nobody is waited for.
"""

import asyncio
import socket
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from execd.brokers.sim_link import Link, LinkLost
from execd.core.reports import Canceled, Trade
from execd.errors import Unknown, VenueError
from execd.venue.door import SOCKET_NAME
from execd.venue.house import VenueHouse
from execd.venue.latency import Latency
from execd.venue.wire import VERSION, Ask, Hello, Stop, frame
from tests.unit.brokers.scripts import MS, S, new, pull, shown
from tests.unit.venue.housed import heard, housed, kinds, linked, quoted, switch, until


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


async def test_an_order_that_is_asked_about_is_told_with_its_trades(tmp_path: Path) -> None:
    """Who missed the reports books each execution as itself, with its price and commission."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await quoted(house)
        await link.do(new("a", None))
        reports = await heard(link, 2)
        seen = await link.find("a")

        assert seen is not None
        assert [one for one in reports if isinstance(one, Trade)] == list(seen.trades)


async def test_an_account_is_shown_whole_behind_what_was_sent_before(tmp_path: Path) -> None:
    """Orders, trades and positions of one instant, and nobody else's."""
    async with housed(tmp_path) as house, linked(tmp_path) as link, linked(tmp_path, account="other") as other:
        await quoted(house)
        await link.do(new("r", "9.00"))
        await link.do(new("a", None))
        await other.do(new("theirs", None, account="other"))
        reports = [*await heard(link, 3), *await heard(other, 2)]
        seen, mine = await link.survey(0), await link.find("a")
        theirs = await other.survey(0)

    orders, trades = seen.orders or (), seen.trades or ()
    assert mine is not None
    assert 5 == len(reports)
    assert [("r", True), ("a", False)] == [(one.cl_ord_id, one.is_live) for one in orders]
    assert (mine.trades, {"ABC": Decimal(100)}) == (tuple(one.trade for one in trades), seen.positions)
    assert ["theirs"] == [one.cl_ord_id for one in theirs.orders or ()]


async def test_an_account_is_shown_with_what_ended_since_an_instant(tmp_path: Path) -> None:
    """What ended before it and what traded before it are left out, what lives is not."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await quoted(house)
        await link.do(new("a", None))
        await link.do(new("b", "9.00"))
        last = (await heard(link, 3))[-1]
        seen = await link.survey(last.transact_ns + 1)

        assert (["b"], (), True) == ([one.cl_ord_id for one in seen.orders or ()], seen.trades, seen.is_whole)
        assert {"ABC": Decimal(100)} == seen.positions


async def test_a_venue_that_ends_shows_nothing(tmp_path: Path) -> None:
    """Who asked does not know, and never that there is nothing. Fault C20."""
    async with housed(tmp_path, latency=Latency(base_ns=5 * S)), linked(tmp_path) as link:
        asking = asyncio.create_task(link.survey(0))
        await asyncio.sleep(0)
        link.close()

        with pytest.raises(Unknown):
            await asking


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
    """By number after a reconnect, by instant after a restart of the client; then what happens now. Fault D8."""
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
    """What the client before had written is taken in first, with its latency, or never: the answer stays true.

    Fault C4.
    """
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
    """A second one is told who is there; other accounts are their own. Fault B6."""
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
    loop = asyncio.get_running_loop()
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        with socket.socket(socket.AF_UNIX) as slow:
            slow.setblocking(False)  # noqa: FBT003  # The library's own signature.
            await loop.sock_connect(slow, str(tmp_path / SOCKET_NAME))
            await loop.sock_sendall(slow, frame(Hello(version=VERSION, kind="trade", account="slow")))
            await loop.sock_recv(slow, 65_536)
            session = house.traders["slow"]
            # The answers are many times as long as what the kernel keeps for him.
            with suppress(ConnectionError):
                await loop.sock_sendall(slow, b"".join(frame(Ask(rid=n, what="status")) for n in range(3_000)))
            await session.ended.wait()
            await link.do(new("a", "9.00"))

        assert (1, ["Accepted"]) == (house.clients_n, kinds(await heard(link, 1)))


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
    """Others do not notice. Fault D12."""
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


async def test_an_order_that_nobody_asks_for_is_withdrawn(tmp_path: Path) -> None:
    """An order of a journal that was restored away works on at the broker: a person can take it out of the market."""
    async with housed(tmp_path) as house, linked(tmp_path) as link:
        await quoted(house)
        await link.do(new("a", "9.00"))
        (accepted,) = await heard(link, 1)
        refused = [house.withdraw(*one).split(";")[0] for one in (("other", "a"), ("sim", "none"))]
        done = house.withdraw("sim", "a")
        (canceled,) = await heard(link, 1)
        again = house.withdraw("sim", "a")

        assert ("", "a works no more: canceled") == (done, again)
        assert ["account other has no order a", "account sim has no order none"] == refused
        assert ("a", "a", Canceled) == (accepted.cl_ord_id, canceled.cl_ord_id, type(canceled))
