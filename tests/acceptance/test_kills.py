"""A daemon that is killed again and again loses nothing and doubles nothing.

Fifty lives, each ended by SIGKILL at a seeded instant, half of them while starting and half of them at work, with files
dropped into each. Then one life in peace, in which everything must come to its end; and then the journal is read.
"""

import os
import signal
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

import pytest

from execd.core.book import Book
from execd.core.enums import ParentStatus
from execd.core.projection import TABLES
from execd.core.records import Failed, Found, ParentAccepted, ParentRefused, Record, Reported, Sending
from execd.core.reports import Trade
from execd.journal.fold import mismatches
from execd.journal.sync import SyncJournal
from tests.acceptance.daemon import Execd, buy, clean_environment

KILLS: Final = int(os.environ.get("EXECD_TEST_KILLS", "50"))
"""`make soak` kills more often."""
FILES_A_LIFE: Final = 4
SEED: Final = int(os.environ.get("EXECD_TEST_SEED", "20261"))
SLOW_VENUE: Final = {"EXECD_SIM__LATENCY_MS": "120", "EXECD_SIM__JITTER_MS": "80"}
"""Requests are on their way for so long that many a kill finds them there."""
WORK_S_MAX: Final = 0.4
"""Every other life is killed while it starts, the others so long after they were ready."""


class Aftermath:
    """What the journal says when all is over."""

    def __init__(self, path: Path) -> None:
        with SyncJournal(path, created_ns=1) as journal:
            self.book: Book = journal.load()
            stored = list(journal.records())
            self.rows = {table: journal.read_rows(table) for table in TABLES}
        self.seqs = [one.seq for one in stored]
        self.records: list[Record] = [one.record for one in stored]


@pytest.fixture(scope="module")
def drops() -> list[str]:
    """Return the ids of every intent that was dropped; the driver fills it."""
    return []


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory, pycache: Path, drops: list[str]) -> Execd:
    """Return the state directory after fifty kills and a life in peace."""
    one = Execd(tmp_path_factory.mktemp("kills") / "state", clean_environment(pycache))
    random = Random(SEED)  # noqa: S311  # Chance here is a seed, not a secret.
    try:
        # The first start of a session writes byte code; the second one tells how long a start takes here.
        for _ in range(2):
            one.log.write_text("")
            began_s = time.monotonic()
            one.start(**SLOW_VENUE)
            one.until_ready()
            start_s = time.monotonic() - began_s
            one.end(signal.SIGKILL)
        for life in range(KILLS):
            one.log.write_text("")
            one.start(**SLOW_VENUE)
            drop_some(one, life, random, drops)
            if life % 2:
                one.until_ready()
            # The instant of the kill is the point; nothing is waited for.
            time.sleep(random.uniform(0.0, WORK_S_MAX if life % 2 else start_s))
            one.end(signal.SIGKILL)
        one.log.write_text("")
        one.start()
        one.until_ready()
        for intent_id in drops:
            one.ended(intent_id)
        one.until(lambda: not any((one.root / "inbox").iterdir()), what="empty inbox")
        assert one.end() == 0
    finally:
        one.close()
    return one


def drop_some(one: Execd, life: int, random: Random, drops: list[str]) -> None:
    """Drop a few intents of every kind: at once, resting, selling, and one that was dropped before."""
    for n in range(FILES_A_LIFE):
        intent_id = f"k-{life}-{n}"
        qty = 10 + random.randrange(90)
        match n:
            case 0:
                content = buy(intent_id, qty=qty, deadline="30s")
            case 1:
                content = buy(intent_id, qty=qty, symbol="MSFT", limit_price="1.00", deadline="6s")
            case 2:
                content = buy(intent_id, side="sell", qty=1 + qty // 10, deadline="20s")
            case _:
                content = buy(intent_id, symbol="BAC", qty=1 + qty // 10, order_type="market")
        one.drop(f"{intent_id}.json", content)
        drops.append(intent_id)
        if life and n == 0:
            one.drop(f"{intent_id}.again.json", content)


@pytest.fixture(scope="module")
def after(survivor: Execd) -> Aftermath:
    """Return the journal of the survivor."""
    return Aftermath(survivor.root / "journal.db")


def test_every_record_is_there_and_the_rows_tell_what_the_records_tell(after: Aftermath) -> None:
    """Sequence numbers have no gap, and the fold of the records equals the projections."""
    assert (after.seqs, mismatches(after.book, after.rows)) == (list(range(1, len(after.seqs) + 1)), [])


def test_every_intent_became_exactly_one_parent(after: Aftermath, drops: list[str]) -> None:
    """However often a file was seen, its intent was answered once."""
    answered = Counter(
        record.parent.parent_id for record in after.records if isinstance(record, ParentAccepted | ParentRefused)
    )

    assert answered == dict.fromkeys(drops, 1)


def test_every_intent_ended(after: Aftermath) -> None:
    """No parent is left working, queued or held, and no order live."""
    open_parents = [one.order.parent_id for one in after.book.parents.values() if not one.status.is_terminal]
    live = [order.key for order in after.book.orders.values() if not order.is_done]

    assert (open_parents, live) == ([], [])


def test_the_kills_found_requests_on_their_way(after: Aftermath) -> None:
    """The test means something: some orders were in doubt after a kill, and the venue was asked about them."""
    doubted = [record for record in after.records if isinstance(record, Failed | Found)]

    assert bool(doubted)


def test_no_request_was_sent_twice(after: Aftermath) -> None:
    """Each ClOrdID was journaled as sending once."""
    sent = Counter(record.request.cl_ord_id for record in after.records if isinstance(record, Sending))

    assert [cl_ord_id for cl_ord_id, times in sent.items() if times > 1] == []


def test_no_execution_counts_twice(after: Aftermath) -> None:
    """Each ExecID was journaled once."""
    seen = Counter(
        record.report.exec_id
        for record in after.records
        if isinstance(record, Reported) and isinstance(record.report, Trade)
    )

    assert (bool(seen), [exec_id for exec_id, times in seen.items() if times > 1]) == (True, [])


def test_nothing_was_filled_beyond_what_was_asked(after: Aftermath) -> None:
    """Fills of an intent sum to its CumQty, and that is never more than its quantity; filled means exactly that."""
    filled: dict[str, Decimal] = {}
    for order in after.book.orders.values():
        parent_id = order.first.parent_id
        filled[parent_id] = filled.get(parent_id, Decimal(0)) + sum(
            (trade.last_qty for trade in order.fills.counted), Decimal(0)
        )
    wrong = [
        parent_id
        for parent_id, one in after.book.parents.items()
        if filled.get(parent_id, Decimal(0)) != one.cum_qty
        or one.cum_qty > (one.order_qty or Decimal(0))
        or (one.status is ParentStatus.FILLED) != (one.order_qty == one.cum_qty and one.cum_qty > 0)
    ]

    assert wrong == []


def test_the_outbox_tells_how_each_intent_ended(survivor: Execd, after: Aftermath) -> None:
    """Each report is the last one: the revision, status and quantity of the book."""
    wrong = [
        parent_id
        for parent_id, one in after.book.parents.items()
        if (told := survivor.report(parent_id)).get("revision") != one.revision
        or (told["status"], Decimal(told["cum_qty"])) != (one.status, one.cum_qty)
    ]

    assert wrong == []


def test_no_file_is_lost(survivor: Execd, drops: list[str]) -> None:
    """Each file lies in accepted/ or, with its reason, in rejected/."""
    found = {path.name for folder in ("accepted", "rejected") for path in (survivor.root / folder).iterdir()}

    assert [name for name in (f"{one}.json" for one in drops) if name not in found] == []
