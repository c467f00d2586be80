"""A daemon and a venue that are killed again and again lose nothing and double nothing.

Twenty kills (200 in `make test-wide`), each SIGKILL at a seeded instant: of the daemon while it starts or works, of the
venue, or of both, with files dropped into each life. Then one life in peace, in which everything must come to its end;
and then two memories that know nothing of each other are compared: the daemon's journal and the venue's ledger.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
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
from tests.acceptance.daemon import buy
from tests.acceptance.venued import Venued

KILLS: Final = int(os.environ.get("EXECD_TEST_KILLS", "20"))
"""`make test-wide` and `make soak` kill more often."""
FILES_A_LIFE: Final = 4
SEED: Final = int(os.environ.get("EXECD_TEST_SEED", "20261"))
SLOW_VENUE: Final = {"EXECD_SIM__LATENCY_MS": "120", "EXECD_SIM__JITTER_MS": "80", "EXECD_THROTTLE__PER_MIN": "600"}
"""Requests are on their way for so long that many a kill finds them there."""
VICTIMS: Final = ("daemon", "daemon", "daemon", "venue", "venue daemon", "daemon venue")
PEACE_S_MAX: Final = 60.0
WORK_S_MAX: Final = 0.4
"""Every other life is killed while it starts, the others so long after they were ready."""


class Aftermath:
    """What the journal and the ledger say when all is over."""

    def __init__(self, one: Venued) -> None:
        self.executions, self.holdings, self.orders = one.ledger()
        with SyncJournal(one.root / "journal.db", created_ns=1) as journal:
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
def survivor(tmp_path_factory: pytest.TempPathFactory, pycache: Path, drops: list[str]) -> Iterator[Venued]:
    """Return the state directory after all kills and a life in peace; daemon and venue have ended."""
    one = Venued(tmp_path_factory.mktemp("kills") / "state", pycache, **SLOW_VENUE)
    random = Random(SEED)  # noqa: S311  # Chance here is a seed, not a secret.
    try:
        # The first start of a session writes byte code; the second one tells how long a start takes here.
        for _ in range(2):
            began_s = time.monotonic()
            begin(one)
            one.until_ready()
            start_s = time.monotonic() - began_s
            one.end(signal.SIGKILL)
        for life in range(KILLS):
            if one.process is None:
                begin(one)
            drop_some(one, life, random, drops)
            if life % 2:
                one.until_ready()
            # The instant of the kill is the point; nothing is waited for.
            time.sleep(random.uniform(0.0, WORK_S_MAX if life % 2 else start_s))
            kill(one, random.choice(VICTIMS))
        if one.process is None:
            begin(one)
        one.until_ready()
        for intent_id in drops:
            one.ended(intent_id, seconds=PEACE_S_MAX)
        one.until(lambda: not any((one.root / "inbox").iterdir()), what="empty inbox")
        assert one.end() == 0
        one.end_venue()
        yield one
    finally:
        one.close()


def begin(one: Venued) -> None:
    """Start the daemon; it finds the venue, or starts it."""
    one.log.write_text("")
    one.start()


def kill(one: Venued, victims: str) -> None:
    """Kill the daemon, the venue, or both, one right after the other."""
    for victim in victims.split():
        if victim == "daemon":
            one.end(signal.SIGKILL)
        else:
            one.end_venue(signal.SIGKILL)


def drop_some(one: Venued, life: int, random: Random, drops: list[str]) -> None:
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
def after(survivor: Venued) -> Aftermath:
    """Return the journal and the ledger of the survivor."""
    return Aftermath(survivor)


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
    """Each ClOrdID was journaled as sending once. Fault C2."""
    sent = Counter(record.request.cl_ord_id for record in after.records if isinstance(record, Sending))

    assert [cl_ord_id for cl_ord_id, times in sent.items() if times > 1] == []


def test_no_execution_counts_twice(after: Aftermath) -> None:
    """Each ExecID was journaled once. Fault D2."""
    seen = Counter(
        record.report.exec_id
        for record in after.records
        if isinstance(record, Reported) and isinstance(record.report, Trade)
    )

    assert (bool(seen), [exec_id for exec_id, times in seen.items() if times > 1]) == (True, [])


def test_the_executions_of_the_ledger_are_the_fills_of_the_journal(after: Aftermath) -> None:
    """Nothing that traded is missing here, and nothing is here that did not trade. Faults B1 and G1."""
    journaled = {
        (trade.exec_id, order.first.symbol, order.first.side, trade.last_qty, trade.last_px)
        for order in after.book.orders.values()
        for trade in order.fills.counted
    }
    traded = {
        (one.trade.exec_id, one.symbol, one.side, one.trade.last_qty, one.trade.last_px) for one in after.executions
    }

    assert (len(traded), traded) == (len(after.executions), journaled)


def test_the_venue_has_each_order_once_and_none_that_was_not_journaled(after: Aftermath) -> None:
    """No request reached the venue under two names, and none before the journal knew of it."""
    names = Counter(name for order in after.orders for name in order.cl_ord_ids)
    sent = {record.request.cl_ord_id for record in after.records if isinstance(record, Sending)}

    assert ([name for name, times in names.items() if times > 1], set(names) - sent) == ([], set())


def test_positions_are_what_the_venue_holds(after: Aftermath) -> None:
    """The sum over the sleeves is the ledger's position, symbol by symbol; nothing works there any more."""
    owned: dict[str, Decimal] = {}
    for key, position in after.book.positions.items():
        owned[key.symbol] = owned.get(key.symbol, Decimal(0)) + position.qty
    held = {symbol: holding.qty for symbol, holding in after.holdings.get("sim", {}).items()}
    live = [order.cl_ord_id for order in after.orders if not order.ended]

    assert (owned, live) == (held, [])


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


def test_the_outbox_tells_how_each_intent_ended(survivor: Venued, after: Aftermath) -> None:
    """Each report is the last one: the revision, status and quantity of the book."""
    wrong = [
        parent_id
        for parent_id, one in after.book.parents.items()
        if (told := survivor.report(parent_id)).get("revision") != one.revision
        or (told["status"], Decimal(told["cum_qty"])) != (one.status, one.cum_qty)
    ]

    assert wrong == []


def test_no_file_is_lost(survivor: Venued, drops: list[str]) -> None:
    """Each file lies in accepted/ or, with its reason, in rejected/."""
    found = {path.name for folder in ("accepted", "rejected") for path in (survivor.root / folder).iterdir()}

    assert [name for name in (f"{one}.json" for one in drops) if name not in found] == []
