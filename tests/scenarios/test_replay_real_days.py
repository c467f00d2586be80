"""The replay on whole recorded days, against what the tape itself says.

The days are the shared test data; without them these tests skip and say so.
"""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from execd.core import chance
from execd.core.book import Book
from execd.core.rules import S
from execd.engine.summary import FillReport, report
from execd.journal.fold import mismatches
from execd.journal.store import MEMORY
from execd.journal.sync import SyncJournal
from execd.simulation.replay import Replay
from execd.venue.tape import UNITS_PER_ONE, TapeChunk, read_tape, symbol_of
from execd.venue.tape_text import Ints
from tests.unit.simulation.small import Doc, replayed, written

TICK_DAYS = ["tick/aig_20131007", "tick/bac_20131008", "tick/ibm_20131008", "tick/xxx_20180102"]
DAYS = [*TICK_DAYS, "quote1s/spy_20131007"]
PARENTS_N = 220
SEED = 20_131_007
REGULAR_NS = 23_400 * S
TABLES = ("parents", "orders", "fills", "allocations", "positions")
T = TypeVar("T")
BPS = ["-8", "-3", "0", "2", "5"]


@dataclass(frozen=True)
class Day:
    """A replayed day: its rows, its result, and what its journal disagrees about."""

    chunks: list[TapeChunk]
    docs: list[Doc]
    book: Book
    wrong: list[str]

    def reports(self) -> Iterator[FillReport]:
        """Yield the report of every intent."""
        for parent_id in self.book.parents:
            yield report(self.book, parent_id)

    def column(self, name: str, *, of_quotes: bool) -> Ints:
        """Return a column of all quotes, or of all eligible prints."""
        parts = [
            getattr(chunk, name)[chunk.is_quote if of_quotes else chunk.counts | chunk.is_auction]
            for chunk in self.chunks
        ]
        return np.concatenate(parts)


@pytest.fixture(scope="module")
def days(shared_data: Path) -> "Days":
    """Return the replayed days, each run once."""
    return Days(shared_data)


class Days:
    """Replays of recorded days, kept while this file's tests run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done: dict[str, Day] = {}

    def of(self, name: str) -> Day:
        """Return a replayed day; skip, saying so, where its file is absent."""
        if name not in self._done:
            path = self._folder / f"{name}.csv.gz"
            if not path.is_file():
                pytest.skip(f"SHARED TEST DATA ABSENT: {name}")
            self._done[name] = _replayed(path)
        return self._done[name]


@pytest.mark.parametrize("name", DAYS)
def test_quantities_are_exact(days: Days, name: str) -> None:
    """Whole shares; executions, order and report of a parent agree; nothing is filled beyond what was asked."""
    wrong = []
    docs = {doc["id"]: doc for doc in days.of(name).docs}
    for one in days.of(name).reports():
        executed = sum((fill.qty for child in one.children for fill in child.fills), Decimal(0))
        ordered = sum((child.cum_qty for child in one.children), Decimal(0))
        is_exact = executed == ordered == one.cum_qty == int(one.cum_qty) <= docs[one.id]["qty"]
        if not is_exact or not one.is_terminal:
            wrong.append((one.id, one.status, executed, ordered, one.cum_qty))

    assert (len(days.of(name).book.parents), wrong) == (PARENTS_N, [])


@pytest.mark.parametrize("name", DAYS)
def test_the_journal_folds_to_the_rows_it_holds(days: Days, name: str) -> None:
    """fold(records) = projections, after a whole day."""
    assert days.of(name).wrong == []


@pytest.mark.parametrize("name", TICK_DAYS)
def test_every_price_was_reached_within_a_second(days: Days, name: str) -> None:
    """A buy at px: an eligible print or an ask at or below px, within a second of it; sells mirrored."""
    day = days.of(name)
    tape = _Reached(day)
    fills = [(one.side.is_buy, fill) for one in day.reports() for child in one.children for fill in child.fills]
    far = [
        (fill.exec_id, fill.px)
        for is_buy, fill in fills
        if not tape.has(int(fill.px * UNITS_PER_ONE), fill.ts_ns, is_buy=is_buy)
    ]

    assert (len(fills) >= PARENTS_N // 2, far) == (True, [])


@pytest.mark.parametrize("name", DAYS)
def test_no_price_is_beyond_its_limit_or_collar(days: Days, name: str) -> None:
    """Neither the child's price, nor the intent's limit, nor the plan's collar is passed."""
    beyond = [
        fill.exec_id
        for one in days.of(name).reports()
        for child in one.children
        for fill in child.fills
        for bound in (child.price, one.limit_px, one.collar_px)
        if bound is not None and (fill.px - bound) * one.side.sign > 0
    ]

    assert beyond == []


@pytest.mark.parametrize("name", DAYS)
def test_nothing_fills_before_its_start_or_after_its_deadline(days: Days, name: str) -> None:
    """Every execution is inside the life of its parent."""
    outside = [
        fill.exec_id
        for one in days.of(name).reports()
        for child in one.children
        for fill in child.fills
        if one.started_ns is None or one.expire_ns is None or not one.started_ns <= fill.ts_ns <= one.expire_ns
    ]

    assert outside == []


def test_an_hour_told_row_by_row_is_the_same_hour(shared_data: Path, tmp_path: Path) -> None:
    """Passing over rows changes no byte of an hour of a real tape."""
    path = shared_data / "tick" / "ibm_20131008.csv.gz"
    if not path.is_file():
        pytest.skip("SHARED TEST DATA ABSENT: tick/ibm_20131008")
    first_ns = _open_ns(path)
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    hour = [line for line in lines[1:] if 0 <= int(line[:19]) - first_ns <= 3_600 * S]
    part = tmp_path / "ibm_hour.csv"
    part.write_bytes(b"".join([lines[0], *hour]))
    docs = _docs("IBM", first_ns, 60, span_ns=3_300 * S)
    runs: list[Replay] = [replayed({"IBM": [part]}, docs, skips=skips) for skips in (True, False)]

    assert written(runs[0].book) == written(runs[1].book)


class _Reached:
    """Where a tape was within a second of an instant."""

    def __init__(self, day: Day) -> None:
        self._quote_ns = day.column("ts_ns", of_quotes=True)
        self._bid = day.column("bid", of_quotes=True)
        self._ask = day.column("ask", of_quotes=True)
        self._print_ns = day.column("ts_ns", of_quotes=False)
        self._px = day.column("px", of_quotes=False)

    def has(self, px: int, ts_ns: int, *, is_buy: bool) -> bool:
        """Whether a print or the opposite quote was at `px` or better; the quote that stood at the start counts."""
        start, stop = self._print_ns.searchsorted([ts_ns - S, ts_ns + S + 1])
        prints = self._px[start:stop]
        start, stop = self._quote_ns.searchsorted([ts_ns - S, ts_ns + S + 1])
        first = max(int(start) - 1, 0)
        quotes = (self._ask if is_buy else self._bid)[first:stop]
        quotes = quotes[quotes > 0]
        if is_buy:
            return bool((prints <= px).any() or (quotes <= px).any())
        return bool((prints >= px).any() or (quotes >= px).any())


def _replayed(path: Path) -> Day:
    symbol = symbol_of(path)
    first_ns = _open_ns(path)
    docs = _docs(symbol, first_ns, PARENTS_N, span_ns=REGULAR_NS - 1_200 * S)
    with SyncJournal(MEMORY, created_ns=first_ns) as journal:
        book = replayed({symbol: [path]}, docs, journal=journal).book
        folded = journal.load()
        wrong = mismatches(folded, {table: journal.read_rows(table) for table in TABLES})
    if folded.parents != book.parents or folded.orders != book.orders:
        wrong.append("the fold of the journal is not the book of the run")
    return Day(list(read_tape(path)), docs, book, wrong)


def _docs(symbol: str, first_ns: int, parents_n: int, *, span_ns: int) -> list[Doc]:
    """Return intents over a day: both sides, all urgencies, sizes from one share to several times what is displayed."""
    docs = []
    for n in range(parents_n):
        begins_ns = first_ns + chance.below(span_ns, SEED, symbol, n, "at")
        doc: Doc = {
            "id": f"{symbol}-{n}",
            "symbol": symbol,
            "side": _pick(["buy", "sell"], symbol, n, "side"),
            "qty": _pick([1, 57, 100, 300, 1_000, 4_000], symbol, n, "qty"),
            "urgency": _pick(["low", "normal", "high"], symbol, n, "urgency"),
            "not_before": _text(begins_ns),
            "deadline": _text(begins_ns + _pick([20, 120, 900], symbol, n, "life") * S),
        }
        if n % 3 == 0:
            doc["algo"] = {"name": "offset", "bps": _pick(BPS, symbol, n, "bps"), "ttl": "30s"}
        docs.append(doc)
    return docs


def _pick(choices: Sequence[T], *key: str | int) -> T:
    return choices[chance.below(len(choices), SEED, *key)]


def _text(at_ns: int) -> str:
    seconds, ns = divmod(at_ns, S)
    return f"{np.datetime64(seconds, 's')}.{ns:09d}Z"


def _open_ns(path: Path) -> int:
    """Return the instant of the first eligible print."""
    for chunk in read_tape(path):
        regular = np.flatnonzero(chunk.counts | chunk.is_auction)
        if len(regular):
            return int(chunk.ts_ns[regular[0]])
    raise AssertionError(path)
