"""The replay on tapes of a few rows: passing over rows changes nothing, and what happens at the edges of a tape."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.batch import Batch
from execd.core.daily import DailyValues
from execd.core.enums import ParentStatus, QueueRule
from execd.core.ids import epoch_of
from execd.core.records import Stepped
from execd.core.rules import MS
from execd.journal.fold import mismatches
from execd.journal.store import MEMORY
from execd.journal.sync import SyncJournal
from execd.simulation.past_days import PastDays
from execd.simulation.replay import Replay
from tests.unit.simulation.small import OPEN_NS, Doc, fills, instant, intent, quote, replayed, tape, trade, written

STEPS_MS = st.sampled_from([0, 0, 1, 1, 40, 100, 700, 6_000])
SYMBOLS = ("ABC", "XYZ")
# Few prices and sizes: what is interesting happens where levels come back.
ROWS = st.tuples(
    STEPS_MS,
    st.booleans(),
    st.sampled_from([998, 999, 1_000, 1_000, 1_000, 1_001]),
    st.sampled_from([1, 1, 1, 2, 2, 3, 0, -1]),
    st.sampled_from([100, 100, 200]),
    st.integers(0, 9),
)


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """Return a tape around 10.00: mostly tight, sometimes locked, crossed, one-sided or far."""
    at_ms, found = 0, []
    for step_ms, is_quote, bid, gap, size, kind in draw(st.lists(ROWS, min_size=1, max_size=60)):
        at_ms += step_ms
        if is_quote:
            found.append(quote(at_ms, _px(bid), _px(bid + gap), size, 0 if kind == 0 else 100))
        else:
            cond, is_eligible = ("6", True) if kind == 0 else ("", kind > 1)
            found.append(trade(at_ms, _px(bid + gap), size, cond=cond, is_eligible=is_eligible))
    return found


@st.composite
def intents(draw: st.DrawFn) -> list[Doc]:
    """Return intents of every kind that rests, takes, times out or waits."""
    algos: list[Any] = [
        None,
        {"name": "offset", "bps": "-10", "ttl": "2s"},
        {"name": "offset", "bps": "3", "ttl": "1s"},
        {"name": "sweep"},
        {"name": "passthrough", "order_type": "limit"},
        {"name": "passthrough", "order_type": "limit"},
    ]
    found = []
    for n in range(draw(st.integers(1, 7))):
        begins_ms = draw(st.sampled_from([0, 0, 1, 41, 500, 3_000]))
        fields: dict[str, Any] = {
            "side": draw(st.sampled_from(["buy", "sell"])),
            "qty": draw(st.sampled_from([1, 100, 100, 250])),
            "urgency": draw(st.sampled_from(["low", "high"])),
            "not_before": instant(begins_ms),
            "algo": draw(st.sampled_from(algos)),
        }
        if draw(st.booleans()):
            fields["deadline"] = instant(begins_ms + draw(st.sampled_from([50, 900, 8_000])))
        if draw(st.booleans()) or fields["algo"] == algos[-1]:
            fields["limit_price"] = _px(draw(st.integers(997, 1_003)))
            fields["time_in_force"] = draw(st.sampled_from(["day", "day", "day", "ioc", "fok"]))
        found.append(intent(f"i{n}", draw(st.sampled_from(["ABC", "ABC", "ABC", "XYZ"])), **fields))
    return found


class Kept:
    """A journal that keeps what algorithms saw."""

    def __init__(self) -> None:
        self.epoch = epoch_of(OPEN_NS)
        self.steps: list[Stepped] = []

    def commit(self, batch: Batch) -> None:
        """Keep the steps of a batch."""
        self.steps += [record for record in batch.records if isinstance(record, Stepped)]


@given(
    tapes=st.tuples(rows(), rows()),
    docs=intents(),
    queue=st.sampled_from(QueueRule),
    is_isolated=st.booleans(),
    latency_ms=st.sampled_from([0, 1, 100]),
)
def test_passing_over_rows_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    tapes: tuple[list[str], list[str]],
    docs: list[Doc],
    queue: QueueRule,
    is_isolated: bool,  # noqa: FBT001  # Drawn by name.
    latency_ms: int,
) -> None:
    """Telling only the rows that matter gives the bytes that telling every row gives, and every step saw the same."""
    folder = tmp_path_factory.mktemp("tapes")
    paths = {symbol: [tape(folder, symbol, part)] for symbol, part in zip(SYMBOLS, tapes, strict=True)}

    def run(*, skips: bool) -> tuple[bytes, list[Stepped]]:
        kept = Kept()
        done = replayed(
            paths,
            docs,
            queue=queue,
            latency_ns=latency_ms * MS,
            is_isolated=is_isolated,
            skips=skips,
            journal=kept,
        )
        return written(done.book), kept.steps

    assert run(skips=False) == run(skips=True)


def test_each_tape_knows_the_days_before_it(tmp_path: Path) -> None:
    """Two days of a symbol: what is known changes when the second tape begins, and not before."""
    day_ms = 86_400_000
    first = tape(tmp_path, "ABC", [quote(0, "9.99", "10.01"), quote(9_000, "9.99", "10.01")], "1")
    second = tape(tmp_path, "ABC", [quote(day_ms, "9.99", "10.01"), quote(day_ms + 9_000, "9.99", "10.01")], "2")
    days = [
        PastDays(from_ns=OPEN_NS + n * day_ms * MS, values=DailyValues(symbol="ABC", as_of_date=date), source="bars")
        for n, date in enumerate(["2013-10-04", "2013-10-07"])
    ]
    docs = [intent("a", urgency="high"), intent("b", urgency="high", not_before=instant(day_ms + 1_000))]
    kept = Kept()
    replayed({"ABC": [first, second]}, docs, journal=kept, days=days)

    assert {"a": "2013-10-04", "b": "2013-10-07"} == {
        step.parent_id: step.seen.as_of_date for step in kept.steps if step.seen is not None
    }


LIMIT_ORDER = {"name": "passthrough", "order_type": "limit"}
HARD_CASES = {
    # The first took the 100 at 10.00; that side changes and comes back before the second arrives.
    "what was used is shown anew": (
        [
            quote(0, "9.99", "10.00", 100, 100),
            quote(1_110, "9.99", "10.01", 100, 100),
            quote(1_120, "9.99", "10.00", 100, 100),
            quote(9_000, "9.99", "10.00"),
        ],
        [
            intent("a", limit_price="10.00", algo=LIMIT_ORDER),
            intent("b", limit_price="10.00", algo=LIMIT_ORDER, not_before=instant(1_030)),
        ],
        [["a", "1100", "100", "10", "0"], ["b", "1130", "100", "10", "0"]],
    ),
    # A sell behind the ask: its queue is counted when its level is shown for the first time.
    "a level is shown for a moment": (
        [
            quote(0, "9.99", "10.00"),
            quote(2_000, "9.99", "10.02", 300, 300),
            quote(2_001, "9.99", "10.00"),
            trade(3_000, "10.02", 350),
            quote(9_000, "9.99", "10.00"),
        ],
        [intent("a", side="sell", limit_price="10.02", algo=LIMIT_ORDER)],
        [["a", "3000", "50", "10.02", "1"]],
    ),
    # A buy below the bid, the same.
    "a bid level is shown for a moment": (
        [
            quote(0, "9.99", "10.00"),
            quote(2_000, "9.97", "10.00", 300, 300),
            quote(2_001, "9.99", "10.00"),
            trade(3_000, "9.97", 350),
            quote(9_000, "9.99", "10.00"),
        ],
        [intent("a", limit_price="9.97", algo=LIMIT_ORDER)],
        [["a", "3000", "50", "9.97", "1"]],
    ),
    # Nobody may be priced from a locked quote: the parent waits for the next.
    "a parent waits for a usable quote": (
        [
            quote(0, "10.00", "10.00"),
            quote(1_500, "10.00", "10.00", 200),
            quote(1_700, "9.99", "10.00"),
            quote(9_000, "9.99", "10.00"),
        ],
        [intent("a")],
        [["a", "1800", "100", "10", "0"]],
    ),
}


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("rows_told,docs,expected", HARD_CASES.values(), ids=HARD_CASES)
def test_rows_that_matter_only_for_a_moment_are_told(
    tmp_path: Path,
    rows_told: list[str],
    docs: list[Doc],
    expected: list[list[str]],
    skips: bool,  # noqa: FBT001  # A parameter of the table.
) -> None:
    """What a row changed stays changed, whether or not the rows around it were told."""
    run = replayed({"ABC": [tape(tmp_path, "ABC", rows_told)]}, docs, skips=skips)

    assert fills(run.book) == expected


@given(part=rows(), docs=intents())
def test_every_intent_ends_and_fills_are_exact(
    tmp_path_factory: pytest.TempPathFactory, part: list[str], docs: list[Doc]
) -> None:
    """No intent is left open, none gets more than it asked, and the journal folds to the rows it holds."""
    path = tape(tmp_path_factory.mktemp("tapes"), "ABC", part)
    with SyncJournal(MEMORY, created_ns=OPEN_NS) as journal:
        book = replayed({"ABC": [path]}, docs, journal=journal).book
        wrong = mismatches(journal.load(), {table: journal.read_rows(table) for table in _TABLES})
    asked = {doc["id"]: Decimal(doc["qty"]) for doc in docs}
    over = [name for name, parent in book.parents.items() if parent.cum_qty > asked[name]]
    is_open = [name for name, parent in book.parents.items() if not parent.status.is_terminal]

    assert (wrong, over, is_open) == ([], [], [])


def test_a_request_acts_after_its_latency(tmp_path: Path) -> None:
    """The order meets the quote that stands when it arrives, not the one it was decided with."""
    path = tape(
        tmp_path, "ABC", [quote(0, "9.99", "10.00"), quote(1_050, "9.98", "9.99"), quote(9_000, "9.99", "10.00")]
    )
    run = replayed({"ABC": [path]}, [intent("a")])

    assert fills(run.book) == [["a", "1100", "100", "9.99", "0"]]


def test_rows_come_before_requests_of_the_same_instant(tmp_path: Path) -> None:
    """Prints, then quotes, then what reaches the venue."""
    path = tape(
        tmp_path, "ABC", [quote(0, "9.99", "10.00"), quote(1_100, "9.97", "9.98"), quote(9_000, "9.99", "10.00")]
    )
    run = replayed({"ABC": [path]}, [intent("a")])

    assert fills(run.book) == [["a", "1100", "100", "9.98", "0"]]


@pytest.mark.parametrize(
    "queue,expected", [(QueueRule.PESSIMISTIC, []), (QueueRule.OPTIMISTIC, [["a", "2000", "100", "9.95", "1"]])]
)
def test_a_resting_order_waits_for_its_queue(tmp_path: Path, queue: QueueRule, expected: list[list[str]]) -> None:
    """A print at our price fills us at once only where nobody is ahead."""
    rows_told = [quote(0, "9.95", "10.05"), trade(2_000, "9.95", 300), quote(9_000, "9.95", "10.05")]
    algo = {"name": "passthrough", "order_type": "limit"}
    doc = intent("a", limit_price="9.95", algo=algo, deadline=instant(8_000))
    run = replayed({"ABC": [tape(tmp_path, "ABC", rows_told)]}, [doc], queue=queue)

    assert fills(run.book) == expected


def test_nothing_fills_after_the_last_row(tmp_path: Path) -> None:
    """The market is over with the tape: an order under way rests, and its parent ends at its deadline."""
    path = tape(tmp_path, "ABC", [quote(0, "9.99", "10.00"), quote(1_050, "9.99", "10.00")])
    run = replayed({"ABC": [path]}, [intent("a", deadline=instant(60_000))])
    parent = run.book.parents["a"]

    assert (fills(run.book), parent.status, parent.reason) == ([], ParentStatus.EXPIRED, "deadline")


def test_what_begins_after_its_tape_is_canceled(tmp_path: Path) -> None:
    """An intent that can never start does not wait for ever."""
    path = tape(tmp_path, "ABC", [quote(0, "9.99", "10.00")])
    run = replayed({"ABC": [path]}, [intent("a"), intent("b", not_before=instant(0))])

    assert [_end(run, "a"), _end(run, "b")] == [
        (ParentStatus.CANCELED, "canceled: no row of ABC is left"),
        (ParentStatus.EXPIRED, "deadline; it waited for halted"),
    ]


def test_an_intent_without_a_tape_is_canceled(tmp_path: Path) -> None:
    """No tape, no market: the report says so."""
    path = tape(tmp_path, "XYZ", [quote(0, "9.99", "10.00")])
    run = replayed({"XYZ": [path]}, [intent("a", "ABC")])

    assert _end(run, "a") == (ParentStatus.CANCELED, "canceled: no row of ABC is left")


def test_isolated_intents_do_not_see_each_other(tmp_path: Path) -> None:
    """Two buys that want the same 100 shares both get them, and a sell is no opposing order."""
    path = tape(tmp_path, "ABC", [quote(0, "9.99", "10.00", 100, 100), quote(9_000, "9.99", "10.00")])
    docs = [intent("a"), intent("b"), intent("c", side="sell")]
    run = replayed({"ABC": [path]}, docs, is_isolated=True)

    assert fills(run.book) == [
        ["a", "1100", "100", "10", "0"],
        ["b", "1100", "100", "10", "0"],
        ["c", "1100", "100", "9.99", "0"],
    ]


def test_together_they_share_the_market(tmp_path: Path) -> None:
    """What one of our orders took is not there for the next."""
    path = tape(tmp_path, "ABC", [quote(0, "9.99", "10.00", 100, 100), quote(9_000, "9.99", "10.00")])
    run = replayed({"ABC": [path]}, [intent("a", limit_price="10.00"), intent("b", limit_price="10.00")])

    assert fills(run.book)[:1] == [["a", "1100", "100", "10", "0"]]
    assert len(fills(run.book)) == 2


def test_days_of_one_symbol_are_one_tape(tmp_path: Path) -> None:
    """An order that rests over the end of a file meets the next."""
    first = tape(tmp_path, "ABC", [quote(0, "9.95", "10.05"), quote(2_000, "9.95", "10.05")], "1")
    second = tape(tmp_path, "ABC", [trade(5_000, "9.90", 300), quote(9_000, "9.95", "10.05")], "2")
    doc = intent("a", limit_price="9.95", algo={"name": "passthrough", "order_type": "limit"})
    run = replayed({"ABC": [first, second]}, [doc])

    assert fills(run.book) == [["a", "5000", "100", "9.95", "1"]]


_TABLES = ("parents", "orders", "fills", "allocations", "positions")


def _px(cents: int) -> str:
    return f"{cents / 100:.2f}"


def _end(run: Replay, parent_id: str) -> tuple[ParentStatus, str]:
    parent = run.book.parents[parent_id]
    return parent.status, parent.reason
