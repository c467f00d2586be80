"""A journal is of the accounts that it was begun with: what fits, what is refused, and that nothing is changed then."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from execd import pinning
from execd.brokers.sim import IN_PROCESS
from execd.core.book import Book
from execd.errors import JournalCorrupt, JournalOther
from execd.journal.backup import backup, restore
from execd.journal.pins import Pin
from execd.journal.salvage import rebuild
from execd.journal.sqlite import SqliteJournal
from execd.ports import Broker
from tests.properties.stories import ACCOUNT, START_NS
from tests.unit.journal.files import altered, content, meta, told
from tests.unit.runtime.ports import ScriptedBroker

LATER_NS = START_NS + 3_600 * 10**9
FIRST, SECOND = "begun 2026-11-20T09:30:00.000000001Z", "begun 2026-11-21T09:30:00.000000001Z"


class Answering(ScriptedBroker):
    """A broker that answers for a certain account, and remembers that it was told to begin."""

    def __init__(self, identity: str) -> None:
        super().__init__()
        self.identity = identity

    async def take_up(self) -> None:
        """Begin."""
        self.calls.append("take_up")


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteJournal]:
    """Open a journal, and close it."""
    journal = await SqliteJournal.open(path, created_ns=START_NS)
    try:
        yield journal
    finally:
        await journal.close()


async def held(path: Path, identity: str, *, adapter: str = "sim", now_ns: int = LATER_NS) -> list[str]:
    """Hold a journal to an account, as a start does; return what the broker was asked for."""
    broker = Answering(identity)
    await hold(path, {ACCOUNT: broker}, {ACCOUNT: adapter}, now_ns=now_ns)
    return broker.calls


async def hold(
    path: Path, brokers: Mapping[str, Broker], adapters: Mapping[str, str], *, now_ns: int = LATER_NS
) -> None:
    """Hold a journal to accounts."""
    async with opened(path) as journal:
        await pinning.hold_to(journal, brokers, adapters, now_ns=now_ns)


async def pins(path: Path) -> dict[str, Pin]:
    """Return what a journal says it is of."""
    async with opened(path) as journal:
        return await journal.pins()


async def test_the_first_start_pins_and_the_next_ones_fit(tmp_path: Path) -> None:
    """Also in a journal that was written before there were pins; the instant of the first one stays."""
    path = tmp_path / "journal.db"
    told(path)
    calls = [await held(path, FIRST), await held(path, FIRST, now_ns=LATER_NS + 1)]

    assert [["take_up"], ["take_up"]] == calls
    assert {ACCOUNT: Pin(adapter="sim", identity=FIRST, pinned_ns=LATER_NS)} == await pins(path)


@pytest.mark.parametrize(
    "before,after,adapter,way_out",
    [
        (FIRST, SECOND, "sim", r"put the venue's own ledger\.db back"),
        (IN_PROCESS, FIRST, "sim", "start with --in-process"),
        (FIRST, IN_PROCESS, "sim", "start without --in-process"),
        (FIRST, FIRST, "live", r"set accounts\.paper\.adapter to sim again"),
    ],
)
async def test_a_journal_of_another_account_is_refused_untouched(
    tmp_path: Path, before: str, after: str, adapter: str, way_out: str
) -> None:
    """Fault H4. The reason names both and when, the next step is said, the broker is not told to begin."""
    path = tmp_path / "journal.db"
    told(path)
    await held(path, before)
    untouched = content(tmp_path)
    broker = Answering(after)
    with pytest.raises(JournalOther, match=way_out) as raised:
        await hold(path, {ACCOUNT: broker}, {ACCOUNT: adapter}, now_ns=LATER_NS + 1)

    assert ([], untouched) == (broker.calls, content(tmp_path))
    for part in (f"sim, {before}", f"{adapter}, {after}", "2023-11-14", "--state-dir"):
        assert part in str(raised.value)


async def test_the_keys_of_another_account_of_a_broker_are_refused(tmp_path: Path) -> None:
    """Fault H4. Paper and live, or two accounts of one broker: the adapter is the same, the account is not."""
    path = tmp_path / "journal.db"
    told(path)
    await held(path, "paper PA1", adapter="other")

    with pytest.raises(JournalOther, match="use the keys of the account that it was"):
        await held(path, "live 17", adapter="other")


async def test_an_account_without_any_history_may_be_another_one(tmp_path: Path) -> None:
    """Whoever corrects a mistake before the first intent is not sent to another directory."""
    path = tmp_path / "journal.db"
    await held(path, IN_PROCESS)
    await held(path, FIRST, now_ns=LATER_NS + 1)

    assert {ACCOUNT: Pin(adapter="sim", identity=FIRST, pinned_ns=LATER_NS + 1)} == await pins(path)


async def test_one_account_that_does_not_fit_keeps_all_from_beginning(tmp_path: Path) -> None:
    """A start takes all accounts or none: nothing of the others is taken up or pinned."""
    path = tmp_path / "journal.db"
    told(path)
    await held(path, FIRST)
    wrong, right = Answering(SECOND), Answering(FIRST)
    with pytest.raises(JournalOther):
        await hold(path, {"new": right, ACCOUNT: wrong}, {"new": "sim", ACCOUNT: "sim"}, now_ns=LATER_NS + 1)

    assert ([], [], [ACCOUNT]) == (right.calls, wrong.calls, list(await pins(path)))


async def test_a_backup_carries_its_pins_and_a_rebuilt_journal_keeps_them(tmp_path: Path) -> None:
    """Fault H8. A backup of one account cannot be restored under another and trade there."""
    path, copy = tmp_path / "s" / "journal.db", tmp_path / "copy.db"
    told(path)
    await held(path, FIRST)
    backup(path, copy, is_live=False, now_ns=LATER_NS)
    altered(path, "DELETE FROM records WHERE seq > 50")
    rebuild(path, now_ns=LATER_NS)
    rebuilt = await pins(path)
    restore(path, copy, now_ns=LATER_NS)

    assert [FIRST, FIRST] == [one[ACCOUNT].identity for one in (rebuilt, await pins(path))]
    with pytest.raises(JournalOther):
        await held(path, SECOND)


async def test_a_pin_that_cannot_be_read_is_a_damaged_journal(tmp_path: Path) -> None:
    """It is not taken for none: then anybody's account would fit."""
    path = tmp_path / "journal.db"
    told(path)
    altered(path, "INSERT INTO meta VALUES ('account:paper', '{')")

    with pytest.raises(JournalCorrupt, match="which account it is of"):
        await held(path, FIRST)
    assert "{" == meta(path)["account:paper"]


def test_what_is_open_of_an_account_that_is_not_configured_is_refused(tmp_path: Path) -> None:
    """Fault H4. An account that was renamed or taken out would leave its orders and positions to nobody."""
    book = told(tmp_path / "journal.db")
    (account,) = {parent.order.account for parent in book.parents.values()}
    pinning.require_configured(book, (account, "other"))

    with pytest.raises(JournalOther, match=rf"of the account {account}, .*\(accounts\.{account}\)"):
        pinning.require_configured(book, ("other",))


def test_an_account_of_which_nothing_is_open_may_go() -> None:
    """What has ended stays in the journal, and binds nobody."""
    pinning.require_configured(Book(), ("other",))
